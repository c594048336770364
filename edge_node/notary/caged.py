"""
Runs a program that is not ours over what came from a stranger: bounded, and without a network.

    python -I -m edge_node.notary.caged PARENT MEMORY SECONDS PROGRAM [ARGUMENT …]

What it may use is set before the program begins, and holds for all it does: so many bytes of
memory, so many seconds of the processor, no file written. The kernel refuses it sockets, other
programs' affairs, and memory that is written and run. Exit status 126 where it does not start.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from edge_node.notary import filters
from edge_node.notary.binding import bind, fence

if TYPE_CHECKING:
    from collections.abc import Sequence

GONE: Final = 126
_DESCRIPTORS: Final = 64
_PATIENT: Final = 10  # what is added to its niceness
_PR_SET_MDWE: Final = 65  # prctl(2); Linux 6.3
_REFUSE_EXEC_GAIN: Final = 1


def run(arguments: Sequence[str]) -> int:
    """Become the program; return the exit status where that cannot be."""
    parent, memory, seconds, *command = arguments
    if not bind(int(parent)):
        return GONE
    limits = {
        resource.RLIMIT_AS: int(memory),
        resource.RLIMIT_CPU: int(seconds),
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: _DESCRIPTORS,
    }
    for kind, most in limits.items():
        _, highest = resource.prlimit(0, kind)  # setrlimit(2) is forbidden to the service
        lowest = most if highest == resource.RLIM_INFINITY else min(most, highest)
        resource.prlimit(0, kind, (lowest, lowest))
    with suppress(OSError):  # forbidden to the service as well
        os.nice(_PATIENT)
    # Where the kernel is older, the service's own unit says so.
    ctypes.CDLL(None).prctl(_PR_SET_MDWE, _REFUSE_EXEC_GAIN, 0, 0, 0)
    machine = platform.machine()
    if machine in filters.MACHINES:
        fence(filters.caged(machine))
    try:
        os.execv(command[0], command)  # noqa: S606 - there is no shell in it
    except OSError:
        return GONE


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
