"""
Reads the picture of a page, by Debian's `tesseract` in a process of its own that is bounded.

The picture comes in memory and the words come by a pipe; no file is written. Where the program or
its Vietnamese is not installed nobody reads, and whoever asks is told the package that is missing.
What the words mean is not looked at here.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters.hiring import python
from edge_node.notary.binding import close_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)

PROGRAM: Final = Path("/usr/bin/tesseract")
# Where Debian keeps what languages are read by: a folder for each generation of the program.
DATA: Final = Path("/usr/share/tesseract-ocr")
_PACKAGE: Final = "tesseract-ocr"
_VIETNAMESE: Final = "tesseract-ocr-vie"
# Single lines wherever they stand: a stamp is no paragraph.
_SPARSE: Final = "11"
_WHOLE: Final = "3"
_DOTS: Final = "250"
_MOST: Final = 1 << 20  # bytes of words
_CHUNK: Final = 1 << 16
_ENVIRONMENT: Final = {"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tesseract:
    """Reads Vietnamese off pictures."""

    program: Path = PROGRAM
    data: Path = DATA
    memory: int = 1 << 30  # bytes of addresses; a page takes 200 MB
    processor: timedelta = timedelta(seconds=60)
    clock: timedelta = timedelta(minutes=2)

    @property
    def lacking(self) -> str | None:
        """The Debian package that is not installed, if one is not."""
        if not os.access(self.program, os.X_OK):
            return _PACKAGE
        there = any(self.data.glob("**/vie.traineddata")) if self.data.is_dir() else False
        return None if there else _VIETNAMESE

    def lines(self, picture: int) -> list[str] | None:
        """
        Return the lines in a picture, a file such as pnm(5) describes; None where it failed.

        The page is read twice: as one that has paragraphs and as one that has none.
        """
        ends = time.monotonic() + self.clock.total_seconds()
        found: list[str] = []
        for manner in (_SPARSE, _WHOLE):
            words = self._read(picture, manner, ends)
            if words is None:
                return None
            lines = words.decode("utf-8", "replace").splitlines()
            found += [*filter(str.strip, lines), ""]  # blank ones part what goes on
        return found

    def _read(self, picture: int, manner: str, ends: float) -> bytes | None:
        command = (str(self.program), "stdin", "stdout", "-l", "vie")
        told = (*command, "--psm", manner, "--dpi", _DOTS)
        os.lseek(picture, 0, os.SEEK_SET)
        close_memory()
        try:
            running = self._start(picture, told)
        except OSError as error:
            log.warning("nobody reads pictures", extra={"error": type(error).__name__})
            return None
        try:
            words = _heard(running, ends)
            status = running.wait(max(0.0, ends - time.monotonic())) if words is not None else 1
        except subprocess.TimeoutExpired:
            words, status = None, 1
        finally:
            _end(running)
        if status or words is None:
            log.warning("the reader of pictures failed", extra={"status": running.returncode})
            return None
        return words

    def _start(self, picture: int, command: Sequence[str]) -> subprocess.Popen[bytes]:
        bounds = (os.getpid(), self.memory, int(self.processor.total_seconds()))
        return subprocess.Popen(  # noqa: S603 - a program of Debian's, in a cage of ours
            (*python("edge_node.notary.caged"), *map(str, bounds), *command),
            stdin=picture,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )


def _heard(running: subprocess.Popen[bytes], ends: float) -> bytes | None:
    """Return all a process says, in time and within bounds; None where it is neither."""
    if running.stdout is None:
        return None
    heard = b""
    waiting = select.poll()
    waiting.register(running.stdout, select.POLLIN)
    while waiting.poll(max(0.0, ends - time.monotonic()) * 1000):
        chunk = os.read(running.stdout.fileno(), _CHUNK)
        heard += chunk
        if not chunk:
            return heard
        if len(heard) > _MOST:
            return None
    return None


def _end(running: subprocess.Popen[bytes]) -> None:
    if running.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    if running.stdout is not None:
        running.stdout.close()
