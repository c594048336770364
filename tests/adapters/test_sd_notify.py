"""What systemd tells a service of itself (sd_watchdog_enabled(3))."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest

from edge_node.adapters import sd_notify
from edge_node.adapters.sd_notify import watched

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("told", "within"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "1000000"}, SECOND),
        ({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "42"}, SECOND),
        ({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "41"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
    ],
)
def test_a_service_knows_whether_somebody_waits_for_its_word(told, within):
    """The time is in microseconds, and meant for the process it names, if it names one."""
    assert watched(told, process=42) == within


def test_a_service_manager_that_does_not_listen_keeps_nobody(tmp_path, monkeypatch, caplog):
    """Its queue is full: what is said to it is lost, and said to be."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setattr(sd_notify, "_PATIENCE", 0.01)
        while not caplog.messages:
            sd_notify.alive()
    assert caplog.messages == ["the service manager cannot be told"]
