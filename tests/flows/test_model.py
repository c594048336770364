"""
Two agencies, an axis, and everything that can go wrong between them, in any order.

A state machine drops, takes, reports, waits, cuts the power at any step, fills disks, bends clocks
and has the axis misbehave; `model_truths` says what must be true after each of its steps, and of
what is left once all was mended. It runs short here; `python tests/flows/test_model.py
--examples 5000` runs long.
"""

from __future__ import annotations

import errno
import functools
import logging
import random
import secrets
import shutil
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

import pytest
from flows_world import Cut
from hypothesis import HealthCheck, reject, settings
from hypothesis import Phase as Part
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from model_axis import NOBODY, Stage, a_stage
from model_truths import Truths
from model_world import Side, a_play

from edge_node.adapters import work
from edge_node.adapters.steps import Phase, Step
from edge_node.config import Unsure

if TYPE_CHECKING:
    from collections.abc import Iterator

# Beyond it nobody can tell by the axis's list which document is meant.
A_MONTH = timedelta(days=31)
SIDES = st.sampled_from(["a", "b"])
FLOWS = st.sampled_from(
    ["intake", "push", "acknowledge", "pull", "deliver", "apply", "file", "notify", "report"]
)
STEPS = st.sampled_from([*Step, None])
PHASES = st.sampled_from(Phase)
WAITS = st.sampled_from(
    [
        timedelta(seconds=5),
        timedelta(minutes=1),
        timedelta(minutes=3),
        timedelta(minutes=40),
        timedelta(hours=6),
        timedelta(days=1),
        timedelta(days=4),
    ]
)
JUMPS = st.sampled_from([-700, -30, -3, 3, 30, 700])
DOWN = st.sampled_from([timedelta(), timedelta(days=4), timedelta(days=30)])
SEND, READ = ["sendEdoc"], ["getReceivedEdocList", "downloadEdoc"]
TELL, ASK = ["updateStatus"], ["getSentEdocList"]
CALLS = st.sampled_from([SEND, SEND, READ, TELL, ASK, [*SEND, *READ, *TELL, *ASK]])
TIMES = st.integers(1, 4)


def _fault(name, calls=CALLS, **keys):
    shape = {"fault": st.just(name), "times": TIMES} | ({} if calls is None else {"calls": calls})
    return st.fixed_dictionaries(shape | {key: st.sampled_from(of) for key, of in keys.items()})


BOTH = [False, True]
FAULTS = st.one_of(
    _fault("drop-before"),
    _fault("drop-after"),
    _fault("error", http=[500, 502, 503, 504], after=BOTH),
    _fault("too-large"),
    _fault("not-json", after=BOTH),
    _fault("html", after=BOTH),
    _fault("code-zero-error", after=BOTH),
    _fault("unknown-code", after=BOTH),
    _fault("half-answer"),
    _fault("clock-skew", seconds=[-86400, -3600, 3600, 86400]),
    _fault("forget-sent", None),
    _fault("list-late", None, lists=[1, 3]),
    _fault("duplicate-listing", None),
    _fault("reorder", None),
    _fault("skip-days", None, items=[1, 2], dated=BOTH),
    _fault("offer-after-done", None),
    _fault("acknowledge-on-read", None),
    _fault("forget-acknowledgement", None),
    _fault("corrupt-base64", None),
    _fault("swap-content-type", None),
    _fault("drop-bussiness", None),
    _fault("half-package", None),
    st.fixed_dictionaries(
        {
            "fault": st.just("refuse-receiver"),
            "receiver": st.sampled_from(["a", "b", NOBODY]),
            "code": st.sampled_from(["18", "23"]),
            "times": TIMES,
        }
    ),
)
SLOW_FAULTS = st.one_of(
    _fault("stall", seconds=[3], then=["go-on", "drop"], after=BOTH),
    _fault("drip", seconds=[0.5]),
    _fault("answer-after-give-up", None),
)


