"""Archives: what is put in comes out, and nothing else is taken for one."""

from __future__ import annotations

import io
import os
import tarfile
import tracemalloc

import pytest
from disk_image import disk_image

from edge_node.adapters import durable
from edge_node.adapters.age import (
    ArchiveUnsound,
    WrongKey,
    decrypting,
    encrypting,
    new_key,
    read_identities,
)
from edge_node.adapters.archive_format import ABOUT, SUMS, ArchiveWriter, unpack
from edge_node.domain.errors import DiskTrouble, NotAllowed

MEMBERS = {
    ABOUT: b"{}\n",
    "configuration/config.yaml": b"agency: ...\n",
    "data/queue.db": os.urandom(300_000),
    "data/trust/g\xe1\xbb\x91c.crt".encode("latin-1").decode(): b"",
}


@pytest.fixture
def key(tmp_path):
    private, public = new_key()
    path = tmp_path / "key"
    path.write_text(private)
    path.chmod(0o600)
    return path, public


def written(members=MEMBERS):
    out = io.BytesIO()
    writer = ArchiveWriter(out, at=0)
    for name, data in members.items():
        writer.add(name, data)
    writer.finish()
    return out.getvalue()


def encrypted(data, public):
    out = io.BytesIO()
    with encrypting(out, [public]) as file:
        file.write(data)
    return out.getvalue()


def opened(data, path, into):
    with decrypting(io.BytesIO(data), read_identities(path)) as stream:
        return unpack(stream, into)


def out_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def a_tar(*infos):
    """Write a tar file as others would, each member with its bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for info, data in infos:
            info.size = len(data) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def a_member(name, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def test_what_is_put_in_comes_out(key, tmp_path):
    """Encrypted to a public key, opened with the private one."""
    path, public = key
    sealed = encrypted(written(), public)
    assert b"queue.db" not in sealed
    found = opened(sealed, path, tmp_path / "out")
    assert out_of(tmp_path / "out") == MEMBERS
    assert (found.members, found.altered) == (4, 0)


def test_other_programs_can_take_it_apart(tmp_path):
    """What tar takes out is what SHA256SUMS says."""
    with tarfile.open(fileobj=io.BytesIO(written())) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    found = out_of(tmp_path / "out")
    sums = found.pop(SUMS).decode().splitlines()
    assert found == MEMBERS
    assert [line.split("  ", 1)[1] for line in sums] == list(MEMBERS)


@pytest.mark.parametrize("share", range(0, 100, 7))
def test_one_that_is_cut_off_anywhere_is_refused(key, tmp_path, share):
    """Whether it is encrypted or not."""
    path, public = key
    plain = written()
    with pytest.raises(ArchiveUnsound):
        unpack(io.BytesIO(plain[: len(plain) * share // 100]), tmp_path / "plain")
    sealed = encrypted(plain, public)
    with pytest.raises(ArchiveUnsound):
        opened(sealed[: len(sealed) * share // 100], path, tmp_path / "sealed")


def test_one_that_lacks_its_last_byte_is_refused(key, tmp_path):
    """Everything came out of it, and still nobody says that it was all there was."""
    path, public = key
    with pytest.raises(ArchiveUnsound):
        opened(encrypted(written(), public)[:-1], path, tmp_path / "sealed")
    with pytest.raises(ArchiveUnsound):
        unpack(io.BytesIO(written()[:-1]), tmp_path / "plain")


@pytest.mark.parametrize("place", range(0, 300_000, 23_456))
def test_a_single_bit_that_is_another_is_noticed(key, tmp_path, place):
    """Encrypted by the encryption, else by the sums."""
    path, public = key

    def flipped(data):
        return data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]

    # (In the head of a tar member there are bytes that mean nothing: not those that are tried.)
    where = tmp_path / "plain"
    try:
        unpack(io.BytesIO(flipped(written())), where)
    except (ArchiveUnsound, NotAllowed):
        pass
    else:
        assert out_of(where) == MEMBERS
    with pytest.raises((ArchiveUnsound, WrongKey)):
        opened(flipped(encrypted(written(), public)), path, tmp_path / "sealed")


def test_another_key_does_not_open_it(key, tmp_path):
    """It says so, rather than that the archive is damaged."""
    _, public = key
    other = tmp_path / "other"
    other.write_text(new_key()[0])
    other.chmod(0o600)
    with pytest.raises(WrongKey, match="does not open"):
        opened(encrypted(written(), public), other, tmp_path / "out")


def test_a_file_that_holds_no_key_is_named(key, tmp_path):
    """The public key's, or one that is empty."""
    for content in ("", key[1], "# only a comment\n"):
        path = tmp_path / "none"
        path.write_text(content)
        path.chmod(0o600)
        with pytest.raises(NotAllowed, match="does not hold a private key"):
            read_identities(path)


