"""
The life of a document at one receiver, as one table: what its statuses may follow on each other.

Two roles read it. The receiver is strict: what we report of a document we received has an order,
and a status out of turn is refused with the allowed ones named. The sender is lenient: what we
hear of a document we sent is old news at worst and never an error. Where a document is on its way
through the axis is another life (`lifecycle`), which a status only ever confirms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import StatusMessage
from edge_node.domain.errors import StatusRefused
from edge_node.domain.message import say
from edge_node.domain.receipt import MEANINGS, Status, description_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from edge_node.domain.document import Organization, Reference, Staff
    from edge_node.domain.message import Message
    from edge_node.domain.order import Arrival
    from edge_node.domain.receipt import ReasonCode


class Role(StrEnum):
    """Whose side of the document we are on."""

    RECEIVER = "receiver"  # we report of what we received
    SENDER = "sender"  # we hear of what we sent


class Cell(StrEnum):
    """What becomes of a status, by what was said before it."""

    # we are to give it
    GIVEN = "ok"  # it may be given
    FORCED = "!"  # only where a person says that he means it
    ANSWER = "?"  # only as the answer to a request to recall, update or replace that is open
    SAID = "="  # it was given already
    BACK = "<"  # the document has come further, or has gone back to its sender
    OVER = "x"  # the document was taken back: there is nothing left to speak of
    NEVER = "-"  # no receiver says so
    # we hear it
    TAKES = ">"  # it is how the document stands from now on
    LATER = "~"  # likewise, where it was said later than how the document stands
    STAYS = "."  # it is told, and the document stands where it stood


NOTHING: Final = ""  # nothing has been said
UNKNOWN: Final = "??"  # a code no list knows

_TABLE: Final = """
receiver  01  02  03  04  05  06  13  15  16  ??
nothing   ok  ok  ok  ok  ok  ok  -   ?   ?   -
01        =   ok  ok  ok  ok  ok  -   ?   ?   -
02        <   =   !   <   <   <   -   ?   ?   -
03        <   !   =   ok  ok  ok  -   ?   ?   -
04        <   !   <   ok  ok  ok  -   ?   ?   -
05        <   !   <   <   ok  ok  -   ?   ?   -
06        <   !   <   <   <   =   -   ?   ?   -
15        x   x   x   x   x   x   x   ?   ?   x

sender    01  02  03  04  05  06  13  15  16  ??
nothing   >   >   >   >   >   >   >   >   >   >
01        ~   >   >   >   >   >   .   >   >   .
02        ~   ~   ~   ~   ~   ~   .   >   >   .
03        .   >   ~   >   >   >   .   >   >   .
04        .   >   .   ~   >   >   .   >   >   .
05        .   >   .   .   ~   >   .   >   >   .
06        .   >   .   .   .   ~   .   >   >   .
13        >   >   >   >   >   >   ~   >   >   .
15        ~   ~   ~   ~   ~   ~   .   ~   ~   .
16        ~   ~   ~   ~   ~   ~   .   ~   ~   .
??        >   >   >   >   >   >   >   >   >   >
"""


def _cells(table: str) -> Iterator[tuple[tuple[Role, str, str], Cell]]:
    for part in table.strip().split("\n\n"):
        (role, *codes), *rows = (line.split() for line in part.splitlines())
        for standing, *cells in rows:
            for code, cell in zip(codes, cells, strict=True):
                stands = NOTHING if standing == "nothing" else standing
                yield (Role(role), stands, code), Cell(cell)


# By role, by how the document stands (as `sender`: at that receiver), and by the status.
LIFE: Final[Mapping[tuple[Role, str, str], Cell]] = MappingProxyType(dict(_cells(_TABLE)))

# These are said of a document once, whatever was forced in between.
_ONCE: Final = frozenset({Status.ARRIVED, Status.REFUSED})
# Of these a second one is news (another unit, another stage), though its words be the same.
PROGRESS: Final = frozenset({Status.ASSIGNED, Status.IN_PROGRESS})
ANSWERS: Final = frozenset({Status.CHANGE_AGREED, Status.CHANGE_REFUSED})

_WHY: Final[Mapping[Cell, Message]] = MappingProxyType(
    {
        Cell.FORCED: say("the document stands at {standing}: only a person can mean that"),
        Cell.ANSWER: say("no request to recall, update or replace it is open"),
        Cell.SAID: say("it was given already"),
        Cell.BACK: say("the document stands at {standing} already"),
        Cell.OVER: say("its recall was agreed to: nothing more is said of it"),
        Cell.NEVER: say("no receiver gives it"),
    }
)


# Who gives a status, where it is no person.
SOFTWARE: Final = "software"
NODE: Final = "node"

# The events of a document's story in which we speak of it.
SPOKEN: Final = "given"
ENTERED: Final = "registered"


class OutOfTurn(StatusRefused):
    """The life of a document does not allow that status now; the hint names those it allows."""


class AlreadySo(OutOfTurn):
    """It was given already, and the document stands at it: whoever gives it wants nothing new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """
    A status as it is given of a document we received, by whomever.

    ``who`` is SOFTWARE, NODE or a person's name on this machine; ``source`` tells a file of
    `statuses/` from any other, '' where it was none. Where it is forced, a person means it.
    """

    sender: Organization
    status: str
    at: datetime  # when it happened, by whoever gives it
    who: str
    note: str = ""
    reason: ReasonCode | None = None
    arrival: Arrival | None = None
    staff: Staff | None = None
    source: str = ""
    force: bool = False

    def about(self, document: Reference) -> StatusMessage:
        """Return the message that tells it to the document's sender."""
        return StatusMessage(
            sender=self.sender,
            about=document,
            status=self.status,
            note=self.description,
            staff=self.staff,
            at=self.at,
        )

    @property
    def description(self) -> str:
        """What travels beside the code: the reason code first, the note, the register's entry."""
        note = description_of(self.note, self.reason)
        if self.arrival is None:
            return note
        entry = f"Số đến: {self.arrival.number}"
        if self.arrival.registered:
            entry += f", ngày {self.arrival.registered:%d/%m/%Y}"
        if self.arrival.unit:
            entry += f", {self.arrival.unit}"
        return f"{note}; {entry}" if note else entry