def happens(**drawn):
    """Make a rule of what can happen; all that is always true is looked at after it."""

    def made(body):
        @functools.wraps(body)
        def then_looked_at(self, **values):
            body(self, **values)
            self.truths.always()

        return rule(**drawn)(then_looked_at)

    return made


class Machine(RuleBasedStateMachine):
    """What may happen, in the words of those it happens to."""

    stage: Stage
    slow = False

    def __init__(self) -> None:
        """Wait for the curtain."""
        super().__init__()
        self._ends = ExitStack()

    @initialize(unsure=st.sampled_from(Unsure))
    def begin(self, unsure):
        """Two agencies begin, with what they do about what is unsure."""
        if not self.stage.left:
            reject()  # shrinking has used up the agencies
        self._ends.enter_context(dice())
        sections = {"limits": {"crashes": 1000}, "push": {"unsure": unsure}}
        if self.slow:
            sections["axis"] = {"total_timeout": timedelta(seconds=1)}
        play = a_play(self.stage, **sections)
        self.trouble, self.a, self.b, unforeseen = self._ends.enter_context(play)
        self.truths = Truths(self.stage, (self.a, self.b), unforeseen)
        self.truths.asks = unsure is Unsure.ASK

    def _side(self, name: str) -> Side:
        return self.a if name == "a" else self.b

    def _sides(self) -> tuple[Side, Side]:
        return self.a, self.b

    # ── the software and its people ──────────────────────────────────────────────────────────

    @happens(
        who=SIDES,
        number=st.integers(1, 2),
        edition=st.integers(1, 2),
        to=st.sampled_from(["other", "nobody", "both"]),
        resend=st.booleans(),
    )
    def drops(self, who, number, edition, to, resend):
        """Have the software drop a document: new, the same again, or another of its number."""
        self._drop(who, number, edition, to, "", resend=resend)

    @happens(
        who=SIDES,
        flaw=st.sampled_from(["no day", "secret", "a file is missing", "to a stranger"]),
    )
    def drops_a_bad_one(self, who, flaw):
        """Have the software drop what cannot be sent."""
        self._drop(who, 9, 1, "stranger" if flaw == "to a stranger" else "other", flaw)

    def _drop(self, who, number, edition, to, flaw, **more):
        side = self._side(who)
        other = self.b if side is self.a else self.a
        codes = {"other": (other.code,), "nobody": (NOBODY,), "both": (other.code, NOBODY)}
        side.drop(number, edition, codes.get(to, ("H37.99",)), flaw, **more)

    @happens(who=SIDES, most=st.integers(1, 3))
    def takes(self, who, most):
        """Have the software take folders out of its inbox."""
        self._side(who).take(most=most)

    @happens(who=SIDES, code=st.sampled_from(["03", "06"]), last=st.booleans())
    def reports(self, who, code, last):
        """Have the software report how far a document of its inbox has come."""
        side = self._side(who)
        items = [item for item, _ in side.had() if (item, code) not in side.reported]
        if items:
            side.report(items[-1 if last else 0], code)

    @happens(who=SIDES)
    def asks_to_resend(self, who):
        """Have a clerk send again whatever was refused, given up or held."""
        side = self._side(who)
        for ref in side.drops:
            side.resend(ref)

    # ── time ─────────────────────────────────────────────────────────────────────────────────

    @happens(by=WAITS)
    def time_passes(self, by):
        """Let it grow later for everybody."""
        self._later(by)

    def _later(self, by: timedelta) -> None:
        self.stage.clock.now += by
        for side in self._sides():
            side.later(by)

    @happens(who=SIDES, hours=JUMPS)
    def the_clock_jumps(self, who, hours):
        """Somebody sets the clock of a node's machine."""
        side = self._side(who)
        side.set_clock(timedelta(hours=hours))
        self._look_at_clock(side)

    @happens(who=SIDES, hours=JUMPS)
    def the_clock_is_set_between_two_lives(self, who, hours):
        """Nobody runs who could go along; then the node is started."""
        self._set_between(who, hours)

    def _set_between(self, who, hours):
        side = self._side(who)
        side.desk.now += timedelta(hours=hours)
        side.start()
        self._look_at_clock(side)

    def _look_at_clock(self, side):
        if abs(side.desk.now - self.stage.clock.now) > A_MONTH:
            self.truths.clock_wrong = True

    # ── the nodes ────────────────────────────────────────────────────────────────────────────

    @happens(who=SIDES, flow=FLOWS)
    def turns_once(self, who, flow):
        """One flow takes one step."""
        self._side(who).turn(flow, once=True)

    @happens(who=SIDES, flow=FLOWS)
    def turns(self, who, flow):
        """One flow goes on until it rests."""
        self._side(who).turn(flow)

    @happens(who=SIDES)
    def works(self, who):
        """All flows go on until they rest."""
        self._side(who).turn()

    @happens(first=SIDES)
    def everybody_works(self, first):
        """Both go on until they rest."""
        for side in sorted(self._sides(), key=lambda side: side.name, reverse=first == "b"):
            side.turn()

    @happens(minutes=st.sampled_from([3, 3, 40]))
    def all_is_given_time(self, minutes):
        """Give both some minutes to work, and once more."""
        for _ in range(2):
            self._later(timedelta(minutes=minutes))
            for side in self._sides():
                side.turn()

    @happens(who=SIDES)
    def starts_again(self, who):
        """Stop a node in good order and start it."""
        self._side(who).start()

    # ── what goes wrong ──────────────────────────────────────────────────────────────────────

    @happens(who=SIDES, step=STEPS, phase=PHASES, nth=st.integers(1, 4), flow=FLOWS | st.none())
    def the_power_goes(self, who, step, phase, nth, flow):
        """While it works, the power goes just before or after a step; then it is started."""
        self._cut_off(who, step, phase, nth, flow)

    @happens(
        who=SIDES,
        number=st.integers(1, 2),
        step=st.sampled_from([Step.SEND, Step.SEND, Step.WITNESS, Step.COMMIT]),
        phase=PHASES,
    )
    def the_power_goes_while_a_letter_leaves(self, who, number, step, phase):
        """Drop a letter and take it in; then cut the power about its sending."""
        self._drop(who, number, 1, "other", "")
        self._side(who).turn("intake")
        self._cut_off(who, step, phase, 1, "push")

    @happens(who=SIDES, number=st.integers(1, 2), hours=JUMPS, phase=PHASES, down=DOWN)
    def a_letter_leaves_by_a_wrong_clock(self, who, number, hours, phase, down):
        """Cut the power about its sending, and have the clock be right at the next start."""
        self._set_between(who, hours)
        self._drop(who, number, 1, "other", "")
        self._side(who).turn("intake")
        self._cut_off(who, Step.SEND, phase, 1, "push")
        self._later(down)
        self._set_between(who, -hours)

    def _cut_off(self, who, step, phase, nth, flow):
        side = self._side(who)
        self.trouble.plan(step, phase, nth)
        with suppress(Cut):
            side.turn(*([flow] if flow else []))
        struck, self.trouble.struck = self.trouble.struck, ""
        self.trouble.over()
        if struck:
            side.start()

    @happens(who=SIDES, step=STEPS, phase=PHASES, nth=st.integers(1, 3))
    def the_power_goes_at_the_start(self, who, step, phase, nth):
        """Cut the power while a node makes ready; then start it once more."""
        side = self._side(who)
        self.trouble.plan(step, phase, nth)
        with suppress(Cut):
            side.start()
        self.trouble.over()
        side.start()

    @happens(
        who=SIDES,
        step=STEPS,
        nth=st.integers(1, 4),
        code=st.sampled_from([errno.ENOSPC, errno.EIO]),
    )
    def the_disk_refuses(self, who, step, nth, code):
        """While it works, the disk does not take a step."""
        self.trouble.plan(step, Phase.BEFORE, nth, code)
        self._side(who).turn()
        self.trouble.over()

    @happens(fault=FAULTS)
    def the_axis_misbehaves(self, fault):
        """From now on the axis does one more thing wrong, some times."""
        self._set(fault)

    @happens(times=st.integers(1, 2))
    def the_axis_takes_and_forgets(self, times):
        """Have it take what is sent, say nothing, and not list it."""
        self._set({"fault": "forget-sent", "times": times})
        self._set({"fault": "drop-after", "calls": SEND, "times": times})

    @precondition(lambda self: self.slow)
    @happens(fault=SLOW_FAULTS)
    def the_axis_is_slow(self, fault):
        """Have the axis try a client's patience."""
        self._set(fault)

    def _set(self, fault):
        sides = {side.name: side.code for side in self._sides()}
        known = {"receiver": sides.get(fault["receiver"], NOBODY)} if "receiver" in fault else {}
        standing = [each.rule.plain() for each in self.stage.faults.standing if not each.is_spent]
        self.stage.faults.set(*standing, fault | known)

    @happens()
    def the_axis_behaves(self):
        """Whatever was wrong with the axis is over."""
        self.stage.faults.clear()

    @precondition(lambda self: not self.stage.wire.is_cut)
    @happens()
    def the_line_breaks(self):
        """Nobody reaches the axis."""
        self.stage.wire.cut()

    @precondition(lambda self: self.stage.wire.is_cut)
    @happens()
    def the_line_is_mended(self):
        """Let the axis be reached again."""
        self.stage.wire.mend()

    # ── what must be true ────────────────────────────────────────────────────────────────────

    def teardown(self):
        """Mend everything, let all come to rest, and see what is left."""
        with self._ends:
            if hasattr(self, "truths") and sys.exc_info()[0] is None:
                self._heal()
                self.truths.always()
                self.truths.at_rest()

    def _heal(self) -> None:
        self.trouble.over()
        self.stage.faults.clear()
        self.stage.wire.mend()
        for side in self._sides():
            side.set_clock(self.stage.clock.now - side.desk.now)
            side.start()
            assert side.runs, f"{side} does not start"
        for rounds in range(150):
            self._later(timedelta(minutes=40))
            for side in self._sides():
                side.turn()
            if rounds > 2 and self.truths.is_quiet():
                return


