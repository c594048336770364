"""Queues of older and newer releases: copied, changed as a whole or not at all, or left alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from builders import HOUR, T0, a_new_document
from tomorrow import tomorrow

from edge_node import __version__
from edge_node.adapters.backup import Backups
from edge_node.adapters.database import stamp
from edge_node.adapters.directory import Directory
from edge_node.adapters.journal import Journal
from edge_node.adapters.queue import Queue
from edge_node.adapters.reading import ReadingFile
from edge_node.adapters.schema import MIGRATIONS
from edge_node.adapters.steps import Phase, listening
from edge_node.adapters.upgrading import bring_up, upgrade
from edge_node.domain.directory import DirectoryUnusable, Known
from edge_node.domain.errors import (
    EdgeNodeError,
    NoRoom,
    QueueNewer,
    QueueOlder,
    UpgradeFailed,
)
from edge_node.domain.message import thaw

OURS = len(MIGRATIONS)


@pytest.fixture
def path(tmp_path):
    """Give a queue of this release with one document in it, which nobody has open."""
    path = tmp_path / "queue.db"
    queue = Queue(path)
    queue.outgoing.add(a_new_document(), now=T0)
    queue.close()
    return path


@pytest.fixture
def backups(tmp_path):
    return Backups(tmp_path / "backups")


def dump(path):
    """Return all that is in a database, as SQL."""
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def documents(path):
    with closing(sqlite3.connect(path)) as db:
        return db.execute("select id from documents").fetchall()


# ── brought up ───────────────────────────────────────────────────────────────────────────────────


def test_a_queue_is_copied_and_then_brought_up(path, backups):
    """The copy is as the queue was, named after how many migrations it has, and says it is one."""
    with tomorrow():
        done = upgrade(path, backups, now=T0)
        assert (done.before, done.after) == (OURS, OURS + 1)
        with closing(Queue(path)) as queue:
            (row,) = queue.file.rows("select id, shelf from documents")
            assert row == {"id": "o000000001", "shelf": "OLD"}
    assert names(backups.folder) == [f"schema-{OURS}-20261121-010000.db"]
    assert done.copy.path.stat().st_mode & 0o777 == 0o600
    assert documents(done.copy.path) == [("o000000001",)]
    with closing(ReadingFile(done.copy.path)) as copy:
        assert copy.row("select value from marks where name = 'copy'") == {"value": "yes"}


def test_the_journal_says_that_it_was_brought_up(path, backups):
    """Once, by the node itself, from which tables to which; that of a copy says nothing."""
    with tomorrow():
        done = upgrade(path, backups, now=T0)
        assert upgrade(path, backups, now=T0) is None
        with closing(Queue(path)) as queue:
            (row,) = queue.file.rows("select * from events where event = 'upgraded'")
            assert (row["item"], row["actor"], row["at"]) == ("queue", "", stamp(T0))
            values = {"before": OURS, "after": OURS + 1, "version": __version__}
            assert thaw(row["note"]).values == values
            assert Journal(queue.file).verify().fault is None
        bring_up(done.copy.path)
        with closing(ReadingFile(done.copy.path)) as copy:
            assert copy.rows("select id from events where event = 'upgraded'") == []


def test_what_is_of_this_release_is_left_alone(path, backups):
    """No copy, no change; likewise where there is no queue yet."""
    before = dump(path)
    assert upgrade(path, backups, now=T0) is None
    assert upgrade(path.with_name("none.db"), backups, now=T0) is None
    assert dump(path) == before
    assert names(backups.folder) == []


def test_several_releases_at_once_are_one_step(path, backups):
    """Whoever skipped a release gets all it changed, in order, or nothing of it."""

    def m9002_next(db):
        db.execute("alter table shelves add column room text not null default 'cellar'")

    def m9003_bad(db):
        db.execute("insert into nowhere values (1)")

    from tomorrow import m9001_tomorrow

    before = dump(path)
    with tomorrow(m9001_tomorrow, m9002_next, m9003_bad), pytest.raises(UpgradeFailed):
        upgrade(path, backups, now=T0)
    assert dump(path) == before
    with tomorrow(m9001_tomorrow, m9002_next):
        assert upgrade(path, backups, now=T0).after == OURS + 2


@pytest.mark.parametrize("how", ["breaks", "orphans", "foreign"])
def test_a_migration_that_fails_leaves_the_queue_as_it_was(path, backups, how):
    """And says so: the version before works with it, and the copy is there."""

    def m9001_fails(db):
        db.execute("alter table documents add column shelf text not null default ''")
        if how == "breaks":
            db.execute("insert into nowhere values (1)")
        elif how == "foreign":
            raise LookupError("no such shelf")
        db.execute("delete from documents")

    before = dump(path)
    with tomorrow(m9001_fails), pytest.raises(UpgradeFailed) as caught:
        upgrade(path, backups, now=T0)
    assert "is as it was" in str(caught.value)
    assert str(backups.folder) in str(caught.value.hint)
    assert dump(path) == before
    with closing(Queue(path)) as queue:
        assert queue.file.row("select id from documents")


def test_without_room_for_the_copy_nothing_is_begun(path, backups, tmp_path):
    """It is said how much is missing, and where."""
    with tomorrow(), pytest.raises(NoRoom) as caught:
        upgrade(path, backups, now=T0, free=lambda _: 1_000)
    assert "MB are missing" in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert names(backups.folder) == []
    with tomorrow():
        assert upgrade(path, backups, now=T0, free=lambda _: 100_000_000) is not None


def test_a_copy_that_cannot_be_made_keeps_the_queue_from_being_changed(path, backups):
    """The folder of backups is no folder, say."""
    backups.folder.write_text("in the way")
    before = dump(path)
    with tomorrow(), pytest.raises(EdgeNodeError, match="backups"):
        upgrade(path, backups, now=T0)
    assert dump(path) == before


# ── cut off ──────────────────────────────────────────────────────────────────────────────────────

KILLED = """
import os, signal, shutil, sys
from datetime import datetime, UTC
from pathlib import Path
from tomorrow import tomorrow
from edge_node.adapters.backup import Backups
from edge_node.adapters.queue import Queue
from edge_node.adapters.steps import listening
from edge_node.adapters.upgrading import upgrade

