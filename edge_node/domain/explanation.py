"""
The tale of one document, or of one file in the exchange folder, for whoever asks about it.

A tale is sentences in their order, and what a person can do now. Nothing here is in any language
yet: whoever shows it, on a terminal or on a page, says it in the reader's. What is to be told is
found out elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from edge_node.domain.message import Message, say
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
_SECOND: Final = timedelta(seconds=1)
_NAMED: Final = 3  # names in one sentence; the sheet of the document has them all
_LONGEST: Final = 90  # characters of a subject


class Part(StrEnum):
    """Where in a tale a sentence stands."""

    PAST = "past"  # what happened, in order
    NOW = "now"  # how it stands, and why
    AHEAD = "ahead"  # what comes by itself, and until when it has to


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """
    One thing there is to say.

    ``fact`` is a word of ours for it, which software may rely on; ``at`` is when it happened or
    will, where that is told beside the sentence.
    """

    fact: str
    words: Message
    part: Part = Part.NOW
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cure:
    """What a person can do: what it is good for, and what to type ('' where nothing is typed)."""

    words: Message
    command: str = ""


_Told = TypeVar("_Told", Sentence, Cure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tale:
    """All there is to say; ``facts`` are plain values (texts, numbers, moments) for software."""

    about: Message
    item: str = ""
    path: str = ""
    sentences: tuple[Sentence, ...] = ()
    cures: tuple[Cure, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)

    def of(self, part: Part) -> tuple[Sentence, ...]:
        """Return the sentences of one part, in their order."""
        return tuple(each for each in self.sentences if each.part is part)

    def after(self, *first: Sentence, path: str = "") -> Tale:
        """Return the tale with these sentences before all others, told of a path."""
        return replace(self, sentences=(*first, *self.sentences), path=path or self.path)


def when(at: datetime, now: datetime) -> Message:
    """Return a moment as people name it: `today 14:02`; with its date where it is another day."""
    there, today = in_vietnam(at), in_vietnam(now).date()
    time = f"{there:%H:%M}"
    match (there.date() - today).days:
        case 0:
            return say("today {time}", time=time)
        case -1:
            return say("yesterday {time}", time=time)
        case 1:
            return say("tomorrow {time}", time=time)
    form = "%d/%m %H:%M" if there.year == today.year else "%d/%m/%Y %H:%M"
    return Message(f"{there:{form}}")


def lasting(span: timedelta) -> Message:
    """Return how long something takes or took, in the largest unit that says enough."""
    if span < 2 * _MINUTE:
        seconds = round(span / _SECOND)
        return say("{count} seconds", count=seconds) if seconds > 1 else say("a second")
    if span < 2 * _HOUR:
        return say("{count} minutes", count=span // _MINUTE)
    if span < 2 * _DAY:
        return say("{count} hours", count=span // _HOUR)
    return say("{count} days", count=span // _DAY)


def some(names: Sequence[str]) -> Message:
    """Return the names, or the first of them and how many more there are."""
    shown = ", ".join(names[:_NAMED])
    if len(names) <= _NAMED:
        return Message("{names}", {"names": shown})
    return say("{names} and {count} more", names=shown, count=len(names) - _NAMED)


def once(things: Iterable[_Told]) -> tuple[_Told, ...]:
    """Return sentences, or cures, in their order, those that say the same only once."""
    found: dict[tuple[str, str], _Told] = {}
    for each in things:
        command = each.command if isinstance(each, Cure) else ""
        found.setdefault((str(each.words), command), each)
    return tuple(found.values())


def on_paper(day: str) -> str:
    """Return a date (ISO 8601, '' for none) as documents write it: `20/11/2026`."""
    return f"{date.fromisoformat(day):%d/%m/%Y}" if day else "?"


def shortened(subject: str) -> str:
    """Return as much of a subject as it takes to know the document by it."""
    return subject if len(subject) <= _LONGEST else f"{subject[: _LONGEST - 1].rstrip()}…"
