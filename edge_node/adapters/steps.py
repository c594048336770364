"""
The moments that decide what a crash leaves: what becomes durable, and what is said to the axis.

Every fsync, rename, removal, commit, send and acknowledgement of this package passes one of these
names, just before and just after it happens. In service nobody listens, and all it is then is a
sign of life (`pulse`). The tests listen: they end the process at each of them, in every flow, and
see what is left (`docs/reliability.md`).
"""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

from edge_node.adapters.pulse import beat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Step(StrEnum):
    """What happens at such a moment."""

    SYNC = "sync"  # the bytes of a file become durable
    SYNC_FOLDER = "sync-folder"  # the names in a folder become durable
    RENAME = "rename"  # a file or folder gets its name
    REMOVE = "remove"  # what has been copied elsewhere, or is not wanted any more, goes
    COMMIT = "commit"  # a transaction of the queue ends
    SEND = "send"  # a package is offered to the axis
    ACKNOWLEDGE = "acknowledge"  # the axis is told what became of what it handed us
    WITNESS = "witness"  # it is noted outside the data folder that something is about to be sent


class Phase(StrEnum):
    """On which side of it."""

    BEFORE = "before"
    AFTER = "after"


_listeners: list[Callable[[Step, Phase, object], None]] = []


@contextmanager
def passing(step: Step, what: object = "") -> Iterator[None]:
    """Tell whoever listens that ``step`` is about to happen to ``what``, and that it happened."""
    for listener in _listeners:
        listener(step, Phase.BEFORE, what)
    yield
    for listener in _listeners:
        listener(step, Phase.AFTER, what)
    beat()


@contextmanager
def listening(listener: Callable[[Step, Phase, object], None]) -> Iterator[None]:
    """Have ``listener`` told of every step, on the thread that takes it; it may end us."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
