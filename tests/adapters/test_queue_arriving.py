"""What arrives: durable before anything else, acknowledged once, delivered once, told once."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from builders import (
    HOUR,
    MINUTE,
    OTHERS,
    T0,
    THEM,
    US,
    a_document,
    a_given,
    a_listed,
    a_new_document,
    a_status,
    stored,
)
from claimants import another_process

from edge_node.adapters.arriving import Arriving
from edge_node.adapters.ledger import Ledger
from edge_node.adapters.waybills import Waybills
from edge_node.domain.envelope import AxisId, Lane, MessageType
from edge_node.domain.errors import LeaseLost
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import say
from edge_node.domain.repeats import Original, Resemblance
from edge_node.domain.standing import NODE

SHARED = "H99.02,2026/11/21,12/UBND-VP"
ARRIVED = a_given("01", who=NODE)
SAME, OTHER = "a" * 64, "b" * 64


def arrive(queue, axis_id="axis-1", **fields):
    return queue.arriving.add(a_listed(axis_id, **fields), stored(), None, now=T0)


def claim(queue, lane, now=T0):
    claimed = queue.arriving.claim(lane, now=now, lease=5 * MINUTE)
    return (None, None) if claimed is None else claimed


def acknowledge(queue):
    mine, item = claim(queue, Lane.ACKNOWLEDGE)
    queue.arriving.acknowledged(mine, now=T0)
    return item


def deliver(queue, document=None, arrival=ARRIVED):
    mine, item = claim(queue, Lane.DELIVER)
    document = document or a_document(sender=THEM, to=(US,))
    queue.arriving.prepared(mine, document, "folder", fingerprint=SAME, now=T0)
    queue.arriving.delivered(mine, arrival, now=T0)
    return item


def test_nothing_is_delivered_before_the_axis_was_told(queue):
    """First durable, then acknowledged, then handed on."""
    arrive(queue)
    assert claim(queue, Lane.DELIVER) == (None, None)
    acknowledge(queue)
    _, item = claim(queue, Lane.DELIVER)
    assert item.axis_id == "axis-1"


def test_what_is_offered_twice_is_one_item(queue):
    """The axis's id tells what we have; a second offer is acknowledged again and nothing else."""
    item = arrive(queue)
    acknowledge(queue)
    known = queue.arriving.known([AxisId("axis-1"), AxisId("axis-2")])
    assert {axis_id: known[axis_id].id for axis_id in known} == {"axis-1": item}

    queue.arriving.acknowledge_again(item, now=T0)
    queue.arriving.acknowledge_again(item, now=T0)
    acknowledge(queue)

    assert claim(queue, Lane.ACKNOWLEDGE) == (None, None)
    deliver(queue)
    assert claim(queue, Lane.DELIVER) == (None, None)


def test_delivery_queues_its_01_once(queue):
    """The sender hears once that its document arrived."""
    arrive(queue)
    acknowledge(queue)
    item = deliver(queue)

    _, envelope = queue.outgoing.claim(MessageType.STATUS, now=T0, lease=MINUTE)
    assert (envelope.item, envelope.receivers) == (item.id, (THEM,))
    assert b"StatusCode>01<" in queue.outgoing.body(envelope.id)
    assert queue.outgoing.claim(MessageType.STATUS, now=T0, lease=MINUTE) is None


def test_a_quarantined_document_gets_no_01_and_the_axis_is_told_fail(queue):
    """What cannot be read is set aside for a person; its sender is not told that it arrived."""
    arrive(queue)
    acknowledge(queue)
    mine, _ = claim(queue, Lane.DELIVER)
    queue.arriving.quarantine(mine, say("not XML"), now=T0, answer=True)

    assert queue.outgoing.claim(MessageType.STATUS, now=T0, lease=MINUTE) is None
    _, item = claim(queue, Lane.ACKNOWLEDGE)
    assert item.state == "quarantined"


def test_a_quarantine_may_be_kept_from_the_axis(queue):
    """Where the configuration says so, a person decides what the axis hears."""
    arrive(queue)
    acknowledge(queue)
    mine, _ = claim(queue, Lane.DELIVER)
    queue.arriving.quarantine(mine, say("not XML"), now=T0, answer=False)
    assert claim(queue, Lane.ACKNOWLEDGE) == (None, None)


def test_a_status_finds_its_document_and_its_receiver(queue):
    """The receiver's word moves its own fate and nobody else's."""
    document = a_document(to=(THEM, OTHERS))
    queue.outgoing.add(a_new_document(document=document), now=T0)
    arrive(queue, message=MessageType.STATUS)
    acknowledge(queue)
    mine, _ = claim(queue, Lane.APPLY)

    assert queue.arriving.applied(mine, a_status("03", about=document, note="rồi"), now=T0)

    fates = {fate.receiver: fate for fate in queue.outgoing.fates(ItemId("o000000001"))}
    assert (fates[THEM].state, fates[THEM].status) == (Sending.DELIVERED, "03")
    assert (fates[OTHERS].state, fates[OTHERS].status) == (Sending.QUEUED, "")
    told = [(each.event, each.status) for each in queue.history.untold(limit=9)]
    assert told[-1] == ("status", "03")


