"""The exchange folder is ours or nothing happens in it: an unmounted share is not an empty one."""

from __future__ import annotations

import pytest
from flows_world import LETTER, a_sheet, names

from edge_node.domain.errors import FolderMissing

LETTERS = {"cv.pdf": LETTER.read_bytes()}


def unmount(desk):
    """Leave a tree of the same folders where the share was, as under a mount point."""
    (desk.exchange / ".edge-node").rename(desk.exchange / ".edge-node-elsewhere")


def mount(desk):
    (desk.exchange / ".edge-node-elsewhere").rename(desk.exchange / ".edge-node")


def test_nothing_is_taken_out_of_a_folder_that_is_not_ours(world):
    """Drops and statuses under a stale mount point stay; once the share is back they are taken."""
    desk, other = world.desk(), world.desk()
    unmount(desk)
    desk.drop("12", LETTERS, **a_sheet("cv.pdf", to=other.code))
    status = desk.report("s.json", id="i-unknown", status="03")

    for flow in ("intake", "takestatuses"):
        with pytest.raises(FolderMissing, match="identity file"):
            desk.turn(flow)
    assert names(desk.outbox) == ["12"]
    assert status.exists()

    mount(desk)
    desk.turn("intake")
    assert names(desk.outbox) == []


def test_nothing_is_told_in_a_folder_that_is_not_ours(world):
    """Receipts and status.json wait for the real folder, and are not marked as told."""
    desk, other = world.desk(), world.desk()
    desk.drop("12", LETTERS, **a_sheet("cv.pdf", to=other.code))
    desk.turn("intake", "push")
    unmount(desk)

    for flow in ("file", "notify"):
        with pytest.raises(FolderMissing, match="identity file"):
            desk.turn(flow)
    assert desk.receipts() == []

    mount(desk)
    desk.turn("file", "notify")
    assert desk.told() == ["queued", "accepted"]
    assert names(desk.exchange / "queued") == []
