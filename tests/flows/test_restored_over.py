"""An archive put back over another life of the same node: nothing of that one comes through."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing, suppress

import needs
import pytest
from archives_world import PERSON, an_office, the_office_at
from flows_world import Cut
from tomorrow import tomorrow

from edge_node.adapters.backup import Backups
from edge_node.adapters.safekeeping import demand_not_lost
from edge_node.adapters.steps import Phase, listening
from edge_node.config import load
from edge_node.domain.directory import Known
from edge_node.domain.errors import DiskTrouble, NotAllowed, QueueDamaged
from edge_node.domain.journal import RESTORED
from edge_node.node import Node
from edge_node.node.archiving import Archiving

NOBODY = 65534
BESIDE = ("", "-wal", "-shm")
KILLED_OVER_THE_DIRECTORY = """
from edge_node.config import load
from edge_node.domain.directory import Known
from edge_node.node import Node

node = Node(config=load(Path(sys.argv[1])))
node.directory.update.know([Known(code=f"H{n}.01", name=f"Đơn vị {n}") for n in range(100, 900)])
os.kill(os.getpid(), signal.SIGKILL)
"""
KILLED_OVER_A_RESTORE = """
from edge_node.adapters.safekeeping import demand_not_lost
from edge_node.adapters.steps import listening
from edge_node.domain.actor import Actor
from edge_node.node.restoring import Restoring
from edge_node.node.unpacking import Unpacking

def kill(_step, _phase, what):
    if ".room." in str(what):  # all is unpacked, and is being made durable
        os.kill(os.getpid(), signal.SIGKILL)

sheet, archive, key = map(Path, sys.argv[1:])
with listening(kill):
    opened = Restoring(Unpacking(archive=archive, identity=key))
    opened.restore(sheet, force=True, actor=Actor(name="an", why=""))