def test_a_status_without_document_id_is_found_by_issuer_and_number(queue):
    """Senders that leave DocumentId out name the document by its number."""
    document = a_document()
    queue.outgoing.add(a_new_document(document=document), now=T0)
    arrive(queue, message=MessageType.STATUS)
    acknowledge(queue)
    mine, _ = claim(queue, Lane.APPLY)

    nameless = a_status("01", about=a_document(document_id=""))
    assert queue.arriving.applied(mine, nameless, now=T0)
    assert queue.outgoing.fates(ItemId("o000000001"))[0].status == "01"


@pytest.mark.parametrize("stranger", [OTHERS, US], ids=["another agency", "ourselves"])
def test_nobody_speaks_for_another(queue, stranger):
    """A status of somebody the document was not sent to changes nothing; it is parked."""
    queue.outgoing.add(a_new_document(), now=T0)
    arrive(queue, message=MessageType.STATUS)
    acknowledge(queue)
    mine, _ = claim(queue, Lane.APPLY)

    assert not queue.arriving.applied(mine, a_status("01", sender=stranger), now=T0)
    (fate,) = queue.outgoing.fates(ItemId("o000000001"))
    assert (fate.state, fate.status) == (Sending.QUEUED, "")


def test_a_status_for_a_document_we_never_sent_is_parked(queue):
    """It is acknowledged and kept, and loops for ever with nobody."""
    arrive(queue, message=MessageType.STATUS)
    acknowledge(queue)
    mine, _ = claim(queue, Lane.APPLY)
    assert not queue.arriving.applied(mine, a_status("01"), now=T0)
    assert claim(queue, Lane.APPLY, T0 + HOUR) == (None, None)


def test_a_stale_claim_delivers_nothing(queue):
    """Whoever lost its lease hears of it and changes nothing."""
    arrive(queue)
    acknowledge(queue)
    mine, _ = claim(queue, Lane.DELIVER)
    with another_process(queue) as other:
        other.sweep(now=T0 + 6 * MINUTE, ceiling=HOUR)
    claim(queue, Lane.DELIVER, T0 + 6 * MINUTE)

    with pytest.raises(LeaseLost):
        queue.arriving.prepared(mine, a_document(), "folder", fingerprint=SAME, now=T0)
    with pytest.raises(LeaseLost):
        queue.arriving.delivered(mine, None, now=T0 + 6 * MINUTE)
    assert queue.arriving.offered() == []
    assert queue.arriving.known([AxisId("axis-1")])["axis-1"].folder == ""


def test_what_a_folder_will_be_called_is_known_to_whoever_claims_next(queue):
    """Cut off between the entry and the rename, nobody has to read the package again."""
    arrive(queue)
    acknowledge(queue)
    mine, first = claim(queue, Lane.DELIVER)
    assert (first.folder, first.about) == ("", None)
    document = a_document(sender=THEM, to=(US,))
    queue.arriving.prepared(mine, document, "folder", fingerprint=SAME, now=T0)
    queue.free_all(now=T0, ask_after=MINUTE)

    mine, again = claim(queue, Lane.DELIVER)
    assert (again.folder, again.about.organ, again.about.code) == ("folder", THEM, "12/UBND-VP")
    assert queue.arriving.offered() == []

    queue.arriving.delivered(mine, ARRIVED, now=T0)
    assert queue.arriving.offered() == [(again.id, "folder")]


def test_software_may_report_on_a_document_before_we_know_that_it_came_into_sight(queue):
    """It took the folder and dropped a 03 while the rename was not yet entered."""
    arrive(queue)
    acknowledge(queue)
    mine, item = claim(queue, Lane.DELIVER)
    assert queue.speaking.reference(item=item.id) is None
    document = a_document(sender=THEM, to=(US,))
    queue.arriving.prepared(mine, document, "folder", fingerprint=SAME, now=T0)
    found, about = queue.speaking.reference(item=item.id)
    assert (found, about.code) == (item.id, "12/UBND-VP")
    assert queue.speaking.reference(document_id=document.document_id) == (found, about)


