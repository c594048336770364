"""How far long work has come: a line on the terminal, on stderr, wiped away at the end."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_T = TypeVar("_T")

_WIDTH: Final = 30
_EVERY: Final = 0.1  # seconds; a terminal is slower than the queue
_WIPE: Final = "\r\x1b[K"


def wipe() -> None:
    """Clear the line, before something else is written where it stands."""
    if sys.stderr.isatty():
        sys.stderr.write(_WIPE)
        sys.stderr.flush()


def with_progress(things: Sequence[_T]) -> Iterator[_T]:
    """Yield each, and draw how many are done where a person watches; alone, none needs that."""
    if len(things) < 2 or not sys.stderr.isatty():  # noqa: PLR2004 - several, or one
        yield from things
        return
    drawn = 0.0
    try:
        for done, thing in enumerate(things):
            if time.monotonic() - drawn > _EVERY:
                drawn = time.monotonic()
                _draw(done, len(things))
            yield thing
    finally:
        wipe()


def _draw(done: int, count: int) -> None:
    full = _WIDTH * done // count
    sys.stderr.write(f"{_WIPE}[{'#' * full}{'.' * (_WIDTH - full)}] {done}/{count}")
    sys.stderr.flush()
