"""The journal in the queue: chained, signed with who acted, and never changed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edge_node.adapters.database import QueueFile
from edge_node.adapters.history import note
from edge_node.domain.actor import Actor
from edge_node.domain.item import ItemId
from edge_node.domain.journal import GENESIS, Entry, linked

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
A = ItemId("oa23456789")
AN = Actor(name="an", why="bên nhận gọi điện")


@pytest.fixture
def file(tmp_path):
    file = QueueFile(tmp_path / "queue.db")
    yield file
    file.close()


def happen(file, *events):
    with file.transaction() as transaction:
        for event in events:
            note(transaction, A, event, now=NOW)


def entries(file):
    return file.rows("select * from events order by id")


def test_every_event_carries_the_hash_of_all_before_it(file):
    """Whoever reckons the chain again comes to the same."""
    happen(file, "queued", "sent")
    happen(file, "accepted")
    chain = GENESIS
    for row in entries(file):
        stands = {name: value for name, value in row.items() if name not in {"chain", "untold"}}
        chain = linked(chain, Entry(**stands).leaf)
        assert row["chain"] == chain
    assert [row["id"] for row in entries(file)] == [1, 2, 3]


def test_what_a_person_does_bears_their_name_and_their_reason(file):
    """And only what is done in the block; the node itself has no name."""
    with file.acting(AN):
        happen(file, "released")
    happen(file, "delivered")
    assert [(row["actor"], row["why"]) for row in entries(file)] == [(AN.name, AN.why), ("", "")]


@pytest.mark.parametrize(
    "statement",
    [
        "update events set note = 'x' where id = 1",
        "update events set chain = x'00' where id = 1",
        "delete from events where id = 1",
    ],
)
def test_what_has_happened_is_neither_changed_nor_removed(file, statement):
    """A mistake of ours stops at the table itself."""
    happen(file, "queued")
    before = entries(file)
    with pytest.raises(Exception, match="what has happened is not"), file.transaction() as writing:
        writing.execute(statement, {})
    assert entries(file) == before


def test_that_it_was_told_may_be_entered(file):
    """It belongs to the receipt, not to what happened."""
    happen(file, "queued")
    with file.transaction() as transaction:
        assert transaction.execute("update events set untold = 1 where id = 1", {}) == 1


def test_a_transaction_that_fails_leaves_no_gap(file):
    """Numbers follow on each other, so that a missing one was taken away."""
    happen(file, "queued")
    with pytest.raises(UnicodeEncodeError):
        happen(file, "sent", "\ud800")
    happen(file, "sent")
    assert [row["id"] for row in entries(file)] == [1, 2]
