"""
An exchange folder that does not answer: said once, waited for, and nobody is ended for it.

A lane that hangs in such a folder is not cured by another process, which would hang there as well,
and everything else would be stopped again and again. So it is waited for as long as the folder
itself does not answer; one that still hangs when it does is like any other that hangs.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.answering import silence
from edge_node.domain.record import reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.daemon.board import Board
    from edge_node.daemon.lanes import Lane
    from edge_node.node import Node

log = logging.getLogger(__name__)

_PLACE: Final = "exchange"  # what the board calls it


@dataclass(slots=True, kw_only=True)
class Silent:
    """Whoever knows whether the exchange folder of a node is silent; never waits for it."""

    node: Node
    lanes: Mapping[str, Lane]
    board: Board
    _said: bool = False

    def __post_init__(self) -> None:
        """Let whoever waits for the folder go on as soon as it answers again."""
        self.node.answering.tell(self._back)

    def _back(self) -> None:
        for lane in self.lanes.values():
            lane.folder_is_back()

    def excuses(self, lane: Lane) -> bool:
        """Tell whether the exchange folder, which a lane works in, does not answer now."""
        if not lane.in_exchange:
            return False
        self.node.answering.begin_look()
        return self.node.answering.is_silent

    def look(self) -> None:
        """Say what is new."""
        is_silent = self.node.answering.is_silent
        if is_silent and not self._said:
            error = silence(self.node.answering.folder)
            seen = {"error": str(error), "hint": str(error.hint)}
            log.error("the exchange folder does not answer", extra=seen)
            self.board.hangs(_PLACE, reason_of(error))
        elif self._said and not is_silent:
            log.warning("the exchange folder answers again")
            self.board.goes_on(_PLACE)
        self._said = is_silent
