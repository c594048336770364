"""
Signs of life of a thread, from deep within a step that takes long.

Whoever watches a thread from outside knows when a step began, and not whether it gets on. What is
a sign of it: a step that became durable (`steps`), the answer of a child (`hired`), a while that
SQLite has worked on one statement. Most threads are watched by nobody; then nothing is done.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

# SQLite's own steps, some hundredths of a second: what a transaction of ours takes has fewer.
_WHILE: Final = 1_000_000

_threads = threading.local()


def beat() -> None:
    """Let whoever watches this thread know that it gets on."""
    felt: Callable[[], None] | None = getattr(_threads, "felt", None)
    if felt is not None:
        felt()


@contextmanager
def felt_by(watching: Callable[[], None]) -> Iterator[None]:
    """Call ``watching`` with every beat of this thread, on it, as long as the block lasts."""
    before = getattr(_threads, "felt", None)
    _threads.felt = watching
    try:
        yield
    finally:
        _threads.felt = before


def beat_while_at_it(connection: sqlite3.Connection) -> None:
    """Let the thread that works on this connection beat within long statements, too."""
    connection.set_progress_handler(beat, _WHILE)
