from datetime import UTC, datetime, timedelta

import pytest

from edge_node.adapters.exchange import Exchange
from edge_node.adapters.receipts import Receipts
from edge_node.domain.document import AgencyCode
from edge_node.domain.errors import EdgeNodeError

AT = datetime(2026, 11, 21, 7, 3, 5, 123_456, tzinfo=UTC)


@pytest.fixture
def receipts(tmp_path):
    exchange = Exchange(tmp_path / "exchange")
    exchange.create(AgencyCode("H37.02"))
    return Receipts(exchange)


def written(receipts, what, data, *, number=7, at=AT):
    name = receipts.name(what, number=number, at=at)
    receipts.write({name: data})
    return receipts.exchange.receipts / name


def test_a_receipt_says_in_its_name_when_and_what(receipts):
    """In Vietnam's time, to the millisecond; the software's group may delete it."""
    path = written(receipts, "accepted", b'{"schema": 1}')

    assert path.parent == receipts.exchange.receipts
    assert path.name.startswith("20261121-140305-123_0000007_accepted")
    assert path.suffix == ".json"
    assert path.read_bytes() == b'{"schema": 1}'
    assert path.stat().st_mode & 0o777 == 0o660


def test_a_receipt_written_again_replaces_itself(receipts):
    """Cut off before it was entered as told, the same event makes the same file once more."""
    first = written(receipts, "accepted", b"1")

    assert written(receipts, "accepted", b"1") == first
    assert list(receipts.exchange.receipts.iterdir()) == [first]


def test_two_events_of_one_moment_are_two_receipts(receipts):
    """Three receivers answer within a millisecond: nothing is overwritten."""
    paths = {written(receipts, "status-03", b"x", number=n) for n in range(3)}

    assert set(receipts.exchange.receipts.iterdir()) == paths
    assert len(paths) == 3


def test_receipts_sort_as_things_happened(receipts):
    """Read in the order of their names, queued comes before accepted, in one millisecond too."""
    queued = written(receipts, "queued", b"", number=1)
    accepted = written(receipts, "accepted", b"", number=2)
    later = written(receipts, "accepted", b"", number=1, at=AT + timedelta(milliseconds=2))

    assert sorted(receipts.exchange.receipts.iterdir()) == [queued, accepted, later]


@pytest.mark.parametrize("what", ["status-../../x", "status-0\\3", "status-" + "9" * 300, ""])
def test_a_status_no_list_knows_cannot_lead_elsewhere(receipts, what):
    """Codes come from strangers; a name stays one short name in the folder."""
    path = written(receipts, what, b"")

    assert list(receipts.exchange.receipts.iterdir()) == [path]
    assert len(path.name) < 90


def test_a_receipt_is_not_written_where_the_share_is_gone(receipts):
    """The outage is told, so that the event stays to be told."""
    receipts.exchange.root.rename(receipts.exchange.root.with_name("unmounted"))

    with pytest.raises(EdgeNodeError):
        written(receipts, "accepted", b"")

    assert not receipts.exchange.root.exists()
