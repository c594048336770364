"""Nothing the axis has had for us is missed, whether or not it still offers it."""

import logging
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import HOUR, T0, a_listed
from flows_world import LETTER, a_sheet
from packages import a_document, written

from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import AxisBusy
from edge_node.domain.recovery import ASIDE_BEFORE
from edge_node.domain.time import in_vietnam, iso

PDF = LETTER.read_bytes()
DAY = timedelta(days=1)
LONG_AGO = T0 - 1000 * DAY


def put(world, desk, number, *, status="initial", at=T0):
    """Have a letter wait for a desk, or not, as if it had come at that moment."""
    to = (desk.config.agency.organization,)
    letter = a_document(number=str(number), document_id=f"letter {number}", receivers=to)
    delivery = world.put(desk.code, written(letter))
    change = "update deliveries set status = ?, created = ? where doc_id = ?"
    alter(world, change, status, iso(at), delivery)
    return delivery


def settle(world, desk):
    """Have the axis believe that a desk has whatever there was for it."""
    alter(world, "update deliveries set status = 'done' where receiver = ?", desk.code)


def alter(world, change, *values):
    with closing(sqlite3.connect(world.settings.folder / "sandbox.db", timeout=30)) as db, db:
        db.execute(change, values)


def numbers(desk):
    return sorted(letter["number"] for letter in desk.letters())


def states(desk):
    return sorted(item.state for item in desk.ledger.inbound(limit=99))


def windows(gate):
    """Have the gate note which dates each list is asked for with."""
    asked = []

    def watch(call, headers):
        if call == "getReceivedEdocList":
            named = {name.lower(): value for name, value in headers.items()}
            dates = [named.get(f"xroadvnpt-{name}") for name in ("fromdate", "todate")]
            asked.append((named["xroadvnpt-messagetype"], *dates))

    gate.watch = watch
    return asked


def vendors(moment):
    return f"{in_vietnam(moment):%d/%m/%Y %H:%M:%S}"


class Lists:
    """An axis whose lists are its own affair."""

    def __init__(self, axis, lists):
        """Be that axis, but for what its lists hold."""
        self._axis, self._lists = axis, lists

    def __getattr__(self, name):
        """Return what the axis has."""
        return getattr(self._axis, name)

    def list_received(self, message, *, since=None, until=None):
        """List as it pleases."""
        return self._lists(self._axis, message, since=since, until=until)


def listing(desk, lists):
    """Have a desk's axis list as it pleases."""
    pull = desk.flows["pull"]
    axis = Lists(pull.axis, lists)
    look_back = replace(pull.look_back, axis=axis)
    desk.flows["pull"] = replace(pull, axis=axis, look_back=look_back)


# ── what is asked ────────────────────────────────────────────────────────────────────────────────


def test_the_axis_is_asked_with_dates_at_the_start_and_every_hour(world, gate):
    """From the beginning of the last look, and three days before it, until now; each kind."""
    desk = world.desk(url=gate.url)
    asked = windows(gate)
    desk.turn("pull")
    first = [("edoc", None, None), ("status", None, None)]
    until = vendors(T0)
    since = vendors(T0 - 3 * DAY)
    assert asked == [*first, ("edoc", since, until), ("status", since, until)]

    asked.clear()
    desk.later(minutes=59)
    desk.turn("pull")
    assert asked == first

    asked.clear()
    desk.later(minutes=1)
    desk.turn("pull")
    until = vendors(T0 + HOUR)
    assert asked[2:] == [("edoc", since, until), ("status", since, until)]

    desk.later(hours=1)
    asked.clear()
    desk.turn("pull")
    assert asked[2] == ("edoc", vendors(T0 + HOUR - 3 * DAY), vendors(T0 + 2 * HOUR))


def test_how_often_and_how_far_are_the_configurations_to_say(world, gate):
    """`pull.look_back_every` and `pull.overlap`."""
    pull = {"look_back_every": timedelta(minutes=5), "overlap": 7 * DAY}
    desk = world.desk(url=gate.url, pull=pull)
    asked = windows(gate)
    for _ in range(2):
        desk.turn("pull")
        desk.later(minutes=5)
    assert [each[1] for each in asked if each[1]] == [vendors(T0 - 7 * DAY)] * 4


