"""
The preparer: the child that drafts signatures in documents that strangers may have written.

The opener's fences stand around it as well; what it writes goes into files it was handed. It is a
program of its own, so that the opener, by whose word a document counts as signed, neither writes
nor loads what draws.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

from edge_node.notary.child import Reason, Trade, live
from edge_node.notary.opener import COMMON, fenced
from edge_node.notary.pdf import looks

if TYPE_CHECKING:
    from edge_node.domain.errors import EdgeNodeError

_LIBRARIES: Final = (
    "edge_node.notary.making",
    "pyhanko.pdf_utils.writer",
    "pyhanko.sign.signers",
    *looks.LIBRARIES,
    *COMMON,
)
_REASONS: Final = {
    "NotSignable": Reason.NOT_SIGNABLE,
    "PackageUnsound": Reason.NOT_SIGNABLE,
    "PictureUnfit": Reason.PICTURE_UNFIT,
    "StampUnusable": Reason.STAMP_UNFIT,
    "EvidenceUnusable": Reason.EVIDENCE_UNFIT,
    "DiskTrouble": Reason.UNWRITTEN,
}


def learn() -> Trade:
    """Become what prepares signatures."""
    answers = import_module("edge_node.notary.making").ANSWERS
    return fenced(_LIBRARIES, answers, _reason)


def _reason(error: EdgeNodeError) -> Reason:
    kinds = (kind.__name__ for kind in type(error).__mro__)
    return next((_REASONS[one] for one in kinds if one in _REASONS), Reason.UNFORESEEN)


if __name__ == "__main__":
    sys.exit(live(sys.argv[1:], learn))
