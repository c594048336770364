"""The same document under two ids of the axis arrives once; another of its number is warned of."""

import logging
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flows_world import Meanwhile, in_vietnamese, released
from packages import a_document, a_part, written

from edge_node.adapters.durable import NameTaken
from edge_node.domain.document import (
    AgencyCode,
    Business,
    BusinessKind,
    Organization,
    Trace,
)
from edge_node.domain.envelope import Lane
from edge_node.domain.message import say

HOUR = timedelta(hours=1)


@pytest.fixture
def offer(world, tmp_path):
    """Have a document wait for a desk, under a new id of the axis each time."""

    def offer(desk, content=b"what it holds", **changes):
        to = changes.pop("receivers", (desk.config.agency.organization,))
        parts = [a_part(tmp_path, "cv.pdf", content)]
        world.put(desk.code, written(a_document(receivers=to, **changes), parts))

    return offer


@pytest.fixture
def desk(world):
    return world.desk()


def states(desk):
    """Return the states of what came, in the order it came."""
    return [item.state for item in received(desk)]


def received(desk):
    return list(reversed(desk.ledger.inbound(limit=99)))


def warnings(desk):
    """Return the warnings of each document in the inbox, by our id."""
    return {letter["id"]: letter["warnings"] for letter in desk.letters()}


def come(desk):
    """Have a desk receive what waits, a second after what came before."""
    desk.later(seconds=1)
    desk.turn()


def at_once(desk):
    """Hand over two documents, each compared before the other is entered."""
    deliver = desk.flows["deliver"]
    inbox = Meanwhile(deliver.inbox, "keep", lambda: deliver.turn(desk.now))
    assert replace(deliver, inbox=inbox).turn(desk.now)


# ── the very same ────────────────────────────────────────────────────────────────────────────────


def test_the_same_document_under_another_id_of_the_axis_is_delivered_once(world, desk, offer):
    """The second is a success as well: `done`, no second 01, and a reason that names the first."""
    offer(desk)
    come(desk)
    offer(desk)
    come(desk)

    first, second = received(desk)
    assert (first.state, second.state) == ("delivered", "repeated")
    assert str(second.reason) == f"the same as {first.id}"
    assert (second.folder, second.code, second.subject) == ("", first.code, first.subject)
    assert [path.name for path in (desk.exchange / "inbox").iterdir()] == [first.folder]
    assert world.standing(desk.code) == ["done", "done"]
    assert world.statuses(desk.code) == ["01"]
    story = [happening.event for happening in desk.queue.history.of(second.id)]
    assert story == ["received", "acknowledged", "repeated"]


def test_two_copies_that_wait_at_once_arrive_once(world, desk, offer):
    """An axis that doubles what it is given."""
    for _ in range(3):
        offer(desk)
    come(desk)
    assert sorted(states(desk)) == ["delivered", "repeated", "repeated"]
    assert len(desk.inbox) == 1
    assert world.statuses(desk.code) == ["01"]


def test_a_copy_of_what_the_software_took_already_is_a_repeat(desk, offer):
    """It has the document, though the inbox is empty."""
    offer(desk)
    come(desk)
    desk.inbox[0].rename(desk.exchange / "elsewhere")
    desk.later(minutes=10)
    come(desk)
    offer(desk)
    come(desk)
    assert states(desk) == ["taken", "repeated"]
    assert desk.inbox == []


def test_what_is_written_anew_on_the_way_is_the_same(desk, offer):
    """Other receivers beside us, other stations on the way, other numbers of the type."""
    offer(desk)
    come(desk)
    ours = desk.config.agency.organization
    both = (ours, Organization(code=AgencyCode("H01.5")))
    offer(desk, receivers=both, traces=(Trace(organ="H99"),))
    come(desk)
    assert states(desk) == ["delivered", "repeated"]


def test_copies_that_are_made_ready_at_the_same_moment_arrive_once(world, desk, offer):
    """A child that tries one alone, and the lane that has the other."""
    for _ in range(2):
        offer(desk)
    desk.turn("pull", "acknowledge")
    at_once(desk)
    desk.turn()
    assert sorted(states(desk)) == ["delivered", "repeated"]
    assert len(list((desk.exchange / "inbox").iterdir())) == 1
    assert world.statuses(desk.code) == ["01"]


def test_one_that_is_released_after_its_copy_arrived_is_a_repeat(world, desk, offer):
    """The node died over it before its folder came into sight; the copy did not wait for that."""
    offer(desk)
    desk.turn("pull", "acknowledge")
    desk.cut_off("deliver", "inbox", "show")
    desk.restart()
    claim, item = desk.queue.arriving.claim(Lane.DELIVER, now=desk.now, lease=HOUR)
    desk.queue.arriving.quarantine(claim, say("it kills"), now=desk.now, answer=False)
    offer(desk)
    come(desk)
    assert sorted(states(desk)) == ["delivered", "quarantined"]

    desk.queue.arriving.release(item.id, now=desk.now)
    desk.later(minutes=1)
    released(desk, item.id)
    assert states(desk) == ["repeated", "delivered"]
    assert len(list((desk.exchange / "inbox").iterdir())) == 1
    assert world.statuses(desk.code) == ["01"]


