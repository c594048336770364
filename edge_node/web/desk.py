"""
What the pages work with: one node, its queue and directory, and who is in.

Nothing here turns a flow: a node at work beside us does that, and is rung when something was done.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from edge_node.adapters.ledger import Ledger
from edge_node.adapters.safekeeping import demand_not_lost
from edge_node.domain.actor import Actor
from edge_node.domain.errors import NeverWorked
from edge_node.web.asked import one_line
from edge_node.web.places import Places
from edge_node.web.rounds import Rounds
from edge_node.web.sessions import Sessions, Strangers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from edge_node.config import Config
    from edge_node.node import Node
    from edge_node.node.desks import Looking
    from edge_node.web.asked import Asked
    from edge_node.web.token import Token

PAGES: Final = 4  # threads, each with a connection to the queue
WRONG_TOKEN: Final = 1.0  # seconds until whoever showed one hears so
PAPERS: Final = 1  # of registers, reports and pictures, one at a time


async def _a_while() -> None:
    await asyncio.sleep(WRONG_TOKEN)


@dataclass(kw_only=True)
class Desk:
    """
    One agency's; ``token`` is None where a proxy lets people in.

    Whoever shows a wrong one hears so after a ``pause``.
    """

    node: Node
    config_file: Path
    token: Token | None
    strangers: Strangers = field(default_factory=Strangers)
    pause: Callable[[], Awaitable[None]] = _a_while

    def __post_init__(self) -> None:
        """Open, with nobody in."""
        self.sessions = Sessions(self.config.web.idle)
        self.rounds = Rounds(self.config_file)
        self.places = Places(self.node)
        self.pages = ThreadPoolExecutor(PAGES, "page")
        self.papers = ThreadPoolExecutor(PAPERS, "paper")

    @property
    def config(self) -> Config:
        """The configuration."""
        return self.node.config

    @cached_property
    def ledger(self) -> Ledger:
        """What was done and is to be done; NeverWorked where no node has yet."""
        folders = self.config.folders
        if not folders.queue.exists():
            demand_not_lost(folders.queue, self.node.backups, self.node.waybills)
            raise NeverWorked(folders.data)
        return Ledger(self.node.queue.file)

    @cached_property
    def looking(self) -> Looking:
        """Whoever opens strangers' files; made with the first one."""
        return self.node.looking()

    @property
    def now(self) -> datetime:
        """What the clock shows."""
        return self.node.clock()

    @contextmanager
    def acting(self, asked: Asked, why: str = "") -> Iterator[Node]:
        """Let what is done in the block bear the person's name, then have the node look."""
        actor = Actor(name=asked.person.user, why=one_line(why or asked.typed("why")))
        with self.node.queue.file.acting(actor):
            yield self.node
        self.node.ring()

    def called(self, code: str) -> str:
        """Return what an agency is called, where that is known; '' otherwise."""
        known = code and self.config.folders.directory.exists()
        return self.node.directory.name(code) if known else ""

    def close(self) -> None:
        """Let go of everything, in every thread."""
        for pool, size in ((self.pages, PAGES), (self.papers, PAPERS)):
            together = threading.Barrier(size)

            def leave(together: threading.Barrier = together) -> None:
                together.wait(10)
                self.node.close_files()

            for left in [pool.submit(leave) for _ in range(size)]:
                left.exception()
            pool.shutdown()
        self.node.close()
