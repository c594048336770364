"""What a command sits down with: the configuration, and of the node only what it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from edge_node.adapters.ledger import Ledger
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
    def node(self) -> Node:
        """The node this configuration describes."""
        from edge_node.node import Node  # noqa: PLC0415 - not every command needs one

        return Node(config=self.config)

    @cached_property
    def ledger(self) -> Ledger:
        """What has been done and is to be done; NotAllowed where no node has been set up."""
        from edge_node.adapters.ledger import Ledger  # noqa: PLC0415 - it loads the queue

        if not self.config.folders.queue.exists():
            raise NotAllowed(
                say("no node has worked in {path} yet", path=str(self.config.folders.data)),
                hint=say(
                    "check folders.data; `edge-node init` makes what the configuration names"
                ),
            )
        return Ledger(self.node.queue.file)