def test_one_that_is_released_after_it_came_into_sight_is_not_shown_again(world, desk, offer):
    """The node died over it a moment later: the agency has it, or had it."""
    offer(desk)
    desk.turn("pull", "acknowledge")
    desk.cut_off("deliver", "inbox", "show", after=True)
    desk.restart()
    (folder,) = desk.inbox
    folder.rename(desk.exchange / "elsewhere")
    claim, item = desk.queue.arriving.claim(Lane.DELIVER, now=desk.now, lease=HOUR)
    desk.queue.arriving.quarantine(claim, say("it kills"), now=desk.now, answer=False)
    desk.queue.arriving.release(item.id, now=desk.now)
    desk.later(minutes=1)
    released(desk, item.id)
    desk.turn()
    assert states(desk) == ["taken"]
    assert desk.inbox == []
    assert world.statuses(desk.code) == ["01"]


def test_two_of_one_number_that_are_made_ready_at_the_same_moment_are_warned_of(desk, offer):
    """Whichever comes second is compared again."""
    offer(desk)
    offer(desk, b"other")
    desk.turn("pull", "acknowledge")
    at_once(desk)
    desk.turn()
    assert states(desk) == ["delivered", "delivered"]
    assert sorted(map(len, warnings(desk).values())) == [0, 1]


def test_what_has_no_identity_repeats_nothing(desk, offer):
    """Without DocumentId, number and date two that look alike may be two."""
    for _ in range(2):
        offer(desk, document_id="", number="", notation="", promulgated=None)
        come(desk)
    assert states(desk) == ["delivered", "delivered"]


def test_a_missing_document_id_is_built_and_known_again(desk, offer):
    """Of issuer, date, number and notation, as its sender would have built it."""
    for _ in range(2):
        offer(desk, document_id="")
        come(desk)
    assert states(desk) == ["delivered", "repeated"]


def test_the_same_document_of_another_sender_is_another(desk, offer):
    """Whoever forwards a document under its DocumentId sends one of its own."""
    offer(desk)
    come(desk)
    offer(desk, sender=Organization(code=AgencyCode("H99.7")))
    come(desk)
    assert states(desk) == ["delivered", "delivered"]
    assert list(warnings(desk).values()) == [[], []]


def test_a_recall_that_comes_twice_is_one_recall(desk, offer):
    """Whatever a document wants of us, it wants it once."""
    recall = Business(kind=BusinessKind.RECALL, document_id="x", reason="Sai nơi nhận")
    for _ in range(2):
        offer(desk, business=recall)
        come(desk)
    assert states(desk) == ["delivered", "repeated"]


class Stands:
    """An inbox in which something stands in the way of one item."""

    def __init__(self, inbox, method, item):
        """Be that inbox, but for one call for one item."""
        self._inbox, self._method, self._item = inbox, method, item

    def __getattr__(self, name):
        """Return what the inbox has, or the call that fails."""
        found = getattr(self._inbox, name)
        return self._stand(found) if name == self._method else found

    def _stand(self, found):
        def call(item, *more):
            if item == self._item:
                raise NameTaken(say("trouble with {path}: {reason}", path=item, reason="x"))
            return found(item, *more)

        return call


@pytest.mark.parametrize(
    ("method", "meanwhile", "in_the_end"),
    [
        ("show", ["acknowledged", "acknowledged"], ["delivered", "repeated"]),
        ("keep", ["acknowledged", "delivered"], ["repeated", "delivered"]),
    ],
    ids=["ready", "not ready"],
)
def test_a_copy_counts_as_delivered_only_when_one_is(
    world, desk, offer, method, meanwhile, in_the_end
):
    """As long as the first is ready the second waits for it; where it is not, the second goes."""
    offer(desk)
    desk.turn("pull", "acknowledge")
    offer(desk)
    desk.later(seconds=1)
    desk.turn("pull", "acknowledge")
    first = received(desk)[0].id
    deliver = desk.flows["deliver"]
    desk.flows["deliver"] = replace(deliver, inbox=Stands(deliver.inbox, method, first))
    desk.turn("deliver")
    assert states(desk) == meanwhile

    desk.flows["deliver"] = deliver
    for _ in range(2):  # both are due, in no order
        desk.later(hours=1)
        desk.turn()
    assert states(desk) == in_the_end
    offer(desk)
    come(desk)
    assert states(desk) == [*in_the_end, "repeated"]
    assert len(desk.inbox) == 1
    assert world.statuses(desk.code) == ["01"]


def test_a_copy_that_has_to_wait_says_for_what(desk, offer):
    """Who looks for it finds the document it repeats."""
    offer(desk)
    desk.turn("pull", "acknowledge")
    desk.cut_off("deliver", "inbox", "show")
    offer(desk)
    desk.later(seconds=1)
    desk.turn("pull", "acknowledge", "deliver")
    first, second = received(desk)
    assert str(second.reason) == f"it is the same as {first.id}, which is being handed over"


