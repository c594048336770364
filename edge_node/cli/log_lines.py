"""
How a line of the log is written: for people, as JSON, as fields of the journal, for syslog.

A line is a constant sentence and fields. No subject, no name and no secret is ever a field; and of
a mistake of ours nothing is told that may have been read from a document: where it happened, by
file and line, never the values there, and the words of an exception only where they are about
code.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import traceback
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.time import VIETNAM

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# syslog's numbers (RFC 5424), which systemd reads from the head of a line as <4>.
_PRIORITIES: Final[Mapping[int, int]] = MappingProxyType(
    {
        logging.DEBUG: 7,
        logging.INFO: 6,
        logging.WARNING: 4,
        logging.ERROR: 3,
        logging.CRITICAL: 2,
    }
)
_DAEMON: Final = 3 << 3  # the facility, in its place
IDENTIFIER: Final = "edge-node"

# Whose words are made of names in code, and never of what was read.
_ABOUT_CODE: Final = (
    EdgeNodeError,
    sqlite3.Error,
    ImportError,
    NameError,
    AttributeError,
    TypeError,
    AssertionError,
    RecursionError,
    MemoryError,
)


def priority(record: logging.LogRecord) -> int:
    """Return how grave a line is, in syslog's numbers."""
    return _PRIORITIES.get(record.levelno, 6)


def flow_of(record: logging.LogRecord) -> str:
    """Return which part of the node says it."""
    return record.name.rpartition(".")[2]


def fields_of(record: logging.LogRecord) -> dict[str, str]:
    """Return the fields that say something, each as one line that shows what cannot be printed."""
    found = {name: value for name, value in vars(record).items() if name not in _OWN}
    return {name: _shown(str(each)) for name, each in found.items() if each not in ("", None)}


def trace_of(error: BaseException) -> str:
    """Return where a mistake happened, and what it is called; no value that was at hand."""
    told = traceback.TracebackException.from_exception(error, capture_locals=False)
    lines: list[str] = []
    _trace(error, told, lines)
    return "\n".join(lines)


def _trace(
    error: BaseException, told: traceback.TracebackException, lines: list[str], depth: int = 5
) -> None:
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = told.__cause__ or told.__context__
    if earlier is not None and before is not None and depth:
        _trace(earlier, before, lines, depth - 1)
        lines.append("while that was dealt with:")
    lines.append("Traceback (most recent call last):")
    lines += "".join(told.stack.format()).splitlines()
    lines.append(named(error))


def named(error: BaseException) -> str:
    """Return what an exception is called, with as many of its words as are about code alone."""
    name = type(error).__qualname__
    if isinstance(error, OSError) and not isinstance(error, EdgeNodeError):
        return f"{name}: {error.strerror}" if error.strerror else name  # and no name of a file
    if isinstance(error, _ABOUT_CODE) and str(error):
        return f"{name}: {_shown(str(error))}"
    return name


def words_of(record: logging.LogRecord) -> str:
    """Return a line without its time: `info push: sent to the axis envelope=…`."""
    words = f"{record.levelname.lower()} {flow_of(record)}: {record.getMessage()}"
    for name, value in fields_of(record).items():
        words += f" {name}={_quoted(value)}"
    return words


def at(record: logging.LogRecord) -> str:
    """Return when it was said, by Vietnamese clocks."""
    return datetime.fromtimestamp(record.created, VIETNAM).isoformat(timespec="milliseconds")


