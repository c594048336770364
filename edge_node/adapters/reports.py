"""
What reports are counted from: the documents of a period and what was heard of them, one by one.

All of it is read from the record of what happened, up to a moment, so that whoever asks again for
the same moment is told the same. Nothing is held but a page of rows; no page waits for a writer.
"""

from __future__ import annotations

import io
import json
from datetime import date
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment, stamp
from edge_node.domain.errors import PackageUnreadable
from edge_node.domain.receipt import Status
from edge_node.domain.signature import Bears
from edge_node.domain.tally import ACCEPTED, ReceivedDocument, SentDocument, Traits, Word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row

_PAGE: Final = 2000  # documents

# The lower bound is one comparison of rows: each page begins where the last one ended.
_SENT: Final = """
select a.at as first, a.agency as agency, a.item as item, documents.created as created,
       documents.promulgated as promulgated, documents.kind as kind, documents.type as type,
       particulars.item is not null as known, particulars.urgency as urgency,
       particulars.paper as paper, particulars.signed as signed, particulars.due as due,
       (select json_group_array(json_array(agency, status, at, said,
                                           case status when '02' then note else '' end))
          from events
         where item = a.item and agency <> '' and at <= :as_of
           and (event in ('accepted', 'delivered')
                or event = 'status' and status in ('01', '02', '03', '06'))) as words
  from events as a
       cross join documents on documents.id = a.item
       left join particulars on particulars.item = a.item
 where a.event in ('accepted', 'delivered') and a.agency <> ''
   and (a.at, a.agency, a.item) > (:first, :agency, :item) and a.at < :end
   and not exists (select 1 from events as b
                    where b.item = a.item and b.event in ('accepted', 'delivered')
                      and b.agency <> '' and (b.at, b.id) < (a.at, a.id))
 order by a.at, a.agency, a.item
 limit :limit
"""
_NOT_SENT: Final = """
select count(*) as n from documents
 where created >= :start and created < :end and kind <> 'recall'
   and not exists (select 1 from events
                    where item = documents.id and at <= :as_of and agency <> ''
                      and event in ('accepted', 'delivered', 'recalled'))
"""
_RECEIVED: Final = """
select incoming.rowid as place, incoming.id as item, incoming.created as created,
       incoming.sender as sender, incoming.kind as kind, incoming.type as type,
       particulars.item is not null as known, particulars.urgency as urgency,
       particulars.paper as paper, particulars.signed as signed, particulars.due as due,
       (select json_group_array(json_array(event, status, at))
          from events
         where item = incoming.id and at <= :as_of
           and (event in ('delivered', 'returned', 'quarantined', 'repeated', 'recalled')
                or event = 'report accepted' and status in ('01', '02', '03', '06'))
       ) as story
  from incoming left join particulars on particulars.item = incoming.id
 where incoming.message = 'edoc'
   and (incoming.created, incoming.rowid) > (:created, :place) and incoming.created < :end
 order by incoming.created, incoming.rowid
 limit :limit
"""
_REFUSAL: Final = """
select body from envelopes
 where item = :item and message = 'status' and status = '02' order by created limit 1
"""
_SENT_TO: Final = """
select agency, max(item) as item from events
 where event in ('accepted', 'delivered') and agency <> '' and at >= :start and at < :end
 group by agency
"""
_RECEIVED_FROM: Final = """
select sender, max(id) as item from incoming
 where message = 'edoc' and sender <> '' and created >= :start and created < :end
 group by sender
"""
_CALLED: Final = "select name from fates where item = :item and receiver = :code"
_CALLS_ITSELF: Final = "select author as name from particulars where item = :item"
_FIRST: Final = "select at from events where id > 0 order by id limit 1"


