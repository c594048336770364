import os
from datetime import timedelta

import pytest
from dropping import DOCX, EDXML, PDF, QUIET, TIMEOUT, a_sheet, an_outbox, lay, names, why

from edge_node.adapters.settle import Access, access

AT_ONCE = {"quiet": timedelta(0)}


def settled(outbox, now=100.0):
    """Scan twice, the quiet period apart, and return the second scan."""
    outbox.scan(now)
    return outbox.scan(now + QUIET)


def test_the_quiet_period_may_be_nothing(tmp_path):
    """Then the first scan takes what is whole."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    lay(tmp_path / "outbox", {"12.json": a_sheet("a.pdf"), "a.pdf": PDF})

    assert names(outbox.scan(0.0).ready[0].members) == ["12.json", "a.pdf"]


def test_a_file_open_for_writing_is_not_settled_however_long_it_rests(tmp_path):
    """The kernel tells; once the writer lets go the drop is taken."""
    outbox = an_outbox(tmp_path)
    lay(tmp_path / "outbox", {"12.json": a_sheet("a.pdf"), "a.pdf": PDF})

    with (tmp_path / "outbox" / "a.pdf").open("ab"):
        scan = settled(outbox)
        assert scan.ready == ()
        assert why(scan)["12.json"] == "a.pdf is open for writing in another program"
        assert scan.next_look == 102.0 + QUIET
        assert outbox.scan(5000.0).ready == ()

    assert len(outbox.scan(5001.0).ready) == 1


def test_a_reader_keeps_nobody_waiting(tmp_path):
    """A virus scanner that reads the file does not hold it up."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    lay(tmp_path / "outbox", {"12.json": a_sheet("a.pdf"), "a.pdf": PDF})

    with (tmp_path / "outbox" / "a.pdf").open("rb"):
        assert len(outbox.scan(0.0).ready) == 1


def test_a_rewrite_of_the_same_length_begins_the_quiet_period_anew(tmp_path):
    """Not the length alone tells."""
    outbox = an_outbox(tmp_path)
    lay(tmp_path / "outbox", {"a.edxml": EDXML})
    outbox.scan(100.0)
    path = tmp_path / "outbox" / "a.edxml"
    path.write_bytes(EDXML.replace(b"x:", b"y:"))
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))

    assert outbox.scan(100.0 + QUIET).ready == ()
    assert len(outbox.scan(100.0 + 2 * QUIET).ready) == 1


def test_of_what_is_ready_together_the_first_written_comes_first(tmp_path):
    """Whatever the names are; a bundle was written when the last of its files was."""
    outbox = an_outbox(tmp_path)
    bundle = lay(tmp_path / "outbox" / "b", {"document.json": a_sheet("a.pdf"), "a.pdf": PDF})
    lay(tmp_path / "outbox", {"a.edxml": EDXML, "c.edxml": EDXML})
    for written, path in (
        (1, tmp_path / "outbox" / "c.edxml"),
        (0, bundle / "document.json"),
        (2, bundle / "a.pdf"),
        (3, tmp_path / "outbox" / "a.edxml"),
    ):
        os.utime(path, (written, written))

    assert [drop.name for drop in settled(outbox).ready] == ["c", "b", "a"]


def test_an_old_modification_time_takes_nothing_off_the_quiet_period(tmp_path):
    """A moved or copied file keeps its old time; only our clock counts."""
    outbox = an_outbox(tmp_path)
    lay(tmp_path / "outbox", {"a.edxml": EDXML})
    os.utime(tmp_path / "outbox" / "a.edxml", (1, 1))

    assert outbox.scan(100.0).ready == ()
    assert outbox.scan(100.0 + QUIET - 0.1).ready == ()
    assert len(outbox.scan(100.0 + QUIET).ready) == 1


def test_a_file_put_in_anothers_place_is_new_even_with_its_size_and_time(tmp_path):
    """The inode tells."""
    outbox = an_outbox(tmp_path)
    lay(tmp_path / "outbox", {"a.edxml": EDXML, ".new": EDXML})
    for name in ("a.edxml", ".new"):
        os.utime(tmp_path / "outbox" / name, (1, 1))
    outbox.scan(100.0)
    (tmp_path / "outbox" / ".new").rename(tmp_path / "outbox" / "a.edxml")

    assert outbox.scan(100.0 + QUIET).ready == ()


