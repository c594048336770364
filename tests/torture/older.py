"""
An older data folder is put back, after more has been sent and received; the witness stays.

A person does what docs/backup.md says: `adopt`, once the axis was asked; `release` for what was
set aside and the software does not have; a folder in `queued/` that was tried goes back to the
outbox, or away where the axis has it. What was sent since is not known any more, so the receipts
of such a letter may be lacking or told again: counted apart. There twice it may not be.
"""

from __future__ import annotations

import shutil
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torture.faulty import Tended, axis_has
from torture.kind import look_for
from torture.person import aside, command, is_paused
from torture.processes import patiently
from torture.queue_file import at_work, rows

if TYPE_CHECKING:
    from pathlib import Path

    from torture.bench import Bench
    from torture.software import Letter
    from torture.storm import Run

_SPREAD = 0.6  # seconds, within which a letter goes its whole way
_COMES_PAST = 6.0  # seconds
_QUIET = 1.0  # seconds without work before a letter that does not move is looked at
_COUNTED = "select value from marks where name = 'sends'"


@dataclass(kw_only=True)
class OlderPutBack(Tended):
    """The data folder as it was some letters ago."""

    name = "older data folder put back"  # type: ignore[assignment]
    nodes: tuple[str, ...] = ("sender", "receiver")
    _known: list[Letter] = field(default_factory=list)  # on their way before and since the copy

    def strike(self, bench: Bench) -> Run | None:
        """Copy it with one letter on its way, put it back with another, and drop a third."""
        node = self.dice.choice(self.nodes)
        agency = bench.agencies[node]
        before = bench.software.letter()
        look_for(bench, self.dice.uniform(0, _SPREAD))
        number = self.dice.choice((signal.SIGTERM, signal.SIGKILL))
        agency.lives.end(number)
        kept = bench.home / "kept"
        shutil.copytree(agency.data, kept)
        agency.lives.begin()
        look_for(bench, self.dice.choice((0, _SPREAD)))
        since = bench.software.letter()
        look_for(bench, self.dice.uniform(0, 2 * _SPREAD))
        agency.lives.end(self.dice.choice((signal.SIGTERM, signal.SIGKILL)))
        self._known = [before, since]
        for letter in self._known:
            letter.once = letter.final_at is None or node == "sender"
        _put_back(kept, agency.data)
        after = bench.software.letter()
        agency.lives.begin()
        self._see_it_paused(bench, node, after)
        return self.ran(node, f"copied after {number.name}", after)

    def over(self, bench: Bench, letter: Letter) -> bool:
        """Do what a person would, until there is nothing more to be done."""
        waiting = [each for each in (*self._known, letter) if each.final_at is None]
        if not waiting:
            return not any(map(is_paused, bench.agencies.values()))
        for agency in filter(is_paused, bench.agencies.values()):
            command(agency, "adopt")
        if any(map(at_work, bench.agencies.values())):
            return False
        look_for(bench, _QUIET)
        if any(map(at_work, bench.agencies.values())):
            return False
        over = [self._seen_to(bench, each) for each in waiting]
        return all(over)

    def _seen_to(self, bench: Bench, letter: Letter) -> bool:
        """Do the next thing for one letter; tell whether nothing is to be waited for."""
        if letter.final_at is not None:
            return True
        items = aside(bench.receiver, bench.deliveries(letter))
        if items and "taken" not in letter.marks:
            command(bench.receiver, "release", items[0])
            return False
        if self._moved_on(bench, letter) or not Tended.over(self, bench, letter):
            lacking = letter.once and ("taken" in letter.marks or _is_gone(bench, letter))
            if not lacking:
                return False
            letter.apart = f"the older folder does not know it: {sorted(letter.marks)}"
            bench.software.give_up(letter)
        return True

    def _moved_on(self, bench: Bench, letter: Letter) -> bool:
        """Move a folder the node does not know any more out of `queued/`."""
        folder = bench.software.sender / "queued" / letter.name
        known = rows(
            bench.sender, "select 1 from documents where document_id = ?", letter.document_id
        )
        if not folder.exists() or known:
            return False
        if axis_has(bench, letter):
            folder.rename(bench.home / f"away-{letter.name}")
            return False
        folder.rename(bench.software.sender / "outbox" / letter.name)
        return True

    def _see_it_paused(self, bench: Bench, node: str, after: Letter) -> None:
        """See that nothing leaves where something was sent or handed over since the copy."""
        agency = bench.agencies[node]
        witnessed = int((agency.witness / "sends").read_bytes().split()[1])
        counted = rows(agency, _COUNTED)
        if counted and witnessed <= int(counted[0]["value"]):
            return
        patiently(lambda: is_paused(agency), within=_COMES_PAST, look=bench.software.look)
        look_for(bench, _SPREAD)
        if not is_paused(agency):
            bench.software.wrong.append(f"{node}: an older state that sends")
        if node == "sender" and axis_has(bench, after):
            bench.software.wrong.append(f"{after.document_id}: sent while sending is paused")


def _put_back(kept: Path, data: Path) -> None:
    shutil.rmtree(data)
    kept.rename(data)


def _is_gone(bench: Bench, letter: Letter) -> bool:
    """Tell whether a drop was thrown away with the newer folder, in which it was just claimed."""
    drops = bench.software.sender
    lying = any((drops / place / letter.name).exists() for place in ("outbox", "queued"))
    return not lying and not axis_has(bench, letter)
