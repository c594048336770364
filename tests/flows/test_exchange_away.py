"""The share is not mounted when the node starts: what needs no folder goes on."""

import pytest
from flows_world import LETTER, a_sheet, names

from edge_node.adapters.exchange import ForeignFolder
from edge_node.domain.errors import FolderMissing


def drop(desk, to):
    desk.drop("12", {"cv.pdf": LETTER.read_bytes()}, **a_sheet("cv.pdf", to=to))


@pytest.fixture
def away(world):
    """Start a desk without its exchange folder, a document queued and one to come."""
    desk, other = world.desk(), world.desk()
    drop(other, desk.code)
    other.turn()
    drop(desk, other.code)
    desk.turn("intake")
    desk.exchange.rename(desk.exchange.with_name("away"))
    desk.restart()
    return desk


def test_what_is_queued_is_sent_and_what_waits_is_fetched(world, away):
    """The folder of the document software has no part in either."""
    away.turn("push")
    away.turn("pull", "acknowledge")
    assert len(world.sends(away.code)) == 1
    assert len(away.ledger.inbound(limit=9)) == 1
    for flow in ("intake", "deliver"):
        with pytest.raises(FolderMissing):
            away.turn(flow)


def test_the_rest_goes_on_once_the_share_is_there(away):
    """Nobody has to start the node again."""
    away.turn("push")
    away.turn("pull", "acknowledge")
    away.exchange.with_name("away").rename(away.exchange)
    away.turn()
    assert (len(away.inbox), names(away.exchange / "queued")) == (1, [])


def test_the_folder_of_another_agency_is_none_to_start_with(world):
    """A wrong mount is a mistake a person has to see."""
    desk, other = world.desk(), world.desk()
    desk.exchange.rename(desk.exchange.with_name("away"))
    other.exchange.rename(desk.exchange)
    with pytest.raises(ForeignFolder, match="is the exchange folder of"):
        desk.restart()
    desk.exchange.rename(other.exchange)