def test_a_start_looks_back_at_once(world, gate):
    """Whatever was cut off, the mark says from where."""
    desk = world.desk(url=gate.url)
    desk.turn("pull")
    desk.restart()
    asked = windows(gate)
    desk.turn("pull")
    assert len([each for each in asked if each[1]]) == 2


def test_a_clock_that_is_put_back_does_not_keep_the_node_from_looking(world, gate):
    """The last look seems to lie in the future: it is no reason to wait for it."""
    desk = world.desk(url=gate.url)
    desk.later(days=400)
    desk.turn("pull")
    desk.now = T0
    asked = windows(gate)
    desk.turn("pull")
    assert asked[2] == ("edoc", vendors(T0 - 3 * DAY), vendors(T0))


# ── what is found ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", ["done", "processing", "fail", "initial", "heard of"])
def test_whatever_the_axis_says_of_an_item_we_do_not_know_it_is_fetched(world, status):
    """An axis that takes reading for acknowledging says `done` of what nobody has."""
    desk = world.desk()
    put(world, desk, 5, status=status)
    desk.turn()
    assert numbers(desk) == ["5"]
    desk.later(hours=1)
    desk.turn()
    assert states(desk) == ["delivered"]


def test_a_status_the_axis_believes_to_be_read_is_applied_all_the_same(world):
    """The sender learns that its document arrived."""
    sender, receiver = world.desk(), world.desk()
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn()
    receiver.turn()
    settle(world, sender)
    sender.later(hours=1)
    sender.turn()
    (document,) = sender.ledger.outbound(limit=9)
    assert document.fates[0].status == "01"


def test_what_the_axis_forgot_to_offer_is_found_an_hour_later(world):
    """A list that skips an item is no reason to miss it."""
    desk = world.desk()
    delivery = put(world, desk, 5)

    def skips(axis, message, *, since, until):
        listed = axis.list_received(message, since=since, until=until)
        return [item for item in listed if since or item.axis_id != delivery]

    listing(desk, skips)
    desk.flows["pull"].look_back.wanted(desk.now - HOUR)  # it came after the last look
    desk.turn()
    assert numbers(desk) == ["5"]


@pytest.mark.parametrize("dates", ["honoured", "ignored"])
def test_an_agency_that_joins_is_not_given_years_of_old_documents(world, dates):
    """What was settled before the first look, less the overlap, is another software's affair."""
    desk = world.desk()
    put(world, desk, 5, status="done", at=T0 - 4 * DAY)
    put(world, desk, 6, status="done", at=T0 - 2 * DAY)
    put(world, desk, 7, at=T0 - 400 * DAY)

    def everything(axis, message, *, since, until):
        since, until = (LONG_AGO, T0 + 99 * DAY) if since else (None, None)
        return axis.list_received(message, since=since, until=until)

    if dates == "ignored":
        listing(desk, everything)
    for _ in range(2):
        desk.turn()
        desk.later(hours=1)
    assert numbers(desk) == ["6", "7"]


def test_an_outage_longer_than_the_overlap_loses_nothing(world):
    """Ten days without this node: the mark is where it was, and all since then is asked for."""
    desk = world.desk()
    desk.turn()
    put(world, desk, 5, status="done", at=T0 + DAY)
    desk.later(days=10)
    desk.restart()
    desk.turn()
    assert numbers(desk) == ["5"]


def test_the_mark_stays_where_it_was_until_everything_is_here(world, gate):
    """One item cannot be fetched for ten days: whatever else is looked for, it is not passed."""
    desk = world.desk(url=gate.url)
    put(world, desk, 5, status="done")
    gate.busy.add("downloadEdoc")
    desk.turn("pull")
    desk.later(days=10)
    desk.turn("pull")
    desk.later(days=10)
    desk.restart()
    gate.busy.clear()
    desk.turn()
    assert numbers(desk) == ["5"]


