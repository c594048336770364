"""
The inside of an archive: members of a tar file, one after the other, and the sums of them all.

`age -d … | tar -x` takes one apart where this program is not at hand, and `sha256sum -c
SHA256SUMS` checks it. Nothing is compressed: so it unpacks to no more than it is. The first
member says what it is, the last has a line for each of the others.

Who made an archive nobody can tell: a public key is public. So nothing in it is believed: only
plain files with plain names below known folders are taken, into a folder that is new.
"""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.adapters import durable
from edge_node.adapters.age import ArchiveUnsound
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ABOUT: Final = "about.json"
SUMS: Final = "SHA256SUMS"
DATA: Final = "data"
WITNESS: Final = "witness"
CONFIGURATION: Final = "configuration"
_ROOMS: Final = frozenset({DATA, WITNESS, CONFIGURATION})
_BLOCK: Final = 512
_CHUNK: Final = 1 << 18
_NO_LETTER: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
_LARGE: Final = 8 << 30  # what the octal digits of a header do not hold
_DEPTH: Final = 16
_ABOUT_MOST: Final = 1 << 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What came out of an archive."""

    members: int
    size: int  # bytes of all of them
    altered: int  # packages whose bytes are not those of their names


def is_plain(name: str) -> bool:
    """Tell whether a member may be called so."""
    parts = name.split("/")
    if _NO_LETTER.search(name) or len(parts) > _DEPTH:
        return False
    if any(part in {"", ".", ".."} for part in parts):
        return False
    try:
        _header(name, 0, 0)
    except (ValueError, UnicodeEncodeError):
        return False
    return name in {ABOUT, SUMS} or (parts[0] in _ROOMS and len(parts) > 1)


class ArchiveWriter:
    """Writes members to a stream, and their sums at its end."""

    def __init__(self, out: BinaryIO, *, at: int) -> None:
        """Write to ``out``; every member bears the moment ``at``, in seconds since 1970."""
        self._out = out
        self._at = at
        self._sums = TemporaryFile()  # noqa: SIM115 - closed by `finish` or with the writer
        self.members = 0
        self.size = 0

    def add(self, name: str, data: bytes) -> None:
        """Write a member."""
        self._out.write(_header(name, len(data), self._at))
        self._out.write(data)
        self._end(name, len(data), hashlib.sha256(data).hexdigest())

    def add_file(self, name: str, path: Path) -> bool:
        """
        Write a member as long as the file is now; False where it is gone.

        A file that grows meanwhile is cut there; one that shrinks is an error, FileGone.
        """
        with durable.disk_errors(path):
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            try:
                file = os.fdopen(os.open(path, flags), "rb")
            except FileNotFoundError:
                return False
        with file:
            size = os.fstat(file.fileno()).st_size
            self._out.write(_header(name, size, self._at))
            digest, left = hashlib.sha256(), size
            while left:
                with durable.disk_errors(path):
                    chunk = file.read(min(left, _CHUNK))
                if not chunk:
                    raise durable.FileGone(
                        say("{path} became shorter while it was read", path=durable.shown(path)),
                        hint=say("give the command again"),
                    )
                digest.update(chunk)
                self._out.write(chunk)
                left -= len(chunk)
        self._end(name, size, digest.hexdigest())
        return True

    def finish(self) -> None:
        """Write the sums and the end."""
        size = self._sums.tell()
        self._sums.seek(0)
        with self._sums:
            self._out.write(_header(SUMS, size, self._at))
            while chunk := self._sums.read(_CHUNK):
                self._out.write(chunk)
            self._out.write(b"\0" * (-size % _BLOCK + 2 * _BLOCK))

    def _end(self, name: str, size: int, digest: str) -> None:
        self._out.write(b"\0" * (-size % _BLOCK))
        self._sums.write(_line(name, digest))
        self.members += 1
        self.size += size


def unpack(
    stream: BinaryIO,
    into: Path,
    *,
    take: Callable[[str], bool] = lambda _: True,
    first: Callable[[bytes], None] = lambda _: None,
) -> Unpacked:
    """
    Unpack into a folder that is new, and check every member against the sums.

    ``take`` tells which members are written, ``first`` hears the first one before anything else
    is looked at. ArchiveUnsound, and what was written stays where it is.
    """
    members = size = altered = 0
    with TemporaryFile() as sums:
        for name, length, chunks in _members(stream):
            if (members == 0) is not (name == ABOUT):
                raise _unsound(name)
            if name == SUMS:
                _compare(sums, chunks)
                _demand_end(stream)
                return Unpacked(members=members, size=size, altered=altered)
            if name == ABOUT:
                chunks = iter([_whole(chunks, length, first)])  # noqa: PLW2901 - the same bytes
            digest = _write(chunks, into, name) if take(name) else _hashed(chunks)
            sums.write(_line(name, digest))
            if _of_package(name) not in {"", digest}:
                altered += 1
            members += 1
            size += length
    raise _cut_off()


def _members(stream: BinaryIO) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    while True:
        block = stream.read(_BLOCK)
        if len(block) < _BLOCK or not any(block):
            raise _cut_off()
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise _unsound() from error
        # Nothing but files: no link that leads out of the folder, no device, no file with holes,
        # no header that is as long as it says.
        if info.type != tarfile.REGTYPE or info.size < 0 or not is_plain(info.name):
            raise _unsound(info.name)
        chunks = _content(stream, info.size)
        yield info.name, info.size, chunks
        for _ in chunks:  # whoever did not read it all
            pass


def _content(stream: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left:
        chunk = stream.read(min(left, _CHUNK))
        if not chunk:
            raise _cut_off()
        left -= len(chunk)
        yield chunk
    if len(stream.read(-size % _BLOCK)) != -size % _BLOCK:
        raise _cut_off()


def _whole(chunks: Iterator[bytes], length: int, first: Callable[[bytes], None]) -> bytes:
    if length > _ABOUT_MOST:
        raise _unsound(ABOUT)
    about = b"".join(chunks)
    first(about)
    return about


def _write(chunks: Iterator[bytes], into: Path, name: str) -> str:
    path, digest = into / name, hashlib.sha256()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with durable.disk_errors(path):
        try:
            _make_private(path.parent)
            handle = os.open(path, flags, 0o600)
        except (FileExistsError, NotADirectoryError) as error:  # one name twice
            raise _unsound(name) from error
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
    return digest.hexdigest()


def _make_private(folder: Path) -> None:
    """Make a folder and those around it, for nobody else; `parents` of mkdir asks the umask."""
    if not folder.is_dir():
        _make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _hashed(chunks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _compare(ours: BinaryIO, theirs: Iterator[bytes]) -> None:
    ours.seek(0)
    for chunk in theirs:
        if ours.read(len(chunk)) != chunk:
            raise ArchiveUnsound(
                say("a file in the archive is not the one that was put into it"),
                hint=say("take another copy of it, or the archive of another day"),
            )
    if ours.read(1):
        raise _cut_off()


def _demand_end(stream: BinaryIO) -> None:
    """Read to the end: only there it is known that nothing was cut off."""
    end = stream.read(2 * _BLOCK)
    if len(end) != 2 * _BLOCK or any(end):
        raise _cut_off()
    if stream.read(1):
        raise _unsound()


def _of_package(name: str) -> str:
    """Return the digest a package is named by; '' for other files."""
    found = re.fullmatch(r"data/spool/packages/([0-9a-f]{2})/([0-9a-f]{62})", name)
    return found[1] + found[2] if found else ""


def _header(name: str, size: int, at: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, at, 0o600
    if size < _LARGE:
        header = info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")
    else:
        header = info.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")
    if len(header) != _BLOCK:
        raise ValueError(name)
    return header


def _line(name: str, digest: str) -> bytes:
    return f"{digest}  {name}\n".encode()


def _cut_off() -> ArchiveUnsound:
    return ArchiveUnsound(
        say("the archive is cut off"),
        hint=say("copy it here once more, or take the archive of another day"),
    )


def _unsound(name: str = "") -> ArchiveUnsound:
    shown = _NO_LETTER.sub("\N{REPLACEMENT CHARACTER}", durable.shown(name)[:200])
    words = say("this is no archive of edge-node")
    if name:
        words = say("{name} does not belong into an archive of edge-node", name=shown)
    return ArchiveUnsound(
        words,
        hint=say("do not restore it unless you know who made it; `edge-node backup` did not"),
    )
