"""
The bell at the folders' doors: something happened in there, somebody should look.

Only rings. Events are lost (full queues), never come (network file systems) or stop for ever (a
folder renamed and made again): the scans are the truth, and `check` mends the watch.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from watchdog.observers.api import BaseObserver

log = logging.getLogger(__name__)


class Watcher:
    """Rings when something was written or moved into one of the folders, or right below it."""

    def __init__(
        self, folders: Sequence[Path], ring: Callable[[Path], None], *, polling: bool
    ) -> None:
        """
        Watch these folders once started; ``ring`` is told which, on a thread of the watcher.

        Where ``polling`` is true there is nothing to watch: whoever scans does so by the clock.
        """
        self._folders = tuple(folders)
        self._ring = ring
        self._polling = polling
        self._observer: BaseObserver | None = None
        self._watched: dict[Path, tuple[int, int]] = {}

    @property
    def alive(self) -> bool:
        """Tell whether events can be expected from every folder (always, where it is polled)."""
        return self._polling or (
            self._observer is not None
            and self._observer.is_alive()
            and all(emitter.is_alive() for emitter in self._observer.emitters)
            and self._watched == {folder: _identity(folder) for folder in self._folders}
        )

    def start(self) -> None:
        """Begin to watch; a folder that cannot be watched is tried again by `check`."""
        if self._polling:
            return
        # 30 ms at start-up, and not needed by any command but `run`.
        from watchdog.observers import Observer  # noqa: PLC0415

        observer = Observer()
        self._watched = {}
        observer.start()
        self._observer = observer
        for folder in self._folders:
            self._watch(observer, folder)

    def stop(self) -> None:
        """Stop watching; returns once the threads have ended."""
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            observer.join()

    def check(self) -> bool:
        """
        Begin anew where events have stopped coming, and ring for what was missed meanwhile.

        Return whether events can be expected from every folder now.
        """
        if not self.alive:
            log.warning("watching the folders anew")
            self.stop()
            self.start()
            for folder in self._watched:
                self._ring(folder)
        return self.alive

    def _watch(self, observer: BaseObserver, folder: Path) -> None:
        from watchdog.events import (  # noqa: PLC0415 - see start
            DirCreatedEvent,
            DirMovedEvent,
            FileClosedEvent,
            FileCreatedEvent,
            FileMovedEvent,
            FileSystemEvent,
            FileSystemEventHandler,
        )

        ring = self._ring

        class Bell(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:  # noqa: ARG002 - any will do
                ring(folder)

        # Every event more fills the kernel's queue sooner; without "created" renames from outside
        # would go unheard, they have no "closed".
        wanted: list[type[FileSystemEvent]] = [
            FileClosedEvent,
            FileMovedEvent,
            FileCreatedEvent,
            DirMovedEvent,
            DirCreatedEvent,
        ]
        try:
            before = _identity(folder)
            observer.schedule(Bell(), folder, recursive=True, event_filter=wanted)
        except OSError as error:  # not there, or no inotify watches left for this user
            log.warning("folder cannot be watched", extra={"path": str(folder), "error": error})
        else:
            self._watched[folder] = before or (0, 0)


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return what tells a folder from one made later in its place; None when there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
