"""The clock by the node's own journal: nothing can have happened after now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from edge_node.checks.asking import rows_of
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, good, warn
from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding

_LAST: Final = "select at from events order by id desc limit 1000"
_MEMORY: Final = timedelta(days=7)  # a jump of long ago is nobody's errand any more


def _look(situation: Situation) -> Iterator[Finding]:
    found = rows_of(situation.config.folders.queue, _LAST) or []
    moments = [datetime.fromtimestamp(int(str(at)) / 1000, UTC) for (at,) in reversed(found)]
    yield _back(moments, situation)


def _back(moments: list[datetime], situation: Situation) -> Finding:
    tolerance, now = situation.config.axis.clock_tolerance, situation.now
    latest = max(moments, default=now)
    if latest > now + tolerance:
        minutes = round((latest - now).total_seconds() / 60)
        return bad(
            "clock.back",
            say(
                "this machine's clock jumped back: it shows {now}, and the node worked at"
                " {latest} already",
                now=_shown(now),
                latest=_shown(latest),
            ),
            say("set the clock: timedatectl set-ntp true; then see: timedatectl"),
            minutes=minutes,
        )
    for before, after in reversed(tuple(pairwise(moments))):
        if before - after > tolerance and now - after < _MEMORY:
            return warn(
                "clock.back",
                say(
                    "this machine's clock was set back from {before} to {after}",
                    before=_shown(before),
                    after=_shown(after),
                ),
                say("let a time server keep it: timedatectl set-ntp true"),
                minutes=round((before - after).total_seconds() / 60),
            )
    return good("clock.back", say("the clock has not gone back since the node worked last"))


def _shown(moment: datetime) -> str:
    return f"{in_vietnam(moment):%Y-%m-%d %H:%M}"


CHECK: Final = Check(id="clock", rank=12, look=_look)
