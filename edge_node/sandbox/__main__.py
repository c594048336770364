"""Serves a sandbox from the shell: `python -m edge_node.sandbox FOLDER [--port N]`."""

from __future__ import annotations

import sys
from pathlib import Path

from edge_node.domain.errors import EdgeNodeError
from edge_node.sandbox.serve import serve

_USAGE = "usage: python -m edge_node.sandbox FOLDER [--port N]\n"


def main(arguments: list[str]) -> int:
    """Serve until a signal comes; return the exit code: 0, 1, or 2 for wrong usage."""
    match arguments:
        case [folder]:
            port = "0"
        case [folder, "--port", port] if port.isdecimal():
            pass
        case _:
            sys.stderr.write(_USAGE)
            return 2
    try:
        serve(Path(folder), port=int(port), ready=_announce)
    except EdgeNodeError as error:
        problems = getattr(error, "problems", ())
        for line in (error, *problems):
            sys.stderr.write(f"edge-node: {line}\n")
        if error.hint:
            sys.stderr.write(f"hint: {error.hint}\n")
        return 1
    return 0


def _announce(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
