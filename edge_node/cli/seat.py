"""What a command sits down with: the configuration, and of the node only what it asks for."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from edge_node.cli.glance import folders_of, queue_of
from edge_node.domain.errors import NeverWorked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_node.adapters.ledger import Ledger
    from edge_node.adapters.reading import ReadingFile
    from edge_node.config import Config
    from edge_node.node import Node


@dataclass
class Seat:
    """What a command works with: the configuration file and, when it asks for it, the node."""

    config_file: Path

    @cached_property
    def config(self) -> Config:
        """The configuration; ConfigError with everything that is wrong with it."""
        from edge_node.config import load  # noqa: PLC0415 - not every command reads it

        return load(self.config_file)

    @cached_property
    def folders(self) -> tuple[Path, Path]:
        """The data folder and the exchange folder; ConfigError where no glance tells them."""
        seen = folders_of(self.config_file)
        return seen or (self.config.folders.data, self.config.folders.exchange)

    @property
    def command(self) -> Sequence[str]:
        """What started us, without what we were asked: a child is started the same way."""
        asked, whole = sys.argv[1:], sys.orig_argv
        if asked and whole[-len(asked) :] == asked:
            return (sys.executable, *whole[1 : -len(asked)])
        return (sys.executable, "-m", "edge_node")

    @cached_property
    def node(self) -> Node:
        """The node this configuration describes."""
        from edge_node.node import Node  # noqa: PLC0415 - not every command needs one

        command = (*self.command, "-c", str(self.config_file))
        return Node(config=self.config, command=command)

    @cached_property
    def ledger(self) -> Ledger:
        """
        What has been done and is to be done.

        NeverWorked where no node has been set up, QueueDamaged where the queue was lost.
        """
        from edge_node.adapters.ledger import Ledger  # noqa: PLC0415 - it loads the queue

        return Ledger(self.reading)

    @cached_property
    def reading(self) -> ReadingFile:
        """The queue's file, for whoever only looks; it raises as `ledger` does."""
        from edge_node.adapters.reading import ReadingFile, not_readable  # noqa: PLC0415 - it loads the queue

        path = queue_of(self.config_file) or self.config.folders.queue
        try:
            there = path.exists()
        except PermissionError:
            raise not_readable(path) from None
        if not there:
            folders = self.config.folders
            from edge_node.adapters.backup import Backups  # noqa: PLC0415 - hardly ever
            from edge_node.adapters.safekeeping import demand_not_lost  # noqa: PLC0415 - likewise

            demand_not_lost(folders.queue, Backups(folders.backups), self.node.waybills)
            raise NeverWorked(folders.data)
        return ReadingFile(path)
