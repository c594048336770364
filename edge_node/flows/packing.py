"""
What a claimed drop becomes: read, judged, compared with what was sent before, and packed.

What is wrong with a drop is said all at once. What is done about signatures is `signing`'s
affair, claiming and filing `intake`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge_node.domain.envelope import NewDocument
from edge_node.domain.errors import DropRefused, Permanent
from edge_node.domain.identity import fingerprint
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import say
from edge_node.domain.order import Order
from edge_node.flows.dropped import cure_of, is_package
from edge_node.flows.numbering import numbering
from edge_node.flows.recalling import NO_PACKAGE
from edge_node.flows.seen import Seen
from edge_node.protocol import edxml

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from datetime import datetime

    from edge_node.domain.change import Recall
    from edge_node.domain.document import Document
    from edge_node.domain.envelope import Earlier, Stored
    from edge_node.domain.fate import Fate
    from edge_node.domain.message import Message
    from edge_node.domain.signing import Act
    from edge_node.flows.dropped import Dropped
    from edge_node.flows.folders import Claimed
    from edge_node.flows.leaving import Leaving
    from edge_node.flows.ports import Before, Spool
    from edge_node.flows.recalling import Recalling
    from edge_node.flows.receivers import Receivers
    from edge_node.flows.signing import Signatures

# In these states a receiver has the document, or may have it, or will have it by itself.
_ALIVE: Final = frozenset(Sending) - {Sending.REFUSED, Sending.DEAD, Sending.RECALLED}


class DuplicateDrop(DropRefused):
    """What the drop holds was sent before; ``earlier`` says as what."""

    def __init__(self, message: Message, earlier: Earlier, *, hint: Message) -> None:
        """Say why it is not sent again, and name the document it repeats."""
        super().__init__(message, hint=hint)
        self.earlier = earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """How documents are read and packed here."""

    reads: Dropped
    spool: Spool
    queue: Before
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
        if is_package(claimed):
            return self._ready_made(claimed, now)
        order = self.reads.order_of(claimed)
        files = self._files(claimed, order)
        mark = mark_of(order.document, files)
        self.demand_new(order, mark)
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

    def pack_again(self, drop: Claimed, document_id: str, acts: Collection[Act] = ()) -> Stored:
        """Return the package of a drop that went out so, with these acts; Permanent."""
        if is_package(drop):
            return self._copied(drop)
        order = self.reads.order_of(drop)
        seen = self.signatures.went_out(drop, self._files(drop, order), acts)
        document = replace(order.document, document_id=document_id)
        return self._written(document, self._parts(seen.files))

    def _mark_of(self, drop: Claimed) -> str:
        """Return the fingerprint of a drop; Permanent."""
        if is_package(drop):
            with self.spool.room() as room, drop.sheet.open("rb") as source:
                package = self.reads.opened(source, room)
                return fingerprint(package.document, [(f.name, f.digest) for f in package.files])
        order = self.reads.order_of(drop)
        return mark_of(order.document, self._files(drop, order))

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

    def _files(self, claimed: Claimed, order: Order) -> list[Leaving]:
        files, problems = self.reads.files_of(claimed, order.files)
        _demand_none(problems)
        return files

    def _parts(self, files: Sequence[Leaving]) -> list[edxml.Part]:
        """Return what goes into the package; a signed copy is larger than its file."""
        _demand_none(self.reads.too_large(files))
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

    def _ready_made(self, claimed: Claimed, now: datetime) -> NewDocument:
        """Take a package the software wrote itself: checked like any other, sent as it is."""
        with (
            self.spool.room() as room,
            claimed.sheet.open("rb") as source,
        ):
            package = self.reads.opened(source, room)
            files, problems = self.reads.unpacked(package)
            if problems:
                raise DropRefused(
                    say("the package cannot be sent"), problems, hint=cure_of(problems)
                )
            order = Order(document=package.document, files=(), warnings=package.warnings)
            mark = mark_of(package.document, files)
            self.demand_new(order, mark)
            order = self._checked(order, now)
            judged = self.signatures.judge(claimed, files, now=now)
        seen = Seen(files=(), warnings=judged.warnings, signed=judged.signed)
        recall = self.recalling.prepare(package.document, now=now, as_it_is=True)
        return self._new(claimed, order, mark, self._copied(claimed), seen, recall)

    def _checked(self, order: Order, now: datetime) -> Order:
        """Return the order with what the directory of agencies has to say of its receivers."""
        warnings = self.receivers.look(order, now=now)
        return replace(order, warnings=(*order.warnings, *warnings))

    def demand_new(self, order: Order, mark: str) -> None:
        """Spare the packing of what was sent before (DuplicateDrop); intake asks again."""
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
                *numbering(order.document, self.reads.order.types, self.queue),
                *seen.warnings,
                *self.recalling.warnings(order.document),
            ),
            recall=recall,
            resend=order.resend,
            acts=seen.acts,
            signed=seen.signed,
        )


def mark_of(document: Document, files: Iterable[Leaving]) -> str:
    """Return the fingerprint of what was handed over, signed here or not."""
    return fingerprint(document, [(each.named.file, each.stored.digest) for each in files])


def _demand_none(problems: Sequence[Message]) -> None:
    if problems:
        raise DropRefused(say("the attachments cannot be sent"), problems, hint=cure_of(problems))


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