@contextmanager
def dice() -> Iterator[None]:
    """Have ids and tokens drawn from the dice of hypothesis, so that a story can be told again."""
    drawn = SimpleNamespace(
        **vars(secrets) | {"choice": random.choice, "randbits": random.getrandbits}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "secrets", drawn)
        patch.setitem(sys.modules, "secrets", drawn)  # the queue loads it when it makes an id
        yield


SHORT = settings(
    max_examples=80,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=False,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def test_nothing_is_lost_and_nothing_comes_twice_whatever_happens(tmp_path):
    """Documents both ways, with every fault of the axis, the disk, the clock and the power."""
    with a_stage(tmp_path) as stage:
        run_state_machine_as_test(type("Short", (Machine,), {"stage": stage}), settings=SHORT)


def main() -> None:
    """Run long, with the faults that take time, and with chance."""
    import argparse

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=5000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--slow", action="store_true", help="with faults that try one's patience")
    parser.add_argument("--raw", action="store_true", help="show what fails as it was found")
    parser.add_argument("--batch", type=int, default=250, help="examples on one axis")
    asked = parser.parse_args()
    logging.getLogger("edge_node").addHandler(logging.NullHandler())
    parts = [Part.generate] if asked.raw else [Part.generate, Part.shrink]
    for done in range(0, asked.examples, asked.batch):
        home = Path(tempfile.mkdtemp(prefix="model-"))
        with a_stage(home, size=8 * asked.batch) as stage:
            machine = type("Long", (Machine,), {"stage": stage, "slow": asked.slow})
            chosen = settings(
                SHORT,
                max_examples=asked.batch,
                stateful_step_count=asked.steps,
                derandomize=False,
                phases=parts,
            )
            run_state_machine_as_test(machine, settings=chosen)
        shutil.rmtree(home)
        sys.stdout.write(f"{done + asked.batch} examples\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
