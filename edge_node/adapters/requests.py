"""
What the flows ask of requests: which are open, and what a document that comes has to do with them.

Each public method is one transaction, or none; what a request is and how it ends is `changes`'.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

from edge_node.adapters import awaited, changes, links, recalling, work
from edge_node.adapters.beside import requests_of
from edge_node.adapters.envelopes import find_about, to_envelope
from edge_node.adapters.incoming import describe, item_row, move, to_incoming
from edge_node.domain.change import Change, ChangeState, targets
from edge_node.domain.document import (
    AgencyCode,
    Business,
    BusinessKind,
    Document,
    DocumentType,
    Organization,
    Reference,
    only_itself,
)
from edge_node.domain.lifecycle import ReceivingEvent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from edge_node.adapters.database import QueueFile
    from edge_node.adapters.waybills import Waybills
    from edge_node.domain.change import RecallPlan
    from edge_node.domain.document import SameAgency, StatusMessage
    from edge_node.domain.envelope import Claim, Envelope, Incoming
    from edge_node.domain.item import ItemId

# (A plus keeps SQLite from the index of everything that was ever recalled.)
_GIVEN_BACK: Final = """
select 1 from incoming
 where fingerprint = :fingerprint and fingerprint <> '' and sender = :sender
   and +document_id = :document_id and +state = 'recalled' and id <> :id
 limit 1
"""
_STATE: Final = "select state, subject from incoming where id = :id"
_ASKED_BY_STATUS: Final = """
update incoming set sender = :sender, code = :code, folder = :folder, kind = 'recall'
 where id = :id
"""
_OUTGOING: Final = """
select document_id, sender, number, notation, promulgated, type, subject, kind
  from documents where id = :id
