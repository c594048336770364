"""The axis: whether it can be met, how long its certificate holds, and how its clock stands."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from edge_node.checks.check import Check
from edge_node.checks.days import validity
from edge_node.checks.finding import bad, good
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.adapters.handshake import Met
    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding

_WITHIN: Final = timedelta(seconds=10)


def _look(situation: Situation) -> Iterator[Finding]:
    from edge_node.adapters.handshake import TlsFailed, meet  # noqa: PLC0415 - 70 ms

    section = situation.config.axis
    host = urlsplit(section.url).netloc
    try:
        met = meet(section.url, section.ca_file, within=min(section.connect_timeout, _WITHIN))
    except EdgeNodeError as error:
        check = "axis.tls" if isinstance(error, TlsFailed) else "axis.connection"
        why = say("{trouble} ({url})", trouble=error.message, url=section.url)
        yield bad(check, why, error.hint, about=host)
        return
    yield good("axis.connection", say("the axis can be reached: {host}", host=host), about=host)
    if met.begins is not None and met.ends is not None:
        yield validity(
            "axis.tls",
            whose=say("the TLS certificate of the axis"),
            begins=met.begins,
            ends=met.ends,
            now=situation.now,
            cure=say("ask who runs the axis to renew it; it was issued by {who}", who=met.issuer),
            about=host,
        )
    yield from _clock(met, situation)


def _clock(met: Met, situation: Situation) -> Iterator[Finding]:
    from datetime import UTC, datetime  # noqa: PLC0415 - only here

    from edge_node.adapters.clock_watch import clock_off, offset_of  # noqa: PLC0415

    offset = offset_of(met.date, datetime.now(UTC))
    if offset is None:
        return
    seconds = round(offset.total_seconds())
    if abs(offset) > situation.config.axis.clock_tolerance:
        complaint = clock_off(offset)
        yield bad("axis.clock", complaint.message, complaint.hint, offset=seconds)
    else:
        why = say("this machine's clock and the axis's agree to {seconds} s", seconds=abs(seconds))
        yield good("axis.clock", why, offset=seconds)


CHECK: Final = Check(id="axis", rank=20, look=_look, within=timedelta(seconds=15), outward=True)
