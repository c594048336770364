"""
Hand a status 13 to the document software: a folder like that of any request, without attachments.

What it asks to have back is not touched: a clerk decides, and answers with status 15 or 16.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edge_node.domain.discretion import told_in_log
from edge_node.domain.document import (
    Business,
    BusinessKind,
    Document,
    DocumentType,
    Reference,
)
from edge_node.domain.errors import EdgeNodeError
from edge_node.flows.rest import STOPS_ALL
from edge_node.protocol import handoff

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from edge_node.domain.document import Organization, StatusMessage
    from edge_node.domain.envelope import Claim, Incoming
    from edge_node.domain.message import Message
    from edge_node.domain.retry import RetryPolicy
    from edge_node.flows.change_ports import Requests
    from edge_node.flows.folders import Inbox
    from edge_node.flows.ports import Arriving

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBack:
    """One call hands over one status 13."""

    queue: Arriving
    requests: Requests
    inbox: Inbox
    agency: Organization
    tell: Callable[[Message], str]
    retry: RetryPolicy

    def is_meant(self, message: StatusMessage) -> bool:
        """Tell whether it asks for what we received, and is no word on what we sent."""
        return not self.requests.is_of_ours(message)

    def hand_over(
        self, claim: Claim, item: Incoming, message: StatusMessage, now: datetime
    ) -> None:
        """Hand over what is claimed, or put it off; what stops all work is raised."""
        try:
            self._hand_over(claim, item, message, now)
        except STOPS_ALL:
            self.queue.give_back(claim)
            raise
        except EdgeNodeError as error:
            until = now + self.retry.wait(claim.attempt)
            seen = {"item": item.id, "until": until} | told_in_log(error)
            level = logging.WARNING if claim.attempt == 1 else logging.DEBUG
            log.log(level, "cannot hand over", extra=seen)
            self.queue.defer(claim, until=until, reason=error.message)

    def _hand_over(
        self, claim: Claim, item: Incoming, message: StatusMessage, now: datetime
    ) -> None:
        self.inbox.check()
        ready = item if item.folder else self._prepare(claim, item, message, now)
        self.inbox.show(ready.id, ready.folder)
        self.requests.delivered(claim, now=now)
        log.info("asked to give a document back", extra={"item": ready.id})

    def _prepare(
        self, claim: Claim, item: Incoming, message: StatusMessage, now: datetime
    ) -> Incoming:
        # The axis takes a status to the agency its ResponseFor names, so that some senders name
        # us there and others themselves; either way it is theirs.
        about = replace(message.about, organ=message.sender.code)
        document = self._as_document(message, about)
        with self.inbox.preparing(item.id) as prepared:
            name = self.inbox.folder_name(
                item.created, document.sender.code, document.number, document.notation
            )
            papers = self._papers(item, document, message, now)
            folder = self.inbox.keep(item.id, prepared, name, papers)
        return self.requests.prepared(claim, message, about, folder, now=now)

    def _as_document(self, message: StatusMessage, about: Reference) -> Document:
        known = self.requests.known(about)
        number, _, notation = about.code.partition("/")
        return Document(
            document_id="",
            sender=message.sender,
            receivers=(self.agency,),
            number=number,
            notation=notation,
            type=DocumentType(name=""),
            subject=self.requests.subject_of(known[0]) if known else "",
            promulgated=about.promulgated,
            business=Business(
                kind=BusinessKind.RECALL, reason=message.note, document_id=about.document_id
            ),
            staff=message.staff,
            reply_to=(about,),
        )

    def _papers(
        self, item: Incoming, document: Document, message: StatusMessage, now: datetime
    ) -> Mapping[str, bytes]:
        sheet = handoff.write_inbound(
            document,
            (),
            id=item.id,
            axis_id=item.axis_id,
            received_at=item.created,
            codes={"StatusCode": message.status},
            about=self.requests.about(document),
        )
        verdicts = handoff.write_verification((), checked_at=now, tell=self.tell)
        return {"document.json": sheet, "verification.json": verdicts}
