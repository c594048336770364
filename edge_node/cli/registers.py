"""
The command `register`: the office's registers as files to keep, to print or to read on.

What a register says and how it looks is decided elsewhere; here it gets its days, its name and
its place. A file that is there already is not overwritten unasked, and one that could not be
written to its end is not there at all.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import fields
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson
from edge_node.cli.paths import STDOUT, Force, demand_free, demand_text, meant_by
from edge_node.domain.register import Days, Register, Volume

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from edge_node.adapters.registers import Registers
    from edge_node.cli.seat import Seat
    from edge_node.domain.register import Row

_ISO: Final = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)")
_VIETNAMESE: Final = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})")
_TELL_EVERY: Final = 1000


class Format(StrEnum):
    """What a register can be written as."""

    XLSX = "xlsx"
    PDF = "pdf"
    CSV = "csv"
    HTML = "html"


_TEXTS: Final = (Format.CSV, Format.HTML)


def register(app: typer.Typer) -> None:
    """Hang the command of this room into the root command."""
    words = here("Write a register: outgoing, incoming, or follow-up of incoming documents.")
    app.command("register", help=words)(write_register)


def write_register(
    ctx: typer.Context,
    which: Annotated[
        Register,
        typer.Argument(metavar="REGISTER", help=here("outgoing, incoming or follow-up.")),
    ],
    *,
    first: Annotated[
        str,
        typer.Option("--from", metavar="DATE", help=here("First day: 2026-11-01, 01/11/2026.")),
    ],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help=here("Last day."))],
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help=here("xlsx, pdf, csv or html; without it as --output ends, or xlsx."),
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help=here("A file or a folder; - for stdout (csv, html). Without it: this folder."),
        ),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write one register of some days."""
    from edge_node.adapters.registers import Registers  # noqa: PLC0415 - it loads the queue
    from edge_node.paper.register_pdf import MOST_ROWS  # noqa: PLC0415 - only here

    seat: Seat = ctx.obj
    days = Days(first=_day("--from", first), last=_day("--to", last))
    agency = seat.config.agency
    volume = Volume(agency=agency.name or agency.code, register=which, days=days)
    seat.ledger  # noqa: B018 - says so where no node has worked here yet
    registers = Registers(seat.node.queue.file, _names(seat))
    book = Book(registers, now=seat.node.clock(), longest=MOST_ROWS)
    if as_json:
        for row in book.rows(volume):
            typer.echo(json.dumps(_values(row), ensure_ascii=False))
        return
    form = form or meant_by(output, Format) or Format.XLSX
    if output == STDOUT:
        demand_text(form, _TEXTS)
        _write(form, volume, book.rows(volume), sys.stdout.buffer, room=Path())
        return
    for part, path in book.parts(volume, form, output):
        demand_free(path, force=force)
        _write_file(form, part, book, path)


class Book:
    """The rows of a register, and the files they go into."""

    def __init__(self, registers: Registers, *, now: datetime, longest: int) -> None:
        """Read from ``registers``; a PDF of more than the ``longest`` rows is several."""
        self._registers = registers
        self._now = now
        self._longest = longest

    def rows(self, volume: Volume) -> Iterator[Row]:
        """Yield the rows, and tell on a terminal how many there are by now."""
        rows = self._registers.rows(volume.register, volume.days, now=self._now)
        if not sys.stderr.isatty():
            yield from rows
            return
        total = self._registers.count(volume.register, volume.days)
        for number, row in enumerate(rows, start=1):
            if number % _TELL_EVERY == 0:
                sys.stderr.write(f"\r{number}/{total}")
            yield row
        sys.stderr.write("\r\x1b[K")

    def parts(
        self, volume: Volume, form: Format, output: Path | None
    ) -> list[tuple[Volume, Path]]:
        """Return what goes into which file: all into one, but for a PDF nobody could open."""
        if form is not Format.PDF or not self._is_too_long(volume):
            return [(volume, _path(volume, form, output))]
        parts = [part for part in volume.by_month() if self._count(part)]
        typer.echo(here("too long for one PDF: one file for each month"), err=True)
        return [(part, _path(part, form, output, month=part.days.first)) for part in parts]

    def _is_too_long(self, volume: Volume) -> bool:
        return len(volume.days.months()) > 1 and self._count(volume) > self._longest

    def _count(self, volume: Volume) -> int:
        return self._registers.count(volume.register, volume.days)


def _path(volume: Volume, form: Format, output: Path | None, *, month: date | None = None) -> Path:
    """Return where a book goes; of several, each has its month in its name."""
    if output is None or output.is_dir():
        return (output or Path()) / f"{volume.stem}.{form}"
    if month is None:
        return output
    return output.with_name(f"{output.stem}_{month:%Y-%m}{output.suffix}")


def _write_file(form: Format, volume: Volume, book: Book, path: Path) -> None:
    """Write a file that is whole or not there, and say so."""
    from edge_node.adapters.durable import room, writing  # noqa: PLC0415 - only to write

    with writing(path) as file, room(path.parent) as beside:
        count = _write(form, volume, book.rows(volume), file, room=beside)
    typer.echo(here("{path}: {count} documents").format(path=path, count=count))


def _write(form: Format, volume: Volume, rows: Iterable[Row], out: BinaryIO, *, room: Path) -> int:
    if form is Format.CSV:
        from edge_node.paper.register_csv import write_csv  # noqa: PLC0415 - one of four

        return write_csv(volume, rows, out)
    if form is Format.HTML:
        from edge_node.paper.register_html import write_html  # noqa: PLC0415 - likewise

        return write_html(volume, rows, out)
    if form is Format.PDF:
        from edge_node.paper.register_pdf import write_pdf  # noqa: PLC0415 - likewise

        return write_pdf(volume, rows, out)
    from edge_node.paper.register_xlsx import write_xlsx  # noqa: PLC0415 - likewise

    return write_xlsx(volume, rows, out, room=room)


def _names(seat: Seat) -> Callable[[str], str]:
    """Return what names an agency by its code: the directory, where there is one."""
    known = seat.config.folders.directory.exists()

    @cache
    def name_of(code: str) -> str:
        return (seat.node.directory.name(code) if known else "") or code

    return name_of


def _values(row: Row) -> dict[str, object]:
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
    }


def _day(option: str, text: str) -> date:
    """Return the day a person wrote, the year first or last; BadParameter."""
    iso, vietnamese = _ISO.fullmatch(text.strip()), _VIETNAMESE.fullmatch(text.strip())
    written = iso.groups() if iso else vietnamese.groups()[::-1] if vietnamese else ()
    try:
        year, month, day = map(int, written)
        return date(year, month, day)
    except ValueError:
        words = here("not a day: {text!r}; write 2026-11-01 or 01/11/2026")
        raise typer.BadParameter(words.format(text=text[:40]), param_hint=option) from None