home, now = Path(sys.argv[1]), datetime(2026, 11, 21, 1, tzinfo=UTC)

def killed_at(place, folder):
    count = iter(range(10**6))
    def strike(*_):
        if next(count) == place:
            os.kill(os.getpid(), signal.SIGKILL)
    if not os.fork():
        with listening(strike):
            upgrade(folder / "queue.db", Backups(folder / "backups"), now=now)
        os._exit(0)
    return os.wait()[1] != 0

with tomorrow():
    place = 0
    while True:
        folder = home / str(place)
        folder.mkdir()
        shutil.copyfile(home / "queue.db", folder / "queue.db")
        if not killed_at(place, folder):
            break
        upgrade(folder / "queue.db", Backups(folder / "backups"), now=now)
        queue = Queue(folder / "queue.db")
        (row,) = queue.file.rows("select id, shelf from documents")
        queue.close()
        (copy,) = (folder / "backups").iterdir() if (folder / "backups").exists() else [None]
        print(place, row["id"], row["shelf"], copy.name)
        place += 1
"""


def test_killed_at_any_step_it_is_begun_again_and_nothing_is_lost(path):
    """SIGKILL before and after every fsync, rename, removal and commit."""
    here = Path(__file__).parent.parent
    told = subprocess.run(
        [sys.executable, "-c", KILLED, path.parent],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": f"{here}:{here.parent}"},
    )
    lines = [line.split() for line in told.stdout.splitlines()]
    assert len(lines) >= 8  # sync, rename, folder, commit: before and after each
    kept = f"schema-{OURS}-20261121-010000.db"
    assert {tuple(words[1:3]) for words in lines} == {("o000000001", "OLD")}
    assert {words[3] for words in lines} == {kept}


def test_of_several_tries_the_last_copy_stays(path, backups):
    """A service that is started again and again does not fill the disk with copies."""

    def m9001_fails(db):
        db.execute("insert into nowhere values (1)")

    for hour in range(3):
        with tomorrow(m9001_fails), pytest.raises(UpgradeFailed):
            upgrade(path, backups, now=T0 + hour * HOUR)
    assert names(backups.folder) == [f"schema-{OURS}-20261121-030000.db"]


def test_what_the_copy_is_made_of_is_durable_before_the_queue_is_changed(path, backups):
    """In that order; a power cut in between leaves both."""
    seen = []
    with tomorrow(), listening(lambda *step: seen.append(step)):
        upgrade(path, backups, now=T0)
    after = [(str(step), Path(what).name) for step, phase, what in seen if phase is Phase.AFTER]
    assert [step for step, _ in after] == ["sync", "rename", "sync-folder", "commit"]
    assert after[-1] == ("commit", "queue.db")


# ── left alone ───────────────────────────────────────────────────────────────────────────────────


def test_a_queue_of_an_older_release_is_not_touched_by_a_command(path):
    """The old node may be at work on it: only a node that starts brings it up."""
    before = dump(path)
    with tomorrow():
        with pytest.raises(QueueOlder, match="still that of an older version"):
            Queue(path)
        with pytest.raises(QueueOlder), closing(ReadingFile(path)) as file:
            file.rows("select 1")
    assert dump(path) == before


def test_a_queue_of_a_newer_release_is_refused_with_its_name(path, backups):
    """By whoever writes, whoever reads, and whoever would bring it up."""
    with tomorrow():
        upgrade(path, backups, now=T0)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("update marks set value = '7.8.9' where name = 'version'")
    before = dump(path)
    for refused in (
        lambda: Queue(path),
        lambda: ReadingFile(path).rows("select 1"),
        lambda: upgrade(path, backups, now=T0),
    ):
        with pytest.raises(QueueNewer) as caught:
            refused()
        assert f"written by edge-node 7.8.9, and this is only {__version__}" in str(caught.value)
        assert "edge-node recover" in str(caught.value.hint)
    assert dump(path) == before


def test_one_who_has_the_queue_open_while_it_is_brought_up_writes_no_more(path, backups):
    """A page of the old release, say: the next thing it would do is refused."""
    with closing(Queue(path)) as old:
        old.outgoing.add(a_new_document("o000000002"), now=T0)
        with tomorrow():
            upgrade(path, backups, now=T0)
        before = dump(path)
        with pytest.raises(QueueNewer):
            old.outgoing.add(a_new_document("o000000003"), now=T0)
    assert dump(path) == before


def test_of_several_who_open_a_new_queue_at_once_one_makes_it(tmp_path):
    """The daemon and a command, on the day it is installed."""
    together = threading.Barrier(4)

    def opened(_):
        together.wait()
        Queue(tmp_path / "queue.db").close()

    with ThreadPoolExecutor(4) as four:
        list(four.map(opened, range(4)))
    assert documents(tmp_path / "queue.db") == []


# ── going back ───────────────────────────────────────────────────────────────────────────────────


def test_who_goes_back_finds_the_newest_copy_this_release_can_read(path, backups):
    """Those made since are the newer release's; the rotation never removes the one before it."""
    backups.make(path, keep=3, now=T0)
    with tomorrow():
        kept = upgrade(path, backups, now=T0 + HOUR).copy
        for day in range(1, 6):
            backups.make(path, keep=3, now=T0 + timedelta(days=day))
        assert backups.newest_sound()[0].at == T0 + timedelta(days=5)
    assert [backup.path for backup in backups.kept()] == [kept.path]
    assert backups.newest_sound() == (kept, [])


