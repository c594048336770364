"""
Whether a folder answers at all: on a share whose server is away, every call may wait for ever.

Nobody can be called back from such a call. So before work is done in a folder, somebody who is
not needed for anything else looks whether it answers; whoever wants to work there waits for that
look for seconds at most. A folder that gives an error answers: who works there says what is wrong.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from edge_node.adapters.apart import Apart
from edge_node.adapters.disk import shown
from edge_node.domain.errors import FolderMissing
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# A disk of a server that sleeps takes a while to turn.
PATIENCE: Final = 5.0  # seconds
# For how long one that answered is believed to; a flow that is at work asks again and again.
_GOOD: Final = 1.0  # seconds


class Answering:
    """One folder, from whatever thread; at most one thread waits in it."""

    def __init__(self, folder: Path, *, patience: float = PATIENCE) -> None:
        """Look at nothing yet."""
        self.folder = folder
        self._look = Apart(name="answering", read=self._ask, every=_GOOD, patience=patience)

    def demand(self) -> None:
        """Return if the folder answers; FolderMissing where it has not for a while."""
        if self._look.fresh() is None:
            raise silence(self.folder)

    def begin_look(self) -> None:
        """Have somebody look, and do not wait for what comes of it (`is_silent`)."""
        self._look.begin()

    def tell(self, answers_again: Callable[[], None]) -> None:
        """Have it told, on another thread, when a folder that was silent answers again."""
        self._look.came_back = answers_again

    @property
    def is_silent(self) -> bool:
        """Tell whether whoever looked has not come back for longer than one waits."""
        return self._look.is_late

    def _ask(self) -> bool:
        # Of all calls this is the one that every kind of share passes on, and answers from no
        # memory of its own.
        with suppress(OSError):
            os.statvfs(self.folder)
        return True


def silence(folder: Path) -> FolderMissing:
    """Return what is said of a folder that does not answer."""
    return FolderMissing(
        say("the folder {path} does not answer", path=shown(folder)),
        hint=say(
            "see whether the server of that share, or that disk, works;"
            " the node goes on by itself when it answers"
        ),
    )
