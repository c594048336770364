"""Answers an axis should never give, or only in trouble: what faults put in place of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from edge_node.protocol.vxp import JSON
from edge_node.sandbox.faults_rules import Fault

if TYPE_CHECKING:
    from starlette.types import Send

    from edge_node.sandbox.faults_rules import Rule

_TEXT: Final = "text/plain; charset=utf-8"
# What a captive portal or a proxy puts in the way of every call, with a friendly 200.
_PORTAL: Final = (
    '<!DOCTYPE html>\n<html lang="vi"><head><title>Đăng nhập</title></head><body>'
    '<form method="post" action="/login"><input name="user"><input name="password"'
    ' type="password"><button>Đăng nhập</button></form></body></html>\n'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultyAnswer:
    """A whole answer."""

    http: int
    kind: str
    body: bytes

    async def send(self, send: Send) -> None:
        """Send it in the place of another."""
        headers = [
            (b"content-type", self.kind.encode()),
            (b"content-length", str(len(self.body)).encode()),
        ]
        await send({"type": "http.response.start", "status": self.http, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def answer_of(rule: Rule) -> FaultyAnswer:
    """Return the answer a rule puts in the place of the axis's own."""
    if rule.fault is Fault.NOT_JSON:
        return FaultyAnswer(http=200, kind=_TEXT, body=b"OK\n")
    if rule.fault is Fault.HTML:
        return FaultyAnswer(http=200, kind="text/html; charset=utf-8", body=_PORTAL.encode())
    if rule.fault is Fault.CODE_ZERO_ERROR:
        return _json(status="Error", code="0", ErrorCode="0", ErrorDesc="an error, and none")
    if rule.fault is Fault.UNKNOWN_CODE:
        return _json(status="FAIL", ErrorCode=rule.code, ErrorDesc="a code nobody knows")
    http = 413 if rule.fault is Fault.TOO_LARGE else rule.http
    return FaultyAnswer(http=http, kind=_TEXT, body=f"{http} {_phrase(http)}\n".encode())


def _phrase(http: int) -> str:
    return HTTPStatus(http).phrase if http in list(HTTPStatus) else "Error"


def _json(**fields: str) -> FaultyAnswer:
    body = json.dumps(fields, separators=(",", ":")).encode()
    return FaultyAnswer(http=200, kind=JSON, body=body)
