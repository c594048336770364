"""The first page: does it run, what rests, what is late, what went through today."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.alarms import Alarms
from edge_node.adapters.canaries import Canaries
from edge_node.adapters.expiring import Expiring
from edge_node.adapters.incidents import Incidents
from edge_node.adapters.lock import holder
from edge_node.adapters.pauses import Pauses
from edge_node.adapters.traffic import Traffic
from edge_node.domain.deadlines import ALARMING
from edge_node.domain.explanation import lasting, when
from edge_node.domain.lifecycle import Receiving, Sending
from edge_node.domain.message import say
from edge_node.domain.time import VIETNAM, in_vietnam
from edge_node.node.attention import Notice
from edge_node.node.pressing import pressing
from edge_node.web import attention
from edge_node.web.charts import hourly
from edge_node.web.replies import page
from edge_node.web.ways import ITEM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.responses import Response

    from edge_node.domain.incidents import Incident
    from edge_node.domain.message import Message
    from edge_node.web.asked import Asked
    from edge_node.web.desk import Desk

MOST: Final = 1000  # of one state, counted one by one
# What ended badly, until somebody does something.
_STUCK: Final = (("out", Sending.REFUSED), ("out", Sending.DEAD))
# What is told with its figure in another colour.
_BAD: Final = (*_STUCK, ("out", Sending.HELD), ("in", Receiving.QUARANTINED))
_TERMS: Final = 8
_LOOKED_AT: Final = 100  # of each duty
_AHEAD: Final = timedelta(days=7)
_INCIDENTS: Final = 10


def show(desk: Desk, asked: Asked) -> Response:
    """Show how the node fares."""
    file, now = desk.node.queue.file, asked.now
    start = datetime.combine(in_vietnam(now).date(), time(), VIETNAM)
    traffic = Traffic(file)
    standing = traffic.standing(most=MOST)
    incidents = [_incident(each) for each in Incidents(file).raised()]
    day = traffic.day(start, start + timedelta(days=1))
    terms = pressing(desk.node, now=now, ahead=_AHEAD, most=_LOOKED_AT, duties=ALARMING)
    return page(
        desk,
        asked,
        "overview.html",
        process=holder(desk.config.folders.data),
        axis=desk.config.axis.url,
        notices=list(_notices(desk, standing, now)),
        paused=desk.node.sends.held() is not None,
        canary=canary(desk, now),
        incidents=incidents[:_INCIDENTS],
        open_incidents=len(incidents),
        standing=standing,
        stuck=[(way, state) for way, state in _STUCK if standing[way].get(state)],
        bad=_BAD,
        most=MOST,
        day=day,
        chart=hourly(day, now_hour=in_vietnam(now).hour),
        terms=[attention.told_term(term, thing, now) for term, thing in terms[:_TERMS]],
        more=len(terms) > _TERMS,
    )


def _notices(
    desk: Desk, standing: Mapping[str, Mapping[str, int]], now: datetime
) -> Iterator[tuple[Notice, str]]:
    """Yield what somebody should see to, the gravest first, with a page about it ('': none)."""
    node = desk.node
    held = node.sends.held()
    if held is not None:
        yield attention.sending_paused(held, node.sends.unasked(), now), ""
    seen = desk.places.look()
    for notice in attention.places(seen, desk.config.folders.exchange):
        yield notice, ""
    # The dead rest from nothing.
    if holder(desk.config.folders.data) is not None:
        pauses = Pauses(node.queue.file)
        safe = pauses.safe()
        for pause in pauses.all():
            if seen.error is None or str(pause.reason) != str(seen.error.message):
                yield attention.resting(pause, safe, now), ""
    for words, count, to in _for_a_person(desk, standing):
        yield attention.counted(words, count, most=MOST), to
    for raised in Alarms(node.queue.file).raised():
        yield attention.alarm(raised, now), "/deadlines?late=1"
    keys = (key.name for key in desk.config.signing.keys)
    for one in Expiring(node.queue.marks).of_keys(keys):
        ending = attention.running_out(one, now)
        if ending is not None:
            yield ending, "/doctor"


def _for_a_person(
    desk: Desk, standing: Mapping[str, Mapping[str, int]]
) -> Iterator[tuple[Message, int, str]]:
    """Yield what waits for somebody's decision, how much of it, and the list of it."""
    held, aside = desk.ledger.held(), standing["in"][Receiving.QUARANTINED]
    kept = Traffic(desk.node.queue.file).kept(most=MOST)
    if held:
        words = say("documents that may have been sent, and wait for a person")
        yield words, held, "/documents?way=out&state=held"
    if aside:
        words = say("documents that were set aside, and wait for a person")
        yield words, aside, "/documents?way=in&state=quarantined"
    if kept:
        words = say("documents that somebody keeps back, until they are let go")
        yield words, kept, "/documents?way=out&state=held"


def _incident(incident: Incident) -> tuple[Incident, str]:
    """Return an incident with the page of the document it is about ('': of none)."""
    return incident, f"/documents/{incident.about}" if ITEM.fullmatch(incident.about) else ""


def canary(desk: Desk, now: datetime) -> Notice | None:
    """Return how the document to ourselves fares; None where none is sent."""
    section = desk.config.canary
    if not section.every:
        return None
    canaries = Canaries(desk.node.queue.file)
    refused = canaries.grounded() or canaries.refused()
    if refused is not None:
        return Notice(words=say("the axis takes no canary: {reason}", reason=refused))
    missing = canaries.missing(now - section.expect_within)
    if missing is not None:
        return Notice(words=say("no canary came back since {when}", when=when(missing, now)))
    last = canaries.last_back()
    if last is None or last.back is None or last.round_trip is None:
        return Notice(words=say("no canary has come back yet"), grave=False)
    span = lasting(last.round_trip)
    words = say("last back {when}, after {span}", when=when(last.back, now), span=span)
    return Notice(words=words, grave=False)
