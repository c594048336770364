"""
Where the log goes: to the journal of systemd, or to stderr; and to a syslog server as well.

How a line looks is `log_lines`' affair.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING, Final

from edge_node.adapters.journald import SOCKET, Journald, Stuck, is_the_journal
from edge_node.cli.log_lines import Json, Text, journal_fields, syslog_line
from edge_node.config import LogFormat

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from edge_node.adapters.syslog import News
    from edge_node.config import Config, SyslogSection

log = logging.getLogger(__name__)

_STDERR: Final = 2


def set_up_log(
    config: Config, *, environ: Mapping[str, str] = os.environ, journal: Path = SOCKET
) -> None:
    """Send the log where it is configured to; what libraries say only from warnings up."""
    logging.captureWarnings(capture=True)  # what a library warns of is a line like any other
    threading.excepthook = _say_thread_died
    sys.excepthook = _say_died
    root = logging.getLogger()
    before = root.handlers[:]
    agency = config.agency.code
    root.handlers[:] = [_local(config.log.format, agency, environ, journal)]
    if config.log.syslog.host is not None:
        root.handlers.append(_Forwarded(config.log.syslog, agency))
    root.setLevel(logging.WARNING)
    logging.getLogger("edge_node").setLevel(config.log.level.upper())
    for handler in before:
        if isinstance(handler, _Forwarded | _Entries):
            handler.close()


def _local(
    form: LogFormat, agency: str, environ: Mapping[str, str], journal: Path
) -> logging.Handler:
    """Return what writes the log on this machine."""
    is_journal = is_the_journal(environ.get("JOURNAL_STREAM", ""), _STDERR)
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setFormatter(Json() if form is LogFormat.JSON else Text(journal=is_journal))
    if form is LogFormat.JOURNAL or (form is LogFormat.AUTO and is_journal):
        try:
            return _Entries(Journald(journal), agency, otherwise=stderr)
        except OSError:
            return stderr  # there is no journal here; whoever reads stderr sees as much
    return stderr


def _say_thread_died(what: threading.ExceptHookArgs) -> None:
    """Have the end of a thread in the log, as any mistake, and not on stderr with its values."""
    if what.exc_value is not None:
        name = what.thread.name if what.thread else ""
        log.critical("a thread has died", extra={"thread_name": name}, exc_info=what.exc_value)


def _say_died(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if not issubclass(kind, Exception):  # Ctrl-C
        sys.__excepthook__(kind, error, trace)
        return
    log.critical("the node has died of a mistake of its own", exc_info=error)


class _Entries(logging.Handler):
    """
    Writes to the journal; where that is away, to stderr.

    What a journal that hangs does not take is lost, as stderr leads there, too: a line that nobody
    can write must not stop a document. How many were lost it is told once it takes lines again.
    """

    def __init__(self, journal: Journald, agency: str, *, otherwise: logging.Handler) -> None:
        super().__init__()
        self._journal = journal
        self._agency = agency
        self._otherwise = otherwise
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._journal.write(journal_fields(record, agency=self._agency))
        except Stuck:
            self._lost += 1
            return
        except OSError:
            self._otherwise.handle(record)
            return
        if self._lost:
            lost, self._lost = self._lost, 0
            log.warning("lines are missing here: the journal took none", extra={"lost": lost})

    def close(self) -> None:
        self._journal.close()
        super().close()


class _Forwarded(logging.Handler):
    """Hands lines to whoever forwards them; a line is never waited for."""

    def __init__(self, section: SyslogSection, agency: str) -> None:
        from edge_node.adapters.syslog import Forwarder, Server  # noqa: PLC0415 - where asked for

        super().__init__()
        self._agency = agency
        self._machine = socket.gethostname() or "-"
        server = Server(
            host=section.host or "",
            port=section.port,
            ca_file=section.ca_file,
            certificate=section.certificate,
            key=section.key,
        )
        self._forwarder = Forwarder(server, lines=section.lines, told=_say_news)

    def emit(self, record: logging.LogRecord) -> None:
        self._forwarder.offer(syslog_line(record, agency=self._agency, machine=self._machine))

    def close(self) -> None:
        self._forwarder.close()
        super().close()


def _say_news(news: News) -> None:
    from edge_node.adapters.syslog import Turn  # noqa: PLC0415 - see above

    if news.turn is Turn.AWAY:
        log.warning("the syslog server cannot be reached", extra={"error": news.why})
    elif news.turn is Turn.DROPPING:
        log.warning("lines are dropped: the syslog server does not take them")
    else:
        log.info("the syslog server takes lines again", extra={"dropped": news.dropped})