"""


@pytest.fixture
def sender(world, tmp_path):
    return an_office(world, tmp_path / "office")


@pytest.fixture
def other(world, tmp_path):
    return an_office(world, tmp_path / "other")


def killed(script, *told):
    """Run a program until it kills itself."""
    begin = "import os, signal, sys\nfrom pathlib import Path\n"
    done = subprocess.run([sys.executable, "-c", begin + script, *map(str, told)], check=False)
    assert done.returncode == -signal.SIGKILL


def put_back(world, office, archive):
    """Put an archive back where it was made, start the node, and let it work as it is told to."""
    office.desk.node.close()
    office.opened(archive).restore(office.sheet, force=True, actor=PERSON)
    return the_office_at(world, office.folder, office)


def adopted(office):
    """Turn until all that waits was asked about, and let it send."""
    office.desk.turn()
    office.desk.later(hours=1)
    office.desk.turn()
    office.desk.node.sends.adopt(now=office.desk.now)
    office.desk.turn()


def recovered(world, office):
    """Lose the queue, rebuild it, and let the node work for some hours."""
    office.desk.node.close()
    for end in BESIDE:
        (office.desk.config.folders.data / f"queue.db{end}").unlink(missing_ok=True)
    node = Node(config=office.desk.config, clock=lambda: office.desk.now)
    node.recover(offline=False)
    node.close()
    again = the_office_at(world, office.folder, office)
    for _ in range(4):
        again.desk.turn()
        again.desk.later(hours=1)
    return again


def rooms(*folders):
    return [path for folder in folders for path in folder.glob(".room.*")]


def test_what_a_killed_node_had_in_its_logs_is_not_read_into_what_comes_back(world, sender):
    """SQLite replays a log by its name: those of every database go aside with it."""
    sender.desk.node.directory.update.know([Known(code="H37.05", name="Sở Nội vụ")])
    archive = sender.archive()
    sender.desk.node.close()
    data = sender.desk.config.folders.data
    killed(KILLED_OVER_THE_DIRECTORY, sender.sheet)
    assert (data / "directory.db-wal").stat().st_size > 0

    again = put_back(world, sender, archive)
    assert again.desk.node.directory.count() == 1
    assert again.desk.node.directory.name("H37.05") == "Sở Nội vụ"
    assert (data / "before-restore-1" / "directory.db-wal").stat().st_size > 0
    assert again.archive().is_file()


@pytest.fixture
def handed_over(sender, other):
    """Return an archive; a copy of the queue made after it knows what was handed over later."""
    archive = sender.archive()
    other.drop(sender.desk.code, "5")
    other.desk.turn()
    sender.desk.turn("pull", "acknowledge")
    assert sender.desk.node.safekeeping.back_up(sender.desk.now)
    sender.desk.turn()
    shutil.rmtree(sender.desk.inbox[0])  # the software took it
    return archive


def test_a_queue_lost_after_a_restore_is_not_rebuilt_from_the_life_before(
    world, sender, handed_over
):
    """Its copies lie aside, and the node has one of what was put back before it ever started."""
    again = put_back(world, sender, handed_over)
    folders = again.desk.config.folders
    [own] = Backups(folders.backups).all()
    [old] = (folders.data / "before-restore-1" / "backups").iterdir()
    assert own.path.name != old.name
    adopted(again)
    assert recovered(world, again).desk.inbox == []


def test_a_status_taken_after_a_restore_is_not_lost_with_the_queue(world, sender, other):
    """A copy of a life that counted further would pass over what was written down since."""
    other.drop(sender.desk.code, "5")
    other.desk.turn()
    sender.desk.turn()
    letter = sender.desk.letters()[0]["id"]
    archive = sender.archive()
    for number in range(10, 20):
        sender.drop(other.desk.code, str(number))
    sender.desk.turn()
    assert sender.desk.node.safekeeping.back_up(sender.desk.now)

    again = put_back(world, sender, archive)
    adopted(again)
    again.desk.report("03.json", id=letter, status="03")
    again.desk.turn("takestatuses")
    recovered(world, again)
    assert "03" in world.statuses(sender.desk.code)


def test_at_no_moment_of_a_restore_would_a_node_begin_anew(sender, handed_over):
    """Wherever it is cut off, there is a queue, or what says that one was lost."""
    node = sender.desk.node
    node.close()
    without = []

    def look(_step, _phase, what):
        queue = sender.desk.config.folders.queue
        if not queue.exists():
            without.append(what)
            with pytest.raises(QueueDamaged, match="is gone"):
                demand_not_lost(queue, node.backups, node.waybills)

    with listening(look):
        sender.opened(handed_over).restore(sender.sheet, force=True, actor=PERSON)
    assert len(without) > 10


def test_a_restore_cut_off_leaves_no_copy_of_the_other_life_to_build_on(
    world, sender, handed_over
):
    """Whoever gives `recover` instead of the same command again gets what was to be put back."""
    sender.desk.node.close()
    queue, backups = sender.desk.config.folders.queue, sender.desk.node.backups
    others = [each.path for each in backups.all()]

    def cut(_step, phase, what):
        if phase is Phase.BEFORE and what == queue:  # all else is in its place
            raise Cut

    with listening(cut), suppress(Cut):
        sender.opened(handed_over).restore(sender.sheet, force=True, actor=PERSON)
    assert not queue.exists()
    with closing(Node(config=sender.desk.config)) as node:
        assert node.recover(offline=False).remains.backup not in {None, *others}
    again = the_office_at(world, sender.folder, sender)
    again.desk.turn()
    assert again.desk.inbox == []


def test_copies_that_lie_elsewhere_are_in_the_way_as_well(sender, tmp_path):
    """Also those made before an upgrade; nobody finds them moved who did not say so."""
    text = sender.sheet.read_text(encoding="utf-8")
    text = text.replace("folders:\n", f"folders:\n  backups: {tmp_path / 'copies'}\n")
    sender.sheet.write_text(text, encoding="utf-8")
    sender.desk.config = load(sender.sheet)
    sender.desk.restart()
    archive = sender.archive()
    sender.desk.node.close()
    shutil.rmtree(sender.desk.config.folders.data)
    names = ["queue-20261122-080000.db", "schema-3-20261121-080000.db"]
    for name in names:
        (tmp_path / "copies" / name).write_bytes(b"of another life")

    with pytest.raises(NotAllowed, match=f"copies is not empty: {names[0]} lies there"):
        sender.opened(archive).restore(sender.sheet, force=False, actor=PERSON)
    done = sender.opened(archive).restore(sender.sheet, force=True, actor=PERSON)
    assert sorted(path.name for path in (done.aside / "backups").iterdir()) == names
    assert len(list((tmp_path / "copies").iterdir())) == 1


def test_what_a_killed_restore_had_unpacked_is_gone_after_the_next(sender, tmp_path):
    """It is the whole node in plain text, beside the data and beside the configuration."""
    archive = sender.archive()
    sender.desk.node.close()
    new = tmp_path / "new"
    killed(KILLED_OVER_A_RESTORE, new / "config.yaml", archive, sender.key)
    assert len(rooms(new, new / "data")) == 2
    sender.opened(archive).restore(new / "config.yaml", force=False, actor=PERSON)
    assert rooms(new, new / "data") == []

    (tmp_path / "room").mkdir()
    (new / "data").rename(tmp_path / "room" / ".room.0123abcd.part")  # a rehearsal's
    sender.opened(archive).rehearse(tmp_path / "room")
    assert list((tmp_path / "room").iterdir()) == []


def test_a_folder_that_cannot_be_moved_is_said_before_anything_is(sender):
    """A spool on a disk of its own, mounted in the data folder."""
    needs.root()
    archive = sender.archive()
    sender.desk.node.close()
    folders = sender.desk.config.folders
    before = sorted(path.name for path in folders.data.iterdir())
    subprocess.run(["mount", "--bind", folders.spool, folders.spool], check=True)
    try:
        with pytest.raises(NotAllowed, match="spool is a mount point"):
            sender.opened(archive).restore(sender.sheet, force=True, actor=PERSON)
    finally:
        subprocess.run(["umount", folders.spool], check=True)
    assert set(before) >= {path.name for path in folders.data.iterdir()} - {"edge-node.lock"}
    assert folders.queue.exists()


def test_the_journal_of_an_older_releases_archive_says_who_and_why_as_well(sender):
    """Its queue is brought up to this release first."""
    archive = sender.archive()
    sender.desk.node.close()
    with tomorrow():
        sender.opened(archive).restore(sender.sheet, force=True, actor=PERSON)
        with closing(Node(config=sender.desk.config)) as node:
            node.prepare()
            rows = node.queue.file.rows(
                "select actor, why from events where event = :event", {"event": RESTORED}
            )
    assert [(row["actor"], row["why"]) for row in rows] == [(PERSON.name, PERSON.why)]


def test_folders_beside_the_configuration_are_open_to_the_nodes_group(sender, tmp_path):
    """Root's folder of the configuration is entered by its group, and so is what lies in it."""
    needs.root()
    trust = sender.folder / "trust" / "roots"
    trust.mkdir(parents=True)
    (trust / "root.crt").write_bytes(b"a root that is believed")
    with sender.sheet.open("a") as sheet:
        sheet.write(f"trust: {{folder: {trust}}}\n")
    sender.desk.config = load(sender.sheet)
    sender.desk.restart()
    archive = sender.archive()
    sender.desk.node.close()
    new = tmp_path / "new"
    new.mkdir(mode=0o750)
    os.chown(new, 0, NOBODY)
    sender.opened(archive).restore(new / "config.yaml", force=False, actor=PERSON)
    for folder in (new / "trust", new / "trust" / "roots", new / "elsewhere"):
        found = folder.stat()
        assert (found.st_mode & 0o777, found.st_uid, found.st_gid) == (0o750, 0, NOBODY)


