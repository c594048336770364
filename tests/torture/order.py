"""
In which order the steps of a node went by: what was relied on before it was durable.

SIGKILL loses nothing the kernel has; a power cut loses what was not synced. So the trace of every
life is read, and nothing may be entered or told of which the name was not durable by then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torture.processes import Lives, Passed


@dataclass
class Order:
    """
    What a power cut could still undo, as the steps went by; through all lives of a node.

    A life may end on one thread while another is between the deed and its line "after": what was
    begun in such a life has the benefit of the doubt, but for the very step it was struck before.
    """

    passing: set[str] = field(default_factory=set)  # names a power cut may still take back
    entered: set[str] = field(default_factory=set)  # axis ids whose rows are committed
    seen: set[str] = field(default_factory=set)  # the names of all steps passed
    _begun: dict[str, Passed] = field(default_factory=dict)  # by lane
    _wrong: list[str] = field(default_factory=list)

    def wrong_since(self, lives: Lives) -> list[str]:
        """Read the lives that have ended since the last time; return what was out of order."""
        self._wrong = []
        for trace in lives.ended():
            for passed in trace:
                self._step(passed)
            for begun in self._begun.values():
                self._after(begun)
            self._begun = {}
        return self._wrong

    def _step(self, passed: Passed) -> None:
        if passed.step == "STRUCK" and passed.digest.endswith(" before"):
            del self._begun[_lane(passed.digest)]
        name, _, phase = passed.step.rpartition(" ")
        if phase == "before":
            self.seen.add(name)
            self._begun[_lane(name)] = passed
            self._before(passed)
        elif phase == "after":
            self._begun.pop(_lane(name), None)
            self._after(passed)

    def _before(self, passed: Passed) -> None:
        word = _word(passed)
        if word == "rename":
            self.passing.add(passed.what)
        elif word == "acknowledge" and passed.what not in self.entered:
            self._wrong.append(f"{passed.what} was acknowledged before its row was committed")
        elif word == "commit" and passed.digest:
            package = f"/spool/packages/{passed.digest[:2]}/{passed.digest[2:]}"
            if any(name.endswith(package) for name in self.passing):
                what = f"the name of package {passed.digest[:8]}"
                self._wrong.append(f"{passed.step}: {what} is not durable yet")

    def _after(self, passed: Passed) -> None:
        word = _word(passed)
        if word == "sync-folder":
            self.passing -= {name for name in self.passing if _parent(name) == passed.what}
        elif word == "commit" and passed.axis_id:
            self.entered.add(passed.axis_id)


def _lane(step: str) -> str:
    return step.partition(": ")[0]


def _word(passed: Passed) -> str:
    return passed.step.partition(": ")[2].partition(" ")[0]


def _parent(name: str) -> str:
    return str(PurePath(name).parent)
