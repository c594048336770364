"""How the registers gather what is known of the documents of a day."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_node.adapters.database import QueueFile, Row


def by_item(
    file: QueueFile, statements: Sequence[str], day: str
) -> defaultdict[str, tuple[list[Row], ...]]:
    """Return, for each document of the day, what each of the statements has of it, in order."""
    found: defaultdict[str, tuple[list[Row], ...]] = defaultdict(
        lambda: tuple([] for _ in statements)
    )
    for place, statement in enumerate(statements):
        for row in file.rows(statement, {"day": day}):
            found[row["item"]][place].append(row)
    return found


def code_of(row: Row) -> str:
    """Return number and notation in one."""
    return "/".join(filter(None, (row["number"], row["notation"])))
