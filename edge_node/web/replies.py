"""
Replies: a page painted from a template, a way to go on to, a file.

Templates escape whatever is put into them. Their words are those of `words`, by name, in the
language that was asked for; sentences of ours come as `Message` and are told in it, too.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse

from edge_node import __version__
from edge_node.catalogue import tell
from edge_node.domain.language import Language
from edge_node.domain.message import Message
from edge_node.domain.time import in_vietnam
from edge_node.web import ways, words

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.responses import Response

    from edge_node.domain.errors import EdgeNodeError
    from edge_node.web.asked import Asked
    from edge_node.web.desk import Desk

_TEMPLATES: Final = Path(__file__).parent / "templates"
# Signs of a stranger's text that turn the line they stand in around, or are none (UAX #9).
_UNSHOWN: Final = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_PIECES: Final = MappingProxyType(
    {
        "text": Markup("{0}"),
        "link": Markup('<a href="{1}">{0}</a>'),
        "act": Markup("<b>{0}</b>"),
        "code": Markup("<code>{0}</code>"),
    }
)
_OTHER: Final = {Language.VI: Language.EN, Language.EN: Language.VI}


def page(
    desk: Desk, asked: Asked, template: str, status: int = 200, **shown: object
) -> HTMLResponse:
    """Return a page painted from a template and what it shows."""
    session = asked.session
    text = (
        _painting(asked.language)
        .get_template(template)
        .render(
            agency=desk.config.agency,
            session=session,
            said=session.take_said() if session and not asked.by_itself else None,
            path=asked.path,
            now=asked.now,
            proxied=bool(desk.config.web.user_header),
            **({"error": None} | shown),
        )
    )
    return HTMLResponse(_UNSHOWN.sub("\ufffd", text), status)


def refusal(desk: Desk, asked: Asked, error: EdgeNodeError, status: int) -> HTMLResponse:
    """Return the page that says what went wrong, and what can be done."""
    return page(desk, asked, "error.html", status, error=error)


def go_to(path: str) -> Response:
    """Send the browser on to another page of ours, by a GET."""
    return RedirectResponse(path, 303)


@cache
def _painting(language: Language) -> Environment:
    """Return what paints in a language; the templates are read once."""
    painting = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    told = partial(_told, language=language)
    painting.filters["told"] = told
    painting.filters["sentence"] = partial(_sentence, language=language)
    painting.filters["line"] = partial(_line, language=language)
    painting.filters["day"] = _day
    painting.filters["written_day"] = _written_day
    painting.filters["moment"] = _moment
    painting.filters["clock"] = _clock
    painting.globals.update(
        w=_Words(language),
        language=language,
        other=_OTHER[language],
        version=__version__,
        state_word=lambda state: told(words.state_word(state)),
        event_word=lambda event: told(words.event_word(event)),
        status_word=words.status_word,
    )
    return painting


class _Words:
    """The words of the templates in one language, as `w.name`."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def __getattr__(self, name: str) -> str:
        if name not in words.WORDS:
            raise AttributeError(name)
        return tell(words.WORDS[name], self._language)


def _told(thing: object, language: Language) -> str:
    """Return a sentence in the reader's language; what is none stays as it is."""
    if not isinstance(thing, Message):
        return "" if thing is None else str(thing)
    return tell(thing, language)


def _line(thing: object, language: Language) -> str:
    """Return a sentence as people write one: one line, its first letter large, its end."""
    line = " ".join(_told(thing, language).split()).rstrip(".:")
    ends = "" if not line or line.endswith(("!", "?", "…")) else "."
    word = line.partition(" ")[0]
    named = "/" in word or ways.ITEM.fullmatch(word)  # a path, an id
    return (line if named else line[:1].upper() + line[1:]) + ends


def _sentence(thing: object, language: Language) -> Markup:
    """Return a line in which commands are links to pages that show the same, or names of acts."""
    pieces = ways.linked(_line(thing, language), partial(_told, language=language))
    return Markup("").join(_PIECES[kind].format(text, to) for text, to, kind in pieces)


def _day(moment: datetime | None) -> str:
    return f"{in_vietnam(moment):%d/%m/%Y}" if moment else ""


def _written_day(text: str) -> str:
    """Return a day written as 2026-11-21 as people here write it; anything else as it is."""
    try:
        return f"{date.fromisoformat(text):%d/%m/%Y}"
    except ValueError:
        return text


def _moment(moment: datetime | None) -> str:
    return f"{in_vietnam(moment):%d/%m/%Y %H:%M}" if moment else ""


def _clock(moment: datetime | None) -> str:
    return f"{in_vietnam(moment):%d/%m/%Y %H:%M:%S}" if moment else ""
