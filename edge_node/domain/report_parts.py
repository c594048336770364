"""What a report can be asked to have in it, and as what it can be written."""

from __future__ import annotations

from enum import StrEnum


class ReportPart(StrEnum):
    """The parts of a report, in their usual order."""

    SUMMARY = "summary"
    TYPES = "types"
    PARTNERS = "partners"
    DAYS = "days"
    TIMES = "times"
    REFUSALS = "refusals"


class ReportFormat(StrEnum):
    """The kinds of file a report is written as."""

    XLSX = "xlsx"
    PDF = "pdf"
    HTML = "html"
    JSON = "json"
