"""The keys about who may look into the queue without being the node."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge_node.config import kinds
from edge_node.config.shapes import key as _key


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSection:
    """Who reads; who acts is the affair of sudo."""

    # The group whose members may read queue and spool; nobody else may where it is left out.
    readers: str = field(default="", metadata=_key(kinds.text))
