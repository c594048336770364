"""
How much of the kernel's watching (inotify) an account has in use, and how much it may have.

Counted from what every process shows of itself: where we may not look, it counts as nothing, so
what is told is the least there can be.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC: Final = Path("/proc")
_KIND: Final = "anon_inode:inotify"
_WATCH: Final = re.compile(r"^inotify ", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class InotifyUse:
    """What may be had, and what is in use; None where the kernel does not say."""

    watches: int
    instances: int
    most_watches: int | None
    most_instances: int | None
    most_queued: int | None


def inotify_use(user: int, *, proc: Path = PROC) -> InotifyUse:
    """Return what the processes of an account have in use, as far as we may look."""
    counted = [_watches(path) for path in _open_by(user, proc)]
    return InotifyUse(
        watches=sum(counted),
        instances=len(counted),
        most_watches=_limit(proc, "max_user_watches"),
        most_instances=_limit(proc, "max_user_instances"),
        most_queued=_limit(proc, "max_queued_events"),
    )


def _open_by(user: int, proc: Path) -> Iterator[Path]:
    """Yield where the kernel tells of each inotify instance of an account."""
    for process in proc.glob("[0-9]*"):
        with suppress(OSError):  # it ended, or is not ours to look into
            if process.stat().st_uid != user:
                continue
            for handle in (process / "fd").iterdir():
                if str(handle.readlink()) == _KIND:
                    yield process / "fdinfo" / handle.name


def _watches(path: Path) -> int:
    try:
        return len(_WATCH.findall(path.read_text("ascii", "replace")))
    except OSError:
        return 0


def _limit(proc: Path, name: str) -> int | None:
    try:
        return int((proc / "sys/fs/inotify" / name).read_text())
    except (OSError, ValueError):
        return None
