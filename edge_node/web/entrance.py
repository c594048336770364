"""
The entrance: a name and the token, or the word of a proxy; and the way out.

The name is what the journal keeps of whoever acts: the token says that somebody may, not who.
"""

from __future__ import annotations

import hmac
import logging
import re
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say
from edge_node.web.asked import one_line
from edge_node.web.replies import go_to, page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from edge_node.web.asked import Asked
    from edge_node.web.desk import Desk
    from edge_node.web.sessions import Session

log = logging.getLogger(__name__)

ENTRANCE: Final = "/enter"
_LONGEST: Final = 60  # characters of a name
# What an address is about, as a page of ours: not `//host`, no `..`, no query, no act.
_PAGE: Final = re.compile(
    r"/(?:(?:documents|agencies)(?:/[A-Za-z0-9][A-Za-z0-9.-]*)?|deadlines|papers|doctor|enter)?"
    r"(?=/|\Z)"
)
# Sent by what a page asks anew by itself, when nobody clicked (base of htmx's `hx-headers`).
BY_ITSELF: Final = "x-by-itself"
WRONG: Final = 403


class NotLetIn(NotAllowed):
    """Whoever asks did not come in."""


class Forged(NotAllowed):
    """A form was sent that no page of ours made for this person."""


def cookie_name(desk: Desk) -> str:
    """Return what our cookie is called: ports of one machine share their cookies."""
    return "edge-node-" + re.sub(r"[^A-Za-z0-9]", "-", desk.config.agency.code)


def person(desk: Desk, request: Request) -> Session | None:
    """Return whoever came in; behind a proxy, whoever it names, who comes in by that."""
    key = request.cookies.get(cookie_name(desk), "")
    session = desk.sessions.of(key, now=desk.now, clicked=BY_ITSELF not in request.headers)
    header = desk.config.web.user_header
    if not header:
        return session
    name = _named(request.headers.getlist(header))
    if not name:
        raise NotLetIn(
            say("the proxy does not say who you are"),
            hint=say("it has to name everybody it lets in, in the header {name}", name=header),
        )
    if session is None or session.user != name:
        session = desk.sessions.begin(name, now=desk.now)
    return session


def demand_ours(asked: Asked) -> None:
    """Make sure that a form was made for whoever sends it; Forged."""
    mark = asked.typed("csrf").encode("utf-8", "replace")
    if not hmac.compare_digest(mark, asked.person.csrf.encode()):
        raise Forged(
            say("this page is too old to act from"), hint=say("load it anew, and try again")
        )


def show_entrance(desk: Desk, asked: Asked) -> Response:
    """Show the form, and to whoever is in already the overview."""
    if asked.session is not None or desk.token is None:
        return go_to("/")
    return _entrance(desk, asked)


def enter(desk: Desk, asked: Asked) -> tuple[Session | None, Response]:
    """
    Let somebody in who knows the token, whatever others tried before.

    Whoever does not is answered late (`site`). Nobody is locked out: a lock would be in the hands
    of any process of this machine, and the token is random and longer than anybody guesses.
    """
    name = _name(asked.typed("name"))
    if desk.token is None or not desk.token.matches(asked.typed("token")):
        if desk.strangers.is_news(now=asked.now):
            log.warning("somebody did not know the token of the web page")
        return None, _entrance(desk, asked, WRONG, say("that is not the token"))
    if not name:
        return None, _entrance(desk, asked, 422, say("say who you are: the journal keeps it"))
    log.info("somebody came in by the web page")
    if asked.session is not None:
        desk.sessions.end(asked.session)
    return desk.sessions.begin(name, now=asked.now), go_to(_back(asked.typed("back")))


def leave(desk: Desk, asked: Asked) -> Response:
    """Let somebody out."""
    desk.sessions.end(asked.person)
    return go_to(ENTRANCE)


def _entrance(desk: Desk, asked: Asked, status: int = 200, wrong: object = None) -> Response:
    return page(
        desk,
        asked,
        "enter.html",
        status,
        wrong=wrong,
        name=asked.typed("name"),
        back=_back(asked.word("back") or asked.typed("back")),
    )


def page_of(path: str) -> str:
    """Return the page of ours an address is about, that of an act's document; '/' for none."""
    found = _PAGE.match(path)
    return found[0] if found else "/"


def _back(path: str) -> str:
    return "/" if path == ENTRANCE else page_of(path)


def _named(told: list[str]) -> str:
    """Return the name in the header of a proxy; '' where it says none, or several."""
    if len(told) != 1:
        return ""
    try:
        return _name(told[0].encode("latin-1").decode())  # what proxies write is UTF-8
    except UnicodeDecodeError:
        return _name(told[0])


def _name(written: str) -> str:
    """Return a name as the journal keeps it: one line, not too long."""
    return one_line(written)[:_LONGEST]