def _shown(text: str) -> str:
    """Return a value on one line, whatever a file's name is made of."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def _quoted(text: str) -> str:
    """Return a value as one word of one line."""
    if " " not in text and '"' not in text:
        return text
    return '"' + text.replace('"', '\\"') + '"'


def _error_of(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


class Text(logging.Formatter):
    """`2026-11-21T14:03:05.120+07:00 info push: sent to the axis envelope=…`."""

    def __init__(self, *, journal: bool) -> None:
        """Write for a terminal or a file, or for the ``journal``, which reads lines of stderr."""
        super().__init__()
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        """Return a line, and one for each of a traceback."""
        words = words_of(record)
        error = _error_of(record)
        if error is not None:
            words += "\n" + trace_of(error)
        if self._journal:
            # The journal stamps the line itself; each line of a traceback is one of its own.
            mark = f"<{priority(record)}>"
            return "\n".join(mark + line for line in words.splitlines())
        return f"{at(record)} {words}"


class Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object: `at`, `level`, `flow`, `message`, and the fields as they are."""
        line: dict[str, object] = {
            "at": at(record),
            "level": record.levelname.lower(),
            "flow": flow_of(record),
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _OWN}
        error = _error_of(record)
        if error is not None:
            line["traceback"] = trace_of(error)
        return _shown(json.dumps(line, ensure_ascii=False, default=str))


def journal_fields(record: logging.LogRecord, *, agency: str) -> dict[str, str]:
    """
    Return the fields of an entry: MESSAGE as people read it, PRIORITY, and ours as EDGE_NODE_*.

    EDGE_NODE_EVENT is the constant sentence, EDGE_NODE_FLOW who says it, EDGE_NODE_AGENCY whose
    node it is; EDGE_NODE_ITEM, where it is about one document, its id here.
    """
    error = _error_of(record)
    message = words_of(record) if error is None else f"{words_of(record)}\n{trace_of(error)}"
    fields = {
        "MESSAGE": message,
        "PRIORITY": str(priority(record)),
        "SYSLOG_IDENTIFIER": IDENTIFIER,
        "SYSLOG_PID": str(record.process or ""),
        "CODE_FILE": record.pathname,
        "CODE_LINE": str(record.lineno),
        "CODE_FUNC": record.funcName or "",
    }
    ours = {name.upper(): value for name, value in fields_of(record).items()}
    ours = {"EVENT": record.getMessage(), "FLOW": flow_of(record)} | ours | {"AGENCY": agency}
    if error is not None:
        ours["EXCEPTION"] = type(error).__qualname__
    return fields | {f"EDGE_NODE_{name}": value for name, value in ours.items()}


# Of private enterprise numbers (RFC 5424, 7.2.2) 32473 is the one for examples (RFC 5612): whoever
# reads our lines goes by the name before it.
_ELEMENT: Final = "edgeNode@32473"
_MOST: Final = 8192  # octets a receiver should take (RFC 5425, 4.3.1)
_NAME: Final = 32  # of a parameter
_ESCAPED: Final = str.maketrans({'"': '\\"', "\\": "\\\\", "]": "\\]"})


def syslog_line(record: logging.LogRecord, *, agency: str, machine: str) -> bytes:
    """Return a line as RFC 5424 has it; of a traceback nothing but what it is about."""
    error = _error_of(record)
    params = {"event": record.getMessage(), "flow": flow_of(record)} | fields_of(record)
    params["agency"] = agency
    if error is not None:
        params["exception"] = type(error).__qualname__
    element = "".join(
        f' {name[:_NAME]}="{value.translate(_ESCAPED)}"' for name, value in params.items()
    )
    head = f"<{_DAEMON | priority(record)}>1 {at(record)} {machine} {IDENTIFIER} {record.process}"
    head += f" {flow_of(record)[:_NAME] or '-'} "
    words = words_of(record).partition(" ")[2]
    raw = f"{head}[{_ELEMENT}{element}] ".encode(errors="backslashreplace")
    raw += b"\xef\xbb\xbf" + words.encode(errors="backslashreplace")
    if len(raw) <= _MOST:
        return raw
    # The fields are what is too long: the words say the same, and may be cut where they end.
    raw = f"{head}- ".encode() + b"\xef\xbb\xbf" + words.encode(errors="backslashreplace")
    return raw[:_MOST].decode(errors="ignore").encode()
