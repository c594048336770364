"""When a disk fills up: what is new waits outside, what was begun goes on, and nothing is lost."""

import os
import subprocess
from contextlib import contextmanager

import pytest
from confined import small_disk
from flows_world import DAY, LETTER, a_sheet, as_json, names, untouched

from edge_node.adapters.steps import Phase, Step, listening
from edge_node.domain.errors import DiskTrouble, NoRoom
from edge_node.domain.lifecycle import Receiving

KB, MB = 1 << 10, 1 << 20
PDF = LETTER.read_bytes()
NO_MARKS = {"free_space": 0, "free_files": 0, "free_memory": 0}


def a_pdf(size):
    """Return a PDF of about so many bytes, which no compression makes smaller."""
    return b"%PDF-1.7\n" + os.urandom(size) + b"\n%%EOF\n"


def drop(desk, to, number="12", content=PDF):
    """Drop a bundle, built beside the outbox, whichever disk that lies on."""
    sheet = as_json(a_sheet("cv.pdf", to=to, number=number))
    files = {"cv.pdf": content, "document.json": sheet}
    building = desk.exchange.with_name(f"building-{number}")
    building.mkdir()
    for name, data in files.items():
        (building / name).write_bytes(data)
    return building.rename(desk.outbox / number), files


def left(disk):
    status = os.statvfs(disk)
    return status.f_bavail * status.f_frsize


