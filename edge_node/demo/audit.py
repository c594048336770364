"""
What really happened in the demo, found out without asking the nodes.

Documents by SHA-256 of the files in the inboxes, statuses by the receipts that lie in `receipts/`,
doubles by the test axis's own tables: a double the receiver hid is still a double.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.demo.scenes import digest_of
from edge_node.sandbox.store import doubles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from edge_node.demo.scenes import Letter
    from edge_node.demo.stage import Actor

_OURS: Final = frozenset({"document.json", "verification.json", ".taken"})
COUNTED: Final = ("01", "03", "06")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One document for one receiver, and what became of it."""

    letter: Letter
    receiver: str
    copies: int  # folders in the receiver's inbox that hold exactly these files
    refused: bool
    statuses: tuple[str, ...]

    @property
    def fate(self) -> str:
        """One word for it."""
        if self.copies:
            return "delivered" if self.copies == 1 else "doubled"
        return "refused" if self.refused else "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The whole balance: sent = delivered + refused + lost."""

    units: tuple[Unit, ...]
    axis_doubles: int

    @property
    def sent(self) -> int:
        """How many units were handed over."""
        return len(self.units)

    def count(self, *fates: str) -> int:
        """Return how many units met one of these fates."""
        return sum(unit.fate in fates for unit in self.units)

    @property
    def lost(self) -> int:
        """How many units are nowhere, and nobody said why."""
        return self.count("lost")

    @property
    def duplicated(self) -> int:
        """How many units were accepted by the axis, or lie in an inbox, more than once."""
        return self.axis_doubles + sum(max(0, unit.copies - 1) for unit in self.units)

    def receipts(self) -> dict[str, int]:
        """Return how many of each counted status came back."""
        told = Counter(status for unit in self.units for status in unit.statuses)
        return {status: told[status] for status in COUNTED}


def audit(actors: Mapping[str, Actor], letters: Iterable[Letter], axis: Path) -> Audit:
    """Look into every inbox, every receipt and the axis's tables."""
    inboxes = {code: _inbox(actor.exchange) for code, actor in actors.items()}
    receipts = {code: _receipts(actor.exchange) for code, actor in actors.items()}
    units = [
        Unit(
            letter=letter,
            receiver=receiver,
            copies=inboxes.get(receiver, []).count((letter.document_id, letter.digests)),
            refused=(letter.document_id, receiver, "refused") in receipts[letter.sender],
            statuses=_statuses(receipts[letter.sender], letter.document_id, receiver),
        )
        for letter in letters
        for receiver in letter.receivers
    ]
    return Audit(units=tuple(units), axis_doubles=len(doubles(axis)))


def _inbox(exchange: Path) -> list[tuple[str, frozenset[str]]]:
    """Return each folder of an inbox as the document it is and the files it holds."""
    found = []
    for folder in (exchange / "inbox").iterdir():
        if not folder.name.startswith("."):
            sheet = json.loads((folder / "document.json").read_text(encoding="utf-8"))
            files = [path for path in folder.iterdir() if path.name not in _OURS]
            digests = frozenset(digest_of(path) for path in files)
            found.append((sheet["document_id"], digests))
    return found


def _receipts(exchange: Path) -> list[tuple[str, str, str]]:
    """Return each receipt as document, other agency, and what it tells."""
    told = []
    for path in sorted((exchange / "receipts").glob("*.json")):
        receipt = json.loads(path.read_text(encoding="utf-8"))
        other = receipt.get("to") or receipt.get("from", "")
        told.append((receipt["document_id"], other, receipt.get("event") or receipt["status"]))
    return told


def _statuses(
    receipts: Sequence[tuple[str, str, str]], document_id: str, receiver: str
) -> tuple[str, ...]:
    return tuple(
        what
        for document, other, what in receipts
        if document == document_id and other == receiver and what.isdigit()
    )
