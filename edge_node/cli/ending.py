"""Ending in good order though somebody ends the program, or cuts the line to its caller."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)
_BY_SIGNAL: Final = 128  # what shells add to the number of the signal that ended a program


@contextmanager
def leaving_nothing() -> Iterator[None]:
    """Have whoever ends the program not leave behind what was being made."""

    def end(number: int, _: FrameType | None) -> None:
        for one in _ENDING:
            signal.signal(one, signal.SIG_IGN)  # it is ending
        raise SystemExit(_BY_SIGNAL + number)

    # One that is ignored stays so: whoever said nohup wants it to go on.
    heard = [one for one in _ENDING if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, end) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
