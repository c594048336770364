"""
What the signatures of a document that came are worth, as its verification.json says.

That lies in the inbox, where others may write: it is read as a stranger's file, and shown as far
as it makes sense.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.filing import read_paper
from edge_node.adapters.ledger import Inbound, Outbound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.web.desk import Desk

_NAME: Final = "verification.json"
_MOST: Final = 100  # files of a document, signatures of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One signature."""

    verdict: str
    name: str
    signer: str
    why: str
    signed_at: str
    stamped_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One file; ``verdict`` is valid, invalid or indeterminate."""

    file: str
    verdict: str
    signed: bool
    why: str
    action: str
    signatures: tuple[Signed, ...]


def verdicts_of(desk: Desk, item: Outbound | Inbound) -> list[Verdict]:
    """Return what is known of each file; nothing where the folder is not here any more."""
    if not isinstance(item, Inbound) or not item.folder or item.tombstone or item.removed:
        return []
    try:
        paper = read_paper(desk.config.folders.exchange / "inbox" / item.folder / _NAME)
    except OSError:
        return []
    return [_verdict(each) for each in _objects(paper or {}, "attachments")]


def _verdict(told: dict[str, object]) -> Verdict:
    return Verdict(
        file=_text(told, "file"),
        verdict=_text(told, "verdict"),
        signed=told.get("signed") is True,
        why=_text(told, "why"),
        action=_text(told, "action"),
        signatures=tuple(_signed(each) for each in _objects(told, "signatures")),
    )


def _signed(told: dict[str, object]) -> Signed:
    return Signed(
        verdict=_text(told, "verdict"),
        name=_text(told, "name"),
        signer=_text(told, "signer"),
        why=_text(told, "why"),
        signed_at=_text(told, "signed_at"),
        stamped_at=_text(told, "stamped_at"),
    )


def _objects(told: dict[str, object], name: str) -> Iterator[dict[str, object]]:
    found = told.get(name)
    if isinstance(found, list):
        yield from (each for each in found[:_MOST] if isinstance(each, dict))


def _text(told: dict[str, object], name: str) -> str:
    found = told.get(name)
    return found if isinstance(found, str) else ""
