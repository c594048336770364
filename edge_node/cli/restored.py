"""How `journal verify` tells that a journal goes on as that of an older state, or of a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.catalogue import here
from edge_node.cli.values import told
from edge_node.domain.message import thaw
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from edge_node.domain.journal import Restored


def sentence(restored: Restored) -> str:
    """Return who noted it when, why, and how much of the state before is missing."""
    reason = thaw(restored.note)
    words = here("restored at event {id}, {when}, noted by {who}: {reason}; {missing}")
    return words.format(
        id=restored.id,
        when=f"{in_vietnam(restored.at):%Y-%m-%d %H:%M}",
        who=_who(restored),
        reason="-" if reason is None else told(reason),
        missing=_missing(restored.missing),
    )


def _who(restored: Restored) -> str:
    who = restored.actor or here("the node")
    return f"{who} ({restored.why})" if restored.why else who


def _missing(count: int | None) -> str:
    if count is None:
        return here("nobody knows how many events of the state before are missing")
    if not count:
        return here("of the state before no head is missing")
    words = here("at least {count} events of the state before are missing")
    return words.format(count=count)
