"""
A day of the registers of incoming documents and of what becomes of them, read from the queue.

The number of arrival is the document software's, told with a status or with `.taken`; where it
has told none the place stays empty. What the axis handed out twice has one line. A request to
have a document back, or to change one, has none: the document it is about tells of it. Nor has
what an older life of the node may have handed over, as long as a person has not released it: the
day it arrived is another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment
from edge_node.adapters.register_day import by_item, code_of
from edge_node.catalogue import Language, tell
from edge_node.domain.change import ChangeState
from edge_node.domain.collation import collation_key
from edge_node.domain.document import BusinessKind
from edge_node.domain.lifecycle import Receiving
from edge_node.domain.message import thaw
from edge_node.domain.receipt import MEANINGS, Status
from edge_node.domain.register import (
    FollowUpRow,
    IncomingRow,
    dated,
    day_of,
    day_text,
    joined,
    matter_of,
    read_day,
    tidy,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_node.adapters.database import QueueFile, Row

NEXT_DAY: Final = """
select min(arrived) as day from incoming
 where message = 'edoc' and arrived >= :first and arrived <= :last
"""
COUNT: Final = """
select count(*) as n from incoming
 where message = 'edoc' and arrived >= :first and arrived <= :last
"""
_DOCUMENTS: Final = """
select incoming.*, particulars.author as author, particulars.due as due,
       particulars.paper as paper
  from incoming left join particulars on particulars.item = incoming.id
 where incoming.message = 'edoc' and incoming.arrived = :day
   and incoming.state not in ('received', 'repeated')
   and (incoming.state <> 'acknowledged' or incoming.folder <> '')
   and not (incoming.state = 'quarantined' and incoming.fingerprint = ''
            and (incoming.code <> '' or incoming.document_id <> '' or incoming.subject <> ''))
   and incoming.kind <> 'recall'
   and not (incoming.kind = 'update'
            and exists (select 1 from links where links.item = incoming.id
                           and links.kind = 'update' and links.older is not null))
"""
_GIVEN: Final = """
select events.item, events.status, events.note, events.at
  from incoming join events on events.item = incoming.id
 where incoming.message = 'edoc' and incoming.arrived = :day
   and events.event = 'given' and events.status in ('02', '04')
"""
_CHANGES: Final = """
select changes.* from incoming join changes on changes.item = incoming.id
 where incoming.message = 'edoc' and incoming.arrived = :day and changes.asked_by_us = 0
"""
_REPLACED: Final = """
select links.older as item, newer.code, newer.promulgated
  from incoming join links on links.older = incoming.id
                join incoming as newer on newer.id = links.item
 where incoming.message = 'edoc' and incoming.arrived = :day and links.kind = 'replace'
"""
_ANSWERED: Final = """
select links.older as item, documents.number, documents.notation, documents.promulgated
  from incoming join links on links.older = incoming.id
                join documents on documents.id = links.item
 where incoming.message = 'edoc' and incoming.arrived = :day and links.kind = 'reply'
"""
_TOMBSTONES: Final = """
select tombstones.item, tombstones.at
  from incoming join tombstones on tombstones.item = incoming.id
 where incoming.message = 'edoc' and incoming.arrived = :day
"""
_TWINS: Final = """
select incoming.id as item, twin.promulgated as promulgated
  from incoming join incoming as twin
    on twin.code = incoming.code and twin.code <> '' and twin.sender = incoming.sender
 where incoming.message = 'edoc' and incoming.arrived = :day and twin.id <> incoming.id
   and twin.message = 'edoc' and twin.state <> 'repeated'
   and twin.kind not in ('recall', 'update') and +twin.fingerprint <> ''
   and substr(twin.promulgated, 1, 4) = substr(incoming.promulgated, 1, 4)
"""
_STATEMENTS: Final = (_GIVEN, _CHANGES, _REPLACED, _ANSWERED, _TOMBSTONES, _TWINS)
_NOT_OURS: Final = frozenset({Receiving.QUARANTINED, Receiving.RETURNED})
_ASKED_WORDS: Final = {
    BusinessKind.RECALL: "Bên gửi lấy lại",
    BusinessKind.UPDATE: "Bên gửi cập nhật",
    BusinessKind.REPLACE: "Bên gửi thay thế",
}


_ANSWERS: Final = {
    ChangeState.ASKED: "chưa trả lời",
    ChangeState.AGREEING: "đã đồng ý",
    ChangeState.AGREED: "đã đồng ý",
    ChangeState.REFUSED: "không đồng ý",
}


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a document beside its row."""

    given: list[Row]
    changes: list[Row]
    replaced: list[Row]
    answers: list[Row]
    tombs: list[Row]
    twins: list[Row]


def incoming_of(file: QueueFile, day: str, name_of: Callable[[str], str]) -> list[IncomingRow]:
    """Return what arrived on one day (as the tables write it), in the order of its numbers."""
    return [_arrival(row, known, name_of) for row, known in _documents(file, day)]


