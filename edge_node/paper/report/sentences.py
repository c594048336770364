"""Parts, tables and charts whose words are told in one language as they are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_node.paper.report.parts import Chart, Part, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edge_node.domain.message import Message
    from edge_node.domain.report_parts import ReportPart
    from edge_node.paper.report.parts import Drawn
    from edge_node.paper.wording import Cell, Wording


@dataclass(frozen=True, slots=True)
class Sentences:
    """Whoever puts something into words of one language."""

    wording: Wording

    def _part(
        self,
        name: ReportPart,
        title: Message,
        *blocks: Table | Chart,
        notes: Iterable[Message] = (),
    ) -> Part:
        """Return a part; a chart that would be an empty frame is left out."""
        told = tuple(self._told(note) for note in notes)
        shown = tuple(each for each in blocks if not (isinstance(each, Chart) and each.is_empty))
        return Part(name=name, title=self._told(title), blocks=shown, notes=told)

    def _table(
        self,
        title: Message,
        head: Iterable[Message],
        rows: Sequence[tuple[Cell, ...]],
        widths: tuple[int, ...],
        *,
        total: bool = False,
    ) -> Table:
        told = tuple(self._told(each) for each in head)
        return Table(
            title=self._told(title), head=told, rows=tuple(rows), widths=widths, total=total
        )

    def _chart(
        self, drawn: Drawn, title: Message, table: Table, *series: int, first: int | None = None
    ) -> Chart:
        return Chart(drawn=drawn, title=self._told(title), table=table, series=series, first=first)

    def _told(self, message: Message) -> str:
        return self.wording.tell(message)

    def _part_of(self, message: Message) -> str:
        """Return the name of a row that is part of what stands above it."""
        return 3 * "\N{NO-BREAK SPACE}" + self._told(message)
