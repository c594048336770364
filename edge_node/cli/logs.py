"""
Where the log goes and how a line looks: stderr, which systemd hands to the journal.

A line is a constant sentence and fields. No subject, no name and no secret is ever a field.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Final

from edge_node.domain.time import VIETNAM

if TYPE_CHECKING:
    from edge_node.config import Config

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# syslog's numbers (RFC 5424), which systemd reads from the head of a line as <4>.
_PRIORITIES: Final = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}


def set_up_log(config: Config) -> None:
    """Send the log to stderr in the configured form; what libraries say only from warnings up."""
    handler = logging.StreamHandler(sys.stderr)
    journal = "JOURNAL_STREAM" in os.environ
    handler.setFormatter(_Json() if config.log.format == "json" else _Text(journal=journal))
    logging.captureWarnings(capture=True)  # what a library warns of is a line like any other
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("edge_node").setLevel(config.log.level.upper())


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, VIETNAM).isoformat(timespec="milliseconds")


def _quoted(text: str) -> str:
    """Return a value as one word of one line, whatever a file's name is made of."""
    if text.isprintable() and " " not in text and '"' not in text:
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


class _Text(logging.Formatter):
    """`2026-11-21T14:03:05.120+07:00 info push: sent to the axis envelope=…`."""

    def __init__(self, *, journal: bool) -> None:
        super().__init__()
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        flow = record.name.rpartition(".")[2]
        words = f"{record.levelname.lower()} {flow}: {record.getMessage()}"
        for name, value in _fields(record).items():
            if value not in ("", None):
                words += f" {name}={_quoted(str(value))}"
        if record.exc_info:
            words += "\n" + self.formatException(record.exc_info)
        if self._journal:
            # The journal stamps the line itself; each line of a traceback is one of its own.
            mark = f"<{_PRIORITIES.get(record.levelno, 6)}>"
            return "\n".join(mark + line for line in words.splitlines())
        return f"{_at(record)} {words}"


class _Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": _at(record),
            "level": record.levelname.lower(),
            "flow": record.name.rpartition(".")[2],
            "message": record.getMessage(),
        }
        line |= _fields(record)
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
