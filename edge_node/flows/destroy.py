"""
Destroy what we have of a document its sender has back: one turn sees to one document.

A clerk agreed by then, and the queue does nothing else with it any more. Every step may be
repeated: what a crash left is destroyed again, and the answer leaves only once nothing is there.
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.change import Known
from edge_node.domain.discretion import told_in_log
from edge_node.domain.envelope import Lane
from edge_node.domain.errors import EdgeNodeError, Permanent
from edge_node.domain.identity import fingerprint
from edge_node.domain.message import say
from edge_node.domain.record import reason_of
from edge_node.flows.rest import STOPS_ALL, until_due
from edge_node.protocol import edxml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from edge_node.domain.change import Doomed
    from edge_node.domain.document import Document
    from edge_node.domain.envelope import Claim, Digest, Incoming
    from edge_node.domain.item import ItemId
    from edge_node.domain.retry import RetryPolicy
    from edge_node.flows.change_ports import DyingFolders, DyingPackages, Tombstones
    from edge_node.flows.ports import Arriving, Due

log = logging.getLogger(__name__)

# Whatever kept it from being destroyed so often, it may be the reading.
_READS: Final = 3
_SOFTWARE: Final = say("the document software took it: it has a copy of its own")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroy:
    """One turn destroys one document, and every copy of it."""

    queue: Arriving
    tombstones: Tombstones
    due: Due
    spool: DyingPackages
    inbox: DyingFolders
    limits: edxml.Limits
    retry: RetryPolicy
    lease: timedelta = timedelta(minutes=15)

    def wake(self) -> None:
        """Nothing is remembered between turns: the queue knows."""

    def turn(self, now: datetime) -> bool:
        """Destroy the document that has waited longest; False if none waits."""
        claimed = self.queue.claim(Lane.DESTROY, now=now, lease=self.lease)
        if claimed is None:
            return False
        claim, item = claimed
        try:
            self._destroy(claim, item, now)
        except STOPS_ALL:
            self.queue.give_back(claim)
            raise
        except EdgeNodeError as error:
            self._hindered(claim, error, now)
        return True

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long until the next one is due."""
        return until_due(self.due(Lane.DESTROY), now)

    def _destroy(self, claim: Claim, item: Incoming, now: datetime) -> None:
        self.inbox.check()  # where no share is mounted, every folder looks taken
        document, attachments = None, None
        if claim.attempt <= _READS:
            document, attachments = self._look_into(item.package.digest)
        unread = () if document is None else tuple(self._copies_of(document, but=item.id))
        doomed = self.tombstones.seize(claim, unread, now=now)
        taken = any(self._was_taken(each) for each in doomed)
        found = Known(taken=taken, attachments=attachments)
        known = self.tombstones.begin(claim, found, now=now)
        destroyed = [
            say("the folder {name} of the inbox", name=each.folder)
            for each in doomed
            if self.inbox.destroy(each.item, each.folder)
        ]
        remains = [_SOFTWARE] if known.taken else []
        for digest in dict.fromkeys(each.digest for each in doomed if each.digest):
            if self.tombstones.is_ours_to_keep(digest):
                remains.append(say("this agency sent the same package {digest}", digest=digest))
            elif self.spool.destroy(digest):
                destroyed.append(say("the package {digest} in the spool", digest=digest))
        self.tombstones.empty_log()
        self.tombstones.enter(claim, doomed, known, destroyed=destroyed, remains=remains, now=now)
        log.info("destroyed", extra={"item": item.id, "copies": len(doomed) - 1})

    def _hindered(self, claim: Claim, error: EdgeNodeError, now: datetime) -> None:
        until = now + self.retry.wait(claim.attempt)
        if self.tombstones.hindered(claim, reason_of(error), until=until):
            seen = {"item": claim.item} | told_in_log(error)
            log.error("what was given back cannot be destroyed", extra=seen)

    def _was_taken(self, doomed: Doomed) -> bool:
        if not doomed.folder or self.inbox.is_kept(doomed.item):
            return False
        return self.inbox.is_taken(doomed.folder)

    def _look_into(self, digest: Digest) -> tuple[Document | None, int | None]:
        """Return what a package holds, and how many attachments; None where it cannot be read."""
        try:
            with closing(self.spool.open(digest)) as raw:
                package = edxml.read_header(raw, limits=self.limits)
        except Permanent:  # gone, or nobody can read it: there is nothing to compare
            return None, None
        if not isinstance(package, edxml.DocumentPackage):
            return None, None
        return package.document, package.attachments

    def _copies_of(self, document: Document, *, but: ItemId) -> Iterator[ItemId]:
        """Yield what came, was never read, and is the same document, not another under its id."""
        if not (document.document_id or document.number):
            return
        wanted = _header(document)
        for item, digest in self.tombstones.unread():
            other = None if item == but else self._look_into(digest)[0]
            if other is not None and _header(other) == wanted:
                yield item


def _header(document: Document) -> tuple[str, str]:
    """Return what tells a document from a corrected one, which may go by the same name."""
    return document.document_id, fingerprint(document, ())
