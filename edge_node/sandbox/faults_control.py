"""
The control call: rules set, cleared and looked at over HTTP while the sandbox is served.

    GET     /sandbox/faults   the rules that stand and all that struck, as JSON
    PUT     /sandbox/faults   the body's rules, YAML or JSON, in the place of those that stand
    DELETE  /sandbox/faults   no rules any more

It is no call of the axis, is never struck itself, and takes no agency's signature but a token of
the sandbox's own, from the file `control-token` in its folder.
"""

from __future__ import annotations

import hmac
import os
import secrets
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from edge_node.domain.errors import ConfigError
from edge_node.sandbox.faults_rules import read_rules

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

    from edge_node.sandbox.faults import Faults

CONTROL_PATH: Final = "/sandbox/faults"
TOKEN_FILE: Final = "control-token"  # noqa: S105 - the name of a file, not a token
_LONGEST: Final = 1024 * 1024  # bytes of rules


def control_token(folder: Path) -> str:
    """Return the token of a sandbox; the first time, make it, for its owner's eyes only."""
    path = folder / TOKEN_FILE
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        made = path.with_name(f".{TOKEN_FILE}.part")
        made.unlink(missing_ok=True)
        token = secrets.token_urlsafe(32)
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token)
        made.rename(path)
        return token


class Control:
    """The control call as an ASGI application."""

    def __init__(self, faults: Faults, token: str) -> None:
        """Serve whoever sends `Authorization: Bearer` with the token."""
        self._faults = faults
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, self._expected):
            return Response(status_code=401, headers={"www-authenticate": "Bearer"})
        if request.method == "PUT":
            return await self._put(request)
        if request.method == "DELETE":
            self._faults.clear()
        elif request.method != "GET":
            return Response(status_code=405, headers={"allow": "GET, PUT, DELETE"})
        return self._shown()

    async def _put(self, request: Request) -> Response:
        length = request.headers.get("content-length", "")
        if not length.isdecimal():
            return Response(status_code=411)
        if int(length) > _LONGEST:
            return Response(status_code=413)
        try:
            text = (await request.body()).decode()
            self._faults.replace(read_rules(text, source=CONTROL_PATH))
        except UnicodeDecodeError:
            return JSONResponse({"problems": ["the body is not UTF-8"]}, status_code=400)
        except ConfigError as error:
            problems = [str(problem) for problem in (error.message, *error.problems)]
            return JSONResponse({"problems": problems}, status_code=400)
        return self._shown()

    def _shown(self) -> Response:
        rules = [
            one.rule.plain() | {"met": one.met, "struck": one.struck}
            for one in self._faults.standing
        ]
        strikes = [strike.plain() for strike in self._faults.strikes]
        return JSONResponse({"faults": rules, "strikes": strikes})
