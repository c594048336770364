"""Serves the page until a signal comes."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from edge_node.adapters.listening import address, listening
from edge_node.adapters.sd_notify import alive, notify, watched
from edge_node.web.desk import Desk
from edge_node.web.site import make_site
from edge_node.web.token import read_token

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from edge_node.node import Node

log = logging.getLogger(__name__)

_AT_ONCE: Final = 128  # connections; an office has a dozen people, whose browsers keep six each
PATIENCE: Final = 20.0  # seconds from a connection, or the first word, to the end of a question
_IDLE: Final = 30  # seconds an idle connection is kept
_GRACE: Final = 5  # seconds that pages under way have to end after the signal
_HEADERS: Final = 32 * 1024  # bytes
_TICK: Final = timedelta(milliseconds=100)  # of uvicorn's own clock, which ticks anyhow
_WORDS: Final = 3  # in the time within which the service manager wants to hear one


def serve(node: Node, config_file: Path, *, ready: Callable[[str], None]) -> None:
    """
    Serve the page of a node; ``ready`` is told the address.

    Raises NotAllowed where nobody can listen there or no token was made, and what reading that
    and opening the queue raise.
    """
    web = node.config.web
    token = None if web.user_header else read_token(node.config)
    desk = Desk(node=node, config_file=config_file, token=token)
    _ = desk.ledger  # says so where no node has worked here yet
    with listening(web.place, key="web.listen", group=web.socket_group) as socket:
        server_of(desk, lambda: ready(address(web.place, socket))).run(sockets=[socket])


def server_of(desk: Desk, listens: Callable[[], None]) -> uvicorn.Server:
    """Return what serves the pages of a desk, and says when it does."""
    settings = uvicorn.Config(
        make_site(desk),
        http=_Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_AT_ONCE,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_GRACE,
        h11_max_incomplete_event_size=_HEADERS,
    )
    return _Server(settings, listens)


class _Connection(H11Protocol):
    """
    One connection; whoever is silent on a new one, or stops half way, loses it.

    uvicorn's own limit is for those who had an answer. The silent would keep all others out.
    """

    _hurry: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_no_more()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Wait on for a question that is half asked, and for no other."""
        half = bool(self.conn.trailing_data[0]) or self.conn.their_state is h11.SEND_BODY
        if not half or self.transport.is_closing():
            self._expect_no_more()
        elif self._hurry is None:
            self._expect()

    def _expect(self) -> None:
        self._hurry = self.loop.call_later(PATIENCE, self.transport.abort)

    def _expect_no_more(self) -> None:
        if self._hurry is not None:
            self._hurry.cancel()
            self._hurry = None


class _Server(uvicorn.Server):
    """
    Says when it listens, and that it lives; ends quietly on a signal, and passes it not on.

    A page that hangs keeps a thread from others, and not the server from saying so.
    """

    def __init__(self, config: uvicorn.Config, listens: Callable[[], None]) -> None:
        super().__init__(config)
        self._listens = listens
        within = watched()
        self._ticks = None if within is None else max(1, int(within / _WORDS / _TICK))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listens()
        notify("READY=1")

    async def on_tick(self, counter: int) -> bool:
        if self._ticks is not None and counter % self._ticks == 0:
            alive()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: object) -> None:
        del sig, frame
        notify("STOPPING=1")
        self.should_exit = True
