"""
Faults on the wire: ASGI middleware around the application, between the axis and its line.

A call that a rule concerns is taken in whole before anything else, so that its package is known
by name and a line that is cut is cut between whole steps. Rules strike in the order they were
given: first those of what has arrived, then, the call being processed, those of the answer. A
stall lets the next rule have its turn; any other fault has the last word at its stage. Calls no
rule concerns pass straight through.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from uvicorn.protocols.http.h11_impl import H11Protocol

from edge_node.domain.envelope import MessageType
from edge_node.protocol.vxp import Method
from edge_node.sandbox.faults import PASSING, Passing
from edge_node.sandbox.faults_answers import answer_of
from edge_node.sandbox.faults_rules import Fault, Stage
from edge_node.sandbox.package import header_of
from edge_node.sandbox.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from edge_node.sandbox.faults import Faults
    from edge_node.sandbox.faults_rules import Rule

_LINE: Final = "edge_node.line"  # where the transport lies in a scope
_IN_MEMORY: Final = 1024 * 1024  # bytes of a body held before it goes to disk
_PIECE: Final = 256 * 1024
# What strikes an answer while it passes; any other fault puts something in its place.
_ON_THE_BODY: Final = frozenset({Fault.HALF_ANSWER, Fault.DRIP, Fault.CORRUPT_BASE64})
# Calls about what is for the caller, or by which the caller takes it.
_OWN: Final = frozenset(
    {
        Method.RECEIVED_LIST,
        Method.FETCH,
        Method.DOWNLOAD,
        Method.UPDATE_STATUS,
        Method.COUNT_DOCUMENTS,
        Method.COUNT_STATUSES,
    }
)


class Line(H11Protocol):
    """HTTP whose line the application can cut, which ASGI knows no word for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Lay the transport into the scope of every request; uvicorn narrows the type too."""
        super().connection_made(transport)
        app = self.app

        async def with_line(scope: Scope, receive: Receive, send: Send) -> None:
            scope[_LINE] = transport
            await app(scope, receive, send)

        self.app = with_line


class FaultyWire:
    """The application, on a line that faults may strike."""

    def __init__(self, app: ASGIApp, faults: Faults, *, largest: int) -> None:
        """Stand before ``app``; a body of more than ``largest`` bytes is the application's own."""
        self._app = app
        self._faults = faults
        self._largest = largest
        self._clients: set[_Client] = set()  # whose calls a rule may have in its hands now

    def end(self) -> None:
        """Let nobody wait any longer: the server ends, and no stall is to keep it."""
        for client in self._clients:
            client.abandon()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on, unless a rule concerns it."""
        if not self._faults.standing:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        passing = _announced(scope["path"], headers)
        length = headers.get("content-length", "0")
        sound = length.isdecimal() and int(length) <= self._largest
        if not sound or not self._faults.concern(passing.call, passing.caller):
            await self._app(scope, receive, send)
            return
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as body:
            if await _arrives(receive, body):
                client = _Client(receive, scope[_LINE])
                self._clients.add(client)
                try:
                    await self._met(scope, body, client, send, await _known(passing, body))
                finally:
                    self._clients.discard(client)
                    await client.let_go()

    async def _met(
        self, scope: Scope, body: IO[bytes], client: _Client, send: Send, passing: Passing
    ) -> None:
        skew = sum(
            one.rule.seconds
            for one in self._faults.fitting(passing, Stage.CLOCK)
            if self._faults.hits(one, passing)
        )
        passing = replace(passing, skew=timedelta(seconds=skew))
        PASSING.set(passing)
        if not await self._goes_on(passing, client, send):
            return
        answer = _Answer(self._faults, passing, client, send)
        body.seek(0)
        await self._app(scope, _replay(body, client), answer.send)
        if answer.is_cut:
            await client.is_gone()

    async def _goes_on(self, passing: Passing, client: _Client, send: Send) -> bool:
        """Strike what has arrived; False if it is not to be processed."""
        for one in self._faults.fitting(passing, Stage.BEFORE):
            if not self._faults.hits(one, passing):
                continue
            rule = one.rule
            if rule.fault is Fault.ANSWER_AFTER_GIVE_UP:
                await client.is_gone()
                await asyncio.sleep(rule.seconds)
                return True
            if rule.fault is Fault.STALL and rule.then == "go-on":
                if not await client.stays(rule.seconds):
                    return False
                continue
            if rule.fault is Fault.STALL:
                await client.stays(rule.seconds)
            if rule.fault in {Fault.STALL, Fault.DROP_BEFORE}:
                await client.cut()
            else:
                await answer_of(rule).send(send)
            return False
        return True


class _Client:
    """The other end of the line: whether it is there still, and the means to cut it."""

    def __init__(self, receive: Receive, transport: asyncio.Transport) -> None:
        self._left = asyncio.ensure_future(receive())  # which has nothing else to say any more
        self._transport = transport

    async def stays(self, seconds: float) -> bool:
        """Wait so long; False as soon as the client is gone."""
        await asyncio.wait({self._left}, timeout=seconds)
        return not self._left.done()

    async def is_gone(self) -> None:
        """Wait until the client is gone."""
        await asyncio.wait({self._left})

    async def cut(self) -> None:
        """Close the line without another byte."""
        self.abandon()
        await self.is_gone()

    def abandon(self) -> None:
        """Begin to close the line, whatever is on it still."""
        self._transport.abort()

    def hang_up(self) -> None:
        """Close the line once it has carried what it was given."""
        self._transport.close()

    async def let_go(self) -> None:
        self._left.cancel()
        with suppress(asyncio.CancelledError):
            await self._left


class _Answer:
    """The answer of the application on its way out, struck once it is known."""

    def __init__(self, faults: Faults, passing: Passing, client: _Client, send: Send) -> None:
        self._faults = faults
        self._passing = passing
        self._client = client
        self._send = send
        self._start: Message | None = None
        self._struck: Rule | None = None
        self._length = 0  # bytes the application announced
        self._gone = 0  # bytes of them that have passed here
        self.is_cut = False

    async def send(self, message: Message) -> None:
        """Take a message of the application; the head waits for the body that explains it."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            await self._begin(start, message["body"])
        await self._body(message)

    async def _begin(self, start: Message, body: bytes) -> None:
        self._length = int(dict(start["headers"]).get(b"content-length", b"0"))
        self._struck = await self._strike(body)
        if self._struck is None or self._struck.fault in _ON_THE_BODY:
            await self._send(start)
        elif self._struck.fault in {Fault.STALL, Fault.DROP_AFTER}:
            self.is_cut = True
            await self._client.cut()
        else:
            await answer_of(self._struck).send(self._send)

    async def _strike(self, body: bytes) -> Rule | None:
        """Return the rule that has the last word on the answer."""
        doc_ids = _taken_as(body) if self._passing.call == Method.SEND else ()
        for one in self._faults.fitting(self._passing, Stage.AFTER):
            if not self._faults.hits(one, self._passing, doc_ids):
                continue
            rule = one.rule
            if rule.fault is not Fault.STALL:
                return rule
            stays = await self._client.stays(rule.seconds)
            if rule.then == "drop" or not stays:
                return rule
        return None

    async def _body(self, message: Message) -> None:
        rule, piece = self._struck, message.get("body", b"")
        if rule is None:
            await self._send(message)
        elif rule.fault is Fault.DRIP:
            await self._drip(rule, message)
        elif rule.fault is Fault.CORRUPT_BASE64:
            place = self._length // 2 - self._gone
            if 0 <= place < len(piece):
                piece = piece[:place] + b"!" + piece[place + 1 :]
            await self._send({**message, "body": piece})
        elif rule.fault is Fault.HALF_ANSWER and not self.is_cut:
            await self._half(rule, piece)
        self._gone += len(piece)

    async def _drip(self, rule: Rule, message: Message) -> None:
        piece: bytes = message.get("body", b"")
        for begin in range(0, len(piece), rule.bytes):
            drop = piece[begin : begin + rule.bytes]
            await self._send({**message, "body": drop, "more_body": True})
            if not await self._client.stays(rule.seconds):
                return
        if not message.get("more_body"):
            await self._send({**message, "body": b""})

    async def _half(self, rule: Rule, piece: bytes) -> None:
        until = min(rule.bytes or self._length // 2, self._length - 1)
        piece = piece[: until - self._gone]
        await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        if self._gone + len(piece) >= until:
            self.is_cut = True
            self._client.hang_up()


def _announced(path: str, headers: Headers) -> Passing:
    """Return what the head of a request says of the call; nothing of it has been proved."""
    return Passing(
        call=path.removeprefix("/"),
        caller=headers.get("XroadVnpt-systemid", ""),
        message=headers.get("XroadVnpt-messagetype", ""),
        doc_id=headers.get("XroadVnpt-docId", ""),
    )


async def _arrives(receive: Receive, body: IO[bytes]) -> bool:
    """Take in a body; False if the client left before its end."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        await run_in_threadpool(body.write, message.get("body", b""))
        more = message.get("more_body", False)
    return True


def _replay(body: IO[bytes], client: _Client) -> Receive:
    """Return a receive that gives the body again, and then waits for the client to leave."""
    ended = False

    async def receive() -> Message:
        nonlocal ended
        if ended:
            await client.is_gone()
            return {"type": "http.disconnect"}
        piece = await run_in_threadpool(body.read, _PIECE)
        ended = not piece
        return {"type": "http.request", "body": piece, "more_body": not ended}

    return receive


async def _known(passing: Passing, body: IO[bytes]) -> Passing:
    """Say of a call whom it is meant for, and of a send which document it carries."""
    if passing.call in _OWN:
        return replace(passing, receivers=(passing.caller,))
    if passing.call != Method.SEND or passing.message not in list(MessageType):
        return passing
    body.seek(0)
    try:
        header = await run_in_threadpool(header_of, body, MessageType(passing.message))
    except Refused:  # which the axis itself will say
        return passing
    return replace(passing, receivers=header.receivers, document_id=header.document_id)


def _taken_as(body: bytes) -> Sequence[str]:
    """Return the docId an answer to a send names, if it names one."""
    answer: Mapping[str, object] = json.loads(body)
    doc_id = answer.get("DocId")
    return (str(doc_id),) if doc_id else ()
