"""
Halting what has not left: kept back, withdrawn or given up; and having what waits tried at once.

What a package was to carry to others as well leaves for them in a new one, as where a recall stops
it. Each public method is one transaction, and enters what it did and who did it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters import anew, links, recalling
from edge_node.adapters.database import stamp
from edge_node.adapters.envelopes import LANES, envelope_row, move, move_fate
from edge_node.adapters.history import note
from edge_node.adapters.removed import demand_here
from edge_node.domain.called import standings
from edge_node.domain.change import Overtaken
from edge_node.domain.document import AgencyCode, Reference
from edge_node.domain.envelope import Lane, MessageType
from edge_node.domain.errors import NotAllowed, NotResendable
from edge_node.domain.halting import Halt, HaltPlan
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Sending, SendingEvent
from edge_node.domain.message import freeze, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.adapters.waybills import Waybills
    from edge_node.domain.envelope import Stored

REQUEUED: Final = "requeued"
_DOCUMENT: Final = "select sender, document_id from documents where id = :item"
_EVENTS: Final = {
    Halt.HOLD: SendingEvent.KEPT,
    Halt.CANCEL: SendingEvent.RECALLED,
    Halt.EXPIRE: SendingEvent.EXHAUSTED,
}
_REASONS: Final = {
    Halt.HOLD: say("a person keeps it back"),
    Halt.CANCEL: say("withdrawn before it left"),
    Halt.EXPIRE: say("a person gave it up"),
}
_ASKS: Final = "select 1 from changes where carrier = :item and state = 'asked' limit 1"
_IN_HAND: Final = """
select 1 from work where lane = :lane and item = :item and leased is not null
"""
_NO_WORK: Final = "delete from work where lane = :lane and item = :item"
_WAITING: Final = frozenset({Sending.QUEUED, Sending.UNSURE, Sending.HELD})
_DENIED: Final = frozenset({Sending.REFUSED, Sending.DEAD})
# It has left, or may have: it can be asked back.
_GONE: Final = frozenset({Sending.UNSURE, Sending.HELD, Sending.ACCEPTED, Sending.DELIVERED})
_CARRIES: Final = "select receiver, state from fates where envelope = :envelope"
_OUT_AT_ONCE: Final = """
update work set due = min(due, :now), attempt = 0, reason = ''
 where lane in ('push', 'report') and leased is null
   and item in (select id from envelopes
                 where item = :item
                   and (:to = '' or exists (select 1 from json_each(envelopes.receivers)
                                             where value = :to)))
returning item
"""
_IN_AT_ONCE: Final = """
update work set due = min(due, :now), attempt = 0, reason = ''
 where lane in ('acknowledge', 'deliver', 'apply', 'destroy') and item = :item and leased is null
returning item
"""
_WAITS: Final = """
select envelopes.item from work join envelopes on envelopes.id = work.item
 where work.lane in ('push', 'report') and work.leased is null
   and (:to = '' or exists (select 1 from json_each(envelopes.receivers) where value = :to))
union
select item from work
 where lane in ('acknowledge', 'deliver', 'apply', 'destroy') and leased is null and :to = ''
