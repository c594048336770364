"""What a node stands on: the room on its disks, and whether somebody listens at its folders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_node.adapters.measuring import left_on
from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.adapters.measuring import Left
    from edge_node.node import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What was found at one moment."""

    left: Mapping[str, Left]  # on the disk of each folder that is there
    no_room: str  # why nothing new is taken in; empty where it is
    hears: bool | None  # whether events can be expected from every folder; None where nobody asks


def surroundings_of(node: Node) -> Surroundings:
    """Look; where a folder is on a share that is away this may never return."""
    folders, watcher = node.config.folders, node.watcher
    no_room = ""
    try:
        node.room.for_new()
    except EdgeNodeError as error:
        no_room = str(error)
    return Surroundings(
        left=left_on({"data": folders.data, "exchange": folders.exchange}),
        no_room=no_room,
        hears=None if watcher is None else watcher.alive,
    )
