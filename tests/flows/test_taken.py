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


def test_a_full_inbox_is_looked_through_in_parts(desk):
    """A hundred a turn: the flows of the same thread do not wait for thousands, none is missed."""
    offered = [(item, folder) for item, folder in desk.queue.arriving.offered()]
    flow = desk.flows["notetaken"]
    flow.queue = Full(desk.queue.arriving, offered[:1] * 250 + offered[1:])
    shutil.rmtree(folder_of(desk, 2))
    desk.later(minutes=1)

    assert [flow.turn(desk.now) for _ in range(4)] == [True, True, False, False]
    assert [list(told) for told in flow.queue.told] == [
        [desk.ledger.inbound(state="taken", limit=1)[0].id]
    ]
    assert states(desk) == {"1": "delivered", "2": "taken"}


def test_a_share_that_goes_away_between_two_parts_has_not_taken_the_rest(desk):
    """The look goes on where it was when the share is back."""
    (first, second) = desk.queue.arriving.offered()
    flow = desk.flows["notetaken"]
    flow.queue = Full(desk.queue.arriving, [first] * 100 + [second])
    desk.later(minutes=1)
    assert flow.turn(desk.now)

    identity = desk.exchange / ".edge-node"
    away = identity.rename(identity.with_name("away"))
    shutil.rmtree(folder_of(desk, 1))
    shutil.rmtree(folder_of(desk, 2))
    with pytest.raises(FolderMissing):
        flow.turn(desk.now)
    assert states(desk) == {"1": "delivered", "2": "delivered"}
    away.rename(identity)
    flow.turn(desk.now)
    assert "taken" in states(desk).values()


class Full:
    """A queue that offers as many documents as it is told to."""

    def __init__(self, queue, offered):
        """Be that queue, but for what it offers."""
        self._queue, self._offered, self.told = queue, offered, []

    def offered(self):
        """Return those."""
        return list(self._offered)

    def taken(self, items, *, now):
        """Enter it, and note how much at once."""
        self.told.append(items)
        self._queue.taken(items, now=now)
