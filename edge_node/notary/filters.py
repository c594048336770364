"""
What a child may ask of the kernel, as programs for seccomp (BPF; Linux on x86-64 and on ARM64).

A filter cannot be taken off again. What is refused answers EPERM. How a child is bound in other
ways is `edge_node.notary.binding`.
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Lacks:
    """Where an argument has none of those bits."""

    argument: int
    bits: int


@dataclass(frozen=True, slots=True)
class Differs:
    """Where an argument is not that number."""

    argument: int
    number: int


@dataclass(frozen=True, slots=True)
class Strays:
    """Where an argument has none of the bits that are needed, or one that is forbidden."""

    argument: int
    needed: int
    forbidden: int


@dataclass(frozen=True, slots=True)
class Absent:
    """Refused as if this kernel had no such call: a C library then takes the older one."""


Condition = Lacks | Differs | Strays | Absent | None

MACHINES: Final = ("x86_64", "aarch64")
_AUDIT: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # linux/audit.h

_PROT_EXEC: Final = 4
_AF_UNIX: Final = 1
_CLONE_THREAD: Final = 0x10000
_CLONE_NEW: Final = 0x7E020000  # bits for name spaces of every kind

# All that is left to the opener once it has read in its libraries: to read what it was handed, to
# answer, to use memory that holds no program. It opens nothing, by no name and no address.
# Numbers as in asm/unistd_64.h and asm-generic/unistd.h; None: the machine has no such call.
OPENER: Final[Mapping[str, tuple[int | None, int | None, Condition]]] = {
    "read": (0, 63, None),
    "write": (1, 64, None),
    "readv": (19, 65, None),
    "writev": (20, 66, None),
    "pread64": (17, 67, None),
    "pwrite64": (18, 68, None),
    "lseek": (8, 62, None),
    "ftruncate": (77, 46, None),
    "close": (3, 57, None),
    "fstat": (5, 80, None),
    "newfstatat": (262, 79, None),  # as which fstat is called by newer C libraries
    "statx": (332, 291, None),
    "poll": (7, None, None),
    "ppoll": (271, 73, None),
    "recvfrom": (45, 207, None),
    "recvmsg": (47, 212, None),
    "sendto": (44, 206, None),
    "sendmsg": (46, 211, None),
    "mmap": (9, 222, Lacks(2, _PROT_EXEC)),
    "mprotect": (10, 226, Lacks(2, _PROT_EXEC)),
    "munmap": (11, 215, None),
    "mremap": (25, 216, None),
    "madvise": (28, 233, None),
    "brk": (12, 214, None),
    "futex": (202, 98, None),
    "getrandom": (318, 278, None),
    "clock_gettime": (228, 113, None),
    "clock_getres": (229, 114, None),
    "gettimeofday": (96, 169, None),
    "time": (201, None, None),
    "getpid": (39, 172, None),
    "gettid": (186, 178, None),
    "getuid": (102, 174, None),
    "geteuid": (107, 175, None),
    "getgid": (104, 176, None),
    "getegid": (108, 177, None),
    "getrusage": (98, 165, None),
    "rt_sigaction": (13, 134, None),
    "rt_sigprocmask": (14, 135, None),
    "rt_sigreturn": (15, 139, None),
    "sigaltstack": (131, 132, None),
    "restart_syscall": (219, 128, None),
    "sched_yield": (24, 124, None),
    "sched_getaffinity": (204, 123, None),
    "sysinfo": (99, 179, None),
    "uname": (63, 160, None),
    "exit": (60, 93, None),
    "exit_group": (231, 94, None),
}

# What is taken from the signer. A token's driver is the vendor's: it opens files, starts threads
# and talks to pcscd over a Unix socket. It has nothing to say to a network, nor to start programs,
# nor processes, which would outlive it. What clone3 is asked for no filter can read.
SIGNER: Final[Mapping[str, tuple[int | None, int | None, Condition]]] = {
    "socket": (41, 198, Differs(0, _AF_UNIX)),
    "io_uring_setup": (425, 425, None),  # opens sockets past this filter
    "clone": (56, 220, Strays(0, _CLONE_THREAD, _CLONE_NEW)),
    "clone3": (435, 435, Absent()),
    "fork": (57, None, None),
    "vfork": (58, None, None),
    "execve": (59, 221, None),
    "execveat": (322, 281, None),
    "ptrace": (101, 117, None),
    "process_vm_readv": (310, 270, None),
    "process_vm_writev": (311, 271, None),
    "pidfd_getfd": (438, 438, None),
    "bpf": (321, 280, None),
    "perf_event_open": (298, 241, None),
    "userfaultfd": (323, 282, None),
    "unshare": (272, 97, None),
    "setns": (308, 268, None),
    "mount": (165, 40, None),
    "umount2": (166, 39, None),
    "pivot_root": (155, 41, None),
    "chroot": (161, 51, None),
    "move_mount": (429, 429, None),
    "open_tree": (428, 428, None),
    "fsopen": (430, 430, None),
    "mount_setattr": (442, 442, None),
    "open_by_handle_at": (304, 265, None),
    "init_module": (175, 105, None),
    "finit_module": (313, 273, None),
    "delete_module": (176, 106, None),
    "kexec_load": (246, 104, None),
    "kexec_file_load": (320, 294, None),
    "reboot": (169, 142, None),
    "swapon": (167, 224, None),
    "swapoff": (168, 225, None),
    "acct": (163, 89, None),
    "settimeofday": (164, 170, None),
    "clock_settime": (227, 112, None),
    "add_key": (248, 217, None),
    "request_key": (249, 218, None),
    "keyctl": (250, 219, None),
}

# What is taken from a program that is not ours: all that is taken from the signer, and what talks
# to a token's daemon, too. It has yet to be started, so that is left to it.
CAGED: Final[Mapping[str, tuple[int | None, int | None, Condition]]] = {
    **{name: call for name, call in SIGNER.items() if name not in {"execve", "execveat"}},
    "socket": (41, 198, None),
    "socketpair": (53, 199, None),
    "connect": (42, 203, None),
    "kill": (62, 129, None),
}

_INSTRUCTION: Final = struct.Struct("=HBBI")  # sock_filter: code, jump if, jump if not, value
_LOAD, _EQUAL, _AT_LEAST, _BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # linux/bpf_common.h
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in seccomp_data
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000 | errno.EPERM
_NONE_SUCH: Final = 0x00050000 | errno.ENOSYS
_KILL: Final = 0x80000000
_X32: Final = 0x40000000  # x86-64's second table of calls begins here


def only(machine: str) -> bytes:
    """Return the opener's program, by which everything is refused that it does not name."""
    return _program(machine, OPENER, named=_ALLOW, others=_REFUSE)


