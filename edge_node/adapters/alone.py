"""
The child process one item is tried in, and how such a child makes sure that it is one.

A child does not outlive the node that started it, is not reached by what a terminal or a service
manager sends the node, and is the first to go where the machine runs out of memory.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters.lock import holder, locked
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say
from edge_node.domain.trial import Ending

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta

    from edge_node.domain.trial import Suspect

_PR_SET_PDEATHSIG: Final = 1  # prctl(2)
_PATIENT: Final = 10  # nice(1)
_OURS_TO_END: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Alone:
    """Tries items in a child, one at a time."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start children by ``command`` and the words that say what to do: `trial LANE ITEM`."""
        self._command = tuple(command)
        self._changing = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._ended = False

    def run(self, suspect: Suspect, *, within: timedelta) -> Ending:
        """Work on one item in a child and return how that ended; it is ended after ``within``."""
        return self.work("trial", suspect.lane, suspect.item, within=within)

    def work(self, *words: str, within: timedelta) -> Ending:
        """Have a child do what these words of the command line ask; it is ended likewise."""
        command = [*self._command, *words]
        with self._changing:
            if self._ended:
                return Ending(status=0, stopped=True)
            # A session of its own: Ctrl-C on the node's terminal says nothing of the item.
            child = self._child = subprocess.Popen(  # noqa: S603 - our own command
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        overdue = False
        try:
            child.wait(within.total_seconds())
        except subprocess.TimeoutExpired:
            overdue = True
        finally:
            if child.returncode is None:
                _kill(child)
                child.wait()
            with self._changing:
                self._child = None
        return Ending(status=child.returncode, overdue=overdue, stopped=self._ended)

    def end(self) -> None:
        """End the child that is at work, from whatever thread; none is started any more."""
        with self._changing:
            self._ended = True
            if self._child is not None:
                _kill(self._child)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End a child nobody has waited for yet, and the programs it has started."""
    if child.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # it leads a session of its own


def give_way() -> None:
    """Let everything else on the machine come first, where we are allowed to say so."""
    with suppress(OSError):  # setpriority(2) is forbidden to the service: its unit has CPUWeight=
        os.nice(_PATIENT)


@contextmanager
def as_child(data: Path) -> Iterator[None]:
    """
    Be the one child of the node that holds the data folder, for as long as the block lasts.

    NotAllowed for anybody else, AlreadyRunning while another child is not quite gone.
    """
    for number in _OURS_TO_END:
        signal.signal(number, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if holder(data) != os.getppid():  # asked after that: a node that dies from here on takes us
        raise NotAllowed(
            say("only a running node tries something alone"),
            hint=say("`edge-node log {id}` tells what became of it", id="ID"),
        )
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    with locked(data / "trial"):
        yield
