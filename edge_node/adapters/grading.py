"""
Looks whether a grade of secrecy is printed on a file, or on one within a ready-made package.

Files are read where they lie and packages in memory: no copy of a document that might be a secret
is written to any disk. Who opens them is the opener's child; a page without text is read by
`edge_node.adapters.ocr`, where that is wished for. What is done about a grade is policy.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge_node.adapters.disk import shown
from edge_node.adapters.drops import PACKAGE_ENDING, DropChanged, ending_of
from edge_node.adapters.durable import disk_errors
from edge_node.domain.errors import PackageUnreadable
from edge_node.domain.message import say
from edge_node.domain.secrecy import Look, Printed, Seen, grade_in, letters_in
from edge_node.notary.formats import SEARCHED, format_of
from edge_node.notary.told_printed import HEAD, PIXELS
from edge_node.protocol import edxml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from edge_node.adapters.notary import Opener
    from edge_node.adapters.ocr import Tesseract
    from edge_node.domain.message import Message

log = logging.getLogger(__name__)

# Never through a link, never waiting for the other end of a FIFO.
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHANGED: Final = frozenset(
    (errno.ENOENT, errno.ELOOP, errno.ENXIO, errno.ENOTDIR, errno.EACCES, errno.EPERM)
)
# Bytes of one attachment that are held in memory; the service may use 512 MB.
_HELD: Final = 96 << 20
_LEGIBLE: Final = 20  # letters, by which a machine shows that it could read a page


@dataclass(frozen=True, slots=True, kw_only=True)
class Grading:
    """Who opens files, and who reads pictures of pages, if anybody is to."""

    opener: Opener
    reader: Tesseract | None = None

    def look(self, path: Path) -> Look:
        """
        Return what a look at a file came to.

        DropChanged where it is not there any more or may not be read, `ChildMissing` where there
        is nobody to look, and what `disk_errors` raises.
        """
        with _opened(path) as file:
            return replace(self._look(file), file=path.name)

    def grades(self, path: Path, *, limits: edxml.Limits) -> tuple[Look, ...]:
        """Return, likewise, what looks at a file came to, or at all there is in a package."""
        if ending_of(path.name, (PACKAGE_ENDING,)):
            return self._look_inside(path, limits)
        return (self.look(path),)

    def _look_inside(self, path: Path, limits: edxml.Limits) -> tuple[Look, ...]:
        looks: dict[int, Look] = {}

        def look(number: int, kept: edxml.Kept) -> None:
            cut = isinstance(kept, _Memory) and kept.cut
            looks[number] = Look(file="", unread=_LARGE) if cut else self._look(kept.fileno())

        with _opened(path) as descriptor, open(descriptor, "rb", closefd=False) as source:
            try:
                names = edxml.look_inside(source, _Memory, look, limits=limits)
            except PackageUnreadable:
                unread = Look(file=path.name, unread=_WORDS[Seen.BROKEN])
                return (*(replace(one, file=path.name) for one in looks.values()), unread)
        return tuple(replace(one, file=names[number - 1]) for number, one in looks.items())

    def _look(self, file: int) -> Look:
        start = os.pread(file, SEARCHED, 0)
        if not start or format_of(start) is None:
            return Look(file="")
        if self.reader is None:
            return _told(self.opener.printed(file))
        with _canvas() as canvas:
            return self._read_by_machine(self.reader, self.opener.printed(file, canvas), canvas)

    def _read_by_machine(self, reader: Tesseract, printed: Printed, canvas: int) -> Look:
        if printed.size is None or printed.seen is not Seen.NOTHING:
            return _told(printed)
        lacking = reader.lacking
        if lacking is not None:
            log.warning("nobody reads pictures", extra={"package": lacking})
            why = say(
                "it is a picture without text, and the package {package}, by which it could be "
                "read, is not installed",
                package=lacking,
            )
            return Look(file="", unread=why)
        os.pwrite(canvas, _header(printed.size), 0)
        lines = reader.lines(canvas)
        if lines is None:
            return Look(file="", unread=say("it is a picture that could not be read"))
        grade = grade_in(lines, blurred=True)
        if grade is None and sum(map(letters_in, lines)) < _LEGIBLE:
            return Look(file="", unread=say("it is a picture on which nothing could be read"))
        return Look(file="", grade=grade)


def _told(printed: Printed) -> Look:
    return Look(file="", grade=printed.grade, unread=printed.why or _WORDS.get(printed.seen))


class _Memory:
    """A file that has no name, in memory; of too much it keeps the beginning."""

    def __init__(self) -> None:
        self._file = os.memfd_create("attachment", os.MFD_CLOEXEC)
        self._size = 0
        self.cut = False

    def write(self, data: bytes, /) -> None:
        rest = memoryview(data)[: _HELD - self._size]
        self.cut = self.cut or len(rest) < len(data)
        self._size += len(rest)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def fileno(self) -> int:
        return self._file

    def close(self) -> None:
        os.close(self._file)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Give the descriptor of a regular file."""
    try:
        file = os.open(path, _READ)
    except OSError as error:
        if error.errno in _CHANGED:
            raise _changed(path) from error
        with disk_errors(path):
            raise
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise _changed(path)
        with disk_errors(path):
            yield file
    finally:
        os.close(file)


def _changed(path: Path) -> DropChanged:
    return DropChanged(
        say("{file} changed before it could be taken", file=shown(path.name)),
        hint=say("it is taken once it has settled again"),
    )


@contextmanager
def _canvas() -> Iterator[int]:
    """Give a file in memory to draw a page in; what nobody draws takes no room."""
    file = os.memfd_create("page", os.MFD_CLOEXEC)
    try:
        os.ftruncate(file, HEAD + PIXELS)
        yield file
    finally:
        os.close(file)


def _header(size: tuple[int, int]) -> bytes:
    """Return what pnm(5) has before the pixels, blank up to where they begin."""
    across, down = size
    head = f"P5\n{across} {down}"
    return (head + " " * (HEAD - len(head) - 4) + "255\n").encode("ascii")


_LARGE: Final = say("it is too large to be looked into within a package")
_WORDS: Final[Mapping[Seen, Message]] = {
    Seen.NOTHING: say("there is no text on it, as on a scanned page"),
    Seen.LOCKED: say("it wants a password"),
    Seen.BROKEN: say("it cannot be read"),
    Seen.OLD: say("it is an office file of the old kind (.doc, .xls, .ppt)"),
}
