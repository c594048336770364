"""What is not done in time: people are warned of it before and after, once, until it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from dropping import PDF
from flows_world import a_sheet

from edge_node.adapters.alarms import Alarms, Raised
from edge_node.cli.alarming import alarming
from edge_node.domain.deadlines import ALARMING, Duty, Open, Rules, Stage, alarm_of
from edge_node.domain.item import ItemId
from edge_node.domain.time import VIETNAM, in_vietnam
from edge_node.domain.working_days import WorkingDays

NOBODY = "http://127.0.0.1:9"  # nothing listens on the port for discarding


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


FRIDAY = at("2026-11-20T15:00")
MONDAY = at("2026-11-23T09:00")


OFTEN = {"every": timedelta(minutes=1)}


def begin(desk, moment):
    """Set both clocks of a desk."""
    desk.seconds += 3600
    desk.now = moment


def sends(desk, name, to, **changes):
    """Drop a letter and take it in."""
    desk.drop(name, {"a.pdf": PDF}, **a_sheet("a.pdf", to=to, **{"date": "2026-11-20"} | changes))
    desk.turn("intake")


def on(desk, what=""):
    """Return the incidents that are not over: what, and of whom, in order."""
    rows = desk.queue.file.rows("select what, agency from alarms where over is null order by 1, 2")
    return [(row["what"], row["agency"]) for row in rows if row["what"].startswith(what)]


def look(desk, moment):
    """Look at all that is open at a moment, and tell what came of it."""
    begin(desk, moment)
    desk.turn("deadlines", "notify")


@pytest.fixture
def away(world):
    """Give an agency whose axis is away."""
    desk = world.desk(url=NOBODY, deadlines=OFTEN)
    begin(desk, FRIDAY)
    return desk


# ── what has to be sent ──────────────────────────────────────────────────────────────────────────


def test_what_waits_is_warned_of_before_its_deadline_and_late_after_it(away):
    """A letter of Friday has to leave by half past eleven on Monday; two hours before is soon."""
    sends(away, "a", ["H99.02", "H99.03"])

    look(away, at("2026-11-23T09:29"))
    assert on(away) == []
    look(away, at("2026-11-23T09:31"))
    assert on(away) == [("dispatch soon", "H99.02"), ("dispatch soon", "H99.03")]
    assert "late" not in away.told()
    look(away, at("2026-11-23T11:31"))
    assert on(away) == [("dispatch late", "H99.02"), ("dispatch late", "H99.03")]

    late = [told for told in away.receipts() if told.get("event") == "late"]
    assert [told["to"] for told in late] == ["H99.02", "H99.03"]
    assert "11:30 23/11/2026" in late[0]["note"]
    [item] = away.ledger.outbound(limit=9)
    assert [each.event for each in away.queue.history.of(item.id)].count("late") == 2


def test_an_incident_is_told_once_and_is_over_once_it_is(world, receiver):
    """However often somebody looks; when the axis is back, the alarm ends and stays known."""
    desk = world.desk(deadlines=OFTEN)
    begin(desk, FRIDAY)
    sends(desk, "a", receiver.code)
    for hours in (1, 2, 3):
        look(desk, at("2026-11-23T11:31") + timedelta(hours=hours))
    assert desk.told().count("late") == 1

    desk.turn("push")
    look(desk, at("2026-11-23T15:00"))

    assert on(desk) == []
    [row] = desk.queue.file.rows("select * from alarms where what = 'dispatch late'")
    assert row["over"] is not None
    assert desk.told().count("late") == 1


def test_nothing_is_looked_at_more_often_than_it_is_told_to(away):
    """A clock that is set back is looked by at once."""
    flow = away.flows["deadlines"]
    sends(away, "a", "H99.02")
    late = at("2026-11-23T11:31")

    assert not flow.turn(FRIDAY)
    assert flow.rest(FRIDAY + timedelta(seconds=20)) == timedelta(seconds=40)
    assert flow.turn(late)
    assert not flow.turn(late + timedelta(seconds=59))
    assert flow.turn(FRIDAY)  # it is not late any more
    assert on(away) == []
    look(away, late)  # which is a new incident
    assert on(away) == [("dispatch late", "H99.02")]
    assert away.told().count("late") == 2


@pytest.mark.parametrize("priority", ["khẩn", "hỏa tốc"])
def test_what_is_urgent_leaves_at_once(away, priority):
    """A quarter of an hour is soon, half an hour too late; the day has nothing to do with it."""
    sends(away, "a", "H99.02", priority=priority)

    look(away, FRIDAY + timedelta(minutes=14))
    assert on(away) == []
    look(away, FRIDAY + timedelta(minutes=16))
    assert on(away) == [("dispatch soon", "H99.02")]
    look(away, FRIDAY + timedelta(minutes=31))
    assert on(away) == [("dispatch late", "H99.02")]


def test_what_the_axis_refused_is_late_for_that_receiver_until_it_is_sent_anew(world, receiver):
    """One that is sent again under the same DocumentId, and arrives, ends the alarm."""
    desk = world.desk(deadlines=OFTEN)
    begin(desk, FRIDAY)
    sends(desk, "a", ["H99.NOBODY", "H99.NONE"])
    desk.turn("push", "file")
    fates = desk.ledger.outbound(limit=1)[0].fates
    assert [fate.state for fate in fates] == ["refused", "refused"]
    look(desk, at("2026-11-23T11:31"))
    assert on(desk) == [("dispatch late", "H99.NOBODY"), ("dispatch late", "H99.NONE")]

    sends(desk, "b", ["H99.NOBODY", receiver.code])
    look(desk, at("2026-11-23T12:00"))
    assert on(desk, "dispatch") == [("dispatch late", "H99.NONE")]  # the other has a new term


def test_what_ended_badly_is_history_some_day(world):
    """After a month a refusal is a matter for reports."""
    desk = world.desk(deadlines=OFTEN)
    begin(desk, FRIDAY)
    sends(desk, "a", ["H99.NOBODY"])
    desk.turn("push")
    look(desk, at("2026-11-23T11:31"))
    assert on(desk)

    look(desk, FRIDAY + timedelta(days=31))
    assert on(desk) == []


# ── receipts ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def correspondents(world):
    """Give a sender and a receiver, and a letter that has left the one on Friday afternoon."""
    sender, receiver = world.desk(deadlines=OFTEN), world.desk(deadlines=OFTEN)
    begin(sender, FRIDAY)
    begin(receiver, FRIDAY)
    sends(sender, "a", receiver.code)
    sender.turn("push")
    return sender, receiver


def test_a_receipt_nobody_gave_is_warned_of_at_half_past_four(correspondents):
    """And late at midnight; it is over once the axis has it."""
    sender, receiver = correspondents
    receiver.turn("pull", "acknowledge", "deliver")

    look(receiver, at("2026-11-20T16:29"))
    assert on(receiver, "receipt") == []
    look(receiver, at("2026-11-20T16:31"))
    assert on(receiver, "receipt") == [("receipt soon", sender.code)]
    look(receiver, at("2026-11-21T00:01"))
    assert on(receiver, "receipt") == [("receipt late", sender.code)]

    receiver.turn("report")
    look(receiver, at("2026-11-21T00:10"))
    assert on(receiver, "receipt") == []
    assert "late" not in receiver.told()  # that is a word on what the software sent


def test_a_receiver_that_says_nothing_is_warned_of(correspondents):
    """By the same hours on our side; its 01 ends it."""
    sender, receiver = correspondents

    look(sender, at("2026-11-20T16:31"))
    assert on(sender) == [("unheard soon", receiver.code)]
    look(sender, at("2026-11-21T00:01"))
    assert on(sender) == [("unheard late", receiver.code)]

    receiver.turn("pull", "acknowledge", "deliver", "report")
    sender.turn("pull", "acknowledge", "apply")
    look(sender, at("2026-11-21T08:00"))
    assert on(sender) == []


# ── what came in ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def dated(world):
    """Give a sender and a receiver that has a letter due on Thursday the 26th."""
    sender, receiver = world.desk(deadlines=OFTEN), world.desk(deadlines=OFTEN)
    begin(sender, FRIDAY)
    begin(receiver, FRIDAY)
    sends(sender, "a", receiver.code, due="2026-11-26")
    sender.turn("push")
    receiver.turn("pull", "acknowledge", "deliver", "report")
    return sender, receiver


def reports(desk, status):
    """Have the software say how far the letter has come."""
    [letter] = desk.letters()
    desk.report(f"{status}.json", id=letter["id"], status=status)
    desk.seconds += 3600
    desk.turn("takestatuses")


def test_a_due_date_is_warned_of_a_working_day_before(dated):
    """From the morning of Wednesday; late once the offices close on Thursday."""
    sender, receiver = dated

    look(receiver, at("2026-11-25T07:29"))
    assert on(receiver, "due") == []
    look(receiver, at("2026-11-25T07:31"))
    assert on(receiver, "due") == [("due soon", sender.code)]
    look(receiver, at("2026-11-26T17:01"))
    assert on(receiver, "due") == [("due late", sender.code)]

    reports(receiver, "05")
    look(receiver, at("2026-11-27T07:50"))
    assert on(receiver, "due") == [("due late", sender.code)]
    reports(receiver, "06")
    look(receiver, at("2026-11-27T08:00"))
    assert on(receiver, "due") == []


def test_a_due_date_we_gave_alarms_nobody(dated):
    """What the receiver has not finished is listed, and its own affair."""
    sender, receiver = dated
    sender.turn("pull", "acknowledge", "apply")

    look(sender, at("2026-11-27T08:00"))

    assert on(sender) == []
    [reply] = open_(sender, Duty.REPLY)
    assert (reply.agency, reply.day, reply.state) == (receiver.code, date(2026, 11, 26), "01")


def open_(desk, duty):
    return Alarms(desk.queue.file).open(
        duty, since=FRIDAY, first=date(2026, 11, 1), last=date(2026, 12, 31)
    )


def test_a_document_nobody_takes_is_warned_of(dated):
    """By the next working morning it should be taken, by that evening it is late."""
    sender, receiver = dated

    look(receiver, at("2026-11-23T11:29"))
    assert on(receiver, "untaken") == []
    look(receiver, at("2026-11-23T11:31"))
    assert on(receiver, "untaken") == [("untaken soon", sender.code)]
    look(receiver, at("2026-11-23T17:01"))
    assert on(receiver, "untaken") == [("untaken late", sender.code)]

    [folder] = receiver.inbox
    (folder / ".taken").touch()
    receiver.seconds += 3600
    receiver.turn("notetaken")
    look(receiver, at("2026-11-23T17:10"))
    assert on(receiver, "untaken") == []


def test_a_document_somebody_reports_of_was_taken(dated):
    """Though its folder still lies in the inbox."""
    sender, receiver = dated
    look(receiver, at("2026-11-23T11:31"))
    assert on(receiver, "untaken") == [("untaken soon", sender.code)]

    reports(receiver, "03")
    look(receiver, at("2026-11-23T11:40"))
    assert on(receiver, "untaken") == []


def test_a_request_nobody_answers_is_warned_of(world):
    """Whoever asks, and whoever is asked."""
    desk = world.desk(deadlines=OFTEN, recall={"answer_within": timedelta(days=3)})
    with desk.queue.file.transaction() as transaction:
        for number, state in enumerate(("asked", "agreed")):
            row = {"id": f"c{number}", "asked_by_us": 1, "kind": "recall", "carrier": f"o{number}"}
            row |= {"document_id": "x", "agency": "H99.02", "state": state}
            moment = round(FRIDAY.timestamp() * 1000)
            transaction.insert("changes", row | {"created": moment, "at": moment})

    look(desk, FRIDAY + timedelta(days=3))
    assert on(desk) == [("answer soon", "H99.02")]
    look(desk, FRIDAY + timedelta(days=3, minutes=5))
    assert on(desk) == [("answer late", "H99.02")]


# ── how it is told ───────────────────────────────────────────────────────────────────────────────


def test_every_incident_has_a_sentence_in_the_attention():
    """What others warn of under a name nobody knows is told by that name."""
    for duty in ALARMING:
        for stage in (Stage.SOON, Stage.LATE):
            raised = Raised(what=f"{duty} {stage}", count=3, since=FRIDAY)
            assert str(raised.what) not in str(alarming(raised, FRIDAY))
    strange = Raised(what="something else", count=3, since=FRIDAY)
    assert str(alarming(strange, FRIDAY)).startswith("something else: 3, the first since 15:00")


def test_what_is_late_is_told_before_what_is_soon(away):
    """Of each kind how many, and the oldest; what names an agency of its own is told elsewhere."""
    sends(away, "a", ["H99.02", "H99.03"], priority="khẩn")
    look(away, FRIDAY + timedelta(minutes=20))
    sends(away, "b", ["H99.04"], number="13", priority="khẩn")
    look(away, FRIDAY + timedelta(minutes=36))
    with away.queue.file.transaction() as transaction:
        for what in ("destruction hindered", "recall unanswered:H99.02"):
            transaction.insert("alarms", {"item": "x", "what": what, "at": 0})

    raised = Alarms(away.queue.file).raised()

    assert [(each.what, each.count) for each in raised] == [
        ("destruction hindered", 1),
        ("dispatch late", 2),
        ("dispatch soon", 1),
    ]
    assert raised[1].since == FRIDAY + timedelta(minutes=36)


def test_an_incident_that_was_over_long_ago_is_forgotten(world, receiver):
    """With the next one that ends."""
    desk = world.desk(deadlines=OFTEN)
    begin(desk, FRIDAY)
    with desk.queue.file.transaction() as transaction:
        row = {"item": "x", "what": "dispatch late", "at": 0, "over": 1}
        transaction.insert("alarms", row)
    sends(desk, "a", receiver.code, priority="khẩn")
    look(desk, FRIDAY + timedelta(minutes=31))
    desk.turn("push")
    look(desk, FRIDAY + timedelta(minutes=40))

    items = desk.queue.file.rows("select item from alarms where what = 'dispatch late'")
    assert len(items) == 1
    assert items[0]["item"] != "x"


# ── the rules alone ──────────────────────────────────────────────────────────────────────────────


RULES = Rules(calendar=WorkingDays())


@pytest.mark.parametrize(
    ("duty", "since", "warn", "end"),
    [
        (Duty.RECEIPT, "2026-11-20T08:00", "2026-11-20T16:30", "2026-11-21T00:00"),
        (Duty.RECEIPT, "2026-11-21T08:00", "2026-11-21T16:30", "2026-11-22T00:00"),  # a Saturday
        (Duty.RECEIPT, "2026-11-20T16:20", "2026-11-20T16:50", "2026-11-21T00:00"),
        (Duty.RECEIPT, "2026-11-20T23:50", "2026-11-21T00:20", "2026-11-21T00:20"),
        (Duty.UNHEARD, "2026-11-20T08:00", "2026-11-20T16:30", "2026-11-21T00:00"),
        (Duty.UNHEARD, "2026-11-21T08:00", "2026-11-23T16:30", "2026-11-24T00:00"),
        (Duty.UNHEARD, "2026-11-20T16:40", "2026-11-23T16:30", "2026-11-24T00:00"),
        (Duty.UNHEARD, "2026-11-23T20:00", "2026-11-25T16:30", "2026-11-26T00:00"),  # a holiday
        (Duty.UNTAKEN, "2026-11-20T08:00", "2026-11-23T11:30", "2026-11-23T17:00"),
        (Duty.ANSWER, "2026-11-20T08:00", "2026-11-22T14:00", "2026-11-23T08:00"),
    ],
)
def test_each_duty_has_its_term(duty, since, warn, end):
    """A receipt is no person's work: ours is due on a Saturday, too."""
    term = RULES.term(Open(duty=duty, item=ItemId("x"), since=at(since)))

    assert (in_vietnam(term.warn), in_vietnam(term.end)) == (at(warn), at(end))