def test_a_kind_that_is_complete_does_not_wait_for_the_other(world, gate):
    """The mark of the statuses moves though a document cannot be fetched."""
    desk = world.desk(url=gate.url)
    put(world, desk, 5, status="done")
    gate.busy.add("downloadEdoc")
    desk.turn("pull")
    asked = windows(gate)
    desk.later(days=10)
    desk.turn("pull")
    assert [each[1] for each in asked[2:]] == [vendors(T0 - 3 * DAY), vendors(T0 - 3 * DAY)]
    asked.clear()
    desk.later(hours=1)
    desk.turn("pull")
    assert [each[1] for each in asked[2:]] == [vendors(T0 - 3 * DAY), vendors(T0 + 7 * DAY)]


CUTS = [
    ("spool", "store", False),
    ("queue", "add", False),
    ("queue", "add", True),
    ("look_back", "safe", False),
    ("look_back", "safe", True),
]


@pytest.mark.parametrize(("part", "method", "after"), CUTS)
def test_wherever_it_is_cut_off_what_was_found_arrives_once(world, part, method, after):
    """The axis offers it no longer: the next start finds it by the mark, or by its row."""
    desk = world.desk()
    put(world, desk, 5, status="done")
    desk.cut_off("pull", part, method, after=after)
    desk.later(days=10)
    desk.restart()
    desk.turn()
    assert numbers(desk) == ["5"]
    assert states(desk) == ["delivered"]
    assert world.statuses(desk.code) == ["01"]


# ── axes as they are ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", ["10", "15", "99"], ids=["refuses", "denies", "is busy"])
def test_an_axis_that_knows_no_dates_is_said_to_once_and_read_as_ever(world, gate, caplog, code):
    """Each hour it is tried again; what waits arrives meanwhile."""
    desk = world.desk(url=gate.url)
    put(world, desk, 5)

    def watch(call, headers):
        dated = any(name.lower() == "xroadvnpt-fromdate" for name in headers)
        gate.said.pop("getReceivedEdocList", None)
        if call == "getReceivedEdocList" and dated:
            gate.said[call] = {"status": "FAIL", "ErrorCode": code, "ErrorDesc": "fromDate?"}

    gate.watch = watch
    for _ in range(3):
        desk.turn()
        desk.later(hours=1)
    assert numbers(desk) == ["5"]
    said = [record for record in caplog.records if record.message == "cannot look back"]
    assert [record.levelno for record in said] == [logging.WARNING]

    put(world, desk, 6, status="done")
    gate.watch = lambda _call, _headers: None
    gate.said.clear()
    desk.later(days=10)
    desk.turn()
    assert numbers(desk) == ["5", "6"]


def test_an_axis_that_cannot_be_asked_at_all_pauses_the_flow_and_is_asked_again(world, gate):
    """That is the ordinary look's affair; looking back is not put off by it."""
    desk = world.desk(url=gate.url)
    put(world, desk, 5, status="done")
    gate.busy.add("getReceivedEdocList")
    with pytest.raises(AxisBusy):
        desk.turn("pull")
    gate.busy.clear()
    desk.turn()
    assert numbers(desk) == ["5"]


def every_way(axis, message, *, since, until):
    """List everything of both kinds, twice, the last first."""
    del message, since, until
    window = {"since": LONG_AGO, "until": T0 + 99 * DAY}
    both = [item for kind in MessageType for item in axis.list_received(kind, **window)]
    return [*reversed(both), *both]


def test_an_axis_that_lists_in_any_order_and_everything_twice_delivers_once(world, gate):
    """The same item in one list, in both lists, and again with dates."""
    desk = world.desk(url=gate.url)
    for number in (5, 6, 7):
        put(world, desk, number)
    listing(desk, every_way)
    for _ in range(3):
        desk.turn()
        desk.later(hours=1)
    assert numbers(desk) == ["5", "6", "7"]
    assert gate.calls.count("downloadEdoc") == 3
    assert world.statuses(desk.code) == ["01"] * 3


