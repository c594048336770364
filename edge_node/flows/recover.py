"""
Rebuild a queue that was lost, and find out what had been sent out of it.

What the queue knew last may be older than what happened. So nothing that waited to be sent is sent
again: the axis is asked whether it has it, and what the axis does not clearly list waits for a
person. What was received is known by its waybill, or is found by the next look back at the axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edge_node.domain.errors import EdgeNodeError, NotAllowed
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.message import say
from edge_node.domain.recovery import Recovery
from edge_node.domain.search import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from edge_node.domain.envelope import AxisId, Envelope
    from edge_node.domain.errors import QueueDamaged
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message
    from edge_node.domain.recovery import Remains
    from edge_node.flows.asking import Answer, Asking


class Rebuilt(Protocol):
    """A queue being rebuilt; nobody else sees it before `finish`."""

    def fault(self) -> QueueDamaged | None: ...  # noqa: D102 - the words stand with the adapter
    def begin(self) -> Remains: ...  # noqa: D102 - likewise
    def doubt(self, reason: Message) -> None: ...  # noqa: D102 - likewise
    def unsure(self) -> Sequence[Envelope]: ...  # noqa: D102 - likewise
    def settle(  # noqa: D102 - likewise
        self,
        envelope: ItemId,
        event: SendingEvent,
        *,
        axis_id: AxisId | None = None,
        reason: Message | None = None,
    ) -> None: ...
    def adopt(self) -> None: ...  # noqa: D102 - likewise
    def call_it_a_copy(self) -> None: ...  # noqa: D102 - likewise
    def finish(self) -> Path | None: ...  # noqa: D102 - likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class Recover:
    """One turn rebuilds one queue; without ``asking`` the axis is not asked."""

    queue: Rebuilt
    asking: Callable[[], Asking] | None

    def turn(self, now: datetime) -> Recovery:
        """Rebuild the queue if it is damaged or gone; NotAllowed if the axis cannot be asked."""
        fault = self.queue.fault()
        if fault is None:
            return Recovery()
        remains = self.queue.begin()
        self.queue.doubt(say("the queue was lost; this may have been sent before it was"))
        accepted, held = self._settle(now)
        # Only who knows every item, and of each whether it was sent, may go on by himself.
        sending = not held and remains.complete
        if sending:
            self.queue.adopt()
        else:
            self.queue.call_it_a_copy()
        return Recovery(
            fault=fault.message,
            aside=self.queue.finish(),
            remains=remains,
            accepted=accepted,
            held=held,
            sending=sending,
        )

    def _settle(self, now: datetime) -> tuple[int, int]:
        """Settle every document that may have been sent: how many the axis has, how many wait."""
        waiting = self.queue.unsure()
        asking = self.asking() if self.asking and waiting else None
        # Those the axis has come first: what it lists for them is not mistaken for another.
        left = [each for each in waiting if not self._accepted(asking, each, now)]
        why = say("the queue was lost, and the axis was not asked whether it has this")
        if asking is not None:
            why = say("the queue was lost, and the axis does not clearly list this as sent")
        for envelope in left:
            self.queue.settle(envelope.id, SendingEvent.UNDECIDED, reason=why)
        return len(waiting) - len(left), len(left)

    def _accepted(self, asking: Asking | None, envelope: Envelope, now: datetime) -> bool:
        if asking is None:
            return False
        answer = _answer(asking, envelope, now)
        if answer.finding is not Finding.THERE:
            return False
        self.queue.settle(envelope.id, SendingEvent.FOUND, axis_id=answer.axis_id)
        return True


def _answer(asking: Asking, envelope: Envelope, now: datetime) -> Answer:
    try:
        return asking.about(envelope, now)
    except EdgeNodeError as error:
        raise NotAllowed(
            say("the axis cannot be asked what it has: {error}", error=error.message),
            hint=say(
                "try again later; `edge-node recover --offline` does without, and holds what may"
                " have been sent until a person decides"
            ),
        ) from error
