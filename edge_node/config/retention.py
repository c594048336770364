"""
The keys about how long payloads are kept: packages in the spool, folders, receipts.

A period that is left out is for ever. Whether a document may be destroyed is for the head of the
agency to decide under the law on archives, so no period is set unless somebody sets it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.config import kinds
from edge_node.config.shapes import key as _key
from edge_node.domain.message import say
from edge_node.domain.retention import Kept, Periods

if TYPE_CHECKING:
    from pathlib import Path

    from edge_node.config.sheet import Scalar

# Below that, what looks back, repeats and recalls may still need what would be gone.
_SHORTEST: Final = timedelta(days=90)
# Whoever wants it for ever leaves it out; a day so long ago that no calendar has it is a slip.
_LONGEST: Final = timedelta(days=36500)


def _period(scalar: Scalar, folder: Path) -> timedelta:
    found = kinds.duration.read(scalar, folder)
    if not isinstance(found, timedelta) or not _SHORTEST <= found <= _LONGEST:
        raise kinds.Unfit
    return found


_PERIOD: Final = kinds.Kind(say("a duration from 90d to 36500d, such as 1825d"), _period)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSection:
    """How long what is finished is kept; None: for ever."""

    # Outgoing: every receiver has it.
    sent: timedelta | None = field(default=None, metadata=_key(_PERIOD))
    # Outgoing: the axis took it, and some receiver never confirmed.
    unconfirmed: timedelta | None = field(default=None, metadata=_key(_PERIOD))
    # Outgoing: refused, or given up, for some receiver; drops that were never taken in.
    failed: timedelta | None = field(default=None, metadata=_key(_PERIOD))
    # Incoming: the document software has it.
    taken: timedelta | None = field(default=None, metadata=_key(_PERIOD))
    # Incoming: returned to its sender with status 02.
    returned: timedelta | None = field(default=None, metadata=_key(_PERIOD))
    # Incoming: set aside, and nobody decided.
    quarantined: timedelta | None = field(default=None, metadata=_key(_PERIOD))
    # Receipts the document software did not delete.
    receipts: timedelta | None = field(default=None, metadata=_key(_PERIOD))

    @property
    def periods(self) -> Periods:
        """The periods that are set."""
        told = {kind: getattr(self, kind.value) for kind in Kept}
        return Periods({kind: period for kind, period in told.items() if period is not None})
