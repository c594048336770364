"""The directory is kept as the axis has it, list by list, without anybody's doing."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from flows_world import a_world
from gate import a_gate

from edge_node.domain.directory import AgencyList
from edge_node.domain.errors import AxisUnreachable
from edge_node.flows import synchronise

ALL = tuple(AgencyList)


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    """Give an axis with three thousand units beside its agencies."""
    with a_world(tmp_path_factory.mktemp("country"), size=30, directory=3000) as world:
        yield world


@pytest.fixture
def desk(country):
    yield country.desk(directory={"lists": ALL})
    country.close()


def standing(desk):
    return desk.node.directory.standing()


def strike(world, which):
    """Have the axis leave these units out of its lists, and no others."""
    with closing(sqlite3.connect(world.settings.folder / "sandbox.db", timeout=30)) as db, db:
        db.execute(f"update agencies set deleted = {which}")  # noqa: S608 - a test's own


def test_every_list_is_read_when_the_node_begins(desk):
    """Each in its own shape; the units are the same, and known by both codes."""
    desk.turn("synchronise")
    read = standing(desk)
    assert {which: each.synced for which, each in read.items()} == dict.fromkeys(ALL, desk.now)
    assert [read[which].problem for which in ALL] == [None] * 3
    assert desk.node.directory.count() == 3030
    unit = desk.node.directory.unit("000.00.13.H37")
    assert (unit.code, unit.parent, unit.version) == ("H37.13", "H37", "1")


def test_it_is_read_again_when_its_time_comes_and_not_before(desk):
    """After a day as configured; a restart does not ask again."""
    desk.turn("synchronise")
    flow = desk.flows["synchronise"]
    assert flow.rest(desk.now) == timedelta(days=1)
    assert not flow.turn(desk.now)
    desk.restart()
    desk.later(hours=23)
    assert desk.flows["synchronise"].rest(desk.now) == timedelta(hours=1)
    desk.later(hours=1)
    desk.turn("synchronise")
    assert desk.node.directory.synced() == desk.now


def gateway(gate):
    """Put a gateway before the axis that finds nobody behind it, today."""
    gate.broken.add("getAgenciesListQD20")


def refusal(gate):
    """Have the axis not know that call."""
    no = {"status": "FAIL", "ErrorCode": "18", "ErrorDesc": "unknown", "data": []}
    gate.said["getAgenciesListQD20"] = no


@pytest.mark.parametrize(
    ("answers", "again"), [(gateway, timedelta(hours=1)), (refusal, timedelta(days=1))]
)
def test_a_list_the_axis_does_not_have_spoils_no_other(country, caplog, answers, again):
    """It is named once, and asked for again when that may help; the others are read."""
    with a_gate(country.url) as gate:
        desk = country.desk(url=gate.url, directory={"lists": ALL})
        answers(gate)
        with caplog.at_level(logging.WARNING):
            desk.turn("synchronise")
            desk.later(days=1)
            desk.turn("synchronise")
    read = standing(desk)
    assert read[AgencyList.QD20].problem is not None
    assert read[AgencyList.QD20].again == desk.now + again
    assert [read[which].synced for which in ALL] == [desk.now, None, desk.now]
    (record,) = [each for each in caplog.records if each.name == synchronise.__name__]
    assert record.list == "qd20"


def test_an_axis_that_is_down_is_an_outage(country):
    """Whoever owns the thread waits for it, as with everything else; nothing is entered."""
    with a_gate(country.url) as gate:
        desk = country.desk(url=gate.url, directory={"lists": ALL})
        gate.shut()
        with pytest.raises(AxisUnreachable):
            desk.turn("synchronise")
        assert standing(desk) == {}


def test_a_list_that_lost_much_is_an_alarm_and_changes_nothing(country, caplog):
    """Somebody looks at it now; the directory stays as it was."""
    desk = country.desk(directory={"lists": (AgencyList.AGENCIES,), "every": timedelta(hours=1)})
    desk.turn("synchronise")
    before = desk.node.directory.count()
    strike(country, "registered_by = 'census' and id % 3 = 0")
    try:
        desk.later(hours=1)
        desk.turn("synchronise")
    finally:
        strike(country, "0")
    assert desk.node.directory.count() == before
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.message == "a list of agencies is not believed"


def test_without_lists_nobody_is_asked(country):
    """Such a node has no lane for it."""
    assert "directory" not in country.desk(directory={"lists": ()}).node.lanes()
