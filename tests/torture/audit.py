"""
What is counted once a bench has come to rest: lost, doubled, left lying, unsound, out of order.

Nobody's word is taken for it: the axis is asked by its own table, a node by its files, its
database and the trace of the steps it passed.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from torture.bench import FOREIGN
from torture.processes import patiently
from torture.queue_file import at_work, rows
from torture.steps import ACROSS, REACHED

from edge_node.sandbox.store import doubles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torture.bench import Agency, Bench
    from torture.software import Letter

_LONG_AGO = 7200.0  # seconds: older than whatever a command beside the daemon might be storing
_OF_THE_EXCHANGE = ".edge-node"
# After silence a letter is looked for, and queued anew where the axis does not have it.
_MAY_HAPPEN_AGAIN = ("queued", "unsure")
# A person who sends a letter again begins it anew: it is accepted, or refused, once more.
_AFTER_A_PERSON = ("accepted", "refused", "held", "dead")


@dataclass(kw_only=True)
class Found:
    """What one audit found; all is well where every list is empty but for those counted apart."""

    lost: list[str] = field(default_factory=list)
    axis_doubles: list[str] = field(default_factory=list)
    inbox_doubles: list[str] = field(default_factory=list)
    receipt_doubles: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # other bytes than were sent
    orphans: list[str] = field(default_factory=list)
    unsound: list[str] = field(default_factory=list)
    disorder: list[str] = field(default_factory=list)
    # Apart: what the axis forgot, what a person decided, what was held for one.
    apart_lost: list[str] = field(default_factory=list)
    apart_doubles: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)  # steps passed that `steps.py` has not

    def __bool__(self) -> bool:
        """Tell whether anything is wrong."""
        return any(getattr(self, name) for name in WRONG)

    def lines(self) -> Iterator[str]:
        """Yield everything that is wrong, with its kind."""
        for name in WRONG:
            yield from (f"{name}: {what}" for what in getattr(self, name))


WRONG = tuple(each.name for each in fields(Found))[:8]
APART = tuple(each.name for each in fields(Found))[8:]


def audited(bench: Bench, *, within: float = 40.0) -> Found:
    """Let a bench come to rest, with lives that nothing strikes, and count."""
    bench.software.faults.set()
    for agency in bench.agencies.values():
        agency.settled()
    _drained(bench, within)
    found = Found(wrong=list(bench.software.wrong))
    for letter in [*bench.software.waiting(), *bench.software.given_up]:
        gone = letter in bench.software.given_up
        (found.apart_lost if gone else found.lost).append(_lacks(letter))
    _doubled(bench, found)
    found.inbox_doubles += [
        f"{letter} handed over {times} times"
        for letter, times in bench.software.handed.items()
        if times > 1
    ]
    for document_id, told in _told_twice(bench):
        letter = bench.software.letters.get(document_id)
        excused = letter is not None and (letter.once or letter.apart.startswith("the axis"))
        (found.apart_doubles if excused else found.receipt_doubles).append(told)
    found.held += [
        f"{letter.document_id}: {letter.apart}"
        for letter in bench.software.letters.values()
        if "held" in letter.marks
    ]
    for name, agency in bench.agencies.items():
        _swept(agency)
        found.orphans += _orphans(agency)
        found.unsound += _unsound(agency)
        found.disorder += agency.order.wrong_since(agency.lives) + agency.disorder
        agency.disorder.clear()
        listed = [*REACHED.items(), *(ACROSS.items() if _is_across(agency) else ())]
        known = {step for (node, _), steps in listed if node == name for step in steps}
        found.unlisted += [f"{name} {step}" for step in sorted(agency.order.seen - known)]
    _only_news(bench, found)
    return found


def _is_across(agency: Agency) -> bool:
    return agency.data.stat().st_dev != agency.exchange.stat().st_dev


def _only_news(bench: Bench, found: Found) -> None:
    """Leave out what an earlier audit of this bench has counted apart."""
    for name in APART:
        news = [each for each in getattr(found, name) if each not in bench.counted]
        bench.counted.update(news)
        setattr(found, name, news)


def _lacks(letter: Letter) -> str:
    lacks = ", ".join(sorted(letter.wanted - letter.marks))
    return f"{letter.document_id} lacks {lacks}" + (letter.apart and f" ({letter.apart})")


def _doubled(bench: Bench, found: Found) -> None:
    for double in doubles(bench.axis.folder):
        letter = bench.software.letters.get(double.document_id)
        if double.sender == FOREIGN and double.document_id in bench.software.twice:
            continue  # which another agency did, because it was asked to
        apart = letter.apart if letter and not letter.once else ""
        (found.apart_doubles if apart else found.axis_doubles).append(f"{double} {apart}".strip())


def _drained(bench: Bench, within: float) -> None:
    look = bench.software.look
    patiently(lambda: not bench.software.waiting(), within=within, look=look)
    # What is told of letters that are final already, and doubles, may be on the way.
    patiently(lambda: not bench.software.offered(), within=within, look=look)
    patiently(lambda: not any(map(at_work, bench.agencies.values())), within=within, look=look)


def _told_twice(bench: Bench) -> list[tuple[str, str]]:
    names: dict[tuple[str, ...], set[str]] = {}
    for document_id, what, other, name in bench.software.told:
        letter = bench.software.letters.get(document_id)
        anew = letter is not None and letter.apart and what in _AFTER_A_PERSON
        if what not in _MAY_HAPPEN_AGAIN and not anew:
            names.setdefault((document_id, what, other), set()).add(name)
    return [
        (about[0], f"{' '.join(about)}: {sorted(told)}")
        for about, told in names.items()
        if len(told) > 1
    ]


# ── what lies about ──────────────────────────────────────────────────────────────────────────


def _swept(agency: Agency) -> None:
    """Let one start see everything as old, and end in peace."""
    agency.lives.end(signal.SIGTERM)
    past = time.time() - _LONG_AGO
    for package in agency.data.glob("spool/packages/*/*"):
        os.utime(package, (past, past))
    before = _running(agency)
    agency.lives.begin()
    patiently(lambda: _running(agency) > before, within=20, look=lambda: None)
    agency.lives.end(signal.SIGTERM)


def _running(agency: Agency) -> int:
    return agency.lives.log.read_text(encoding="utf-8").count(" running")


def _orphans(agency: Agency) -> Iterator[str]:
    named = {row[0] for row in rows(agency, "select digest from envelopes where body is null")}
    named |= {row[0] for row in rows(agency, "select digest from incoming where body is null")}
    for package in agency.data.glob("spool/packages/*/*"):
        if package.parent.name + package.name not in named:
            yield f"{package} is named by nobody"
    for place in ("spool/tmp/*", "spool/claims/*"):
        yield from (f"{left} is left" for left in agency.data.glob(place))
    for left in agency.exchange.rglob(".*"):
        if left.name != _OF_THE_EXCHANGE:
            yield f"{left} is left"
    yield from (f"{left} is left" for left in agency.exchange.glob("queued/*"))
    yield from (f"work left: {dict(row)}" for row in rows(agency, "select * from work"))


def _unsound(agency: Agency) -> Iterator[str]:
    for row in rows(agency, "pragma integrity_check"):
        if row[0] != "ok":
            yield f"{agency.code}: {row[0]}"
    for row in rows(agency, "pragma foreign_key_check"):
        yield f"{agency.code}: {tuple(row)}"
    for package in agency.data.glob("spool/packages/*/*"):
        if not _is_itself(package):
            yield f"{package} is not what its name says"
    if "Traceback" in agency.lives.log.read_text(encoding="utf-8"):
        yield f"{agency.lives.log} holds a traceback"


def _is_itself(package: Path) -> bool:
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    return digest == package.parent.name + package.name