"""
_AN_ENVELOPE: Final = "select * from envelopes where id = :id"


class Requests:
    """Requests to have documents back, changed or replaced."""

    def __init__(
        self, file: QueueFile, waybills: Waybills, *, same: SameAgency = only_itself
    ) -> None:
        """
        Work on the tables in ``file``; what must outlive them is written to ``waybills``.

        ``same`` tells by which codes an agency goes.
        """
        self._file = file
        self._waybills = waybills
        self._same = same

    # ── what is asked of us ──────────────────────────────────────────────────────────────────

    def open_about(self, document: Document) -> list[Change]:
        """Return what a clerk has to know of requests about a document that came before it."""
        waiting = awaited.waiting_for(self._file, document, same=self._same)
        return [each for each in waiting if each.state is ChangeState.ASKED or each.was_agreed]

    def about(self, document: Document) -> Mapping[str, tuple[ItemId, str]]:
        """Return what ours a request is about, and its state: by the DocumentIds it names."""
        found = ((each.document_id, self.known(each)) for each in targets(document))
        return {document_id: known for document_id, known in found if known is not None}

    def is_of_ours(self, message: StatusMessage) -> bool:
        """Tell whether a status is about a document we sent, and none we have of its sender."""
        about, reporter = message.about, message.sender.code
        if self.known(replace(about, organ=reporter)) is not None:
            return False
        names = {"document_id": about.document_id, "organ": about.organ, "code": about.code}
        return find_about(self._file, **names, reporter=reporter) is not None

    def known(self, about: Reference) -> tuple[ItemId, str] | None:
        """Return which incoming document is meant, and its state; None where we have none such."""
        item = links.find(self._file, about, outgoing=False, same=self._same)
        row = None if item is None else self._file.row(_STATE, {"id": item})
        return None if item is None or row is None else (item, row["state"])

    def subject_of(self, item: ItemId) -> str:
        """Return the subject of an incoming document."""
        row = self._file.row(_STATE, {"id": item})
        return "" if row is None else row["subject"]

    def is_given_back(self, item: ItemId, document: Document, fingerprint: str) -> bool:
        """Tell whether that very document, or a request for it, was given back before it came."""
        values = {"id": item, "fingerprint": fingerprint, "sender": document.sender.code}
        if self._file.row(_GIVEN_BACK, values | {"document_id": document.document_id}):
            return True
        waiting = awaited.waiting_for(self._file, document, same=self._same)
        return any(each.gives_back(document) for each in waiting)

    def give_back(
        self, claim: Claim, document: Document, fingerprint: str, *, now: datetime
    ) -> None:
        """Enter that a document goes no further, because it is given back already; LeaseLost."""
        with self._file.transaction() as transaction:
            work.demand(transaction, claim)
            describe(transaction, claim.item, document, folder="", fingerprint=fingerprint)
            awaited.came(transaction, claim.item, document, now=now, same=self._same)
            changes.give_back(transaction, claim.item, now=now)
            transaction.in_hand.put_down()
            self._waybills.add(transaction, claim.item, now=now, wait=True)

    def prepared(
        self, claim: Claim, message: StatusMessage, about: Reference, folder: str, *, now: datetime
    ) -> Incoming:
        """Enter what a status 13 asks, and what its folder is called, before anybody sees it."""
        with self._file.transaction() as transaction:
            work.demand(transaction, claim)
            values = {"id": claim.item, "sender": message.sender.code, "code": about.code}
            transaction.execute(_ASKED_BY_STATUS, values | {"folder": folder})
            kind = BusinessKind.RECALL
            older = links.asked(
                transaction, claim.item, str(kind), about, now=now, same=self._same
            )
            changes.enter_request(
                transaction, claim.item, kind, about, older, reason=message.note, now=now
            )
            self._waybills.write(transaction, claim.item, now=now)
            return to_incoming(item_row(transaction, claim.item))

    def delivered(self, claim: Claim, *, now: datetime) -> None:
        """Enter that the folder of a status 13 came into sight; LeaseLost."""
        with self._file.transaction() as transaction:
            work.finish(transaction, claim)
            row = item_row(transaction, claim.item)
            move(transaction, row, ReceivingEvent.HANDED_OVER, now=now)
            self._waybills.add(transaction, claim.item, now=now, wait=False)

    # ── what we ask ──────────────────────────────────────────────────────────────────────────

    def plan(self, document: Document) -> RecallPlan:
        """Return what is stopped and who is asked where ``document`` recalls another."""
        return recalling.plan(self._file, document)

    def reference(self, about: Reference) -> Reference | None:
        """Return a document we sent as a header names it; None where we know none such."""
        item = links.find(self._file, about, outgoing=True)
        row = None if item is None else self._file.row(_OUTGOING, {"id": item})
        if row is None:
            return None
        number, notation, day = row["number"], row["notation"], row["promulgated"]
        return Reference(
            organ=AgencyCode(row["sender"]),
            code=f"{number}/{notation}" if notation else number,
            document_id=row["document_id"],
            promulgated=date.fromisoformat(day) if day else None,
        )

    def document(self, item: ItemId) -> Document:
        """Return what is kept of a document we sent: what names it, and what it is."""
        row = self._file.row(_OUTGOING, {"id": item})
        assert row is not None  # noqa: S101 - whoever asks has found it
        day = row["promulgated"]
        return Document(
            document_id=row["document_id"],
            sender=Organization(code=AgencyCode(row["sender"])),
            receivers=(),
            number=row["number"],
            notation=row["notation"],
            type=DocumentType(name=row["type"]),
            subject=row["subject"],
            promulgated=date.fromisoformat(day) if day else None,
            business=Business(kind=BusinessKind(row["kind"] or BusinessKind.NEW)),
        )

    def carrying(self, envelope: ItemId) -> Envelope:
        """Return an envelope by its id."""
        row = self._file.row(_AN_ENVELOPE, {"id": envelope})
        assert row is not None  # noqa: S101 - it comes from a plan, and none is ever deleted
        return to_envelope(row)

    def of(self, item: ItemId) -> list[Change]:
        """Return every request about a document, or that it carries, oldest first."""
        return requests_of(self._file, item)