def test_a_restore_root_was_refused_leaves_nothing_of_roots(sender, tmp_path):
    """The node opens its own lock and its witness at the next start."""
    needs.root()
    archive = sender.archive()
    sender.desk.node.close()
    new = tmp_path / "new"
    (new / "data").mkdir(parents=True)
    (new / "config.yaml").write_bytes(sender.sheet.read_bytes())
    (new / "data" / "spool").mkdir()
    for path in (new / "data", new / "data" / "spool"):
        os.chown(path, NOBODY, NOBODY)
    with pytest.raises(NotAllowed, match="not empty"):
        sender.opened(archive).restore(new / "config.yaml", force=False, actor=PERSON)
    left = [new / "data.witness", *(new / "data.witness").iterdir(), *(new / "data").iterdir()]
    assert (new / "data" / "edge-node.lock") in left
    assert [path for path in left if path.stat().st_uid != NOBODY] == []


def test_a_damaged_database_beside_the_queue_is_not_called_the_queue(sender):
    """It is named, with its own cure: the queue is not rebuilt for it, and no daemon ends."""
    directory = sender.desk.config.folders.directory
    directory.write_bytes(b"no database at all" * 500)
    with pytest.raises(DiskTrouble, match=f"the database {directory} cannot be copied") as said:
        Archiving(sender.desk.node, sender.sheet).make()
    assert "fetched again" in str(said.value.hint)