def test_a_document_lies_in_the_inbox_until_it_is_taken(queue):
    """What the software has not taken is on offer, and found again by id and DocumentId."""
    arrive(queue)
    acknowledge(queue)
    item = deliver(queue)
    assert queue.arriving.offered() == [(item.id, "folder")]
    found, reference = queue.speaking.reference(document_id="H99.02,2026/11/21,12/UBND-VP")
    assert (found, reference.organ, reference.code) == (item.id, THEM, "12/UBND-VP")

    queue.arriving.taken({item.id: None}, now=T0 + HOUR)

    assert queue.arriving.offered() == []
    assert queue.speaking.reference(item=item.id) is not None
    assert queue.speaking.reference(item="i-unknown") is None


def test_what_is_known_of_a_long_list_is_asked_in_few_statements(queue):
    """An axis may list what it had for us in a year."""
    item = arrive(queue)
    listed = [AxisId(f"axis-{number}") for number in range(1201)]
    asked = []
    arriving = Arriving(Counts(queue.file, asked), Waybills())
    assert arriving.unknown(listed) == set(listed) - {"axis-1"}
    assert [known.id for known in arriving.known(listed).values()] == [item]
    assert len(asked) == 6


class Counts:
    """A queue file that notes what is asked of it."""

    def __init__(self, file, asked):
        """Be that file."""
        self._file, self._asked = file, asked

    def rows(self, sql, values):
        """Note, and return the rows."""
        self._asked.append(sql)
        return self._file.rows(sql, values)


def test_what_was_set_aside_though_it_had_a_folder_keeps_no_copy_waiting(queue):
    """The node died over it: whether it came into sight nobody knows, and a copy must."""
    arrive(queue)
    acknowledge(queue)
    mine, _ = claim(queue, Lane.DELIVER)
    document = a_document(sender=THEM, to=(US,))
    queue.arriving.prepared(mine, document, "folder", fingerprint=SAME, now=T0)
    queue.arriving.quarantine(mine, say("the node dies over it"), now=T0, answer=False)
    assert resembling(queue).same is None


def resembling(queue, item="other", content=SAME, **changes):
    document = a_document(sender=THEM, to=(US,), **changes)
    return queue.arriving.resemblance(ItemId(item), document, content)


def test_the_same_document_is_one_that_has_a_folder(queue):
    """Not one that is only received, and not the item itself."""
    item = arrive(queue)
    acknowledge(queue)
    assert resembling(queue).same is None

    mine, _ = claim(queue, Lane.DELIVER)
    document = a_document(sender=THEM, to=(US,))
    queue.arriving.prepared(mine, document, "folder", fingerprint=SAME, now=T0)
    assert resembling(queue).same == Original(id=item, handed_over=False)
    assert resembling(queue, item) == Resemblance()

    queue.arriving.delivered(mine, None, now=T0)
    assert resembling(queue).same == Original(id=item, handed_over=True)
    assert resembling(queue, document_id="").same is None
    queue.arriving.taken({item: None}, now=T0)
    assert resembling(queue).same == Original(id=item, handed_over=True)


@pytest.mark.parametrize(
    ("changes", "by"),
    [
        ({"content": OTHER}, {"by_number", "by_id"}),
        ({"content": OTHER, "number": "13", "document_id": SHARED}, {"by_id"}),
        ({"content": OTHER, "document_id": "x"}, {"by_number"}),
        ({"document_id": "x"}, {"by_content"}),
        ({"content": OTHER, "document_id": "", "number": ""}, set()),
        ({"content": OTHER, "document_id": "x", "promulgated": date(2025, 1, 1)}, set()),
        ({"content": OTHER, "document_id": "x", "promulgated": date(2026, 1, 1)}, {"by_number"}),
    ],
)
def test_a_document_may_be_like_an_earlier_one_in_several_ways(queue, changes, by):
    """By its number in the same year, by its DocumentId, by its content."""
    arrive(queue)
    acknowledge(queue)
    item = deliver(queue).id
    like = resembling(queue, **changes)
    found = {name for name in ("by_number", "by_id", "by_content") if getattr(like, name)}
    assert found == by
    assert like.same is None
    assert {getattr(like, name) for name in found} <= {item}


def test_a_repeat_has_no_folder_and_no_01_and_is_never_the_first_of_others(queue):
    """It names the first; what comes later is the same as the first, not as the repeat."""
    arrive(queue)
    acknowledge(queue)
    first = deliver(queue, arrival=None)
    second = arrive(queue, "axis-2")
    acknowledge(queue)
    mine, _ = claim(queue, Lane.DELIVER)
    document = a_document(sender=THEM, to=(US,))
    queue.arriving.repeated(mine, document, SAME, first=first.id, now=T0)

    shown = Ledger(queue.file).find(second)
    assert (shown.state, shown.folder, str(shown.reason)) == (
        "repeated",
        "",
        f"the same as {first.id}",
    )
    assert queue.outgoing.claim(MessageType.STATUS, now=T0, lease=MINUTE) is None
    assert claim(queue, Lane.DELIVER) == (None, None)
    assert queue.arriving.offered() == [(first.id, "folder")]
    assert resembling(queue).same.id == first.id
    with pytest.raises(LeaseLost):
        queue.arriving.repeated(mine, document, SAME, first=first.id, now=T0)


