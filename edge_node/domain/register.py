"""
The registers an office keeps of its documents, each as a table of columns and rows of values.

The columns, their titles and their order are those of Decree 30/2020/NĐ-CP (appendix IV); what a
register says is in Vietnamese whatever language the node speaks. Where the values come from and
how a table looks on paper are the affair of others.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


Cell = str | int | date | None


class Register(StrEnum):
    """The three registers."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"
    FOLLOW_UP = "follow-up"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, its part of the width of a page, and whether it is centred."""

    title: str
    width: int  # millimetres of the 277 that A4 landscape has between its margins
    centred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a register looks: what it is called, what its files are called, its columns."""

    title: str
    stem: str
    columns: tuple[Column, ...]


FORMS: Final[Mapping[Register, Form]] = MappingProxyType(
    {
        Register.OUTGOING: Form(
            title="Sổ đăng ký văn bản đi",
            stem="so-van-ban-di",
            columns=(
                Column("Số, ký hiệu văn bản", 27),
                Column("Ngày tháng văn bản", 19, centred=True),
                Column("Tên loại và trích yếu nội dung văn bản", 60),
                Column("Người ký", 24),
                Column("Nơi nhận văn bản", 46),
                Column("Đơn vị, người nhận bản lưu", 20),
                Column("Số lượng bản", 12, centred=True),
                Column("Ngày chuyển", 19, centred=True),
                Column("Ký nhận", 20),
                Column("Ghi chú", 30),
            ),
        ),
        Register.INCOMING: Form(
            title="Sổ đăng ký văn bản đến",
            stem="so-van-ban-den",
            columns=(
                Column("Ngày đến", 19, centred=True),
                Column("Số đến", 14, centred=True),
                Column("Tác giả", 40),
                Column("Số, ký hiệu văn bản", 27),
                Column("Ngày tháng văn bản", 19, centred=True),
                Column("Tên loại và trích yếu nội dung văn bản", 66),
                Column("Đơn vị hoặc người nhận", 28),
                Column("Ngày chuyển", 19, centred=True),
                Column("Ký nhận", 17),
                Column("Ghi chú", 28),
            ),
        ),
        Register.FOLLOW_UP: Form(
            title="Sổ theo dõi giải quyết văn bản đến",
            stem="so-theo-doi-giai-quyet-van-ban-den",
            columns=(
                Column("Số đến", 16, centred=True),
                Column("Tên loại, số, ký hiệu, ngày tháng và tác giả văn bản", 86),
                Column("Đơn vị hoặc người nhận", 42),
                Column("Thời hạn giải quyết", 22, centred=True),
                Column("Tiến độ giải quyết", 44),
                Column("Số, ký hiệu văn bản trả lời", 33),
                Column("Ghi chú", 34),
            ),
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The days a register is asked for, the last one with them."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse a time that ends before it begins; NotAllowed."""
        if self.last < self.first:
            raise NotAllowed(
                say(
                    "the register would end before it begins: {first} to {last}",
                    first=f"{self.first:%Y-%m-%d}",
                    last=f"{self.last:%Y-%m-%d}",
                ),
                hint=say("--from is the first day, --to the last one"),
            )

    @property
    def told(self) -> str:
        """The words of the form."""
        return f"Từ ngày {day_text(self.first)} đến ngày {day_text(self.last)}"

    @property
    def name(self) -> str:
        """What a file of these days is called, sorted by time where names are."""
        return f"{self.first.isoformat()}_{self.last.isoformat()}"

    def months(self) -> list[Days]:
        """Return the same days month by month."""
        parts, first = [], self.first
        while first <= self.last:
            last = min(_end_of_month(first), self.last)
            parts.append(Days(first=first, last=last))
            if last == date.max:
                break
            first = last + timedelta(days=1)
        return parts


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRow:
    """A document that left, as the register of outgoing documents tells of it."""

    code: str
    promulgated: date | None
    matter: str  # the name of its type, and what it is about
    signer: str
    receivers: str
    kept_by: str
    copies: int | None
    sent: date | None  # the day the axis took it; None while it has not
    received: str  # what the receivers said of having it; '' leaves room for a hand
    notes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingRow:
    """A document that arrived; its number of arrival is the software's, or nobody's."""

    arrived: date
    number: str
    author: str
    code: str
    promulgated: date | None
    matter: str
    unit: str
    passed_on: date | None
    received: str
    notes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpRow:
    """How far the office has come with a document that arrived."""

    number: str
    document: str  # type, number and notation, date, and whose it is
    unit: str
    due: date | None
    progress: str
    answer: str
    notes: str


Row = OutgoingRow | IncomingRow | FollowUpRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One book of a register: whose it is, which register, for which days."""

    agency: str
    register: Register
    days: Days

    @property
    def form(self) -> Form:
        """How this register looks."""
        return FORMS[self.register]

    @property
    def stem(self) -> str:
        """What a file of it is called, without its ending."""
        return f"{self.form.stem}_{self.days.name}"

    def by_month(self) -> list[Volume]:
        """Return the same register as one book a month."""
        return [replace(self, days=days) for days in self.days.months()]


def cells_of(row: Row) -> tuple[Cell, ...]:
    """Return the values of a row in the order of its register's columns."""
    return tuple(getattr(row, field.name) for field in fields(row))


def day_text(day: date) -> str:
    """Return a day as the registers write it: 05/11/2026."""
    return f"{day.day:02}/{day.month:02}/{day.year:04}"


def read_day(written: str) -> date | None:
    """Return the day a table holds as 2026-11-05, or as nothing."""
    return date.fromisoformat(written) if written else None


def day_of(moment: datetime) -> date:
    """Return the day of a moment by Vietnamese clocks."""
    return in_vietnam(moment).date()


def dated(code: str, written: str) -> str:
    """Return a document by its code and its day, as one document speaks of another."""
    day = read_day(written)
    return f"{code} ngày {day_text(day)}" if day else code


def cell_text(cell: Cell) -> str:
    """Return a value as it stands on paper."""
    if cell is None:
        return ""
    return day_text(cell) if isinstance(cell, date) else str(cell)


# ── how what is known is put ──────────────────────────────────────────────────────────────────

_DRAWS_NOTHING: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_ABOUT: Final = re.compile(r"v/v\b|về\b", re.IGNORECASE)
_EDGES: Final = re.compile(r"^[\s\-\u2013•+*]+|[\s;.,]+$")
_KEPT: Final = re.compile(r"lưu\b(?! trữ)\s*:?\s*", re.IGNORECASE)
_AS_ABOVE: Final = re.compile(r"như (trên|điều|kính gửi)\b.*", re.IGNORECASE)


def tidy(text: str) -> str:
    """Return the text in one line and in NFC, without what draws nothing."""
    if text.isprintable() and unicodedata.is_normalized("NFC", text):
        return " ".join(text.split())
    seen = "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char) not in _DRAWS_NOTHING
    )
    return " ".join(unicodedata.normalize("NFC", seen).split())


def matter_of(kind: str, subject: str) -> str:
    """Return the name of a type and a subject as one sentence, the name said once."""
    kind, subject = tidy(kind), tidy(subject)
    if not kind or subject.casefold().startswith(kind.casefold()):
        return subject
    if not subject:
        return kind
    return f"{kind} {subject}" if _ABOUT.match(subject) else f"{kind}: {subject}"


def split_places(places: Iterable[str]) -> tuple[list[str], str]:
    """
    Return where else a document goes, and who keeps a copy, from its list of receivers' places.

    `Lưu: VT, KTTH.` says who keeps one; `Như trên` are the receivers themselves and is left out.
    """
    others, kept = [], []
    for place in (_EDGES.sub("", tidy(place)) for place in places):
        said = _KEPT.match(place)
        if said:
            kept.append(place[said.end() :])
        elif place and not _AS_ABOVE.fullmatch(place):
            others.append(place)
    return others, "; ".join(filter(None, kept))


def joined(parts: Iterable[str]) -> str:
    """Return what is said one after the other, each once."""
    return "; ".join(dict.fromkeys(part for part in map(tidy, parts) if part))


def _end_of_month(day: date) -> date:
    if day.month == 12:  # noqa: PLR2004 - December
        return day.replace(day=31)
    return day.replace(month=day.month + 1, day=1) - timedelta(days=1)
