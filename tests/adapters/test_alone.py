"""A child of the node, and what it starts in its turn, are let go together."""

from __future__ import annotations

import os
import select
import threading
from contextlib import closing, suppress
from datetime import timedelta

from edge_node.adapters.alone import Alone

LONG = timedelta(minutes=5)
# It says whom it has started, and waits for that.
STARTS = 'sleep 1000 & echo $! > "$1"; wait'


def has_ended(process, *, within=30):
    """Tell whether a process that is not our child is gone in time; the kernel says when."""
    with suppress(ProcessLookupError), closing(os.fdopen(os.pidfd_open(process))) as handle:
        return bool(select.select([handle], [], [], within)[0])
    return True


def test_a_program_a_child_has_started_ends_with_it(tmp_path):
    """Where the node stops, what carries an archive elsewhere does not go on unseen."""
    os.mkfifo(tmp_path / "said")
    child, endings = Alone(["sh", "-c", STARTS, "sh"]), []
    work = threading.Thread(
        target=lambda: endings.append(child.work(str(tmp_path / "said"), within=LONG))
    )
    work.start()
    started = int((tmp_path / "said").read_text())
    child.end()
    work.join()
    assert endings[0].stopped
    assert has_ended(started)
