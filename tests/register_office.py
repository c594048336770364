"""An agency of which registers are written: what it sends, gets and says, in a real queue."""

from __future__ import annotations

from datetime import date, timedelta

from builders import (
    MINUTE,
    T0,
    THEM,
    US,
    a_document,
    a_given,
    a_listed,
    a_new_document,
    a_status,
    stored,
)

from edge_node.adapters.database import stamp
from edge_node.adapters.registers import Registers
from edge_node.domain.envelope import AxisId, Lane, MessageType
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.register import Days, Register

TODAY = date(2026, 11, 21)
NOVEMBER = Days(first=date(2026, 11, 1), last=date(2026, 11, 30))
DAY = timedelta(days=1)


class Office:
    """An agency, its queue, and what happens there."""

    def __init__(self, queue):
        """Begin with nothing."""
        self.queue = queue
        self.sent = self.came = 0

    def sends(self, document, *, now=T0, event=SendingEvent.ACCEPTED):
        """Take a document in and offer it to the axis, which answers so."""
        self.sent += 1
        item = f"o{self.sent:09}"
        fingerprint = str(self.sent).encode()
        self.queue.outgoing.add(
            a_new_document(item, document=document, content=fingerprint), now=now
        )
        if event is not None:
            claim, _ = self.queue.outgoing.claim(MessageType.DOCUMENT, now=now, lease=MINUTE)
            axis_id = AxisId(f"out-{self.sent}")
            self.queue.outgoing.settle(claim, event, now=now, axis_id=axis_id)
        return item

    def arrives(self, message, *, now=T0):
        """Get something from the axis, and take it in hand."""
        self.came += 1
        listed = a_listed(f"in-{self.came}", message=message)
        item = self.queue.arriving.add(listed, stored(), None, now=now)
        claim, _ = self.queue.arriving.claim(Lane.ACKNOWLEDGE, now=now, lease=MINUTE)
        self.queue.arriving.acknowledged(claim, now=now)
        lane = Lane.APPLY if message is MessageType.STATUS else Lane.DELIVER
        claim, _ = self.queue.arriving.claim(lane, now=now, lease=MINUTE)
        return item, claim

    def hears(self, document, status, *, sender=THEM, now=T0, **fields):
        """Get a status of a document that was sent."""
        _, claim = self.arrives(MessageType.STATUS, now=now)
        message = a_status(status, about=document, sender=sender, at=now, **fields)
        assert self.queue.arriving.applied(claim, message, now=now)

    def receives(self, document, *, now=T0):
        """Get a document, which lies in the inbox then."""
        item, claim = self.arrives(MessageType.DOCUMENT, now=now)
        mark = f"{self.came:064}"
        self.queue.arriving.prepared(claim, document, f"f-{item}", fingerprint=mark, now=now)
        self.queue.arriving.delivered(claim, None, now=now)
        return item

    def says(self, item, status, *, now=T0, **fields):
        """Have the document software report a status of what was received."""
        self.queue.speaking.give(item, a_given(status, at=now, **fields), now=now)

    def enters(self, table, **row):
        """Enter a row other parts of the node enter."""
        with self.queue.file.transaction() as transaction:
            transaction.insert(table, row)

    def rows(self, register, days=NOVEMBER, *, now=T0):
        """Return a register's rows."""
        return list(Registers(self.queue.file).rows(register, days, now=now))

    def out(self, **fields):
        """Return the one row of outgoing documents."""
        (row,) = self.rows(Register.OUTGOING, **fields)
        return row

    def into(self, **fields):
        """Return the one row of incoming documents."""
        (row,) = self.rows(Register.INCOMING, **fields)
        return row

    def follow(self, **fields):
        """Return how far the office has come with the one there is."""
        (row,) = self.rows(Register.FOLLOW_UP, **fields)
        return row


def theirs(number="7816", **fields):
    return a_document(number, sender=THEM, to=(US,), **fields)


def a_change(item, *, kind="recall", ours, state, reason="Sai số liệu", agency=THEM):
    """Return a request about a document as `changes` holds it."""
    row = {"id": f"c{item}{agency}", "asked_by_us": int(ours), "kind": kind, "carrier": "s1"}
    row |= {"item": item, "document_id": "", "agency": agency, "reason": reason, "state": state}
    return row | {"created": stamp(T0), "at": stamp(T0)}
