"""
The real command with a poison in it: one item whose step ends the process, or holds it.

    python poisoned.py FILE ARGUMENT…    FILE says what, as `a_poison` writes it

Children of the command are started the same way, so that the poison is in them too.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from edge_node.adapters.steps import listening

# Where the names of what is in hand stand while it is worked on.
_NAMES = ("claimed", "receivers", "claim")


def a_poison(file, *, step, about, strike="SIGSEGV", in_hand=False):
    """
    Write what happens before a ``step`` of whatever ``about`` names; return the command.

    ``in_hand``: not before it is claimed, whatever the step itself is about.
    """
    orders = {"step": step, "about": about, "strike": strike, "in_hand": in_hand}
    orders |= {"file": str(file)}
    file.write_text(json.dumps(orders))
    return (sys.executable, __file__, str(file))


def struck(file):
    """Return the processes that came to that step, in order."""
    trace = file.with_suffix(".trace")
    return [int(line) for line in trace.read_text().splitlines()] if trace.exists() else []


def let_through(file):
    """Let whoever is held at the step go on."""
    file.with_suffix(".go").touch()


def _listener(orders):
    file = Path(orders["file"])

    def listen(step, phase, what):
        named = "" if orders["in_hand"] else str(what)
        if phase != "before" or step != orders["step"] or not _is_about(orders["about"], named):
            return
        with file.with_suffix(".trace").open("a") as trace:
            trace.write(f"{os.getpid()}\n")
        if orders["strike"] == "error":
            raise ArithmeticError("nobody foresaw this")
        if orders["strike"] == "hold":
            while not file.with_suffix(".go").exists():
                time.sleep(0.01)
            return
        os.kill(os.getpid(), signal.Signals[orders["strike"]])
        time.sleep(60)  # until it has struck

    return listen


def _is_about(needle, what):
    frame = sys._getframe(2)
    while frame is not None:
        if any(needle in repr(frame.f_locals.get(name)) for name in _NAMES):
            return True
        frame = frame.f_back
    return needle in what


if __name__ == "__main__":
    from edge_node.cli.app import main

    orders = json.loads(Path(sys.argv[1]).read_text())
    del sys.argv[1]
    with listening(_listener(orders)):
        main()
