"""
The life of an outgoing unit and of an incoming item, each as one table.

The outgoing unit is (document, receiver). A state says what has been achieved; the lease says who
is on it; `due_at` says when to try. What the receiver says of a document (status 01 to 16) is a
column of its own and only ever confirms delivery here.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import IllegalTransition
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Mapping


class Sending(StrEnum):
    """Where an outgoing unit stands with the axis."""

    QUEUED = "queued"  # packed and stored; the axis has not seen it
    UNSURE = "unsure"  # sent, no answer; to be found out before it is sent again
    ACCEPTED = "accepted"  # the axis holds it
    DELIVERED = "delivered"  # the axis or the receiver says it arrived
    REFUSED = "refused"  # the axis said no
    DEAD = "dead"  # we stopped trying
    HELD = "held"  # a person decides: the axis cannot tell whether it has it, or one keeps it back
    RECALLED = "recalled"  # taken back: before it left, or the receiver agreed to give it back


class SendingEvent(StrEnum):
    """What can happen to an outgoing unit."""

    ACCEPTED = "accepted"  # the axis answered OK
    SILENCE = "silence"  # sent, and no answer came
    FOUND = "found"  # the axis lists it among what we sent
    MISSING = "missing"  # the axis does not list it
    REFUSED = "refused"  # the axis answered no, or lists it as failed
    EXHAUSTED = "exhausted"  # the last try has been made
    CONFIRMED = "confirmed"  # the receiver has it, by the axis's word or by its own
    UNDECIDED = "undecided"  # nobody can tell, and it is not ours to guess
    KEPT = "kept back"  # a person keeps from leaving what has not left
    RESENT = "resent"  # a person put it back in the queue
    RECALLED = "recalled"  # it was stopped here, or the receiver gave it back (status 15)


OUTBOUND: Final[Mapping[tuple[Sending, SendingEvent], Sending]] = MappingProxyType(
    {
        (Sending.QUEUED, SendingEvent.ACCEPTED): Sending.ACCEPTED,
        (Sending.QUEUED, SendingEvent.SILENCE): Sending.UNSURE,
        (Sending.QUEUED, SendingEvent.REFUSED): Sending.REFUSED,
        (Sending.QUEUED, SendingEvent.EXHAUSTED): Sending.DEAD,
        (Sending.QUEUED, SendingEvent.FOUND): Sending.ACCEPTED,  # sent in an earlier life of ours
        (Sending.QUEUED, SendingEvent.UNDECIDED): Sending.HELD,  # likewise, perhaps
        (Sending.QUEUED, SendingEvent.CONFIRMED): Sending.DELIVERED,
        (Sending.QUEUED, SendingEvent.KEPT): Sending.HELD,
        (Sending.UNSURE, SendingEvent.FOUND): Sending.ACCEPTED,
        (Sending.UNSURE, SendingEvent.MISSING): Sending.QUEUED,
        (Sending.UNSURE, SendingEvent.REFUSED): Sending.REFUSED,  # a no nobody understands
        (Sending.UNSURE, SendingEvent.UNDECIDED): Sending.HELD,
        (Sending.UNSURE, SendingEvent.EXHAUSTED): Sending.DEAD,
        (Sending.UNSURE, SendingEvent.CONFIRMED): Sending.DELIVERED,
        (Sending.ACCEPTED, SendingEvent.CONFIRMED): Sending.DELIVERED,
        (Sending.ACCEPTED, SendingEvent.REFUSED): Sending.REFUSED,  # one receiver of several
        (Sending.REFUSED, SendingEvent.RESENT): Sending.QUEUED,
        (Sending.REFUSED, SendingEvent.CONFIRMED): Sending.DELIVERED,  # late good news wins
        (Sending.DEAD, SendingEvent.RESENT): Sending.QUEUED,
        (Sending.DEAD, SendingEvent.CONFIRMED): Sending.DELIVERED,  # likewise
        (Sending.HELD, SendingEvent.FOUND): Sending.ACCEPTED,  # another receiver has it
        (Sending.HELD, SendingEvent.RESENT): Sending.QUEUED,
        (Sending.HELD, SendingEvent.EXHAUSTED): Sending.DEAD,  # a person gives it up
        (Sending.HELD, SendingEvent.CONFIRMED): Sending.DELIVERED,  # likewise
        # From wherever it stands, and for good: nothing leads out of it.
        (Sending.QUEUED, SendingEvent.RECALLED): Sending.RECALLED,
        (Sending.UNSURE, SendingEvent.RECALLED): Sending.RECALLED,
        (Sending.ACCEPTED, SendingEvent.RECALLED): Sending.RECALLED,
        (Sending.DELIVERED, SendingEvent.RECALLED): Sending.RECALLED,
        (Sending.REFUSED, SendingEvent.RECALLED): Sending.RECALLED,
        (Sending.DEAD, SendingEvent.RECALLED): Sending.RECALLED,
        (Sending.HELD, SendingEvent.RECALLED): Sending.RECALLED,
    }
)


class Receiving(StrEnum):
    """Where an incoming item stands with us."""

    RECEIVED = "received"  # its raw bytes are durable here; the axis has not been told
    ACKNOWLEDGED = "acknowledged"  # the axis knows that we have it
    DELIVERED = "delivered"  # it lies in the inbox (a status: it was applied)
    TAKEN = "taken"  # the document software took it out of the inbox
    REPEATED = "repeated"  # the agency has the very same document already, under another axis id
    QUARANTINED = "quarantined"  # it cannot be read or must not be handed on; a person decides
    RETURNED = "returned"  # its sender was told that we do not take it (status 02), and why
    PARKED = "parked"  # a status about a document we do not know, until that turns up
    RECALLED = "recalled"  # given back to its sender: destroyed, or about to be (tombstones)


class ReceivingEvent(StrEnum):
    """What can happen to an incoming item."""

    ACKNOWLEDGED = "acknowledged"  # the axis took our word for it
    HANDED_OVER = "handed over"  # the inbox folder was renamed into sight
    PICKED_UP = "picked up"  # the folder is gone from the inbox, or marked as taken
    RECOGNISED = "recognised"  # it is what we had before, to the byte
    REJECTED = "rejected"  # unreadable, unsafe, not for us, or its signatures are not good enough
    SENT_BACK = "sent back"  # the rules, or a person, do not take it and do not keep it
    UNCLAIMED = "unclaimed"  # nobody here knows what it is about
    RELEASED = "released"  # a person gave it a second chance
    RECALLED = "recalled"  # a clerk agreed (status 15) to what its sender asked


INBOUND: Final[Mapping[tuple[Receiving, ReceivingEvent], Receiving]] = MappingProxyType(
    {
        (Receiving.RECEIVED, ReceivingEvent.ACKNOWLEDGED): Receiving.ACKNOWLEDGED,
        (Receiving.ACKNOWLEDGED, ReceivingEvent.HANDED_OVER): Receiving.DELIVERED,
        (Receiving.ACKNOWLEDGED, ReceivingEvent.RECOGNISED): Receiving.REPEATED,
        (Receiving.ACKNOWLEDGED, ReceivingEvent.REJECTED): Receiving.QUARANTINED,
        (Receiving.ACKNOWLEDGED, ReceivingEvent.SENT_BACK): Receiving.RETURNED,
        (Receiving.DELIVERED, ReceivingEvent.PICKED_UP): Receiving.TAKEN,
        (Receiving.ACKNOWLEDGED, ReceivingEvent.UNCLAIMED): Receiving.PARKED,
        (Receiving.PARKED, ReceivingEvent.HANDED_OVER): Receiving.DELIVERED,
        (Receiving.QUARANTINED, ReceivingEvent.SENT_BACK): Receiving.RETURNED,
        (Receiving.QUARANTINED, ReceivingEvent.RELEASED): Receiving.ACKNOWLEDGED,
        (Receiving.RETURNED, ReceivingEvent.RELEASED): Receiving.ACKNOWLEDGED,
        # Wherever it lies, and for good: nothing leads out of it.
        (Receiving.RECEIVED, ReceivingEvent.RECALLED): Receiving.RECALLED,
        (Receiving.ACKNOWLEDGED, ReceivingEvent.RECALLED): Receiving.RECALLED,
        (Receiving.DELIVERED, ReceivingEvent.RECALLED): Receiving.RECALLED,
        (Receiving.TAKEN, ReceivingEvent.RECALLED): Receiving.RECALLED,
        (Receiving.REPEATED, ReceivingEvent.RECALLED): Receiving.RECALLED,
        (Receiving.QUARANTINED, ReceivingEvent.RECALLED): Receiving.RECALLED,
        (Receiving.RETURNED, ReceivingEvent.RECALLED): Receiving.RECALLED,
    }
)


def advance(state: Sending, event: SendingEvent) -> Sending:
    """Return the state an outgoing unit is in once the event has happened; IllegalTransition."""
    try:
        return OUTBOUND[state, event]
    except KeyError:
        raise _illegal(state, event) from None


def progress(state: Receiving, event: ReceivingEvent) -> Receiving:
    """Return the state an incoming item is in once the event has happened; IllegalTransition."""
    try:
        return INBOUND[state, event]
    except KeyError:
        raise _illegal(state, event) from None


def _illegal(state: StrEnum, event: StrEnum) -> IllegalTransition:
    return IllegalTransition(
        say("{event} cannot happen to what is {state}", event=str(event), state=str(state))
    )