# ── the directory of agencies ────────────────────────────────────────────────────────────────────


def test_a_directory_of_another_release_is_emptied_but_for_what_people_know(tmp_path):
    """The axis is asked again for the rest; until the node starts it is refused, not guessed."""
    path = tmp_path / "directory.db"
    directory = Directory(path)
    known = Known(code="H01.9", name="Sở Nội vụ", mail="a@b.vn", aliases=("H01.8",))
    directory.update.know([known])
    assert directory.begin_anew() is False
    directory.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("alter table local add column fax text not null default '7'")
        db.execute("insert into lists (name, units) values ('agencies', 9)")
        db.execute("create table tomorrow (x)")
        db.commit()
        db.execute("pragma user_version = 99")

    with pytest.raises(DirectoryUnusable, match="of another version"):
        directory.unit("H01.9")
    assert directory.begin_anew() is True
    with closing(sqlite3.connect(path)) as db:
        assert not db.execute("select 1 from sqlite_master where name = 'tomorrow'").fetchall()
    unit = directory.unit("H01.8")
    assert (unit.code, unit.name, unit.mail) == ("H01.9", "Sở Nội vụ", "a@b.vn")
    assert directory.standing() == {}
    assert [each.code for each in directory.search("noi vu")] == ["H01.9"]
    directory.close()


def test_where_there_is_no_directory_none_is_made(tmp_path):
    """An agency that asks for no list has none."""
    assert Directory(tmp_path / "directory.db").begin_anew() is False
    assert not (tmp_path / "directory.db").exists()
