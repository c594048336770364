"""
One attachment far larger than memory should ever hold, from outbox to inbox over real processes.

`bench.py --large` does the same with a whole gigabyte.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import ExitStack

import pytest
from bench.letters import letter
from bench.nodes import a_node, an_axis
from bench.procfs import memory

pytestmark = pytest.mark.slow

US, THEM = "H99.01", "H99.02"
MB = 1 << 20
SIZE = 120 * MB  # a node at rest holds half of that
PATIENCE = 120.0
SETTINGS = """
intake: {quiet: 0s, scan_every: 1s}
pull: {every: 500ms}
limits: {attachment: 1GB, package: 2GB, unpacked: 2GB}
"""


def eventually(look, nodes):
    """Look until there is something to see, and return it; else show what the nodes last said."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.05)
    said = [node.log.read_text()[-2000:] for node in nodes]
    pytest.fail("\n".join([f"nothing came of it within {PATIENCE:.0f} seconds", *said]))


@pytest.mark.parametrize("fetch", ["downloadEdoc", "getEdoc"])
def test_a_huge_attachment_arrives_whole_and_is_never_held_in_memory(tmp_path, fetch):
    """120 MB go from drop to inbox byte for byte, and no node ever holds that much."""
    with ExitStack() as running:
        axis = running.enter_context(an_axis(tmp_path / "axis", (US, THEM), max_package=2048 * MB))
        nodes = ours, theirs = [
            running.enter_context(
                a_node(tmp_path / code, axis, code, settings=SETTINGS, fetch=fetch)
            )
            for code in (US, THEM)
        ]
        drop = letter(tmp_path / "desk", 1, to=THEM, series="LON", size=SIZE, seed=1)

        drop.folder.rename(ours.exchange / "outbox" / drop.folder.name)

        inbox = theirs.exchange / "inbox"
        (arrived,) = eventually(lambda: list(inbox.glob("[!.]*/*.pdf")), nodes)
        with arrived.open("rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == drop.sha256
        receipts = ours.exchange / "receipts"
        eventually(lambda: list(receipts.glob("*_status-01.json")), nodes)
        peaks = {node.code: memory(node.pid).peak for node in nodes}
        assert all(peak < SIZE for peak in peaks.values()), peaks
