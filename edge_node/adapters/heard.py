"""
What an agency says of a document we sent: a status message, entered where it belongs.

One about a document nobody here knows is parked: it was acknowledged like any other, so the axis
offers it no more, and it is entered when the document turns up (a restored queue learns of it, it
is taken in at last). These functions run inside the caller's transaction; what may happen when is
`arriving`'s affair.
"""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Final

from edge_node.adapters import recalling
from edge_node.adapters.database import stamp
from edge_node.adapters.envelopes import find_about, reported
from edge_node.adapters.history import note
from edge_node.adapters.incoming import move
from edge_node.domain.document import only_itself
from edge_node.domain.errors import PackageUnreadable
from edge_node.domain.lifecycle import ReceivingEvent
from edge_node.domain.message import say
from edge_node.domain.standing import ANSWERS, PROGRESS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from edge_node.adapters.database import Row, Transaction
    from edge_node.adapters.waybills import Waybills
    from edge_node.domain.document import SameAgency, StatusMessage
    from edge_node.domain.item import ItemId

log = logging.getLogger(__name__)

_YEARS: Final = range(1900, 2200)  # dd/MM/yyyy read as yyyy/MM/dd gives the year 21

_PARK: Final = """
update incoming set document_id = :document_id, code = :code, sender = :sender where id = :id
"""
_BY_ID: Final = """
select * from incoming where state = 'parked' and document_id = :document_id
"""
_BY_CODE: Final = "select * from incoming where state = 'parked' and code = :code"
_ALL: Final = "select * from incoming where message = 'status' and state = 'parked'"
_HEARD: Final = """
select said, note from events
 where item = :item and event = 'status' and agency = :agency and status = :status
"""


def enter(
    transaction: Transaction,
    row: Row,
    message: StatusMessage,
    *,
    waybills: Waybills,
    now: datetime,
    also: Collection[str] = (),
) -> bool:
    """
    Enter a status, which arrived as ``row``; False where it is parked.

    ``also`` are other codes of the agency that sent it.
    """
    found = _entered(transaction, row, message, now=now, confirms=True, also=also)
    if found is not None:
        if message.status in ANSWERS:
            for item in sorted(found):
                waybills.add(transaction, item, now=now, wait=False)
        return True
    about = message.about
    values = {"id": row["id"], "document_id": about.document_id, "code": about.code}
    transaction.execute(_PARK, values | {"sender": message.sender.code})
    reason = say("no document we sent to its sender goes by what this status names")
    move(transaction, row, ReceivingEvent.UNCLAIMED, now=now, reason=reason)
    return False


def link(
    transaction: Transaction,
    *,
    document_id: str,
    code: str,
    receivers: Collection[str],
    now: datetime,
    confirms: bool,
    same: SameAgency = only_itself,
) -> int:
    """
    Enter what was parked about a document that has turned up, as it was said; return how many.

    Where the document is only about to be sent, a status older than itself does not tell that its
    receiver has it (``confirms``): it is sent all the same. What others than its ``receivers``
    said is not even read; ``same`` tells by which codes one of them goes.
    """
    found: dict[str, Row] = {}
    if document_id:
        found |= _by_item(transaction.rows(_BY_ID, {"document_id": document_id}))
    if code:
        found |= _by_item(transaction.rows(_BY_CODE, {"code": code}))
    codes = {
        sender: {sender, *same(sender)} for sender in {row["sender"] for row in found.values()}
    }
    told = [row for row in found.values() if not codes[row["sender"]].isdisjoint(receivers)]
    return _link(transaction, told, codes, now=now, confirms=confirms)


def link_all(transaction: Transaction, *, now: datetime) -> int:
    """Enter all that was parked and is about a document that is known by now; return how many."""
    return _link(transaction, transaction.rows(_ALL, {}), {}, now=now, confirms=True)


def _by_item(rows: Iterable[Row]) -> dict[str, Row]:
    return {row["id"]: row for row in rows}


def _link(
    transaction: Transaction,
    rows: Iterable[Row],
    codes: Mapping[str, Collection[str]],
    *,
    now: datetime,
    confirms: bool,
) -> int:
    told = [(row, message) for row in rows if (message := _read(row)) is not None]
    told.sort(key=lambda each: (_believable(each[1].at, now), each[0]["created"], each[0]["id"]))
    entered = 0
    for row, message in told:
        also = codes.get(row["sender"], ())
        done = _entered(transaction, row, message, now=now, confirms=confirms, also=also)
        entered += done is not None
    return entered


def _read(row: Row) -> StatusMessage | None:
    from edge_node.protocol import edxml  # noqa: PLC0415 - hardly ever

    try:
        package = edxml.read_header(io.BytesIO(row["body"] or b""), limits=edxml.Limits())
    except PackageUnreadable as error:  # it was read once: the limits have become narrower
        log.warning("a parked status cannot be read", extra={"item": row["id"], "error": error})
        return None
    return package.message if isinstance(package, edxml.StatusPackage) else None


def _entered(
    transaction: Transaction,
    row: Row,
    message: StatusMessage,
    *,
    now: datetime,
    confirms: bool,
    also: Collection[str],
) -> set[ItemId] | None:
    """Enter a status with the document it is about; return what it is about, None for nothing."""
    about = message.about
    found = find_about(
        transaction,
        document_id=about.document_id,
        organ=about.organ,
        code=about.code,
        reporter=message.sender.code,
        reporter_also=also,
    )
    at = _believable(message.at, now)
    status = message.status
    if found is None:
        request = recalling.answered_unknown(transaction, row, message, now=now)
        return None if request is None else {request.carrier}
    item, receiver = found
    about_all = {item}
    if recalling.is_old_news(transaction, item, receiver, status):
        changed = False
    else:
        changed = reported(transaction, item, receiver, status, at=at, now=now, confirms=confirms)
        answered = recalling.answered(transaction, item, receiver, message, at=at, now=now)
        if answered is not None:
            about_all |= {answered.carrier} | ({answered.item} if answered.item else set())
    if changed or _says_something_new(transaction, item, message, at):
        note(
            transaction,
            item,
            "status",
            now=now,
            said=at,
            agency=message.sender.code,
            status=status,
            text=message.note,
            tell=True,
        )
    move(transaction, row, ReceivingEvent.HANDED_OVER, now=now)
    return about_all


def _says_something_new(
    transaction: Transaction, item: ItemId, message: StatusMessage, at: datetime
) -> bool:
    """
    Tell whether a status is not merely said again.

    The same words at another moment are news of a document somebody is at work on, and of no
    other: software that says its 01 every minute is heard once.
    """
    values = {"item": item, "agency": message.sender.code, "status": message.status}
    earlier = [each for each in transaction.rows(_HEARD, values) if each["note"] == message.note]
    if message.status in PROGRESS:
        return all(each["said"] != stamp(at) for each in earlier)
    return not earlier


def _believable(moment: datetime | None, now: datetime) -> datetime:
    """Return when a peer says something happened; ``now`` where no clock can have shown that."""
    return moment if moment and moment.year in _YEARS else now
