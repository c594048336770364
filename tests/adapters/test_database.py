import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from edge_node.adapters.database import QueueFile
from edge_node.domain.errors import QueueDamaged

# What another process does that looks into the file: closed last, it would take the log with it.
ANOTHER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("select * from work").fetchall()
connection.close()
"""

FULL = 2


@pytest.fixture
def file(tmp_path):
    file = QueueFile(tmp_path / "queue.db")
    yield file
    file.close()


def add(file, number, **terms):
    with file.transaction(**terms) as transaction:
        transaction.insert("work", {"lane": "push", "item": f"e{number}", "due": number})


def synchronous(file):
    return file.row("pragma synchronous")["synchronous"]


def test_a_commit_waits_for_the_disk_unless_it_says_otherwise(file):
    """Whoever need not wait does so for one transaction only, also where that fails."""
    seen = []
    with file.transaction() as transaction:
        seen += transaction.rows("pragma synchronous", {})
    with file.transaction(durable=False) as transaction:
        seen += transaction.rows("pragma synchronous", {})
    assert [row["synchronous"] for row in seen] == [FULL, FULL - 1]
    assert synchronous(file) == FULL

    add(file, 1)
    with pytest.raises(sqlite3.IntegrityError):
        add(file, 1, durable=False)
    assert synchronous(file) == FULL


def test_what_a_transaction_wrote_before_it_failed_is_undone(file):
    """All of it or nothing; the next one finds the lock free."""

    def fail():
        with file.transaction() as transaction:
            transaction.insert("work", {"lane": "push", "item": "e2", "due": 2})
            raise ZeroDivisionError

    add(file, 1)
    with pytest.raises(ZeroDivisionError):
        fail()
    add(file, 3)
    assert [row["item"] for row in file.rows("select item from work")] == ["e1", "e3"]


def test_the_threads_of_a_process_write_one_after_the_other(file):
    """None of them is told that the queue is locked, and nothing is written twice."""

    def write(first):
        for number in range(first, first + 25):
            add(file, number, durable=False)
        file.close()

    writers = [threading.Thread(target=write, args=(100 * n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert file.row("select count(*) as n from work") == {"n": 100}


@pytest.mark.parametrize("replaced", [False, True])
def test_a_queue_that_was_moved_away_is_neither_written_nor_read(file, replaced, tmp_path):
    """By no thread, so that nothing is entered, or shown, that the queue put there knows not."""
    add(file, 1)
    for end in ("", "-wal", "-shm"):
        (tmp_path / f"queue.db{end}").rename(tmp_path / f"aside.db{end}")
    if replaced:
        another = QueueFile(file.path)
        add(another, 7)
        another.close()

    def refused():
        for each in (lambda: add(file, 2), lambda: file.rows("select * from work")):
            with pytest.raises(QueueDamaged, match="was moved or replaced"):
                each()

    refused()
    with ThreadPoolExecutor() as pool:
        pool.submit(refused).result()
    assert file.path.exists() == replaced
    again = QueueFile(tmp_path / "aside.db")
    assert [row["item"] for row in again.rows("select item from work")] == ["e1"]
    again.close()


def test_rows_are_read_at_once(file):
    """Whoever goes through them may write meanwhile."""
    add(file, 1)
    add(file, 2)
    for row in file.rows("select due from work order by due"):
        add(file, 10 + row["due"])
    assert len(file.rows("select 1 from work")) == 4


def test_a_thread_that_opens_the_file_lets_go_of_nobodys_locks(file):
    """POSIX takes all of a process's locks on a file when that closes it anywhere once."""
    add(file, 1)
    opened = threading.Thread(target=lambda: file.rows("select 1"))
    opened.start()
    opened.join()
    subprocess.run([sys.executable, "-c", ANOTHER, file.path], check=True)
    assert file.path.with_name("queue.db-wal").exists()
    add(file, 2)
    assert len(file.rows("select 1 from work")) == 2
