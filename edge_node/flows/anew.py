"""
Send a document anew, under a DocumentId of its own: for what the axis denies for ever.

The package of the old one is rewritten, its attachments to the byte, their signatures with them.
It is linked to the old one first, so that nobody sends that anew once more, then laid into the
claims like a drop of the software's, so that a crash in between loses nothing.
"""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from edge_node.domain.document import BusinessKind
from edge_node.domain.envelope import NewDocument
from edge_node.domain.errors import NotAllowed, PackageUnreadable
from edge_node.domain.identity import fingerprint
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import say
from edge_node.domain.names import safe_name
from edge_node.protocol import edxml

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from typing import BinaryIO

    from edge_node.domain.document import AgencyCode
    from edge_node.domain.envelope import Envelope
    from edge_node.domain.item import ItemId
    from edge_node.flows.ports import Outgoing, Spool
    from edge_node.flows.resend import Repacking

# The axis has said no, or nobody tries any more; what is doubtful may still turn up.
_DENIED = frozenset({Sending.REFUSED, Sending.DEAD})
_LONGEST_NAME = 80


class Packages(Protocol):
    """Where a ready-made package is laid, to be filed like one the software wrote."""

    def begin_package(self, item_id: ItemId, name: str, package: BinaryIO) -> object:
        """Lay a package alone into the claims; all of it or nothing."""
        ...

    def abandon(self, item_id: ItemId) -> None:
        """Remove it again."""
        ...

    def name_of(self, item_id: ItemId) -> str | None:
        """Return what lies there under an id; None where nothing does."""
        ...


class Linking(Protocol):
    """What keeps in mind which document is which one sent anew."""

    def begin_anew(
        self,
        old: ItemId,
        new: ItemId,
        receivers: Sequence[AgencyCode],
        *,
        lies: Callable[[ItemId], bool],
        now: datetime,
    ) -> None:
        """Enter that ``new`` is to take the place of ``old``; NotAllowed where it must not."""
        ...

    def leave_anew(self, new: ItemId) -> None:
        """Forget it: it was not taken in."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAnew:
    """One call, one document."""

    queue: Outgoing
    spool: Spool
    repacking: Repacking
    drops: Packages
    links: Linking
    new_id: Callable[[], ItemId]

    def send(
        self, item: ItemId, to: Sequence[str], *, now: datetime
    ) -> tuple[ItemId, tuple[AgencyCode, ...]]:
        """
        Queue the document under a new DocumentId; return our id of it, and for whom it is.

        Without ``to`` it is for all that were refused or given up. NotAllowed where it is for
        nobody, was sent anew before, may have left, its package is gone, or it is itself a
        request.
        """
        chosen = self._chosen(item, to)
        envelope = self.queue.envelope(item, chosen[0])
        if not envelope.package.digest:
            raise NotAllowed(
                say("its package was lost with the data folder"),
                hint=say("drop the document into the outbox again"),
            )
        new = self._repacked(envelope, chosen)
        self.links.begin_anew(item, new.id, chosen, lies=self._lies, now=now)
        try:
            with closing(self.spool.open(new.package.digest)) as package:
                self.drops.begin_package(new.id, new.name, package)
            self.queue.add(new, now=now)
        except Exception:
            self.drops.abandon(new.id)
            self.links.leave_anew(new.id)
            raise
        return new.id, chosen

    def _lies(self, new: ItemId) -> bool:
        return self.drops.name_of(new) is not None

    def _chosen(self, item: ItemId, to: Sequence[str]) -> tuple[AgencyCode, ...]:
        states = {fate.receiver: fate.state for fate in self.queue.fates(item)}
        denied = [code for code, state in states.items() if state in _DENIED]
        chosen = tuple(code for code in denied if not to or code in to)
        if not chosen or (to and len(chosen) < len(set(to))):
            told = ", ".join(f"{code}: {state}" for code, state in states.items())
            raise NotAllowed(
                say("nothing to send anew ({states})", states=told),
                hint=say("only what was refused or given up is sent under a new DocumentId"),
            )
        return chosen

    def _repacked(self, envelope: Envelope, receivers: Sequence[AgencyCode]) -> NewDocument:
        with (
            self.spool.room() as room,
            closing(self.spool.open(envelope.package.digest)) as raw,
        ):
            package = edxml.read_package(raw, room, limits=self.repacking.limits)
            if not isinstance(package, edxml.DocumentPackage):
                raise PackageUnreadable(say("the package is a status message, not a document"))
            document = package.document
            if document.business.kind is not BusinessKind.NEW:
                raise NotAllowed(
                    say("it asks for another document, which knows it by its DocumentId"),
                    hint=say("make the request again"),
                )
            fewer = tuple(each for each in document.receivers if each.code in receivers)
            document = replace(document, document_id=str(uuid.uuid4()), receivers=fewer)
            stored = self.repacking.write(document, package.files)
            mark = fingerprint(document, [(file.name, file.digest) for file in package.files])
        name = safe_name(f"anew-{document.code}".replace("/", "-"), limit=_LONGEST_NAME)
        return NewDocument(
            id=self.new_id(),
            document=document,
            package=stored,
            fingerprint=mark,
            name=name,
            resend=True,
        )
