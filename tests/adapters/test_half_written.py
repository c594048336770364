"""A file somebody may still be writing to: since when it is there, and whether it grows."""

from __future__ import annotations

import os
import subprocess

from writers import writing_to

from edge_node.adapters.half_written import born, growth_of


def test_a_file_that_lies_still_does_not_grow(tmp_path):
    """Its size, and when it was last written to: as it says itself."""
    file = tmp_path / "12.pdf"
    file.write_bytes(b"%PDF")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    growth = growth_of(file)
    assert (growth.before, growth.after, growth.grows) == (4, 4, False)
    assert growth.written.timestamp() == 1_000_000_000


def test_a_file_that_is_written_to_grows(tmp_path):
    """By what another process adds while it is looked at."""
    file = tmp_path / "12.pdf"
    file.touch()
    with writing_to(file):
        growth = growth_of(file)
    assert growth.grows
    assert growth.before < growth.after


def test_what_is_gone_is_nothing(tmp_path):
    """Neither a size nor a beginning."""
    assert growth_of(tmp_path / "12.pdf") is None
    assert born(tmp_path / "12.pdf") is None


def test_a_file_came_into_being_when_it_did_whatever_its_times_say(tmp_path):
    """As `stat` tells it, too, which says 0 where the file system does not keep that."""
    file = tmp_path / "12.pdf"
    file.write_bytes(b"%PDF")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    told = subprocess.run(["stat", "-c", "%W", file], capture_output=True, text=True, check=True)
    at = born(file)
    assert (int(at.timestamp()) if at else 0) == int(told.stdout)