# ── after an older queue was restored ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", ["done", "fail"])
def test_what_another_life_of_the_node_acknowledged_is_set_aside_with_its_bytes(
    world, gate, status
):
    """The software may have it: a person decides, and the axis is told nothing."""
    desk = world.desk(url=gate.url)
    desk.queue.marks.put(ASIDE_BEFORE, iso(T0))
    put(world, desk, 5, status=status, at=T0 - HOUR)
    for _ in range(2):
        desk.turn()
        desk.later(hours=1)
    assert world.standing(desk.code) == [status]
    world.forget(desk.code)  # offered again, as if nobody had ever answered
    desk.turn()

    assert desk.inbox == []
    (item,) = desk.quarantined()
    assert str(item.reason) == (
        "another life of this node acknowledged it;"
        " if the document software does not have it: edge-node release ID"
    )
    packages = list((desk.config.folders.spool / "packages").rglob("*"))
    assert item.size in [path.stat().st_size for path in packages if path.is_file()]
    assert "updateStatus" not in gate.calls
    assert world.statuses(desk.code) == []


def test_what_another_life_acknowledged_and_is_too_large_is_set_aside_when_it_is_fetched(
    world, gate
):
    """Raising the limit brings its bytes and decides nothing, whether or not it is listed."""
    desk = world.desk(url=gate.url, limits={"package": 300})
    desk.queue.marks.put(ASIDE_BEFORE, iso(T0))
    put(world, desk, 5, status="done", at=T0 - HOUR)
    desk.turn()
    world.forget(desk.code)
    desk.turn()
    (small,) = desk.quarantined()
    assert "updateStatus" not in gate.calls

    limits = replace(desk.config.limits, package=1 << 20)
    desk.config = replace(desk.config, limits=limits)
    desk.restart()
    for _ in range(2):
        desk.turn()
    assert desk.inbox == []
    (item,) = desk.quarantined()
    assert item.id == small.id
    assert str(item.reason).startswith("another life of this node acknowledged it")
    assert "updateStatus" not in gate.calls

    desk.queue.arriving.release(item.id, now=desk.now)
    desk.turn("acknowledge")
    assert world.standing(desk.code) == ["done"]


def test_what_waits_is_delivered_however_old_and_so_is_what_came_afterwards(world):
    """Only what is settled and older can have been handed over before."""
    desk = world.desk()
    desk.queue.marks.put(ASIDE_BEFORE, iso(T0))
    put(world, desk, 5, at=T0 - HOUR)
    put(world, desk, 6, status="done", at=T0)
    desk.turn()
    assert numbers(desk) == ["5", "6"]


def test_what_was_listed_as_waiting_is_delivered_though_listing_it_settled_it(world):
    """An axis that takes reading for acknowledging says `done` in the second of two lists."""
    desk = world.desk()
    desk.queue.marks.put(ASIDE_BEFORE, iso(T0))
    put(world, desk, 5, at=T0 - HOUR)

    def settles(axis, message, *, since, until):
        listed = axis.list_received(message, since=since, until=until)
        settle(world, desk)
        return listed

    listing(desk, settles)
    desk.turn()
    assert numbers(desk) == ["5"]


@pytest.mark.parametrize(
    ("created", "aside"),
    [
        ("21/11/2026 07:59:59", True),
        ("2026/11/21 07:59:59", True),
        ("2026-11-21 07:59:59", True),
        ("21/11/2026 08:00:00", False),
        ("no stamp", True),
    ],
)
def test_the_axiss_stamps_are_read_in_every_form_and_doubt_sets_aside(world, created, aside):
    """What nobody can date lies where a person finds it, and is not handed over twice."""
    desk = world.desk()
    desk.queue.marks.put(ASIDE_BEFORE, iso(T0))
    look_back = desk.flows["pull"].look_back
    listed = replace(a_listed(), status="done", created=created)
    assert look_back.settled_elsewhere(listed) is aside
    assert not look_back.settled_elsewhere(replace(listed, message=MessageType.STATUS))


def test_a_package_too_large_that_another_life_acknowledged_is_not_called_a_failure(world, gate):
    """Its sender has heard that it arrived."""
    desk = world.desk(url=gate.url, limits={"package": 1000})
    desk.queue.marks.put(ASIDE_BEFORE, iso(T0))
    put(world, desk, 5, status="done", at=T0 - HOUR)
    desk.turn()
    assert len(desk.quarantined()) == 1
    assert "updateStatus" not in gate.calls
