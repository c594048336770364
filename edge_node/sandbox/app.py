"""
The axis over HTTP: its routes, the signature on every call, bodies that stream in and out.

What the calls mean is `edge_node.sandbox.axis`' affair. A reply always has the fields its call
documents and no others, whether the answer is yes or no; a refusal is HTTP 200 with status FAIL,
since that is how clients of this API are told. Faults of the line stand around the application
as ASGI middleware (`faults_wire`), those of meaning are an axis of their own (`faults_axis`).
"""

from __future__ import annotations

import base64
import json
import logging
import re
import sqlite3
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from edge_node.domain.message import say
from edge_node.protocol.vxp import JSON, OCTETS, SignatureMismatch, check_signature
from edge_node.sandbox.params import Params
from edge_node.sandbox.refusals import Code, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from pathlib import Path

    from edge_node.sandbox.axis import Axis
    from edge_node.sandbox.directory import Fields
    from edge_node.sandbox.draft import Draft

    Handler = Callable[[Request, str, Params], Awaitable[Response]]
    Call = Callable[[str, Params], Fields]

log = logging.getLogger(__name__)

_STAMP: Final = re.compile(r"\d{8}T\d{6}\+\d{4}")
_EMPTY_BODIES: Final = (b"", b"{}")  # the vendor's client sends the one or the other
_LONGEST_JSON: Final = 64 * 1024  # bytes of a body that is not a package
_LINE_END: Final = 2  # bytes that close a package and belong to its Content-Length
_PIECE: Final = 768 * 1024  # bytes moved at a time; a multiple of 3, so that base64 can be cut


def application(axis: Axis) -> Starlette:
    """Return the sandbox as an ASGI application; the axis stays the caller's to close."""
    directory = axis.directory
    app = Starlette(
        routes=[
            _route(axis, "/sendEdoc", _sending(axis), {"DocId": ""}, limit=largest_body(axis)),
            _route(axis, "/getReceivedEdocList", _json_call(axis.received), {"data": []}),
            _route(axis, "/getEdoc", _fetching(axis), {"data": ""}),
            _route(axis, "/downloadEdoc", _downloading(axis), {}, verb="GET"),
            _route(axis, "/updateStatus", _json_call(axis.update_status), {}),
            _route(axis, "/getSentEdocList", _json_call(axis.sent), {"data": []}),
            _route(axis, "/countReceiveEdoc", _json_call(axis.count_documents), {"count": 0}),
            _route(axis, "/countReceiveStatus", _json_call(axis.count_statuses), {"count": 0}),
            _route(axis, "/getAgenciesList", _json_call(directory.agencies), {"data": []}),
            _route(
                axis, "/getAgenciesListQD20", _json_call(directory.agencies_qd20), {"data": []}
            ),
            _route(axis, "/getSynchronizeUnit", _json_call(directory.units), {"data": []}),
            _route(axis, "/registerAgency", _registering(axis), {}),
            _route(axis, "/deleteAgency", _json_call(directory.delete), {}),
        ]
    )
    app.router.redirect_slashes = False
    return app


def largest_body(axis: Axis) -> int:
    """Return how many bytes a body may have: those of a package and the line end behind it."""
    return axis.settings.options.max_package + _LINE_END


def _route(
    axis: Axis,
    path: str,
    handler: Handler,
    blank: Fields,
    *,
    verb: str = "POST",
    limit: int = _LONGEST_JSON,
) -> Route:
    """
    Return the route of one call.

    ``blank`` is what its reply holds beside the common fields when the answer is no; ``limit``
    is how long a body may be, in bytes.
    """

    async def endpoint(request: Request) -> Response:
        _check_length(request, limit)
        try:
            caller, params = _admit(axis, dict(request.headers))
            return await handler(request, caller, params)
        except Refused as refusal:
            return _refusal(request, refusal, blank)
        except (OSError, sqlite3.Error):
            log.exception("the sandbox is in trouble", extra={"call": path})
            trouble = Refused(Code.SYSTEM_ERROR, say("the sandbox cannot do this now"))
            return _refusal(request, trouble, blank)
        except ClientDisconnect:
            log.info("a client left in the middle of a call", extra={"call": path})
            return Response(status_code=400)  # which nobody is there to read

    route = Route(path, endpoint, methods=[verb])
    route.methods = {verb}  # and no HEAD beside GET
    return route


def _check_length(request: Request, limit: int) -> None:
    """Turn away a body of unknown or too great a length, before any of it is read."""
    length = request.headers.get("content-length", "0" if request.method == "GET" else "")
    if not length.isdecimal():
        raise HTTPException(411)
    if int(length) > limit:
        raise HTTPException(413)


