"""
Send a tiny document to ourselves through the axis, from time to time, and know it when it is back.

It goes the way of every document, behind all of them, and comes back the way of every document;
`pull` and `deliver` ask here before anything is set aside or handed over. An axis that takes none
is not asked again: some refuse what an agency sends to itself.
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from edge_node.domain.document import Document, DocumentType, Priority
from edge_node.domain.errors import PackageUnreadable
from edge_node.domain.message import freeze
from edge_node.domain.time import in_vietnam
from edge_node.flows.ports import Spool
from edge_node.flows.rest import until_due
from edge_node.protocol import edxml

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from edge_node.domain.document import AgencyCode, Organization
    from edge_node.domain.envelope import Claim, Digest, Incoming, Stored
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message
    from edge_node.flows.ports import Sends

log = logging.getLogger(__name__)

_TITLE: Final = "Canary"
_LETTER: Final = DocumentType(name="Công văn", type=18, detail=0)
_KEPT: Final = timedelta(days=30)  # for `edge-node alarms canary`; the journal keeps them for good


class Flown(Protocol):
    """A canary that was sent."""

    @property
    def sent(self) -> datetime:
        """When it was put on its way."""


class Canaries(Protocol):
    """The table of canaries."""

    def send(self, document_id: str, package: Stored, *, own: AgencyCode, now: datetime) -> ItemId:
        """Put one on its way."""

    def last(self) -> Flown | None:
        """Return the one sent last."""

    def refused(self) -> Message | None:
        """Return why the axis refused the last one."""

    def waits(self) -> bool:
        """Tell whether the last one has not left yet."""

    def ground(self, axis: str, reason: str) -> None:
        """Remember that an axis takes none."""

    def grounded(self, axis: str) -> Message | None:
        """Return why an axis is sent none."""

    def let_fly(self) -> None:
        """Forget that one said no."""

    def came_back(self, claim: Claim, document_id: str, *, now: datetime) -> None:
        """Enter that one is back."""

    def forget(self, *, before: datetime) -> Sequence[Digest]:
        """Throw out old ones; return packages nobody names any more."""


class Packages(Spool, Protocol):
    """The spool, out of which what is forgotten goes, too."""

    def destroy(self, digest: Digest) -> bool:
        """Remove a package."""


@dataclass(slots=True, kw_only=True)
class Canary:
    """One turn sends one, if it is time."""

    canaries: Canaries
    spool: Packages
    sends: Sends
    agency: Organization
    axis: str  # the address of the axis: another one may take what this one refuses
    every: timedelta
    new_id: Callable[[], str]
    manifest_content_type: edxml.ManifestContentType = "own"

    def wake(self) -> None:
        """Nothing that rings changes what time it is."""

    def turn(self, now: datetime) -> bool:
        """Send one if it is time, and one may; False where none was sent."""
        if self.rest(now) != timedelta() or self._is_grounded():
            return False
        document_id = self.new_id()
        with self.spool.store() as package:
            edxml.write_document(
                self._document(document_id, now),
                [],
                package,
                manifest_content_type=self.manifest_content_type,
            )
        item = self.canaries.send(document_id, package.stored, own=self.agency.code, now=now)
        # Cut off between the two, the next start finds a package that nobody names.
        for digest in self.canaries.forget(before=now - _KEPT):
            self.spool.destroy(digest)
        log.info("canary sent", extra={"item": item})
        return True

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long until the next one; None while none may be sent."""
        if self.sends.held() is not None or self.canaries.grounded(self.axis) is not None:
            return None
        last = self.canaries.last()
        if self.canaries.waits():
            return self.every
        if last is None or last.sent > now + self.every:  # by a clock that was ahead
            return timedelta()
        return until_due(last.sent + self.every, now)

    def _is_grounded(self) -> bool:
        """Tell whether the axis refused the last one; said once, and from then on none is sent."""
        reason = self.canaries.refused()
        if reason is None:
            return False
        if self.canaries.grounded("") is not None:
            self.canaries.let_fly()  # that was another axis; this one is asked
            return False
        self.canaries.ground(self.axis, freeze(reason))
        log.warning("the axis takes no canary: none is sent any more", extra={"why": str(reason)})
        return True

    def _document(self, document_id: str, now: datetime) -> Document:
        return Document(
            document_id=document_id,
            sender=self.agency,
            receivers=(self.agency,),
            number=document_id[:8],
            notation=_TITLE,
            type=_LETTER,
            subject=_subject(document_id),
            promulgated=in_vietnam(now).date(),
            priority=Priority.NORMAL,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Homing:
    """Knows canaries that come back, so that they are handed to nobody."""

    canaries: Canaries
    spool: Spool
    limits: edxml.Limits
    codes: frozenset[str]  # every code this agency goes by
    is_canary_id: Callable[[str], bool]

    def knows(self, sender: str, package: Digest) -> bool:
        """
        Tell whether a package in the spool is a canary of ours, by nothing but what is in it.

        ``sender`` is who sent it by the axis's word: of what others sent no package is opened.
        """
        if sender not in self.codes:
            return False
        try:
            with self.spool.room() as room, closing(self.spool.open(package)) as raw:
                found = edxml.read_package(raw, room, limits=self.limits)
        except PackageUnreadable:
            return False
        return isinstance(found, edxml.DocumentPackage) and self._is_ours(sender, found)

    def _is_ours(self, sender: str, package: edxml.DocumentPackage) -> bool:
        # Whoever else sends such an id, or has it from elsewhere, has a document; so has whoever
        # says anything in it that we do not.
        document = package.document
        if package.attachments or package.files or package.missing:
            return False
        if document.subject != _subject(document.document_id):
            return False
        parties = {sender, document.sender.code, *(each.code for each in document.receivers)}
        return parties <= self.codes and self.is_canary_id(document.document_id)

    def takes(
        self, claim: Claim, item: Incoming, package: edxml.DocumentPackage, now: datetime
    ) -> bool:
        """Take a canary of ours out of the way; False for everything else."""
        if not self._is_ours(item.sender, package):
            return False
        self.canaries.came_back(claim, package.document.document_id, now=now)
        log.info("canary back", extra={"item": item.id})
        return True


def _subject(document_id: str) -> str:
    return f"{_TITLE} {document_id}"
