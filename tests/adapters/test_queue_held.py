"""A queue another process writes to, and does not let go of."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from builders import T0, a_new_document

from edge_node.domain.errors import QueueHeld


def test_a_queue_somebody_else_holds_is_not_called_a_sick_disk(queue):
    """The words name the other process, not the disk; once it has ended, all is well."""
    queue.file.rows("pragma busy_timeout = 1")
    with closing(sqlite3.connect(queue.file.path, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(QueueHeld, match="another process holds the queue"):
            queue.outgoing.add(a_new_document(), now=T0)
    queue.outgoing.add(a_new_document(), now=T0)
