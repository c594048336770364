"""What a package is read from and written to: anything that reads, or writes, in pieces."""

from __future__ import annotations

from typing import Protocol


class Source(Protocol):
    """Where bytes come from; no more than ``size`` at once, none at the end."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes."""


class Target(Protocol):
    """Where bytes go; it takes all of them each time."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""


class Kept(Protocol):
    """Bytes that are written, then read by their descriptor, and gone once they are closed."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""

    def fileno(self) -> int:
        """Return the descriptor."""

    def close(self) -> None:
        """Let go of them."""
