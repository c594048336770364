"""
Reading what may hang, apart from whoever asks: a share that is away lets a `stat` wait for ever.

One thread at most is at it, however often somebody asks and however long it takes.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

_T = TypeVar("_T")


@dataclass(slots=True, kw_only=True)
class Apart(Generic[_T]):
    """Something that is read on a thread of its own, when somebody wants to know it."""

    name: str
    read: Callable[[], _T]
    every: float = 0.0  # seconds for which it is good
    patience: float  # seconds whoever asks waits for it
    came_back: Callable[[], None] = lambda: None  # told when whoever was late has read it
    _lock: threading.Condition = field(default_factory=threading.Condition)
    _reading: bool = False
    _begun: float = 0.0  # when whoever reads began
    _last: _T | None = None
    _at: float | None = None  # when it was read last
    _failed: bool = False  # and that has been said

    def fresh(self) -> _T | None:
        """Return what is so now; None where whoever reads is at it for too long."""
        with self._lock:
            self._begin()
            self._lock.wait_for(lambda: not self._reading, self._left())
            return None if self._reading else self._last

    def known(self) -> _T | None:
        """Return what was so when it was read last; only the first who asks waits for it."""
        with self._lock:
            self._begin()
            if self._last is None:
                self._lock.wait_for(lambda: not self._reading, self.patience)
            return self._last

    def begin(self) -> None:
        """Have it read, and do not wait for that."""
        with self._lock:
            self._begin()

    def settles(self) -> bool:
        """Wait for whoever reads; False where he is at it for too long."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._reading, self._left())

    @property
    def is_late(self) -> bool:
        """Tell whether whoever reads is at it for too long."""
        with self._lock:
            return self._reading and not self._left()

    def _left(self) -> float:
        return max(0.0, self._begun + self.patience - time.monotonic())

    def _begin(self) -> None:
        is_good = self._at is not None and time.monotonic() < self._at + self.every
        if not self._reading and not is_good:
            self._reading, self._begun = True, time.monotonic()
            threading.Thread(target=self._look, name=self.name, daemon=True).start()

    def _look(self) -> None:
        found, failed = None, True
        try:
            found, failed = self.read(), False
        except Exception:
            if not self._failed:
                log.exception("it cannot be looked at", extra={"what": self.name})
        with self._lock:
            was_late = not self._left()
            self._last = found if not failed else self._last
            self._failed = failed
            self._at, self._reading = time.monotonic(), False
            self._lock.notify_all()
        if was_late:
            self.came_back()
