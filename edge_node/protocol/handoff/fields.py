"""
Reads plain values field by field and notes every problem, instead of stopping at the first.

Each reading answers something of the right type, an empty one where the file has none or a wrong
one; whether anything was wrong stands in the `Notes`. Problems show what was found only where it
is a code, a date or a word from a list: never the text of a subject or a name.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from edge_node.domain.document import AgencyCode, BadAgencyCode, agency_code, is_usual_code
from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam
from edge_node.protocol.handoff.words import nfc

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from edge_node.domain.message import Message

_T = TypeVar("_T", date, datetime)

MOST_NOTES: Final = 200  # nobody reads on, and a file of nonsense must not become a larger one
_SHOWN: Final = 40
_YEARS: Final = range(1900, 2200)  # outside them a digit was lost, as in 0026-11-21
MOST_NUMBER: Final = 999_999
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    _DAY.pattern + r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_LINE_BREAKS: Final = re.compile("[\t\r\n\u2028\u2029]+")
# What XML 1.0 cannot carry, and the control characters of ISO 8859 it could.
_UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

_TEXT: Final = say("text")
_TEXT_OR_NUMBER: Final = say("text or a whole number")
_DATE: Final = say("a date like 2026-11-21")
_TIME: Final = say("a time like 2026-11-21T14:03:05+07:00")
_FLAG: Final = say("true or false")
_LIST: Final = say("a list")
_OBJECT: Final = say("an object")
_EMPTY_LIST: Final = say("an empty list")
_CODE: Final = say("an agency code like H37.02 or 000.00.13.H53")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What is wrong with a file, and what is only worth a word; filled while it is read."""

    problems: list[Message] = field(default_factory=list)
    warnings: list[Message] = field(default_factory=list)

    def problem(self, path: str, expected: Message, found: Message | str) -> None:
        """Note that the file cannot be used, because of what stands at ``path``."""
        if len(self.problems) < MOST_NOTES:
            self.problems.append(
                say(
                    "{path}: expected {expected}, found {found}",
                    path=path,
                    expected=expected,
                    found=found,
                )
            )

    def warn(self, warning: Message) -> None:
        """Note what a person should look at some day."""
        if len(self.warnings) < MOST_NOTES:
            self.warnings.append(warning)

    def repeated(self, keys: tuple[str, ...]) -> None:
        """Note the keys one object holds more than once, so that nobody knows which is meant."""
        for key in keys:
            self.problem(_legible(key), say("each key once"), say("it more than once"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of the file and the path it stands at; ``needed`` when it must be there."""

    path: str
    raw: object
    notes: Notes
    needed: bool = False

    def is_blank(self) -> bool:
        """Tell whether nothing stands here, or only blanks."""
        return self.raw is None or (isinstance(self.raw, str) and not self.raw.strip())

    def wrong(self, expected: Message, found: Message | str) -> None:
        """Note that something else was expected here."""
        self.notes.problem(self.path, expected, found)

    def text(self, *, usual: int | None = None, most: int | None = None) -> str:
        """
        Return the text: NFC, on one line, no blanks at its ends; "" where there is none.

        More than ``usual`` characters are warned of, more than ``most`` are a problem.
        """
        if not isinstance(self.raw, str):
            self._mistyped(_TEXT)
            return ""
        unfit = _UNFIT.search(self.raw)
        if unfit:
            self.wrong(
                say("text without control characters"),
                say(
                    "character U+{code} at position {position}",
                    code=f"{ord(unfit[0]):04X}",
                    position=unfit.start(),
                ),
            )
            return ""
        parts = (part.strip() for part in _LINE_BREAKS.split(nfc(self.raw)))
        return self._measured(" ".join(part for part in parts if part), usual, most)

    def label(self, *, usual: int | None = None) -> str:
        """Return a text that software also writes as a number: 12 is "12"."""
        if isinstance(self.raw, int) and not isinstance(self.raw, bool) and self.raw >= 0:
            return self._measured(str(self.raw), usual, None)
        if self.raw is not None and not isinstance(self.raw, str):
            self.wrong(_TEXT_OR_NUMBER, _kind(self.raw))
            return ""
        return self.text(usual=usual)

    def choice(self, choices: Collection[str]) -> str:
        """Return one of the choices, exactly as written; "" where there is none."""
        if isinstance(self.raw, str) and self.raw in choices:
            return self.raw
        if self.raw not in (None, "") or self.needed:
            self.wrong(one_of(choices), shown(self.raw))
        return ""

    def number(self, *, least: int = 0, most: int = MOST_NUMBER) -> int | None:
        """Return a whole number between the two, both included."""
        if self.raw is None:
            return None
        if (
            isinstance(self.raw, int)
            and not isinstance(self.raw, bool)
            and least <= self.raw <= most
        ):
            return self.raw
        self.wrong(
            say("a whole number from {least} to {most}", least=least, most=most), shown(self.raw)
        )
        return None

    def flag(self) -> bool:
        """Return true or false, as JSON knows them; false where there is nothing."""
        if self.raw is None or isinstance(self.raw, bool):
            return bool(self.raw)
        self.wrong(_FLAG, shown(self.raw))
        return False

    def day(self) -> date | None:
        """Return a date written `2026-11-21`."""
        if isinstance(self.raw, str) and _DAY.fullmatch(self.raw):
            day = _valid(date.fromisoformat, self.raw)
            if day and day.year in _YEARS:
                return day
        if self.raw is not None or self.needed:
            self.wrong(_DATE, shown(self.raw))
        return None

    def moment(self) -> datetime | None:
        """Return a time in Vietnam; one written without an offset is taken to be there."""
        if isinstance(self.raw, str) and _MOMENT.fullmatch(self.raw):
            moment = _valid(datetime.fromisoformat, self.raw)
            if moment and moment.year in _YEARS:
                return in_vietnam(moment)
        if self.raw is not None:
            self.wrong(_TIME, shown(self.raw))
        return None

    def code(self) -> AgencyCode:
        """Return the code of an agency; an unusual one is warned of."""
        if not isinstance(self.raw, str):
            self._mistyped(_CODE)
            return AgencyCode("")
        try:
            code = agency_code(self.raw.strip())
        except BadAgencyCode:
            self.wrong(_CODE, shown(self.raw))
            return AgencyCode("")
        if not is_usual_code(code):
            self.notes.warn(
                say("{path}: {code} is not written like an agency code", path=self.path, code=code)
            )
        return code

    def items(self, *, at_least_one: Message | None = None) -> tuple[Value, ...]:
        """Return the values of a list; ``at_least_one`` says what it may not be without."""
        if self.raw is None or isinstance(self.raw, list):
            if not self.raw and at_least_one:
                self.wrong(at_least_one, say("nothing") if self.raw is None else _EMPTY_LIST)
            return tuple(
                Value(path=f"{self.path}[{index}]", raw=raw, notes=self.notes, needed=True)
                for index, raw in enumerate(self.raw or ())
            )
        self.wrong(_LIST, _kind(self.raw))
        return ()

    def section(self, *known: str) -> Section | None:
        """Return the object with these keys; None where there is none. Others are problems."""
        if not isinstance(self.raw, dict):
            self._mistyped(_OBJECT)
            return None
        section = Section(path=self.path, values=self.raw, notes=self.notes)
        section.note_unknown(known)
        return section

    def _mistyped(self, expected: Message) -> None:
        if self.raw is not None or self.needed:
            self.wrong(expected, _kind(self.raw))

    def _measured(self, text: str, usual: int | None, most: int | None) -> str:
        if not text and self.needed:
            self.wrong(_TEXT, say("empty text"))
        if most is not None and len(text) > most:
            self.wrong(
                say("at most {most} characters", most=most),
                say("{length} characters", length=len(text)),
            )
        elif usual is not None and len(text) > usual:
            self.notes.warn(
                say(
                    "{path}: {length} characters, but other systems keep only {usual}",
                    path=self.path,
                    length=len(text),
                    usual=usual,
                )
            )
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One object of the file; ``path`` is empty for the file as a whole."""

    path: str
    values: Mapping[str, object]
    notes: Notes

    def get(self, key: str) -> Value:
        """Return the value at a key that may be missing; null counts as missing."""
        return Value(path=self._at(key), raw=self.values.get(key), notes=self.notes)

    def need(self, key: str) -> Value:
        """Return the value at a key that must be there."""
        return Value(path=self._at(key), raw=self.values.get(key), notes=self.notes, needed=True)

    def check_version(self) -> None:
        """Note a `schema` that is not ours; a file need not have one."""
        version = self.get("schema")
        if version.raw not in (None, 1) or version.raw is True:
            version.wrong(say("1, the version of these files"), shown(version.raw))

    def note_unknown(self, known: tuple[str, ...]) -> None:
        """Note each key that is none of the known ones, with the one it is nearest to."""
        for key in [key for key in self.values if key not in known][:MOST_NOTES]:
            near = difflib.get_close_matches(key[:_SHOWN], known, n=1, cutoff=0.5)
            expected = say("a known key, perhaps {key}", key=near[0]) if near else one_of(known)
            self.notes.problem(self._at(_legible(key)), expected, say("an unknown key"))

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def whole_file(
    raw: object, file_name: str, known: tuple[str, ...], notes: Notes
) -> Section | None:
    """Return the file itself as an object with these keys; None (and a note) when it is none."""
    if not isinstance(raw, dict):
        notes.problem(file_name, _OBJECT, _kind(raw))
        return None
    section = Section(path="", values=raw, notes=notes)
    section.note_unknown(known)
    return section


def one_of(choices: Collection[str]) -> Message:
    """Return the words for "one of these"."""
    return say("one of {choices}", choices=", ".join(choices))


def shown(raw: object) -> Message | str:
    """Return a found value for a problem's sentence: short things themselves, others by kind."""
    match raw:
        case bool():
            return "true" if raw else "false"
        case int() | float():
            return str(raw)[:_SHOWN]
        case str() if raw.strip():
            return f"'{_legible(raw)}'"
    return _kind(raw)


def _kind(raw: object) -> Message:
    match raw:
        case None:
            return say("nothing")
        case bool():
            return _FLAG
        case int() | float():
            return say("a number")
        case str():
            return say("text") if raw.strip() else say("empty text")
        case list():
            return _LIST
    return _OBJECT


def _legible(text: str) -> str:
    short = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return "".join(mark if mark.isprintable() else f"\\u{ord(mark):04x}" for mark in nfc(short))


def _valid(reading: Callable[[str], _T], text: str) -> _T | None:
    try:
        return reading(text)
    except ValueError:
        return None
