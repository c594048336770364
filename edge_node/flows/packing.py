"""
What a claimed drop becomes: read, judged, compared with what was sent before, and packed.

What is wrong with a drop is said all at once. What is done about signatures is `signing`'s
affair, claiming and filing `intake`'s.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import BusinessKind
from edge_node.domain.envelope import ItemId, NewDocument
from edge_node.domain.errors import DropRefused, PackageUnreadable, Permanent
from edge_node.domain.identity import fingerprint
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import say
from edge_node.domain.order import NamedFile, Order
from edge_node.flows.leaving import Leaving
from edge_node.flows.numbering import numbering
from edge_node.flows.recalling import NO_PACKAGE
from edge_node.flows.seen import Seen
from edge_node.protocol import edxml, handoff
from edge_node.protocol.content import examine

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from edge_node.domain.change import Recall
    from edge_node.domain.document import Document, Organization
    from edge_node.domain.envelope import Earlier, Fate, Stored
    from edge_node.domain.message import Message
    from edge_node.domain.signing import Act
    from edge_node.flows.folders import Claimed
    from edge_node.flows.ports import Outgoing, Spool
    from edge_node.flows.recalling import Recalling
    from edge_node.flows.receivers import Receivers
    from edge_node.flows.signing import Signatures

# In these states a receiver has the document, or may have it, or will have it by itself.
_ALIVE: Final = frozenset(Sending) - {Sending.REFUSED, Sending.DEAD, Sending.RECALLED}
_PACKAGE: Final = ".edxml"
# What is done about a drop that is refused.
AGAIN: Final = say("correct it and drop it into the outbox again")


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
    spool: Spool
    queue: Outgoing
    order: handoff.OrderSettings
    bare: Callable[[str], Order]  # the order a rule makes of a bare file's name
    limits: edxml.Limits
    manifest_content_type: edxml.ManifestContentType
    filed: Callable[[ItemId, str], Claimed | None]  # what lies in a folder of the exchange folder
    recognise: Callable[[ItemId, str], None]  # enters a fingerprint that was not known
    signatures: Signatures
    recalling: Recalling
    receivers: Receivers

    def pack(self, claimed: Claimed, *, now: datetime) -> NewDocument:
        """
        Return what the queue takes in, its package durable, signed where it is to be.

        Raises DropRefused and other Permanent, and SigningWaits where it has to wait.
        """
        if claimed.sheet.suffix.lower() == _PACKAGE:
            return self._ready_made(claimed, now)
        order = self._order(claimed)
        files = self._files(claimed, order)
        mark = _mark(order.document, files)
        self._demand_new(order, mark)
        order = self._checked(order, now)
        order = replace(order, document=self.receivers.named(order.document))
        seen = self.signatures.see_to(claimed, order, files, now=now)
        order = replace(order, document=self.recalling.named(order.document))
        recall = self.recalling.prepare(order.document, now=now)
        package = self._written(order.document, self._parts(seen.files), recall)
        return self._new(claimed, order, mark, package, seen, recall)

    def _written(
        self, document: Document, parts: Sequence[edxml.Part], recall: Recall | None = None
    ) -> Stored:
        """Write the package; that of a recall names those who are asked, if any is."""
        if recall is not None:
            if not recall.leaves:
                return NO_PACKAGE
            asked = [each for each in document.receivers if each.code in recall.leaves]
            document = replace(document, receivers=tuple(asked))
        with self.spool.store() as package:
            edxml.write_document(
                document,
                parts,
                package,
                manifest_content_type=self.manifest_content_type,
            )
        return package.stored

    def _copied(self, claimed: Claimed) -> Stored:
        with self.spool.store() as copy, claimed.sheet.open("rb") as source:
            while chunk := source.read(1 << 18):
                copy.write(chunk)
        return copy.stored

    # ── what was filed long ago ──────────────────────────────────────────────────────────────

    def header(self, drop: Claimed) -> Document:
        """Return what a drop says of itself, no attachment opened; Permanent."""
        if drop.sheet.suffix.lower() != _PACKAGE:
            return self._order(drop).document
        with drop.sheet.open("rb") as source:
            return _a_document(edxml.read_header(source, limits=self.limits)).document

    def pack_again(self, drop: Claimed, document_id: str, acts: Collection[Act] = ()) -> Stored:
        """Return the package of a drop that went out so, with these acts; Permanent."""
        if drop.sheet.suffix.lower() == _PACKAGE:
            return self._copied(drop)
        order = self._order(drop)
        seen = self.signatures.went_out(drop, self._files(drop, order), acts)
        document = replace(order.document, document_id=document_id)
        return self._written(document, self._parts(seen.files))

    def _mark_of(self, drop: Claimed) -> str:
        """Return the fingerprint of a drop; Permanent."""
        if drop.sheet.suffix.lower() == _PACKAGE:
            with self.spool.room() as room, drop.sheet.open("rb") as source:
                package = self._opened(source, room)
                return fingerprint(package.document, [(f.name, f.digest) for f in package.files])
        order = self._order(drop)
        return _mark(order.document, self._files(drop, order))

    def _remember(self, before: Iterable[Earlier]) -> list[Earlier]:
        """Return what was sent before, and of what only papers are known the content as well."""
        return [each if each.fingerprint else self._recognised(each) for each in before]

    def _recognised(self, earlier: Earlier) -> Earlier:
        drop = self.filed(earlier.id, earlier.folder)
        if drop is None:
            return earlier
        try:
            mark = self._mark_of(drop)
        except Permanent:  # what it holds nobody can tell: it counts as something else
            return earlier
        self.recognise(earlier.id, mark)
        return replace(earlier, fingerprint=mark)

    # ── what was dropped ─────────────────────────────────────────────────────────────────────

    def _order(self, claimed: Claimed) -> Order:
        sheet = claimed.sheet
        if sheet.suffix.lower() not in {".json", ".yaml", ".yml"}:
            return self.bare(sheet.name)
        return handoff.read_order(
            sheet.read_bytes(),
            file_name=sheet.name,
            sender=self.agency,
            settings=self.order,
        )

    def _files(self, claimed: Claimed, order: Order) -> list[Leaving]:
        """Find, hash and judge the files the order names; every objection at once."""
        files: list[Leaving] = []
        problems: list[Message] = [*self._too_many(order)]
        for named in order.files:
            path = claimed.named(named.file)
            if path is None:
                problems.append(say("{file}: expected a file, found none", file=named.file))
                continue
            with path.open("rb") as stream:
                content = examine(stream, named.file)
            if content.objection:
                problems.append(content.objection)
            problems += self._too_large(named.file, content.stored)
            files.append(Leaving(named=named, path=path, stored=content.stored, kind=content.kind))
        _demand_none(problems)
        return files

    def _parts(self, files: Sequence[Leaving]) -> list[edxml.Part]:
        """Return what goes into the package; a signed copy is larger than its file."""
        too_large = [self._too_large(each.named.file, each.stored) for each in files]
        _demand_none([problem for some in too_large for problem in some])
        return [
            edxml.Part(
                name=each.named.file,
                description=each.named.description,
                path=each.path,
                content_id=f"{number}-{each.stored.digest[:16]}",
                digest=each.stored.digest,
            )
            for number, each in enumerate(files, start=1)
        ]

    def _too_many(self, order: Order) -> Sequence[Message]:
        limit, found = self.limits.attachments, len(order.files)
        if found <= limit:
            return ()
        return (
            say("expected at most {limit} attachments, found {found}", limit=limit, found=found),
        )

    def _too_large(self, name: str, stored: Stored) -> Sequence[Message]:
        limit = self.limits.attachment
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

    def _ready_made(self, claimed: Claimed, now: datetime) -> NewDocument:
        """Take a package the software wrote itself: checked like any other, sent as it is."""
        with (
            self.spool.room() as room,
            claimed.sheet.open("rb") as source,
        ):
            package = self._opened(source, room)
            files, problems = self._unpacked(package)
            if problems:
                raise DropRefused(say("the package cannot be sent"), problems, hint=AGAIN)
            order = Order(document=package.document, files=(), warnings=package.warnings)
            mark = _mark(package.document, files)
            self._demand_new(order, mark)
            order = self._checked(order, now)
            judged = self.signatures.judge(claimed, files, now=now)
        seen = Seen(files=(), warnings=judged.warnings, signed=judged.signed)
        recall = self.recalling.prepare(package.document, now=now, as_it_is=True)
        return self._new(claimed, order, mark, self._copied(claimed), seen, recall)

    def _opened(self, source: BinaryIO, room: Path) -> edxml.DocumentPackage:
        try:
            package = edxml.read_package(source, room, limits=self.limits)
        except PackageUnreadable as error:
            raise DropRefused(error.message, hint=error.hint or AGAIN) from error
        return _a_document(package)

    def _unpacked(self, package: edxml.DocumentPackage) -> tuple[list[Leaving], list[Message]]:
        """Return the files of a package, and what speaks against sending it."""
        document = package.document
        files: list[Leaving] = []
        problems: list[Message] = []
        if document.sender.code not in self.codes:
            problems.append(
                say(
                    "From: expected {expected}, found {found}",
                    expected=self.agency.code,
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
            named = NamedFile(file=file.name)
            files.append(
                Leaving(named=named, path=file.path, stored=content.stored, kind=content.kind)
            )
        return files, problems

    def _checked(self, order: Order, now: datetime) -> Order:
        """Return the order with what the directory of agencies has to say of its receivers."""
        warnings = self.receivers.look(order, now=now)
        return replace(order, warnings=(*order.warnings, *warnings))

    def _demand_new(self, order: Order, mark: str) -> None:
        """Spare the packing of what was sent before; whoever takes it in asks again."""
        before = self._remember(self.queue.earlier(order.document))
        demand_new(order.document, mark, before, resend=order.resend)

    def _new(
        self,
        claimed: Claimed,
        order: Order,
        mark: str,
        package: Stored,
        seen: Seen,
        recall: Recall | None,
    ) -> NewDocument:
        return NewDocument(
            id=ItemId(claimed.id),
            document=order.document,
            package=package,
            fingerprint=mark,
            name=claimed.name,
            ref=order.ref,
            warnings=(
                *order.warnings,
                *numbering(order.document, self.order.types, self.queue),
                *seen.warnings,
                *self.recalling.warnings(order.document),
            ),
            recall=recall,
            resend=order.resend,
            acts=seen.acts,
            signed=seen.signed,
        )


def _mark(document: Document, files: Iterable[Leaving]) -> str:
    """Return the fingerprint of what was handed over, signed here or not."""
    return fingerprint(document, [(each.named.file, each.stored.digest) for each in files])


def _demand_none(problems: Sequence[Message]) -> None:
    if problems:
        raise DropRefused(say("the attachments cannot be sent"), problems, hint=AGAIN)


def _a_document(package: edxml.Package) -> edxml.DocumentPackage:
    if not isinstance(package, edxml.DocumentPackage):
        raise DropRefused(
            say("the package is a status message, not a document"),
            hint=say("report statuses through the folder statuses/"),
        )
    return package


def demand_new(document: Document, mark: str, before: Sequence[Earlier], *, resend: bool) -> None:
    """
    Refuse what was sent before: the unit that travels once is (document, receiver); DuplicateDrop.

    ``mark`` is its fingerprint, ``before`` what went by its name, ``resend`` that this is meant.
    """
    wanted = {receiver.code for receiver in document.receivers}
    for earlier in before:
        alive = {fate.receiver for fate in earlier.fates if _is_alive(fate)}
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
        if alive and not same and not resend:
            raise DuplicateDrop(
                say("another document was sent before under the same number and date"),
                earlier,
                hint=say('correct the number, or write "resend": true if it is meant'),
            )


def _is_alive(fate: Fate) -> bool:
    """Tell likewise; what a receiver gave back it had, and takes the very same for no new one."""
    return fate.state in _ALIVE or (fate.state is Sending.RECALLED and bool(fate.status))


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
