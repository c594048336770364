"""The journal walked through in the queue itself: whether it holds, and where it does not."""

from __future__ import annotations

import hashlib
import shutil
import uuid

import pytest
from builders import T0
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journals import DAY, A, B, anchor, happen, meddle, rewrite, some_days

from edge_node.adapters.database import QueueFile
from edge_node.adapters.heads import Heads
from edge_node.adapters.history import History
from edge_node.adapters.journal import Journal
from edge_node.domain.actor import Actor
from edge_node.domain.item import ItemId
from edge_node.domain.journal import Fault, Kind


@pytest.fixture
def file(tmp_path):
    file = QueueFile(tmp_path / "queue.db")
    yield file
    file.close()


FOREIGN = """
insert into events (id, item, at, event, chain) values (0, 'o1', 1, 'sent', zeroblob(32))
"""
FORGED = "insert into events (item, at, event, chain) values ('o1', 1, 'sent', zeroblob(32))"
# The same event once more; all behind it are one further.
TWICE = """
insert into events (id, item, at, event, note, chain)
select :event, item, at, event, note, chain from events where id = -:event
"""


def verified(file, page=2):
    return Journal(file, page=page).verify()


def wrong(file):
    found = verified(file).fault
    return found and (found.id, found.kind)


def test_a_journal_nobody_touched_holds(file):
    """Over pages and days; it says how far, and how many heads were compared."""
    some_days(file, 3)
    happen(file, A, now=T0 + 3 * DAY)
    found = verified(file)
    assert (found.count, found.head.id, found.heads, found.fault) == (10, 10, 3, None)


def test_one_in_which_nothing_happened_holds(file):
    """A node that is new has nothing to hide."""
    assert verified(file).fault is None


@pytest.mark.parametrize(
    ("statements", "first"),
    [
        (["update events set note = 'x' where id = 4"], (4, Kind.ALTERED)),
        (["update events set chain = zeroblob(32) where id = 4"], (4, Kind.ALTERED)),
        (["delete from events where id = 4"], (4, Kind.MISSING)),
        (["delete from events where id = 1"], (1, Kind.MISSING)),
        (["delete from events where id >= 8"], (8, Kind.CUT)),
        (
            ["delete from events where id >= 8", "update sqlite_sequence set seq = 7"],
            (8, Kind.CUT),
        ),
        (["delete from events"], (1, Kind.CUT)),
        (
            ["update events set id = -1 where id = 4", "update events set id = 4 where id = 5",
             "update events set id = 5 where id = -1"],
            (4, Kind.ALTERED),
        ),
        (
            [FOREIGN],
            (0, Kind.FOREIGN),
        ),
        (
            [FORGED],
            (10, Kind.ALTERED),
        ),
        (["update heads set chain = zeroblob(32) where event = 3"], (3, Kind.REWRITTEN)),
        (["update heads set token = x'00' where event = 3"], (3, Kind.UNSTAMPED)),
    ],
)  # fmt: skip
def test_the_first_thing_that_is_wrong_is_named(file, statements, first):
    """By the id of the event, and what kind of wrong it is."""
    some_days(file, 3)
    meddle(file, *statements)
    assert wrong(file) == first


def test_who_reckons_the_whole_chain_anew_is_found_by_a_head(file):
    """The chain holds in itself; it is not the one that was vouched for."""
    some_days(file, 2)
    rewrite(file, 2, note="khác")
    assert wrong(file) == (3, Kind.REWRITTEN)


def test_what_no_head_covers_is_missed_by_the_count_of_sqlite(file):
    """The last events of today, cut off before anybody vouched for them."""
    some_days(file, 1)
    happen(file, A, A)
    meddle(file, "delete from events where id = 5")
    assert wrong(file) == (5, Kind.CUT)


def test_what_happens_while_somebody_verifies_is_no_fault(file):
    """Events are added behind the page that is being read."""
    some_days(file, 2)
    added = []

    def meanwhile(_):
        if not added:
            added.append(happen(file, A))

    found = Journal(file, page=2).verify(tell=meanwhile)
    assert (found.count, found.fault) == (7, None)


# ── whatever is done to it ───────────────────────────────────────────────────────────────────

