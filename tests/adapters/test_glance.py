"""A queue looked through from outside: quickly, within a time, and without a trace beside it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import T0, a_new_document

from edge_node.adapters.queue import Queue
from edge_node.adapters.soundness import Unfinished, glance
from edge_node.domain.errors import QueueDamaged

MINUTE = timedelta(minutes=1)


@pytest.fixture
def path(tmp_path):
    queue = Queue(tmp_path / "queue.db")
    for number in range(300):
        queue.outgoing.add(a_new_document(f"o{number:09}"), now=T0)
    queue.close()
    return tmp_path / "queue.db"


def test_a_look_leaves_nothing_behind(path):
    """Neither a WAL nor what goes with it, and the file as it was."""
    before = path.read_bytes(), sorted(path.parent.iterdir())
    glance(path, within=MINUTE)
    assert (path.read_bytes(), sorted(path.parent.iterdir())) == before


def test_what_only_the_wal_knows_counts(path):
    """Somebody is at work on it: what he has written is looked at, and he is not disturbed."""
    queue = Queue(path)
    queue.outgoing.add(a_new_document("o900000000"), now=T0)
    glance(path, within=MINUTE)
    queue.outgoing.add(a_new_document("o900000001"), now=T0)
    queue.close()


def test_a_flaw_is_found(path):
    """As the daemon would find it."""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(QueueDamaged):
        glance(path, within=MINUTE)


def test_no_longer_than_it_may_take(path):
    """What is too large to be looked through at once is no flaw."""
    with pytest.raises(Unfinished, match="no flaw was found"):
        glance(path, within=timedelta())
