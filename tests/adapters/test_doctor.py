"""The doctor's rounds: each check for itself, within its time, and told whatever becomes of it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from doctor_world import Paper

from edge_node.checks import looks
from edge_node.checks.check import Check
from edge_node.checks.finding import Health, bad, good, unknown, warn, worst
from edge_node.checks.rounds import all_checks, make_rounds
from edge_node.domain.errors import DiskTrouble
from edge_node.domain.message import say

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FINE = say("fine")


@pytest.fixture
def node(tmp_path):
    return Paper(tmp_path)


def rounds(node, *checks):
    """Return what these checks find, after the configuration."""
    found = make_rounds(node.config, now=NOW, environ={}, checks=checks)
    first, *others = found
    assert (first.check, first.health) == ("configuration", Health.GOOD)
    return others


def a_check(look, *, name="thing", rank=1, within=timedelta(seconds=20)):
    return Check(id=name, rank=rank, look=look, within=within)


def test_every_file_of_looks_is_a_check():
    """Adding one is adding a file; no two go by one id."""
    files = {path.stem for path in Path(looks.__path__[0]).glob("[!_]*.py")}
    checks = all_checks()

    assert len(files) == len(checks) >= 7
    assert len({check.id for check in checks}) == len(checks)
    assert [check.rank for check in checks] == sorted({check.rank for check in checks})


def test_what_raises_is_a_finding_like_others(node):
    """What it had found until then counts, and the next one is looked into all the same."""

    def raises(_):
        yield good("thing.first", FINE)
        raise ValueError("no such thing")

    def goes(_):
        yield good("other", FINE)

    first, second, third = rounds(node, a_check(raises), a_check(goes, name="other"))

    assert (first.check, third.check) == ("thing.first", "other")
    assert (second.check, second.health) == ("thing", Health.UNKNOWN)
    assert str(second.why) == "thing could not be looked into: ValueError no such thing"


def test_what_we_raise_ourselves_says_what_to_do(node):
    """An error of ours keeps its sentence and its hint."""

    def raises(_):
        raise DiskTrouble(say("the disk is gone"), hint=say("put it back"))

    (finding,) = rounds(node, a_check(raises))

    assert str(finding.why) == "thing could not be looked into: the disk is gone"
    assert str(finding.cure) == "put it back"


def test_what_does_not_end_is_not_waited_for(node):
    """A look has its time and no more: what it found is told, and that it did not end."""
    let_go = threading.Event()

    def hangs(_):
        yield warn("thing.first", FINE, None)
        let_go.wait(60)
        yield good("thing.late", FINE)

    try:
        found = rounds(node, a_check(hangs, within=timedelta(milliseconds=100)))
    finally:
        let_go.set()

    assert [one.check for one in found] == ["thing.first", "thing"]
    assert "not done in 0 s" in str(found[1].why)


def test_looks_are_taken_side_by_side(node):
    """Two that wait for each other both end: nobody waits for the sum of all."""
    meeting = threading.Barrier(2, timeout=60)

    def meets(_):
        meeting.wait()
        yield good("thing", FINE)

    found = rounds(node, a_check(meets), a_check(meets, name="other"))

    assert [one.health for one in found] == [Health.GOOD, Health.GOOD]


def test_the_worst_counts():
    """Broken before to be seen to, before not looked into, before good."""
    findings = [good("a", FINE), unknown("b", FINE), warn("c", FINE, None), bad("d", FINE, None)]

    assert [worst(findings[:count]) for count in range(5)] == [
        Health.GOOD,
        Health.GOOD,
        Health.UNKNOWN,
        Health.WARN,
        Health.BAD,
    ]


def test_without_a_configuration_only_its_problems_are_told(tmp_path):
    """Each of them; nothing else can be looked for."""
    config = tmp_path / "config.yaml"
    config.write_text("agency: {code: H37.02}\naxsi: {}\n")

    found = list(make_rounds(config, now=NOW, environ={}))

    assert {(one.check, one.health) for one in found} == {("configuration", Health.BAD)}
    assert any("axsi" in str(one.why) for one in found)
    assert len(found) > 2
