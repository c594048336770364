"""What Linux tells of a process: the CPU it used, the memory it holds and held at most."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat after the name, which may hold blanks itself: proc(5).
_USER, _SYSTEM = 11, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes: resident now, its fair share of what is shared (PSS), and resident at most."""

    rss: int
    pss: int
    peak: int


def cpu_seconds(pid: int) -> float:
    """Return the CPU time a process has used, in its own code and in the kernel for it."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    fields = stat.rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS


def memory(pid: int) -> Memory:
    """Return what memory a process holds and held at most."""
    status = _sizes(Path(f"/proc/{pid}/status"))
    return Memory(rss=status["VmRSS"], pss=_pss(pid), peak=status["VmHWM"])


def _pss(pid: int) -> int:
    return _sizes(Path(f"/proc/{pid}/smaps_rollup"))["Pss"]


def _sizes(path: Path) -> dict[str, int]:
    """Return the lines of the form `Name:  123 kB`, in bytes."""
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {
        words[0].rstrip(":"): int(words[1]) * 1024
        for words in lines
        if len(words) == 3 and words[2] == "kB"
    }
