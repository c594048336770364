"""The document to ourselves: through the axis and back, and known to nobody else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest
from dropping import PDF
from flows_world import a_sheet, keep_all
from packages import a_document, a_part, written

from edge_node.adapters.canaries import Canaries, canary_id, is_canary_id
from edge_node.adapters.journal import Journal
from edge_node.domain.document import Organization, agency_code

HOURLY = {"every": timedelta(hours=1)}


@pytest.fixture
def desk(world):
    return world.desk(canary=HOURLY)


def fly(desk):
    """Send the canary that is due, and let it come back."""
    desk.turn("canary", "push")
    desk.later(seconds=4)
    desk.turn("pull", "acknowledge", "deliver", "report", "notify", "file")


def canaries(desk):
    return Canaries(desk.queue.file)


def test_a_canary_flies_to_ourselves_and_its_round_trip_is_entered(world, desk):
    """It goes by the axis, is acknowledged there, and what it took is known."""
    fly(desk)

    assert world.sends(desk.code) == [[desk.code]]
    assert world.standing(desk.code) == ["done"]
    assert canaries(desk).last_back().round_trip == timedelta(seconds=4)


def test_nobody_but_us_hears_of_it(world, desk):
    """Not the inbox, nor a receipt, a status, a list, a count, or the axis's other agencies."""
    fly(desk)
    desk.turn()

    assert desk.inbox == []
    assert desk.receipts() == []
    assert world.statuses(desk.code) == []
    ledger = desk.ledger
    assert ledger.outbound(limit=9) == []
    assert ledger.inbound(limit=9) == []
    assert not any(ledger.counts().values())


def test_the_next_one_flies_when_it_is_time_and_no_sooner(world, desk):
    fly(desk)
    desk.later(minutes=59)
    desk.turn("canary", "push")
    assert len(world.sends(desk.code)) == 1
    desk.later(minutes=1)
    fly(desk)
    assert len(world.sends(desk.code)) == 2


def test_documents_go_first(world, desk, receiver):
    """A canary that was there before them waits behind them."""
    desk.turn("canary")
    desk.drop("a", {"a.pdf": PDF}, **a_sheet("a.pdf", to=receiver.code))
    desk.turn("intake", "push")

    assert world.sends(desk.code) == [[receiver.code], [desk.code]]


def test_while_the_axis_is_away_one_waits_and_no_second_joins_it(world):
    """However many hours it is away."""
    desk = world.desk(url="http://127.0.0.1:9", canary=HOURLY)
    for _ in range(5):
        desk.turn("canary")
        desk.later(hours=1)

    assert len(canaries(desk).recent(9)) == 1
    assert canaries(desk).missing(desk.now - timedelta(minutes=15)) is not None


def test_one_that_is_missing_is_missing_until_a_later_one_is_back(desk):
    """What the axis lost stays lost: what counts is that it takes and gives again."""
    desk.turn("canary", "push")
    lost = desk.now
    desk.later(hours=1)
    assert canaries(desk).missing(desk.now) == lost

    fly(desk)

    assert canaries(desk).missing(desk.now) is None


def test_one_sent_by_a_clock_that_was_ahead_keeps_no_other_from_flying(world, desk):
    """A year ahead until somebody set it right: it is not the last one for a year."""
    right = desk.now
    desk.now += timedelta(days=365)
    fly(desk)
    desk.now = right
    fly(desk)
    assert len(world.sends(desk.code)) == 2
    desk.later(minutes=30)
    fly(desk)
    assert len(world.sends(desk.code)) == 2
    assert canaries(desk).last().sent == right


def test_after_a_restart_in_between_it_is_still_known(desk):
    desk.turn("canary", "push")
    desk.restart()
    desk.later(seconds=4)
    desk.turn()

    assert desk.inbox == []
    assert canaries(desk).last_back().round_trip == timedelta(seconds=4)


