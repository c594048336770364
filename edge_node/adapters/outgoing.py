"""
What leaves: documents with their receivers' fates, and the envelopes that carry them and statuses.

Each public method is one transaction. An envelope that is being sent is marked so before the
request leaves (`sending`); one found marked by the next claim was cut off in that moment and is
unsure until the axis has been asked.
"""

from __future__ import annotations

import json
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters import work
from edge_node.adapters.database import moment, stamp
from edge_node.adapters.envelopes import (
    FATES,
    LANES,
    add_envelope,
    envelope_row,
    fates_of,
    hindered,
    move,
    move_fate,
    note_attempt,
    queue_status,
    to_envelope,
    unmark,
)
from edge_node.adapters.history import note
from edge_node.domain.envelope import (
    AxisId,
    Earlier,
    Envelope,
    Fate,
    ItemId,
    Lane,
    MessageType,
    Stored,
)
from edge_node.domain.errors import NotResendable
from edge_node.domain.lifecycle import OUTBOUND, Sending, SendingEvent
from edge_node.domain.message import freeze, say
from edge_node.domain.record import Unconfirmed
from edge_node.domain.search import Trail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from edge_node.adapters.database import QueueFile, Row
    from edge_node.domain.document import AgencyCode, Document
    from edge_node.domain.envelope import Claim, NewDocument
    from edge_node.domain.message import Message


# After these the axis need not be offered the envelope any more.
_SETTLED: Final = frozenset(Sending) - {Sending.QUEUED, Sending.UNSURE}

_AN_ENVELOPE: Final = "select * from envelopes where id = :id"
_MARK: Final = "update envelopes set sending = :now where id = :id"
_CARRIED: Final = """
update fates set envelope = :envelope where item = :item and receiver = :receiver
"""
_ENVELOPE_TO: Final = """
select envelopes.* from fates join envelopes on envelopes.id = fates.envelope
 where fates.item = :item and fates.receiver = :receiver
"""

# A status goes by the number and the subject of the document it is about.
_SINCE: Final = "(select min(at) from attempts where envelope = :envelope) as since"
_TRAILS: Final[Mapping[MessageType, str]] = MappingProxyType(
    {
        MessageType.DOCUMENT: f"select number, notation, subject, {_SINCE}"  # noqa: S608 - ours
        " from documents where id = :item",
        MessageType.STATUS: f"select '' as number, code as notation, subject, {_SINCE}"  # noqa: S608
        " from incoming where id = :item",
    }
)

_KNOWN: Final = "select 1 from envelopes where axis_id = :axis_id"

_UNCONFIRMED: Final = """
select fates.item, fates.receiver, fates.at, envelopes.axis_id
  from fates join envelopes on envelopes.id = fates.envelope
 where fates.state = :state and fates.at <= :before
   and (fates.at, fates.item, fates.receiver) > (:at, :item, :receiver)
 order by fates.at, fates.item, fates.receiver limit :limit
"""

_EARLIER: Final = """
select id, name, fingerprint from documents
 where sender = :sender and kind = :kind
   and (document_id = :document_id
        or (number = :number and notation = :notation and promulgated = :promulgated))
 order by created desc
"""


