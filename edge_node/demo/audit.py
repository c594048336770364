"""
What really happened in the demo, found out without asking the nodes.

Documents by the files in the inboxes, statuses by the receipts that lie in `receipts/`, doubles by
the test axis's own tables: a double the receiver hid is still a double. What a signature is worth
is the receiver's verdict, in `verification.json`; what was set aside is in its queue. What was
given back is told by a receipt, and lies in no inbox any more.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from edge_node.demo.copies import Likeness, matched
from edge_node.domain.message import thaw
from edge_node.domain.signature import Verdict
from edge_node.sandbox.store import doubles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from edge_node.demo.scenes import Letter
    from edge_node.demo.stage import Actor
    from edge_node.domain.message import Message

_PAPERS: Final = ("document.json", "verification.json")
_OURS: Final = frozenset({*_PAPERS, ".taken"})
COUNTED: Final = ("01", "03", "06", "15")
_SET_ASIDE: Final = "select document_id, reason from incoming where state = 'quarantined'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A document in an inbox: its files, and the verdict on each by its name."""

    document_id: str
    files: tuple[Path, ...]
    verdicts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One document for one receiver, and what became of it."""

    letter: Letter
    receiver: str
    copies: int  # folders in the receiver's inbox that hold exactly these files
    refused: bool
    statuses: tuple[str, ...]
    quarantined: bool = False
    recalled: bool = False  # whether its sender was told that the receiver gave it back
    signed: int = 0  # files that arrived with a signature they did not have before
    valid: int = 0  # of these, how many the receiver found VALID

    @property
    def fate(self) -> str:
        """One word for it."""
        if self.copies:
            return "delivered" if self.copies == 1 else "doubled"
        if self.quarantined:
            return "quarantined"
        if self.recalled:
            return "recalled"
        return "refused" if self.refused else "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """
    The whole balance: sent = delivered + refused + recalled + lost.

    What was set aside counts as refused.
    """

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
    def delivered(self) -> int:
        """How many units lie in an inbox."""
        return self.count("delivered", "doubled")

    @property
    def refused(self) -> int:
        """How many units somebody did not let through, and said why."""
        return self.count("refused", "quarantined")

    @property
    def recalled(self) -> int:
        """How many units their receivers gave back, and have no more."""
        return self.count("recalled")

    @property
    def lost(self) -> int:
        """How many units are nowhere, and nobody said why."""
        return self.count("lost")

    @property
    def duplicated(self) -> int:
        """How many units were accepted by the axis, or lie in an inbox, more than once."""
        return self.axis_doubles + sum(max(0, unit.copies - 1) for unit in self.units)

    @property
    def to_sign(self) -> int:
        """How many of the files that arrived were to be signed on their way."""
        arrived = (unit for unit in self.units if unit.copies and unit.letter.signs)
        return sum(len(unit.letter.originals) for unit in arrived)

    @property
    def signed(self) -> int:
        """How many files arrived with a signature they had not got when they were handed over."""
        return sum(unit.signed for unit in self.units)

    @property
    def valid(self) -> int:
        """How many of these the receiver found VALID."""
        return sum(unit.valid for unit in self.units)

    @property
    def altered(self) -> int:
        """How many units were changed after they had been signed."""
        return sum(unit.letter.altered for unit in self.units)

    @property
    def caught(self) -> int:
        """How many of these somebody did not let through."""
        return sum(
            unit.letter.altered and unit.fate in {"refused", "quarantined"} for unit in self.units
        )

    @property
    def good(self) -> bool:
        """Whether everything came out as it should."""
        whole = not self.lost and not self.duplicated
        back = self.recalled == sum(unit.letter.mistaken for unit in self.units)
        return whole and back and self.valid == self.to_sign and self.caught == self.altered

    def receipts(self) -> dict[str, int]:
        """Return how many of each counted status came back."""
        told = Counter(status for unit in self.units for status in unit.statuses)
        return {status: told[status] for status in COUNTED}


def audit(actors: Mapping[str, Actor], letters: Iterable[Letter], axis: Path) -> Audit:
    """Look into every inbox, every receipt, what was set aside, and the axis's tables."""
    looked = {code: _Looked.at(actor) for code, actor in actors.items()}
    nobody = _Looked()
    units = [
        _unit(letter, receiver, looked[letter.sender], looked.get(receiver, nobody))
        for letter in letters
        for receiver in letter.receivers
    ]
    return Audit(units=tuple(units), axis_doubles=len(doubles(axis)))


