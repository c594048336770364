"""
Whether a file is finished: unchanged for a while, not open for writing, whole by its own marks.

No single test is trusted. Modification times lie (a moved file keeps its old one), so what counts
is how long a file has looked the same by *our* clock. What a file is for is the caller's affair.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import signal
import stat
from contextlib import contextmanager, suppress
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_node.domain.message import Message

Signature = tuple[int, int, int]  # size, mtime_ns, inode

# Never through a link, never waiting for the other end of a FIFO.
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ENDING_OF_PDF: Final = 2 << 10
_HEAD_OF_PDF: Final = 1 << 10  # ISO 32000-1, annex H: readers accept %PDF in the first 1024 bytes
_ENDING_OF_ZIP: Final = (64 << 10) + 22  # the record is 22 bytes, its comment at most 64 kB
_ENDING_OF_XML: Final = 1 << 10
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")  # an Office document under a password is no ZIP
_CLOSING_TAG: Final = re.compile(rb"</(?:[\w.\-]+:)?edXML\s*>")
_CANNOT_TELL: Final = {errno.EACCES, errno.EPERM, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOLCK}


class Access(Enum):
    """What opening a file tells of it."""

    FREE = auto()  # nobody writes to it, as far as the kernel can tell
    WRITTEN = auto()  # a process has it open for writing
    DENIED = auto()  # we may not read it
    GONE = auto()  # it is not there any more, or no regular file


def signature_of(status: os.stat_result) -> Signature:
    """Return what changes when a file changes."""
    return status.st_size, status.st_mtime_ns, status.st_ino


class Sighting:
    """One file as it looked when it was last seen, and since when it has looked like that."""

    __slots__ = ("_flaw", "_flaw_known", "name", "note", "path", "signature", "since")

    def __init__(self, path: str, name: str, signature: Signature, since: float) -> None:
        """Begin to watch a file that has just changed; ``since`` is our monotonic clock."""
        self.path = path
        self.name = name
        self.signature = signature
        self.since = since
        self.note: object = None  # what the caller worked out of this very content
        self._flaw: Message | None = None
        self._flaw_known = False

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.signature[0]

    @property
    def written(self) -> int:
        """When the file was last written, by its own word (ns)."""
        return self.signature[1]

    def flaw(self) -> Message | None:
        """Return why the file cannot be whole, if so; it is read once while it looks the same."""
        if not self._flaw_known:
            try:
                self._flaw = flaw_in(Path(self.path))
            except (FileNotFoundError, PermissionError):
                return say("it cannot be read any more")
            self._flaw_known = True
        return self._flaw

    def unchanged(self) -> bool:
        """Tell whether the file still looks like this, right now."""
        try:
            status = os.lstat(self.path)
        except OSError:
            return False
        return signature_of(status) == self.signature


class Sightings:
    """All files as they were last seen; what a round does not see again is forgotten."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._known: dict[str, Sighting] = {}

    def get(self, path: str) -> Sighting | None:
        """Return the file as the last round saw it."""
        return self._known.get(path)

    @contextmanager
    def round(self, now: float) -> Iterator[Callable[[os.DirEntry[str]], Sighting]]:
        """Give the function that looks at one file; at the end the others are forgotten."""
        before, after = self._known, dict[str, Sighting]()

        def see(entry: os.DirEntry[str]) -> Sighting:
            status = entry.stat(follow_symlinks=False)
            signature = signature_of(status)
            seen = before.get(entry.path)
            if seen is None or seen.signature != signature:
                seen = Sighting(entry.path, entry.name, signature, now)
            after[entry.path] = seen
            return seen

        yield see
        self._known = after


def access(path: str, *, leases: bool) -> Access:
    """
    Tell whether a file can be read, and whether a process has it open for writing.

    A read lease cannot be had on a file that is open for writing: EAGAIN (fcntl(2)). It takes the
    file's owner or CAP_LEASE; where it cannot be tried the file counts as FREE. ``leases`` must be
    false on network file systems: NFSv4 and CIFS answer EAGAIN whenever the server has not lent
    us the file. Never opened for writing or appending: that would be an event to the watcher.
    """
    try:
        handle = os.open(path, _READ)
    except PermissionError:
        return Access.DENIED
    except BlockingIOError:  # Samba holds a write lease for a client (kernel oplocks)
        return Access.WRITTEN
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ELOOP, errno.ENXIO, errno.ENOTDIR}:
            return Access.GONE
        raise
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return Access.GONE
        return Access.WRITTEN if leases and _open_for_writing(handle) else Access.FREE
    finally:
        os.close(handle)


def _open_for_writing(handle: int) -> bool:
    # Whoever opens the file for writing while we hold the lease waits for us, and we are sent a
    # signal: SIGIO by default, which would end the process; SIGURG is ignored by default.
    with suppress(OSError):
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
    try:
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno in _CANNOT_TELL:
            return False
        raise
    with suppress(OSError):  # closing the file gives it back as well
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def flaw_in(path: Path) -> Message | None:
    """Return why the file cannot be whole; None when it is, or when its kind has no marks."""
    with os.fdopen(os.open(path, _READ), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not size:
            return say("it is empty")
        test = _TESTS.get(path.suffix.lower())
        return test(file, size) if test else None


def _flaw_in_pdf(file: BinaryIO, size: int) -> Message | None:
    if b"%PDF" not in file.read(_HEAD_OF_PDF):
        return say("it does not begin like a PDF")
    if b"%%EOF" not in _tail(file, size, _ENDING_OF_PDF):
        return say("it is cut off: the end mark of a PDF is missing")
    return None


def _flaw_in_zip(file: BinaryIO, size: int) -> Message | None:
    if file.read(len(_OLE)) == _OLE:
        return None
    if b"PK\x05\x06" not in _tail(file, size, _ENDING_OF_ZIP):
        return say("it is cut off: the directory at the end of its ZIP is missing")
    return None


def _flaw_in_edxml(file: BinaryIO, size: int) -> Message | None:
    tail = _tail(file, size, _ENDING_OF_XML).replace(b"\0", b"")  # UTF-16, too
    if not _CLOSING_TAG.search(tail):
        return say("it is cut off: the closing tag of edXML is missing")
    return None


def _tail(file: BinaryIO, size: int, length: int) -> bytes:
    file.seek(max(0, size - length))
    return file.read(length)


# fmt: off
_ZIPPED: Final = (
    "zip", "jar", "edxz", "epub", "docx", "docm", "dotx", "xlsx", "xlsm", "xltx", "pptx", "pptm",
    "potx", "odt", "ods", "odp", "odg", "ott",
)
# fmt: on
_TESTS: Final[dict[str, Callable[[BinaryIO, int], Message | None]]] = {
    ".pdf": _flaw_in_pdf,
    ".edxml": _flaw_in_edxml,
    **{f".{kind}": _flaw_in_zip for kind in _ZIPPED},
}
