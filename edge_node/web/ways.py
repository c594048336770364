"""
Where on the page that is done which a sentence names a command for.

Advice is worded for a terminal: "`edge-node resend ID`". On the page the same is a button, or
another page; only what the page cannot do stays a command.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from edge_node.web.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge_node.domain.explanation import Cure
    from edge_node.domain.message import Message
    from edge_node.web.offers import Offer

# The commands that are acts of a document's page, by the names they have there, too.
_ACTS: Final = frozenset(
    {"resend", "release", "requeue", "hold", "cancel", "expire", "recall", "set-status", "refuse"}
)
_TELLING: Final = frozenset({"show", "log", "explain"})
_PAGES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "status": ("/", "overview"),
        "list": ("/documents", "documents"),
        "show": ("/documents", "documents"),
        "log": ("/documents", "documents"),
        "explain": ("/documents", "documents"),
        "deadlines": ("/deadlines", "deadlines"),
        "doctor": ("/doctor", "doctor"),
    }
)
ITEM: Final = re.compile(r"[a-z][2-9a-hjkmnp-z]{9}")  # an id of ours, in full
_QUOTED: Final = re.compile(r"`([^`]{1,300})`")
_OURS: Final = "edge-node"
_WAYS: Final = MappingProxyType({"--out": "out", "--in": "in"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """
    What a person can do, and where.

    ``to`` is an address of ours and ``name`` what stands there; without one, ``command`` is what
    is typed ('' for nothing).
    """

    words: Message
    to: str = ""
    name: Message | str = ""
    command: str = ""


def ways(cures: Sequence[Cure], item: str, offered: Mapping[str, Offer]) -> list[Way]:
    """Return what can be done about a document: by its page as far as that offers it."""
    return [_way(cure, item, offered) for cure in cures]


def place_of(command: str) -> tuple[str, Message | str] | None:
    """Return the page that shows what a command shows, and its name; None where none does."""
    words = _split(command)
    if len(words) < 2 or words[0] != _OURS:  # noqa: PLR2004 - the program, and what it is to do
        return None
    verb, rest = words[1], words[2:]
    if verb == "agencies":
        return _agencies(rest)
    if verb in _TELLING and rest and ITEM.fullmatch(rest[0]):
        return f"/documents/{rest[0]}", rest[0]
    if verb not in _PAGES or (verb in _TELLING and rest and rest[0] != "ID"):
        return None
    to, name = _PAGES[verb]
    asked = _filters(rest) if verb == "list" else {}
    return f"{to}?{urlencode(asked)}" if asked else to, WORDS[name]


def act_of(command: str) -> str:
    """Return the act of a document's page that does what a command does; '' for none."""
    words = _split(command)
    if len(words) < 2 or words[0] != _OURS:  # noqa: PLR2004 - likewise
        return ""
    if "--as-new" in words:
        return "anew"
    return words[1] if words[1] in _ACTS else ""


def _called(act: str, command: str) -> Message:
    """Return what the page calls an act, or the tick of its form that a command has a word for."""
    if "--force" in _split(command):
        return WORDS["force_release" if act == "release" else "force_status"]
    return WORDS[f"act_{act.replace('-', '_')}"]


def _way(cure: Cure, item: str, offered: Mapping[str, Offer]) -> Way:
    act = act_of(cure.command)
    words = _split(cure.command)
    if act in offered and item in words:
        chosen = urlencode({"do": act, **_filled(act, words)}, doseq=True)
        to = f"/documents/{item}?{chosen}#act-{act}"
        return Way(words=cure.words, to=to, name=WORDS[f"act_{offered[act].word}"])
    place = place_of(cure.command)
    if place is not None:
        return Way(words=cure.words, to=place[0], name=place[1])
    return Way(words=cure.words, command=cure.command)


def _filled(act: str, words: Sequence[str]) -> Mapping[str, object]:
    """Return what the form of an act is filled in with, as the command has it."""
    to = [code for flag, code in pairwise(words) if flag == "--to"]
    last = words[3:4] if act == "set-status" else []
    return ({"to": to} if to else {}) | ({"status": last[0]} if last else {})


def _agencies(rest: Sequence[str]) -> tuple[str, Message] | None:
    match rest:
        case ["show", code]:
            return f"/agencies/{quote(code, safe='')}", WORDS["agencies"]
        case ["search", *words] if words:
            return f"/agencies?{urlencode({'q': ' '.join(words)})}", WORDS["agencies"]
    return None


def _filters(rest: Sequence[str]) -> dict[str, str]:
    found = {}
    for flag, value in pairwise((*rest, "")):
        if flag in _WAYS:
            found["way"] = _WAYS[flag]
        elif flag == "--state":
            found["state"] = value
    return found


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return []


def linked(sentence: str, tell: Callable[[Message | str], str]) -> list[tuple[str, str, str]]:
    """
    Return a sentence in pieces: what they say, where that leads ('' for nowhere), and their kind.

    A kind is `text`, `link`, `act` (what the page calls it) or `code`.
    """
    pieces: list[tuple[str, str, str]] = []
    for number, piece in enumerate(_QUOTED.split(sentence)):
        if number % 2 == 0:
            pieces.append((piece, "", "text"))
        elif (place := place_of(piece)) is not None:
            pieces.append((tell(place[1]), place[0], "link"))
        elif act := act_of(piece):
            pieces.append((tell(_called(act, piece)), "", "act"))
        else:
            pieces.append((piece, "", "code"))
    return pieces
