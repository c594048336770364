"""What a node takes up is counted by kind, and never for long."""

from __future__ import annotations

import pytest
from doctor_world import Paper

from edge_node.adapters.disk_use import Used, used
from edge_node.checks.finding import DISK_USE, Health


def test_files_are_counted_by_kind_and_links_are_not_followed(tmp_path):
    """Folders with all there is in them, and single files; what is not there is nothing."""
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "x").write_bytes(b"12345")
    (tmp_path / "a" / "y").write_bytes(b"678")
    (tmp_path / "a" / "link").symlink_to(tmp_path)
    (tmp_path / "one").write_bytes(b"9")
    found = used({"folder": (tmp_path / "a",), "file": (tmp_path / "one", tmp_path / "none")})
    assert found == {
        "folder": Used(files=2, size=8, whole=True),
        "file": Used(files=1, size=1, whole=True),
    }


@pytest.mark.parametrize("bound", [{"most": 3}, {"within": 0.0}])
def test_what_is_too_much_to_count_is_said_to_be_at_least_that(tmp_path, bound):
    """By the number of files, and by the time it takes."""
    for number in range(9):
        (tmp_path / str(number)).write_bytes(b"1")
    found = used({"folder": (tmp_path,)}, **bound)["folder"]
    assert not found.whole
    assert 0 < found.files < 9


def test_the_doctor_tells_it_in_one_line_and_by_kind(tmp_path):
    """For people in MB, for machines in bytes and files."""
    node = Paper(tmp_path)
    package = node.data / "spool/packages/ab/cdef"
    package.parent.mkdir(parents=True)
    package.write_bytes(b"\0" * 3_000_000)
    (node.exchange / "receipts" / "a.json").write_text("{}")
    finding = node.finds("use")[DISK_USE]
    assert finding.health is Health.GOOD
    assert "packages 2.9" in str(finding.why)
    assert finding.measured["packages_bytes"] == 3_000_000
    assert finding.measured["packages_files"] == 1
    assert finding.measured["receipts_files"] == 1
    assert finding.measured["queue_bytes"] > 0
    assert finding.measured["sent_bytes"] == 0
    assert finding.measured["not_counted_whole"] == ""
