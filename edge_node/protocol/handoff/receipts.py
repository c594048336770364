"""
What the node tells of an outgoing document: files of `receipts/`, and `status.json` beside a drop.

A receipt tells one thing that happened, to software; a status.json tells how everything stands
now, to people and to software.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from edge_node.domain.message import thaw
from edge_node.domain.receipt import MEANINGS
from edge_node.domain.time import iso
from edge_node.protocol.handoff.acts import act_values
from edge_node.protocol.handoff.files import dump

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge_node.domain.fate import Fate
    from edge_node.domain.message import Message
    from edge_node.domain.receipt import ReasonCode
    from edge_node.domain.record import Dossier


class NodeEvent(StrEnum):
    """What the node itself has to tell of a document on its way to one receiver."""

    QUEUED = "queued"  # taken in and durable
    ACCEPTED = "accepted"  # the axis answered OK
    REFUSED = "refused"  # the axis answered no
    DELIVERED = "delivered"  # the receiver has it
    UNSURE = "unsure"  # sent, and no answer came
    HELD = "held"  # nobody can tell whether it has it; a person decides
    LATE = "late"  # a deadline of the regulations has passed
    RECALLED = "recalled"  # taken back
    DEAD = "dead"  # given up


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReceipt:
    """A business status a receiver sent; codes no list knows have no meaning of ours."""

    document_id: str
    sender: str  # the receiver of the document, who sent the status
    status: str
    at: datetime
    ref: str = ""
    note: str = ""
    reason: ReasonCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReceipt:
    """Something the node saw happen to a document on its way to one receiver."""

    document_id: str
    event: str  # one of NodeEvent; others are told as they are called
    receiver: str
    at: datetime
    ref: str = ""
    note: str = ""


def receipt(told: StatusReceipt | EventReceipt) -> bytes:
    """Return one file of `receipts/`."""
    about: dict[str, object] = {"schema": 1, "ref": told.ref, "document_id": told.document_id}
    after: dict[str, object] = {"note": told.note, "at": iso(told.at)}
    if isinstance(told, EventReceipt):
        return dump({**about, "event": told.event, "to": told.receiver, **after})
    meaning = MEANINGS.get(told.status, "")
    reason = {"reason_code": str(told.reason)} if told.reason else {}
    return dump(
        {
            **about,
            "from": told.sender,
            "status": told.status,
            "meaning": meaning,
            **reason,
            **after,
        }
    )


def status_file(dossier: Dossier, *, tell: Callable[[Message], str], at: datetime) -> bytes:
    """Return the status.json that lies beside a drop, as everything stands ``at`` a moment."""
    return dump(
        {
            "schema": 1,
            "id": dossier.id,
            "document_id": dossier.document_id,
            "ref": dossier.ref,
            "number": dossier.number,
            "notation": dossier.notation,
            "receivers": [_standing(fate, tell) for fate in dossier.fates],
            "signatures": [act_values(act, tell) for act in dossier.acts],
            "updated_at": iso(at),
            "warnings": [tell(warning) for warning in dossier.warnings],
        }
    )


def _standing(fate: Fate, tell: Callable[[Message], str]) -> dict[str, object]:
    reason = thaw(fate.reason)
    return {
        "code": fate.receiver,
        "name": fate.name,
        "state": str(fate.state),
        "status": fate.status,
        "meaning": MEANINGS.get(fate.status, ""),
        "reason": tell(reason) if reason else "",
        "at": iso(fate.at) if fate.at else None,
    }
