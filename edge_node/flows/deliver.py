"""
Hand incoming documents to the inbox folder, and queue the word that they arrived (status 01).

Everything here is local: once a document is acknowledged, no axis that hangs keeps it from the
agency.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from edge_node.domain.discretion import told_in_log
from edge_node.domain.document import BusinessKind
from edge_node.domain.envelope import Barred, Lane
from edge_node.domain.errors import EdgeNodeError, Outage, PackageUnreadable
from edge_node.domain.identity import fingerprint
from edge_node.domain.lifecycle import Receiving
from edge_node.domain.message import say
from edge_node.domain.receipt import Status
from edge_node.domain.recovery import HAD_BEFORE
from edge_node.domain.repeats import alarms, likeness_of
from edge_node.domain.signature import Bears
from edge_node.domain.signing import DoorAction
from edge_node.domain.standing import NODE, Given, arrived
from edge_node.flows.naming import named_in
from edge_node.flows.objections import damaged, incomplete, wrong_recipient
from edge_node.flows.rest import until_due
from edge_node.protocol import edxml, handoff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from edge_node.domain.change import Change
    from edge_node.domain.document import Document, Organization
    from edge_node.domain.envelope import Claim, Incoming
    from edge_node.domain.message import Message
    from edge_node.domain.receipt import ReasonCode
    from edge_node.domain.repeats import Original
    from edge_node.domain.retry import RetryPolicy
    from edge_node.flows.canary import Homing
    from edge_node.flows.change_ports import Requests
    from edge_node.flows.door import Door, Opinion
    from edge_node.flows.folders import Inbox
    from edge_node.flows.objections import Objection, Objects
    from edge_node.flows.ports import Arriving, Due, Room, Sends, Spool

log = logging.getLogger(__name__)

_SHEET: Final = "document.json"
_VERDICTS: Final = "verification.json"
_LONGEST_NOTE: Final = 500  # characters of the reason a document is returned for


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """One turn hands over one document."""

    queue: Arriving
    requests: Requests
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
    same_agency: Callable[[str], frozenset[str]]  # every code an agency is known to go by
    lease: timedelta = timedelta(minutes=15)
    objects: Sequence[Objects] = ()  # what else may speak against handing a document over
    homing: Homing | None = None  # knows the canaries; None: none was ever sent

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
            level = logging.WARNING if claim.attempt == 1 else logging.DEBUG
            log.log(level, "cannot hand over", extra=seen | told_in_log(error) | {"until": until})
            self.queue.defer(claim, until=until, reason=error.message)
        return True

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long until the next one is due."""
        return until_due(self.due(Lane.DELIVER), now)

    def _hand_over(self, claim: Claim, item: Incoming, now: datetime) -> None:
        self.inbox.check()
        if item.folder and self.inbox.is_kept(item.id):
            item = self.queue.unprepared(claim, now=now) or item
        if not item.folder and self._may_be_handed_over(item):
            log.warning("set aside: an older state may not know all", extra={"item": item.id})
            document = named_in(self.spool, item.package.digest, limits=self.limits)
            self.queue.quarantine(claim, HAD_BEFORE, now=now, answer=False, document=document)
            return
        ready = item if item.folder else self._prepare(claim, item, now)
        if ready is None or ready.state is Receiving.RECALLED:
            return  # taken care of otherwise; or a clerk gave it back while it was looked into
        self.sends.note()  # an older state of the queue must not hand it over again
        self.inbox.show(ready.id, ready.folder)
        arrival = arrived(self.agency, now=now) if self.receipts else None
        self.queue.delivered(claim, arrival, now=now)
        log.info("delivered", extra={"item": ready.id, "folder": ready.folder})

    def _may_be_handed_over(self, item: Incoming) -> bool:
        """Tell whether another life may have handed it over; a canary of ours none ever did."""
        if not self.queue.may_be_handed_over(item.id):
            return False
        return self.homing is None or not self.homing.knows(item.sender, item.package.digest)

    def _prepare(self, claim: Claim, item: Incoming, now: datetime) -> Incoming | None:
        """
        Fill its folder out of sight, and enter what that is called before anybody sees it.

        None where the agency has that very document already, or is about to get it, and where
        the door does not let it in.
        """
        self.room.for_delivery(item.package.size)
        with self.inbox.preparing(item.id) as prepared:
            try:
                package = self._unpack(item, prepared)
            except edxml.PackageDamaged as error:
                self._return_damaged(claim, item, error, now)
                return None
            document = package.document
            content = fingerprint(document, [(file.name, file.digest) for file in package.files])
            if self._is_for_nobody(claim, item, package, content, now):
                return None
            like = self.queue.resemblance(item.id, document, content)
            if like.same is not None:
                self._repeat(claim, document, content, like.same, now)
                return None
            opinion = self._judge(claim, item, package, content, now)
            if opinion is None:
                return None
            warning = likeness_of(document, like)
            name = self.inbox.folder_name(
                item.created, document.sender.code, document.number, document.notation
            )
            papers = self._papers(item, package, opinion, warning)
            folder = self.inbox.keep(item.id, prepared, name, papers)
        alarm = warning if alarms(document, like) else None
        ready = self.queue.prepared(
            claim,
            document,
            folder,
            fingerprint=content,
            now=now,
            alarm=alarm,
            like=like,
            signed=opinion.signed,
        )
        if ready is None:
            log.info("compared again: one like it came meanwhile", extra={"item": item.id})
            return self._prepare(claim, item, now)
        if warning is not None:
            level = logging.INFO if alarm is None else logging.WARNING
            seen = {"item": item.id, "warning": str(warning)}
            log.log(level, "resembles another", extra=seen)
        return ready

    def _is_for_nobody(
        self,
        claim: Claim,
        item: Incoming,
        package: edxml.DocumentPackage,
        content: str,
        now: datetime,
    ) -> bool:
        """Take care of a canary of ours, and of what was given back before it came."""
        if self.homing is not None and self.homing.takes(claim, item, package, now):
            return True
        document = package.document
        if self.requests.is_given_back(item.id, document, content):
            self.requests.give_back(claim, document, content, now=now)
            log.info("given back before it came", extra={"item": item.id})
            return True
        return False

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
        level = logging.INFO if claim.attempt == 1 else logging.DEBUG
        log.log(level, "waits for the same document", extra=seen | {"until": until})

    def _judge(
        self,
        claim: Claim,
        item: Incoming,
        package: edxml.DocumentPackage,
        content: str,
        now: datetime,
    ) -> Opinion | None:
        """Return what is told of a document that is let in; None where it is turned away."""
        document = package.document
        objections = list(self._objections(package, item))
        for objection in objections:
            if not (objection.lets_in or item.released):
                self._turn_away(claim, document, content, objection, now)
                return None
        # Before anybody sees it, and with no transaction open: servers may be asked.
        opinion = self.door.look(package.files, document, item, attempt=claim.attempt, now=now)
        if not opinion.lets_in:
            objection, signed = opinion.objection, opinion.signed
            self._turn_away(claim, document, content, objection, now, signed=signed)
            return None
        return opinion.with_objections(objections)

    def _objections(self, package: edxml.DocumentPackage, item: Incoming) -> Iterator[Objection]:
        """Yield what speaks against handing it over, before anybody looks into its signatures."""
        rules = self.door.rules
        yield from _all(
            self._wrong_recipient(package.document),
            incomplete(package, rules.damaged),
        )
        for objects in self.objects:
            yield from _all(objects(package, item))

    def _wrong_recipient(self, document: Document) -> Objection | None:
        further = partial(self.same_agency, self.agency.code)
        return wrong_recipient(
            document, self.codes, self.door.rules.wrong_recipient, further=further
        )

    def _return_damaged(
        self, claim: Claim, item: Incoming, error: edxml.PackageDamaged, now: datetime
    ) -> None:
        """Keep what lost bytes on its way, or return it, where its header says who sent what."""
        document, rules = error.document, self.door.rules
        if document is None:
            raise error
        objection = self._wrong_recipient(document)
        if objection is None or objection.lets_in:
            objection = damaged(error, rules.damaged)
        # Nobody knows its content; the very same bytes are the same document.
        self._turn_away(claim, document, item.package.digest, objection, now)

    def _turn_away(
        self,
        claim: Claim,
        document: Document,
        content: str,
        objection: Objection,
        now: datetime,
        *,
        signed: Bears = Bears.UNKNOWN,
    ) -> None:
        """Keep it for a person, or tell its sender that it is not taken; it has no 01."""
        refusal = None
        if objection.action is DoorAction.REFUSE and not self._may_be_returned(claim, document):
            objection = replace(objection, action=DoorAction.QUARANTINE)
        if objection.action is DoorAction.REFUSE:
            words = self.tell(objection.reason)[:_LONGEST_NOTE]
            refusal = self._status(Status.REFUSED, words, now, reason=objection.code)
        barred = Barred(
            document=document,
            fingerprint=content,
            reason=objection.kept(),
            refusal=refusal,
            unfit=objection.unfit,
            answer=objection.unfit and self.answer_fail,
            signed=signed,
        )
        self.queue.turned_away(claim, barred, now=now)
        if refusal is not None:
            self.sends.note()  # likewise: nor tell its sender again
        seen = {"item": claim.item, "action": str(objection.action), "reason": objection.code}
        log.warning("not let in", extra=seen)

    def _may_be_returned(self, claim: Claim, document: Document) -> bool:
        """
        Tell whether its sender can be told, and nobody has told him.

        What was set aside another life of this node may have returned, and a person has it in
        hand. A status is about nothing that has neither DocumentId nor number.
        """
        named = bool(document.document_id or document.number)
        return named and not self.queue.was_aside(claim.item)

    def _unpack(self, item: Incoming, folder: Path) -> edxml.DocumentPackage:
        ours = (_SHEET, _VERDICTS)  # an attachment of such a name is delivered under another
        with self.spool.open(item.package.digest) as raw:
            package = edxml.read_package(raw, folder, limits=self.limits, taken=ours)
        if not isinstance(package, edxml.DocumentPackage):
            raise PackageUnreadable(say("the package is a status message, not a document"))
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
        warnings += [_asked(each) for each in self.requests.open_about(package.document)]
        sheet = handoff.write_inbound(
            package.document,
            files,
            id=item.id,
            axis_id=item.axis_id,
            received_at=item.created,
            codes=package.codes,
            warnings=[self.tell(warning) for warning in warnings],
            about=self.requests.about(package.document),
        )
        verdicts = handoff.write_verification(
            opinion.files,
            checked_at=opinion.checked_at,
            tell=self.tell,
            released=opinion.released,
        )
        return {_SHEET: sheet, _VERDICTS: verdicts}

    def _status(
        self, status: Status, note: str, now: datetime, *, reason: ReasonCode | None = None
    ) -> Given:
        agency = self.agency
        return Given(sender=agency, status=status, at=now, who=NODE, note=note, reason=reason)


def _all(*objections: Objection | None) -> Iterator[Objection]:
    return filter(None, iter(objections))


def _asked(change: Change) -> Message:
    """Return what a clerk must know who is about to work on a document its sender wants back."""
    if change.was_agreed:
        return say(
            "its sender had one of this name back before it came: see {id}, and ask whether this"
            " is another",
            id=change.carrier,
        )
    asked = _WISHES[change.kind]
    return say("{wish}: see {id}, and answer with status 15 or 16", wish=asked, id=change.carrier)


_WISHES: Final[Mapping[BusinessKind, Message]] = {
    BusinessKind.RECALL: say("its sender asks to have it back"),
    BusinessKind.UPDATE: say("its sender has changed it"),
    BusinessKind.REPLACE: say("its sender has replaced it"),
}


def _warnings(package: edxml.DocumentPackage) -> Sequence[Message]:
    if package.files or package.document.business.kind is BusinessKind.RECALL:
        return package.warnings
    return (*package.warnings, say("the document has no attachments"))
