"""When somebody sets the clock, everything that is still open goes along with it."""

from __future__ import annotations

import pytest
from builders import HOUR, MINUTE, T0, a_new_document
from claimants import another_process

from edge_node.adapters.addresses_file import Address
from edge_node.adapters.database import moment
from edge_node.adapters.incidents import Incidents
from edge_node.adapters.steps import Phase, Step, listening
from edge_node.adapters.tellings import Tellings
from edge_node.domain.alarms import Rule, Sighting, Watched
from edge_node.domain.envelope import Lane, MessageType
from edge_node.domain.errors import DiskTrouble, LeaseLost
from edge_node.domain.incidents import changes
from edge_node.domain.lifecycle import SendingEvent
from edge_node.domain.message import say

EDOC = MessageType.DOCUMENT
JUMPS = pytest.mark.parametrize("by", [3 * HOUR, -3 * HOUR], ids=["forward", "back"])


def a_claim(queue, now=T0):
    claimed = queue.outgoing.claim(EDOC, now=now, lease=5 * MINUTE)
    assert claimed is not None
    return claimed


def times(queue):
    """Return when each try was made, and when what is being sent was begun."""
    tries = [moment(row["at"]) for row in queue.file.rows("select at from attempts order by id")]
    begun = queue.file.rows("select sending from envelopes where sending is not null")
    return tries, [moment(row["sending"]) for row in begun]


@JUMPS
def test_what_waits_waits_as_long_as_it_would_have(queue, by):
    """Ten minutes are ten minutes; what was due already is due."""
    queue.outgoing.add(a_new_document(), now=T0)
    claim, _ = a_claim(queue)
    queue.outgoing.defer(claim, now=T0, until=T0 + 10 * MINUTE, reason=say("busy"))
    queue.outgoing.add(a_new_document("o000000002"), now=T0)

    queue.clock_was_set(now=T0 + by + MINUTE, by=by)

    due = {row["item"]: moment(row["due"]) for row in queue.file.rows("select * from work")}
    assert max(due.values()) == T0 + by + 10 * MINUTE
    assert min(due.values()) <= T0 + by + MINUTE


@JUMPS
def test_a_lease_lasts_as_long_as_it_would_have(queue, by):
    """Another process notices at the same time that nobody came back from it."""
    queue.outgoing.add(a_new_document(), now=T0)
    claim, _ = a_claim(queue)
    queue.clock_was_set(now=T0 + by + MINUTE, by=by)
    with another_process(queue) as other:
        other.sweep(now=T0 + by + 4 * MINUTE, ceiling=HOUR)
        with other.file.transaction() as transaction:
            assert transaction.rows("select 1 from work where leased is not null", {})
        other.sweep(now=T0 + by + 5 * MINUTE, ceiling=HOUR)
    with pytest.raises(LeaseLost):
        queue.outgoing.give_back(claim, now=T0 + by, behind=None)


@JUMPS
def test_what_was_sent_without_an_answer_was_sent_as_long_ago_as_before(queue, by):
    """By the old time it would be believed lost at once, or only hours later."""
    queue.outgoing.add(a_new_document(), now=T0)
    claim, _ = a_claim(queue)
    queue.outgoing.settle(
        claim, SendingEvent.SILENCE, now=T0, reason=say("silence"), due=T0 + MINUTE
    )
    queue.clock_was_set(now=T0 + by, by=by)
    assert times(queue) == ([T0 + by], [])
    _, unsure = a_claim(queue, T0 + by + MINUTE)
    trail = queue.unsure.trail(unsure, clock=lambda: T0 + by + MINUTE)
    assert (trail.since, trail.ago) == (T0 + by, MINUTE)


@JUMPS
def test_what_is_being_sent_was_begun_as_long_ago_as_before(queue, by):
    """Should it be cut off, whoever asks about it knows when it left."""
    queue.outgoing.add(a_new_document(), now=T0)
    a_claim(queue)
    queue.clock_was_set(now=T0 + by, by=by)
    assert times(queue) == ([], [T0 + by])


@JUMPS
def test_what_is_settled_keeps_its_times(queue, by):
    """History is told as it was entered."""
    queue.outgoing.add(a_new_document(), now=T0)
    claim, _ = a_claim(queue)
    queue.outgoing.settle(claim, SendingEvent.SILENCE, now=T0, reason=say("silence"), due=T0)
    claim, _ = a_claim(queue)
    queue.outgoing.settle(claim, SendingEvent.FOUND, now=T0, axis_id="a1")
    before = times(queue)
    queue.clock_was_set(now=T0 + by, by=by)
    assert times(queue) == before
    assert queue.next_due(Lane.PUSH) is None


@JUMPS
def test_an_incident_has_lasted_as_long_as_before_and_is_tried_to_be_told_as_soon(queue, by):
    """A disk that fills up is no alarm at once, nor one in three hours only."""
    rule = Rule(name="disk", watch=Watched.DISK, longer_than=5 * MINUTE)
    table, full = Incidents(queue.file), Sighting(about="data", words=say("full"))

    def seen(now):
        on = {each.about: each for each in table.on()}
        table.enter(
            changes(rule, [full], on, now=now, calm=MINUTE), now=now, due=lambda _: now, marks={}
        )
        return [each.raised for each in table.on()]

    assert seen(T0) == [None]
    queue.clock_was_set(now=T0 + by + MINUTE, by=by)
    assert seen(T0 + by + 4 * MINUTE) == [None]
    told_at = T0 + by + 5 * MINUTE
    assert seen(told_at) == [told_at]

    tellings = Tellings(queue.file)
    tellings.spread([Address(name="duty", channel="duty", url="json://x")], now=told_at)
    tellings.begin("duty", tellings.due("duty", told_at), now=told_at)
    queue.clock_was_set(now=told_at + by, by=by)
    assert not table.anything_due(told_at + by)
    assert table.anything_due(told_at + by + MINUTE)


def test_the_nodes_own_clock_follows_with_the_queue_or_not_at_all(queue):
    """A disk that does not take it leaves both at the old time."""
    shown = [T0]

    def follow(by):
        shown[0] += by

    queue.clock_was_set(now=T0 + HOUR, by=HOUR, follow=follow)
    assert shown == [T0 + HOUR]

    def no_disk(step, phase, _what):
        if (step, phase) == (Step.COMMIT, Phase.BEFORE):
            raise DiskTrouble(say("no room left"))

    with listening(no_disk), pytest.raises(DiskTrouble):
        queue.clock_was_set(now=T0 + 2 * HOUR, by=HOUR, follow=follow)
    assert shown == [T0 + HOUR]