def test_what_is_set_aside_with_its_bytes_waits_for_a_person_alone(queue):
    """Nothing is told, handed on, or fetched again."""
    item = queue.arriving.set_aside(a_listed(), stored(), say("another life"), now=T0)
    known = queue.arriving.known([AxisId("axis-1")])["axis-1"]
    assert (known.state, known.package) == ("quarantined", stored())
    assert str(Ledger(queue.file).find(item).reason) == "another life"
    assert claim(queue, Lane.ACKNOWLEDGE) == (None, None)
    assert claim(queue, Lane.DELIVER) == (None, None)
    assert queue.arriving.fitting(10**9) == []


def test_marks_are_kept_by_name_and_the_last_one_counts(queue):
    """Alone, or as part of a greater change."""
    assert queue.marks.get("a") is None
    queue.marks.put("a", "1")
    queue.marks.put("a", "2")
    with queue.file.transaction() as transaction:
        queue.marks.put("b", "3", within=transaction)
    with suppress(ZeroDivisionError), queue.file.transaction() as transaction:
        queue.marks.put("b", "4", within=transaction)
        raise ZeroDivisionError
    assert (queue.marks.get("a"), queue.marks.get("b")) == ("2", "3")


def set_aside(queue, *, answer, size=1001):
    return queue.arriving.refuse(a_listed(), say("too large"), size=size, answer=answer, now=T0)


def test_a_package_too_large_to_fetch_is_shown_and_answered(queue):
    """Its bytes are not taken, but nobody can say it was not seen."""
    item = set_aside(queue, answer=True)
    assert queue.arriving.known([AxisId("axis-1")])["axis-1"].id == item
    _, told = claim(queue, Lane.ACKNOWLEDGE)
    assert (told.id, told.state, told.package.digest) == (item, "quarantined", "")


def test_a_package_too_large_to_fetch_may_be_kept_from_the_axis(queue):
    """Where the configuration says so, the axis goes on offering it."""
    set_aside(queue, answer=False)
    assert claim(queue, Lane.ACKNOWLEDGE) == (None, None)


def test_a_package_that_was_too_large_is_worth_another_try_when_it_may_fit(queue):
    """What is known of its size is the least there is; a try that fails tells more."""
    set_aside(queue, answer=False)
    assert queue.arriving.fitting(1000) == []
    [listed] = queue.arriving.fitting(1001)
    assert (listed.axis_id, listed.message, listed.sender) == ("axis-1", "edoc", THEM)

    set_aside(queue, answer=True, size=2001)
    assert queue.arriving.fitting(2000) == []
    assert claim(queue, Lane.ACKNOWLEDGE) == (None, None)  # it has heard that, or was not to


@pytest.mark.parametrize("told", [True, False])
def test_a_package_that_was_too_large_and_is_here_goes_its_way(queue, told):
    """It is the same item: acknowledged, after `fail` or in its place, and handed on."""
    item = set_aside(queue, answer=True)
    if told:
        acknowledge(queue)
    assert arrive(queue) == item

    assert acknowledge(queue).state == "acknowledged"
    assert deliver(queue).id == item
    assert queue.arriving.fitting(10**9) == []


@pytest.mark.parametrize("lane", [Lane.ACKNOWLEDGE, Lane.DELIVER])
def test_what_has_to_wait_says_why_as_long_as_it_waits(queue, lane):
    """A person finds the reason with the document; what goes on has none any more."""
    arrive(queue)
    if lane is Lane.DELIVER:
        acknowledge(queue)
    mine, item = claim(queue, lane)
    queue.arriving.defer(mine, until=T0 + MINUTE, reason=say("not now"))
    assert reason(queue, item) == "not now"

    if lane is Lane.ACKNOWLEDGE:
        mine, _ = claim(queue, lane, T0 + MINUTE)
        queue.arriving.acknowledged(mine, now=T0 + MINUTE)
    else:
        mine, _ = claim(queue, lane, T0 + MINUTE)
        queue.arriving.delivered(mine, None, now=T0 + MINUTE)
    assert reason(queue, item) == "None"


def test_why_it_was_set_aside_outlasts_an_axis_that_is_busy(queue):
    """That `fail` cannot be said now is not what is wrong with it."""
    item = set_aside(queue, answer=True)
    mine, _ = claim(queue, Lane.ACKNOWLEDGE)
    queue.arriving.defer(mine, until=T0 + MINUTE, reason=say("the axis is busy"))
    assert str(Ledger(queue.file).find(item).reason) == "too large"


def reason(queue, item):
    return str(Ledger(queue.file).find(item.id).reason)
