"""The first page: does it run, what rests, what is late, what went through today."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.alarms import Alarms
from edge_node.adapters.expiring import Expiring
from edge_node.adapters.lock import holder
from edge_node.adapters.pauses import Pauses
from edge_node.adapters.traffic import Traffic
from edge_node.domain.deadlines import ALARMING
from edge_node.domain.lifecycle import Receiving, Sending
from edge_node.domain.time import VIETNAM, in_vietnam
from edge_node.node.pressing import pressing
from edge_node.web import attention
from edge_node.web.charts import hourly
from edge_node.web.replies import page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.responses import Response

    from edge_node.node.attention import Notice
    from edge_node.web.asked import Asked
    from edge_node.web.desk import Desk

MOST: Final = 1000  # of one state, counted one by one
# Where a document stays until somebody does something.
_STUCK: Final = (
    ("out", Sending.REFUSED),
    ("out", Sending.DEAD),
    ("out", Sending.HELD),
    ("in", Receiving.QUARANTINED),
)
_TERMS: Final = 8
_LOOKED_AT: Final = 100  # of each duty
_AHEAD: Final = timedelta(days=7)


def show(desk: Desk, asked: Asked) -> Response:
    """Show how the node fares."""
    file, now = desk.node.queue.file, asked.now
    start = datetime.combine(in_vietnam(now).date(), time(), VIETNAM)
    traffic = Traffic(file)
    standing = traffic.standing(most=MOST)
    day = traffic.day(start, start + timedelta(days=1))
    terms = pressing(desk.node, now=now, ahead=_AHEAD, most=_LOOKED_AT, duties=ALARMING)
    return page(
        desk,
        asked,
        "overview.html",
        process=holder(desk.config.folders.data),
        axis=desk.config.axis.url,
        notices=list(_notices(desk, now)),
        standing=standing,
        stuck=[(way, state) for way, state in _STUCK if standing[way].get(state)],
        most=MOST,
        day=day,
        chart=hourly(day, now_hour=in_vietnam(now).hour),
        terms=[attention.told_term(term, thing, now) for term, thing in terms[:_TERMS]],
        more=len(terms) > _TERMS,
    )


def _notices(desk: Desk, now: datetime) -> Iterator[tuple[Notice, str]]:
    """Yield what somebody should see to, the gravest first, with a page about it ('': none)."""
    node = desk.node
    held = node.sends.held()
    if held is not None:
        yield attention.sending_paused(held, node.sends.unasked(), now), ""
    # The dead rest from nothing.
    if holder(desk.config.folders.data) is not None:
        pauses = Pauses(node.queue.file)
        safe = pauses.safe()
        for pause in pauses.all():
            yield attention.resting(pause, safe, now), ""
    for raised in Alarms(node.queue.file).raised():
        yield attention.alarm(raised, now), "/deadlines?late=1"
    keys = (key.name for key in desk.config.signing.keys)
    for one in Expiring(node.queue.marks).of_keys(keys):
        notice = attention.running_out(one, now)
        if notice is not None:
            yield notice, "/doctor"
