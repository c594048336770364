"""
What is asked of the daemon, by signals and by other threads, and the wait for it.

A signal that comes just before the wait begins must end it all the same. The handler written in
Python runs between two steps of the interpreter and so, then, only after the wait: what wakes is
a byte in a pipe, which the interpreter's own handler writes at once (`signal.set_wakeup_fd`).
"""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from enum import Enum, auto
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

_A_LOT: Final = 4096


class Order(Enum):
    """What a signal asks of the daemon."""

    END = auto()
    RELOAD = auto()


_SIGNALS: Final[Mapping[int, Order]] = {
    signal.SIGTERM: Order.END,
    signal.SIGINT: Order.END,
    signal.SIGHUP: Order.RELOAD,
}


class Orders:
    """Orders in the order they came; given from whatever thread, waited for in one."""

    def __init__(self) -> None:
        """Begin without any."""
        # The one queue of the standard library that a signal handler may put into at any moment.
        self._given: SimpleQueue[Order] = SimpleQueue()
        self._wakes, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def heed_signals(self) -> None:
        """Take SIGTERM, SIGINT and SIGHUP for orders from now on; in the main thread only."""
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, lambda number, _frame: self.give(_SIGNALS[number]))

    def give(self, order: Order) -> None:
        """Ask for something, from whatever thread or signal handler."""
        self._given.put(order)
        with suppress(BlockingIOError):  # full of bytes nobody has read yet: that wakes as well
            os.write(self._wake, b"!")

    def wait(self, within: timedelta) -> list[Order]:
        """Return all that was asked for, as soon as anything was; nothing after ``within``."""
        select.select([self._wakes], [], [], within.total_seconds())
        with suppress(BlockingIOError):
            os.read(self._wakes, _A_LOT)
        orders = []
        with suppress(Empty):
            while True:
                orders.append(self._given.get_nowait())
        return orders
