"""
How much memory can still be had: of the machine, and of the control groups this process lies in.

systemd's `MemoryMax=` and the limit of a container are such groups; whichever has least left
counts. What is done about it is left to the caller.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROC: Final = Path("/proc")
_GROUPS: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class _Names:
    """What the kernel calls the files of one version of control groups."""

    limit: str
    used: str
    reclaimable: str  # in memory.stat: files read that the kernel drops before it kills anybody


_V2: Final = _Names("memory.max", "memory.current", "inactive_file")
_V1: Final = _Names("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def free_memory(*, proc: Path = _PROC, groups: Path = _GROUPS) -> int | None:
    """Return how many bytes can still be had; None where the kernel does not tell."""
    left = [*_of_machine(proc / "meminfo"), *_of_groups(proc / "self" / "cgroup", groups)]
    return min(left, default=None)


def _of_machine(meminfo: Path) -> Iterator[int]:
    with suppress(OSError, ValueError):
        yield _numbers(meminfo)["MemAvailable:"] * 1024  # proc(5): kB, whatever the unit says


def _of_groups(own: Path, groups: Path) -> Iterator[int]:
    """Yield what is left in each group above this process that has a limit (cgroups(7))."""
    with suppress(OSError):
        for line in own.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                yield from _of_line(groups, path, _V2)
            elif "memory" in controllers.split(","):
                yield from _of_line(groups / "memory", path, _V1)


def _of_line(root: Path, path: str, names: _Names) -> Iterator[int]:
    group = root / path.lstrip("/")
    # In a container the path may be that of the world outside: then its own group is the root.
    for folder in (group, *group.parents):
        # No such file: a group without the controller. "max": one without a limit.
        with suppress(OSError, ValueError, KeyError):
            limit = int((folder / names.limit).read_text())
            used = int((folder / names.used).read_text())
            yield limit - used + _numbers(folder / "memory.stat")[names.reclaimable]
        if folder == root:
            return


def _numbers(path: Path) -> dict[str, int]:
    rows = (line.split() for line in path.read_text().splitlines())
    return {row[0]: int(row[1]) for row in rows}