def fill(disk, *, leaving):
    """Write a ballast file that leaves so many bytes on a disk."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    ballast.write_bytes(bytes(max(left(disk) - leaving, 0)))


def relieve(disk):
    (disk / "ballast").unlink()


def standing_in(desk):
    return [item.state for item in desk.ledger.inbound(limit=9)]


def hidden(folder):
    """Return what of ours lies half done anywhere below a folder."""
    return [path for path in folder.rglob(".*") if path.name.endswith((".part", ".moved"))]


@contextmanager
def a_desk_on(world, disk, *, options="16m", exchange=None, **limits):
    """Set up a node whose folders lie on a small disk of their own, or the exchange elsewhere."""
    with small_disk(disk, size=options):
        places = {
            "data": disk / "data",
            "exchange": exchange or disk / "exchange",
            "witness": disk / "witness",
            "backups": disk / "backups",
        }
        desk = world.desk(folders=places, limits=NO_MARKS | limits)
        try:
            yield desk
        finally:
            desk.node.close()


@pytest.fixture
def disk(tmp_path):
    return tmp_path / "disk"


def test_intake_stops_before_the_disk_is_full_and_the_rest_goes_on(world, disk):
    """The drop stays as it is, byte for byte; what was begun is sent, acknowledged, delivered."""
    other = world.desk()
    with a_desk_on(world, disk, free_space=4 * MB) as desk:
        drop(desk, other.code, "1")
        desk.turn("intake")  # to be sent
        drop(other, desk.code, "2")
        other.turn()
        desk.turn("pull")  # to be acknowledged and delivered
        drop(other, desk.code, "3")
        other.turn()

        fill(disk, leaving=3 * MB)
        waiting, files = drop(desk, other.code, "4")
        before = {path: path.stat() for path in (waiting, *waiting.iterdir())}
        for flow in ("intake", "pull", "intake", "pull"):
            with pytest.raises(NoRoom):
                desk.turn(flow)
        desk.turn("push", "acknowledge", "deliver", "file", "notify", "takestatuses")
        assert untouched(waiting, files)
        assert {path: path.stat() for path in before} == before
        assert world.sends(desk.code) == [[other.code]]
        assert sorted(world.standing(desk.code)) == ["done", "initial"]
        assert len(desk.inbox) == 1
        assert left(disk) > 2 * MB

        relieve(disk)
        desk.turn()
        other.turn()
        desk.turn()
        assert names(desk.exchange / f"sent/{DAY}") == ["1", "4"]
        assert world.sends(desk.code) == [[other.code]] * 2
        assert world.standing(desk.code) == ["done", "done"]
        assert [len(desk.inbox), len(other.inbox)] == [2, 2]


def test_intake_stops_before_the_disk_can_hold_no_more_files(world, disk):
    """A disk may have space and no inodes; the cure says which it is."""
    other = world.desk()
    with a_desk_on(world, disk, options="16m,nr_inodes=500", free_files=200) as desk:
        waiting, files = drop(desk, other.code)
        ballast = disk / "ballast"
        ballast.mkdir()
        while os.statvfs(disk).f_favail >= 200:
            (ballast / str(os.statvfs(disk).f_favail)).touch()
        with pytest.raises(NoRoom, match="more files"):
            desk.turn("intake")
        assert untouched(waiting, files)

        for path in ballast.iterdir():
            path.unlink()
        desk.turn()
        assert world.sends(desk.code) == [[other.code]]


def test_a_drop_too_large_for_the_room_there_is_lets_smaller_ones_pass(world, disk, caplog):
    """It waits in the outbox, which is said once; it goes as soon as there is room for it."""
    other = world.desk()
    with a_desk_on(world, disk, free_space=4 * MB) as desk:
        fill(disk, leaving=8 * MB)
        large, files = drop(desk, other.code, "1", a_pdf(2 * MB))
        drop(desk, other.code, "2")
        for _ in range(3):
            desk.turn()
        assert names(desk.outbox) == ["1"]
        assert untouched(large, files)
        assert names(desk.exchange / f"sent/{DAY}") == ["2"]
        assert caplog.messages.count("a drop has to wait for room") == 1

        relieve(disk)
        desk.turn()
        assert names(desk.exchange / f"sent/{DAY}") == ["1", "2"]


def test_a_delivery_waits_for_room_and_nobody_is_to_blame(world, disk):
    """Not quarantined, no attempt spent: what was acknowledged is delivered as soon as it can."""
    other = world.desk()
    with a_desk_on(world, disk, free_space=4 * MB) as desk:
        drop(other, desk.code)
        other.turn()
        desk.turn("pull", "acknowledge")
        fill(disk, leaving=MB)
        for _ in range(3):
            with pytest.raises(NoRoom):
                desk.turn("deliver")
        assert standing_in(desk) == [Receiving.ACKNOWLEDGED]
        assert desk.inbox == []

        relieve(disk)
        desk.turn()
        assert len(desk.inbox) == 1
        assert world.statuses(desk.code) == ["01"]


def test_a_large_delivery_lets_smaller_ones_pass(world, disk):
    """It is deferred like anything that one document alone cannot help."""
    other = world.desk()
    with a_desk_on(world, disk, free_space=4 * MB) as desk:
        drop(other, desk.code, "1", a_pdf(2 * MB))
        drop(other, desk.code, "2")
        other.turn()
        desk.turn("pull", "acknowledge")
        fill(disk, leaving=4 * MB)
        desk.turn("deliver")
        assert [letter["number"] for letter in desk.letters()] == ["2"]

        relieve(disk)
        desk.later(hours=1)
        desk.turn()
        assert [letter["number"] for letter in desk.letters()] == ["1", "2"]


# ── where nothing was kept free: the disk says no in the middle ──────────────────────────────


def test_a_package_that_does_not_fit_leaves_nothing_behind(world, disk):
    """The claim holds the drop, whole; with room it is sent once."""
    other = world.desk()
    with a_desk_on(world, disk) as desk:
        content = a_pdf(MB)
        drop(desk, other.code, content=content)
        fill(disk, leaving=300 * KB)
        for _ in range(2):
            with pytest.raises(DiskTrouble, match="no room left"):
                desk.turn("intake")
        assert hidden(disk) == []
        assert list((disk / "data/spool/packages").rglob("*")) == []
        (claimed,) = (disk / "data/spool/claims").glob("*/*/cv.pdf")
        assert claimed.read_bytes() == content
        assert desk.ledger.outbound(limit=9) == []

        relieve(disk)
        desk.turn()
        assert world.sends(desk.code) == [[other.code]]
        assert untouched(desk.exchange / f"sent/{DAY}/12", {"cv.pdf": content})


def test_a_row_that_does_not_fit_is_entered_later(world, disk):
    """The package is durable, the commit fails: taken up again it is one document, sent once."""
    other = world.desk()
    with a_desk_on(world, disk) as desk:
        drop(desk, other.code)
        filling = filling_after(disk, Step.RENAME, "packages")
        with listening(filling), pytest.raises(DiskTrouble):
            desk.turn("intake")
        assert desk.ledger.outbound(limit=9) == []

        relieve(disk)
        desk.turn()
        assert world.sends(desk.code) == [[other.code]]
        assert len(desk.ledger.outbound(limit=9)) == 1


def filling_after(disk, step, where):
    """Return a listener that fills the disk up as soon as such a step was taken there."""

    def listener(taken, phase, what):
        if (taken, phase) == (step, Phase.AFTER) and where in str(what):
            fill(disk, leaving=0)

    return listener


def test_a_drop_that_cannot_be_copied_stays_where_it_was(world, disk, tmp_path):
    """The outbox lies on another disk: not one of its files is missing, and no half copy stays."""
    other = world.desk()
    with a_desk_on(world, disk, exchange=tmp_path / "exchange") as desk:
        waiting, files = drop(desk, other.code, content=a_pdf(MB))
        fill(disk, leaving=300 * KB)
        for _ in range(2):
            with pytest.raises(DiskTrouble):
                desk.turn("intake")
        assert untouched(waiting, files)
        assert hidden(disk) == []

        relieve(disk)
        desk.turn()
        assert world.sends(desk.code) == [[other.code]]
        assert names(desk.outbox) == []


def test_a_fetch_that_does_not_fit_leaves_the_document_with_the_axis(world, disk):
    """It is not acknowledged; with room it arrives once."""
    other = world.desk()
    with a_desk_on(world, disk) as desk:
        drop(other, desk.code, content=a_pdf(MB))
        other.turn()
        fill(disk, leaving=300 * KB)
        with pytest.raises(DiskTrouble):
            desk.turn("pull")
        assert hidden(disk) == []
        assert world.standing(desk.code) == ["initial"]

        relieve(disk)
        desk.turn()
        assert len(desk.inbox) == 1
        assert world.standing(desk.code) == ["done"]


def test_a_folder_that_does_not_fit_into_the_inbox_is_not_seen(world, disk, tmp_path):
    """Neither half nor whole; with room it arrives once, and is answered once."""
    other = world.desk()
    share = tmp_path / "share"
    with (
        small_disk(share, size="4m"),
        a_desk_on(world, disk, exchange=share / "exchange") as desk,
    ):
        content = a_pdf(MB)
        drop(other, desk.code, content=content)
        other.turn()
        desk.turn("pull", "acknowledge")
        fill(share, leaving=300 * KB)
        for _ in range(2):
            with pytest.raises(DiskTrouble):
                desk.turn("deliver")
        assert list((desk.exchange / "inbox").iterdir()) == []
        assert standing_in(desk) == [Receiving.ACKNOWLEDGED]

        relieve(share)
        desk.turn()
        (folder,) = desk.inbox
        assert (folder / "cv.pdf").read_bytes() == content
        assert world.statuses(desk.code) == ["01"]


def test_a_share_that_turns_read_only_in_the_middle_keeps_what_it_had(world, tmp_path):
    """The kernel does so when a disk fails: what was begun waits, and is done once afterwards."""
    other = world.desk()
    share = tmp_path / "share"
    with small_disk(share, size="4m"):
        desk = world.desk(folders={"exchange": share / "exchange"}, limits=NO_MARKS)
        drop(other, desk.code, "1")
        other.turn()
        desk.turn("pull", "acknowledge")
        remounting = remounting_after(share, Step.SYNC, "inbox")
        with listening(remounting), pytest.raises(DiskTrouble, match="read-only"):
            desk.turn("deliver")
        remount(share, "rw")
        waiting, files = drop(desk, other.code, "2")
        remount(share, "ro")
        for flow in ("intake", "deliver"):
            with pytest.raises(DiskTrouble, match="read-only"):
                desk.turn(flow)
        assert untouched(waiting, files)
        assert desk.inbox == []
        assert standing_in(desk) == [Receiving.ACKNOWLEDGED]

        remount(share, "rw")
        desk.turn()
        assert len(desk.inbox) == 1
        assert world.sends(desk.code) == [[other.code]]
        assert world.statuses(desk.code) == ["01"]
        desk.restart()
        assert hidden(share) == []
        desk.node.close()


def remount(disk, how):
    subprocess.run(["mount", "-o", f"remount,{how}", os.fspath(disk)], check=True)


def remounting_after(disk, step, where):
    """Return a listener that makes the disk read-only as soon as such a step was taken there."""

    def listener(taken, phase, what):
        if (taken, phase) == (step, Phase.AFTER) and where in str(what):
            remount(disk, "ro")

    return listener
