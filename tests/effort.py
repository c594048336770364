"""What a piece of work costs, said so that it holds on any machine and at any load."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def calls_in(work: Callable[[], object]) -> int:
    """Return how often this work calls a function, or comes back from one."""
    count = 0

    def seen(_frame: object, _event: str, _arg: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def quickest(work: Callable[[], object], *, times: int = 5) -> float:
    """Return the CPU seconds of the quickest of a few runs, to be held against another's."""

    def timed() -> float:
        begun = time.process_time()
        work()
        return time.process_time() - begun

    return min(timed() for _ in range(times))
