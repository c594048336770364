"""The journal's own protocol: what is written is what comes out, however large and odd."""

from __future__ import annotations

import os
import time

import journald_stand
import pytest
from journald_stand import heard

from edge_node.adapters.journald import Journald, Stuck, is_the_journal


@pytest.fixture
def listening():
    with journald_stand.listening() as found:
        yield found


def test_fields_come_out_as_they_went_in(listening):
    """Text of any language, equals signs, and several lines."""
    path, theirs = listening
    journal = Journald(path)
    entry = {"MESSAGE": "một dòng\nvà dòng nữa", "EDGE_NODE_ITEM": "o1=2", "PRIORITY": "6"}
    journal.write(entry)
    assert heard(theirs) == entry
    journal.close()


def test_what_no_datagram_holds_is_handed_over_as_a_file(listening):
    """Three megabytes arrive whole, in a file nobody can change."""
    path, theirs = listening
    journal = Journald(path)
    entry = {"MESSAGE": "ký tự " * 500_000}
    journal.write(entry)
    assert heard(theirs) == entry
    journal.close()


def test_a_journal_that_is_away_is_an_error(tmp_path, listening):
    """At the beginning as later."""
    path, theirs = listening
    with pytest.raises(FileNotFoundError):
        Journald(tmp_path / "none")
    journal = Journald(path)
    theirs.close()
    with pytest.raises(ConnectionRefusedError):
        journal.write({"MESSAGE": "x"})
    journal.close()


def test_a_journal_that_hangs_is_waited_for_once_and_used_again(listening):
    """A line nobody takes stops no document; what is written after it has woken up arrives."""
    path, theirs = listening
    journal = Journald(path, patience=0.05)
    written = write_until_stuck(journal)
    begun = time.monotonic()
    for _ in range(100):
        with pytest.raises(Stuck):
            journal.write({"MESSAGE": "lost"})
    assert time.monotonic() - begun < 100 * 0.05 / 2
    for _ in range(written):
        heard(theirs)
    journal.write({"MESSAGE": "awake"})
    assert heard(theirs) == {"MESSAGE": "awake"}
    journal.close()


def write_until_stuck(journal):
    for number in range(10_000):
        try:
            journal.write({"MESSAGE": "x"})
        except Stuck:
            return number
    pytest.fail("it takes everything")


def test_the_stream_of_the_journal_is_known_by_device_and_inode(tmp_path):
    """A variable that was handed down to a process whose stderr is a file deceives nobody."""
    with (tmp_path / "file").open("wb") as file:
        status = os.fstat(file.fileno())
        assert is_the_journal(f"{status.st_dev}:{status.st_ino}", file.fileno())
        assert not is_the_journal(f"{status.st_dev}:{status.st_ino + 1}", file.fileno())
        assert not is_the_journal("", file.fileno())
    assert not is_the_journal("1:1", -1)
