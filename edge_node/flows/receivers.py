"""
Whether the receivers of a document can be reached, by the directory of agencies; before it leaves.

The directory helps, it never stands in the way by itself: as long as it is not there, cannot be
read, or is too old to know, that is said beside the document and the document goes. Codes are
never changed here, in whichever of the two forms they are.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from edge_node.domain.directory import DirectoryUnusable, Distrust, is_fresh
from edge_node.domain.errors import DropRefused
from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from edge_node.domain.directory import Unit
    from edge_node.domain.document import Document, Organization
    from edge_node.domain.message import Message
    from edge_node.domain.order import Order
    from edge_node.flows.directory_ports import KnownAgencies

log = logging.getLogger(__name__)

_MERGED: Final = "{code} was taken over by {successor}, {name}"


class _Incident:
    """A directory that cannot be used: said when that begins and when it ends, once each."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._lasts = False

    def begins(self, error: DirectoryUnusable) -> None:
        if not self._lasts:
            self._lasts = True
            log.warning(self._words, extra={"error": str(error)})

    def is_over(self) -> None:
        if self._lasts:
            self._lasts = False
            log.info("the directory can be used again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivers:
    """What the directory has to say of receivers, and what is done about it."""

    agencies: KnownAgencies
    ours: frozenset[str]  # every code this agency goes by
    unknown: Distrust
    merged: Distrust
    stale_after: timedelta
    expected: bool  # there ought to be a directory: the axis is asked for one
    _incident: _Incident = field(
        default_factory=lambda: _Incident("receivers are not checked"), init=False
    )

    def look(self, order: Order, *, now: datetime) -> tuple[Message, ...]:
        """Return what is to be said of its receivers; DropRefused where one forbids sending."""
        warnings, refusal = self.judge(order, now=now)
        if refusal is not None:
            raise refusal
        return warnings

    def judge(
        self, order: Order, *, now: datetime
    ) -> tuple[tuple[Message, ...], DropRefused | None]:
        """Return what is to be said of its receivers, and what forbids sending, if anything."""
        try:
            warnings, problems = self._judged(order, now)
        except DirectoryUnusable as error:
            self._incident.begins(error)
            unread = say("the directory of agencies cannot be read: nobody checked the receivers")
            return (unread,), None
        self._incident.is_over()
        return tuple(warnings), _refusal(problems) if problems else None

    def named(self, document: Document) -> Document:
        """Return the document with a name for each receiver of which only the code was given."""
        try:
            receivers = tuple(map(self._named, document.receivers))
        except DirectoryUnusable:
            return document
        return replace(document, receivers=receivers)

    def _named(self, receiver: Organization) -> Organization:
        if receiver.name:
            return receiver
        return replace(receiver, name=self.agencies.name(receiver.code))

    def _judged(self, order: Order, now: datetime) -> tuple[list[Message], list[Message]]:
        """Return what is to be said, and what of it forbids to send."""
        document = order.document
        ours = self.ours | self.agencies.same_agency(document.sender.code)
        warnings = [
            say("{code} is this agency itself", code=receiver.code)
            for receiver in document.receivers
            if receiver.code in ours
        ]
        if self.unknown is Distrust.OFF:
            return warnings, []
        synced = self.agencies.synced()
        if synced is None:
            return [*warnings, *self._never()], []
        fresh = is_fresh(synced, now=now, stale_after=self.stale_after)
        problems: list[Message] = []
        for receiver in document.receivers:
            said, policy = self._said_of(receiver)
            if said is None:
                continue
            if policy is Distrust.REFUSE and fresh:
                problems.append(said)
            else:
                warnings.append(said if fresh else _doubted(said, synced))
        return warnings, problems

    def _never(self) -> tuple[Message, ...]:
        if not self.expected:
            return ()
        return (say("the directory of agencies was never read: nobody checked the receivers"),)

    def _said_of(self, receiver: Organization) -> tuple[Message | None, Distrust]:
        unit = self.agencies.unit(receiver.code)
        if unit is None:
            return self._unknown(receiver), self.unknown
        if unit.successor:
            return self._merged(receiver, unit), self.merged
        return (None if unit.gone is None else _gone(receiver, unit)), self.unknown

    def _unknown(self, receiver: Organization) -> Message:
        near = self.agencies.nearest(receiver.code, receiver.name)
        if near is None:
            return say("{code} is not in the directory of agencies", code=receiver.code)
        return say(
            "{code} is not in the directory of agencies; the nearest is {near}, {name}",
            code=receiver.code,
            near=near.code,
            name=near.name,
        )

    def _merged(self, receiver: Organization, unit: Unit) -> Message:
        after = self.agencies.unit(unit.successor)
        return say(
            "{code} was taken over by {successor}, {name}",
            code=receiver.code,
            successor=unit.successor,
            name=after.name if after is not None else "?",
        )


def known_to_be(agencies: KnownAgencies) -> Callable[[str], frozenset[str]]:
    """Return what tells the codes of one agency; without a directory, each has but its own."""
    incident = _Incident("the directory cannot be asked")

    def same_agency(code: str) -> frozenset[str]:
        try:
            found = agencies.same_agency(code)
        except DirectoryUnusable as error:
            incident.begins(error)
            return frozenset({code})
        incident.is_over()
        return found

    return same_agency


def _refusal(problems: list[Message]) -> DropRefused:
    merged = [each.values for each in problems if each.template == _MERGED]
    if merged and len(merged) == len(problems):
        hint = say(
            "write {successor} in place of {code} and drop it again",
            successor=", ".join(str(each["successor"]) for each in merged),
            code=", ".join(str(each["code"]) for each in merged),
        )
    else:
        hint = say("mend the codes and drop it again; `edge-node agencies search NAME` finds them")
    return DropRefused(
        say("the receivers cannot be sent to as they are named"), problems, hint=hint
    )


def _gone(receiver: Organization, unit: Unit) -> Message:
    since = f"{in_vietnam(unit.gone):%Y-%m-%d}" if unit.gone else "?"
    return say(
        "{code} is not in the directory of agencies since {since}; nobody says who took over",
        code=receiver.code,
        since=since,
    )


def _doubted(said: Message, synced: datetime) -> Message:
    day = f"{in_vietnam(synced):%Y-%m-%d}"
    return say("{said} (the directory is of {day} and may be out of date)", said=said, day=day)