def all_but(machine: str) -> bytes:
    """Return the signer's program, by which everything is allowed that it does not name."""
    return _program(machine, SIGNER, named=_REFUSE, others=_ALLOW)


def caged(machine: str) -> bytes:
    """Return the program for one that is not ours, by which what it has no need of is refused."""
    return _program(machine, CAGED, named=_REFUSE, others=_ALLOW)


def _program(
    machine: str,
    calls: Mapping[str, tuple[int | None, int | None, Condition]],
    *,
    named: int,
    others: int,
) -> bytes:
    """Return the instructions; where a call's condition does not hold it counts as not named."""
    column = MACHINES.index(machine)
    lines: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, _AUDIT[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _REFUSE),
    ]
    for call in calls.values():
        number = (call[0], call[1])[column]
        if number is not None:
            then = _then(call[2], named, others)
            lines += [(_EQUAL, 0, len(then), number), *then]
    lines.append((_RETURN, 0, 0, others))
    return b"".join(_INSTRUCTION.pack(*line) for line in lines)


def _then(condition: Condition, named: int, others: int) -> list[tuple[int, int, int, int]]:
    """Return what follows once the number of a call was the one (both are little-endian)."""
    if condition is None:
        return [(_RETURN, 0, 0, named)]
    if isinstance(condition, Absent):
        return [(_RETURN, 0, 0, _NONE_SUCH)]
    load = (_LOAD, 0, 0, _ARGUMENTS + 8 * condition.argument)
    if isinstance(condition, Lacks):
        return [
            load,
            (_BITS, 0, 1, condition.bits),
            (_RETURN, 0, 0, others),
            (_RETURN, 0, 0, named),
        ]
    if isinstance(condition, Strays):
        return [
            load,
            (_BITS, 0, 2, condition.needed),
            (_BITS, 1, 0, condition.forbidden),
            (_RETURN, 0, 0, others),
            (_RETURN, 0, 0, named),
        ]
    return [
        load,
        (_EQUAL, 0, 1, condition.number),
        (_RETURN, 0, 0, others),
        (_RETURN, 0, 0, named),
    ]
