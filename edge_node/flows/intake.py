"""
Take drops out of the outbox: read, check, pack, and make durable; then they are the queue's.

The folder is the queue until the row exists, the row is the queue afterwards: a drop is first
claimed by a rename into our private folder, and a claim without a row is taken in again at start.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import BusinessKind
from edge_node.domain.envelope import ItemId, NewDocument
from edge_node.domain.errors import (
    DropRefused,
    EdgeNodeError,
    PackageUnreadable,
    Permanent,
    Transient,
)
from edge_node.domain.identity import fingerprint
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import say
from edge_node.domain.order import Order
from edge_node.domain.time import in_vietnam
from edge_node.flows.rest import STOPS_ALL, Look
from edge_node.protocol import edxml, handoff
from edge_node.protocol.content import examine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path
    from typing import BinaryIO

    from edge_node.domain.document import Organization
    from edge_node.domain.envelope import Earlier, Stored
    from edge_node.domain.message import Message
    from edge_node.flows.ports import Check, Claimed, Drop, Filing, Outbox, Outgoing, Spool

log = logging.getLogger(__name__)

# In these states a receiver has the document, or may have it, or will have it by itself.
_ALIVE: Final = frozenset(Sending) - {Sending.REFUSED, Sending.DEAD}


class DuplicateDrop(DropRefused):
    """What the drop holds was sent before; ``earlier`` says as what."""

    def __init__(self, message: Message, earlier: Earlier, *, hint: Message) -> None:
        """Say why it is not sent again, and name the document it repeats."""
        super().__init__(message, hint=hint)
        self.earlier = earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """How documents are read and packed here."""

    agency: Organization
    codes: frozenset[str]  # every code this agency goes by
    order: handoff.OrderSettings
    bare: Callable[[str], Order]  # the order a rule makes of a bare file's name
    limits: edxml.Limits
    manifest_content_type: edxml.ManifestContentType


@dataclass(slots=True, kw_only=True)
class Intake:
    """One turn takes in one drop."""

    check: Check
    outbox: Outbox
    filing: Filing
    spool: Spool
    queue: Outgoing
    packing: Packing
    tell: Callable[[Message], str]
    clock: Callable[[], float]
    new_id: Callable[[], ItemId]
    _ready: list[Drop] = field(default_factory=list, init=False)
    # Claims that were begun and not seen through, and how many are to be tried before the bell.
    _stranded: deque[ItemId] = field(default_factory=deque, init=False)
    _retries: int = field(default=0, init=False)
    _begun: bool = field(default=False, init=False)
    _look: Look = field(default_factory=Look, init=False)

    def wake(self) -> None:
        """Look into the outbox again once what was found is taken in."""
        self._look.ring()
        self._retries = len(self._stranded)

    def turn(self, now: datetime) -> bool:
        """Take in one drop; False if none is ready."""
        if not self._begun:
            self.check()
            self._stranded.extend(map(ItemId, self.outbox.unfinished()))
            self._retries = len(self._stranded)
            self._begun = True
        if not self._ready and self._look.is_due(self.clock()):
            self.check()
            scan = self.outbox.scan(self.clock())
            self._ready = list(scan.ready)
            self._look.done(scan.next_look)
        if self._ready:
            self._take(self._ready.pop(0), now)
        elif self._retries:
            # After the others: one that cannot be seen through must not keep them waiting.
            self._retries -= 1
            self._take_up(now)
        else:
            return False
        return True

    def rest(self, now: datetime) -> timedelta | None:  # noqa: ARG002 - a monotonic matter
        """Return how long until a drop that is still being written may be complete."""
        return self._look.rest(self.clock())

    def _take(self, drop: Drop, now: datetime) -> None:
        if not self._ready:
            self._look.ring()  # there may be more by now
        if drop.secret:
            self._refuse_in_place(drop, now)
            return
        item = self.new_id()
        self._stranded.append(item)  # until it is seen through, wherever that is cut off
        try:
            claimed = self.outbox.claim(drop, item)
        except Transient as error:
            # It is not any more what was seen, or may not be moved: the next look says which.
            log.info("drop left for the next look", extra={"error": error.message.template})
            return
        self._take_in(claimed, now)
        self._stranded.pop()

    def _take_up(self, now: datetime) -> None:
        """See through what was claimed before and cut off: by a crash, a full disk."""
        self._stranded.rotate(-1)
        item = self._stranded[-1]
        try:
            # Where the crash came after the row it is the queue's, and only to be filed.
            claimed = None if self.queue.holds(item) else self.outbox.take_up(item)
            if claimed is not None:
                log.warning("taking up a claim that was cut off", extra={"item": item})
                self._take_in(claimed, now)
        except STOPS_ALL:
            raise
        except EdgeNodeError as error:
            # This one alone: it is tried again at the next bell, and nobody waits for it.
            seen = {"item": item, "error": error.message.template}
            log.warning("a claim cannot be seen through", extra=seen)
        else:
            self._stranded.pop()

    def _refuse_in_place(self, drop: Drop, now: datetime) -> None:
        log.warning("secret document left where it is")
        error = handoff.SecretRefused()
        papers = handoff.error_papers(error, tell=self.tell, at=now, name=drop.name)
        self.outbox.refuse_in_place(drop, papers)

    def _take_in(self, claimed: Claimed, now: datetime) -> None:
        try:
            if claimed.fault is not None:
                raise DropRefused(say("the drop is not complete"), [claimed.fault], hint=_AGAIN)
            new = self._pack(claimed)
            self.queue.add(new, now=now)
        except Permanent as error:
            seen = {"item": claimed.id, "error": error.message.template}  # names are for papers
            log.warning("drop refused", extra=seen)
            self._refuse(claimed, error, now)
        else:
            log.info("taken in", extra={"item": claimed.id})

    def _refuse(self, claimed: Claimed, error: Permanent, now: datetime) -> None:
        earlier = error.earlier if isinstance(error, DuplicateDrop) else None
        papers = handoff.error_papers(
            error,
            tell=self.tell,
            at=now,
            name=claimed.name,
            duplicate_of=earlier.id if earlier else None,
        )
        day = in_vietnam(now).date()
        self.filing.to_failed(ItemId(claimed.id), "", claimed.name, day, papers, None)

    def _pack(self, claimed: Claimed) -> NewDocument:
        if claimed.sheet.suffix.lower() == ".edxml":
            return self._ready_made(claimed)
        order = self._order(claimed)
        parts, digests = self._parts(claimed, order)
        mark = fingerprint(order.document, digests)
        self._not_before(order, mark)
        with self.spool.store() as package:
            edxml.write_document(
                order.document,
                parts,
                package,
                manifest_content_type=self.packing.manifest_content_type,
            )
        return self._new(claimed, order, mark, package.stored)

    def _order(self, claimed: Claimed) -> Order:
        sheet = claimed.sheet
        if sheet.suffix.lower() not in {".json", ".yaml", ".yml"}:
            return self.packing.bare(sheet.name)
        return handoff.read_order(
            sheet.read_bytes(),
            file_name=sheet.name,
            sender=self.packing.agency,
            settings=self.packing.order,
        )

    def _parts(
        self, claimed: Claimed, order: Order
    ) -> tuple[list[edxml.Part], list[tuple[str, str]]]:
        """Find, hash and judge the files the order names; every objection at once."""
        parts: list[edxml.Part] = []
        digests: list[tuple[str, str]] = []
        problems: list[Message] = [*self._too_many(order)]
        for number, named in enumerate(order.files, start=1):
            path = claimed.named(named.file)
            if path is None:
                problems.append(say("{file}: expected a file, found none", file=named.file))
                continue
            with path.open("rb") as stream:
                content = examine(stream, named.file)
            if content.objection:
                problems.append(content.objection)
            problems += self._too_large(named.file, content.stored)
            digests.append((named.file, content.stored.digest))
            parts.append(
                edxml.Part(
                    name=named.file,
                    description=named.description,
                    path=path,
                    content_id=f"{number}-{content.stored.digest[:16]}",
                )
            )
        if problems:
            raise DropRefused(say("the attachments cannot be sent"), problems, hint=_AGAIN)
        return parts, digests

    def _too_many(self, order: Order) -> Sequence[Message]:
        limit, found = self.packing.limits.attachments, len(order.files)
        if found <= limit:
            return ()
        return (
            say("expected at most {limit} attachments, found {found}", limit=limit, found=found),
        )

    def _too_large(self, name: str, stored: Stored) -> Sequence[Message]:
        limit = self.packing.limits.attachment
        if stored.size <= limit:
            return ()
        return (
            say(
                "{file}: expected at most {limit} bytes, found {size}",
                file=name,
                limit=limit,
                size=stored.size,
            ),
        )

    def _ready_made(self, claimed: Claimed) -> NewDocument:
        """Take a package the software wrote itself: checked like any other, sent as it is."""
        with (
            self.spool.room() as room,
            claimed.sheet.open("rb") as source,
        ):
            package = self._opened(source, room)
            problems = list(self._objections(package))
            digests = [(file.name, file.digest) for file in package.files]
        if problems:
            raise DropRefused(say("the package cannot be sent"), problems, hint=_AGAIN)
        order = Order(document=package.document, files=(), warnings=package.warnings)
        mark = fingerprint(package.document, digests)
        self._not_before(order, mark)
        with self.spool.store() as copy, claimed.sheet.open("rb") as source:
            while chunk := source.read(1 << 18):
                copy.write(chunk)
        return self._new(claimed, order, mark, copy.stored)

    def _opened(self, source: BinaryIO, room: Path) -> edxml.DocumentPackage:
        try:
            package = edxml.read_package(source, room, limits=self.packing.limits)
        except PackageUnreadable as error:
            raise DropRefused(error.message, hint=error.hint or _AGAIN) from error
        if not isinstance(package, edxml.DocumentPackage):
            raise DropRefused(
                say("the package is a status message, not a document"),
                hint=say("report statuses through the folder statuses/"),
            )
        return package

    def _objections(self, package: edxml.DocumentPackage) -> Sequence[Message]:
        document = package.document
        problems: list[Message] = []
        if document.sender.code not in self.packing.codes:
            problems.append(
                say(
                    "From: expected {expected}, found {found}",
                    expected=self.packing.agency.code,
                    found=document.sender.code,
                )
            )
        if not document.receivers:
            problems.append(say("To: expected at least one receiver, found none"))
        problems += _repeated(document.receivers)
        if not document.document_id or edxml.BUILT_ID in package.warnings:
            problems.append(_lacks("DocumentId", say("text")))
        if not package.files and document.business.kind is not BusinessKind.RECALL:
            problems.append(_lacks("AttachmentEncoded", say("at least one attachment")))
        for file in package.files:
            with file.path.open("rb") as stream:
                content = examine(stream, file.name)
            if content.objection:
                problems.append(content.objection)
        return problems

    def _not_before(self, order: Order, mark: str) -> None:
        """Refuse what was sent before: the unit that travels once is (document, receiver)."""
        wanted = {receiver.code for receiver in order.document.receivers}
        for earlier in self.queue.earlier(order.document):
            alive = {fate.receiver for fate in earlier.fates if fate.state in _ALIVE}
            same = earlier.fingerprint == mark
            if same and alive & wanted:
                raise DuplicateDrop(
                    say(
                        "this document was sent before, to {codes}",
                        codes=", ".join(sorted(alive & wanted)),
                    ),
                    earlier,
                    hint=say("it is not sent again; leave out the receivers that have it"),
                )
            if alive and not same and not order.resend:
                raise DuplicateDrop(
                    say("another document was sent before under the same number and date"),
                    earlier,
                    hint=say('correct the number, or write "resend": true if it is meant'),
                )

    def _new(self, claimed: Claimed, order: Order, mark: str, package: Stored) -> NewDocument:
        return NewDocument(
            id=ItemId(claimed.id),
            document=order.document,
            package=package,
            fingerprint=mark,
            name=claimed.name,
            ref=order.ref,
            warnings=order.warnings,
        )


def _repeated(receivers: Iterable[Organization]) -> list[Message]:
    """Name each agency that is a receiver twice: hubs refuse that, the queue cannot hold it."""
    times = Counter(receiver.code.casefold() for receiver in receivers)
    return [
        say(
            "{path}: expected {expected}, found {found}",
            path="To",
            expected=say("each agency once"),
            found=say("{code} again", code=code.upper()),
        )
        for code, count in times.items()
        if count > 1
    ]


def _lacks(path: str, expected: Message) -> Message:
    return say(
        "{path}: expected {expected}, found {found}",
        path=path,
        expected=expected,
        found=say("nothing"),
    )


_AGAIN: Final = say("correct it and drop it into the outbox again")
