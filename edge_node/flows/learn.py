"""
Learn from the exchange folder what went out in a life that the queue does not know.

An older state of the data folder, or a new one, knows nothing of what was sent since; the drops
and their papers still lie where they were filed. Who was sent what is entered, so that the same
document is not sent again and the receivers' statuses find it. What its papers leave open is held
for a person. Papers that cannot be read are named and never guessed at.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import EdgeNodeError, Permanent
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import freeze, say
from edge_node.domain.recovery import Learnt
from edge_node.flows.asking import held_reason

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.domain.document import AgencyCode, Document
    from edge_node.domain.envelope import Stored
    from edge_node.domain.fate import Fate
    from edge_node.domain.item import ItemId
    from edge_node.domain.recovery import Papers
    from edge_node.flows.folders import Claimed, Filing
    from edge_node.flows.packing import Packing
    from edge_node.flows.ports import Filed, Learning, Shelves


log = logging.getLogger(__name__)

_UNTRIED: Final = "queued/"
_OPEN: Final = frozenset({Sending.QUEUED, Sending.UNSURE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Learn:
    """One turn reads the exchange folder through, a drop at a time."""

    shelves: Shelves
    filing: Filing
    queue: Learning
    packing: Packing

    def turn(self, now: datetime) -> Learnt:
        """Enter what is news; may be repeated wherever it was cut off. FolderMissing."""
        documents = held = news = 0
        unread: list[str] = []
        for filed in self.shelves.all():
            papers = filed.papers
            if papers is None:
                log.error("papers that cannot be read", extra={"path": filed.folder})
                unread.append(filed.folder)
            elif self.queue.holds(papers.id):
                news += self.queue.catch_up(papers, now=now)
            elif not (papers.never_offered and filed.folder.startswith(_UNTRIED)):
                documents += 1
                held += self._enter(filed, papers, now)
        return Learnt(documents=documents, held=held, news=news, unread=tuple(unread))

    def _enter(self, filed: Filed, papers: Papers, now: datetime) -> bool:
        """Enter one document; True where a person has to decide about a receiver of it."""
        drop = self.shelves.drop(papers.id, filed.folder)
        document = self._header(drop, papers) if drop else None
        codes = [fate.receiver for fate in papers.fates if fate.state in _OPEN]
        fates = tuple(_decided(fate, papers.id, codes) for fate in papers.fates)
        held = any(fate.state is Sending.HELD for fate in fates)
        package = self._package(drop, papers) if drop and document and held else None
        self.queue.enter(
            replace(papers, fates=fates),
            document,
            package,
            sender=self.packing.reads.agency.code,
            folder=filed.folder,
            name=filed.name,
            now=now,
        )
        self.filing.leave_no_claim(papers.id)
        return held

    def _header(self, drop: Claimed, papers: Papers) -> Document | None:
        """Return what the drop says of itself; None where it is not what its papers are about."""
        try:
            document = self.packing.reads.header(drop)
        except Permanent as error:
            log.warning("a drop cannot be read any more", extra=_seen(papers, error))
            return None
        same = (document.number, document.notation) == (papers.number, papers.notation)
        return document if same else None

    def _package(self, drop: Claimed, papers: Papers) -> Stored | None:
        """Pack a document once more, should a person send it again; None where that fails."""
        if papers.odd_acts:  # it was signed, and nobody knows any more which files of it
            log.warning("what was signed cannot be read any more", extra={"item": papers.id})
            return None
        try:
            return self.packing.pack_again(drop, papers.document_id, papers.acts)
        except Permanent as error:
            log.warning("a drop cannot be packed any more", extra=_seen(papers, error))
            return None


def _decided(fate: Fate, item: ItemId, codes: list[AgencyCode]) -> Fate:
    """Return how a receiver stands: what was open when the papers were written is held."""
    if fate.state not in _OPEN:
        return fate
    words = say("the queue was an older state, and this may have been sent since")
    reason = freeze(held_reason(words, codes, item))
    return replace(fate, state=Sending.HELD, reason=reason)


def _seen(papers: Papers, error: EdgeNodeError) -> dict[str, object]:
    return {"item": papers.id, "error": error.message.template}