def _admit(axis: Axis, headers: Mapping[str, str]) -> tuple[str, Params]:
    """Return who calls and with which parameters; Refused unless the signature proves it."""
    member = axis.settings.members.get(headers.get("xroadvnpt-systemid", ""))
    if member is None:
        raise Refused(Code.DENIED, say("systemid is not known here"))
    try:
        params = Params(check_signature(headers, member.secret))
    except SignatureMismatch as error:
        raise Refused(Code.DENIED, error.message) from error
    if not _STAMP.fullmatch(params.need("timestamp")):
        raise Refused(Code.BAD_REQUEST, say("timestamp is not of the form ddMMyyyyTHHmmss+SSSS"))
    return member.code, params


def _json_call(call: Call) -> Handler:
    """Return the handler of a call that needs no body and answers with JSON."""

    async def handler(request: Request, caller: str, params: Params) -> Response:
        await _read_empty(request)
        return await run_in_threadpool(lambda: _success(call(caller, params)))

    return handler


def _registering(axis: Axis) -> Handler:
    async def handler(request: Request, caller: str, params: Params) -> Response:
        body = await request.body()
        register = axis.directory.register
        return await run_in_threadpool(lambda: _success(register(caller, params, body)))

    return handler


def _sending(axis: Axis) -> Handler:
    """Return the handler of sendEdoc; a small package costs one trip to a thread, no more."""

    async def handler(request: Request, caller: str, params: Params) -> Response:
        axis.check_send(caller, params)
        draft: Draft | None = None
        gathered = bytearray()
        try:
            async for piece in request.stream():
                gathered += piece
                if len(gathered) >= _PIECE:
                    draft = await run_in_threadpool(_poured, axis, draft, bytes(gathered))
                    gathered.clear()
        except BaseException:
            if draft:
                draft.discard()
            raise
        return await run_in_threadpool(_sent, axis, draft, bytes(gathered), caller, params)

    return handler


def _poured(axis: Axis, draft: Draft | None, piece: bytes) -> Draft:
    draft = draft or axis.draft()
    draft.write(piece)
    return draft


def _sent(axis: Axis, draft: Draft | None, last: bytes, caller: str, params: Params) -> Response:
    draft = draft or axis.draft()
    try:
        draft.write(last)
        return _success(axis.send(caller, params, draft))
    except BaseException:
        draft.discard()
        raise


def _downloading(axis: Axis) -> Handler:
    async def handler(request: Request, caller: str, params: Params) -> Response:
        del request
        return await run_in_threadpool(lambda: _as_bytes(axis.package(caller, params)))

    return handler


def _fetching(axis: Axis) -> Handler:
    async def handler(request: Request, caller: str, params: Params) -> Response:
        await _read_empty(request)
        return await run_in_threadpool(lambda: _as_json(axis.package(caller, params)))

    return handler


def _as_bytes(path: Path) -> Response:
    size = path.stat().st_size
    if size <= _PIECE:
        return Response(path.read_bytes(), media_type=OCTETS)
    headers = {"content-length": str(size)}
    return StreamingResponse(_pieces(path), headers=headers, media_type=OCTETS)


def _as_json(path: Path) -> Response:
    """Return the file as base64 inside JSON, which is put together while it is sent."""
    size = path.stat().st_size
    if size <= _PIECE:
        return _success({"data": base64.b64encode(path.read_bytes()).decode("ascii")})
    head, tail = _json(_common(Code.OK, "") | {"data": "|"}).split(b"|")

    def pieces() -> Iterator[bytes]:
        yield head
        for piece in _pieces(path):
            yield base64.b64encode(piece)
        yield tail

    length = len(head) + (size + 2) // 3 * 4 + len(tail)
    return StreamingResponse(pieces(), headers={"content-length": str(length)}, media_type=JSON)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


async def _read_empty(request: Request) -> None:
    if await request.body() not in _EMPTY_BODIES:
        raise Refused(Code.BAD_REQUEST, say("this call has no body"))


def _common(code: Code, text: str) -> Fields:
    status = "OK" if code is Code.OK else "FAIL"
    return {"status": status, "ErrorCode": str(code), "ErrorDesc": text}


def _success(fields: Fields) -> Response:
    return Response(_json(_common(Code.OK, "") | fields), media_type=JSON)


def _refusal(request: Request, refusal: Refused, blank: Fields) -> Response:
    body = _json(_common(refusal.code, str(refusal)) | blank)
    response = Response(body, media_type=JSON)
    if "expect" in request.headers:
        # Told no instead of "100 Continue", a client may keep its body to itself; what it sends
        # next on this connection could then not be told from that body.
        response.headers["connection"] = "close"
    return response


def _json(fields: Fields) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
