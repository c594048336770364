"""Somebody who keeps writing to a file: a process of its own, gone with whoever started it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from system_world import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# It ends when its stdin does: with us, however we end.
_WRITES = """
import select, sys
with open(sys.argv[1], "ab", buffering=0) as file:
    while not select.select([0], [], [], 0.01)[0]:
        file.write(b"%" * 4096)
"""


@contextmanager
def writing_to(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Have the file written to as long as this lasts; it grows when that begins."""
    before = file.stat().st_size
    with subprocess.Popen([sys.executable, "-c", _WRITES, file], stdin=subprocess.PIPE) as writer:
        try:
            until(lambda: file.stat().st_size > before)
            yield writer
        finally:
            writer.kill()
