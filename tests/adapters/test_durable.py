import errno
import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import needs
import pytest
from confined import Interrupted, interrupted_after, small_disk, without_privileges
from dropping import contents
from hypothesis import given
from hypothesis import strategies as st

from edge_node.adapters import durable, mounts
from edge_node.adapters.unfinished import NAME_MAX
from edge_node.domain.errors import DiskTrouble, FolderMissing


def test_what_was_written_is_there_under_its_name_with_its_mode(tmp_path):
    """Nothing else remains beside it, and the umask has no say in the mode."""
    durable.write(tmp_path / "a.json", b"{}", mode=0o664)

    assert (tmp_path / "a.json").read_bytes() == b"{}"
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o664
    assert contents(tmp_path) == ["a.json"]


def test_until_the_block_ends_the_old_file_is_seen(tmp_path):
    """A reader finds the old file whole or the new file whole; the new one is hidden before."""
    path = tmp_path / "status.json"
    path.write_bytes(b"old")

    with durable.writing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
        assert all(name.startswith(".") for name in contents(tmp_path) if name != path.name)

    assert path.read_bytes() == b"new"


def test_a_block_that_fails_leaves_nothing_behind(tmp_path):
    """The old file stays as it was."""
    path = tmp_path / "status.json"
    path.write_bytes(b"old")

    with pytest.raises(Interrupted), durable.writing(path) as file:
        interrupted_after(file.write(b"x" * 100_000))

    assert path.read_bytes() == b"old"
    assert contents(tmp_path) == ["status.json"]


def test_in_a_folder_of_others_only_what_may_be_ours_is_swept(tmp_path):
    """Rooms, and parts of the files that are named; a room somebody works in stays."""
    ours = (".room.0123abcd.part", ".a.pdf.0123abcd.part")
    theirs = (".b.pdf.0123abcd.part", ".a.pdf.0123abcd.moved", ".a.pdf.part", "a.pdf")
    (tmp_path / ours[0]).mkdir()
    (tmp_path / ours[0] / "a.pdf").write_bytes(b"half")
    for name in (ours[1], *theirs):
        (tmp_path / name).write_bytes(b"x")
    with durable.room(tmp_path) as working:
        assert durable.sweep(tmp_path, of={"a.pdf"}) == len(ours)
        assert contents(tmp_path) == sorted((*theirs, working.name))


def test_a_full_disk_is_said_and_leaves_nothing_behind(tmp_path):
    """ENOSPC becomes DiskTrouble; the half file does not eat the last room."""
    with small_disk(tmp_path / "disk") as disk:
        with pytest.raises(DiskTrouble, match="no room left") as caught:
            durable.write(disk / "large", b"x" * 200_000)

        assert "free space" in str(caught.value.hint)
        assert contents(disk) == []


def test_a_read_only_disk_is_said(tmp_path):
    """EROFS becomes DiskTrouble."""
    with small_disk(tmp_path / "disk") as disk:
        subprocess.run(["mount", "-o", "remount,ro", os.fspath(disk)], check=True)
        with pytest.raises(DiskTrouble, match="read-only"):
            durable.write(disk / "a", b"")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    """Writing below a missing folder names the folder, not the temporary file."""
    with pytest.raises(FolderMissing, match=f"the folder {tmp_path}/gone is not there"):
        durable.write(tmp_path / "gone" / "a", b"")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskTrouble),
        (errno.EDQUOT, DiskTrouble),
        (errno.EROFS, DiskTrouble),
        (errno.EIO, DiskTrouble),
        (errno.EMFILE, DiskTrouble),
        (errno.ESTALE, FolderMissing),
        (errno.ENOTCONN, FolderMissing),
        (errno.EACCES, durable.AccessDenied),
        (errno.EPERM, durable.AccessDenied),
        (errno.ENOENT, durable.FileGone),
        (errno.EEXIST, durable.NameTaken),
        (errno.ENAMETOOLONG, durable.NameUnusable),
    ],
)
def test_every_trouble_of_a_disk_has_a_name_a_path_and_a_cure(tmp_path, number, kind):
    """No OSError leaves as it is, whatever its number."""
    with pytest.raises(kind) as caught, durable.disk_errors(tmp_path):
        raise OSError(number, os.strerror(number), os.fspath(tmp_path / "x"))

    assert str(tmp_path) in str(caught.value)
    assert caught.value.hint is not None


