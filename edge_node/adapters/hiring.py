"""On what terms a child process is hired, and how one can be lost: see `hired`."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from edge_node.domain.errors import Outage

if TYPE_CHECKING:
    from collections.abc import Mapping


class ChildMissing(Outage):
    """A child process could not be started."""


class CutOff(ChildMissing):
    """The node is ending, and with it a child that had been asked: nobody hears its answer."""


class Ending(StrEnum):
    """How a child was lost over a request."""

    CRASHED = "crashed"
    KILLED = "killed"  # by somebody else, as the kernel does where memory is short
    OVERDUE = "overdue"
    EXHAUSTED = "exhausted"  # its memory
    GARBLED = "garbled"  # it answered what no child of ours answers


class Lost(Exception):
    """No answer came. ``status`` is the child's own, negative for a signal."""

    def __init__(self, ending: Ending, status: int | None = None) -> None:
        """Say how the child was lost."""
        super().__init__(ending, status)
        self.ending = ending
        self.status = status


def python(module: str) -> tuple[str, ...]:
    """Return the command that runs a module of ours, by nothing but what is installed."""
    return (sys.executable, "-I", "-m", module)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a child may use in all its life."""

    memory: int = 512 << 20  # bytes of addresses, programs and libraries among them
    writes: int = 0  # bytes of any file it was handed to write into
    starts: bool = False  # whether it may start threads (a token's driver does)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What one request may take."""

    clock: timedelta = timedelta(minutes=3)
    processor: timedelta = timedelta(seconds=25)
    writes: int | None = None  # bytes of any file; None for what the child's `Limits` say


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What a child is hired for, and on what terms."""

    command: tuple[str, ...]  # three words are added: see `edge_node.notary.child`
    idle: timedelta = timedelta(minutes=5)  # without a request: then it goes
    limits: Limits = field(default_factory=Limits)
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