class Outgoing:
    """Documents and envelopes on their way out."""

    def __init__(self, file: QueueFile) -> None:
        """Work on the tables in ``file``."""
        self._file = file

    # ── taking in ────────────────────────────────────────────────────────────────────────────

    def add(self, new: NewDocument, *, now: datetime) -> None:
        """Take in a document with one envelope for all its receivers."""
        with self._file.transaction() as transaction:
            transaction.insert("documents", _document_row(new, now))
            envelope = add_envelope(
                transaction,
                MessageType.DOCUMENT,
                item=new.id,
                sender=new.document.sender.code,
                receivers=[receiver.code for receiver in new.document.receivers],
                package=new.package,
                urgency=new.document.priority,
                now=now,
            )
            for receiver in new.document.receivers:
                fate = {"item": new.id, "receiver": receiver.code, "name": receiver.name}
                fate |= {"envelope": envelope, "state": Sending.QUEUED}
                transaction.insert("fates", fate | {"at": stamp(now)})
                note(transaction, new.id, Sending.QUEUED, now=now, agency=receiver.code, tell=True)

    def earlier(self, document: Document) -> list[Earlier]:
        """Return what went out before by the same DocumentId, or number, notation and date."""
        values = _identity(document)
        return [
            Earlier(
                id=ItemId(row["id"]),
                name=row["name"],
                fingerprint=row["fingerprint"],
                fates=self.fates(ItemId(row["id"])),
            )
            for row in self._file.rows(_EARLIER, values)
        ]

    def holds(self, item: ItemId) -> bool:
        """Tell whether a drop has been taken in under this id."""
        found = self._file.row("select 1 from documents where id = :id", {"id": item})
        return found is not None

    def report(
        self,
        item: ItemId,
        status: str,
        body: bytes,
        *,
        sender: str,
        to: str,
        source: str,
        now: datetime,
    ) -> bool:
        """Queue a status about an incoming item; False if that file was taken already."""
        with self._file.transaction() as transaction:
            return queue_status(
                transaction, item, status, body, sender=sender, to=to, source=source, now=now
            )

    # ── offering to the axis ─────────────────────────────────────────────────────────────────

    def claim(
        self, message: MessageType, *, now: datetime, lease: timedelta
    ) -> tuple[Claim, Envelope] | None:
        """
        Claim the most urgent envelope that is due and mark it as being sent; None if none is.

        An envelope marked already was cut off while it was being sent: it comes back unsure.
        """
        if not work.any_due(self._file, LANES[message], now=now):
            return None
        with self._file.transaction() as transaction:
            claim = work.claim(transaction, LANES[message], now=now, lease=lease)
            if claim is None:
                return None
            row = envelope_row(transaction, claim.item)
            if row["state"] == Sending.QUEUED and row["sending"] is not None:
                reason = freeze(say("cut off while it was being sent"))
                before = replace(claim, attempt=claim.attempt - 1)
                begun = moment(row["sending"])
                note_attempt(transaction, before, SendingEvent.SILENCE, now=begun, reason=reason)
                move(transaction, row, SendingEvent.SILENCE, now=now, reason=reason)
                row = envelope_row(transaction, claim.item)
            elif row["state"] == Sending.QUEUED:
                transaction.execute(_MARK, {"id": claim.item, "now": stamp(now)})
        return claim, to_envelope(row)

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
    ) -> None:
        """
        Enter what happened to a claimed envelope and, through it, to its receivers; LeaseLost.

        Where the envelope is still to be offered afterwards (silence, or missing at the axis),
        nobody claims it before ``due``.
        """
        words = freeze(reason) if reason else ""
        with self._file.transaction() as transaction:
            work.demand(transaction, claim)
            row = envelope_row(transaction, claim.item)
            if row["state"] == Sending.DELIVERED:  # its receivers were quicker than the axis
                note_attempt(transaction, claim, event, now=now, reason=words)
                work.finish(transaction, claim)
                return
            state = move(transaction, row, event, now=now, reason=words, axis_id=axis_id)
            note_attempt(transaction, claim, event, now=now, reason=words)
            if state in _SETTLED:
                work.finish(transaction, claim)
            else:
                work.defer(transaction, claim, until=due or now, reason=words)

    def defer(self, claim: Claim, *, now: datetime, until: datetime, reason: Message) -> None:
        """Leave a claimed envelope where it is; nobody claims it before ``until``; LeaseLost."""
        with self._file.transaction() as transaction:
            words = freeze(reason)
            work.demand(transaction, claim)
            unmark(transaction, claim.item)
            hindered(transaction, claim.item, words)
            note_attempt(transaction, claim, "deferred", now=now, reason=words)
            work.defer(transaction, claim, until=until, reason=words)

    def give_back(self, claim: Claim, *, now: datetime, behind: timedelta) -> None:
        """
        Undo a claim: nothing was tried, no attempt is counted; LeaseLost.

        Where others are due it comes back after ``behind``, so that they are tried first: it may
        be this envelope alone that stands in the way.
        """
        with self._file.transaction() as transaction:
            work.demand(transaction, claim)
            unmark(transaction, claim.item)
            others = work.any_due(transaction, claim.lane, now=now)
            work.give_back(transaction, claim, due=now + behind if others else None)

    # ── what became of it ────────────────────────────────────────────────────────────────────

    def fates(self, item: ItemId) -> tuple[Fate, ...]:
        """Return what has become of a document at each of its receivers."""
        return fates_of(self._file, item)

    def trail(self, envelope: Envelope) -> Trail:
        """Return how an envelope that got no answer would look in the axis's list."""
        row = self._file.row(
            _TRAILS[envelope.message], {"envelope": envelope.id, "item": envelope.item}
        )
        assert row is not None  # noqa: S101 - envelopes are about documents that are never deleted
        return Trail(
            receivers=frozenset(envelope.receivers),
            number=row["number"],
            notation=row["notation"],
            title=row["subject"],
            since=moment(row["since"] or 0),
        )

    def knows(self, axis_id: AxisId) -> bool:
        """Tell whether the axis's id is that of an envelope of ours."""
        return self._file.row(_KNOWN, {"axis_id": axis_id}) is not None

    def unconfirmed(
        self, *, before: datetime, limit: int, after: Unconfirmed | None = None
    ) -> list[Unconfirmed]:
        """Return what was accepted before a moment and no more is known of, oldest first."""
        values: dict[str, object] = {"at": -1, "item": "", "receiver": ""}
        if after is not None:
            values = {"at": stamp(after.since), "item": after.item, "receiver": after.receiver}
        values |= {"state": Sending.ACCEPTED, "before": stamp(before), "limit": limit}
        return [
            Unconfirmed(
                item=ItemId(row["item"]),
                receiver=row["receiver"],
                axis_id=AxisId(row["axis_id"]),
                since=moment(row["at"]),
            )
            for row in self._file.rows(_UNCONFIRMED, values)
        ]

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

        ``package`` names them alone. NotAllowed if one of them has the document by now, or waits
        for it already: two commands, or the daemon, may have been at it in the same moment.
        """
        with self._file.transaction() as transaction:
            fates = transaction.rows(FATES, {"item": item})
            meant = [fate for fate in fates if fate["receiver"] in receivers]
            for fate in meant:
                if (fate["state"], SendingEvent.RESENT) not in OUTBOUND:
                    raise NotResendable(fate["receiver"], fate["state"])
            first = envelope_row(transaction, meant[0]["envelope"])
            if _is_all_of(first, meant, package):
                move(transaction, first, SendingEvent.RESENT, now=now)
                work.add(transaction, Lane.PUSH, first["id"], due=now, urgency=first["urgency"])
                return
            envelope = add_envelope(
                transaction,
                MessageType.DOCUMENT,
                item=item,
                sender=first["sender"],
                receivers=receivers,
                package=package,
                urgency=first["urgency"],
                now=now,
            )
            for receiver in receivers:
                values = {"envelope": envelope, "item": item, "receiver": receiver}
                transaction.execute(_CARRIED, values)
                move_fate(transaction, item, receiver, SendingEvent.RESENT, now=now)

    def envelope(self, item: ItemId, receiver: str) -> Envelope:
        """Return the envelope that carries a document to one of its receivers."""
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


def _document_row(new: NewDocument, now: datetime) -> dict[str, object]:
    document = new.document
    return _identity(document) | {
        "id": new.id,
        "type": document.type.name,
        "subject": document.subject,
        "ref": new.ref,
        "fingerprint": new.fingerprint,
        "name": new.name,
        "folder": "",
        "warnings": json.dumps([freeze(warning) for warning in new.warnings]),
        "created": stamp(now),
    }


def _identity(document: Document) -> dict[str, object]:
    return {
        "document_id": document.document_id,
        "sender": document.sender.code,
        "number": document.number,
        "notation": document.notation,
        "promulgated": document.promulgated.isoformat() if document.promulgated else "",
        "kind": document.business.kind,
    }