ALTERED = (
    "update events set item = 'x' where id = :event",
    "update events set at = 9 where id = :event",
    "update events set event = 'x' where id = :event",
    "update events set agency = 'x' where id = :event",
    "update events set status = 'x' where id = :event",
    "update events set note = 'x' where id = :event",
    "update events set said = 9 where id = :event",
    "update events set actor = 'x' where id = :event",
    "update events set why = 'x' where id = :event",
    "update events set chain = zeroblob(32) where id = :event",
)
EXCHANGED = (
    "update events set id = 0 where id = :event",
    "update events set id = :event where id = :other",
    "update events set id = :other where id = 0",
)
DONE = {
    "delete": ("delete from events where id = :event",),
    "cut": (
        "delete from events where id >= :event",
        "update sqlite_sequence set seq = :event - 1",
    ),
    "insert": (
        "update events set id = -id where id >= :event",
        TWICE,
        "update events set id = 1 - id where id <= -:event",
    ),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Give a queue with nine events and three heads, to be copied."""
    file = QueueFile(tmp_path_factory.mktemp("sound") / "queue.db")
    some_days(file, 3)
    file.close()
    return file.path


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_altering_deleting_inserting_or_reordering_any_event_is_found(sound, tmp_path, data):
    """Also the last ones cut off; the first broken id is never behind the place."""
    path = tmp_path / f"{uuid.uuid4()}.db"
    shutil.copy(sound, path)
    file = QueueFile(path)
    event = data.draw(st.integers(1, 9))
    act = data.draw(st.sampled_from(["alter", "exchange", *DONE]))
    place = event
    if act == "exchange":
        other = data.draw(st.integers(1, 9).filter(lambda number: number != event))
        place = min(event, other)
        meddle(file, *EXCHANGED, event=event, other=other)
    elif act == "alter":
        meddle(file, data.draw(st.sampled_from(ALTERED)), event=event)
    else:
        meddle(file, *DONE[act], event=event)
    found = verified(file, page=4).fault
    file.close()
    assert found is not None
    assert found.id in {place, place + 1}


# ── heads ────────────────────────────────────────────────────────────────────────────────────


def test_a_day_has_one_head_by_vietnamese_clocks_and_none_where_nothing_happened(file):
    """What happened after it is covered by that of the next day."""
    heads = Heads(file)
    assert not heads.is_due(T0)
    happen(file, A)
    assert heads.is_due(T0)
    first = anchor(file)
    assert (first.event, f"{first.day}") == (1, "2026-11-21")
    happen(file, B)
    assert anchor(file) is None
    midnight = T0.replace(hour=17)  # in Hanoi
    assert not heads.is_due(midnight - DAY / 24)
    assert heads.is_due(midnight)
    assert anchor(file, now=midnight).event == 2
    assert not heads.is_due(midnight + DAY)
    assert (heads.below(2).event, heads.at_least(2).event, heads.at_least(3)) == (1, 2, None)


@pytest.mark.parametrize(
    "statement", ["delete from heads", "update heads set chain = zeroblob(32)"]
)
def test_what_was_vouched_for_is_neither_changed_nor_removed(file, statement):
    """But how it was said, and its time-stamp, come later."""
    some_days(file, 1)
    with pytest.raises(Exception, match="vouched for"), file.transaction() as transaction:
        transaction.execute(statement, {})


def test_a_stamp_over_the_chain_is_compared_with_it(file):
    """That it names the chain; who signed it is for openssl to say."""
    happen(file, A)
    head = anchor(file)
    Heads(file).stamped(head, b"..." + hashlib.sha384(head.chain).digest() + b"...")
    assert (verified(file).stamped, verified(file).fault) == (1, None)


def test_a_day_is_found_by_its_first_event(file):
    """Sought by halves, as moments stand with ids."""
    some_days(file, 4)
    journal = Journal(file)
    days = [(T0 + day * DAY).date() for day in range(-1, 6)]
    assert [journal.before(day) for day in days] == [0, 0, 3, 6, 9, 12, 12]


def test_a_fault_is_a_value():
    """Who shows it needs no queue."""
    assert Fault(id=1, kind=Kind.CUT).kind == "cut"


def test_what_concerns_no_document_stands_in_the_journal_like_all_else(file):
    """An operator's act with an empty item is chained, and told to no software."""
    with file.acting(Actor(name="an", why="tin cậy CA mới")):
        happen(file, ItemId(""))
    happen(file, A)
    assert verified(file).count == 2
    assert Journal(file).of("") == [1]
    assert History(file).untold(limit=9) == []
    assert [each.number for each in History(file).of(A)] == [2]