HOSTILE = {
    "a step out": a_member("../../etc/cron.d/x"),
    "a step out within": a_member("data/../../x"),
    "an absolute path": a_member("/etc/cron.d/x"),
    "a folder of its own": a_member("etc/x"),
    "a line in its name": a_member("data/a\nb"),
    "a symbolic link": a_member("data/x", tarfile.SYMTYPE, "/etc"),
    "a hard link": a_member("data/x", tarfile.LNKTYPE, "data/queue.db"),
    "a device": a_member("data/x", tarfile.CHRTYPE),
    "a pipe": a_member("data/x", tarfile.FIFOTYPE),
    "a folder": a_member("data/x", tarfile.DIRTYPE),
    "a name that is a header": a_member("data/" + "x" * 300),
    "the same name twice": a_member("data/queue.db"),
    "a file that is a folder": a_member("data/queue.db/x"),
    "a second beginning": a_member(ABOUT),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_does_not_belong_into_one_is_not_written(tmp_path, what):
    """Anybody can encrypt to a public key: nothing outside of the folder is touched."""
    data = a_tar(
        (a_member(ABOUT), b"{}\n"), (a_member("data/queue.db"), b"q"), (HOSTILE[what], b"evil")
    )
    room = tmp_path / "a" / "b" / "room"
    with pytest.raises(ArchiveUnsound):
        unpack(io.BytesIO(data), room)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == {
        f"a/b/room/{ABOUT}",
        "a/b/room/data/queue.db",
    }


def test_a_name_writes_nothing_on_the_terminal_but_letters(tmp_path):
    """It is told what does not belong there, and no cursor is moved by it."""
    data = a_tar((a_member(ABOUT), b"{}\n"), (a_member("data/\x1b[2J"), b""))
    with pytest.raises(ArchiveUnsound) as caught:
        unpack(io.BytesIO(data), tmp_path / "room")
    assert str(caught.value).startswith("data/\N{REPLACEMENT CHARACTER}[2J ")


def test_a_member_that_says_to_be_huge_takes_no_memory(tmp_path):
    """Nor does a head that would be read whole: it is refused by its kind."""
    huge = a_member("data/queue.db")
    huge.size = 1 << 40
    for kind in (tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        huge.type = kind
        data = a_tar((a_member(ABOUT), b"{}\n"))[:1024] + huge.tobuf(tarfile.GNU_FORMAT)
        tracemalloc.start()
        with pytest.raises(ArchiveUnsound):
            unpack(io.BytesIO(data + b"x" * 5000), tmp_path / kind.hex())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 5 << 20


def test_large_files_pass_in_flat_memory(key, tmp_path):
    """In, encrypted, decrypted and out again: none of it is ever held whole."""
    path, public = key
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    with (tmp_path / "archive").open("wb") as out, encrypting(out, [public]) as inside:
        writer = ArchiveWriter(inside, at=0)
        writer.add(ABOUT, b"{}")
        writer.add_file("data/queue.db", large)
        writer.finish()
    with (
        (tmp_path / "archive").open("rb") as source,
        decrypting(source, read_identities(path)) as stream,
    ):
        unpack(stream, tmp_path / "out")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 << 20
    assert (tmp_path / "out/data/queue.db").stat().st_size == 64 << 20


def test_a_full_disk_is_named_as_one(key, tmp_path):
    """While it is written, and while it is unpacked; nothing of the archive is left behind."""
    path, public = key
    members = {ABOUT: b"{}\n", "data/queue.db": os.urandom(12 << 20)}
    with disk_image(tmp_path / "small", size="8M") as small:
        target = small / "archive"
        with (
            pytest.raises(DiskTrouble),
            durable.writing(target) as file,
            encrypting(file, [public]) as inside,
        ):
            inside.write(written(members))
        assert [each.name for each in small.iterdir()] == ["lost+found"]
        with pytest.raises(DiskTrouble):
            opened(encrypted(written(members), public), path, small / "out")


def test_a_package_that_is_not_what_its_name_says_is_told(tmp_path):
    """It was damaged in the spool before; everything else in the archive is worth having."""
    name = "data/spool/packages/ab/" + "c" * 62
    found = unpack(io.BytesIO(written({ABOUT: b"{}", name: b"x"})), tmp_path / "out")
    assert found.altered == 1
