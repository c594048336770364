"""
The witness: a small file outside of the data folder that says how much was done out of it.

Before a package leaves, or a document comes into sight in the inbox, the count in the queue goes
up by one, and then this file is brought up to it. So the file is never ahead of its own queue;
where it is, the queue is a copy, an older state or another's, which may hold as unsent what has
long been sent, and not know what was handed over. A lock keeps a second node away that shares
the file.
"""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.steps import Step, passing
from edge_node.domain.errors import AlreadyRunning, Outage
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FILE: Final = "sends"
_LOCK: Final = "lock"
# All of it in one sector, always as long: an overwrite is whole or has not happened.
_FORM: Final = "edge-node: {count:020d} documents offered to the axis\n"
_READ: Final = re.compile(rb"edge-node: (\d{20}) documents offered to the axis\n")


class WitnessGone(Outage):
    """The witness was taken away while the node was at work."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A folder beside the data folder, with the count of what was sent and handed over."""

    folder: Path

    def count(self) -> int | None:
        """Return how much was counted; None where nobody ever counted here."""
        with durable.disk_errors(self.folder):
            try:
                found = _READ.fullmatch((self.folder / _FILE).read_bytes())
            except FileNotFoundError:
                return None
        return int(found[1]) if found else None

    def note(self, count: int) -> None:
        """
        Enter durably that so much was counted; what has heard of more stays as it is.

        WitnessGone where there is nothing to enter it in: no new one is begun, because nobody
        knows any more what the old one had heard of.
        """
        path = self.folder / _FILE
        with durable.disk_errors(path):
            try:
                handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            except (FileNotFoundError, NotADirectoryError) as error:
                raise _gone(path) from error
            try:
                # Two lanes count; the one that was quicker must not be taken back by the other.
                fcntl.flock(handle, fcntl.LOCK_EX)
                found = _READ.fullmatch(os.pread(handle, len(_FORM.format(count=0)) + 1, 0))
                if found is None or int(found[1]) < count:
                    with passing(Step.WITNESS, path):
                        os.pwrite(handle, _FORM.format(count=count).encode(), 0)
                        os.fdatasync(handle)
            finally:
                os.close(handle)

    def begin(self, count: int) -> None:
        """Start to witness from that count, whatever was here."""
        with durable.disk_errors(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable.write(self.folder / _FILE, _FORM.format(count=count).encode(), mode=0o600)
        durable.sync_folder(self.folder.parent)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the witness for as long as the block lasts; AlreadyRunning if somebody does."""
        with durable.disk_errors(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _demand(handle, self.folder)
            yield
        finally:
            os.close(handle)


def _gone(path: Path) -> WitnessGone:
    return WitnessGone(
        say("the witness {path} is gone", path=str(path)),
        hint=say("put it back, or restart the node and then give: edge-node adopt"),
    )


def _demand(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise AlreadyRunning(
            say("another edge-node uses the witness {path}", path=str(folder)),
            hint=say("one of the two works on a copy: stop that one"),
        ) from error
