"""
What leaves: documents with their receivers' fates, and the envelopes that carry them and statuses.

Each public method is one transaction. An envelope that is being sent is marked so before the
request leaves (`sending`); one found marked by the next claim was cut off in that moment and is
unsure until the axis has been asked.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_node.adapters import anew, changes, documents, heard, recalling, sends, work
from edge_node.adapters.beside import FATES, fates_of
from edge_node.adapters.database import moment, stamp
from edge_node.adapters.envelopes import (
    LANES,
    add_envelope,
    envelope_row,
    hindered,
    move,
    move_fate,
    note_attempt,
    to_envelope,
    unmark,
)
from edge_node.adapters.history import note
from edge_node.adapters.offering import choose
from edge_node.adapters.outcomes import enter
from edge_node.adapters.removed import demand_here
from edge_node.domain.document import only_itself
from edge_node.domain.envelope import (
    AxisId,
    Earlier,
    Envelope,
    Lane,
    MessageType,
    Stored,
)
from edge_node.domain.errors import NotResendable
from edge_node.domain.lifecycle import OUTBOUND, Sending, SendingEvent
from edge_node.domain.message import freeze, say
from edge_node.domain.signing import SIGNED, told
from edge_node.domain.time import end_of_work

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.adapters.waybills import Waybills
    from edge_node.domain.document import AgencyCode, Document, SameAgency
    from edge_node.domain.envelope import Claim, NewDocument
    from edge_node.domain.fate import Fate
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message


# So many claims go to the most urgent, but for one of them.
_ONE_IN: Final = 10

_AN_ENVELOPE: Final = "select * from envelopes where id = :id"
_MARK: Final = "update envelopes set sending = :now where id = :id"
_CARRIED: Final = """
update fates set envelope = :envelope where item = :item and receiver = :receiver
"""
_ENVELOPE_TO: Final = """
select envelopes.* from fates join envelopes on envelopes.id = fates.envelope
 where fates.item = :item and fates.receiver = :receiver
