"""How days, moments and several sentences about one thing are written on a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.cli.values import told
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from edge_node.domain.message import Message


def day(moment: datetime | None) -> str:
    """Return the day of a moment; '' where there is none, as the others do."""
    return f"{in_vietnam(moment):%Y-%m-%d}" if moment else ""


def minute(moment: datetime | None) -> str:
    """Return a moment to the minute."""
    return f"{in_vietnam(moment):%Y-%m-%d %H:%M}" if moment else ""


def second(moment: datetime | None) -> str:
    """Return a moment to the second."""
    return f"{in_vietnam(moment):%Y-%m-%d %H:%M:%S}" if moment else ""


def below(title: str, messages: Iterable[Message]) -> Iterator[tuple[str, str]]:
    """Yield what is told under one title, each below the other."""
    for message in messages:
        yield title, told(message)
        title = " "