@pytest.mark.parametrize("day", [date.min, date(2026, 11, 21), date.max, None])
def test_no_date_a_stranger_writes_breaks_a_term(day):
    """A package that somebody else's software wrote may be dated as it likes."""
    thing = Open(duty=Duty.DISPATCH, item=ItemId("x"), since=FRIDAY, day=day)

    assert in_vietnam(RULES.term(thing).end) == at("2026-11-23T11:30")
    assert alarm_of(thing, RULES, FRIDAY) is None


@pytest.mark.parametrize("due", ["0001-01-01", "9999-12-31", "2027-08-01"])
def test_no_due_date_a_stranger_writes_breaks_a_look(dated, due):
    """What is due years ago, or in years, is nobody's alarm."""
    _, receiver = dated
    with receiver.queue.file.transaction() as transaction:
        transaction.execute("update particulars set due = :due", {"due": due})

    look(receiver, at("2026-11-25T07:31"))

    assert on(receiver, "due") == []


def test_a_term_has_three_stages():
    """Ahead, soon from its warning on, late after its end."""
    rules = replace(RULES, warn_before=timedelta(hours=1), receipts_by=time(15))
    term = rules.term(Open(duty=Duty.DISPATCH, item=ItemId("x"), since=FRIDAY, day=FRIDAY.date()))

    assert term.stage(at("2026-11-23T10:29")) is Stage.AHEAD
    assert term.stage(at("2026-11-23T10:30")) is Stage.SOON
    assert term.stage(at("2026-11-23T11:30")) is Stage.SOON
    assert term.stage(at("2026-11-23T11:31")) is Stage.LATE