"""


class Outgoing:
    """Documents and envelopes on their way out."""

    def __init__(
        self,
        file: QueueFile,
        waybills: Waybills,
        *,
        only: ItemId | None = None,
        same: SameAgency = only_itself,
    ) -> None:
        """
        Work on the tables in ``file``; what must outlive them is written to ``waybills``.

        ``only``: claim this envelope and no other. ``same`` tells by which codes an agency goes.
        """
        self._same = same
        self._file = file
        self._waybills = waybills
        self._only = only
        self._claims: Counter[Lane] = Counter()  # each lane has a thread of its own

    # ── taking in ────────────────────────────────────────────────────────────────────────────

    def add(
        self,
        new: NewDocument,
        *,
        now: datetime,
        compare: Callable[[Sequence[Earlier]], None] | None = None,
    ) -> None:
        """
        Take in a document with one envelope for all its receivers.

        ``compare`` is shown what went out before by its name, as it stands in this moment, and
        raises where the document is not to be taken in: whoever looked earlier may have missed
        what another process took in meanwhile.
        """
        with self._file.transaction() as transaction:
            if compare is not None:
                compare(documents.earlier(transaction, new.document))
            documents.enter(transaction, new, now=now)
            anew.enter(transaction, new.id, new.document.document_id, now=now)
            for act in new.acts:
                note(transaction, new.id, SIGNED, now=act.at, text=freeze(told(act)))
            older = self._queue(transaction, new, now=now)
            heard.link(
                transaction,
                document_id=new.document.document_id,
                code=new.document.code,
                now=now,
                confirms=False,
                receivers=[receiver.code for receiver in new.document.receivers],
                same=self._same,
            )
            # Its own first: where the power goes, that is how it is known to have no row.
            self._waybills.write(transaction, new.id, now=now)
            if older is not None:
                self._waybills.add(transaction, older, now=now, wait=True)

    def _queue(
        self, transaction: Transaction, new: NewDocument, *, now: datetime
    ) -> ItemId | None:
        """Queue what was taken in, with a fate for each receiver; return what it recalls."""
        if new.recall is not None:
            return recalling.carry_out(transaction, new, now=now).item
        envelope = add_envelope(
            transaction,
            MessageType.DOCUMENT,
            item=new.id,
            sender=new.document.sender.code,
            receivers=[receiver.code for receiver in new.document.receivers],
            package=new.package,
            urgency=new.document.priority,
            deadline=end_of_work(new.document.due) if new.document.due else None,
            now=now,
        )
        for receiver in new.document.receivers:
            fate = {"item": new.id, "receiver": receiver.code, "name": receiver.name}
            fate |= {"envelope": envelope, "state": Sending.QUEUED}
            transaction.insert("fates", fate | {"at": stamp(now)})
            note(transaction, new.id, Sending.QUEUED, now=now, agency=receiver.code, tell=True)
        codes = [receiver.code for receiver in new.document.receivers]
        changes.ask(transaction, new.id, new.document, codes, now=now)
        return None

    def earlier(self, document: Document) -> list[Earlier]:
        """Return what went out before by the same DocumentId, or number, notation and date."""
        return documents.earlier(self._file, document)

    def reused(self, document: Document) -> tuple[ItemId, str] | None:
        """Return which document of another day of its year has its number, and that day."""
        return documents.reused(self._file, document)

    def holds(self, item: ItemId) -> bool:
        """Tell whether a drop has been taken in under this id."""
        return documents.has(self._file, item)

    # ── offering to the axis ─────────────────────────────────────────────────────────────────

    def claim(
        self, message: MessageType, *, now: datetime, lease: timedelta, to_send: bool = True
    ) -> tuple[Claim, Envelope] | None:
        """
        Claim the most urgent envelope that is due; None if none is.

        An envelope to be sent is counted and marked as being sent (where ``to_send`` is false it
        is only to be asked about). One marked already was cut off while it was being sent: it
        comes back unsure.
        """
        lane, only = LANES[message], self._only
        if only is None and not work.any_due(self._file, lane, now=now):
            return None
        oldest = self._oldest_now(lane)
        with self._file.transaction() as transaction:
            chosen = choose(transaction, lane, now=now, lease=lease, only=only, oldest=oldest)
            if chosen is None:
                return None
            claim, row = chosen
            if row["state"] == Sending.QUEUED and row["sending"] is not None:
                reason = freeze(say("cut off while it was being sent"))
                before = replace(claim, attempt=claim.attempt - 1)
                # It may have left when it was begun, and be under way through the axis still.
                begun = min(moment(row["sending"]), now)  # by a clock that was ahead
                for at, outcome in ((begun, "cut off"), (now, "silence")):
                    note_attempt(transaction, before, outcome, now=at, reason=reason)
                move(transaction, row, SendingEvent.SILENCE, now=now, reason=reason)
                row = envelope_row(transaction, claim.item)
            elif row["state"] == Sending.QUEUED and to_send:
                transaction.execute(_MARK, {"id": claim.item, "now": stamp(now)})
                if message is MessageType.DOCUMENT:
                    sends.count_one(transaction)
        return claim, to_envelope(row)

    def _oldest_now(self, lane: Lane) -> bool:
        """Tell whether it is the turn of what has been due longest: urgent ones starve nobody."""
        self._claims[lane] += 1
        return self._claims[lane] % _ONE_IN == 0

    def body(self, envelope: ItemId) -> bytes:
        """Return the bytes of a status message; documents lie in the spool."""
        row = self._file.row(_AN_ENVELOPE, {"id": envelope})
        return b"" if row is None or row["body"] is None else bytes(row["body"])

    def settle(
        self,
        claim: Claim,
        event: SendingEvent,
        *,
        now: datetime,
        axis_id: AxisId | None = None,
        reason: Message | None = None,
        due: datetime | None = None,
        outcome: str = "",
    ) -> None:
        """
        Enter what happened to a claimed envelope and, through it, to its receivers; LeaseLost.

        Where the envelope is still to be offered afterwards (silence, or missing at the axis),
        nobody claims it before ``due``.
        """
        words = freeze(reason) if reason else ""
        with self._file.transaction() as transaction:
            enter(
                transaction,
                self._waybills,
                claim,
                event,
                now=now,
                axis_id=axis_id,
                words=words,
                due=due or now,
                outcome=outcome,
            )

    def unanswered(
        self,
        claim: Claim,
        *,
        clock: Callable[[], datetime],
        wait: timedelta,
        reason: Message,
        outcome: str = "",
    ) -> None:
        """
        Enter that no answer came; nobody claims the envelope before ``wait`` is over; LeaseLost.

        It is timed while nobody can set the clock (`Queue.clock_was_set`): by a moment read a
        little earlier it might have been tried an hour ago, and be believed lost at once.
        """
        event, words = SendingEvent.SILENCE, freeze(reason)
        with self._file.transaction() as transaction:
            now = clock()
            enter(
                transaction,
                self._waybills,
                claim,
                event,
                now=now,
                words=words,
                due=now + wait,
                outcome=outcome,
            )

    def defer(
        self,
        claim: Claim,
        *,
        now: datetime,
        until: datetime,
        reason: Message,
        outcome: str = "deferred",
        asked: bool = False,
    ) -> None:
        """
        Leave a claimed envelope where it is; nobody claims it before ``until``; LeaseLost.

        Where the axis was only ``asked`` about it, that was no attempt.
        """
        with self._file.transaction() as transaction:
            words = freeze(reason)
            work.demand(transaction, claim)
            unmark(transaction, claim.item)
            hindered(transaction, claim.item, words)
            note_attempt(transaction, claim, outcome, now=now, reason=words)
            work.defer(transaction, claim, until=until, reason=words)
            if asked:
                work.unspend(transaction, claim)

    def give_back(self, claim: Claim, *, now: datetime, behind: timedelta | None) -> None:
        """
        Undo a claim: nothing was tried, no attempt is counted; LeaseLost.

        Where others are due it comes back after ``behind``, so that they are tried first: it may
        be this envelope alone that stands in the way. None where it certainly is not.
        """
        with self._file.transaction() as transaction:
            work.demand(transaction, claim)
            unmark(transaction, claim.item)
            due = None
            if behind is not None and work.any_due(transaction, claim.lane, now=now):
                due = now + behind
            work.give_back(transaction, claim, due=due)

    # ── what became of it ────────────────────────────────────────────────────────────────────

    def fates(self, item: ItemId) -> tuple[Fate, ...]:
        """Return what has become of a document at each of its receivers."""
        return fates_of(self._file, item)

    def happened(
        self,
        item: ItemId,
        receiver: str,
        event: SendingEvent,
        *,
        now: datetime,
        reason: Message | None = None,
    ) -> bool:
        """Enter what the axis says of one receiver; False where it is no news."""
        with self._file.transaction() as transaction:
            words = freeze(reason) if reason else ""
            return move_fate(transaction, item, receiver, event, now=now, reason=words)

    def resend(
        self,
        item: ItemId,
        receivers: Sequence[AgencyCode],
        package: Stored,
        *,
        now: datetime,
    ) -> None:
        """
        Queue a document again for some of its receivers, under the same DocumentId.

        ``package`` names them alone. NotAllowed if one of them has the document by now, waits for
        it already, or gets it under another DocumentId: two commands, or the daemon, may have
        been at it in the same moment.
        """
        with self._file.transaction() as transaction:
            fates = transaction.rows(FATES, {"item": item})
            meant = [fate for fate in fates if fate["receiver"] in receivers]
            for fate in meant:
                if (fate["state"], SendingEvent.RESENT) not in OUTBOUND:
                    raise NotResendable(fate["receiver"], fate["state"])
            anew.demand_none(transaction, item, receivers)
            demand_here(transaction, item)
            first = envelope_row(transaction, meant[0]["envelope"])
            if _is_all_of(first, meant, package):
                move(transaction, first, SendingEvent.RESENT, now=now)
                lane = LANES[MessageType(first["message"])]
                work.add(transaction, lane, first["id"], due=now, urgency=first["urgency"])
                self._waybills.add(transaction, item, now=now, wait=True)
                return
            envelope = add_envelope(
                transaction,
                MessageType.DOCUMENT,
                item=item,
                sender=first["sender"],
                receivers=receivers,
                package=package,
                urgency=first["urgency"],
                deadline=moment(first["deadline"]) if first["deadline"] else None,
                now=now,
            )
            for receiver in receivers:
                values = {"envelope": envelope, "item": item, "receiver": receiver}
                transaction.execute(_CARRIED, values)
                move_fate(transaction, item, receiver, SendingEvent.RESENT, now=now)
            self._waybills.add(transaction, item, now=now, wait=True)

    def envelope(self, item: ItemId, receiver: str) -> Envelope:
        """Return what carries a document to one of its receivers; PayloadRemoved."""
        demand_here(self._file, item)
        row = self._file.row(_ENVELOPE_TO, {"item": item, "receiver": receiver})
        assert row is not None  # noqa: S101 - the receiver comes from this document's own fates
        return to_envelope(row)


def _is_all_of(envelope: Row, fates: Sequence[Row], package: Stored) -> bool:
    """Tell whether an envelope carries that package to these receivers alone and ended for all."""
    return (
        envelope["digest"] == package.digest
        and (envelope["state"], SendingEvent.RESENT) in OUTBOUND
        and set(json.loads(envelope["receivers"])) == {fate["receiver"] for fate in fates}
        and all(fate["envelope"] == envelope["id"] for fate in fates)
    )
