"""Which documents somebody asks for: by state, age, partner, urgency, reason and words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say
from edge_node.domain.spelling import plain_letters

if TYPE_CHECKING:
    from datetime import datetime

_AGE: Final = re.compile(r"([0-9]{1,5}) ?([smhdw])")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_URGENCIES: Final = ("normal", "urgent", "very-urgent", "express", "express-timed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be found; what is left empty does not matter."""

    outgoing: bool = True
    incoming: bool = True
    state: str = ""
    since: datetime | None = None  # taken in or received then, or later
    until: datetime | None = None  # then, or earlier
    partner: str = ""  # the code of a receiver, or of the sender
    urgency: int | None = None
    reason: str = ""  # words of why it stands so
    text: str = ""  # words of subject, number or DocumentId

    def means(self, receiver: str, state: str, reason: str) -> bool:
        """Tell whether a document is wanted for what became of it at this very receiver."""
        words = words_in(reason)
        return (
            self.state in {"", state}
            and self.partner in {"", receiver}
            and all(any(word.startswith(each) for word in words) for each in words_in(self.reason))
        )

    @property
    def everything(self) -> bool:
        """Whether no filter was given that could spare anything."""
        return self == Wanted(outgoing=self.outgoing, incoming=self.incoming)


def age(text: str, *, option: str) -> timedelta:
    """Return the age somebody typed, such as `30m`, `2d` or `3w`; NotAllowed."""
    written = _AGE.fullmatch(text.strip())
    if written is None:
        raise NotAllowed(
            say("{option}: expected an age, got '{text}'", option=option, text=text),
            hint=say("a number and s, m, h, d or w: 30m, 2d, 3w"),
        )
    return timedelta(seconds=int(written[1]) * _UNITS[written[2]])


def urgency(text: str) -> int:
    """Return the urgency somebody typed, by number or name; NotAllowed."""
    word = text.strip().casefold()
    if word in _URGENCIES:
        return _URGENCIES.index(word)
    if word.isascii() and word.isdigit() and int(word) < len(_URGENCIES):
        return int(word)
    raise NotAllowed(
        say("no urgency is called '{text}'", text=text),
        hint=say("urgencies: {names}; or 0 to 4", names=", ".join(_URGENCIES)),
    )


def words_in(text: str) -> list[str]:
    """Return the words a text is looked for by, as the index has them."""
    return plain_letters(text).split()
