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
import sys
from collections.abc import Callable
from contextlib import contextmanager, suppress
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.domain.message import Message, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Signature = tuple[int, int, int]  # size, mtime_ns, inode
Since = Callable[[os.stat_result, float], float]  # since when, by our clock, it looks like that

_WIDTH: Final = 64  # bits of a size or an inode; when it was written may be anything
_LOWEST: Final = (1 << _WIDTH) - 1
_UNREAD: Final = object()

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
    """
    One file or folder as it looked when it was last seen, and since when it has looked like that.

    Ten thousand of them are held from look to look: no path is, and the signature is one number.
    """

    __slots__ = ("_flaw", "_looks", "_place", "inside", "name", "note", "since")

    def __init__(self, place: str | Sighting, name: str, signature: Signature, now: float) -> None:
        """Begin to watch what lies in ``place``; ``now`` is our monotonic clock, in seconds."""
        self._place = place
        self.name = name
        self.inside: list[Sighting] | None = None  # what the last look saw in it, if it looked
        self._begin(signature, now)

    def _begin(self, signature: Signature, now: float) -> None:
        size, written, inode = signature
        self._looks = ((written << _WIDTH) | inode) << _WIDTH | size
        self.since = now
        self.note: object = None  # what the caller worked out of this very content
        self._flaw: Message | object | None = _UNREAD

    def see(self, signature: Signature, now: float) -> None:
        """Take in how it looks ``now``; where that is new, all that was known of it is void."""
        if signature != self.signature:
            self._begin(signature, now)

    @property
    def path(self) -> str:
        """Where it lies."""
        place = self._place if isinstance(self._place, str) else self._place.path
        return f"{place}/{self.name}"

    @property
    def signature(self) -> Signature:
        """What changes when it changes."""
        return self.size, self.written, self._looks >> _WIDTH & _LOWEST

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self._looks & _LOWEST

    @property
    def written(self) -> int:
        """When it was last written, by its own word (ns)."""
        return self._looks >> 2 * _WIDTH

    def flaw(self) -> Message | None:
        """Return why the file cannot be whole, if so; it is read once while it looks the same."""
        if self._flaw is _UNREAD:
            try:
                self._flaw = flaw_in(Path(self.path))
            except (FileNotFoundError, PermissionError):
                return say("it cannot be read any more")
        return self._flaw if isinstance(self._flaw, Message) else None

    def unchanged(self) -> bool:
        """Tell whether the file still looks like this, right now."""
        try:
            status = os.lstat(self.path)
        except OSError:
            return False
        return signature_of(status) == self.signature


class Sightings:
    """
    All that lies in a folder, and in the folders in it, as it was last seen.

    What a round does not see again is forgotten.
    """

    def __init__(self, folder: Path, *, since: Since | None = None) -> None:
        """
        Begin with nothing seen in the folder.

        What is seen for the first time looks like that from now on; ``since`` tells of somebody
        who looks only once how long it certainly has.
        """
        self._folder = str(folder)
        self._since = since or _just_now
        self._known: dict[str, Sighting] = {}

    def get(self, path: Path) -> Sighting | None:
        """Return the file as the last round saw it."""
        if str(path.parent) == self._folder:
            return self._known.get(path.name)
        around = self._known.get(path.parent.name)
        inside = () if around is None else around.inside or ()
        return next((seen for seen in inside if seen.name == path.name), None)

    @contextmanager
    def round(self, now: float) -> Iterator[Round]:
        """Give the eyes of one round; at its end what they did not see is forgotten."""
        eyes = Round(self._folder, self._known, now, self._since)
        yield eyes
        self._known = eyes.seen


class Round:
    """One look at a folder and at the folders in it."""

    def __init__(
        self, folder: str, before: Mapping[str, Sighting], now: float, since: Since
    ) -> None:
        """Begin to look, with what the last round saw (``before``), by name."""
        self._since = since
        self._folder = folder
        self._before = before
        self._now = now
        self.seen: dict[str, Sighting] = {}

    def see(self, entry: os.DirEntry[str]) -> Sighting:
        """Look at something in the folder; OSError where it is gone."""
        seen = self._look(entry, self._folder, self._before.get(entry.name))
        self.seen[seen.name] = seen
        return seen

    def within(self, folder: Sighting) -> Callable[[os.DirEntry[str]], Sighting]:
        """Return the function that looks, likewise, at what lies in a folder of the folder."""
        before = {seen.name: seen for seen in folder.inside or ()}
        folder.inside = inside = []

        def see(entry: os.DirEntry[str]) -> Sighting:
            seen = self._look(entry, folder, before.get(entry.name))
            inside.append(seen)
            return seen

        return see

    def _look(
        self, entry: os.DirEntry[str], place: str | Sighting, seen: Sighting | None
    ) -> Sighting:
        status = entry.stat(follow_symlinks=False)
        signature = signature_of(status)
        if seen is not None:
            seen.see(signature, self._now)
            return seen
        # What lies in the folders of drops is called the same in all of them: document.json.
        name = entry.name if isinstance(place, str) else sys.intern(entry.name)
        return Sighting(place, name, signature, self._since(status, self._now))


def _just_now(_: os.stat_result, now: float) -> float:
    return now


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
