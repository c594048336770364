"""What is left on the disks and of memory, and what is said when it is too little."""

import os

import pytest
from confined import small_disk

from edge_node.adapters.headroom import Headroom, Marks, TooLittleRoom
from edge_node.adapters.memory import free_memory
from edge_node.domain.errors import FolderMissing, NoRoom

KB, MB, GB = 1 << 10, 1 << 20, 1 << 30


def a_headroom(data, exchange=None, *, memory=None, **marks):
    known = {"space": 0, "files": 0, "memory": 0} | marks
    exchange = exchange or data
    return Headroom(data=data, exchange=exchange, marks=Marks(**known), memory=lambda: memory)


def fill(disk, *, leaving):
    """Write a ballast file that leaves so many bytes on a disk."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "ballast").write_bytes(bytes(free - leaving))


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk", size="1m") as disk:
        yield disk


def test_above_the_marks_something_new_can_be_begun(disk):
    """As long as it leaves the mark free itself, to the byte."""
    room = a_headroom(disk, space=512 * KB, files=10)
    room.for_new()
    room.for_new(512 * KB)
    with pytest.raises(TooLittleRoom) as told:
        room.for_new(512 * KB + 1)
    assert str(told.value) == (
        f"512 KB more do not fit on the file system of {disk}: 1024 KB are left,"
        " and 512 KB must stay free"
    )


@pytest.mark.parametrize("which", ["data", "exchange"])
def test_a_disk_that_is_too_full_is_named(disk, tmp_path, which):
    """Whichever of the two it is: how much is left, how much must be, and what to do."""
    fill(disk, leaving=100 * KB)
    room = a_headroom(**({"data": tmp_path, "exchange": tmp_path} | {which: disk}), space=512 * KB)
    with pytest.raises(NoRoom) as told:
        room.for_new()
    assert str(told.value) == (
        f"only 100 KB are left on the file system of {disk}, and 512 KB must stay free"
    )
    assert str(told.value.hint) == (
        "free space there; the node goes on by itself (limits.free_space)"
    )
    (disk / "ballast").unlink()
    room.for_new()


def test_a_disk_that_can_hold_no_more_files_is_named(tmp_path):
    """A disk may have space and no inodes; files are counted by themselves."""
    with small_disk(tmp_path / "disk", size="1m,nr_inodes=20") as disk:
        room = a_headroom(disk, files=10)
        room.for_new()
        for number in range(10):
            (disk / str(number)).touch()
        with pytest.raises(NoRoom) as told:
            room.for_new()
        left = os.statvfs(disk).f_favail
        assert str(told.value) == (
            f"the file system of {disk} can hold only {left} more files, and 10 must stay free"
        )


def test_a_disk_that_counts_no_files_has_room_for_them(tmp_path):
    """Btrfs and network shares say 0 of 0; a tmpfs without a limit does likewise."""
    with small_disk(tmp_path / "disk", size="1m,nr_inodes=0") as disk:
        assert os.statvfs(disk).f_files == 0
        a_headroom(disk, files=10).for_new()


def test_a_delivery_may_use_half_of_what_must_stay_free(disk, tmp_path):
    """It was acknowledged: it is ours to deliver while anything new has to wait outside."""
    room = a_headroom(tmp_path, disk, space=512 * KB)
    fill(disk, leaving=400 * KB)
    with pytest.raises(NoRoom):
        room.for_new()
    room.for_delivery(144 * KB)
    with pytest.raises(TooLittleRoom):
        room.for_delivery(144 * KB + 1)
    (disk / "ballast").unlink()
    fill(disk, leaving=200 * KB)
    with pytest.raises(NoRoom):
        room.for_delivery(0)


def test_without_marks_nothing_is_measured(disk):
    """The disk itself says no, at the moment of writing."""
    fill(disk, leaving=0)
    room = a_headroom(disk, memory=0)
    room.for_new(GB)
    room.for_delivery(GB)


def test_a_folder_that_is_gone_is_no_full_disk(tmp_path):
    """It is told as what it is."""
    with pytest.raises(FolderMissing):
        a_headroom(tmp_path / "away" / "exchange", space=1).for_new()


def test_too_little_memory_is_told(tmp_path):
    """It stops what is new, and no delivery."""
    room = Headroom(
        data=tmp_path,
        exchange=tmp_path,
        marks=Marks(space=0, files=0, memory=64 * MB),
        memory=lambda: 20 * MB,
    )
    with pytest.raises(NoRoom) as told:
        room.for_new()
    assert str(told.value) == "only 20 MB of memory are left, and 64 MB must stay free"
    assert "MemoryMax=" in str(told.value.hint)
    room.for_delivery(MB)


# ── how much memory there is ─────────────────────────────────────────────────────────────────


def a_machine(tmp_path, *, available, groups, files):
    """Lay out what the kernel shows of a machine and of its control groups, in bytes."""
    proc, root = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    text = (
        f"MemTotal:       99999999 kB\nMemAvailable:   {available // KB} kB\nHugePages_Free: 0\n"
    )
    (proc / "meminfo").write_text(text)
    (proc / "self" / "cgroup").write_text(groups)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    return {"proc": proc, "groups": root}


def a_group(folder, *, limit, used, files_read=0):
    return {
        f"{folder}/memory.max": limit,
        f"{folder}/memory.current": used,
        f"{folder}/memory.stat": f"anon 5\nfile 7\ninactive_file {files_read}",
    }


UNIT = "system.slice/edge-node@xa-mau.service"


def test_a_service_with_a_limit_has_what_is_left_of_that(tmp_path):
    """What the kernel gives back of files that were read counts as free (cgroups(7))."""
    machine = a_machine(
        tmp_path,
        available=8 * GB,
        groups=f"0::/{UNIT}\n",
        files=a_group(UNIT, limit=256 * MB, used=200 * MB, files_read=30 * MB),
    )
    assert free_memory(**machine) == 86 * MB


def test_the_tightest_of_the_groups_counts(tmp_path):
    """The limit may be that of the slice above the service; `max` is none."""
    machine = a_machine(
        tmp_path,
        available=8 * GB,
        groups=f"0::/{UNIT}\n",
        files=a_group(UNIT, limit="max", used=1)
        | a_group("system.slice", limit=GB, used=1000 * MB),
    )
    assert free_memory(**machine) == 24 * MB


def test_a_machine_may_have_less_than_its_groups_allow(tmp_path):
    """MemAvailable, which the kernel reckons for just this."""
    machine = a_machine(
        tmp_path,
        available=50 * MB,
        groups=f"0::/{UNIT}\n",
        files=a_group(UNIT, limit=GB, used=0),
    )
    assert free_memory(**machine) == 50 * MB


def test_in_a_container_the_path_may_be_that_of_the_world_outside(tmp_path):
    """Then the group of the container is the root of what is mounted there."""
    machine = a_machine(
        tmp_path,
        available=8 * GB,
        groups="0::/docker/0123abcd\n",
        files=a_group(".", limit=128 * MB, used=100 * MB),
    )
    assert free_memory(**machine) == 28 * MB


def test_the_older_control_groups_are_read_as_well(tmp_path):
    """With one tree for each controller, among them that of memory."""
    machine = a_machine(
        tmp_path,
        available=8 * GB,
        groups="9:name=systemd:/x\n4:cpuset,memory:/x\n0::/\n",
        files={
            "memory/x/memory.limit_in_bytes": 100 * MB,
            "memory/x/memory.usage_in_bytes": 90 * MB,
            "memory/x/memory.stat": f"inactive_file 1\ntotal_inactive_file {MB}",
            "memory/memory.limit_in_bytes": 9223372036854771712,  # none
            "memory/memory.usage_in_bytes": GB,
            "memory/memory.stat": "total_inactive_file 0",
        },
    )
    assert free_memory(**machine) == 11 * MB


def test_a_kernel_that_tells_nothing_stops_nothing(tmp_path):
    """No /proc in a jail: what cannot be known is not held against anybody."""
    assert free_memory(proc=tmp_path, groups=tmp_path) is None


def test_this_machine_tells():
    """The files of a living kernel read as these do."""
    left = free_memory()
    assert left is not None
    assert left > MB