def test_another_users_folder_is_access_denied(tmp_path):
    """Who may not write is told so, with the path and what to do."""
    needs.root()
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o755)
    os.chown(theirs, 4321, 4321)
    body = (
        "from edge_node.adapters import durable\n"
        "try: durable.write(Path(sys.argv[1]) / 'a', b'')\n"
        "except durable.AccessDenied as error: print(error, '|', error.hint)\n"
    )

    said = without_privileges(body, theirs)

    assert "the node may not touch" in said
    assert "right to read and write" in said


def test_what_only_its_owner_reads_root_leaves_to_the_owner_of_the_folder(tmp_path):
    """A command given as root writes into the node's folder, and the node goes on reading it."""
    needs.root()
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, 4321, 4321)
    durable.private_folder(theirs / "a" / "b")
    durable.write(theirs / "a" / "b" / "private", b"", mode=0o600)
    durable.write(theirs / "shared", b"", mode=0o640)

    made = [theirs / "a", theirs / "a" / "b", theirs / "a" / "b" / "private"]
    assert {(one.stat().st_uid, one.stat().st_gid) for one in made} == {(4321, 4321)}
    assert (theirs / "shared").stat().st_uid == os.geteuid()
    assert stat.S_IMODE((theirs / "a" / "b").stat().st_mode) == 0o700


def test_a_name_of_255_bytes_can_be_written(tmp_path):
    """The temporary name is cut where the whole would be too long."""
    name = "ộ" * 84 + "abc"
    assert len(name.encode()) == 255

    durable.write(tmp_path / name, b"x")

    assert contents(tmp_path) == [name]


@given(name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=300))
def test_a_fitted_name_always_fits_and_keeps_its_ending(name):
    """Names that fit stay as they are; two that were cut differ by their hash."""
    fitted = durable.fitted(name, ".error.json")

    assert len(fitted.encode()) <= NAME_MAX
    assert fitted.endswith(".error.json")
    if len(name.encode()) <= NAME_MAX - len(".error.json"):
        assert fitted == name + ".error.json"
    else:
        assert durable.fitted(name + "x", ".error.json") != fitted


def test_a_folder_is_seen_whole_or_not_at_all(tmp_path):
    """It is filled under a hidden name and appears with everything in it."""
    with durable.building(tmp_path / "doc") as folder:
        (folder / "a.pdf").write_bytes(b"x")
        assert not (tmp_path / "doc").exists()

    assert contents(tmp_path) == ["doc"]
    assert contents(tmp_path / "doc") == ["a.pdf"]


def test_a_folder_whose_block_fails_never_appears(tmp_path):
    """Nothing hidden remains either."""
    with pytest.raises(Interrupted), durable.building(tmp_path / "doc") as folder:
        interrupted_after((folder / "a.pdf").write_bytes(b"x"))

    assert contents(tmp_path) == []


def test_moving_never_overwrites(tmp_path):
    """Neither a file nor an empty folder of that name: both are still there afterwards."""
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    (tmp_path / "c").mkdir()
    (tmp_path / "d").mkdir()

    for source, target in (("a", "b"), ("c", "d"), ("a", "d")):
        with pytest.raises(durable.NameTaken):
            durable.move(tmp_path / source, tmp_path / target)

    assert (tmp_path / "b").read_bytes() == b"b"
    assert contents(tmp_path) == ["a", "b", "c", "d"]


def a_tree(folder):
    """Lay a folder with a large file, an old one, a subfolder and a link."""
    folder.mkdir()
    (folder / "document.json").write_bytes(b"{}")
    (folder / "large.pdf").write_bytes(bytes(range(256)) * 10_000)
    os.utime(folder / "document.json", (1_000_000_000, 1_000_000_000))
    (folder / "sub").mkdir()
    (folder / "sub" / "b").write_bytes(b"b")
    (folder / "link").symlink_to("sub/b")
    return folder


