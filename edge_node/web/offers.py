"""
What can be done about one document now, and for which receivers: what its page offers.

Asked of the same tables that refuse an act, so that nobody is offered what would be refused. What
changes in the moment between is refused all the same, by the act itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.circumstances import Circumstances
from edge_node.adapters.ledger import Inbound, Outbound
from edge_node.domain.change import ChangeState
from edge_node.domain.document import BusinessKind
from edge_node.domain.halting import Halt
from edge_node.domain.lifecycle import OUTBOUND, Receiving, Sending, SendingEvent
from edge_node.domain.receipt import Status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from edge_node.domain.change import Change
    from edge_node.web.desk import Desk

_RETURNABLE: Final = frozenset(
    {Receiving.DELIVERED, Receiving.TAKEN, Receiving.QUARANTINED, Receiving.PARKED}
)
_SPEAKABLE: Final = frozenset({Receiving.DELIVERED, Receiving.TAKEN})
# What a clerk says of a document that came; 15 and 16 where somebody asked for it back.
_STATUSES: Final = (
    Status.REGISTERED,
    Status.ASSIGNED,
    Status.IN_PROGRESS,
    Status.FINISHED,
)
_ANSWERS: Final = (Status.CHANGE_AGREED, Status.CHANGE_REFUSED)
# What nobody can take back once it is done: whoever does it says that they mean it.
FINAL: Final = frozenset({"cancel", "anew", "recall", "refuse"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """
    One act.

    ``receivers`` are those it can be done for, to be chosen from; none where it is done to the
    whole. ``statuses`` are those that can be set.
    """

    act: str
    receivers: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    returned: bool = False  # its sender was told that it is not taken
    destroys: bool = False  # to agree (15) is to have everything of it destroyed here

    @property
    def word(self) -> str:
        """The end of the names its words have: to release is another thing for what goes out."""
        word = self.act.replace("-", "_")
        return f"{word}_out" if word == "release" and self.receivers else word

    @property
    def final(self) -> bool:
        """Whether it cannot be taken back."""
        return self.act in FINAL


def offers(desk: Desk, item: Outbound | Inbound, *, now: datetime) -> dict[str, Offer]:
    """Return what can be done, by the name of the act, in the order of a page."""
    found = _outgoing(desk, item) if isinstance(item, Outbound) else _incoming(item)
    made = {each.act: each for each in found}
    if _waits(desk, item, now):
        made["requeue"] = Offer(act="requeue")
    return made


def destroys(item: Inbound) -> bool:
    """Tell whether agreeing to what its sender asks has everything of it destroyed here."""
    return any(each.kind is BusinessKind.RECALL for each in _asked(item))


def _outgoing(desk: Desk, item: Outbound) -> Iterable[Offer]:
    halting = desk.node.queue.halting
    kept = halting.kept(item.id)
    ended = [
        fate.receiver
        for fate in item.fates
        if (fate.state, SendingEvent.RESENT) in OUTBOUND and fate.receiver not in kept
    ]
    asked = {each.agency for each in _asked(item) if each.kind is BusinessKind.RECALL}
    back = tuple(
        fate.receiver
        for fate in item.fates
        if fate.state is not Sending.RECALLED and fate.receiver not in asked
    )
    new, request = item.kind == BusinessKind.NEW, item.kind == BusinessKind.RECALL
    chosen: dict[str, tuple[str, ...]] = {
        "release": kept,
        "resend": () if item.removed else halting.not_anew(item.id, ended),
        "anew": halting.denied(item.id) if new and not item.removed else (),
        **{halt: halting.open_to(item.id, halt) for halt in Halt},
        "recall": () if request else back,
    }
    return [Offer(act=act, receivers=codes) for act, codes in chosen.items() if codes]


def _incoming(item: Inbound) -> Iterable[Offer]:
    if item.state in {Receiving.QUARANTINED, Receiving.RETURNED} and not item.removed:
        yield Offer(act="release", returned=item.state == Receiving.RETURNED)
    if item.state in _SPEAKABLE and item.message == "edoc":
        answers = _ANSWERS if _asked(item) else ()
        statuses = (*_STATUSES, *answers)
        yield Offer(act="set-status", statuses=statuses, destroys=destroys(item))
    # (Of what nobody could read its sender would not know what is refused.)
    known = item.message == "edoc" and item.sender and (item.document_id or item.code)
    if known and item.state in _RETURNABLE and item.status != Status.REFUSED:
        yield Offer(act="refuse")


def _asked(item: Outbound | Inbound) -> list[Change]:
    """Return the requests about it that nobody has answered: ours, or those made to us."""
    ours = isinstance(item, Outbound)
    return [
        each
        for each in item.requests
        if each.state is ChangeState.ASKED
        and each.asked_by_us is ours
        and (each.item == item.id or not ours)
    ]


def _waits(desk: Desk, item: Outbound | Inbound, now: datetime) -> bool:
    """Tell whether something of it waits for its next try, which could be made now."""
    waiting = Circumstances(desk.node.queue.file).waiting(item.id)
    return any(each.leased is None and each.due > now for each in waiting)
