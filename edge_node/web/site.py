"""
Which page is where, and what happens before it: whoever asks is known, and a form is ours.

Pages read and write files, so that they are made by threads, and the loop only moves bytes.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from edge_node.adapters.disk import disk_errors
from edge_node.config.addresses import is_this_machine
from edge_node.domain.errors import ConfigError, EdgeNodeError, NotAllowed, Outage, UnknownItem
from edge_node.domain.message import say
from edge_node.web import (
    acts,
    agencies,
    deadlines,
    document,
    documents,
    entrance,
    overview,
    papers,
    preview,
    rounds_page,
)
from edge_node.web.asked import (
    LANGUAGE,
    NOTHING,
    Asked,
    FormUnreadable,
    language_asked,
    read_fields,
)
from edge_node.web.asked import read_form as _read_form
from edge_node.web.guard import Guard, name_in
from edge_node.web.replies import go_to, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from starlette.requests import Request

    from edge_node.web.desk import Desk
    from edge_node.web.sessions import Session

    View = Callable[[Desk, Asked], Response]

log = logging.getLogger(__name__)

_STATIC: Final = Path(__file__).parent / "static"
_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "style.css": "text/css; charset=utf-8",
        "htmx.min.js": "text/javascript; charset=utf-8",
        "icon.svg": "image/svg+xml",
    }
)
_YEAR: Final = 365 * 24 * 3600

# What everybody who is in may look at.
_PAGES: Final[Mapping[str, View]] = MappingProxyType(
    {
        "/": overview.show,
        "/documents": documents.show,
        "/documents/{item}": document.show,
        "/deadlines": deadlines.show,
        "/papers": papers.show,
        "/agencies": agencies.show,
        "/agencies/{code}": agencies.show_one,
        "/doctor": rounds_page.show,
    }
)
# What takes longer than a page may, and comes as a file.
_FILES: Final[Mapping[str, View]] = MappingProxyType(
    {
        "/papers/register": papers.register,
        "/papers/report": papers.report,
        "/documents/{item}/page-1.png": preview.picture,
    }
)
# What they may do.
_ACTS: Final[Mapping[str, View]] = MappingProxyType(
    {
        "/documents/{item}/{act}": acts.act,
        "/doctor": rounds_page.begin,
        "/leave": entrance.leave,
    }
)


def make_site(desk: Desk) -> Starlette:
    """Return the whole of it, to be served."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(desk.close)

    routes = [Route("/static/{name}", _static)]
    routes += [_route(desk, entrance.ENTRANCE, entrance.show_entrance, open_to="anybody")]
    routes += [Route(entrance.ENTRANCE, _entering(desk), methods=["POST"])]
    routes += [_route(desk, path, view, open_to="people") for path, view in _PAGES.items()]
    routes += [
        _route(desk, path, view, open_to="people", slow=True) for path, view in _FILES.items()
    ]
    routes += [_route(desk, path, view, open_to="acts") for path, view in _ACTS.items()]
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(Guard, hosts=desk.config.web.hosts)],
        exception_handlers={404: _nothing(desk), 500: _mistake},
    )


def _route(
    desk: Desk,
    path: str,
    view: View,
    *,
    open_to: Literal["anybody", "people", "acts"],
    slow: bool = False,
) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            asked = await _asked(desk, request)
        except EdgeNodeError as error:
            return await _refused(desk, request, error)
        if asked.session is None and open_to != "anybody":
            return _to_the_entrance(request)
        pool = desk.papers if slow else desk.pages
        loop = asyncio.get_running_loop()
        reply = await loop.run_in_executor(pool, _made, desk, asked, view, open_to == "acts")
        return _marked(desk, request, asked, reply)

    return Route(path, endpoint, methods=["POST" if open_to == "acts" else "GET"])


