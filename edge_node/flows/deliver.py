"""
Hand incoming documents to the inbox folder, and queue the word that they arrived (status 01).

Everything here is local: once a document is acknowledged, no axis that hangs keeps it from the
agency.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import BusinessKind, Reference, StatusMessage
from edge_node.domain.envelope import Barred, Lane
from edge_node.domain.errors import EdgeNodeError, Outage, PackageUnreadable
from edge_node.domain.identity import fingerprint
from edge_node.domain.message import say
from edge_node.domain.receipt import MEANINGS, Status, description_of
from edge_node.domain.recovery import HAD_BEFORE
from edge_node.domain.repeats import alarms, likeness_of
from edge_node.domain.signing import DoorAction
from edge_node.flows.rest import Look, until_due
from edge_node.protocol import edxml, handoff

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from edge_node.domain.document import Document, Organization
    from edge_node.domain.envelope import Claim, Incoming, ItemId
    from edge_node.domain.message import Message
    from edge_node.domain.repeats import Original
    from edge_node.domain.retry import RetryPolicy
    from edge_node.flows.door import Door, Opinion
    from edge_node.flows.folders import Inbox
    from edge_node.flows.ports import Arriving, Due, Room, Sends, Spool

log = logging.getLogger(__name__)

_SHEET: Final = "document.json"
_VERDICTS: Final = "verification.json"
_LONGEST_NOTE: Final = 500  # characters of the reason a document is returned for
# What the other flows of this thread have to wait for: a `stat` each, on a share a millisecond.
_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """One turn hands over one document."""

    queue: Arriving
    due: Due
    room: Room
    spool: Spool
    inbox: Inbox
    door: Door
    sends: Sends
    agency: Organization
    codes: frozenset[str]  # every code this agency goes by
    limits: edxml.Limits
    tell: Callable[[Message], str]
    receipts: bool  # answer 01 by itself
    answer_fail: bool  # tell the axis what cannot be read
    retry: RetryPolicy
    lease: timedelta = timedelta(minutes=15)

    def wake(self) -> None:
        """Nothing is remembered between turns: the queue knows."""
        self.door.tidy()

    def turn(self, now: datetime) -> bool:
        """Hand over the document that has waited longest; False if none waits."""
        claimed = self.queue.claim(Lane.DELIVER, now=now, lease=self.lease)
        if claimed is None:
            return False
        claim, item = claimed
        seen = {"item": item.id}
        try:
            self._hand_over(claim, item, now)
        except PackageUnreadable as error:
            log.warning("quarantined", extra=seen | {"error": str(error)})
            self.queue.quarantine(claim, error.message, now=now, answer=self.answer_fail)
        except Outage:
            self.queue.give_back(claim)
            raise
        except EdgeNodeError as error:
            # Something here is in the way of this one alone, of which its sender is not to blame.
            until = now + self.retry.wait(claim.attempt)
            log.warning("cannot hand over", extra=seen | {"error": str(error), "until": until})
            self.queue.defer(claim, until=until, reason=error.message)
        return True

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long until the next one is due."""
        return until_due(self.due(Lane.DELIVER), now)

    def _hand_over(self, claim: Claim, item: Incoming, now: datetime) -> None:
        self.inbox.check()
        if item.folder and self.inbox.is_kept(item.id):
            item = self.queue.unprepared(claim, now=now) or item
        if not item.folder and self.queue.may_be_handed_over(item.id):
            log.warning("set aside: an older state may not know all", extra={"item": item.id})
            self.queue.quarantine(claim, HAD_BEFORE, now=now, answer=False)
            return
        ready = item if item.folder else self._prepare(claim, item, now)
        if ready is None:
            return
        self.sends.note()  # an older state of the queue must not hand it over again
        self.inbox.show(ready.id, ready.folder)
        arrival = self._arrival(ready.about, now) if self.receipts and ready.about else None
        self.queue.delivered(claim, arrival, us=self.agency.code, now=now)
        log.info("delivered", extra={"item": ready.id, "folder": ready.folder})

    def _prepare(self, claim: Claim, item: Incoming, now: datetime) -> Incoming | None:
        """
        Fill its folder out of sight, and enter what that is called before anybody sees it.

        None where the agency has that very document already, or is about to get it, and where
        the door does not let it in.
        """
        self.room.for_delivery(item.package.size)
        with self.inbox.preparing(item.id) as prepared:
            package = self._unpack(item, prepared)
            document = package.document
            content = fingerprint(document, [(file.name, file.digest) for file in package.files])
            like = self.queue.resemblance(item.id, document, content)
            if like.same is not None:
                self._repeat(claim, document, content, like.same, now)
                return None
            # Before anybody sees it, and with no transaction open: servers may be asked.
            opinion = self.door.look(package.files, document, item, attempt=claim.attempt, now=now)
            if not opinion.lets_in:
                self._turn_away(claim, document, content, opinion, now)
                return None
            warning = likeness_of(document, like)
            name = self.inbox.folder_name(
                item.created, document.sender.code, document.number, document.notation
            )
            papers = self._papers(item, package, opinion, warning)
            folder = self.inbox.keep(item.id, prepared, name, papers)
        alarm = warning if alarms(document, like) else None
        ready = self.queue.prepared(
            claim, document, folder, fingerprint=content, now=now, alarm=alarm, like=like
        )
        if ready is None:
            log.info("compared again: one like it came meanwhile", extra={"item": item.id})
            return self._prepare(claim, item, now)
        if warning is not None:
            level = logging.INFO if alarm is None else logging.WARNING
            seen = {"item": item.id, "warning": str(warning)}
            log.log(level, "resembles another", extra=seen)
        return ready

    def _repeat(
        self, claim: Claim, document: Document, content: str, first: Original, now: datetime
    ) -> None:
        """Enter what it repeats; as long as nobody knows that the first arrives, it waits."""
        seen = {"item": claim.item, "first": first.id}
        if first.handed_over:
            self.queue.repeated(claim, document, content, first=first.id, now=now)
            log.info("repeated", extra=seen)
            return
        until = now + self.retry.wait(claim.attempt)
        reason = say("it is the same as {id}, which is being handed over", id=first.id)
        self.queue.defer(claim, until=until, reason=reason)
        log.info("waits for the same document", extra=seen | {"until": until})

    def _turn_away(
        self, claim: Claim, document: Document, content: str, opinion: Opinion, now: datetime
    ) -> None:
        """Keep it for a person, or tell its sender that it is not taken; it has no 01."""
        refusal = None
        if opinion.action is DoorAction.REFUSE and self.queue.was_aside(claim.item):
            # Another life of this node may have returned it, and a person has it in hand.
            opinion = replace(opinion, action=DoorAction.QUARANTINE)
        if opinion.action is DoorAction.REFUSE:
            about = Reference(
                organ=document.sender.code,
                code=document.code,
                document_id=document.document_id,
                promulgated=document.promulgated,
            )
            words = self.tell(opinion.reason)[:_LONGEST_NOTE]
            note = description_of(words, opinion.code)
            refusal = self._status(about, Status.REFUSED, note, now)
        barred = Barred(
            document=document, fingerprint=content, reason=opinion.kept(), refusal=refusal
        )
        self.queue.turned_away(claim, barred, us=self.agency.code, now=now)
        if refusal is not None:
            self.sends.note()  # likewise: nor tell its sender again
        seen = {"item": claim.item, "action": str(opinion.action), "reason": str(opinion.code)}
        log.warning("not let in", extra=seen)

    def _unpack(self, item: Incoming, folder: Path) -> edxml.DocumentPackage:
        ours = (_SHEET, _VERDICTS)  # an attachment of such a name is delivered under another
        with self.spool.open(item.package.digest) as raw:
            return self._for_us(edxml.read_package(raw, folder, limits=self.limits, taken=ours))

    def _for_us(self, package: edxml.Package) -> edxml.DocumentPackage:
        if not isinstance(package, edxml.DocumentPackage):
            raise PackageUnreadable(say("the package is a status message, not a document"))
        named = {receiver.code for receiver in package.document.receivers}
        if named and not named & self.codes:
            raise PackageUnreadable(
                say("the package is for {codes}, not for us", codes=", ".join(sorted(named))),
                hint=say("if one of these is a code of ours, add it to agency.aliases"),
            )
        return package

    def _papers(
        self,
        item: Incoming,
        package: edxml.DocumentPackage,
        opinion: Opinion,
        likeness: Message | None,
    ) -> Mapping[str, bytes]:
        files = [
            handoff.InboundFile(
                name=file.path.name,
                original=file.name,
                description=file.description,
                size=file.size,
                digest=file.digest,
            )
            for file in package.files
        ]
        warnings = [*_warnings(package), *opinion.warnings]
        warnings += [] if likeness is None else [likeness]
        sheet = handoff.write_inbound(
            package.document,
            files,
            id=item.id,
            axis_id=item.axis_id,
            received_at=item.created,
            codes=package.codes,
            warnings=[self.tell(warning) for warning in warnings],
        )
        verdicts = handoff.write_verification(
            opinion.files,
            checked_at=opinion.checked_at,
            tell=self.tell,
            released=opinion.released,
        )
        return {_SHEET: sheet, _VERDICTS: verdicts}

    def _arrival(self, about: Reference, now: datetime) -> bytes:
        note = f"{self.agency.name}: {MEANINGS[Status.ARRIVED].lower()}"
        return self._status(about, Status.ARRIVED, note, now)

    def _status(self, about: Reference, status: Status, note: str, now: datetime) -> bytes:
        message = StatusMessage(sender=self.agency, about=about, status=status, note=note, at=now)
        return edxml.write_status(message)


