"""
The document software where something of the nodes is away, or denied, for a moment.

What went away for a letter comes back by itself, while the software looks about.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torture.software import Software

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torture.software import Letter

_IDENTITY = ".edge-node"  # a share that is not mounted lacks it
_AWAY = 1.2  # seconds; a letter goes its whole way within


@dataclass(kw_only=True)
class Hindered(Software):
    """What both agencies' people do, and what is in the nodes' way meanwhile."""

    data: tuple[Path, ...]  # the data folders of the nodes
    _back: list[tuple[float, Callable[[], object]]] = field(default_factory=list)
    _later: list[tuple[Letter, Path]] = field(default_factory=list)

    def seen_to(self) -> Letter:
        """Drop a letter as ever; the node sees to its queue meanwhile."""
        return self.letter()

    def listing_denied(self) -> Letter:
        """Drop a letter; nobody is told what the axis has, at first."""
        return self._denied("getReceivedEdocList", times=1)

    def acknowledgement_denied(self) -> Letter:
        """Drop a letter; nobody may say that he has it, twice running."""
        return self._denied("updateStatus", times=2)

    def sender_away(self) -> Letter:
        """Drop a letter; once the axis has it the sender's exchange folder is away."""
        letter = self.letter()
        self._later.append((letter, self.sender))
        return letter

    def receiver_away(self) -> Letter:
        """Drop a letter whose receiver's exchange folder is away."""
        self._takes_away(self.receiver / _IDENTITY)
        return self.letter()

    def look(self) -> None:
        """Look about as ever; what was away long enough is put back."""
        for letter, exchange in [each for each in self._later if "accepted" in each[0].marks]:
            self._later.remove((letter, exchange))
            self._takes_away(exchange / _IDENTITY)
        for due, put_back in [each for each in self._back if each[0] < time.monotonic()]:
            self._back.remove((due, put_back))
            put_back()
        super().look()

    def _denied(self, call: str, *, times: int) -> Letter:
        fault = {"fault": "error", "calls": [call], "http": 401, "times": times}
        self.faults.add(fault | {"caller": self.us}, fault | {"caller": self.them})
        return self.letter()

    def _takes_away(self, path: Path) -> None:
        if not path.exists():  # it is away already
            return
        aside = path.rename(path.parent.with_name(f"{path.parent.name}{path.name}"))
        self._back.append((time.monotonic() + _AWAY, lambda: aside.rename(path)))
