"""
What both children are: started with a socket and nothing else, asked one thing after another.

    python -I -m edge_node.notary.opener FD PARENT SECONDS

FD is a connected Unix socket, PARENT the process that holds its other end, SECONDS how long a
child waits for something to do before it ends (status 0). The first packet is the child's own:
which bonds hold. Afterwards each request, by its name in the child's table, is answered once.
"""

from __future__ import annotations

import gc
import math
import os
import re
import select
import socket
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import EdgeNodeError
from edge_node.notary.binding import bind
from edge_node.notary.told import tell_message
from edge_node.notary.wire import TO_CHILD, HungUp, Packet, receive, send

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge_node.notary.wire import Plain

IDLE: Final = 0  # exit statuses: nothing was asked for long, or nobody is there to ask
OUT_OF_MEMORY: Final = 70

_FILES: Final = 2
# A child that has come to this size (of addresses, as its limit counts them; it begins with some
# 80 MB) may be left without room for what it is asked next: another takes its place.
_GROWN: Final = 192 << 20
_NOW: Final = re.compile(rb"^VmSize:\s+(\d+) kB", re.MULTILINE)  # proc_pid_status(5)
_PEAK: Final = re.compile(rb"^VmPeak:\s+(\d+) kB", re.MULTILINE)
_LIMIT: Final = re.compile(rb"^Max address space\s+(\d+)", re.MULTILINE)  # proc_pid_limits(5)
_PAGE: Final = 4096  # of the kernel's words at once: both files are shorter


class Reason(StrEnum):
    """Why a child did not do what it was asked: what the parent acts upon."""

    WRONG_SECRET = "wrong-secret"  # noqa: S105 - a name
    LOCKED = "locked"  # the token lets nobody try any more
    KEY_MISSING = "key-missing"
    KEY_MISMATCH = "key-mismatch"
    KEY_UNSUPPORTED = "key-unsupported"
    KEY_UNREADABLE = "key-unreadable"
    TOKEN_MISSING = "token-missing"  # noqa: S105 - a name
    TOKEN_SILENT = "token-silent"  # noqa: S105 - a name
    NOT_OPEN = "not-open"  # the key has not been opened by this child
    NOT_SIGNABLE = "not-signable"  # the file cannot be signed as it is
    PICTURE_UNFIT = "picture-unfit"  # what a signature is to be shown by cannot be used
    STAMP_UNFIT = "stamp-unfit"  # what an authority answered is no time-stamp
    EVIDENCE_UNFIT = "evidence-unfit"  # what was fetched is no evidence
    UNWRITTEN = "unwritten"  # the disk did not take it
    UNFORESEEN = "unforeseen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a child was put: what its command line says."""

    connection: socket.socket
    parent: int
    idle: float  # seconds

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Place:
        """Read the arguments of the command."""
        descriptor, parent, idle = arguments
        connection = socket.socket(fileno=int(descriptor))
        return cls(connection=connection, parent=int(parent), idle=float(idle))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """What a child can do, made once its libraries are read in."""

    answers: Mapping[str, Callable[[Packet], Packet]]
    fenced: bool
    reason: Callable[[EdgeNodeError], Reason]
    # So many bytes of its memory it has never used, or it answers nothing: a library may have
    # been refused some, and have taken it for a fault of what it was given.
    spare: int = 0


class Size:
    """How many bytes of addresses this process has, as the kernel counts for its limit."""

    def __init__(self) -> None:
        """Open what tells it, while something can be opened."""
        self._status = self._limits = -1
        with suppress(OSError):  # no /proc: nobody knows
            self._status = os.open("/proc/self/status", os.O_RDONLY)
            self._limits = os.open("/proc/self/limits", os.O_RDONLY)

    def now(self) -> int:
        """Return the size now; 0 where nobody knows."""
        return _number(self._status, _NOW) << 10

    def spare(self) -> float:
        """Return how much was left when it was largest; infinity where there is no limit."""
        limit = _number(self._limits, _LIMIT)
        return limit - (_number(self._status, _PEAK) << 10) if limit else math.inf


def _number(told: int, pattern: re.Pattern[bytes]) -> int:
    """Return a number out of a file of the kernel's; 0 where there is none."""
    found = pattern.search(os.pread(told, _PAGE, 0)) if told >= 0 else None
    return int(found[1]) if found else 0


def live(arguments: Sequence[str], learn: Callable[[], Trade]) -> int:
    """Be a child until nobody asks any more; return the exit status."""
    place = Place.of(arguments)
    if not bind(place.parent):
        return IDLE
    size = Size()  # before anything is fenced off
    try:
        trade = learn()
    except Exception as error:  # noqa: BLE001 - whatever is missing, the parent is told
        send(place.connection, _failed(error))
        return 1
    gc.collect()
    gc.freeze()  # the libraries stay: no later collection need go through them
    try:
        return _work(place, trade, size)
    except HungUp:
        return IDLE


def _work(place: Place, trade: Trade, size: Size) -> int:
    send(place.connection, Packet(body={"fenced": trade.fenced}))
    waiting = select.poll()
    waiting.register(place.connection, select.POLLIN)
    while waiting.poll(place.idle * 1000):
        packet = receive(place.connection, TO_CHILD, files=_FILES)
        try:
            answer = _answer(packet, trade)
        except MemoryError:
            return OUT_OF_MEMORY
        finally:
            for descriptor in packet.files:
                os.close(descriptor)
        if size.spare() < trade.spare:
            return OUT_OF_MEMORY
        send(place.connection, answer)
        if size.now() > _GROWN:
            return IDLE
    return IDLE


def _answer(packet: Packet, trade: Trade) -> Packet:
    name = packet.body.get("ask")
    try:
        return trade.answers[name if isinstance(name, str) else ""](packet)
    except EdgeNodeError as error:
        trouble: Plain = {
            "reason": trade.reason(error).value,
            "message": tell_message(error.message),
            "hint": tell_message(error.hint) if error.hint else None,
        }
        return Packet(body={"trouble": trouble})
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a mistake of ours costs one request
        return _failed(error)


def _failed(error: Exception) -> Packet:
    """Name the kind of an error and nothing of what it was about."""
    kind = type(error).__name__
    named = f"{kind} {error.name}" if isinstance(error, ImportError) else kind
    return Packet(body={"failed": named})