def _entering(desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            asked = await _asked(desk, request)
        except EdgeNodeError as error:
            return await _refused(desk, request, error)
        loop = asyncio.get_running_loop()
        session, reply = await loop.run_in_executor(desk.pages, entrance.enter, desk, asked)
        if reply.status_code == entrance.WRONG:
            await desk.strangers.keep(desk.pause)  # which keeps no thread from anybody's page
        return _marked(desk, request, replace(asked, session=session), reply)

    return endpoint


def _made(desk: Desk, asked: Asked, view: View, acting: bool) -> Response:  # noqa: FBT001 - passed on by the executor
    """Return what a page says; in our words where it cannot be made."""
    try:
        with disk_errors():
            if acting:
                entrance.demand_ours(asked)
            return view(desk, asked)
    except EdgeNodeError as error:
        return refusal(desk, asked, error, status_of(error))


def status_of(error: EdgeNodeError) -> int:
    """Return the status of HTTP that comes nearest to an error of ours."""
    match error:
        case UnknownItem():
            return 404
        case entrance.Forged() | entrance.NotLetIn():
            return 403
        case FormUnreadable():
            return 400
        case Outage() | ConfigError():
            return 503
    return 409


async def _asked(desk: Desk, request: Request) -> Asked:
    query = read_fields(request.scope["query_string"])
    form = await _read_form(request) if request.method == "POST" else NOTHING
    return Asked(
        path=entrance.page_of(request.scope["path"]),
        now=desk.now,
        language=language_asked(request, query, desk.config.language),
        params=request.path_params,
        query=query,
        form=form,
        session=entrance.person(desk, request),
        by_itself=entrance.BY_ITSELF in request.headers,
    )


async def _refused(desk: Desk, request: Request, error: EdgeNodeError) -> Response:
    asked = _anybody(desk, request)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(desk.pages, refusal, desk, asked, error, status_of(error))


def _anybody(desk: Desk, request: Request) -> Asked:
    language = language_asked(request, NOTHING, desk.config.language)
    path = entrance.page_of(request.scope["path"])
    return Asked(path=path, now=desk.now, language=language, params={})


def _to_the_entrance(request: Request) -> Response:
    way = entrance.ENTRANCE
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": way})
    back = entrance.page_of(request.scope["path"])
    return go_to(f"{way}?back={back}" if back != "/" else way)


def _marked(desk: Desk, request: Request, asked: Asked, reply: Response) -> Response:
    """Set the cookies: who it is, and which language they chose."""
    host = name_in(request.headers.get("host", ""))
    safe = not is_this_machine(host)  # by a proxy, which speaks TLS
    session: Session | None = asked.session
    name = entrance.cookie_name(desk)
    if session is not None and request.cookies.get(name) != session.key:
        reply.set_cookie(name, session.key, httponly=True, samesite="strict", secure=safe)
    if asked.word(LANGUAGE) == asked.language:
        reply.set_cookie(
            LANGUAGE, asked.language, max_age=_YEAR, httponly=True, samesite="strict", secure=safe
        )
    return reply


async def _static(request: Request) -> Response:
    """Give one of the files there are; no name becomes a path."""
    name = request.path_params["name"]
    if name not in _KINDS:
        return PlainTextResponse("nothing here\n", 404)
    content = await asyncio.to_thread((_STATIC / name).read_bytes)
    return Response(content, media_type=_KINDS[name], headers={"Cache-Control": "max-age=3600"})


def _nothing(desk: Desk) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def nothing(request: Request, _: Exception) -> Response:
        error = NotAllowed(say("there is no such page"), hint=say("the overview leads everywhere"))
        asked = _anybody(desk, request)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(desk.pages, refusal, desk, asked, error, 404)

    return nothing


async def _mistake(_: Request, error: Exception) -> Response:
    """Say that a page failed for a reason nobody thought of; Starlette logs the rest."""
    log.error("a page failed", exc_info=error)
    return PlainTextResponse("a mistake of the page; the log knows more\n", 500)