def test_a_slow_copy_is_waited_for_as_long_as_it_grows(tmp_path):
    """Each time it has grown both the quiet period and the settle timeout begin anew."""
    outbox = an_outbox(tmp_path)
    lay(tmp_path / "outbox", {"12.json": a_sheet("a.pdf"), "a.pdf": b"%PDF-1.7\n"})
    now = 0.0
    for _ in range(5):
        now += TIMEOUT - 1
        with (tmp_path / "outbox" / "a.pdf").open("ab") as file:
            file.write(b"more pages\n")
        assert outbox.scan(now).ready == ()
    with (tmp_path / "outbox" / "a.pdf").open("ab") as file:
        file.write(b"%%EOF\n")

    [drop] = settled(outbox, now).ready
    assert drop.fault is None


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.pdf", b"", "empty"),
        ("a.pdf", b"%PDF-1.7\nhalf", "end mark of a PDF is missing"),
        ("a.pdf", b"%PDF-1.7\n%%EOF" + b"\0" * 4096, "end mark of a PDF is missing"),
        ("a.pdf", b"<html>%%EOF", "does not begin like a PDF"),
        ("a.docx", b"PK\x03\x04half", "directory at the end of its ZIP is missing"),
        ("A.XLSX", b"PK\x03\x04half", "directory at the end of its ZIP is missing"),
    ],
)
def test_a_file_that_is_cut_off_is_refused_only_after_the_settle_timeout(
    tmp_path, name, data, said
):
    """Until then it may still be growing somewhere on the way; then the drop has a fault."""
    outbox = an_outbox(tmp_path)
    lay(tmp_path / "outbox", {"12.json": a_sheet(name), name: data})

    scan = settled(outbox)
    assert scan.ready == ()
    assert said in why(scan)["12.json"]
    assert scan.next_look == 100.0 + TIMEOUT

    [drop] = outbox.scan(100.0 + TIMEOUT).ready
    assert said in str(drop.fault)
    assert names(drop.members) == ["12.json", name]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pdf", b"junk before\n%PDF-1.4\n%%EOF\r\n\0\0"),
        ("a.zip", DOCX + b"a comment" * 1000),
        ("a.docx", bytes.fromhex("d0cf11e0a1b11ae1") + b"under a password"),
        ("a.jpg", b"\xff\xd8 anything"),
    ],
)
def test_what_is_whole_by_its_own_marks_is_taken(tmp_path, name, data):
    """Also where the marks are a little off, and where a kind of file has none."""
    outbox = an_outbox(tmp_path, **AT_ONCE)
    lay(tmp_path / "outbox", {"12.json": a_sheet(name), name: data})

    assert outbox.scan(0.0).ready[0].fault is None


def test_a_package_that_is_cut_off_waits_too(tmp_path):
    """Its closing tag is missing."""
    outbox = an_outbox(tmp_path)
    lay(tmp_path / "outbox", {"a.edxml": EDXML[:-5]})

    assert "closing tag" in why(settled(outbox))["a.edxml"]
    assert "closing tag" in str(outbox.scan(100.0 + TIMEOUT).ready[0].fault)


def test_a_named_file_may_come_after_its_sheet(tmp_path):
    """The sheet waits for it; when it never comes the drop is refused and the file is named."""
    outbox = an_outbox(tmp_path)
    bundle = lay(tmp_path / "outbox" / "12", {"document.json": a_sheet("a.pdf", "b.pdf")})
    lay(bundle, {"a.pdf": PDF})
    assert "b.pdf, named in document.json, is missing" in why(settled(outbox))["12"]

    [drop] = outbox.scan(100.0 + TIMEOUT).ready
    assert str(drop.fault) == "b.pdf, named in document.json, is missing"

    lay(bundle, {"b.pdf": PDF})
    [drop] = settled(outbox, 1000.0).ready
    assert drop.fault is None


def test_what_vanished_is_forgotten(tmp_path):
    """The same name later begins its quiet period anew."""
    outbox = an_outbox(tmp_path)
    path = tmp_path / "outbox" / "a.edxml"
    path.write_bytes(EDXML)
    os.utime(path, (1, 1))
    outbox.scan(100.0)
    kept = path.rename(tmp_path / "aside")
    outbox.scan(101.0)
    kept.rename(path)

    assert outbox.scan(100.0 + QUIET).ready == ()


def test_asking_after_writers_never_blocks_and_follows_nothing(tmp_path):
    """What was a file a moment ago may be a FIFO or a link by now."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to("file")

    asked = {name: access(f"{tmp_path}/{name}", leases=True) for name in ("pipe", "link", "file")}

    assert asked == {"pipe": Access.GONE, "link": Access.GONE, "file": Access.FREE}
    assert access(f"{tmp_path}/none", leases=True) is Access.GONE


def test_writers_are_not_asked_after_where_the_answer_means_something_else(tmp_path):
    """On NFS and CIFS a refused lease only tells that the server has not lent us the file."""
    with (tmp_path / "file").open("wb"):
        assert access(f"{tmp_path}/file", leases=True) is Access.WRITTEN
        assert access(f"{tmp_path}/file", leases=False) is Access.FREE


@pytest.mark.parametrize("seconds", [-(10**9), 1.5 * 10**10])
def test_a_file_may_say_of_itself_that_it_is_of_any_year(tmp_path, seconds):
    """Before 1970, or after 2400: it settles by our clock and is taken."""
    outbox = an_outbox(tmp_path)
    folder = lay(tmp_path / "outbox", {"12.edxml": EDXML})
    os.utime(folder / "12.edxml", (seconds, seconds))
    outbox.scan(0.0)

    [drop] = outbox.scan(QUIET).ready
    assert (drop.size, outbox.claim(drop, "o1").name) == (len(EDXML), "12")
