"""
Lives of the real command with a listener at its steps, each a process of its own.

    python witnessed.py   reads orders, one JSON object a line; answers each with two lines:
    {"pid": …}            the life has begun
    {"status": …}         it has ended, as os.waitpid tells it

Everything the command would import is imported once; a life is then forked, which costs
milliseconds instead of a second. What a life does is `edge_node.cli.app:main`, unchanged but for
how often the daemon sees to its queue, where an order says so. Its listener writes a line for
every step it passes, and strikes at the one it was told of.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import pkgutil
import signal
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import edge_node
from edge_node.adapters.steps import Phase, Step, listening
from edge_node.cli import app
from edge_node.daemon.running import Daemon

if TYPE_CHECKING:
    from types import FrameType

PLAN_SIZE = 512  # bytes of the file that says where to strike
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
_NOT_FOR_A_NODE = ("edge_node.demo", "edge_node.sandbox", "edge_node.__main__")
# Who only carries a step out; the one that wants it is the next above.
_CARRIERS = (
    "/adapters/steps.py",
    "/adapters/durable.py",
    "/adapters/copying.py",
    "/contextlib.py",
    __file__,
)


@dataclass(slots=True)
class Witness:
    """Writes down every step of one life, and ends or holds it at one of them."""

    trace: int  # of a file opened to append; what is written survives SIGKILL
    plan: int  # of a file that says where to strike; it may say otherwise at any moment
    _said: bytes = b""
    _strike: str = ""
    _after: int = 0
    _hold: str = ""

    def __call__(self, step: Step, phase: Phase, what: object) -> None:
        """Be told of a step, on the thread that takes it."""
        frame = _wanting(sys._getframe(1))
        passed = f"{_lane()}: {_name(step, frame, what)} {phase}"
        self.note(passed, f"{_about(frame)}\t{what}")
        self._read_plan()
        if passed != self._strike:
            return
        self._after -= 1
        if self._after == -1:
            self.note("STRUCK", passed)
            self._do()

    def note(self, passed: str, about: str = "") -> None:
        """Write a line."""
        line = f"{time.monotonic_ns()}\t{passed}\t{about}\n"
        os.write(self.trace, line.encode("utf-8", "surrogateescape"))

    def _read_plan(self) -> None:
        said = os.pread(self.plan, PLAN_SIZE, 0)
        if said != self._said:
            self._said = said
            _, self._strike, after, hold = said.decode().rstrip(" \n").split("\t")
            self._after, self._hold = int(after), hold

    def _do(self) -> None:
        if not self._hold:
            os.kill(os.getpid(), signal.SIGKILL)
        while not os.path.exists(self._hold):  # noqa: PTH110 - as little as can be
            time.sleep(0.002)


def _lane() -> str:
    name = threading.current_thread().name
    return "schedule" if name.startswith("ThreadPoolExecutor") else name


def _wanting(frame: FrameType) -> FrameType:
    """Return the frame of the function that wants the step, not of what carries it out."""
    while frame.f_back is not None and _carries(frame):
        frame = frame.f_back
    return frame


def _carries(frame: FrameType) -> bool:
    code = frame.f_code
    return code.co_filename.endswith(_CARRIERS) or code.co_name == "transaction"


def _name(step: Step, frame: FrameType, what: object) -> str:
    if step is Step.SEND:
        return f"{step} {what}"
    if step is Step.ACKNOWLEDGE:
        return str(step)
    return f"{step} {frame.f_code.co_qualname}"


def _about(frame: FrameType) -> str:
    """Return the digest of the package a transaction names, and the axis's id, where it has."""
    values = frame.f_locals
    package = values.get("package") or getattr(values.get("new"), "package", None)
    listed = values.get("listed")
    return f"{getattr(package, 'digest', '')}\t{getattr(listed, 'axis_id', '')}"


def _live(order: dict[str, object]) -> int:
    """Run one command to its end; return its exit code."""
    with Path(str(order["log"])).open("ab") as log, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    trace = os.open(str(order["trace"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    witness = Witness(trace, os.open(str(order["plan"]), os.O_RDONLY))
    sys.argv = ["edge-node", *order["arguments"]]
    if order["upkeep"]:
        Daemon.__init__.__kwdefaults__["upkeep"] = timedelta(seconds=order["upkeep"])
    witness.note("BEGIN")
    try:
        with listening(witness):
            app.main()
    except SystemExit as ending:
        return int(ending.code or 0)
    except BaseException:  # noqa: BLE001 - whatever it is, the log is to have it
        traceback.print_exc()
    return 1


def _import_all() -> None:
    for module in pkgutil.walk_packages(edge_node.__path__, "edge_node."):
        if not module.name.startswith(_NOT_FOR_A_NODE):
            importlib.import_module(module.name)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def _say(**words: int) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Begin lives as ordered, one after the other."""
    _die_with_parent()
    _import_all()
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            _die_with_parent()
            code = 1
            with contextlib.suppress(BaseException):
                code = _live(order)
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)
        _say(pid=pid)
        _say(status=os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    main()