STEPS = [
    ("queue", "resemblance", False),
    ("inbox", "keep", False),
    ("inbox", "keep", True),
    ("queue", "prepared", False),
    ("queue", "prepared", True),
    ("inbox", "show", False),
    ("inbox", "show", True),
    ("queue", "delivered", False),
    ("queue", "delivered", True),
    ("queue", "repeated", False),
    ("queue", "repeated", True),
]


@pytest.mark.parametrize(("part", "method", "after"), STEPS)
def test_wherever_it_is_cut_off_one_of_two_copies_arrives(world, desk, offer, part, method, after):
    """And is never a repeat of itself."""
    for _ in range(2):
        offer(desk)
    desk.turn("pull", "acknowledge")
    desk.cut_off("deliver", part, method, after=after)

    desk.restart()
    desk.turn()
    desk.later(hours=1)
    desk.turn()
    assert sorted(states(desk)) == ["delivered", "repeated"]
    (folder,) = (desk.exchange / "inbox").iterdir()
    assert (folder / "cv.pdf").read_bytes() == b"what it holds"
    assert world.statuses(desk.code) == ["01"]


# ── only alike ───────────────────────────────────────────────────────────────────────────────────


def test_another_document_of_the_same_number_is_delivered_with_a_warning(
    world, desk, offer, caplog
):
    """Nothing is overwritten and nothing dropped: a person is told, in three places."""
    offer(desk)
    come(desk)
    offer(desk, b"what it says now", document_id="another")
    come(desk)

    first, second = received(desk)
    assert (first.state, second.state) == ("delivered", "delivered")
    assert {(folder / "cv.pdf").read_bytes() for folder in desk.inbox} == {
        b"what it holds",
        b"what it says now",
    }
    words = say("another document came under the same number and notation: {id}", id=first.id)
    assert warnings(desk) == {first.id: [], second.id: [in_vietnamese(words)]}
    (noted,) = [each for each in desk.queue.history.of(second.id) if each.event == "warned"]
    assert first.id in noted.text
    logged = [record for record in caplog.records if record.message == "resembles another"]
    assert [(record.levelno, record.item) for record in logged] == [(logging.WARNING, second.id)]
    assert world.standing(desk.code) == ["done", "done"]
    assert world.statuses(desk.code) == ["01", "01"]


@pytest.mark.parametrize(
    ("changes", "words", "alarm"),
    [
        (
            {"content": b"other"},
            "another document came under the same number and notation: {id}",
            True,
        ),
        (
            {"content": b"other", "number": "13"},
            "another document came under the same DocumentId: {id}",
            False,
        ),
        (
            {"document_id": "other"},
            "the same content came under another DocumentId: {id}",
            False,
        ),
        ({"content": b"other", "number": "13", "document_id": "other"}, None, False),
        (
            {"content": b"other", "document_id": "other", "promulgated": date(2025, 3, 5)},
            None,
            False,
        ),
    ],
    ids=["number and id", "id", "content", "nothing", "a number of another year"],
)
def test_what_is_only_alike_is_delivered_and_said(desk, offer, caplog, changes, words, alarm):
    """To the clerk, whatever agrees; with an alarm where one number stands for two texts."""
    offer(desk)
    come(desk)
    offer(desk, **changes)
    come(desk)
    first, second = received(desk)
    assert second.state == "delivered"
    expected = [in_vietnamese(say(words, id=first.id))] if words else []
    assert warnings(desk)[second.id] == expected
    story = [happening.event for happening in desk.queue.history.of(second.id)]
    assert ("warned" in story) is alarm
    shouted = [r for r in caplog.records if r.message == "resembles another" and r.levelno > 20]
    assert len(shouted) == alarm


@pytest.mark.parametrize("kind", [BusinessKind.UPDATE, BusinessKind.REPLACE, BusinessKind.RECALL])
def test_what_changes_a_document_may_bear_its_number(desk, offer, kind):
    """An update, a replacement, a recall is meant to go by the name of the older one."""
    offer(desk)
    come(desk)
    offer(desk, b"other", business=Business(kind=kind, document_id="x", reason="Sửa"))
    come(desk)
    second = received(desk)[1]
    assert second.state == "delivered"
    assert warnings(desk)[second.id] == []


def test_a_warning_is_given_once_whatever_is_cut_off(desk, offer):
    """The event stands beside the name of the folder, or neither does."""
    offer(desk)
    come(desk)
    offer(desk, b"other")
    desk.later(seconds=1)
    desk.turn("pull", "acknowledge")
    for after in (False, True):
        desk.cut_off("deliver", "queue", "prepared", after=after)
        desk.restart()
    desk.turn()
    second = received(desk)[1]
    assert [each.event for each in desk.queue.history.of(second.id)].count("warned") == 1
    assert len(warnings(desk)[second.id]) == 1
