"""Registers and reports, made when they are asked for, and given as files."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import quote

from starlette.responses import StreamingResponse

from edge_node.adapters.registers import Registers
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say
from edge_node.domain.period import month_before, period_of
from edge_node.domain.register import Days, Register, Volume
from edge_node.domain.report_parts import ReportFormat
from edge_node.domain.time import in_vietnam
from edge_node.node.reporting import Reporting
from edge_node.web.replies import page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from starlette.responses import Response

    from edge_node.domain.register import Row
    from edge_node.web.asked import Asked
    from edge_node.web.desk import Desk

_CHUNK: Final = 1 << 16
_KINDS: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
}
REGISTER_FORMS: Final = ("xlsx", "pdf", "csv", "html")


def show(desk: Desk, asked: Asked) -> Response:
    """Show what can be made, the last month filled in."""
    month = month_before(asked.now)
    return page(
        desk,
        asked,
        "papers.html",
        registers=tuple(map(str, Register)),
        forms=REGISTER_FORMS,
        report_forms=tuple(map(str, ReportFormat)),
        first=month.first.isoformat(),
        last=in_vietnam(asked.now).date().isoformat(),
        period=str(month),
    )


def register(desk: Desk, asked: Asked) -> Response:
    """Give a register of some days."""
    form = asked.word("form") or REGISTER_FORMS[0]
    if form not in REGISTER_FORMS or asked.word("which") not in tuple(Register):
        raise _no_such_form()
    days = Days(first=_day(asked, "first"), last=_day(asked, "last"))
    agency = desk.config.agency
    which = Register(asked.word("which"))
    volume = Volume(agency=agency.name or agency.code, register=which, days=days)
    registers = Registers(desk.node.queue.file, _names(desk))
    with _sheet() as (file, room):
        if form == "pdf":
            _demand_short(registers, volume)
        rows = registers.rows(volume.register, volume.days, now=asked.now)
        _write(form, volume, rows, file, room)
        return _given(file, f"{volume.stem}.{form}", form)


def report(desk: Desk, asked: Asked) -> Response:
    """Give the report of a month, a quarter or a year."""
    if asked.word("form") not in tuple(ReportFormat):
        raise _no_such_form()
    period, form = period_of(asked.word("period")), ReportFormat(asked.word("form"))
    reporting = Reporting(desk.node)
    with _sheet() as (file, _):
        figures = reporting.figures(period, as_of=asked.now)
        reporting.write(figures, form, file, language=asked.language)
        return _given(file, reporting.file_name(period, form, asked.language), str(form))


def _write(form: str, volume: Volume, rows: Iterable[Row], out: BinaryIO, room: Path) -> None:
    if form == "csv":
        from edge_node.paper.register_csv import write_csv  # noqa: PLC0415 - one of four

        write_csv(volume, rows, out)
    elif form == "html":
        from edge_node.paper.register_html import write_html  # noqa: PLC0415 - likewise

        write_html(volume, rows, out)
    elif form == "pdf":
        from edge_node.paper.register_pdf import write_pdf  # noqa: PLC0415 - likewise

        write_pdf(volume, rows, out)
    else:
        from edge_node.paper.register_xlsx import write_xlsx  # noqa: PLC0415 - likewise

        write_xlsx(volume, rows, out, room=room)


def _demand_short(registers: Registers, volume: Volume) -> None:
    from edge_node.paper.register_pdf import MOST_ROWS  # noqa: PLC0415 - only here

    count = registers.count(volume.register, volume.days)
    if count > MOST_ROWS:
        raise NotAllowed(
            say("{count} documents are too many for one PDF", count=count),
            hint=say("take fewer days, or another form"),
        )


@contextmanager
def _sheet() -> Iterator[tuple[BinaryIO, Path]]:
    """Give a file to write to, which stays open without a name, and room beside it."""
    with tempfile.TemporaryDirectory(prefix="edge-node-") as folder:
        file = (Path(folder) / "paper").open("w+b")
        try:
            yield file, Path(folder)
        except BaseException:
            file.close()
            raise


def _given(file: BinaryIO, name: str, form: str) -> Response:
    """Return the file as an answer, which closes it."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)

    def chunks() -> Iterator[bytes]:
        with file:
            while chunk := file.read(_CHUNK):
                yield chunk

    return StreamingResponse(
        chunks(),
        media_type=_KINDS[form],
        headers={
            "Content-Length": str(size),
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        },
    )


def _names(desk: Desk) -> Callable[[str], str]:
    @cache
    def name_of(code: str) -> str:
        return desk.called(code) or code

    return name_of


def _day(asked: Asked, name: str) -> date:
    try:
        return date.fromisoformat(asked.word(name))
    except ValueError:
        raise NotAllowed(
            say("not a day: {text!r}", text=asked.word(name)[:40]), hint=say("2026-11-01")
        ) from None


def _no_such_form() -> NotAllowed:
    return NotAllowed(say("there is no such paper"), hint=say("choose one on the page"))
