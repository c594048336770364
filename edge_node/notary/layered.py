"""
Two files as one: what is only read, and behind it what is being added.

Whoever adds to a document thinks to have one file, and what was there before cannot be harmed.
"""

from __future__ import annotations

import errno
import io
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Layered(io.RawIOBase):
    """
    The file open at ``below`` as it is now, and after its last byte the one at ``above``.

    Writing into the first is EROFS. Both descriptors stay the caller's.
    """

    def __init__(self, below: int, above: int) -> None:
        """Begin at the start, with what is above as it is."""
        self._below = below
        self._above = above
        self._base = os.fstat(below).st_size
        self._at = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def writable(self) -> bool:
        """Yes, behind the first file."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go somewhere, even beyond the end; EINVAL before the start."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end()}[whence]
        if start + offset < 0:
            raise _refused(errno.EINVAL)
        self._at = start + offset
        return self._at

    def readinto(self, room: Buffer) -> int:
        """Read on into ``room``, up to the border between the two at most."""
        view = memoryview(room).cast("B")
        if self._at < self._base:
            got = os.pread(self._below, min(len(view), self._base - self._at), self._at)
        else:
            got = os.pread(self._above, len(view), self._at - self._base)
        view[: len(got)] = got
        self._at += len(got)
        return len(got)

    def write(self, piece: Buffer) -> int:
        """Write on, into the second file."""
        if self._at < self._base:
            raise _refused(errno.EROFS)
        done = os.pwrite(self._above, piece, self._at - self._base)
        self._at += done
        return done

    def truncate(self, size: int | None = None) -> int:
        """Cut the second file off."""
        wanted = self._at if size is None else size
        if wanted < self._base:
            raise _refused(errno.EROFS)
        os.ftruncate(self._above, wanted - self._base)
        return wanted

    def _end(self) -> int:
        return self._base + os.fstat(self._above).st_size


def layered(below: int, above: int) -> io.BufferedRandom:
    """Return the two as one file with a buffer, the second empty to begin with."""
    os.ftruncate(above, 0)  # another child may have begun with it and died
    return io.BufferedRandom(Layered(below, above))


def _refused(number: int) -> OSError:
    return OSError(number, os.strerror(number))
