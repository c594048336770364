"""
Tells people by the library Apprise: e-mail, webhooks, Telegram and what else it knows.

Imported by whoever sends, a child that ends, and by nobody else: it takes half a second and tens
of megabytes. What the library says of a failure is shown without anything that stands in the URL.
"""

from __future__ import annotations

import logging
import re
import signal
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import apprise

from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from edge_node.adapters.addresses_file import Address
    from edge_node.domain.alarms import Letter
    from edge_node.domain.message import Message

_SHORTEST: Final = 3  # letters of a part of a URL that is worth hiding
_LONGEST: Final = 200  # letters of a reason
_TYPES: Final = {
    "urgent": apprise.NotifyType.FAILURE,
    "warning": apprise.NotifyType.WARNING,
    "over": apprise.NotifyType.SUCCESS,
}


def tell(address: Address, letter: Letter, *, timeout: timedelta) -> Message | None:
    """Tell somebody; return what kept it from being told, None where the other side took it."""
    with _listening() as said, _as_it_is_written():
        service = apprise.Apprise.instantiate(address.url, suppress_exceptions=True)
        if not isinstance(service, apprise.NotifyBase):
            return say("its URL is none that Apprise knows")
        service.socket_connect_timeout = service.socket_read_timeout = timeout.total_seconds()
        try:
            with _no_longer_than(timeout):
                taken = service.notify(
                    title=letter.title,
                    body=letter.body,
                    notify_type=_TYPES.get(letter.kind, apprise.NotifyType.INFO),
                    body_format=apprise.NotifyFormat.TEXT,
                )
        except _TookTooLong:
            return say("no answer within {seconds} s", seconds=round(timeout.total_seconds()))
        except Exception as error:  # noqa: BLE001 - a plug-in's mistake is its own, and may show the URL
            return say("not taken: {reason}", reason=type(error).__name__)
    if taken:
        return None
    reason = _hidden(" ".join(said), address.url)[:_LONGEST]
    return say("not taken: {reason}", reason=reason) if reason else say("not taken")


class _Said(logging.Handler):
    """Keeps what the library warns of; below that it shows URLs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Take what the library logs in the block, and let nothing of it through to the log."""
    log, said = logging.getLogger("apprise"), _Said()
    before = log.propagate, log.level, log.handlers[:]
    log.propagate, log.handlers = False, [said]
    log.setLevel(logging.WARNING)
    try:
        yield said.lines
    finally:
        log.propagate, log.level, log.handlers = before


class _TookTooLong(BaseException):
    """The time is over; a library that catches every exception does not catch this one."""


@contextmanager
def _no_longer_than(time: timedelta) -> Iterator[None]:
    """
    Cut the block off after a while, also where a server drips; on the main thread only.

    The time-outs of sockets begin anew with every byte.
    """

    def cut(_number: int, _frame: object) -> None:
        raise _TookTooLong

    before = signal.signal(signal.SIGALRM, cut)
    signal.setitimer(signal.ITIMER_REAL, time.total_seconds())
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _as_it_is_written() -> Iterator[None]:
    """Let its plug-ins be loaded in peace: some import what Python 3.13 has not any more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _hidden(text: str, url: str) -> str:
    """Return the text without any part of the URL but the kind of service."""
    _, _, rest = url.partition("://")
    parts = {piece for half in (rest, unquote(rest)) for piece in re.split(r"[/:@?&=,;#]", half)}
    for part in sorted(parts | {rest}, key=len, reverse=True):
        if len(part) >= _SHORTEST:
            text = text.replace(part, "…")
    return text
