"""Serves the page until a signal comes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import uvicorn

from edge_node.web.desk import Desk
from edge_node.web.listening import listening
from edge_node.web.site import make_site
from edge_node.web.token import read_token

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from edge_node.node import Node

log = logging.getLogger(__name__)

_AT_ONCE: Final = 32  # connections; an office has a dozen people
_IDLE: Final = 30  # seconds an idle connection is kept
_GRACE: Final = 5  # seconds that pages under way have to end after the signal
_HEADERS: Final = 32 * 1024  # bytes


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
    with listening(web.place) as (socket, address):
        server_of(desk, lambda: ready(address)).run(sockets=[socket])


def server_of(desk: Desk, listens: Callable[[], None]) -> uvicorn.Server:
    """Return what serves the pages of a desk, and says when it does."""
    settings = uvicorn.Config(
        make_site(desk),
        http="h11",
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


class _Server(uvicorn.Server):
    """Says when it listens; ends quietly on a signal, and passes it not on."""

    def __init__(self, config: uvicorn.Config, listens: Callable[[], None]) -> None:
        super().__init__(config)
        self._listens = listens

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listens()

    def handle_exit(self, sig: int, frame: object) -> None:
        del sig, frame
        self.should_exit = True
