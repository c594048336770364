r"""
The journal as a file of JSON lines that is verified without this program, whole or as an excerpt.

    {"format":"edge-node journal","version":1,"kind":…,"agency":…,"item":…,"made":…,"after":…,"chain":…}
    {"id":…,"item":…,"at":…,"event":…,"agency":…,"status":…,"note":…,"said":…,"actor":…,"why":…,"chain":…}
    {"id":…,"leaf":…}                                     an event of something else, in an excerpt
    {"head":…,"chain":…,"day":…,"at":…,"how":…,"token":…} right behind the event it stands at
    {"after":…,"chain":…}                                 in an excerpt: here it goes on elsewhere
    {"count":…,"head":…,"chain":…,"heads":…,"sha256":…}   the end; the hash is of all lines above

Every line is what `json.dumps` makes of its values without a space, in UTF-8, ended by `\n`; hashes
are hexadecimal, tokens base64. An excerpt goes, for each event of its item, from the last head
before to the first that covers it, and has of events between their leaves only, but for those
that say that an older state was put back.
"""  # noqa: E501 - a line of the form is a line here

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from edge_node.adapters.journal import BEGINNING, Link
from edge_node.domain.journal import RESTORED
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from typing import BinaryIO

    from edge_node.adapters.journal import Journal, Line
    from edge_node.domain.journal import Head

FORMAT: Final = "edge-node journal"
VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of the journal: behind which event it begins, and the last one of it."""

    after: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What came to stand in a file."""

    count: int  # events, told or as a leaf
    head: Link
    heads: int
    uncovered: int  # events behind the last head: nobody outside vouches for them yet


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFile:
    """Writes the journal of one agency."""

    journal: Journal
    agency: str
    made: datetime

    def export(
        self,
        out: BinaryIO,
        *,
        after: int = 0,
        last: int | None = None,
        tell: Callable[[int], None] = lambda _: None,
    ) -> Written:
        """Write every event behind ``after`` up to ``last``; ``out`` stays open."""
        end = self.journal.link().id if last is None else last
        return self._write(out, [Span(after=after, last=max(after, end))], tell=tell)

    def excerpt(self, out: BinaryIO, item: str) -> Written:
        """Write the events of one item, and what proves that they stood where they stand."""
        return self._write(out, self.spans(item), item=item)

    def spans(self, item: str) -> list[Span]:
        """Return the stretches that prove the events of an item, from head to head."""
        spans: list[Span] = []
        heads, end = self.journal.heads, self.journal.link().id
        for event in self.journal.of(item):
            if spans and event <= spans[-1].last:
                continue
            before, cover = heads.below(event), heads.at_least(event)
            after, last = before.event if before else 0, cover.event if cover else end
            if spans and after == spans[-1].last:
                after = spans.pop().after
            spans.append(Span(after=after, last=last))
        return spans or [Span(after=0, last=0)]

    def _write(
        self,
        out: BinaryIO,
        spans: list[Span],
        *,
        item: str | None = None,
        tell: Callable[[int], None] = lambda _: None,
    ) -> Written:
        sheet = _Sheet(out)
        place = self._link(spans[0].after)
        sheet.put(
            {
                "format": FORMAT,
                "version": VERSION,
                "kind": "export" if item is None else "excerpt",
                "agency": self.agency,
                "item": item or "",
                "made": iso(self.made),
                "after": place.id,
                "chain": place.chain.hex(),
            }
        )
        covered = 0
        for span in spans:
            if span.after != place.id:
                place = self._link(span.after)
                sheet.put({"after": place.id, "chain": place.chain.hex()})
            heads = _Heads(self.journal.heads.all(since=span.after), last=place.id)
            heads.put_at(place.id, sheet)
            for line in self.journal.lines(after=span.after, last=span.last):
                sheet.put(_told(line) if _is_told(line, item) else _leaf(line))
                sheet.count += 1
                if sheet.count % _TELL_EVERY == 0:
                    tell(sheet.count)
                place = Link(line.entry.id, line.chain)
                if heads.put_at(place.id, sheet):
                    covered = sheet.count
        return self._close(sheet, place, covered)

    def _close(self, sheet: _Sheet, place: Link, covered: int) -> Written:
        sheet.put(
            {
                "count": sheet.count,
                "head": place.id,
                "chain": place.chain.hex(),
                "heads": sheet.heads,
                "sha256": sheet.sum.hexdigest(),
            }
        )
        return Written(
            count=sheet.count, head=place, heads=sheet.heads, uncovered=sheet.count - covered
        )

    def _link(self, event: int) -> Link:
        return self.journal.link(event) if event else BEGINNING


_TELL_EVERY: Final = 2000


class _Sheet:
    """Lines on their way into a file, counted and hashed."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.sum = sha256()
        self.count = 0
        self.heads = 0

    def put(self, values: dict[str, object]) -> None:
        line = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self.sum.update(line)
        self._out.write(line)


class _Heads:
    """The heads of a stretch, each put behind its event."""

    def __init__(self, heads: Iterator[Head], *, last: int) -> None:
        self._heads = heads
        self._next = next(heads, None)
        while self._next is not None and self._next.event < last:
            self._next = next(heads, None)

    def put_at(self, event: int, sheet: _Sheet) -> bool:
        head = self._next
        if head is None or head.event > event:
            return False
        sheet.put(_head(head))
        sheet.heads += 1
        self._next = next(self._heads, None)
        return True


def _is_told(line: Line, item: str | None) -> bool:
    """Tell whether an event is told whole: what a restore explains must not stand as a leaf."""
    return item in {None, line.entry.item} or line.entry.event == RESTORED


def _told(line: Line) -> dict[str, object]:
    return {**line.entry.values, "chain": line.chain.hex()}


def _leaf(line: Line) -> dict[str, object]:
    return {"id": line.entry.id, "leaf": line.entry.leaf.hex()}


def _head(head: Head) -> dict[str, object]:
    return {
        "head": head.event,
        "chain": head.chain.hex(),
        "day": head.day.isoformat(),
        "at": iso(head.at),
        "how": head.how,
        "token": None if head.token is None else b64encode(head.token).decode(),
    }