def set_aside(queue: Path) -> dict[str, Message | None]:
    """Return the documents that a node keeps from its software, by their ids, and why."""
    if not queue.exists():
        return {}
    with closing(sqlite3.connect(f"{queue.as_uri()}?mode=ro", uri=True)) as tables:
        return {document: thaw(reason) for document, reason in tables.execute(_SET_ASIDE)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """What lies with one agency."""

    inbox: Sequence[Copy] = ()
    told: Sequence[tuple[str, str, str]] = ()  # document, other agency, what is told
    failed: frozenset[str] = field(default_factory=frozenset)
    set_aside: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def at(cls, actor: Actor) -> _Looked:
        return cls(
            inbox=_inbox(actor.exchange),
            told=_receipts(actor.exchange),
            failed=_failed(actor.exchange),
            set_aside=frozenset(set_aside(actor.queue)),
        )


def _unit(letter: Letter, receiver: str, sender: _Looked, taker: _Looked) -> Unit:
    found = [
        (copy, likenesses)
        for copy in taker.inbox
        if copy.document_id == letter.document_id
        and (likenesses := _likenesses(letter, copy)) is not None
    ]
    signed = [
        copy.verdicts.get(path.name, "")
        for copy, likenesses in found
        for path, likeness in likenesses.items()
        if likeness is Likeness.SIGNED
    ]
    return Unit(
        letter=letter,
        receiver=receiver,
        copies=len(found),
        refused=(letter.document_id, receiver, "refused") in sender.told
        or letter.document_id in sender.failed,
        statuses=_statuses(sender.told, letter.document_id, receiver),
        quarantined=letter.document_id in taker.set_aside,
        recalled=letter.mistaken and (letter.document_id, receiver, "recalled") in sender.told,
        signed=len(signed),
        valid=signed.count(Verdict.VALID),
    )


def _inbox(exchange: Path) -> list[Copy]:
    """Return each folder of an inbox as the document it is and the files it holds."""
    found = []
    for folder in (exchange / "inbox").iterdir():
        sheets = None if folder.name.startswith(".") else papers(folder)
        if sheets is None:
            continue
        sheet, told = sheets
        files = [path for path in folder.glob("*") if path.name not in _OURS]
        verdicts = {one["file"]: one["verdict"] for one in told.get("attachments", ())}
        found.append(Copy(document_id=sheet["document_id"], files=tuple(files), verdicts=verdicts))
    return found


def _likenesses(letter: Letter, copy: Copy) -> dict[Path, Likeness] | None:
    """Return what the files of a copy are to those sent; None where it is not, or is going."""
    with suppress(FileNotFoundError):
        return matched(letter.originals, copy.files)
    return None


def papers(folder: Path) -> tuple[Any, Any] | None:
    """Return document.json and verification.json of an inbox folder; None if it is going."""
    with suppress(FileNotFoundError):
        texts = [(folder / name).read_text(encoding="utf-8") for name in _PAPERS]
        sheet, told = map(json.loads, texts)
        return sheet, told
    return None


def _failed(exchange: Path) -> frozenset[str]:
    """Return the documents that were not even offered to the axis, with the reason beside them."""
    refused = (exchange / "failed").glob("*/*/*/*/error.json")
    sheets = (error.with_name("document.json") for error in refused)
    return frozenset(
        json.loads(sheet.read_text(encoding="utf-8")).get("document_id", "")
        for sheet in sheets
        if sheet.exists()
    )


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
