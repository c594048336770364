"""
Tell the agency how its documents fare: where the drop lies, its status.json, and its receipts.

The queue knows first; the exchange folder follows. Whatever is cut off half-way is done again,
because what has not been told stays marked until it has.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import thaw
from edge_node.domain.receipt import reason_in
from edge_node.domain.time import in_vietnam
from edge_node.flows.rest import STOPS_ALL
from edge_node.protocol import handoff

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message
    from edge_node.domain.record import Dossier, Happening
    from edge_node.flows.folders import Check, Filing, Receipts
    from edge_node.flows.ports import History, Paperwork

log = logging.getLogger(__name__)

_AT_ONCE: Final = 50
# What is held may yet have arrived: it lies where it waits, until a person knows.
_ON_ITS_WAY: Final = frozenset({Sending.QUEUED, Sending.UNSURE, Sending.HELD})
_WITH_THE_AXIS: Final = frozenset({Sending.ACCEPTED, Sending.DELIVERED})


@dataclass(slots=True, kw_only=True)
class File:
    """
    Keep each drop in the folder that says how it stands; one turn sees to some of them.

    One that cannot be filed keeps no other waiting, and is tried again at the next bell.
    """

    check: Check
    paperwork: Paperwork
    filing: Filing
    tell: Callable[[Message], str]
    _left: set[ItemId] = field(default_factory=set, init=False)  # until the bell
    _said: set[ItemId] = field(default_factory=set, init=False)

    def wake(self) -> None:
        """Try again what could not be filed."""
        self._left.clear()

    def turn(self, now: datetime) -> bool:
        """File what changed; False if every folder tells the truth, or cannot be made to."""
        untold = self.paperwork.untold(limit=_AT_ONCE + len(self._left))
        dossiers = [dossier for dossier in untold if dossier.id not in self._left]
        if dossiers:
            self.check()
        for dossier in dossiers:
            self._see_to(dossier, now)
        return bool(dossiers)

    def rest(self, now: datetime) -> timedelta | None:  # noqa: ARG002 - the bell decides
        """Return None: whoever changes something rings."""
        return None

    def _see_to(self, dossier: Dossier, now: datetime) -> None:
        try:
            folder = self._file(dossier, now)
        except STOPS_ALL:
            raise
        except EdgeNodeError as error:
            self._left.add(dossier.id)
            if dossier.id not in self._said:
                seen = {"item": dossier.id, "error": error.message.template}
                log.warning("a drop cannot be filed", extra=seen)
            self._said.add(dossier.id)
        else:
            self._said.discard(dossier.id)
            self.paperwork.filed(dossier, folder)

    def _file(self, dossier: Dossier, now: datetime) -> str:
        """Put one drop where it belongs; return its folder as the exchange folder knows it."""
        if dossier.removed:
            return dossier.folder
        status = handoff.status_file(dossier, tell=self.tell, at=now)
        day = in_vietnam(now).date()
        states = {fate.state for fate in dossier.fates}
        if states & _WITH_THE_AXIS or _was_carried_out(dossier):
            return self.filing.to_sent(dossier.id, dossier.folder, dossier.name, day, status)
        if states & _ON_ITS_WAY:
            return self.filing.to_queued(dossier.id, dossier.folder, dossier.name, status)
        error = handoff.failure_of(dossier)
        papers = handoff.error_papers(error, tell=self.tell, at=now, name=dossier.name)
        return self.filing.to_failed(dossier.id, dossier.folder, dossier.name, day, papers, status)


def _was_carried_out(dossier: Dossier) -> bool:
    """
    Tell whether a drop did what it was dropped for, though nobody has it by now.

    What a receiver gave back (status 15) was sent, and stays where it was put. A recall of what
    had not left asked nobody.
    """
    recalled = [fate for fate in dossier.fates if fate.state is Sending.RECALLED]
    return (dossier.kind == "recall" and len(recalled) == len(dossier.fates)) or any(
        fate.status for fate in recalled
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Write a small file to `receipts/` for everything that happens to an outgoing document."""

    check: Check
    history: History
    receipts: Receipts
    tell: Callable[[Message], str]

    def wake(self) -> None:
        """Nothing is remembered between turns: the queue knows."""

    def turn(self, now: datetime) -> bool:  # noqa: ARG002 - events carry their own moments
        """Write some receipts; False if all are written."""
        untold = self.history.untold(limit=_AT_ONCE)
        if untold:
            self.check()
            self.receipts.write({self._name(each): self._receipt(each) for each in untold})
            self.history.told(untold)
        return bool(untold)

    def rest(self, now: datetime) -> timedelta | None:  # noqa: ARG002 - the bell decides
        """Return None: whoever changes something rings."""
        return None

    def _name(self, happening: Happening) -> str:
        what = f"{happening.event}{happening.status and '-' + happening.status}"
        return self.receipts.name(what, number=happening.number, at=happening.at)

    def _receipt(self, happening: Happening) -> bytes:
        if happening.event == "status":
            reason, note = reason_in(happening.text)
            return handoff.receipt(
                handoff.StatusReceipt(
                    ref=happening.ref,
                    document_id=happening.document_id,
                    sender=happening.agency,
                    status=happening.status,
                    note=note,
                    reason=reason,
                    at=happening.said or happening.at,
                )
            )
        why = thaw(happening.text)
        return handoff.receipt(
            handoff.EventReceipt(
                ref=happening.ref,
                document_id=happening.document_id,
                event=happening.event,
                receiver=happening.agency,
                note=self.tell(why) if why else "",
                at=happening.at,
            )
        )
