"""What a node that was killed left half done in any folder is gone after the next start."""

import fcntl
import os
import stat

import pytest
from confined import small_disk
from flows_world import DAY, LETTER, a_sheet, as_json, names

from edge_node.adapters.steps import Phase, Step, listening

PDF = LETTER.read_bytes()
MARK = "0123abcd.part"


class Killed(BaseException):
    """The process is gone."""


def killing_at(step, where):
    """Return a listener that ends everything just before such a step is taken there."""

    def listener(taken, phase, what):
        if (taken, phase) == (step, Phase.BEFORE) and where in str(what):
            raise Killed

    return listener


def drop(desk, to, number="12"):
    """Drop a bundle, built beside the outbox, whichever disk that lies on."""
    sheet = as_json(a_sheet("cv.pdf", to=to, number=number))
    building = desk.exchange / f".building-{number}"
    building.mkdir()
    (building / "cv.pdf").write_bytes(PDF)
    (building / "document.json").write_bytes(sheet)
    return building.rename(desk.outbox / number)


def leftovers(desk):
    """Return what of ours lies half done in the data folder or in the exchange folder."""
    folders = (desk.config.folders.data, desk.exchange)
    found = {path for folder in folders for path in folder.rglob(".*")}
    return sorted(path.name for path in found if path.name.endswith((".part", ".moved")))


PLACES = [
    "exchange",
    "exchange/outbox",
    "exchange/queued",
    "exchange/inbox",
    "exchange/receipts",
    "exchange/statuses/done",
    "exchange/statuses/failed",
    "spool/tmp",
    "spool/claims",
]


@pytest.mark.parametrize("place", PLACES)
def test_what_was_being_written_has_an_owner_or_is_swept(world, place):
    """Files and folders of a writer that is gone; neither one that lives nor another user's."""
    desk = world.desk()
    folder = desk.config.folders.data / place
    folder.mkdir(exist_ok=True)
    (folder / f".orphan.{MARK}").write_bytes(b"half")
    (folder / f".folder.{MARK}").mkdir()
    (folder / f".folder.{MARK}" / "cv.pdf").write_bytes(b"half")
    (folder / f".theirs.{MARK}").write_bytes(b"not ours")
    os.chown(folder / f".theirs.{MARK}", 12345, -1)
    with (folder / f".owned.{MARK}").open("wb") as owned:
        fcntl.flock(owned, fcntl.LOCK_EX)
        desk.restart()
        assert leftovers(desk) == [f".owned.{MARK}", f".theirs.{MARK}"]
    desk.restart()
    assert leftovers(desk) == [f".theirs.{MARK}"]


@pytest.mark.parametrize("where", ["outbox", "claims"])
def test_a_copy_whose_original_was_not_all_removed_is_the_only_one(world, tmp_path, where):
    """The exchange folder lies on another disk: each drop is copied in, and copied out again."""
    other = world.desk()
    with small_disk(tmp_path / "share", size="8m") as share:
        desk = world.desk(folders={"exchange": share / "exchange"}, limits={"free_space": 0})
        drop(desk, other.code)
        with listening(killing_at(Step.REMOVE, f"{where}/")), pytest.raises(Killed):
            desk.turn()
        assert [name.endswith(".moved") for name in leftovers(desk)] == [True]

        desk.restart()
        desk.turn()
        assert leftovers(desk) == []
        assert list((desk.config.folders.spool / "claims").iterdir()) == []
        assert names(desk.exchange / f"sent/{DAY}") == ["12"]
        assert world.sends(desk.code) == [[other.code]]
        desk.node.close()


def test_a_refused_drop_whose_original_was_not_all_removed_is_refused_once(world, tmp_path):
    """It has no row that tells: what is left of it in the claims is not taken for a drop."""
    with small_disk(tmp_path / "share", size="8m") as share:
        desk = world.desk(folders={"exchange": share / "exchange"}, limits={"free_space": 0})
        drop(desk, "not a code")
        with listening(killing_at(Step.REMOVE, "claims/")), pytest.raises(Killed):
            desk.turn("intake")

        desk.restart()
        desk.turn()
        assert leftovers(desk) == []
        assert names(desk.exchange / f"failed/{DAY}") == ["12"]
        desk.node.close()


def test_what_was_being_filed_is_swept_where_it_is_filed_again(world):
    """The archive is not looked through at each start, only the folders that are worked in."""
    desk, other = world.desk(), world.desk()
    drop(desk, other.code, "11")
    desk.turn()
    drop(desk, other.code, "12")
    desk.turn("intake", "push")
    desk.restart()
    day = desk.exchange / f"sent/{DAY}"
    (day / f".12.{MARK}").mkdir()
    (day / f".12.{MARK}" / "cv.pdf").write_bytes(b"half")
    (claimed,) = desk.config.folders.spool.glob("claims/*/12")
    (claimed / f".status.json.{MARK}").write_bytes(b"half")
    desk.turn()
    assert leftovers(desk) == []
    assert names(day) == ["11", "12"]


def test_what_the_node_keeps_for_itself_is_readable_to_nobody_else(world):
    """Others may not enter the data folder; its group goes through it, and reads no database."""
    before = os.umask(0o022)  # as a shell has it in which a node is set up by hand
    try:
        node = world.desk().node
        node.queue.marks.put("any", "value")
        node.directory.count()
    finally:
        os.umask(before)
    data = node.config.folders.data
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (data, *data.iterdir())}
    assert modes.pop(data.name) == 0o750
    assert {"queue.db", "queue.db-wal", "directory.db"} < modes.keys()
    assert {name for name, mode in modes.items() if mode & 0o077} <= {"exchange"}
