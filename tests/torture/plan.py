"""Where a fault strikes, and what is under way there when it does."""

from __future__ import annotations

import random
import signal
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from torture.person import aside, command, is_paused, resend
from torture.processes import patiently
from torture.queue_file import at_work
from torture.steps import ACROSS, REACHED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torture.bench import Agency, Bench

# Everything the software can do, the usual first; each is a method of `Software`.
ERRANDS = (
    "letter",
    "sidecar",
    "bare",
    "package",
    "refused",
    "to_nobody",
    "secret",
    "wrong_status",
    "letter_on_a_new_day",
    "refused_on_a_new_day",
    "with_old_papers",
    "put_off",
    "answers_put_off",
    "offered_again",
    "passed_over",
    "unlisted_at_first",
    "denied",
    "answers_denied",
    "sent_twice",
    "unreadable",
    "returned",
    "too_large",
    "listing_denied",
    "acknowledgement_denied",
    "sender_away",
    "receiver_away",
    "seen_to",
)
# A letter as it comes through a life that follows such a crash.
AFTER = {
    "letter_after_a_crash": ("sender", "intake: sync Spool._keep before"),
    "letter_copied": ("sender", "intake: rename Claims._carry_out after"),  # where it is a copy
    "letter_not_yet_shown": ("receiver", "deliver: rename Inbox.show before"),
}
_LATER = (
    "offered_again",
    "letter_on_a_new_day",
    "refused_on_a_new_day",
    "with_old_papers",
    "receiver_away",
)  # on what lies there
_HINDERED = (("listing_denied", "acknowledgement_denied"), ("sender_away",))  # one by one
_A_COPY_IS_DUE = 1.1  # seconds after the last, by `backup.every`
_ITS_TIME = 60.0  # seconds for an errand without a fault; a busy machine takes twenty
_OFTEN = 0.3  # seconds, where a daemon is to see to its queue
_PATIENCE = 4.0  # seconds for an errand to come past a step
_A_PAUSE = 5.0  # seconds a flow rests that met with an outage
PHASES = ("before", "after")


