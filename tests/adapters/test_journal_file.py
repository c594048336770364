"""The journal in a file, verified by the tool that is given along with it and by nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import zipfile

import pytest
from builders import T0
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journals import (
    DAY,
    A,
    B,
    anchor,
    checked,
    excerpt,
    exported,
    fault,
    happen,
    some_days,
)

from edge_node.adapters.database import QueueFile
from edge_node.notary.stamps import ask, read
from edge_node.tools import verify_journal


@pytest.fixture
def file(tmp_path):
    file = QueueFile(tmp_path / "queue.db")
    yield file
    file.close()


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """Give the lines of an export of nine events and three heads."""
    file = QueueFile(tmp_path_factory.mktemp("export") / "queue.db")
    some_days(file, 3)
    content = exported(file)
    file.close()
    return content.splitlines(keepends=True)


def tool(*arguments):
    """Run the tool as anybody does, without this program and its environment."""
    command = [sys.executable, "-I", "-S", verify_journal.__file__, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_an_export_holds(file):
    """Each event is told, with its heads behind the events they stand at."""
    some_days(file, 3)
    found = checked(exported(file))
    assert (found.count, found.told, found.heads, found.covered) == (9, 9, 3, 9)


def test_an_export_may_begin_and_end_anywhere(file):
    """The chain before its first event stands in its first line."""
    some_days(file, 3)
    found = checked(exported(file, after=4, last=8))
    assert (found.count, found.id, found.heads) == (4, 8, 1)
    assert checked(exported(file, after=9)).count == 0


def test_an_empty_journal_is_a_file_that_holds(file):
    """Of a node that is new."""
    assert checked(exported(file)).count == 0


def written(values):
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@given(data=st.data())
def test_altering_deleting_inserting_or_reordering_any_line_is_found(lines, data):
    """Be it an event, a head, the first line or the last."""
    broken = list(lines)
    place = data.draw(st.integers(0, len(lines) - 1))
    act = data.draw(st.sampled_from(["alter", "value", "delete", "insert", "exchange", "cut"]))
    if act == "alter":
        at = data.draw(st.integers(0, len(lines[place]) - 1))
        change = data.draw(st.integers(1, 255))
        octets = bytearray(lines[place])
        octets[at] ^= change
        broken[place] = bytes(octets)
    elif act == "value":
        values = json.loads(lines[place])
        key = data.draw(st.sampled_from(sorted(values)))
        others = st.one_of(st.none(), st.integers(), st.text(), st.booleans())
        values[key] = data.draw(others.filter(lambda value: value != values[key]))
        broken[place] = written(values)
    elif act == "delete":
        del broken[place]
    elif act == "insert":
        broken.insert(place + data.draw(st.integers(0, 1)), data.draw(st.sampled_from(lines)))
    elif act == "cut":
        broken = broken[:place]
    else:
        other = data.draw(st.integers(0, len(lines) - 1).filter(lambda number: number != place))
        broken[place], broken[other] = broken[other], broken[place]
    assert fault(b"".join(broken)) is not None


@given(cut=st.integers(min_value=1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_export_cut_off_anywhere_is_found(lines, cut):
    """In the middle of a line as between two."""
    whole = b"".join(lines)
    assert fault(whole[: -(cut % len(whole)) or None if cut % len(whole) else -1]) is not None


def test_the_line_and_the_event_are_named(lines):
    """So that a person finds it in the file."""
    broken = [line.replace("đã nhận".encode(), b"x") if at == 5 else line
              for at, line in enumerate(lines)]  # fmt: skip
    assert fault(b"".join(broken)) == (
        6,
        "event 4 was altered, or does not follow the one before it",
    )


# ── excerpts ─────────────────────────────────────────────────────────────────────────────────


def test_an_excerpt_tells_its_item_and_proves_where_it_stood(file):
    """Of events between it has their hashes only."""
    some_days(file, 2)
    content = excerpt(file, A)
    found = checked(content)
    assert (found.told, found.count, found.heads) == (2, 6, 2)
    assert B.encode() not in content


def test_a_document_of_long_ago_needs_not_all_that_happened_since(file):
    """From head to head, a stretch for each day on which something happened to it."""
    happen(file, A)
    anchor(file)
    for day in range(1, 40):
        happen(file, *[B] * 20, now=T0 + day * DAY)
        anchor(file, now=T0 + day * DAY)
    happen(file, B, A, now=T0 + 40 * DAY)
    anchor(file, now=T0 + 40 * DAY)
    found = checked(excerpt(file, A))
    assert (found.told, found.count, found.covered) == (2, 3, 3)


def test_what_no_head_covers_yet_is_said(file):
    """Events of today are vouched for tomorrow."""
    some_days(file, 1)
    happen(file, A, now=T0 + DAY)
    found = checked(excerpt(file, A))
    assert (found.count, found.covered) == (4, 3)


def test_an_excerpt_cannot_leave_out_the_head_it_goes_on_from(file):
    """Else somebody could begin a chain of their own."""
    happen(file, A)
    anchor(file)
    happen(file, B, now=T0 + DAY)
    anchor(file, now=T0 + DAY)
    happen(file, A, now=T0 + 2 * DAY)
    lines = excerpt(file, A).splitlines(keepends=True)
    jump = next(at for at, line in enumerate(lines) if line.startswith(b'{"after"'))
    assert lines[jump + 1].startswith(b'{"head"')
    del lines[jump + 1]
    line, words = fault(b"".join(lines))
    assert (line, words) == (jump + 2, "no head vouches for where it goes on, behind event 2")


# ── the tool ─────────────────────────────────────────────────────────────────────────────────


def test_the_tool_runs_alone_and_says_it_in_both_languages(file, tmp_path):
    """Standard library only, isolated; exit 0."""
    some_days(file, 1)
    path = tmp_path / "journal.jsonl"
    path.write_bytes(exported(file))
    answer = tool(path)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "ĐÚNG: H99.01" in answer.stdout
    assert "GOOD: H99.01" in answer.stdout
    assert "NOT VERIFIED" in answer.stdout


def test_the_tool_names_the_line_in_both_languages_and_exits_1(file, tmp_path):
    """Whatever is wrong."""
    some_days(file, 1)
    path = tmp_path / "journal.jsonl"
    path.write_bytes(exported(file).replace(b'"queued"', b'"sent"', 1))
    answer = tool(path)
    assert answer.returncode == 1
    assert answer.stdout.splitlines() == [
        "SAI: dòng 2: sự kiện 1 đã bị sửa, hoặc không nối tiếp sự kiện ngay trước nó.",
        "WRONG: line 2: event 1 was altered, or does not follow the one before it.",
    ]


def test_what_is_no_file_is_no_fault_of_the_journal(tmp_path):
    """Exit 2: nothing was verified."""
    assert tool(tmp_path / "nowhere").returncode == 2


def test_a_head_kept_elsewhere_is_compared(file, tmp_path):
    """As syslog has it: who rewrote the chain, heads and all, is found by it."""
    some_days(file, 1)
    head = anchor(file, now=T0 + DAY) or next(iter(file.rows("select * from heads")))
    path = tmp_path / "journal.jsonl"
    path.write_bytes(exported(file))
    chain = head["chain"].hex()
    assert tool(path, "--head", f"3:{chain}").returncode == 0
    assert tool(path, "--head", f"3:{'0' * 64}").returncode == 1
    assert tool(path, "--head", f"2:{chain}").returncode == 1
    assert tool(path, "--head", f"9:{chain}").returncode == 1


@pytest.mark.parametrize("hashed", ["sha256", "sha384", "sha512"])
def test_a_real_time_stamp_is_read_and_compared_and_openssl_verifies_it(
    file, tmp_path, pki, hashed
):
    """The tool compares what was stamped; who signed that is openssl's to say."""
    happen(file, A)
    chain = file.row("select chain from events")["chain"]
    request = ask(hashlib.new(hashed, chain).digest(), hashed)
    token = read(pki.stamp(request.der), request).token
    anchor(file, token=token)
    path = tmp_path / "journal.jsonl"
    path.write_bytes(exported(file))
    answer = tool(path, "--extract", tmp_path / "heads")
    assert "with a time-stamp: 1" in answer.stdout
    assert (tmp_path / "heads" / "head-1.tst").read_bytes() == token
    assert (tmp_path / "heads" / "head-1.bin").read_bytes() == chain

    other = base64.b64encode(token.replace(hashlib.new(hashed, chain).digest(), b"x" * 32))
    broken = path.read_bytes().replace(base64.b64encode(token), other)
    assert fault(broken) is not None


