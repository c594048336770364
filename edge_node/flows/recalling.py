"""
What a drop comes to that recalls, changes or replaces what was sent before.

A recall is planned before anything of it is packed: who is asked stands in its package, and what
has not left is repacked for those who are still to get it. Whether the plan still fits is found
out where it is carried out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge_node.domain.change import Recall, targets
from edge_node.domain.document import BusinessKind, Reference, StatusMessage
from edge_node.domain.envelope import Digest, Stored
from edge_node.domain.message import say
from edge_node.domain.receipt import Status
from edge_node.protocol import edxml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from edge_node.domain.change import RecallPlan
    from edge_node.domain.document import AgencyCode, Document
    from edge_node.domain.message import Message
    from edge_node.flows.change_ports import Asking
    from edge_node.flows.resend import Repacking

# Of a recall that asks nobody.
NO_PACKAGE: Final = Stored(digest=Digest(""), size=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalling:
    """How what was sent is asked for, as configured."""

    queue: Asking
    repacking: Repacking
    by_status: bool  # by status 13, not by a document

    def named(self, document: Document) -> Document:
        """Return a request that names the older documents as fully as the queue knows them."""
        if document.business.kind is BusinessKind.NEW:
            return document
        known = {each.document_id: self.queue.reference(each) for each in targets(document)}
        pointers = tuple(_fuller(each, known.get(each.document_id)) for each in document.reply_to)
        return replace(document, reply_to=pointers)

    def warnings(self, document: Document) -> Sequence[Message]:
        """Return what is odd about a request, though it is sent: what it names nobody knows."""
        return [
            say("no document that was sent from here goes by {id}", id=each.document_id)
            for each in targets(document)
            if self.queue.reference(each) is None
        ]

    def prepare(
        self, document: Document, *, now: datetime, as_it_is: bool = False
    ) -> Recall | None:
        """
        Return what a recall comes to, all but its own package durable; None for what is none.

        ``as_it_is``: it is a package of the software's own, which goes to all it names or to none.
        """
        if document.business.kind is not BusinessKind.RECALL:
            return None
        plan = self.queue.plan(document)
        packages = {
            envelope: self.repacking.package_for(self.queue.carrying(envelope), others)
            for envelope, others in plan.rest
        }
        if self.by_status and not as_it_is:
            bodies = dict(self._bodies(document, plan, now))
            return Recall(plan=plan, packages=packages, bodies=bodies)
        leaves = plan.asked
        if as_it_is and leaves:
            leaves = tuple(each.code for each in document.receivers)
        return Recall(plan=plan, packages=packages, leaves=leaves)

    def _bodies(
        self, document: Document, plan: RecallPlan, now: datetime
    ) -> Iterator[tuple[AgencyCode, tuple[bytes, Stored]]]:
        """Yield the status 13 for each who is asked: the axis takes one to a single agency."""
        about = targets(document)[0]
        about = self.queue.reference(about) or about
        for code in plan.asked:
            message = StatusMessage(
                sender=document.sender,
                about=replace(about, organ=code),
                status=Status.RECALL_ASKED,
                note=document.business.reason,
                staff=document.staff,
                at=now,
            )
            body = edxml.write_status(message)
            digest = Digest(hashlib.sha256(body).hexdigest())
            yield code, (body, Stored(digest=digest, size=len(body)))


def _fuller(pointer: Reference, known: Reference | None) -> Reference:
    if known is None or pointer.organ != known.organ:
        return pointer
    return replace(
        pointer,
        code=pointer.code or known.code,
        promulgated=pointer.promulgated or known.promulgated,
    )
