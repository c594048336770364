import hashlib
import os
import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest
from confined import Interrupted, interrupted_after, small_disk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_node.adapters import durable
from edge_node.adapters.spool import Spool, _Measured
from edge_node.domain.envelope import Digest, Stored
from edge_node.domain.errors import DiskTrouble

LATER = datetime.fromtimestamp(2, UTC)  # than the oldest files


@pytest.fixture
def spool(tmp_path):
    spool = Spool(tmp_path / "spool")
    spool.create()
    return spool


def stored(spool, data):
    """Store these bytes."""
    with spool.store() as writer:
        writer.write(data)
    return writer.stored


def files_of(spool):
    """Return all files below the spool, relative to it."""
    files = (path for path in spool.root.rglob("*") if path.is_file())
    return [os.fspath(path.relative_to(spool.root)) for path in files]


def test_a_package_lies_under_its_digest(spool):
    """Spread over folders by the first two digits, readable to nobody else."""
    what = stored(spool, b"abc")

    digest = hashlib.sha256(b"abc").hexdigest()
    assert what == Stored(digest=Digest(digest), size=3)
    assert files_of(spool) == [f"packages/{digest[:2]}/{digest[2:]}"]
    assert spool.path(what.digest).stat().st_mode & 0o777 == 0o600
    assert spool.root.stat().st_mode & 0o777 == 0o700
    with spool.open(what.digest) as file:
        assert file.read() == b"abc"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=st.lists(st.binary(max_size=400_000), max_size=5))
def test_digest_and_size_are_those_of_the_bytes_however_they_come(spool, chunks):
    """What is measured on the way is what lies on the disk."""
    with spool.store() as writer:
        for chunk in chunks:
            writer.write(chunk)

    whole = b"".join(chunks)
    expected = Stored(digest=Digest(hashlib.sha256(whole).hexdigest()), size=len(whole))
    assert writer.stored == expected
    with spool.open(writer.stored.digest) as file:
        assert file.read() == whole


def test_the_same_bytes_are_kept_once(spool):
    """The second copy is not written over the first."""
    first = stored(spool, b"abc")
    inode = spool.path(first.digest).stat().st_ino

    assert stored(spool, b"abc") == first
    assert spool.path(first.digest).stat().st_ino == inode
    assert len(files_of(spool)) == 1


def test_a_package_that_lost_its_end_is_written_again(spool):
    """What a failing disk cut off is mended by the next copy."""
    what = stored(spool, b"abc")
    spool.path(what.digest).write_bytes(b"")

    stored(spool, b"abc")

    assert spool.path(what.digest).read_bytes() == b"abc"


def test_a_block_that_fails_leaves_nothing(spool):
    """Neither a package nor a temporary file."""
    with pytest.raises(Interrupted), spool.store() as writer:
        interrupted_after(writer.write(b"x" * 1_000_000))

    assert files_of(spool) == []


def test_a_writer_that_was_given_up_writes_nowhere_later(spool, tmp_path):
    """What it still held must not end up in the file that gets its number from the system."""
    with pytest.raises(Interrupted), spool.store() as writer:
        interrupted_after(writer.write(b"held back"))

    with (tmp_path / "innocent").open("xb") as innocent:
        assert isinstance(innocent.fileno(), int)
        del writer
    assert (tmp_path / "innocent").read_bytes() == b""


def test_only_what_the_disk_took_is_measured():
    """A write may take less than it was given; the rest comes again."""
    end, start = os.pipe()
    os.set_blocking(start, False)
    measured = _Measured(start)

    taken = measured.write(b"x" * 1_000_000)

    assert 0 < taken < 1_000_000
    assert measured.size == taken
    assert measured.digest.digest() == hashlib.sha256(b"x" * taken).digest()
    os.close(start)
    os.close(end)


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    """Whether the bytes fail on the way or with the last buffer."""
    with small_disk(tmp_path / "disk") as disk:
        spool = Spool(disk / "spool")
        spool.create()
        for size in (70_000, 5_000_000):
            with pytest.raises(DiskTrouble, match="no room left"):
                stored(spool, b"x" * size)
            assert files_of(spool) == []
        assert stored(spool, b"small").size == 5


def test_a_writer_only_goes_forward(spool):
    """What is hashed cannot be taken back; a ZIP can be written all the same."""
    with spool.store() as writer:
        with zipfile.ZipFile(writer, "w") as archive:
            archive.writestr("a", b"abc")
        with pytest.raises(OSError, match="not seekable"):
            writer.seek(0)

    with spool.open(writer.stored.digest) as file:
        assert zipfile.ZipFile(BytesIO(file.read())).read("a") == b"abc"


def test_a_package_nobody_has_is_named(spool):
    """The error says which, and what to do."""
    with pytest.raises(durable.FileGone, match="the spool has no package abcd") as caught:
        spool.open(Digest("abcd"))

    assert "backup" in str(caught.value.hint)


def test_packages_nobody_names_are_swept(spool):
    """Stored, and cut off before a row named them; what a row names stays, and what is new."""
    kept, left, young = (stored(spool, content) for content in (b"abc", b"def", b"ghi"))
    for package in (kept, left):
        os.utime(spool.path(package.digest), (1, 1))

    assert spool.sweep_packages({kept.digest}.__contains__, before=LATER) == 1
    there = [spool.path(package.digest).exists() for package in (kept, left, young)]
    assert there == [True, False, True]


def test_a_package_stored_once_more_is_young_again(spool):
    """Its old bytes are about to be named: a sweep in that moment spares them."""
    package = stored(spool, b"abc")
    os.utime(spool.path(package.digest), (1, 1))
    stored(spool, b"abc")

    assert spool.sweep_packages(lambda _: False, before=LATER) == 0


def test_a_sweep_spares_what_is_being_written(spool):
    """Only what dead processes left goes."""
    (spool.root / "tmp" / ".package.0123abcd.part").write_bytes(b"half")

    with spool.store() as writer:
        writer.write(b"abc")
        assert spool.sweep() == 1

    assert writer.stored.size == 3
    assert spool.path(writer.stored.digest).read_bytes() == b"abc"
