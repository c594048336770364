"""Signs of life of a thread, from deep within what takes long."""

from __future__ import annotations

import sqlite3
import threading

from edge_node.adapters.copying import copy_file
from edge_node.adapters.database import QueueFile
from edge_node.adapters.pulse import beat, beat_while_at_it, felt_by
from edge_node.adapters.steps import Step, passing


def test_only_the_thread_that_is_watched_is_felt():
    """Each watches its own; after the block nobody feels anything."""
    felt = []
    with felt_by(lambda: felt.append("ours")):
        another = threading.Thread(target=beat)
        another.start()
        another.join()
        assert felt == []
        beat()
        with felt_by(lambda: felt.append("within")):
            beat()
        beat()
    beat()
    assert felt == ["ours", "within", "ours"]


def test_what_became_durable_is_a_sign_of_life(tmp_path):
    """A step that was taken, and not one that is only begun; a transaction is such a step."""
    felt = []
    with felt_by(lambda: felt.append(1)):
        with passing(Step.RENAME):
            assert felt == []
        assert felt == [1]
        file = QueueFile(tmp_path / "queue.db")
        before = len(felt)
        with file.transaction():
            pass
        file.close()
        assert len(felt) == before + 1


def test_a_copy_that_takes_long_beats_with_every_piece(tmp_path):
    """100 MB from a share over a narrow line take longer than a step may be silent."""
    (tmp_path / "scan.pdf").write_bytes(bytes(5 << 20))
    felt = []
    with felt_by(lambda: felt.append(1)), (tmp_path / "copy").open("xb") as file:
        copy_file(tmp_path / "scan.pdf", file, tmp_path / "copy")
    assert len(felt) >= 5


def test_a_statement_that_takes_long_beats_meanwhile():
    """SQLite counts to a million, which no transaction of ours does."""
    felt = []
    connection = sqlite3.connect(":memory:")
    beat_while_at_it(connection)
    counting = (
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000)"
        " select count(*) from n"
    )
    with felt_by(lambda: felt.append(1)):
        connection.execute("select 1").fetchone()
        assert felt == []
        assert connection.execute(counting).fetchone() == (1_000_000,)
    connection.close()
    assert felt
