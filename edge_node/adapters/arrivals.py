"""
What watchdog tells of a folder, cut down to what comes into it.

What leaves is not heard: watchdog holds back all that follows for half a second, in case it turns
up elsewhere, and what leaves the outbox leaves it by our own hand. Importing this takes 60 ms; who
is rung, and whether anything can be heard at all, is the watcher's affair.
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Final

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter
from watchdog.observers.inotify_c import InotifyConstants, InotifyFD, Mask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Every event more fills the kernel's queue sooner; without "created" renames from outside would go
# unheard, they have no "closed".
_WANTED: Final[list[type[FileSystemEvent]]] = [
    FileClosedEvent,
    FileMovedEvent,
    FileCreatedEvent,
    DirMovedEvent,
    DirCreatedEvent,
]


# A folder renamed within a folder that is watched is watched a second time: of no consequence.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"watchdog\.")


class Bell(FileSystemEventHandler):
    """Rings for what came; `folders` tells whether a folder was among it."""

    def __init__(self, ring: Callable[[], None]) -> None:
        """Ring on watchdog's thread."""
        self._ring = ring
        self.folders = False

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Ring unless it is about something that is not there any more."""
        self.folders = self.folders or event.is_directory
        # A folder that was taken is still heard, as if it lay here: our own papers are written
        # into it in its new place.
        if os.path.lexists(event.dest_path or event.src_path):
            self._ring()


class _Emitter(InotifyEmitter):
    def get_event_mask_from_filter(self) -> Mask:
        return Mask(super().get_event_mask_from_filter() & ~InotifyConstants.IN_MOVED_FROM)


class Arrivals(BaseObserver):
    """Hears what is written or moved into folders, and one level below."""

    def __init__(self) -> None:
        """Hear nothing yet: `hear` says what, `start` and `stop` when."""
        super().__init__(_Emitter)
        # One thread reads for all observers of a process, and watchdog keeps it when it is dead.
        if not InotifyFD.get_instance().is_alive():
            InotifyFD._instance = None  # noqa: SLF001 - there is no other way to a new one

    @property
    def hearing(self) -> bool:
        """Tell whether every thread lives that an event passes."""
        return (
            self.is_alive()
            and InotifyFD.get_instance().is_alive()
            and all(emitter.is_alive() for emitter in self.emitters)
        )

    def hear(self, folder: Path, bell: Bell) -> None:
        """Ring the bell for a folder; OSError if that cannot be."""
        self.schedule(bell, os.fspath(folder), recursive=True, event_filter=_WANTED)
