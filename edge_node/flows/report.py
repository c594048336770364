"""
Report what the agency says of documents it received, and ask what became of those it sent.

The statuses themselves travel by `push`, in a lane of their own; 01 is queued by `deliver`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import Permanent, Transient
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.message import say
from edge_node.domain.standing import SOFTWARE
from edge_node.flows.rest import Look
from edge_node.protocol import handoff

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from edge_node.domain.envelope import Sent
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message
    from edge_node.domain.record import Unconfirmed
    from edge_node.flows.folders import Check, Statuses
    from edge_node.flows.give import Give
    from edge_node.flows.in_hand import InHand
    from edge_node.flows.ports import Axis, Outgoing, Unsure

log = logging.getLogger(__name__)

# How many accepted documents one look asks the axis about.
_AT_ONCE: Final = 50
# A receiver that runs a node answers 01 by itself well within this; the axis need not be asked.
_PATIENCE: Final = timedelta(minutes=5)


@dataclass(slots=True, kw_only=True)
class TakeStatuses:
    """Take what the document software dropped into `statuses/`; one turn takes one file."""

    check: Check
    folder: Statuses
    give: Give
    in_hand: InHand
    tell: Callable[[Message], str]
    clock: Callable[[], float]
    _ready: list[Path] = field(default_factory=list, init=False)
    _look: Look = field(default_factory=Look, init=False)
    _begun: bool = field(default=False, init=False)

    def wake(self) -> None:
        """Look into the folder again with the next turn."""
        self._look.ring()

    def turn(self, now: datetime) -> bool:
        """Queue one status for the axis, or refuse its file; False if none is ready."""
        if not self._ready and self._look.is_due(self.clock()):
            self.check()
            if not self._begun:
                self.in_hand.begin(self.folder.lying().keys())
                self._begun = True
            scan = self.folder.scan(self.clock(), lambda item: self.in_hand.reading(item, now))
            self._ready = list(scan.ready)
            self._look.done(scan.next_look)
        if not self._ready:
            return False
        path = self._ready.pop(0)
        if not self._ready:
            self._look.ring()
        try:
            item = self.folder.id_of(path)
        except Permanent as error:
            _log_left(error)
            return True
        with self.in_hand.reading(item, now, last=True) as ours:
            if ours:
                self._see_to(path, now)
        return True

    def see_through(self, item: ItemId, now: datetime) -> None:
        """Take a file the node may have died over, in the child it is tried in."""
        self.check()
        self.in_hand.suspect(item)
        path = self.folder.lying().get(item)
        with self.in_hand.reading(item, now, last=True) as ours:
            if ours and path is not None:
                self.folder.whole(path)  # a look reads it like this before anybody takes it
                self._see_to(path, now)

    def set_aside(self, item: ItemId, error: Permanent, now: datetime) -> None:
        """Put a file into statuses/failed/ with the reason; it is not opened."""
        self.check()
        path = self.folder.lying().get(item)
        if path is not None:
            self._refuse(path, error, now)

    def rest(self, now: datetime) -> timedelta | None:  # noqa: ARG002 - a monotonic matter
        """Return how long until a file that is still being written may be complete."""
        return self._look.rest(self.clock())

    def _see_to(self, path: Path, now: datetime) -> None:
        try:
            body, source = self.folder.read(path)
        except Permanent as error:
            _log_left(error)
            return
        try:
            self._take(path.name, body, source, now)
        except Permanent as error:
            self._refuse(path, error, now)
        else:
            self.folder.done(path)

    def _refuse(self, path: Path, error: Permanent, now: datetime) -> None:
        log.warning("status file refused", extra={"error": error.message.template})
        papers = handoff.error_papers(error, tell=self.tell, at=now, name=path.name)
        self.folder.failed(path, papers)

    def _take(self, name: str, body: bytes, source: str, now: datetime) -> None:
        order = handoff.read_status_order(body, file_name=name)
        item = self.give.find(order)
        self.give.status(item, order, who=SOFTWARE, source=source, now=now)


@dataclass(slots=True, kw_only=True)
class Confirm:
    """
    Ask the axis about documents it accepted and nobody has confirmed; one turn asks of one.

    Each bell goes on where the last one ended, so that those a receiver never takes starve no
    others.
    """

    queue: Outgoing
    unsure: Unsure
    axis: Axis
    _waiting: list[Unconfirmed] = field(default_factory=list, init=False)
    _after: Unconfirmed | None = field(default=None, init=False)
    _rung: bool = field(default=True, init=False)
    _untold: bool = field(default=False, init=False)  # the axis did not tell of the last one

    def wake(self) -> None:
        """Ask of some more."""
        self._rung = True

    def turn(self, now: datetime) -> bool:
        """Ask about one envelope; False if enough have been asked about since the bell."""
        if self._rung:
            self._waiting = self._next_ones(now)
            self._rung = False
        if not self._waiting:
            return False
        asked = self._after = self._waiting.pop(0)
        try:
            listed = self.axis.list_sent(MessageType.DOCUMENT, asked.axis_id)
        except (Transient, Permanent) as error:
            level = logging.DEBUG if self._untold else logging.INFO
            self._untold = True
            seen = {"item": asked.item, "error": str(error)}
            log.log(level, "the axis does not tell", extra=seen)
            return True
        self._untold = False
        for entry in listed:
            if entry.axis_id == asked.axis_id:
                self._enter(asked.item, entry, now)
        return True

    def rest(self, now: datetime) -> timedelta | None:  # noqa: ARG002 - the schedule rings
        """Return None: the schedule rings."""
        return None

    def _next_ones(self, now: datetime) -> list[Unconfirmed]:
        before = now - _PATIENCE
        found = self.unsure.unconfirmed(before=before, after=self._after, limit=_AT_ONCE)
        if not found and self._after:
            found = self.unsure.unconfirmed(before=before, limit=_AT_ONCE)
        # The axis tells of all receivers of an envelope at once.
        return list({each.axis_id: each for each in found}.values())

    def _enter(self, item: ItemId, entry: Sent, now: datetime) -> None:
        words = {entry.send_status.lower(), entry.receive_status.lower()}
        if entry.receive_status.lower() == "done":
            event, reason = SendingEvent.CONFIRMED, None
        elif "fail" in words:
            event = SendingEvent.REFUSED
            reason = say(
                "the axis lists it as failed: {note}",
                note=entry.send_note or entry.receive_note or "fail",
            )
        else:
            return
        if self.queue.happened(item, entry.receiver, event, now=now, reason=reason):
            log.info("the axis told", extra={"item": item, "event": str(event)})


def _log_left(error: Permanent) -> None:
    """Note that the software took a file away again."""
    log.info("status file left", extra={"error": error.message.template})
