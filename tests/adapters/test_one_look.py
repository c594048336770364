"""One look at a folder by somebody who was not there before, and who has a file open."""

from __future__ import annotations

import os
import time

from dropping import PDF, a_sheet, an_outbox, lay, names

from edge_node.adapters.one_look import by_its_own_word, writers_of
from edge_node.adapters.outbox import Outbox


def test_what_has_not_changed_for_long_is_ready_at_the_first_look(tmp_path):
    """Its ctime says since when; whoever watches would have to wait for the quiet period."""
    watcher = an_outbox(tmp_path)
    lay(watcher._folder / "12", {"document.json": a_sheet("a.pdf"), "a.pdf": PDF})
    os.utime(watcher._folder / "12" / "a.pdf", (1, 1))  # a time anybody can set
    now = time.time()
    assert watcher.scan(now).ready == ()

    def look(after):
        sightings = by_its_own_word(watcher._folder, now + after)
        box = Outbox(watcher._folder, tmp_path / "claims", watcher._settings, sightings=sightings)
        return box.scan(now + after)

    assert look(0.0).ready == ()
    assert names(drop.anchor for drop in look(3.0).ready) == ["12"]


def test_who_has_a_file_open_for_writing_is_named(tmp_path):
    """Not who only reads it; and nobody where it is not there."""
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    with path.open("rb"):
        assert writers_of(path) == []
    with path.open("r+b"):
        (writer,) = writers_of(path)
        assert writer.process == os.getpid()
        assert writer.program
        assert writer.user
    assert writers_of(tmp_path / "gone") == []
