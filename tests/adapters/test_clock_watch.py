"""The clock of the axis, as each answer shows it: an offset is said once, and so is its end."""

import logging
from datetime import timedelta
from email.utils import format_datetime

import pytest
from axis_calls import D1, T0, an_axis
from loopback import http_server

from edge_node.adapters.clock_watch import ClockWatch
from edge_node.domain.errors import AxisDenied

TOLERANCE = timedelta(minutes=5)


@pytest.fixture
def watch():
    return ClockWatch(TOLERANCE)


def heard(watch, **offset):
    """Let an answer come from an axis whose clock shows so much less than ours."""
    watch.heard(format_datetime(T0 - timedelta(**offset)), T0)


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        ({"hours": -2}, "this machine's clock is 2 hours behind the axis's"),
        ({"minutes": 95}, "this machine's clock is 95 minutes ahead of the axis's"),
        ({"days": -400}, "this machine's clock is 400 days behind the axis's"),
        ({"minutes": 4}, None),
        ({"minutes": -4}, None),
    ],
)
def test_an_offset_is_said_in_words_and_a_small_one_is_none(watch, offset, words):
    """How far, and in which direction."""
    heard(watch, **offset)
    assert (watch.complaint and str(watch.complaint)) == words


def test_an_offset_is_said_once_and_so_is_its_end(watch, caplog):
    """However many answers show it; near the limit it neither comes nor goes."""
    caplog.set_level(logging.INFO, "edge_node")
    changes = []
    watch.changed = lambda: changes.append(watch.complaint is not None)
    for minutes in (7, 120, 4, 6, 3, 0, 1, 4, 6):
        heard(watch, minutes=minutes)
    assert changes == [True, False, True]
    said = [record.message for record in caplog.records]
    assert said == ["the clock is off", "the clock is right again", "the clock is off"]


@pytest.mark.parametrize(
    "date", [None, "", "yesterday", "Sat, 99 Nov 2026 12:21:00 GMT", "\x00", "Sat, 21 Nov 99999"]
)
def test_a_date_no_clock_can_show_is_none(watch, date):
    """What a gateway makes up is no reason to doubt our own clock."""
    watch.heard(date, T0)
    assert watch.complaint is None


def test_a_denial_says_clock_when_it_is_the_clock():
    """Requests are signed with the time: whoever looks at the secret would look in vain."""
    denied = b'{"status":"FAIL","ErrorCode":"15","ErrorDesc":""}'
    with http_server() as server:
        for ours, hint in ((T0, "this machine's clock is"), (None, "axis.secret_file")):
            watch = ClockWatch(TOLERANCE)
            clock = {"clock": lambda: T0} if ours else {"clock": now}
            for body, status in ((denied, 200), (b"", 401)):
                server.will_say(body, status)
                with an_axis(server.url, watch=watch, **clock) as axis:
                    with pytest.raises(AxisDenied) as caught:
                        axis.acknowledge(D1, "done")
                    assert hint in str(caught.value.hint)


def now():
    """Return the time the loopback server goes by, too."""
    from datetime import UTC, datetime

    return datetime.now(UTC)