def test_one_that_comes_twice_is_no_document_either(world, desk):
    """An axis may offer it again, under the id it had."""
    fly(desk)
    world.forget(desk.code)
    desk.turn("pull")
    desk.turn()

    assert desk.inbox == []
    assert world.standing(desk.code) == ["done"]


def test_a_queue_that_forgot_it_knows_it_by_its_id(desk):
    """Rebuilt from nothing, it hands no canary to the software."""
    desk.turn("canary", "push")
    with desk.queue.file.transaction() as transaction:
        transaction.execute("delete from canaries", {})
    desk.turn("pull", "acknowledge", "deliver")

    assert desk.inbox == []


def a_canary(desk, **changes):
    """Return a document that is a canary of this desk, but for these changes."""
    us, name = Organization(code=agency_code(desk.code)), canary_id()
    values = {"document_id": name, "sender": us, "receivers": (us,), "subject": f"Canary {name}"}
    return a_document(**(values | changes))


def test_a_stranger_who_uses_such_an_id_sends_a_document(world, desk):
    """What others send is handed over, whatever they call it."""
    stranger = Organization(code=agency_code("H99.1"))
    world.put(desk.code, written(a_canary(desk, sender=stranger)))
    desk.turn("pull", "acknowledge", "deliver")

    assert len(desk.inbox) == 1


@pytest.mark.parametrize("lied_to", [False, True], ids=["as it was sent", "the axis says: ours"])
def test_a_stranger_who_calls_itself_us_sends_a_document(world, desk, receiver, lied_to):
    """Both have to be ours: who sent it by the axis's word, and who did by what is in it."""
    sender = desk.code if lied_to else receiver.code
    organ = receiver.code if lied_to else desk.code
    document = a_canary(desk, sender=Organization(code=agency_code(organ)))
    world.put(desk.code, written(document), sender=sender)
    desk.turn("pull", "acknowledge", "deliver")

    assert len(desk.inbox) == 1


@pytest.mark.parametrize("odd", ["an attachment", "a subject of its own"])
def test_what_says_more_than_a_canary_does_is_a_document(world, desk, odd, tmp_path):
    """Of ourselves, to ourselves, with such an id: it is handed over all the same."""
    document, files = a_canary(desk), []
    if odd == "an attachment":
        files = [a_part(tmp_path, "a.pdf", PDF)]
    else:
        document = replace(document, subject="V/v thử nghiệm")
    world.put(desk.code, written(document, files), sender=desk.code)
    desk.turn("pull", "acknowledge", "deliver")

    assert len(desk.inbox) == 1


def test_its_id_is_a_uuid_no_software_makes():
    assert is_canary_id(canary_id())
    assert canary_id() != canary_id()
    assert not is_canary_id("H37.02,2026/11/20,12/UBND-VP")


def test_after_silence_the_axis_is_asked_as_of_any_document(world, gate):
    """It is found in the list, and not sent a second time."""
    desk = world.desk(url=gate.url, canary=HOURLY)
    desk.turn("canary")
    gate.lost = {"sendEdoc"}
    desk.turn("push")
    gate.lost = set()
    desk.later(minutes=5)
    desk.turn("push")

    assert world.sends(desk.code) == [[desk.code]]


def test_an_axis_that_refuses_it_is_asked_once(world, gate):
    """It stops flying; another axis is asked."""
    desk = world.desk(url=gate.url, canary=HOURLY)
    no = {"status": "FAIL", "ErrorCode": "23", "ErrorDesc": "to oneself", "data": []}
    gate.said = {"sendEdoc": no}
    for _ in range(4):
        desk.turn("canary", "push")
        desk.later(hours=1)
    assert gate.calls.count("sendEdoc") == 1
    assert canaries(desk).refused() is not None
    assert desk.receipts() == []

    desk.config = replace(desk.config, axis=replace(desk.config.axis, url=world.url))
    desk.restart()
    fly(desk)
    assert canaries(desk).refused() is None
    assert world.sends(desk.code) == [[desk.code]]


