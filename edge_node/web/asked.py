"""What a browser asked: read, bounded, and put into words of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect

from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.language import Language
from edge_node.domain.message import say

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

    from edge_node.web.sessions import Session

LANGUAGE: Final = "lang"  # the cookie, and the word in an address
_MOST_BYTES: Final = 64 * 1024  # a reason may be long, a book is not one
_MOST_FIELDS: Final = 100
_LONGEST: Final = 4000  # characters of one field
_FORM: Final = "application/x-www-form-urlencoded"

Fields = Mapping[str, tuple[str, ...]]
NOTHING: Final[Fields] = MappingProxyType({})


class FormUnreadable(EdgeNodeError):
    """What was sent is no form of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question; ``session`` is whoever came in, None where nobody did."""

    path: str
    now: datetime
    language: Language
    params: Mapping[str, str]
    query: Fields = field(default_factory=lambda: NOTHING)
    form: Fields = field(default_factory=lambda: NOTHING)
    session: Session | None = None
    by_itself: bool = False  # nobody clicked: a page asks for itself anew
    host: str = ""

    def word(self, name: str) -> str:
        """Return what the address says under a name."""
        return self.query.get(name, ("",))[0].strip()

    def typed(self, name: str) -> str:
        """Return what the form says under a name."""
        return self.form.get(name, ("",))[0].strip()

    def chosen(self, name: str) -> tuple[str, ...]:
        """Return everything the form says under a name."""
        return self.form.get(name, ())

    @property
    def person(self) -> Session:
        """Whoever asks, where pages are for those who came in."""
        assert self.session is not None  # noqa: S101 - `site` lets nobody else through
        return self.session


async def read_form(request: Request) -> Fields:
    """Return the fields of a form; FormUnreadable for anything else, and for too much."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise _unreadable()
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                raise FormUnreadable(
                    say("what was written is too long"), hint=say("say it in fewer words")
                )
    except ClientDisconnect as gone:  # no mistake of ours, which the log would tell in full
        raise _unreadable() from gone
    return read_fields(bytes(body))


def read_fields(written: bytes) -> Fields:
    """Return the fields of a query or of a form; FormUnreadable."""
    try:
        found = parse_qs(
            written.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=_MOST_FIELDS,
            errors="replace",
        )
    except ValueError as error:  # (that of unreadable characters among them)
        raise _unreadable() from error
    return MappingProxyType(
        {name: tuple(each[:_LONGEST] for each in values) for name, values in found.items()}
    )


def one_line(written: str) -> str:
    """Return a text as one line, without signs for terminals or that turn a line around."""
    return " ".join("".join(filter(_is_shown, written)).split())


def _is_shown(letter: str) -> bool:
    return letter.isprintable() or letter in "\n\t"


def language_asked(request: Request, query: Fields, usual: Language) -> Language:
    """Return the language somebody chose, or their browser asks for, or the agency's."""
    for code in (query.get(LANGUAGE, ("",))[0], request.cookies.get(LANGUAGE, "")):
        if code in tuple(Language):
            return Language(code)
    wished = sorted(
        (_wish(part) for part in request.headers.get("accept-language", "").split(",")),
        reverse=True,
    )
    known = (code for weight, code in wished if weight > 0 and code in tuple(Language))
    return Language(next(known, usual))


def _wish(part: str) -> tuple[float, str]:
    """Return how much a browser wishes for a language (RFC 9110, 12.5.4)."""
    tag, _, weight = part.partition(";")
    try:
        wished = float(weight.strip().removeprefix("q=")) if weight else 1.0
    except ValueError:
        wished = 0.0
    return wished, tag.strip().partition("-")[0].lower()


def _unreadable() -> FormUnreadable:
    return FormUnreadable(
        say("the form could not be read"), hint=say("go back, load the page anew, and try again")
    )