"""


class Halting:
    """What people do about what waits."""

    def __init__(self, file: QueueFile, waybills: Waybills) -> None:
        """Work on the tables in ``file``; what must outlive them is written to ``waybills``."""
        self._file = file
        self._waybills = waybills

    def plan(self, item: ItemId, halt: Halt, to: Sequence[str]) -> HaltPlan:
        """Return what it comes to as it stands, without ``to`` for all it can be done to."""
        return _plan(self._file, item, halt, to)

    def halt(self, plan: HaltPlan, packages: Mapping[ItemId, Stored], *, now: datetime) -> None:
        """
        Do what was planned; ``packages`` are for the receivers an envelope carries on to.

        Overtaken where it fits no more, because something has left or come back meanwhile.
        """
        with self._file.transaction() as transaction:
            if _plan(transaction, plan.item, plan.halt, plan.receivers) != plan:
                raise Overtaken(say("something has left meanwhile: it is planned anew"))
            for envelope, others in plan.rest:
                recalling.carry_on(
                    transaction, plan.item, envelope, others, packages[envelope], now=now
                )
            rows = {row["receiver"]: row for row in recalling.standing(transaction, plan.item)}
            for envelope in sorted({rows[code]["envelope"] for code in plan.receivers}):
                _halt_envelope(transaction, plan, envelope, now=now)
            if plan.halt is Halt.CANCEL:
                recalling.offer_no_more(transaction, plan.item)
            self._waybills.add(transaction, plan.item, now=now, wait=True)

    def open_to(self, item: ItemId, halt: Halt) -> tuple[AgencyCode, ...]:
        """Return for whom that can be done as it stands; nobody where something forbids it."""
        try:
            return _plan(self._file, item, halt, ()).receivers
        except NotAllowed:
            return ()

    def denied(self, item: ItemId) -> tuple[AgencyCode, ...]:
        """Return to whom it can be sent under another DocumentId, as `begin_anew` has it."""
        rows = recalling.standing(self._file, item)
        denied = [row for row in rows if row["state"] in _DENIED and recalling.is_nowhere(row)]
        return self.not_anew(item, [row["receiver"] for row in denied])

    def not_anew(self, item: ItemId, receivers: Sequence[str]) -> tuple[AgencyCode, ...]:
        """Return those of the receivers who do not get it under another DocumentId."""
        return tuple(AgencyCode(code) for code in anew.free_of(self._file, item, receivers))

    def kept(self, item: ItemId) -> tuple[AgencyCode, ...]:
        """Return for whom a person keeps a document back."""
        rows = recalling.standing(self._file, item)
        return tuple(AgencyCode(row["receiver"]) for row in rows if recalling.is_kept(row))

    def begin_anew(
        self,
        old: ItemId,
        new: ItemId,
        receivers: Sequence[AgencyCode],
        *,
        lies: Callable[[ItemId], bool],
        now: datetime,
    ) -> None:
        """
        Enter that ``new`` is to take the place of ``old`` at these; ``old`` keeps its own story.

        NotAllowed where something has taken it already, the axis may have ``old``, or somebody
        sends that again. ``lies`` tells of what was begun before whether it was laid down.
        """
        with self._file.transaction() as transaction:
            _demand_denied(transaction, old, receivers)
            anew.tidy(transaction, old, lies=lies, now=now)
            anew.demand_none(transaction, old, receivers)
            demand_here(transaction, old)
            row = transaction.row(_DOCUMENT, {"item": old})
            assert row is not None  # noqa: S101 - it has receivers
            about = Reference(organ=AgencyCode(row["sender"]), document_id=row["document_id"])
            links.sent_anew(transaction, old, new, about, now=now)

    def leave_anew(self, new: ItemId) -> None:
        """Forget what was begun under that id: it was not taken in."""
        with self._file.transaction() as transaction:
            anew.forget(transaction, new)

    def waiting(self, to: str = "") -> frozenset[ItemId]:
        """Return of which documents `at_once` would have something tried now."""
        return frozenset(ItemId(row["item"]) for row in self._file.rows(_WAITS, {"to": to}))

    def at_once(self, item: ItemId, to: str = "", *, now: datetime) -> int:
        """
        Have what waits for its next try tried now, as if for the first time; return how much.

        It concerns the document and the statuses about it, to one receiver only where ``to`` names
        it. NotAllowed where nothing waits.
        """
        values = {"item": item, "to": to, "now": stamp(now)}
        with self._file.transaction() as transaction:
            found = transaction.rows(_OUT_AT_ONCE, values)
            if not to:
                found += transaction.rows(_IN_AT_ONCE, values)
            if not found:
                raise NotAllowed(
                    say("nothing of {id} waits for its next try", id=item),
                    hint=say("`edge-node next` shows what will be tried when"),
                )
            note(transaction, item, REQUEUED, now=now, agency=to)
        return len(found)


def _plan(
    tables: QueueFile | Transaction, item: ItemId, halt: Halt, to: Sequence[str]
) -> HaltPlan:
    rows = recalling.standing(tables, item)
    known = {row["receiver"]: row for row in rows}
    if halt is Halt.CANCEL and tables.row(_ASKS, {"item": item}) is not None:
        raise NotAllowed(
            say("{id} asks for another document: that cannot be withdrawn", id=item),
            hint=say("`edge-node hold {id}` keeps it here while it has not left", id=item),
        )
    for code in to:
        if code not in known:
            raise NotAllowed(
                say("the document is not for {code}", code=code),
                hint=say("its receivers: {codes}", codes=", ".join(known)),
            )
    chosen = [code for code in known if (not to or code in to) and _may(known[code], halt)]
    if not chosen or (to and len(chosen) < len(set(to))):
        raise _nothing_to_do(item, halt, [known[code] for code in (to or known)])
    for code in chosen:
        _demand_let_go(tables, known[code])
    rest = []
    for envelope in sorted({known[code]["envelope"] for code in chosen}):
        others = recalling.others_of(rows, envelope, chosen)
        if others and any(
            known[code]["envelope"] == envelope and recalling.is_unsent(known[code])
            for code in chosen
        ):
            rest.append((ItemId(envelope), others))
        elif halt is Halt.EXPIRE:
            _demand_alone(rows, envelope, chosen)
    return HaltPlan(
        item=item,
        halt=halt,
        receivers=tuple(AgencyCode(code) for code in chosen),
        rest=tuple(rest),
    )


def _may(row: Row, halt: Halt) -> bool:
    """Tell whether that may be done to a document at one of its receivers."""
    state = row["state"]
    if halt is Halt.HOLD:
        return bool(state == Sending.QUEUED and recalling.is_unsent(row))
    if halt is Halt.CANCEL:
        return state != Sending.RECALLED and recalling.is_nowhere(row)
    waits = state == Sending.QUEUED and recalling.is_unsent(row)
    return bool(waits or state in {Sending.UNSURE, Sending.HELD})


def _halt_envelope(
    transaction: Transaction, plan: HaltPlan, envelope: str, *, now: datetime
) -> None:
    event, words = _EVENTS[plan.halt], freeze(_REASONS[plan.halt])
    row = envelope_row(transaction, envelope)
    carried = transaction.rows(_CARRIES, {"envelope": envelope})
    # Another receiver may have the document from elsewhere: nobody waits for it there.
    waiting = {each["receiver"] for each in carried if each["state"] in _WAITING}
    if (
        row["state"] in _WAITING
        and waiting <= set(plan.receivers)
        and plan.halt is not Halt.CANCEL
    ):
        move(transaction, row, event, now=now, reason=words)
        lane = LANES[MessageType(row["message"])]
        transaction.execute(_NO_WORK, {"lane": lane, "item": envelope})
        return
    for each in carried:
        if each["receiver"] in plan.receivers:
            move_fate(transaction, plan.item, each["receiver"], event, now=now, reason=words)


def _demand_denied(tables: Transaction, item: ItemId, receivers: Sequence[str]) -> None:
    """Make sure that these neither have a document nor may have it nor get it; NotAllowed."""
    rows = [row for row in recalling.standing(tables, item) if row["receiver"] in receivers]
    for row in rows:
        if row["state"] not in _DENIED:
            raise NotResendable(row["receiver"], row["state"])
    doubtful = [row["receiver"] for row in rows if not recalling.is_nowhere(row)]
    if doubtful:
        raise NotAllowed(
            say(
                "nobody knows whether {codes} have it: under another DocumentId it may come twice",
                codes=", ".join(doubtful),
            ),
            hint=say("`edge-node resend {id}` sends it under its own DocumentId", id=item),
        )


def _demand_let_go(tables: QueueFile | Transaction, row: Row) -> None:
    """Make sure that no thread has the envelope in hand at this moment."""
    for lane in (Lane.PUSH, Lane.REPORT):
        if tables.row(_IN_HAND, {"lane": lane, "item": row["envelope"]}) is not None:
            raise NotAllowed(
                say("it is being sent to {code} at this moment", code=row["receiver"]),
                hint=say("look again in a minute: `edge-node list` tells what came of it"),
            )


def _demand_alone(rows: Sequence[Row], envelope: str, chosen: Sequence[str]) -> None:
    """Make sure that a package nobody knows the fate of is given up for all or for none."""
    waiting = [
        row["receiver"]
        for row in rows
        if row["envelope"] == envelope
        and row["state"] in {Sending.UNSURE, Sending.HELD}
        and row["receiver"] not in chosen
    ]
    if waiting:
        raise NotAllowed(
            say(
                "one package carries it to {codes} too, and it may have left",
                codes=", ".join(waiting),
            ),
            hint=say("give it up for all of them, without --to"),
        )


def _nothing_to_do(item: ItemId, halt: Halt, rows: Sequence[Row]) -> NotAllowed:
    states = standings((row["receiver"], row["state"]) for row in rows)
    how = say("`edge-node show {id}` tells how it stands", id=item)
    if halt is Halt.EXPIRE:
        return NotAllowed(say("nothing to give up ({states})", states=states), hint=how)
    words = (
        say("nothing to hold ({states})", states=states)
        if halt is Halt.HOLD
        else say("nothing to cancel ({states})", states=states)
    )
    left = say(
        "what has left, or may have, is asked back: `edge-node recall {id} --reason …`", id=item
    )
    gone = any(row["state"] in _GONE and not recalling.is_kept(row) for row in rows)
    return NotAllowed(words, hint=left if gone else how)
