"""
How a child is bound, by itself, before it reads anything: what it may no longer do.

Its parent keeps its own memory from it (`close_memory`). Limits of memory and time are set from
outside, by whoever starts it. What a kernel does not know is left out and told: nothing here ends
a child that could work.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

_PR_SET_PDEATHSIG: Final = 1  # prctl(2)
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_SECCOMP: Final = 22
_FILTER: Final = 2  # SECCOMP_MODE_FILTER
_NOT_OURS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Program(ctypes.Structure):
    """The kernel's struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("lines", ctypes.c_void_p))


def bind(parent: int) -> bool:
    """
    Belong to the process that started this one; False if it is gone already.

    Die with it, gain no rights by starting anything, be the first to go where the machine runs out
    of memory, be read by no debugger, and leave the signals of a terminal to it.
    """
    for number in _NOT_OURS:
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    return os.getppid() == parent  # asked after that: a parent that dies from here on takes us


def close_memory() -> None:
    """
    Have the kernel show this process's memory and open files to no other of the same user.

    For whoever starts a child that may open files by name, such as the signer with its vendor's
    library. Children that run another program are as readable as ever, until `bind`. It leaves no
    core file; root, with its capabilities, may look on.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def fence(program: bytes) -> bool:
    """
    Let the kernel refuse what a program of `edge_node.notary.filters` refuses, from now on.

    False where the kernel knows no such filters. By prctl(2), because systemd's @system-service
    has that and not always seccomp(2); needs `bind` before it where this is not root's.
    """
    lines = ctypes.create_string_buffer(program, len(program))
    told = _Program(len(program) // 8, ctypes.cast(lines, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    done: int = libc.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.byref(told), 0, 0)
    return done == 0


class Missed(MetaPathFinder):
    """Refuses to look for more modules, and remembers what was asked for."""

    def __init__(self) -> None:
        """Begin with nothing missed."""
        self.names: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        """Find nothing."""
        del path, target
        self.names.add(fullname)


def no_more_modules() -> Missed:
    """Stop looking for modules, which nobody could open; return what notes the ones missed."""
    missed = Missed()
    sys.meta_path[:] = [missed]
    return missed
