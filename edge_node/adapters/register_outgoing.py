"""
A day of the register of outgoing documents, read from the queue.

A line is a document, not a drop: what was dropped again, for receivers the first drop did not
reach, goes by the same number, date and DocumentId and is told in one line; so does what never
left, once another of its number did. A request to have a document back, or to change one, has no
line of its own: the document it is about tells of it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment
from edge_node.adapters.register_day import by_item, code_of
from edge_node.domain.change import ChangeState
from edge_node.domain.collation import collation_key
from edge_node.domain.document import BusinessKind
from edge_node.domain.lifecycle import Sending
from edge_node.domain.receipt import MEANINGS, Status, reason_in
from edge_node.domain.register import (
    OutgoingRow,
    dated,
    day_of,
    day_text,
    joined,
    matter_of,
    read_day,
    split_places,
    tidy,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date

    from edge_node.adapters.database import QueueFile, Row

NEXT_DAY: Final = """
select min(promulgated) as day from documents
 where promulgated >= :first and promulgated <= :last
"""
COUNT: Final = """
select count(*) as n from documents where promulgated >= :first and promulgated <= :last
"""
_DOCUMENTS: Final = """
select documents.*, particulars.signer as signer, particulars.places as places,
       particulars.copies as copies, particulars.paper as paper
  from documents left join particulars on particulars.item = documents.id
 where documents.promulgated = :day and documents.kind <> 'recall'
   and not (documents.kind = 'update'
            and exists (select 1 from links where links.item = documents.id
                           and links.kind = 'update' and links.older is not null))
"""
_FATES: Final = """
select fates.* from documents join fates on fates.item = documents.id
 where documents.promulgated = :day
"""
_EVENTS: Final = """
select events.item, events.event, events.agency, events.status, events.note, events.at
  from documents join events on events.item = documents.id
 where documents.promulgated = :day
   and (events.event in ('accepted', 'delivered')
        or events.event = 'status' and events.status in ('01', '02', '03'))
"""
_CHANGES: Final = """
select changes.* from documents join changes on changes.item = documents.id
 where documents.promulgated = :day and changes.asked_by_us = 1
"""
_REPLACED: Final = """
select links.older as item, newer.number, newer.notation, newer.promulgated
  from documents join links on links.older = documents.id
                 join documents as newer on newer.id = links.item
 where documents.promulgated = :day and links.kind = 'replace'
"""
_REPLACES: Final = """
select links.item as item, coalesce(older.number, '') as number,
       coalesce(older.notation, links.code) as notation,
       coalesce(older.promulgated, '') as promulgated
  from documents join links on links.item = documents.id
                 left join documents as older on older.id = links.older
 where documents.promulgated = :day and links.kind = 'replace'
"""
_TWINS: Final = """
select documents.id as item, twin.promulgated as promulgated
  from documents join documents as twin
    on twin.number = documents.number and twin.notation = documents.notation
   and twin.sender = documents.sender and twin.kind not in ('recall', 'update')
   and twin.promulgated >= substr(documents.promulgated, 1, 4) || '-01-01'
   and twin.promulgated <= substr(documents.promulgated, 1, 4) || '-12-31'
 where documents.promulgated = :day
   and (twin.promulgated <> documents.promulgated or twin.document_id <> documents.document_id)
   and exists (select 1 from fates
                where fates.item = twin.id and fates.state not in ('refused', 'dead'))