def arrived(agency: Organization, *, now: datetime) -> Given:
    """Return what the node says by itself of a document it hands over: status 01."""
    note = f"{agency.name}: {MEANINGS[Status.ARRIVED].lower()}"
    return Given(sender=agency, status=Status.ARRIVED, at=now, who=NODE, note=note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    How a document we received stands by what we said of it.

    ``said`` are the statuses whose words left or will leave; one the axis would not take may be
    said again. ``asked``: a request to recall, update or replace it is open.
    """

    status: str = NOTHING
    said: Collection[str] = ()
    asked: bool = False

    def cell(self, status: str) -> Cell:
        """Return what becomes of a status that is to be given now."""
        cell = _cell(Role.RECEIVER, self.status, status)
        if status in _ONCE and status in self.said and cell is not Cell.OVER:
            return Cell.SAID
        if cell is Cell.SAID and status not in self.said:
            return Cell.GIVEN
        if cell is Cell.ANSWER:
            return self._answer(status)
        return cell

    def _answer(self, status: str) -> Cell:
        """Return what becomes of an answer; one that never left is given again unasked."""
        unheard = self.status == status and status not in self.said
        if self.asked or unheard:
            return Cell.GIVEN
        return Cell.OVER if self.status == Status.CHANGE_AGREED else Cell.ANSWER

    def demand(self, status: str, *, force: bool) -> None:
        """Make sure that a status may be given; OutOfTurn says why not, and which may."""
        cell = self.cell(status)
        if cell is Cell.GIVEN or (cell is Cell.FORCED and force):
            return
        why = replace(_WHY[cell], values={"standing": named(self.status)})
        is_so = cell is Cell.SAID and self.status == status
        raise (AlreadySo if is_so else OutOfTurn)(
            say("status {status} cannot be given: {why}", status=named(status), why=why),
            hint=self._allowed(),
        )

    def allowed(self, cell: Cell = Cell.GIVEN) -> tuple[Status, ...]:
        """Return the statuses that may be given now; FORCED: those only a person may."""
        return tuple(status for status in Status if self.cell(status) is cell)

    def after(self, status: str, *, recalled: bool) -> str:
        """
        Return how the document stands once a status was given.

        An answer is no step: it changes that only where it agrees to a recall (``recalled``).
        """
        if status in ANSWERS:
            return str(status) if recalled else self.status
        return str(status)

    def _allowed(self) -> Message:
        free = ", ".join(map(named, self.allowed()))
        forced = ", ".join(map(named, self.allowed(Cell.FORCED)))
        if not free and not forced:
            return say("nothing more can be said of this document")
        if not forced:
            return say("allowed now: {allowed}", allowed=free)
        if not free:
            return say("allowed only by `edge-node set-status --force`: {forced}", forced=forced)
        return say(
            "allowed now: {allowed}; only by `edge-node set-status --force`: {forced}",
            allowed=free,
            forced=forced,
        )


def takes_over(status: str, at: datetime, *, standing: str, since: datetime) -> bool:
    """
    Tell whether a status we hear is how the document stands at its receiver from now on.

    Statuses overtake each other on their way: a step never leads back, and after an answer that is
    no step (a return, a word on a recall) only a step made later counts. An unknown code hides
    nothing that is known. ``since`` is when that was said which stands.
    """
    cell = _cell(Role.SENDER, standing, status)
    return cell is Cell.TAKES or (cell is Cell.LATER and at >= since)


def named(status: str) -> str:
    """Return a status with the regulation's word for it, as lists and errors show it."""
    meaning = MEANINGS.get(status, "")
    return f"{status} ({meaning})" if meaning else status or "-"


def _cell(role: Role, standing: str, status: str) -> Cell:
    """Return the cell; what has no row or column of its own is a code nobody knows."""
    code = status if status in MEANINGS else UNKNOWN
    for row in (standing, UNKNOWN, NOTHING):
        if (role, row, code) in LIFE:
            return LIFE[role, row, code]
    raise KeyError(role, standing, status)
