"""
What stands in a report, part by part: tables of values, and charts of what stands in them.

The same parts become a workbook, a PDF and a page; how a table or a chart looks is their affair.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_node.domain.report_parts import ReportPart
    from edge_node.paper.wording import Cell, Wording


class Drawn(StrEnum):
    """How a chart is drawn."""

    COLUMNS = "columns"  # upright, side by side: days
    BARS = "bars"  # lying, one below the other: what has a name
    SHARES = "shares"  # lying, each all of its row: in time or not
    SPANS = "spans"  # from the middle one to the 95th of a hundred


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of values under a head; the first column names the row."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[int, ...]  # of the columns, each beside the others
    total: bool = False  # whether the last row sums up the others


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Some columns of a table, to be looked at."""

    drawn: Drawn
    title: str
    table: Table
    label: int = 0
    series: tuple[int, ...]
    first: int | None = None  # so many rows; None for all but the last where that is a total

    @property
    def rows(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows that are drawn."""
        rows = self.table.rows[: -1 if self.table.total else None]
        return rows if self.first is None else rows[: self.first]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look at: no count but 0, and no duration."""
        return not any(
            isinstance(cell, timedelta) or cell
            for row in self.rows
            for cell in (row[place] for place in self.series)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the report."""

    name: ReportPart
    title: str
    blocks: tuple[Table | Chart, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole report, in words."""

    title: str
    period: str
    agency: str
    code: str
    as_of: str
    parts: tuple[Part, ...]
    wording: Wording