"""
_STATEMENTS: Final = (_FATES, _EVENTS, _CHANGES, _REPLACED, _REPLACES, _TWINS)
_NEVER_LEFT: Final = frozenset({Sending.REFUSED, Sending.DEAD})
_ON_ITS_WAY: Final = frozenset({Sending.ACCEPTED, Sending.DELIVERED})
_CHANGE_WORDS: Final = {
    BusinessKind.RECALL: "Lấy lại",
    BusinessKind.UPDATE: "Cập nhật",
    BusinessKind.REPLACE: "Thay thế",
}
_ANSWERS: Final = {
    ChangeState.ASKED: "chưa trả lời",
    ChangeState.AGREEING: "đồng ý",
    ChangeState.AGREED: "đồng ý",
    ChangeState.REFUSED: "không đồng ý",
    ChangeState.STOPPED: "đã dừng gửi",
}
_NOT_SENT: Final = {
    Sending.REFUSED: "trục không nhận",
    Sending.DEAD: "không gửi được",
    Sending.HELD: "chưa rõ đã gửi, chờ quyết định",
}


@dataclass(slots=True)
class _Line:
    """A document, and all that is known of it, as it is gathered."""

    newest: Row
    fates: dict[str, Row] = field(default_factory=dict)
    events: list[Row] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)
    replaced: list[Row] = field(default_factory=list)
    replaces: list[Row] = field(default_factory=list)
    twins: list[Row] = field(default_factory=list)

    @property
    def number(self) -> tuple[str, str, str]:
        """What it goes by in its day."""
        return self.newest["sender"], self.newest["number"], self.newest["notation"]

    @property
    def never_left(self) -> bool:
        """No receiver has it, nor will have it."""
        return all(fate["state"] in _NEVER_LEFT for fate in self.fates.values())


def rows_of(file: QueueFile, day: str, name_of: Callable[[str], str]) -> list[OutgoingRow]:
    """Return the documents of one day (as the tables write it), in the order of their numbers."""
    lines = sorted(_as_one(_gathered(file, day)), key=lambda line: _place(line.newest))
    return [_row(line, name_of) for line in lines]


def _place(document: Row) -> tuple[object, ...]:
    number, notation = collation_key(document["number"]), collation_key(document["notation"])
    return (number, notation, document["id"])


def _gathered(file: QueueFile, day: str) -> Iterator[_Line]:
    documents = file.rows(_DOCUMENTS, {"day": day})
    documents.sort(key=lambda row: (row["created"], row["id"]))
    lines: dict[tuple[str, ...], _Line] = {}
    for row in documents:
        name = (row["sender"], row["document_id"], row["number"], row["notation"])
        lines.setdefault(name, _Line(row)).newest = row
    known = by_item(file, _STATEMENTS, day)
    for row in documents:
        line = lines[row["sender"], row["document_id"], row["number"], row["notation"]]
        fates, line_events, asked, replaced, replaces, twins = known[row["id"]]
        line.fates |= {fate["receiver"]: fate for fate in fates}
        line.events += line_events
        line.changes += asked
        line.replaced += replaced
        line.replaces += replaces
        line.twins += twins
    yield from lines.values()


def _as_one(lines: Iterable[_Line]) -> Iterator[_Line]:
    """Yield the lines, without those that never left and whose number another went by."""
    by_number: defaultdict[tuple[str, str, str], list[_Line]] = defaultdict(list)
    for line in lines:
        by_number[line.number].append(line)
    for alike in by_number.values():
        left = [line for line in alike if not line.never_left]
        yield from left or alike[-1:]


def _row(line: _Line, name_of: Callable[[str], str]) -> OutgoingRow:
    document = line.newest
    named = {code: tidy(fate["name"]) or name_of(code) for code, fate in line.fates.items()}
    names = dict(sorted(named.items(), key=lambda each: collation_key(each[1])))
    others, kept = split_places(json.loads(document["places"] or "[]"))
    return OutgoingRow(
        code=tidy(code_of(document)),
        promulgated=read_day(document["promulgated"]),
        matter=matter_of(document["type"], document["subject"]),
        signer=tidy(document["signer"] or ""),
        receivers=joined([*names.values(), *others]),
        kept_by=kept,
        copies=document["copies"],
        sent=_sent(line),
        received=_received(line),
        notes=joined(_notes(line, names)),
    )


def _sent(line: _Line) -> date | None:
    """Return the day the axis first took it."""
    taken = [row["at"] for row in line.events if row["event"] != "status"]
    taken = taken or [
        row["at"] for row in line.fates.values() if row["state"] in _ON_ITS_WAY
    ]  # of what was rebuilt from its waybills nobody knows the events
    return day_of(moment(min(taken))) if taken else None


def _received(line: _Line) -> str:
    """
    Return what the receivers said of having it, which is their signature where nobody carries it.

    Of several receivers, how many said so, and when the last of them did.
    """
    said: dict[str, tuple[str, int]] = {}
    for row in line.events:
        word = row["event"] == "status" and row["status"] != Status.REFUSED
        if word and row["agency"] in line.fates:
            status, _ = said.get(row["agency"], ("", 0))
            if row["status"] > status:
                said[row["agency"]] = (row["status"], row["at"])
    for code, fate in line.fates.items():
        if fate["status"] in MEANINGS and fate["status"] != Status.REFUSED:
            said.setdefault(code, (Status.ARRIVED, fate["status_at"]))
    if not said:
        return ""
    last = day_text(day_of(moment(max(at for _, at in said.values()))))
    if len(line.fates) == 1:
        furthest = max(status for status, _ in said.values())
        return f"{MEANINGS[furthest]} {last}"
    return f"{MEANINGS[Status.ARRIVED]} {len(said)}/{len(line.fates)} nơi, {last}"


def _notes(line: _Line, names: dict[str, str]) -> Iterator[str]:
    for kind, word in _CHANGE_WORDS.items():
        yield from _asked(word, [row for row in line.changes if row["kind"] == kind], names)
    for row in line.replaced:
        yield f"Được thay thế bằng văn bản {dated(code_of(row), row['promulgated'])}"
    for row in line.replaces:
        yield f"Thay thế văn bản {dated(code_of(row), row['promulgated'])}"
    yield from _refused(line, names)
    for state, words in _NOT_SENT.items():
        there = [names[code] for code, fate in line.fates.items() if fate["state"] == state]
        if there:
            whom = "" if len(names) == 1 else f" ({', '.join(there)})"
            yield f"{words[0].upper()}{words[1:]}{whom}"
    for row in line.twins:
        yield dated("Trùng số, ký hiệu với văn bản", row["promulgated"])
    if line.newest["paper"]:
        yield "Có gửi bản giấy"


def _asked(word: str, asked: list[Row], names: dict[str, str]) -> Iterator[str]:
    """Yield what was asked of the receivers, why, and what they answered."""
    if not asked:
        return
    reason = joined(row["reason"] for row in asked)
    yield f"{word}: {reason}" if reason else word
    for row in asked:
        whom = names.get(row["agency"], row["agency"])
        yield f"{whom}: {_ANSWERS.get(row['state'], row['state'])}"


def _refused(line: _Line, names: dict[str, str]) -> Iterator[str]:
    """Yield who sent it back, and why."""
    words = {
        row["agency"]: reason_in(row["note"])[1]
        for row in line.events
        if row["status"] == Status.REFUSED
    }
    for code, fate in line.fates.items():
        if fate["status"] == Status.REFUSED:
            why = tidy(words.get(code, ""))
            yield f"{names[code]} từ chối tiếp nhận: {why}".removesuffix(": ")