class Reports:
    """The documents of a period."""

    def __init__(self, file: QueueFile, *, page: int = _PAGE) -> None:
        """Read the tables in ``file``, so many documents at a time."""
        self._file = file
        self._page = page
        # A document each agency was sent, and one each sent: by these its name is found.
        self._sent_to: dict[str, str] = {}
        self._sent_by: dict[str, str] = {}

    def sent(self, start: datetime, end: datetime, *, as_of: datetime) -> Iterator[SentDocument]:
        """Yield the documents the axis first took between two moments, in that order."""
        until = _until(end, as_of)
        place: Mapping[str, object] = {"first": stamp(start), "agency": "", "item": ""}
        bounds = {"end": until, "as_of": stamp(as_of), "limit": self._page}
        while rows := self._file.rows(_SENT, {**bounds, **place}):
            for row in rows:
                words = _words(row)
                self._sent_to.update((word.agency, row["item"]) for word in words)
                yield SentDocument(
                    at=moment(row["first"]),
                    handed_over=moment(row["created"]),
                    promulgated=_day(row["promulgated"]),
                    traits=_traits(row),
                    words=words,
                )
            place = {name: rows[-1][name] for name in place}

    def not_sent(self, start: datetime, end: datetime, *, as_of: datetime) -> int:
        """Return how many were handed over between two moments, and the axis has not taken."""
        values = {"start": stamp(start), "end": _until(end, as_of), "as_of": stamp(as_of)}
        row = self._file.row(_NOT_SENT, values)
        return row["n"] if row else 0

    def received(
        self, start: datetime, end: datetime, *, as_of: datetime
    ) -> Iterator[ReceivedDocument]:
        """Yield the documents that arrived between two moments, in that order."""
        place: Mapping[str, object] = {"created": stamp(start), "place": -1}
        bounds = {"end": _until(end, as_of), "as_of": stamp(as_of), "limit": self._page}
        while rows := self._file.rows(_RECEIVED, {**bounds, **place}):
            for row in rows:
                self._sent_by[row["sender"]] = row["item"]
                yield self._received_one(row)
            place = {name: rows[-1][name] for name in place}

    def partners(self, start: datetime, end: datetime) -> set[str]:
        """Return the codes of the agencies documents were exchanged with between two moments."""
        values = {"start": stamp(start), "end": stamp(end)}
        to = {row["agency"]: row["item"] for row in self._file.rows(_SENT_TO, values)}
        by = {row["sender"]: row["item"] for row in self._file.rows(_RECEIVED_FROM, values)}
        self._sent_to = to | self._sent_to
        self._sent_by = by | self._sent_by
        return to.keys() | by.keys()

    def name(self, code: str) -> str:
        """Return what a document calls an agency, by its own word first; '' where none does."""
        asked = ((self._sent_by, _CALLS_ITSELF), (self._sent_to, _CALLED))
        for items, sql in asked:
            if code in items:
                row = self._file.row(sql, {"item": items[code], "code": code})
                if row is not None and row["name"]:
                    return str(row["name"])
        return ""

    def begins(self) -> datetime | None:
        """Return when the record begins; None where nothing has happened yet."""
        row = self._file.row(_FIRST)
        return moment(row["at"]) if row else None

    def _received_one(self, row: Row) -> ReceivedDocument:
        story = json.loads(row["story"])
        ends = [event for event, status, _ in story if not status]
        ours = [(status, at) for _, status, at in story if status]
        return ReceivedDocument(
            at=moment(row["created"]),
            sender=row["sender"],
            ended=_DELIVERED if _DELIVERED in ends else (ends or [""])[-1],
            traits=_traits(row),
            words=tuple(
                Word("", status, moment(at), note=self._refusal(row["item"], status))
                for status, at in ours
            ),
        )

    def _refusal(self, item: str, status: str) -> str:
        """Return the words a document was refused with; '' for another status, or none."""
        if status != Status.REFUSED:
            return ""
        from edge_node.protocol import edxml  # noqa: PLC0415 - only where one was refused

        row = self._file.row(_REFUSAL, {"item": item})
        body = io.BytesIO(row["body"] or b"" if row else b"")
        try:
            package = edxml.read_header(body, limits=edxml.Limits())
        except PackageUnreadable:  # its bytes are gone
            return ""
        return package.message.note if isinstance(package, edxml.StatusPackage) else ""


_DELIVERED: Final = "delivered"


def _words(row: Row) -> tuple[Word, ...]:
    return tuple(
        Word(agency, status or ACCEPTED, moment(at), None if said is None else moment(said), note)
        for agency, status, at, said, note in json.loads(row["words"])
    )


def _traits(row: Row) -> Traits:
    if not row["known"]:
        return Traits(kind=row["kind"], type=row["type"])
    return Traits(
        kind=row["kind"],
        type=row["type"],
        urgency=row["urgency"],
        paper=bool(row["paper"]),
        signed=Bears(row["signed"]),
        due=_day(row["due"]),
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _until(end: datetime, as_of: datetime) -> int:
    """Return the first stamp that does not count: of the end, or after what is known."""
    return min(stamp(end), stamp(as_of) + 1)
