"""What is asked of the daemon is heard at once, whenever it is asked."""

import os
import signal
import threading
from datetime import timedelta

import pytest

from edge_node.daemon.orders import Order, Orders

LONG = timedelta(seconds=60)
AT_ONCE = timedelta()


@pytest.fixture
def orders():
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    yield Orders()
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)


def test_nothing_asked_nothing_heard(orders):
    """A wait is over after its time."""
    assert orders.wait(AT_ONCE) == []
    assert orders._given.empty()


def test_what_was_asked_before_the_wait_ends_it(orders):
    """All of it is heard, in order, and once."""
    orders.give(Order.RELOAD)
    orders.give(Order.END)
    assert orders.wait(LONG) == [Order.RELOAD, Order.END]
    assert orders.wait(AT_ONCE) == []


def test_another_thread_ends_the_wait(orders):
    """Whoever finds the node broken asks from a thread of its own."""
    threading.Timer(0.01, orders.give, [Order.END]).start()
    assert orders.wait(LONG) == [Order.END]


def test_a_signal_ends_the_wait_whose_handler_has_not_run_yet(orders):
    """The byte that wakes is written before Python's own handler runs: it comes in between."""
    orders.heed_signals()
    hears = signal.set_wakeup_fd(-1)
    assert hears != -1
    os.write(hears, b"\x0f")  # what the interpreter does first where a signal comes
    assert orders.wait(LONG) == []
    signal.set_wakeup_fd(hears)
    os.kill(os.getpid(), signal.SIGTERM)
    assert orders.wait(LONG) == [Order.END]