def follow_up_of(
    file: QueueFile, day: str, name_of: Callable[[str], str], *, today: date
) -> list[FollowUpRow]:
    """Return how far the office has come with what arrived on one day and was not sent back."""
    return [
        _following(row, known, name_of, today)
        for row, known in _documents(file, day)
        if row["state"] not in _NOT_OURS and row["status"] != Status.REFUSED
    ]


def _documents(file: QueueFile, day: str) -> list[tuple[Row, _Known]]:
    documents = file.rows(_DOCUMENTS, {"day": day})
    documents.sort(key=_place)
    known = by_item(file, _STATEMENTS, day)
    return [(row, _Known(*known[row["id"]])) for row in documents]


def _place(row: Row) -> tuple[object, ...]:
    number = row["arrival_number"]
    return (not number, collation_key(number), row["created"], row["id"])


def _arrival(row: Row, known: _Known, name_of: Callable[[str], str]) -> IncomingRow:
    return IncomingRow(
        arrived=date.fromisoformat(row["arrived"]),
        number=tidy(row["arrival_number"]),
        author=_author(row, name_of),
        code=tidy(row["code"]),
        promulgated=read_day(row["promulgated"]),
        matter=matter_of(row["type"], row["subject"]),
        unit=tidy(row["arrival_unit"]),
        passed_on=_passed_on(known.given),
        received="",  # whoever takes it over inside the office signs with his hand
        notes=joined(_notes(row, known)),
    )


def _following(row: Row, known: _Known, name_of: Callable[[str], str], today: date) -> FollowUpRow:
    day = read_day(row["promulgated"])
    named = (tidy(row["type"]), tidy(row["code"]), f"ngày {day_text(day)}" if day else "")
    whose = _author(row, name_of)
    due = read_day(row["due"] or "")
    return FollowUpRow(
        number=tidy(row["arrival_number"]),
        document=", ".join(filter(None, (" ".join(filter(None, named)), whose))),
        unit=tidy(row["arrival_unit"]),
        due=due,
        progress=_progress(row, due, today),
        answer=joined(_answer(each) for each in known.answers),
        notes=joined(_notes(row, known)),
    )


def _author(row: Row, name_of: Callable[[str], str]) -> str:
    return tidy(row["author"] or "") or (name_of(row["sender"]) if row["sender"] else "")


def _passed_on(given: list[Row]) -> date | None:
    """Return the day the office said that somebody has it to work on (04)."""
    days = [row["at"] for row in given if row["status"] == Status.ASSIGNED]
    return day_of(moment(min(days))) if days else None


def _progress(row: Row, due: date | None, today: date) -> str:
    """Return the last status in the regulation's words, and whether it is too late."""
    status = row["status"] or (Status.ARRIVED if row["folder"] else "")
    words = MEANINGS.get(status, status)
    since = day_of(moment(row["status_at"])) if row["status"] and row["status_at"] else None
    if since:
        words = f"{words} ngày {day_text(since)}"
    finished = status == Status.FINISHED
    late = ((since if finished and since else today) - due).days if due else 0
    if late <= 0:
        return words
    return joined([words, f"{'trễ hạn' if finished else 'QUÁ HẠN'} {late} ngày"])


def _notes(row: Row, known: _Known) -> Iterator[str]:
    for tomb in known.tombs:
        yield f"Đã lấy lại, nội dung hủy ngày {day_text(day_of(moment(tomb['at'])))}"
    for change in known.changes:
        word = _ASKED_WORDS.get(change["kind"], change["kind"])
        said = _ANSWERS.get(change["state"], change["state"])
        why = f": {tidy(change['reason'])}" if change["reason"] else ""
        yield f"{word}{why} ({said})"
    for newer in known.replaced:
        yield f"Được thay thế bằng văn bản {dated(newer['code'], newer['promulgated'])}"
    yield from _sent_back(row, known.given)
    for twin in known.twins:
        yield dated("Trùng số, ký hiệu với văn bản", twin["promulgated"])
    if row["paper"]:
        yield "Có bản giấy"


def _sent_back(row: Row, given: list[Row]) -> Iterator[str]:
    """Yield that it was returned, or waits for somebody to decide, and why."""
    why = tidy(_words(row["reason"]))
    if row["state"] == Receiving.QUARANTINED:
        yield f"Chờ xem xét: {why}".removesuffix(": ")
        return
    said = [row for row in given if row["status"] == Status.REFUSED]
    if row["state"] != Receiving.RETURNED and row["status"] != Status.REFUSED:
        return
    if said:
        why = tidy(_reason_given(said[-1]["note"])) or why
        why = f"{why} (ngày {day_text(day_of(moment(said[-1]['at'])))})" if why else ""
    yield f"Trả lại: {why}".removesuffix(": ")


def _reason_given(frozen: str) -> str:
    """Return what a clerk wrote beside a status, without who he was."""
    words = thaw(frozen)
    return str(words.values.get("note", "")) if words else ""


def _words(frozen: str) -> str:
    message = thaw(frozen)
    return tell(message, Language.VI) if message else ""


def _answer(row: Row) -> str:
    return dated(code_of(row), row["promulgated"])