def packages(desk):
    return [path for path in (desk.config.folders.spool / "packages").rglob("*") if path.is_file()]


def test_old_ones_go_with_their_rows_and_packages(desk):
    """After 30 days, once a later one is back; what happened stands in the journal for good."""
    fly(desk)
    for _ in range(2):
        desk.later(days=15, hours=12)
        desk.turn("pull")
    for _ in range(2):
        fly(desk)
        desk.later(hours=1)

    assert len(canaries(desk).recent(9)) == 2
    for table in ("envelopes", "attempts", "incoming", "wording"):
        assert desk.queue.file.rows(f"select count(*) as n from {table}") == [{"n": 2}]  # noqa: S608 - a name of ours
    named = "select digest from envelopes union select digest from incoming"
    left = {row["digest"] for row in desk.queue.file.rows(named)}
    assert {path.parent.name + path.name for path in packages(desk)} == left
    assert Journal(desk.queue.file).verify().fault is None
    sent = "select count(*) as n from events where event = 'canary sent'"
    assert desk.queue.file.rows(sent) == [{"n": 3}]


def test_one_of_which_the_axis_is_still_to_be_told_is_not_forgotten(world, desk):
    """It lists it once more and hears nothing for a month: whoever tells it finds the row."""
    fly(desk)
    world.forget(desk.code)
    desk.turn("pull")
    desk.later(days=31)
    for _ in range(2):
        desk.turn("canary", "push")
        desk.later(hours=1)
    waiting = "select item from work where lane = 'acknowledge'"
    (item,) = desk.queue.file.rows(waiting)
    assert desk.queue.file.rows("select id as item from incoming") == [item]

    desk.turn("acknowledge")
    assert desk.queue.file.rows(waiting) == []


def test_one_that_was_forgotten_meanwhile_leaves_nothing_to_tell(desk):
    """Looked up before, and gone by the time it is put on the list of what to tell."""
    fly(desk)
    (row,) = desk.queue.file.rows("select id from incoming")
    with desk.queue.file.transaction() as transaction:
        transaction.execute("delete from incoming where id = :id", row)
    desk.queue.arriving.acknowledge_again(row["id"], now=desk.now)
    desk.turn("acknowledge")

    assert desk.queue.file.rows("select * from work") == []


def test_what_the_last_one_took_is_known_while_none_comes_back(desk):
    """However long: it is what is measured."""
    fly(desk)
    desk.later(days=31)
    desk.turn("canary", "push")
    assert canaries(desk).last_back().round_trip == timedelta(seconds=4)


def test_one_the_axis_lists_again_after_all_is_forgotten_is_no_document(world, desk):
    """A node that stood still for weeks is shown all of it, and knows its own by what is in it."""
    fly(desk)
    desk.later(days=31)
    fly(desk)
    world.forget(desk.code)
    desk.turn("pull")
    desk.turn()

    assert desk.inbox == []
    assert desk.quarantined() == []


@pytest.mark.parametrize("known", [True, False], ids=["waits in it", "came since"])
def test_an_older_state_sets_no_canary_aside_for_a_person(desk, known):
    """Whether it waits there to be delivered, or the axis gave it to the life that is gone."""
    desk.drop("a", {"a.pdf": PDF}, **a_sheet("a.pdf", to=desk.code))
    desk.turn("intake", "push", "canary", "push")
    if known:
        desk.turn("pull", "acknowledge")
    put_back = keep_all(desk)
    desk.restart()
    desk.later(seconds=4)
    desk.turn()
    assert len(desk.inbox) == 1
    for folder in desk.inbox:
        shutil.rmtree(folder)

    put_back()
    desk.later(minutes=20)
    desk.turn()
    assert desk.inbox == []
    assert len(desk.quarantined()) == 1  # the document: a person knows whether it was taken
