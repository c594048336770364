"""What the doctor finds of archives by the moments they are named after."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import needs
import pytest
from doctor_world import Paper

from edge_node.adapters.archives import CARRIED, Archives
from edge_node.adapters.marks import Marks
from edge_node.adapters.queue import Queue
from edge_node.checks.finding import Health
from edge_node.domain.time import iso

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
MOMENTS = pytest.mark.parametrize(
    ("age", "health", "words"),
    [
        (timedelta(hours=20), Health.GOOD, "was "),
        (timedelta(minutes=-10), Health.GOOD, "was "),  # two of one second, a clock put right
        (timedelta(days=-300), Health.WARN, "a moment that has not come"),
        (timedelta(days=3), Health.WARN, "last archive "),
    ],
)


@pytest.fixture
def node(tmp_path):
    node = Paper(tmp_path)
    archives = {"folder": str(tmp_path / "archives"), "unencrypted": True}
    node.told["backup"] = {"archives": archives}
    (tmp_path / "archives").mkdir()
    return node


def archived(node, at):
    """Let an archive lie there that is called after a moment."""
    folder = Archives(folder=node.folder / "archives", agency="H37.02")
    folder.next(at, encrypted=False).write_bytes(b"an archive")


@MOMENTS
def test_an_archive_named_after_the_future_tells_nothing_of_its_age(node, age, health, words):
    """A clock that was ahead has named it: by its name it would be young for a year."""
    archived(node, NOW - age)
    finding = node.finds("archives", now=NOW)["backup.archives"]
    assert (finding.health, words in finding.why.template) == (health, True)


@MOMENTS
def test_one_carried_elsewhere_that_is_named_after_the_future_does_not(node, age, health, words):
    """The same of the newest that was carried."""
    needs.program("rclone", "rclone")
    carry = {"by": "rclone", "to": "away:there", "config": str(node.folder / "rclone.conf")}
    node.told["backup"]["archives"]["carry"] = carry
    archived(node, NOW)
    node.written()
    with closing(Queue(node.data / "queue.db")) as queue:
        Marks(queue.file).put(CARRIED, iso(NOW - age))
    finding = node.finds("archives", now=NOW)["backup.carried"]
    assert (finding.health, words in finding.why.template) == (health, True)