def test_a_folder_moves_to_another_file_system(tmp_path):
    """Where no rename is possible it is copied whole, with its times, then the original goes."""
    with small_disk(tmp_path / "disk", "8m") as disk:
        tree = a_tree(disk / "tree")
        digest = hashlib.sha256((tree / "large.pdf").read_bytes()).hexdigest()

        durable.move(tree, tmp_path / "moved")

        assert contents(disk) == []
    moved = tmp_path / "moved"
    assert hashlib.sha256((moved / "large.pdf").read_bytes()).hexdigest() == digest
    assert (moved / "document.json").stat().st_mtime == 1_000_000_000
    assert (moved / "link").readlink() == Path("sub/b")
    assert (moved / "sub" / "b").read_bytes() == b"b"


def test_a_move_to_a_full_disk_leaves_the_original_alone(tmp_path):
    """The copy that did not fit is gone again, the source is whole."""
    tree = a_tree(tmp_path / "tree")
    with small_disk(tmp_path / "disk") as disk:
        with pytest.raises(DiskTrouble):
            durable.move(tree, disk / "moved")
        with pytest.raises(DiskTrouble):
            durable.move(tree / "large.pdf", disk / "large.pdf")

        assert contents(disk) == []
    assert contents(tree) == ["document.json", "large.pdf", "link", "sub"]
    assert (tree / "large.pdf").stat().st_size == 2_560_000


def test_a_sweep_takes_what_dead_writers_left_and_nothing_else(tmp_path):
    """A file still being written is left alone, whatever its age; so are other people's files."""
    (tmp_path / ".a.json.0123abcd.part").write_bytes(b"half")
    (tmp_path / ".folder.0123abcd.part").mkdir()
    (tmp_path / ".theirs.part").write_bytes(b"")
    with durable.writing(tmp_path / "b.json") as file, durable.building(tmp_path / "c"):
        file.write(b"b")
        assert durable.sweep(tmp_path) == 2

    assert contents(tmp_path) == [".theirs.part", "b.json", "c"]
    assert (tmp_path / "b.json").read_bytes() == b"b"


def test_a_killed_writer_leaves_something_that_can_be_swept(tmp_path):
    """Its lock dies with it."""
    body = (
        "import os, sys\nfrom pathlib import Path\nfrom edge_node.adapters import durable\n"
        "with durable.writing(Path(sys.argv[1])) as file:\n    file.write(b'x'); os._exit(9)\n"
    )
    subprocess.run(
        [sys.executable, "-c", body, os.fspath(tmp_path / "a")],
        check=False,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert len(contents(tmp_path)) == 1

    assert durable.sweep(tmp_path) == 1
    assert contents(tmp_path) == []


def test_two_mounts_are_told_by_trying_a_rename(tmp_path):
    """Bind mounts of one file system share a device number; a rename fails all the same."""
    needs.root()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert mounts.same_mount(tmp_path / "a", tmp_path / "b")

    subprocess.run(["mount", "--bind", tmp_path / "a", tmp_path / "b"], check=True)
    try:
        assert not mounts.same_mount(tmp_path / "a", tmp_path / "b")
    finally:
        subprocess.run(["umount", tmp_path / "b"], check=True)
    assert contents(tmp_path / "a") == []


@pytest.mark.parametrize(
    ("kind", "remote"),
    [
        ("ext4", False),
        ("xfs", False),
        ("tmpfs", False),
        ("nfs4", True),
        ("cifs", True),
        ("smb3", True),
        ("fuse.sshfs", True),
        ("9p", True),
        ("ceph", True),
    ],
)
def test_a_share_is_told_from_a_disk_by_its_mount(tmp_path, kind, remote):
    """The deepest mount counts, of two on one point the later, and blanks are written as octal."""
    table = tmp_path / "mountinfo"
    table.write_text(
        "21 1 8:1 / / rw - btrfs /dev/sda1 rw\n"
        "22 21 0:40 / /srv/trao\\040đổi rw,relatime shared:1 - iso9660 /dev/cd ro\n"
        f"23 21 0:41 / /srv/trao\\040đổi rw,relatime shared:1 - {kind} server:/x rw\n"
        "24 21 0:42 / /srv/trao rw - nfs other:/y rw\n"
    )

    assert mounts.is_remote(Path("/srv/trao đổi/outbox"), mountinfo=table) is remote
    assert not mounts.is_remote(Path("/srv"), mountinfo=table)


def test_where_nobody_tells_a_folder_counts_as_remote(tmp_path):
    """Polling works everywhere, events do not."""
    assert mounts.is_remote(tmp_path, mountinfo=tmp_path / "none")
    assert not mounts.is_remote(tmp_path)
