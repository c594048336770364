"""
The command `report`: what was sent and received in a month, a quarter or a year.

What a report says and how it looks is decided elsewhere; here it gets its period, its name and
its place. A file that is there already is not overwritten unasked, and one that could not be
written to its end is not there at all.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson
from edge_node.cli.paths import STDOUT, Force, demand_free, demand_text, meant_by
from edge_node.domain.language import Language
from edge_node.domain.period import period_of
from edge_node.domain.report_parts import ReportFormat
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from edge_node.cli.seat import Seat
    from edge_node.domain.period import Period
    from edge_node.node.reporting import Reporting

_TEXTS: Final = (ReportFormat.JSON, ReportFormat.HTML)


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    words = here("Write a report of what was sent and received in a month, a quarter or a year.")
    app.command("report", help=words)(write_report)
    app.command("report-month", hidden=True)(write_month)


def write_report(
    ctx: typer.Context,
    *,
    period: Annotated[
        str,
        typer.Option("--period", "-p", metavar="PERIOD", help=here("2026-11, 2026-Q4 or 2026.")),
    ],
    form: Annotated[
        ReportFormat | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help=here("xlsx, pdf, html or json; without it as --output ends, or xlsx."),
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help=here("A file or a folder; - for stdout (json, html). Without it: this folder."),
        ),
    ] = None,
    language: Annotated[
        Language | None,
        typer.Option(
            "--language",
            metavar="LANGUAGE",
            help=here("vi or en; without it as configured."),
        ),
    ] = None,
    as_of: Annotated[
        str,
        typer.Option(
            "--as-of",
            metavar="MOMENT",
            help=here("As far as it was known then: 2026-12-01T07:00; without it: now."),
        ),
    ] = "",
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write the report of a period."""
    asked, moment = period_of(period), _moment(as_of)
    seat: Seat = ctx.obj
    seat.ledger  # noqa: B018 - says so where no node has worked here yet
    reporting = _reporting(seat)
    if as_json:
        form, output = ReportFormat.JSON, STDOUT
    form = form or meant_by(output, ReportFormat) or ReportFormat.XLSX
    path = _path(reporting, asked, form, output, language)
    if path == STDOUT:
        demand_text(form, _TEXTS)
    else:
        demand_free(path, force=force)
    figures = reporting.figures(asked, as_of=moment or seat.node.clock())
    if path == STDOUT:
        reporting.write(figures, form, sys.stdout.buffer, language=language)
        return
    from edge_node.adapters.durable import writing  # noqa: PLC0415 - only to write

    with writing(path) as file:
        reporting.write(figures, form, file, language=language)
    words = here("{path}: {sent} sent, {received} received")
    totals = {"sent": figures.sent.total, "received": figures.received.total}
    typer.echo(words.format(path=path, **totals))


def write_month(
    ctx: typer.Context, month: Annotated[str, typer.Argument(metavar="MONTH")]
) -> None:
    """Write the report of a month where people find it, on behalf of a node at work."""
    from edge_node.adapters.alone import give_way  # noqa: PLC0415 - only here

    give_way()
    seat: Seat = ctx.obj
    for path in _reporting(seat).write_month(period_of(month)):
        typer.echo(str(path))


def _reporting(seat: Seat) -> Reporting:
    from edge_node.node.reporting import Reporting  # noqa: PLC0415 - it loads the queue

    return Reporting(seat.node)


def _path(
    reporting: Reporting,
    period: Period,
    form: ReportFormat,
    output: Path | None,
    language: Language | None,
) -> Path:
    if output is None or (output != STDOUT and output.is_dir()):
        return (output or Path()) / reporting.file_name(period, form, language)
    return output


def _moment(text: str) -> datetime | None:
    """Return the moment a person wrote, on Vietnamese clocks where it names none; BadParameter."""
    if not text:
        return None
    try:
        return in_vietnam(datetime.fromisoformat(text))
    except ValueError:
        words = here("not a moment: {text!r}; write 2026-12-01T07:00")
        raise typer.BadParameter(words.format(text=text[:40]), param_hint="--as-of") from None