def steps_of(command: str) -> list[str]:
    """Return where a command can be struck."""
    return [f"{step} {phase}" for step in REACHED.get(("person", command), ()) for phase in PHASES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One fault: at which node, at which step and phase, and what the software drops for it."""

    node: str  # "sender" or "receiver"
    errand: str  # what brings a node past the step: a method of the errands
    strike: str  # "lane: name phase"
    first: str = ""  # where the life before is struck, for what only the next one comes past

    @property
    def name(self) -> str:
        """How a run is told of."""
        return f"{self.node} {self.strike}"

    @property
    def upkeep(self) -> float | None:
        """How often the life that is struck sees to its queue, in seconds; None: as ever."""
        return _OFTEN if self.errand == "seen_to" else None

    @property
    def patience(self) -> float:
        """How many seconds to wait for the errand to come past the step."""
        rests = self.strike.partition(" ")[2].startswith("commit Queue.let_go")
        return _PATIENCE + (_A_PAUSE if rests else 0)


def every_plan(*, across: bool = False) -> list[Plan]:
    """Return a plan for every step there is, before and after; ``across``: on two disks."""
    listed = [*REACHED.items(), *(ACROSS.items() if across else ())]
    return [
        Plan(
            node=node,
            errand=_errand(errand, step),
            strike=f"{step} {phase}",
            first=AFTER.get(errand, ("", ""))[1],
        )
        for (node, errand), steps in listed
        if errand not in COMMANDS  # what a person does is struck by kinds of its own
        for step in steps
        for phase in PHASES
    ]


def _errand(errand: str, step: str) -> str:
    """Return what leads past a step again and again; a day is new but once."""
    return f"{errand}_on_a_new_day" if step.endswith("_make_days") else errand


def plans_for(node: str, *, seed: int, across: bool = False) -> Iterator[Plan]:
    """Yield plans for one node for ever, each round in another order."""
    dice = random.Random(seed)  # noqa: S311 - the same order every time
    plans = [plan for plan in every_plan(across=across) if plan.node == node]
    while True:
        dice.shuffle(plans)
        yield from plans


def reached(bench: Bench) -> dict[tuple[str, str], list[str]]:
    """Run every errand in a life of its own; return which steps each of them was first to pass."""
    found: dict[tuple[str, str], list[str]] = {}
    for errand in ERRANDS:
        _run(bench, errand)
        _add_fresh(found, bench, errand)
    for errand, (node, strike) in AFTER.items():
        for name, agency in bench.agencies.items():
            agency.lives.begin(strike if name == node else "")
        letter = getattr(bench.software, errand)()
        _await(bench, lambda node=node: bench.agencies[node].lives.pid is None, strike)
        _run(bench, "", lambda letter=letter: letter.final_at)
        _add_fresh(found, bench, errand)
    for word, done in COMMANDS.items():
        seen = set(_persons(bench))
        done(bench)
        _add_fresh(found, bench, word)
        found["person", word] = sorted(_persons(bench) - seen)
    for agency in bench.agencies.values():
        agency.lives.begin()
    patiently(lambda: all(map(_has_pruned, bench.agencies.values())), within=_ITS_TIME)
    _add_fresh(found, bench, "letter")
    return found


def passed(bench: Bench) -> set[tuple[str, str]]:
    """Run all errands in as few lives as will do; return which steps each node has passed."""
    at_once = [errand for errand in ERRANDS if errand not in {*_LATER, *sum(_HINDERED, ())}]
    for agency in bench.agencies.values():
        agency.lives.begin(upkeep=_OFTEN)
    for errand in at_once:
        getattr(bench.software, errand)()
    for later in ((), *_HINDERED, _LATER):
        for errand in later:
            getattr(bench.software, errand)()
        _run(bench, "")
    for done in COMMANDS.values():
        done(bench)
    _crash_first(bench)
    for lane in ("schedule", "MainThread"):  # of copies: those made meanwhile, and at the start
        pruned = partial(_has_pruned, lane=lane)
        patiently(
            lambda pruned=pruned: all(map(pruned, bench.agencies.values())), within=_ITS_TIME
        )
        for agency in bench.agencies.values():
            agency.lives.end(signal.SIGTERM)
        patiently(lambda: False, within=_A_COPY_IS_DUE)
        for agency in bench.agencies.values():
            agency.lives.begin()
    for agency in bench.agencies.values():
        agency.lives.end(signal.SIGTERM)
        agency.order.wrong_since(agency.lives)
    seen = {name: agency.order.seen for name, agency in bench.agencies.items()}
    seen["person"] = _persons(bench)
    return {(node, step) for node, steps in seen.items() for step in steps}


def _crash_first(bench: Bench) -> None:
    for errand, (node, strike) in AFTER.items():
        bench.agencies[node].lives.arm(strike)
        getattr(bench.software, errand)()
        _await(bench, lambda node=node: bench.agencies[node].lives.pid is None, strike)
        _run(bench, "")


def _resent(bench: Bench) -> None:
    """Have a person send again what was refused."""
    letter = bench.software.refused_first()
    _run(bench, "", lambda: "refused" in letter.marks)
    resend(bench.sender, letter)
    _run(bench, "")


def _released(bench: Bench) -> None:
    """Have a person release what was set aside; it is no better than before."""
    letter = bench.software.unreadable()
    _run(bench, "")
    command(bench.receiver, "release", aside(bench.receiver, bench.deliveries(letter))[0])
    _run(bench, "")


def _adopted(bench: Bench) -> None:
    """Have a person adopt the folder of a node that lost its witness."""
    _run(bench, "")
    bench.sender.lives.end(signal.SIGTERM)
    (bench.sender.witness / "sends").unlink()
    _run(bench, "", lambda: is_paused(bench.sender))
    command(bench.sender, "adopt")
    _run(bench, "")


# What people do at the command line.
COMMANDS = {"resend": _resent, "release": _released, "adopt": _adopted}


def _persons(bench: Bench) -> set[str]:
    """Return the steps commands have passed."""
    return {step for agency in bench.agencies.values() for step in agency.persons.seen}


def _run(bench: Bench, errand: str, until: Callable[[], object] | None = None) -> None:
    for agency in bench.agencies.values():
        if agency.lives.pid is None:
            agency.lives.begin(upkeep=_OFTEN if errand == "seen_to" else None)
    if errand:
        getattr(bench.software, errand)()
    _await(bench, until or (lambda: not bench.software.waiting()), errand)
    patiently(lambda: not any(map(at_work, bench.agencies.values())), within=_ITS_TIME)


def _await(bench: Bench, until: Callable[[], object], what: str) -> None:
    if not patiently(until, within=_ITS_TIME, look=bench.software.look):
        raise AssertionError(f"{what}: {bench.software.waiting()}")


def _add_fresh(found: dict[tuple[str, str], list[str]], bench: Bench, errand: str) -> None:
    for node, agency in bench.agencies.items():
        agency.lives.end(signal.SIGTERM)
        before = set(agency.order.seen)
        agency.order.wrong_since(agency.lives)
        if fresh := agency.order.seen - before:
            found[node, errand] = sorted({*found.get((node, errand), ()), *fresh})


def _has_pruned(agency: Agency, *, lane: str = "schedule") -> bool:
    """Tell whether a life has lasted until that lane made a backup and removed an old one."""
    pruned = f"{lane}: remove Backups._remove after"
    return any(line.step == pruned for line in agency.lives.passed())