def _warnings(package: edxml.DocumentPackage) -> Sequence[Message]:
    if package.files or package.document.business.kind is BusinessKind.RECALL:
        return package.warnings
    return (*package.warnings, say("the document has no attachments"))


@dataclass(slots=True, kw_only=True)
class NoteTaken:
    """
    Notice that the document software took documents out of the inbox.

    A look costs a `stat` for each document on offer, so it is not made at every bell.
    """

    queue: Arriving
    inbox: Inbox
    clock: Callable[[], float]
    every: timedelta
    _look: Look = field(default_factory=Look, init=False)
    _offered: list[tuple[ItemId, str]] = field(default_factory=list, init=False)

    def wake(self) -> None:
        """Nothing that rings has to do with the inbox: time alone does."""

    def turn(self, now: datetime) -> bool:
        """Look after some of what is on offer, if it is time; False once all was looked after."""
        if not self._offered and self._look.is_due(self.clock()):
            self._offered = self.queue.offered()
            self._look.done(self.clock() + self.every.total_seconds())
        if not self._offered:
            return False
        self.inbox.check()  # at every turn: where no share is mounted, everything looks taken
        some = self._offered[:_AT_ONCE]
        taken = [item for item, folder in some if self.inbox.is_taken(folder)]
        if taken:
            self.queue.taken(taken, now=now)
            log.info("taken by the document software", extra={"items": taken})
        del self._offered[: len(some)]
        return bool(self._offered)

    def rest(self, now: datetime) -> timedelta | None:  # noqa: ARG002 - a monotonic matter
        """Return how long until the next look."""
        return timedelta() if self._offered else self._look.rest(self.clock())
