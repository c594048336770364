"""
The axis does wrong: each fault of the sandbox on a letter in flight, and an axis that forgets.

That a fault struck is known from the axis's own record of strikes. Where the axis itself forgets
what it took, or shows it too late, nobody can know whether it has a letter: under `push.unsure:
resend` it may come to have two, which are counted apart; under `ask` the letter is held, and a
person decides.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from torture.bench import RECEIVER, SENDER, a_bench
from torture.kind import Kind, alive, look_for
from torture.person import resend, standing
from torture.processes import patiently
from torture.queue_file import at_work, rows

from edge_node.domain.time import iso
from edge_node.sandbox.store import DATABASE, forget_since

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torture.bench import Bench
    from torture.software import Letter
    from torture.storm import Run

_COMES_PAST = 6.0  # seconds
_QUIET = 1.0  # seconds without work before a letter that does not move is looked at
_SECOND = timedelta(seconds=1)  # stamps of the axis are whole seconds

_SEND = {"calls": ["sendEdoc"], "message": "edoc", "caller": SENDER, "times": 1}
_TELL = {"calls": ["sendEdoc"], "message": "status", "caller": RECEIVER, "times": 1}
_LIST = {"calls": ["getReceivedEdocList"], "message": "edoc", "caller": RECEIVER, "times": 1}
_FETCH = {"calls": ["downloadEdoc", "getEdoc"], "caller": RECEIVER, "times": 1}
_DONE = {"calls": ["updateStatus"], "caller": RECEIVER, "times": 1}
_SENT = {"calls": ["getSentEdocList"], "message": "edoc", "caller": SENDER}
_ANYWHERE = (_SEND, _TELL, _LIST, _FETCH, _DONE)
_SILENCE = {"fault": "drop-after"} | _SEND

Rules = tuple[dict, ...]


def _each(fault: str, *places: Mapping[str, object], **own: object) -> Iterator[Rules]:
    for place in places or _ANYWHERE:
        yield ({"fault": fault} | dict(place) | own,)


# What the axis does right but for the moment: nothing of it may double anything.
FAULTS: tuple[Rules, ...] = (
    *_each("drop-before"),
    *_each("drop-after"),
    *_each("error"),
    *_each("error", _SEND, _TELL, _DONE, after=True, http=502),
    *_each("too-large", _SEND, _FETCH),
    *_each("not-json"),
    *_each("not-json", _SEND, _TELL, _DONE, after=True),
    *_each("html"),
    *_each("html", _SEND, _TELL, _DONE, after=True),
    *_each("half-answer"),
    *_each("code-zero-error", _SEND, _TELL, _LIST, _DONE),
    *_each("code-zero-error", _SEND, _TELL, _DONE, after=True),
    *_each("unknown-code", _SEND, _TELL, _LIST, _FETCH, _DONE),
    *_each("stall", seconds=3),
    *_each("stall", seconds=3, then="drop"),
    *_each("stall", _SEND, _TELL, _DONE, seconds=3, after=True),
    *_each("drip", bytes=1, seconds=0.1),
    *_each("answer-after-give-up", _SEND, _TELL),
    *_each("clock-skew", seconds=3600),
    *_each("clock-skew", seconds=-3600),
    *_each("refuse-receiver", _SEND, receiver=RECEIVER),
    *_each("refuse-receiver", _SEND, receiver=RECEIVER, code="23"),
    *_each("duplicate-listing", _LIST),
    (_SILENCE, {"fault": "duplicate-listing", "times": 3} | _SENT),
    *_each("reorder", _LIST),
    (_SILENCE, {"fault": "reorder", "times": 3} | _SENT),
    *_each("skip-days", _LIST, items=1, times=3),
    *_each("skip-days", _LIST, items=1, times=3, dated=True),
    *_each("offer-after-done", _LIST, times=3),
    *_each("acknowledge-on-read", _LIST, _FETCH),
    *_each("forget-acknowledgement", _DONE),
    *_each("corrupt-base64", _FETCH),
    *_each("swap-content-type", _FETCH),
    *_each("swap-content-type", _FETCH, where="manifest"),
    *_each("swap-content-type", _FETCH, where="attachment"),
    *_each("drop-bussiness", _FETCH),
    *_each("half-package", _FETCH),
    ({"fault": "list-late", "lists": 1, "times": 1} | _SENT, _SILENCE),
)
# What it took and does not show in time: longer than `push.unsure_after`.
FORGETFUL: tuple[Rules, ...] = (
    ({"fault": "forget-sent"} | _SEND, _SILENCE),
    ({"fault": "list-late", "seconds": 3, "times": 20} | _SENT, _SILENCE),
    *_each("answer-after-give-up", _SEND, _TELL, seconds=2),
)


@dataclass(kw_only=True)
class Tended(Kind):
    """A kind after which a letter may want a person, who sends again what is not there."""

    def over(self, bench: Bench, letter: Letter) -> bool:
        """Send a letter again that was refused, or is held and not at the axis."""
        if letter.final_at is not None:
            return True
        if any(map(at_work, bench.agencies.values())):
            return False
        look_for(bench, _QUIET)  # what is told of it, and what comes by looking back
        if letter.final_at is not None or any(map(at_work, bench.agencies.values())):
            return letter.final_at is not None
        _, state = standing(bench.sender, letter)
        if state == "accepted" and _is_set_aside(bench, letter):
            letter.apart = "in quarantine at its receiver, by the axis's answer to the fetch"
            bench.software.give_up(letter)
            return True
        if state in {"refused", "dead"} or (state == "held" and not axis_has(bench, letter)):
            letter.apart = letter.apart or f"{state}, and sent again by a person"
            resend(bench.sender, letter)
        return False


@dataclass(kw_only=True)
class AxisFaulty(Tended):
    """One fault of the axis on one letter."""

    unsure: str = "resend"
    _turns: Iterator[tuple[Rules, bool]] = field(init=False)

    def __post_init__(self) -> None:
        """Go through all of them, in an order of its own."""
        self._turns = self._in_turn()

    @property
    def name(self) -> str:  # type: ignore[override]
        """How it is told of."""
        return f"axis at fault, `unsure: {self.unsure}`"

    @contextmanager
    def bench(self, home: Path) -> Iterator[Bench]:
        """Set a bench up whose nodes do that when they are unsure."""
        with a_bench(home, unsure=self.unsure) as bench:
            yield alive(bench)

    def strike(self, bench: Bench) -> Run | None:
        """Have the axis do one thing wrong."""
        rules, forgetful = next(self._turns)
        faults = bench.software.faults
        faults.set(*rules)
        before = len(faults.struck())
        letter = bench.software.letter()
        if forgetful:
            letter.apart = f"the axis: {rules[0]['fault']}"
        struck = patiently(
            lambda: _all_struck(faults.struck()[before:], rules),
            within=_COMES_PAST,
            look=lambda: look_for(bench, 0.05),
        )
        if not struck:
            faults.set()
            return None
        return self.ran("axis", _told(rules), letter)

    def _in_turn(self) -> Iterator[tuple[Rules, bool]]:
        turns = [(rules, False) for rules in FAULTS] + [(rules, True) for rules in FORGETFUL]
        while True:
            self.dice.shuffle(turns)
            yield from turns


def _told(rules: Rules) -> str:
    words = []
    for rule in rules:
        where = "/".join([*rule["calls"], *filter(None, [rule.get("message")])])
        own = {k: v for k, v in rule.items() if k in {"after", "then", "seconds", "where", "code"}}
        told = "".join(f" {key}={value}" for key, value in own.items())
        words.append(f"{rule['fault']} {where}{told}")
    return " + ".join(words)


def _all_struck(strikes: list[dict], rules: Rules) -> bool:
    return {rule["fault"] for rule in rules} <= {strike["fault"] for strike in strikes}


def axis_has(bench: Bench, letter: Letter) -> bool:
    """Tell whether the axis holds a letter for its receiver still, as a person would find out."""
    return letter.document_id in _taken(bench, "")


def _is_set_aside(bench: Bench, letter: Letter) -> bool:
    """Tell whether the receiver keeps what it got of a letter for a person, reason and all."""
    aside = "select 1 from incoming where axis_id = ? and state = 'quarantined' and reason <> ''"
    return any(rows(bench.receiver, aside, axis_id) for axis_id in bench.deliveries(letter))


def _taken(bench: Bench, since: str) -> set[str]:
    """Return of which documents the axis took a package from that moment on."""
    uri = f"{(bench.axis.folder / DATABASE).as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=30)) as db:
        query = "select document_id from sends where at >= ?"
        return {row[0] for row in db.execute(query, (since,))}


class AxisForgets(Tended):
    """The axis is killed, and restored without its last seconds."""

    name = "axis restored without its last seconds"

    def strike(self, bench: Bench) -> Run | None:
        """Have the axis forget a letter, or what was said of it, after it answered for that."""
        begun = datetime.now(UTC)
        letter = bench.software.letter()
        wanted = self.dice.choice(("accepted", "taken", "01"))
        patiently(lambda: wanted in letter.marks, within=_COMES_PAST, look=bench.software.look)
        if letter.final_at is not None:
            return None
        bench.axis.kill()
        moment = begun - _SECOND * self.dice.choice((0, 1))
        gone = letter.document_id in _taken(bench, iso(moment))
        if gone:
            letter.apart = "the axis was restored without its last seconds"
        forget_since(bench.axis.folder, moment)
        bench.axis.begin()
        return self.ran("axis", f"once it was {wanted}", letter) if gone else None

    def over(self, bench: Bench, letter: Letter) -> bool:
        """Wait no longer for what the axis answered for and does not have any more."""
        if super().over(bench, letter):
            return True
        if any(map(at_work, bench.agencies.values())) or "accepted" not in letter.marks:
            return False
        _, state = standing(bench.sender, letter)
        if state in {"refused", "dead", "held"}:
            return False
        bench.software.give_up(letter)
        return True
