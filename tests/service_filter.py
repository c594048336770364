"""
The system calls the service may make, and nothing else of its unit.

Run as a program it becomes another one (`service_filter.py COMMAND…`), bound as systemd would bind
it. What the groups of the unit hold is asked of systemd, and libseccomp does the binding.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import needs

UNIT = Path(__file__).parents[1] / "systemd" / "edge-node@.service"
BOUND = (sys.executable, __file__)
_ALLOW = 0x7FFF0000  # SCMP_ACT_ALLOW
_ERRNO = 0x00050000  # SCMP_ACT_ERRNO


def calls_of(words):
    """Return the system calls a line of SystemCallFilter= names, those of its groups with them."""
    found = set()
    for word in words.split():
        if not word.startswith("@"):
            found.add(word)
            continue
        told = subprocess.run(
            ["systemd-analyze", "syscall-filter", word], check=True, capture_output=True, text=True
        )
        lines = [line.strip() for line in told.stdout.splitlines()[1:]]
        found |= calls_of(" ".join(line for line in lines if line and not line.startswith("#")))
    return found


def allowed_by(unit=UNIT):
    """Return the system calls a unit allows; its first line allows, those with `~` take away."""
    needs.program("systemd-analyze", "systemd")
    allowed = calls_of("@default")
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit.read_text(), re.MULTILINE):
        if line.startswith("~"):
            allowed -= calls_of(line[1:])
        else:
            allowed |= calls_of(line)
    return allowed


def bind(allowed):
    """Let this process and its children make these calls alone, for good; others fail (EPERM)."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ERRNO | errno.EPERM)))
    for name in allowed:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # there is none of that name on this machine
            library.seccomp_rule_add(context, ctypes.c_uint32(_ALLOW), number, ctypes.c_uint(0))
    if library.seccomp_load(context):
        sys.exit("the filter cannot be set")


if __name__ == "__main__":
    bind(allowed_by())
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - that there is no shell is the point
