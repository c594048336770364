"""
Read which document it is that is set aside because another life of the node may have had it.

Whoever decides about it looks whether the document software has it, by its number and subject.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge_node.domain.discretion import told_in_log
from edge_node.domain.errors import EdgeNodeError, PackageUnreadable
from edge_node.protocol import edxml

if TYPE_CHECKING:
    from edge_node.domain.document import Document
    from edge_node.domain.envelope import Digest
    from edge_node.flows.ports import Spool

log = logging.getLogger(__name__)


def named_in(spool: Spool, digest: Digest, *, limits: edxml.Limits) -> Document | None:
    """
    Return the document a package is about, by its header; nothing is written.

    None where it cannot be read, for whatever reason: it is set aside all the same.
    """
    try:
        with spool.open(digest) as raw:
            package = edxml.read_header(raw, limits=limits)
    except PackageUnreadable:
        return None  # it is a person's affair already, who meets the reason when he releases it
    except EdgeNodeError as error:
        log.warning("cannot read what is set aside", extra=told_in_log(error))
        return None
    return package.document if isinstance(package, edxml.DocumentPackage) else None
