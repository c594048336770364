"""
Reads the calendar file: days off and working days, each with its reason, as an agency keeps them.

    days_off:
      2027-02-11: "Nghỉ Tết, làm bù 20/02"
      2027-08-30..2027-09-03: "Quốc khánh"
    working_days:
      2027-02-20: "Làm bù ngày 11/02"

Every problem is named at once, with its line. What the days mean is `domain.working_days`' affair.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.config.sheet import NotPlain, Pairs, Scalar
from edge_node.domain.errors import ConfigError
from edge_node.domain.message import say
from edge_node.domain.working_days import LONGEST_REST

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge_node.config.sheet import Tree
    from edge_node.domain.message import Message

LARGEST: Final = 256 * 1024
_OFF: Final = "days_off"
_WORKED: Final = "working_days"
_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SPAN: Final = re.compile(rf"({_DAY})(?:\s*\.\.\s*({_DAY}))?")
_LONGEST: Final = LONGEST_REST // 2  # days at a stretch; more is a slip of the pen
_YEARS: Final = range(2000, 2200)
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """The days a file names, with the reason for each."""

    off: Mapping[date, str] = field(default_factory=lambda: MappingProxyType({}))
    worked: Mapping[date, str] = field(default_factory=lambda: MappingProxyType({}))


def read_holidays(path: Path) -> Announced:
    """Return the days a calendar file names; ConfigError with every problem it has."""
    from edge_node.config.plain_yaml import tree_of  # noqa: PLC0415 - it loads the parser

    file = str(path)
    try:
        tree = tree_of(_text_of(path))
    except NotPlain as error:
        found = say("{file}:{line}: {reason}", file=file, line=error.line, reason=error.reason)
        raise ConfigError(
            say("{file} cannot be read as YAML", file=file), [found], hint=_hint()
        ) from error
    reading = _Reading(file)
    reading.read(tree)
    if reading.problems:
        raise ConfigError(
            say("the calendar {file} cannot be used as it is", file=file),
            [words for _, words in sorted(reading.problems, key=lambda found: found[0])],
            hint=_hint(),
        )
    return Announced(
        off=MappingProxyType(reading.days[_OFF]), worked=MappingProxyType(reading.days[_WORKED])
    )


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise ConfigError(say("{file} is too large to be a calendar", file=str(path)))
        return raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise ConfigError(
            say(
                "cannot read the calendar {file}: {reason}",
                file=str(path),
                reason=reason or say("it is not written in UTF-8"),
            ),
            hint=say("see calendar.file in the configuration; leave it out to do without one"),
        ) from error


def _hint() -> Message:
    return say(
        "write a line a day: {day} and the reason, below days_off or working_days",
        day='2027-02-11: "…"',
    )


@dataclass(slots=True)
class _Reading:
    """What has been read of one file so far."""

    file: str
    days: dict[str, dict[date, str]] = field(default_factory=lambda: {_OFF: {}, _WORKED: {}})
    lines: dict[date, int] = field(default_factory=dict)
    problems: list[tuple[int, Message]] = field(default_factory=list)

    def read(self, tree: Tree | None) -> None:
        """Read the file as a whole; an empty one names no days."""
        if tree is None:
            return
        if not isinstance(tree, Pairs):
            self._problem(
                tree.line, say("expected days_off or working_days, found something else")
            )
            return
        for name, days in tree.pairs:
            written = name.text if isinstance(name, Scalar) else "?"
            if written not in self.days:
                self._problem(
                    name.line,
                    say(
                        "no such key {key}; there are days_off and working_days",
                        key=written[:_SHOWN],
                    ),
                )
            elif isinstance(days, Pairs):
                for day, reason in days.pairs:
                    self._line(self.days[written], day, reason)
            elif not (isinstance(days, Scalar) and days.form == "null"):
                self._problem(days.line, say("{key}: expected days with reasons", key=written))

    def _line(self, days: dict[date, str], written: Tree, reason: Tree) -> None:
        span = self._span(written)
        told = reason.text.strip() if isinstance(reason, Scalar) else ""
        if not told or (isinstance(reason, Scalar) and reason.form == "null"):
            self._problem(
                written.line,
                say("the day has no reason; write it behind the colon, in quotation marks"),
            )
        for day in span:
            if day in self.lines:
                self._problem(
                    written.line,
                    say(
                        "{day} stands here a second time, after line {first}; keep only one",
                        day=day.isoformat(),
                        first=self.lines[day],
                    ),
                )
            self.lines.setdefault(day, written.line)
            days[day] = told

    def _span(self, written: Tree) -> list[date]:
        """Return the days a line is about; none, and a problem, where it names none."""
        text = written.text if isinstance(written, Scalar) else ""
        found = _SPAN.fullmatch(text.strip())
        try:
            first = date.fromisoformat(found[1]) if found else None
            last = date.fromisoformat(found[2]) if found and found[2] else first
        except ValueError:
            first = last = None
        if first is None or last is None or first.year not in _YEARS:
            self._problem(
                written.line,
                say(
                    "expected a day such as 2027-02-11 or 2027-02-04..2027-02-10, found {found!r}",
                    found=text[:_SHOWN],
                ),
            )
            return []
        if not timedelta() <= last - first <= _LONGEST:
            self._problem(
                written.line,
                say(
                    "{span}: expected the first day before the last, and at most {most} days",
                    span=text[:_SHOWN],
                    most=_LONGEST.days,
                ),
            )
            return []
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]

    def _problem(self, line: int, words: Message) -> None:
        said = say("{file}:{line}: {problem}", file=self.file, line=line, problem=words)
        self.problems.append((line, said))
