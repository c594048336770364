"""Whatever dies, stops or fails in between: every document arrives once, and nothing is left."""

from __future__ import annotations

import json
import os
import random
import subprocess
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from itertools import cycle
from pathlib import Path

import needs
import pytest
from torture.audit import audited
from torture.bench import a_bench
from torture.kind import HELD, alive
from torture.kinds import KINDS
from torture.older import OlderPutBack
from torture.plan import Plan, passed
from torture.processes import patiently
from torture.steps import REACHED
from torture.storm import storm
from torture.worker import Ask, command

# The steps a document's fate hangs on; `make torture` strikes at every one of `steps.py`.
DECISIVE = {
    "sender": (
        "intake: commit Outgoing.add",
        "push: send edoc",
        "push: commit Outgoing.settle",
        "deliver: commit Arriving.applied",
    ),
    "receiver": (
        "pull: commit Arriving.add",
        "pull: acknowledge",
        "deliver: commit Arriving.prepared",
        "deliver: rename Inbox.show",
        "deliver: commit Arriving.delivered",
        "report: commit Outgoing.settle",
    ),
}
# What strikes on an ordinary bench, so that one will do for all of them.
ORDINARY = ("anytime", "axis", "forgets", "line", "faults", "resend", "release", "adopt")


@pytest.fixture
def room():
    """Give a folder in memory, where there is one: SIGKILL asks nothing of a disk."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - see above
    with tempfile.TemporaryDirectory(dir=base) as folder:
        yield Path(folder)


def test_every_step_a_node_passes_is_listed_and_can_be_reached(room):
    """`make torture` ends nodes at the steps of a list, which leaves none out and has no other."""
    with a_bench(room / "bench") as bench:
        found = passed(bench)
    listed = {(node, step) for (node, _), steps in REACHED.items() for step in steps}
    assert found == listed


def test_killed_before_and_after_every_decisive_step_nothing_is_lost_or_doubled(room):
    """One node after the other is struck where a document's fate is decided, until all are."""
    left = {plan for node in DECISIVE for plan in _plans(node)}
    with a_bench(room / "bench") as bench:
        for node, other in (("sender", "receiver"), ("receiver", "sender")):
            bench.agencies[other].settled()
            plans = _plans(node)
            for _ in range(3):  # a life may end before it comes past a step
                runs, _ = storm(bench, {node: cycle(plans)}, runs=len(plans))
                left -= {run.plan for run in runs}
                plans = [plan for plan in plans if plan in left]
                if not plans:
                    break
        found = audited(bench)
    assert list(found.lines()) == []
    assert left == set()


def _plans(node):
    return [
        Plan(node=node, errand="letter", strike=f"{step} {phase}")
        for step in DECISIVE[node]
        for phase in ("before", "after")
    ]


def test_the_axis_the_line_and_a_person_may_fail_and_nothing_is_lost_or_doubled(room):
    """One fault of each kind, with a document on its way, taken away after a moment."""
    with a_bench(room / "bench") as bench:
        alive(bench)
        struck = {name for name in ORDINARY if _strike(_kind(name), bench)}
        found = audited(bench)
    assert list(found.lines()) == []
    assert struck == set(ORDINARY)


def test_an_older_data_folder_may_be_put_back_and_nothing_is_there_twice(room):
    """With letters on their way before the copy and since; what nobody knows any more is apart."""
    kind = OlderPutBack(dice=_dice())
    with kind.bench(room / "bench") as bench:
        assert _strike(kind, bench)
        assert list(audited(bench).lines()) == []


@pytest.mark.parametrize("name", ["full", "readonly", "io", "clock"])
def test_a_disk_or_the_clock_may_fail_and_nothing_is_lost_or_doubled(room, name):
    """A disk that is full, read-only or broken, a clock that is off, and all well again then."""
    kind = _kind(name)
    needs.program("gcc", "gcc") if name in {"io", "clock"} else needs.root()
    with ExitStack() as ending:
        bench = ending.enter_context(kind.bench(room / "bench"))
        assert _strike(kind, bench)
        assert list(audited(bench).lines()) == []


def test_the_link_may_go_down_and_nothing_is_lost_or_doubled():
    """In a network namespace of its own, the loopback device goes down and up again."""
    needs.root()
    needs.program("unshare", "util-linux")
    needs.program("ip", "iproute2")
    ask = Ask(kind="link", seed=7, runs=1, until=time.time() + 60)
    said = subprocess.run(command(ask), capture_output=True, text=True, check=True).stdout
    told = [json.loads(line) for line in said.splitlines()]
    assert [each["wrong"] for each in told if "wrong" in each] == [False]
    assert len([each for each in told if "at" in each]) == 1


def _kind(name):
    return KINDS[name](_dice())


def _dice():
    return random.Random(7)  # noqa: S311 - the same fault every time


def _strike(kind, bench):
    """Strike until it has struck once, three times at most; see that letter through."""
    run = next(filter(None, (kind.strike(bench) for _ in range(3))), None)
    if run is not None:
        over = partial(kind.over, bench, run.letter)
        patiently(over, within=60, look=bench.software.look)
    return run


def test_steps_at_which_nodes_are_held_are_steps_they_pass():
    """The kinds that hold a node name steps of the list."""
    listed = {(node, step) for (node, _), steps in REACHED.items() for step in steps}
    assert [held for held in HELD if (held[0], held[1].rpartition(" ")[0]) not in listed] == []
