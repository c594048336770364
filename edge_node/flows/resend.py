"""Put a document back into the queue for receivers that did not get it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edge_node.domain.called import standings
from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import NotAllowed, NotResendable, PackageUnreadable
from edge_node.domain.lifecycle import OUTBOUND, SendingEvent
from edge_node.domain.message import say
from edge_node.protocol import edxml

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from edge_node.domain.document import AgencyCode, Document
    from edge_node.domain.envelope import Envelope, Stored
    from edge_node.domain.fate import Fate
    from edge_node.domain.item import ItemId
    from edge_node.flows.ports import Outgoing, Spool


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend:
    """One call, one document; what is sent again keeps its DocumentId."""

    queue: Outgoing
    repacking: Repacking

    def resend(self, item: ItemId, to: Sequence[str], *, now: datetime) -> tuple[AgencyCode, ...]:
        """
        Queue the document again and return for whom; without ``to`` for all that did not get it.

        A receiver that has it, or will have it without anybody's doing, is refused: NotAllowed.
        """
        fates = self.queue.fates(item)
        chosen = self._chosen(fates, to)
        envelope = self.queue.envelope(item, chosen[0])
        if envelope.message is MessageType.STATUS:  # to each receiver one of its own
            for code in chosen:
                package = self.queue.envelope(item, code).package
                self.queue.resend(item, [code], package, now=now)
            return chosen
        package = envelope.package
        if not package.digest:
            raise _without_package(chosen)
        if set(envelope.receivers) != set(chosen):
            package = self.repacking.package_for(envelope, chosen)
        self.queue.resend(item, chosen, package, now=now)
        return chosen

    def _chosen(self, fates: Sequence[Fate], to: Sequence[str]) -> tuple[AgencyCode, ...]:
        allowed = {fate.receiver for fate in fates if _may_be_resent(fate)}
        if to:
            for code in to:
                self._demand(code, fates, allowed)
            return tuple(fate.receiver for fate in fates if fate.receiver in to)
        if not allowed:
            states = standings((fate.receiver, fate.state) for fate in fates)
            raise NotAllowed(
                say("nothing to send again ({states})", states=states),
                hint=say("only what was refused, held or given up is sent again"),
            )
        return tuple(fate.receiver for fate in fates if fate.receiver in allowed)

    def _demand(self, code: str, fates: Sequence[Fate], allowed: set[AgencyCode]) -> None:
        stands = {str(fate.receiver): fate.state for fate in fates}
        if code not in stands:
            raise NotAllowed(
                say("the document is not for {code}", code=code),
                hint=say("its receivers: {codes}", codes=", ".join(stands)),
            )
        if code not in allowed:
            raise NotResendable(code, str(stands[code]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Repacking:
    """Makes a package for fewer receivers of one that names more."""

    spool: Spool
    limits: edxml.Limits
    manifest_content_type: edxml.ManifestContentType

    def package_for(self, envelope: Envelope, receivers: Sequence[AgencyCode]) -> Stored:
        """Make a package of the first one that names these receivers alone."""
        with self.spool.room() as room, closing(self.spool.open(envelope.package.digest)) as raw:
            package = edxml.read_package(raw, room, limits=self.limits)
            if not isinstance(package, edxml.DocumentPackage):
                raise PackageUnreadable(say("the package is a status message, not a document"))
            document = package.document
            fewer = tuple(each for each in document.receivers if each.code in receivers)
            return self.write(replace(document, receivers=fewer), package.files)

    def write(self, document: Document, files: Sequence[edxml.ReceivedFile]) -> Stored:
        """Write a package of this document with files that were unpacked of another."""
        parts = [
            edxml.Part(
                name=file.name,
                description=file.description,
                path=file.path,
                content_id=f"{number}-{file.digest[:16]}",
            )
            for number, file in enumerate(files, start=1)
        ]
        with self.spool.store() as writer:
            edxml.write_document(
                document, parts, writer, manifest_content_type=self.manifest_content_type
            )
        return writer.stored


def _without_package(codes: Sequence[AgencyCode]) -> NotAllowed:
    return NotAllowed(
        say("its package was lost with the data folder"),
        hint=say(
            'drop the document into the outbox again, for {codes} alone and with "resend": true',
            codes=", ".join(codes),
        ),
    )


def _may_be_resent(fate: Fate) -> bool:
    return (fate.state, SendingEvent.RESENT) in OUTBOUND