# ── a forger who knows the form and writes the end anew ──────────────────────────────────────


def resealed(lines):
    """Return a file whose last line fits what is above it, whoever changed that."""
    above = b"".join(lines[:-1])
    end = json.loads(lines[-1]) | {"sha256": hashlib.sha256(above).hexdigest()}
    return above + written(end)


def changed(line, **values):
    return written(json.loads(line) | values)


def test_a_first_line_that_was_altered_is_found_by_the_hash_of_the_file(lines):
    """Whose journal it is stands outside of the chain."""
    found = fault(b"".join([changed(lines[0], agency="H99.02"), *lines[1:]]))
    assert found[0] == len(lines)
    assert "the hash of the file is another" in found[1]


def test_nothing_stands_behind_the_last_line(lines):
    """Not even a head that is a true one."""
    assert fault(b"".join([*lines, lines[-2]])) == (
        len(lines) + 1,
        "there is a line behind the last one",
    )


def test_leaves_of_an_excerpt_keep_their_numbers(file):
    """A leaf does not hold its id where others can see it: that follows from its place."""
    some_days(file, 1, each=(A, B, B, A))
    lines = excerpt(file, A).splitlines(keepends=True)
    lines[2], lines[3] = changed(lines[2], id=3), changed(lines[3], id=2)
    line, words = fault(resealed(lines))
    assert (line, words.partition(":")[0]) == (3, "event 2 is due and here is 3")


def test_a_time_stamp_of_something_else_is_found_by_what_it_stamps(file, pki):
    """A true one, of another digest, in the place of the head's own."""
    happen(file, A)
    request = ask(hashlib.sha256(b"something else").digest())
    anchor(file, token=read(pki.stamp(request.der), request).token)
    lines = exported(file).splitlines(keepends=True)
    assert fault(resealed(lines)) == (3, "the time-stamp is not of the head at event 1")


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_that_was_altered_anywhere_is_found(lines, tmp_path, how):
    """Its checksum, its compression or its end is wrong: exit status 1 or 2, never a traceback."""
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w", how) as archive:
        archive.writestr(verify_journal.IN_ZIP, b"".join(lines))
        length = archive.infolist()[0].compress_size
    assert verify_journal.main([str(whole)]) == 0
    content, altered = whole.read_bytes(), tmp_path / "altered.zip"
    begin = content.index(verify_journal.IN_ZIP.encode()) + len(verify_journal.IN_ZIP)
    for at in range(begin, begin + length, 7):
        altered.write_bytes(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
        assert verify_journal.main([str(altered)]) in {1, 2}, at
