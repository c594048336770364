"""
Hand incoming documents to the inbox folder, and queue the word that they arrived (status 01).

Everything here is local: once a document is acknowledged, no axis that hangs keeps it from the
agency.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import BusinessKind, Reference, StatusMessage
from edge_node.domain.envelope import Lane
from edge_node.domain.errors import Outage, PackageUnreadable, Permanent
from edge_node.domain.message import say
from edge_node.domain.receipt import MEANINGS, Status
from edge_node.flows.rest import Look, until_due
from edge_node.protocol import edxml, handoff

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from edge_node.domain.document import Document, Organization
    from edge_node.domain.envelope import Claim, Incoming
    from edge_node.domain.message import Message
    from edge_node.flows.ports import Arriving, Due, Inbox, Spool

log = logging.getLogger(__name__)

_SHEET: Final = "document.json"
_VERDICTS: Final = "verification.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """One turn hands over one document."""

    queue: Arriving
    due: Due
    spool: Spool
    inbox: Inbox
    agency: Organization
    codes: frozenset[str]  # every code this agency goes by
    limits: edxml.Limits
    tell: Callable[[Message], str]
    receipts: bool  # answer 01 by itself
    answer_fail: bool  # tell the axis what cannot be read
    lease: timedelta = timedelta(minutes=15)

    def wake(self) -> None:
        """Nothing is remembered between turns: the queue knows."""

    def turn(self, now: datetime) -> bool:
        """Hand over the document that has waited longest; False if none waits."""
        claimed = self.queue.claim(Lane.DELIVER, now=now, lease=self.lease)
        if claimed is None:
            return False
        claim, item = claimed
        try:
            folder = self._hand_over(claim, item, now)
        except Permanent as error:
            log.warning("quarantined", extra={"item": item.id, "error": str(error)})
            self.queue.quarantine(claim, error.message, now=now, answer=self.answer_fail)
        except Outage:
            self.queue.give_back(claim)
            raise
        else:
            log.info("delivered", extra={"item": item.id, "folder": folder.name})
        return True

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long until the next one is due."""
        return until_due(self.due(Lane.DELIVER), now)

    def _hand_over(self, claim: Claim, item: Incoming, now: datetime) -> Path:
        self.inbox.check()
        with self.inbox.preparing(item.id) as prepared:
            package = self._unpack(item, prepared)
            document = package.document
            name = self.inbox.folder_name(
                item.created, document.sender.code, document.number, document.notation
            )
            folder = self.inbox.hand_over(prepared, name, self._papers(item, package))
        arrival = self._arrival(document, now) if self.receipts else None
        self.queue.delivered(claim, document, folder.name, arrival, us=self.agency.code, now=now)
        return folder

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

    def _papers(self, item: Incoming, package: edxml.DocumentPackage) -> Mapping[str, bytes]:
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
        sheet = handoff.write_inbound(
            package.document,
            files,
            id=item.id,
            axis_id=item.axis_id,
            received_at=item.created,
            codes=package.codes,
            warnings=[self.tell(warning) for warning in _warnings(package)],
        )
        return {_SHEET: sheet, _VERDICTS: handoff.unverified(files)}

    def _arrival(self, document: Document, now: datetime) -> bytes:
        status = Status.ARRIVED
        return edxml.write_status(
            StatusMessage(
                sender=self.agency,
                about=Reference(
                    organ=document.sender.code,
                    code=document.code,
                    document_id=document.document_id,
                    promulgated=document.promulgated,
                ),
                status=status,
                note=f"{self.agency.name}: {MEANINGS[status].lower()}",
                at=now,
            )
        )


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

    def wake(self) -> None:
        """Nothing that rings has to do with the inbox: time alone does."""

    def turn(self, now: datetime) -> bool:
        """Look through the inbox if it is time; False, since one look finds everything."""
        if self._look.is_due(self.clock()):
            self.inbox.check()
            for item, folder in self.queue.offered():
                if self.inbox.is_taken(folder):
                    log.info("taken by the document software", extra={"item": item})
                    self.queue.taken(item, now=now)
            self._look.done(self.clock() + self.every.total_seconds())
        return False

    def rest(self, now: datetime) -> timedelta | None:  # noqa: ARG002 - a monotonic matter
        """Return how long until the next look."""
        return self._look.rest(self.clock())
