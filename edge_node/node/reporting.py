"""
Reports: counted from the queue, put into words, and written; and which month's is due.

All that is told follows from the configuration, the queue, and the moment the report is as of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.marks import Marks
from edge_node.adapters.reports import Reports
from edge_node.catalogue import Language, tell
from edge_node.domain.message import say
from edge_node.domain.monthly import month_due
from edge_node.domain.names import safe_name
from edge_node.domain.period import period_of
from edge_node.domain.report_parts import ReportFormat
from edge_node.domain.tally import Tally
from edge_node.node.terms import working_days
from edge_node.paper.report.telling import report_of
from edge_node.paper.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from edge_node.adapters.alone import Alone
    from edge_node.domain.figures import Figures
    from edge_node.domain.period import Period
    from edge_node.domain.trial import Ending
    from edge_node.node.parts import Parts

# The word by which the node asks a child of itself for the report of a month.
MONTH: Final = "report-month"
_LAST: Final = "reports.month"  # the mark of the month that was reported last
_WITHIN: Final = timedelta(hours=1)  # a year of a province takes less than a minute
_MODE: Final = 0o640
_FOLDER: Final = 0o2750  # whoever shares the exchange folder may read, and changes nothing


@dataclass(frozen=True, slots=True)
class Reporting:
    """The reports of one node."""

    parts: Parts

    # ── any of them ──────────────────────────────────────────────────────────────────────────

    def figures(self, period: Period, *, as_of: datetime) -> Figures:
        """Count a period, as far as it is known at a moment."""
        reports, config = Reports(self.parts.queue.file), self.parts.config
        calendar = working_days(config)
        tally = Tally(period, as_of=as_of, deadline=calendar.next_morning)
        for sent in reports.sent(period.start, period.end, as_of=as_of):
            tally.add_sent(sent)
        for received in reports.received(period.start, period.end, as_of=as_of):
            tally.add_received(received)
        return tally.told(
            agency=config.agency.code,
            agency_name=config.agency.name,
            not_sent=reports.not_sent(period.start, period.end, as_of=as_of),
            before=reports.partners(period.year_before, period.start),
            connected=self._connected(),
            name=self._names(reports),
        )

    def write(
        self, figures: Figures, form: ReportFormat, out: BinaryIO, *, language: Language | None
    ) -> None:
        """Write a report; in the language of the agency where none is named."""
        if form is ReportFormat.JSON:
            from edge_node.paper.report.values import json_of  # noqa: PLC0415 - one of four

            out.write(json_of(figures))
            return
        section = self.parts.config.reports
        wording = wording_in(language or self.parts.config.language)
        told = partial(report_of, figures, wording, section.sections)
        if form is ReportFormat.HTML:
            from edge_node.paper.report.html import html_of  # noqa: PLC0415 - likewise

            out.write(html_of(told(partners=section.partners)))
        elif form is ReportFormat.PDF:
            from edge_node.paper.report.pdf import write_pdf  # noqa: PLC0415 - likewise

            write_pdf(told(partners=section.partners), out)
        else:
            from edge_node.paper.report.workbook import write_xlsx  # noqa: PLC0415 - likewise

            write_xlsx(told(every_day=True), out, made=figures.as_of)

    def file_name(self, period: Period, form: ReportFormat, language: Language | None) -> str:
        """Return what the file of a report is called."""
        told = tell(say("report-{period}", period=str(period)), language or self._language)
        return f"{safe_name(told)}.{form}"

    @property
    def _language(self) -> Language:
        return self.parts.config.language

    @property
    def _knows_agencies(self) -> bool:
        return self.parts.config.folders.directory.exists()

    def _connected(self) -> int | None:
        """Return how many units the directory has; None where nobody has filled it yet."""
        return (self.parts.directory.count() or None) if self._knows_agencies else None

    def _names(self, reports: Reports) -> Callable[[str], str]:
        directory = self.parts.directory if self._knows_agencies else None

        @cache
        def name_of(code: str) -> str:
            return (directory.name(code) if directory else "") or reports.name(code)

        return name_of

    # ── that of a month ──────────────────────────────────────────────────────────────────────

    def due(self, now: datetime) -> Period | None:
        """Return the month whose report is to be made now; None where none is, or is wanted."""
        config = self.parts.config
        if not config.reports.monthly:
            return None
        last = Marks(self.parts.queue.file).get(_LAST)
        return month_due(
            now,
            last=period_of(last) if last else None,
            begins=Reports(self.parts.queue.file).begins(),
            at=config.reports.at,
            is_working=working_days(config).is_working,
        )

    def make(self, month: Period, child: Alone) -> Ending:
        """Have the report of a month made by a child; it counts as made where that went well."""
        ending = child.work(MONTH, str(month), within=_WITHIN)
        if ending.status == 0 and not ending.stopped:
            Marks(self.parts.queue.file).put(_LAST, str(month))
        return ending

    def write_month(self, month: Period) -> list[Path]:
        """Write the files of a month where people find them; FolderMissing where that is away."""
        folder = self._prepared_folder()
        figures = self.figures(month, as_of=self.parts.clock())
        paths = []
        for form in dict.fromkeys(self.parts.config.reports.formats):
            path = folder / self.file_name(month, form, None)
            with durable.writing(path, mode=_MODE) as out:
                self.write(figures, form, out, language=None)
            paths.append(path)
        return paths

    def _prepared_folder(self) -> Path:
        """Return the folder of reports, made where it is missing, without what was cut off."""
        config = self.parts.config
        folder = config.reports_folder
        if config.reports.folder is None:
            self.parts.check()  # no folder is made where no share is mounted
        with durable.disk_errors(folder):
            if not folder.is_dir():
                folder.mkdir()
                folder.chmod(_FOLDER)  # mkdir would have asked the umask
                durable.sync_folder(folder.parent)
            durable.sweep(folder)
        return folder


def wording_in(language: Language) -> Wording:
    """Return a language's way with figures."""
    told = partial(tell, language=language)
    if language is Language.VI:
        return Wording(tell=told, language="vi", group=".", decimal=",")
    return Wording(tell=told, language="en", group=",", decimal=".")
