"""
Ask the axis whether it has what it gave no answer for.

Its list (`getSentEdocList`) may be long, so it is read once for all that are asked about in a row.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import AxisUnclear, Permanent, Transient
from edge_node.domain.message import say
from edge_node.domain.search import Finding, judge, traces_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from edge_node.domain.document import AgencyCode
    from edge_node.domain.envelope import AxisId, Envelope, MessageType, Sent
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message
    from edge_node.domain.search import Trail
    from edge_node.flows.ports import Axis, Unsure

_FRESH: Final = timedelta(seconds=5)
_PATIENCE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the axis's list says of one envelope."""

    finding: Finding
    words: Message  # what is said of an envelope that is not there
    trail: Trail
    axis_id: AxisId | None = None  # where it is there


@dataclass(slots=True, kw_only=True)
class Asking:
    """The question, and the list it was answered from last."""

    message: MessageType
    queue: Unsure
    axis: Axis
    clock: Callable[[], datetime]
    _listed: list[Sent] = field(default_factory=list, init=False)
    _listed_at: datetime | None = field(default=None, init=False)

    def is_due_before(self, envelope: Envelope) -> bool:
        """Tell whether to ask about an envelope even before it is sent for the first time."""
        return self.queue.may_have_left(envelope)

    def about(self, envelope: Envelope, now: datetime, *, since: datetime | None = None) -> Answer:
        """
        Return what the axis lists of an envelope; Transient and Outage are the axis's.

        An axis that puts everybody off for days, from ``since`` if not from the last try, will
        not tell.
        """
        trail = self.queue.trail(envelope, clock=self.clock)
        try:
            listed = self._list(now)
        except (Permanent, AxisUnclear) as error:
            # That it will not list anything says nothing of this envelope.
            return Answer(finding=Finding.UNTOLD, words=error.message, trail=trail)
        except Transient as error:
            if (now - since if since else trail.ago) < _PATIENCE:
                raise
            return Answer(finding=Finding.UNTOLD, words=error.message, trail=trail)
        found = self.queue.unknown(traces_of(trail, listed))
        finding = judge(len(found), alike=trail.alike)
        there = found[0] if finding is Finding.THERE else None
        return Answer(finding=finding, words=_words(len(found)), trail=trail, axis_id=there)

    def forget(self) -> None:
        """Read the list anew next time: something left since it was made, or nobody asks."""
        self._listed, self._listed_at = [], None

    def _list(self, now: datetime) -> list[Sent]:
        made = self._listed_at
        if made is None or not made <= now < made + _FRESH:
            self._listed = self.axis.list_sent(self.message)
            self._listed_at = now
        return self._listed


def _words(candidates: int) -> Message:
    if candidates == 0:
        return say("sent, no answer, and the axis does not list it")
    return say("sent, no answer, and the axis lists {count} that may be it", count=candidates)


def held_words(words: Message, envelope: Envelope) -> Message:
    """Return why an envelope is held, and what a person can do, as the queue keeps it."""
    return held_reason(words, envelope.receivers, envelope.item)


def held_reason(words: Message, codes: Iterable[AgencyCode], item: ItemId) -> Message:
    """Return likewise why a document is held for some of its receivers."""
    hint = say(
        "ask {codes} whether it came; if not, `edge-node resend {id}` sends it again",
        codes=", ".join(codes),
        id=item,
    )
    return replace(words, values={**words.values, "hint": hint})
