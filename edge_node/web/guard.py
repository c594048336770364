"""
Stands before every page: whose name it was asked by, where a click came from, what a browser may.

A browser on this machine that was led here under a stranger's name (DNS rebinding) is refused by
the `Host` it sends; a form of somebody else's page by its `Origin`. The policy lets pages load
nothing but our own style sheet, script and pictures, and run nothing written inline.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from edge_node.config.addresses import is_this_machine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
            " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # (With no-referrer browsers call the origin of our own forms null.)
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
)
_CACHE: Final = "Cache-Control"
_READING: Final = frozenset({"GET", "HEAD"})
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")


class Guard:
    """The outermost layer."""

    def __init__(self, app: ASGIApp, *, hosts: tuple[str, ...]) -> None:
        """Stand before ``app``, which is asked for by ``hosts`` and by names of this machine."""
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on; add to every answer what a browser has to know."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault(_CACHE, "no-store")
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        await (refusal or self._app)(scope, receive, sending)

    def _refusal(self, method: str, headers: Headers) -> PlainTextResponse | None:
        host = headers.get("host", "")
        if not self.is_ours(host):
            return PlainTextResponse("not the name of this page (web.hosts)\n", 421)
        if method not in _READING and not _is_from(headers, host):
            return PlainTextResponse("this click comes from another page\n", 403)
        return None

    def is_ours(self, host: str) -> bool:
        """Tell whether a `Host` is a name of this page."""
        name = name_in(host)
        return name in self._hosts or is_this_machine(name)


def name_in(host: str) -> str:
    """Return the name in a `Host`, without its port; '' where it is none."""
    written = _HOST.fullmatch(host)
    return written[1].strip("[]").lower() if written else ""


def _is_from(headers: Headers, host: str) -> bool:
    """Tell whether a browser says that the click was made on a page of ours."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "same-origin"
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.netloc.lower() == host.lower()
