"""The keys about reports: whether one is made each month, where it lies, and what stands in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from typing import TYPE_CHECKING

from edge_node.config import kinds
from edge_node.config.calendar import clock_time
from edge_node.config.shapes import Many
from edge_node.config.shapes import key as _key
from edge_node.domain.report_parts import ReportFormat, ReportPart

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsSection:
    """Reports of what was sent and received, for those who answer for the office."""

    # Whether the report of a month is made by itself, on the first working day after it.
    monthly: bool = field(default=True, metadata=_key(kinds.truth))
    # The hour of that day.
    at: time = field(default=time(7), metadata=_key(clock_time))
    # Where it lies; None for `reports` within `folders.exchange`.
    folder: Path | None = field(default=None, metadata=_key(kinds.path))
    # The kinds of file it is written as.
    formats: tuple[ReportFormat, ...] = field(
        default=(ReportFormat.XLSX, ReportFormat.PDF),
        metadata=_key(Many(kinds.one_of(ReportFormat))),
    )
    # Which parts a report has, in this order.
    sections: tuple[ReportPart, ...] = field(
        default=tuple(ReportPart), metadata=_key(Many(kinds.one_of(ReportPart)))
    )
    # How many units are named; a workbook names all of them.
    partners: int = field(default=20, metadata=_key(kinds.whole(1, 1000)))
