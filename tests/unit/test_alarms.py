"""What people are told of, when, and how the rules about it are written."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, time, timedelta

import pytest

from edge_node.config.alarm_rules import RuleSection, alarm_rules
from edge_node.domain.alarms import (
    BUILT_IN,
    QuietHours,
    Rule,
    Severity,
    Sighting,
    Watched,
    digest_due,
    wait_after,
)
from edge_node.domain.deadlines import Stage
from edge_node.domain.errors import ConfigError
from edge_node.domain.incidents import Incident, Turn, changes
from edge_node.domain.message import say
from edge_node.domain.time import VIETNAM
from edge_node.domain.working_days import WorkingDays

QUIET = QuietHours(calendar=WorkingDays())
AXIS = Rule(name="axis", watch=Watched.AXIS, longer_than=timedelta(minutes=15))
CALM = timedelta(minutes=5)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


NOON = at("2026-11-20T12:00")
DOWN = Sighting(about="axis", words=say("down"))


def rules_in(folder, text):
    path = folder / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    return alarm_rules(path)


# ── quiet hours ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-11-19T18:59", "2026-11-19T18:59"),  # a Thursday at work
        ("2026-11-19T19:00", "2026-11-20T07:00"),  # in the evening
        ("2026-11-20T02:00", "2026-11-20T07:00"),  # in the small hours
        ("2026-11-20T07:00", "2026-11-20T07:00"),
        ("2026-11-20T23:00", "2026-11-23T07:00"),  # over the weekend
        ("2026-11-21T10:00", "2026-11-23T07:00"),  # on a Saturday
    ],
)
def test_what_happens_in_quiet_hours_is_told_after_them(now, told):
    assert QUIET.over(at(now)) == at(told)


def test_holidays_are_quiet_and_their_end_is_a_working_morning():
    """Of Tet 2027 whatever the calendar calls off."""
    calendar = WorkingDays(
        off={at("2026-12-24T00:00").date(): "x", at("2026-12-25T00:00").date(): "y"}
    )
    assert replace(QUIET, calendar=calendar).over(at("2026-12-23T20:00")) == at("2026-12-28T07:00")


def test_quiet_hours_may_lie_within_a_day_or_nowhere():
    siesta = replace(QUIET, begin=time(12), end=time(13), days_off=False)
    assert siesta.over(at("2026-11-21T12:30")) == at("2026-11-21T13:00")
    assert siesta.over(at("2026-11-21T23:30")) == at("2026-11-21T23:30")
    never = replace(QUIET, begin=time(7), end=time(7), days_off=False)
    assert never.over(at("2026-11-21T03:00")) == at("2026-11-21T03:00")


def test_only_what_is_urgent_wakes_anybody():
    assert AXIS.waits_for_morning
    assert not replace(AXIS, severity=Severity.URGENT).waits_for_morning
    assert replace(AXIS, severity=Severity.URGENT, quiet=True).waits_for_morning
    assert not replace(AXIS, quiet=False).waits_for_morning


# ── one incident from first to last ──────────────────────────────────────────────────────────────


def turns(sightings, on=(), *, rule=AXIS, now=NOON):
    found = changes(rule, sightings, {each.about: each for each in on}, now=now, calm=CALM)
    return [change.turn for change in found]


def an_incident(**changed):
    values = {"id": 1, "rule": "axis", "watch": "axis", "about": "axis", "stage": ""}
    values |= {"severity": "warning", "words": say("down"), "seen": NOON}
    return Incident(**(values | changed))


def test_what_does_not_last_is_never_told():
    """It begins, is gone, and is forgotten."""
    assert turns([DOWN]) == [Turn.BEGUN]
    begun = an_incident()
    assert turns([DOWN], [begun], now=NOON + timedelta(minutes=14)) == []
    assert turns([], [begun]) == [Turn.GONE]
    gone = an_incident(gone=NOON)
    assert turns([], [gone], now=NOON + CALM) == [Turn.FORGOTTEN]


def test_what_lasts_is_raised_once():
    begun, later = an_incident(), NOON + timedelta(minutes=15)
    assert turns([DOWN], [begun], now=later) == [Turn.RAISED]
    assert turns([DOWN], [an_incident(raised=later)], now=later) == []


def test_since_when_it_lasts_is_the_words_of_whoever_knows():
    """An axis that was down before anybody looked is not down since now."""
    since = NOON - timedelta(hours=1)
    assert turns([replace(DOWN, since=since)]) == [Turn.RAISED]


def test_what_flickers_is_one_incident():
    """It comes back before it was over, and its time goes on."""
    raised = an_incident(raised=NOON, gone=NOON)
    assert turns([], [raised], now=NOON + CALM - timedelta(seconds=1)) == []
    assert turns([DOWN], [raised], now=NOON + timedelta(minutes=4)) == [Turn.BACK]
    assert turns([], [raised], now=NOON + CALM) == [Turn.OVER]


def test_a_further_stage_is_told_anew():
    """A certificate of thirty days was told at sixty."""
    rule = Rule(name="axis", watch=Watched.CERTIFICATE)
    sixty, thirty = an_incident(stage="60", raised=NOON), replace(DOWN, stage="30")
    assert turns([thirty], [sixty], rule=rule) == [Turn.FORGOTTEN, Turn.RAISED]


def test_what_merely_happened_passes_by_itself():
    rule = Rule(name="refused", watch=Watched.REFUSED)
    assert turns([DOWN], rule=rule) == [Turn.PASSED]


def test_the_digest_is_made_once_a_day_late_where_nobody_ran_in_time():
    assert digest_due(at("2026-11-20T07:44"), at=time(7, 45), last="2026-11-19") is None
    assert digest_due(at("2026-11-20T22:00"), at=time(7, 45), last="2026-11-19") == "2026-11-20"
    assert digest_due(at("2026-11-20T22:01"), at=time(7, 45), last="2026-11-20") is None


def test_tries_come_ever_more_rarely():
    assert [wait_after(n) for n in (1, 2, 3)] == [timedelta(minutes=n) for n in (1, 2, 4)]
    assert wait_after(99) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("days", "told"), [(61, None), (60, 60), (29, 30), (7, 7), (1, 1), (0, 1)]
)
def test_a_certificate_is_told_of_at_each_of_its_days(days, told):
    rule = Rule(name="c", watch=Watched.CERTIFICATE)
    assert rule.threshold(NOON + timedelta(days=days, hours=1), NOON) == told
    assert rule.threshold(NOON - timedelta(hours=1), NOON) == 0


# ── the file of rules ────────────────────────────────────────────────────────────────────────────


def test_the_rules_built_in_watch_everything_there_is_to_watch():
    assert {rule.watch for rule in BUILT_IN} == set(Watched)
    assert len({rule.name for rule in BUILT_IN}) == len(BUILT_IN)
    assert alarm_rules(None) == BUILT_IN


def test_a_rule_is_read_as_it_is_written(tmp_path):
    [rule] = rules_in(
        tmp_path,
        "rules:\n  - name: held\n    watch: state\n    state: held\n    longer_than: 2h\n"
        "    severity: urgent\n    to: [duty]\n    digest_only: true\n    recovery: false\n",
    )
    assert rule == Rule(
        name="held",
        watch=Watched.STATE,
        state="held",
        longer_than=timedelta(hours=2),
        severity=Severity.URGENT,
        to=("duty",),
        digest_only=True,
        recovery=False,
    )


def test_what_is_left_out_is_as_in_the_code(tmp_path):
    [rule] = rules_in(tmp_path, "rules:\n  - {name: a, watch: dispatch, stage: soon}\n")
    assert rule == Rule(name="a", watch=Watched.DISPATCH, stage=Stage.SOON)
    assert {each.name for each in fields(RuleSection)} == {each.name for each in fields(Rule)}


def test_every_problem_of_a_file_is_named_at_once_with_its_line(tmp_path):
    text = (
        "rules:\n"
        "  - name: a\n"
        "    watch: axis\n"
        "    below: 1GB\n"
        "  - name: a\n"
        "    watch: state\n"
        "  - name: c\n"
        "    watch: nothing\n"
        "    longer_then: 3m\n"
    )
    with pytest.raises(ConfigError) as caught:
        rules_in(tmp_path, text)
    problems = [str(problem).partition("rules.yaml:")[2] for problem in caught.value.problems]
    assert [problem.partition(" expected")[0] for problem in problems] == [
        "4: rules[0].below: only together with watch: disk",
        "5: rules[1].name: the name of rules[0], too",
        "5: rules[1].state: missing, and this is what state is about",
        "8: rules[2].watch:",
        "9: no such key rules[2].longer_then, the nearest is rules[2].longer_than",
    ]
