"""Serves a sandbox: `python -m edge_node.sandbox FOLDER [--port N] [--faults FILE]`."""

from __future__ import annotations

import sys
from pathlib import Path

from edge_node.domain.errors import EdgeNodeError
from edge_node.sandbox.faults import Faults
from edge_node.sandbox.faults_rules import read_rules_file
from edge_node.sandbox.serve import serve

_USAGE = "usage: python -m edge_node.sandbox FOLDER [--port N] [--faults FILE]\n"


def main(arguments: list[str]) -> int:
    """Serve until a signal comes; return the exit code: 0, 1, or 2 for wrong usage."""
    port, faults = "0", None
    match arguments:
        case [folder, *options] if len(options) % 2 == 0:
            pass
        case _:
            return _misused()
    for name, value in zip(options[::2], options[1::2], strict=True):
        if name == "--faults":
            faults = Path(value)
        elif name == "--port" and value.isdecimal():
            port = value
        else:
            return _misused()
    try:
        rules = read_rules_file(faults) if faults else ()
        serve(Path(folder), port=int(port), ready=_announce, faults=Faults(rules))
    except EdgeNodeError as error:
        problems = getattr(error, "problems", ())
        for line in (error, *problems):
            sys.stderr.write(f"edge-node: {line}\n")
        if error.hint:
            sys.stderr.write(f"hint: {error.hint}\n")
        return 1
    return 0


def _misused() -> int:
    sys.stderr.write(_USAGE)
    return 2


def _announce(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
