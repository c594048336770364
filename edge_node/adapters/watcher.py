"""
The bell at the folders' doors: something happened in there, somebody should look.

Only rings. Events are lost (full queues), never come (network file systems) or stop for ever (a
folder renamed and made again): the scans are the truth, and `check` mends the watch. What is an
event worth ringing for is `arrivals`' affair. A folder that does not answer keeps nobody waiting
for long: whoever begins to watch it, or looks after the watch, does so apart.
"""

from __future__ import annotations

import logging
import os
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from edge_node.adapters.apart import Apart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from edge_node.adapters.arrivals import Arrivals, Bell

log = logging.getLogger(__name__)

# How long whoever starts the watch, or looks after it, waits for a folder that may not answer.
_PATIENCE: Final = 5.0  # seconds


class Watcher:
    """Rings when something was written or moved into one of the folders, or right below it."""

    def __init__(
        self,
        folders: Sequence[Path],
        ring: Callable[[Path], None],
        *,
        polling: bool,
        patience: float = _PATIENCE,
    ) -> None:
        """
        Watch these folders once started; ``ring`` is told which, on a thread of the watcher.

        Where ``polling`` is true there is nothing to watch: whoever scans does so by the clock.
        For a folder that does not answer nobody waits longer than ``patience`` seconds.
        """
        self._folders = tuple(folders)
        self._ring = ring
        self._observer: Arrivals | None = None
        self._watched: dict[Path, tuple[int, int]] = {}
        self._bells: list[Bell] = []
        self._missed: set[Path] = set()  # what cannot be watched, once it has been said
        self._tending = Apart(name="watching", read=self._tend, patience=patience)
        self._stopped = False
        self.polls = polling
        self.rang: float | None = None  # when something was heard last, by the wall (time.time)

    @property
    def alive(self) -> bool:
        """Tell whether events can be expected from every folder (always, where it is polled)."""
        return self.polls or (
            self._observer is not None
            and self._observer.hearing
            and self._watched == {folder: _identity(folder) for folder in self._folders}
        )

    def start(self) -> None:
        """Begin to watch; a folder that cannot be watched is tried again by `check`."""
        self._stopped = False
        self.check()

    def stop(self) -> None:
        """Stop watching; returns once the threads have ended, but for one that cannot."""
        self._stopped = True
        if self._tending.settles():
            self._end()

    @property
    def settled(self) -> bool:
        """Tell whether nobody is looking after the watch at this moment."""
        return self._tending.settles()

    def check(self) -> bool:
        """
        Begin anew where events have stopped coming, and ring for what was missed meanwhile.

        Return whether events can be expected from every folder now.
        """
        return self.polls or bool(self._tending.fresh())

    def _tend(self) -> bool:
        """Begin, or look after what was begun; where a folder is silent this may never return."""
        if self._observer is None:
            self._begin()
            if self._tending.is_late:  # whoever began waits no more
                self._ring_all()
        elif not self.alive:
            if not self._missed:  # else that has been said, and is only tried once more
                log.warning("watching the folders anew")
            self._begin_anew()
        elif any(bell.folders for bell in self._bells):
            # watchdog goes on watching a folder that was moved away: one kernel watch for each.
            self._begin_anew()
        if self._stopped:
            self._end()
        return self.alive

    def _begin(self) -> None:
        from edge_node.adapters.arrivals import Arrivals  # noqa: PLC0415 - 60 ms, only for work

        observer = Arrivals()
        self._watched, self._bells = {}, []
        observer.start()
        self._observer = observer
        for folder in self._folders:
            self._watch(observer, folder)

    def _end(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            observer.join(_PATIENCE)  # it may be looking at what came into a folder

    def _hear(self, folder: Path) -> None:
        self.rang = time.time()
        self._ring(folder)

    def _begin_anew(self) -> None:
        self._end()
        self._begin()
        self._ring_all()

    def _ring_all(self) -> None:
        for folder in self._watched:
            self._ring(folder)

    def _watch(self, observer: Arrivals, folder: Path) -> None:
        from edge_node.adapters.arrivals import Bell  # noqa: PLC0415 - see start

        bell = Bell(partial(self._hear, folder))
        try:
            # Where it does not answer we hang here, and not in watchdog, which holds its lock.
            os.statvfs(folder)
            before = _identity(folder)
            observer.hear(folder, bell)
        except OSError as error:  # not there, or no inotify watches left for this user
            if folder not in self._missed:
                log.warning(
                    "folder cannot be watched", extra={"path": str(folder), "error": error}
                )
            self._missed.add(folder)
        else:
            self._missed.discard(folder)
            self._watched[folder] = before or (0, 0)
            self._bells.append(bell)


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return what tells a folder from one made later in its place; None when there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
