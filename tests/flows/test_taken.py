"""Noticing that the document software took a document out of the inbox."""

import shutil

import pytest
from flows_world import LETTER, a_sheet

from edge_node.domain.errors import FolderMissing

PDF = LETTER.read_bytes()


@pytest.fixture
def desk(world):
    """Set up an agency with two documents in its inbox."""
    sender, desk = world.desk(), world.desk()
    for number in ("1", "2"):
        sender.drop(number, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=desk.code, number=number))
    sender.turn()
    desk.turn()
    return desk


def states(desk):
    """Return how the two stand, by number."""
    return {item.code[0]: item.state for item in sorted(desk.ledger.inbound(limit=9), key=str)}


def look(desk):
    desk.later(minutes=1)
    desk.turn("notetaken")


def folder_of(desk, number):
    return next(path for path in desk.inbox if path.name.endswith(f"_{number}-UBND-VP"))


@pytest.mark.parametrize(
    "take", [shutil.rmtree, lambda path: path.rename(path.parent.parent / "x")]
)
def test_a_folder_that_is_gone_was_taken(desk, take):
    """Moved or deleted: both mean that the software has it; the other is still on offer."""
    take(folder_of(desk, 1))
    look(desk)
    assert states(desk) == {"1": "taken", "2": "delivered"}


def test_a_folder_marked_as_taken_was_taken(desk):
    """Software that may not move folders writes `.taken` into them."""
    (folder_of(desk, 2) / ".taken").touch()
    look(desk)
    assert states(desk) == {"1": "delivered", "2": "taken"}


def test_what_has_been_taken_stays_taken(desk):
    """A folder that is put back is nobody's new document."""
    folder = folder_of(desk, 1)
    away = folder.rename(desk.exchange / "away")
    look(desk)
    away.rename(folder)
    look(desk)
    assert states(desk)["1"] == "taken"


@pytest.mark.parametrize("gone", ["identity", "inbox", "everything"])
def test_a_share_that_is_not_mounted_has_not_taken_everything(desk, gone):
    """An empty place where the exchange folder was is an outage, and its end is noticed."""
    root = desk.exchange
    place = {"identity": root / ".edge-node", "inbox": root / "inbox", "everything": root}[gone]
    away = place.rename(desk.config.folders.data / "away")
    if gone == "everything":
        (root / "inbox").mkdir(parents=True)
    for _ in range(2):
        with pytest.raises(FolderMissing):
            look(desk)
    assert states(desk) == {"1": "delivered", "2": "delivered"}

    if gone == "everything":
        shutil.rmtree(root)
    away.rename(place)
    shutil.rmtree(folder_of(desk, 1))
    look(desk)
    assert states(desk) == {"1": "taken", "2": "delivered"}
