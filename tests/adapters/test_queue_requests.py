"""Recalls in the queue: who is stopped and who is asked, and which document a request means."""

import sqlite3
from contextlib import closing
from datetime import date

import pytest
from builders import OTHERS, T0, THEM, US, a_document, a_listed, a_new_document, stored

from edge_node.adapters import awaited, changes, links
from edge_node.adapters.beside import links_of, requests_of
from edge_node.domain.change import ChangeState
from edge_node.domain.document import Business, BusinessKind, Reference
from edge_node.domain.errors import StatusRefused
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Sending

OLD = ItemId("o000000001")


def a_recall(of, *, to=(THEM,)):
    business = Business(kind=BusinessKind.RECALL, reason="sai", document_id=of.document_id)
    return a_document("13", to=to, business=business)


@pytest.mark.parametrize(
    ("state", "is_asked"),
    [
        (Sending.QUEUED, False),
        (Sending.UNSURE, True),
        (Sending.ACCEPTED, True),
        (Sending.DELIVERED, True),
        (Sending.REFUSED, False),
        (Sending.DEAD, False),
        (Sending.HELD, True),
        (Sending.RECALLED, False),
    ],
)
def test_who_may_have_it_is_asked_and_nobody_else(queue, state, is_asked):
    """What the axis never had, and nobody sends again, is stopped here; who knows what is held."""
    document = a_document()
    queue.outgoing.add(a_new_document(document=document), now=T0)
    with queue.file.transaction() as transaction:
        for table in ("fates", "envelopes"):
            transaction.execute(f"update {table} set state = :state", {"state": state})  # noqa: S608
    plan = queue.requests.plan(a_recall(document))
    assert (plan.asked, plan.stopped) == (((THEM,), ()) if is_asked else ((), (THEM,)))


@pytest.mark.parametrize(
    ("outcomes", "is_asked"),
    [(["deferred"], False), (["silence"], True), (["silence", "missing", "deferred"], False)],
)
def test_what_was_given_up_is_asked_for_where_the_axis_may_have_it(queue, outcomes, is_asked):
    """Silence, and nobody found out since; a list that lacks it tells."""
    document = a_document()
    queue.outgoing.add(a_new_document(document=document), now=T0)
    with queue.file.transaction() as transaction:
        transaction.execute("update fates set state = 'dead'", {})
        (envelope,) = transaction.rows("select id from envelopes", {})
        for attempt, outcome in enumerate(outcomes):
            row = {"envelope": envelope["id"], "attempt": attempt, "at": 0, "outcome": outcome}
            transaction.insert("attempts", row | {"reason": ""})
    assert (queue.requests.plan(a_recall(document)).asked == (THEM,)) is is_asked


def test_what_is_being_sent_in_this_moment_is_asked_for(queue):
    """From the claim on it may have left."""
    document = a_document()
    queue.outgoing.add(a_new_document(document=document), now=T0)
    from edge_node.domain.envelope import MessageType

    assert queue.outgoing.claim(MessageType.DOCUMENT, now=T0, lease=T0 - T0) is not None
    assert queue.requests.plan(a_recall(document)).asked == (THEM,)


def test_the_rest_of_an_envelope_is_named(queue):
    """Of two receivers one is stopped: for the other the package is made anew."""
    document = a_document(to=(THEM, OTHERS))
    queue.outgoing.add(a_new_document(document=document), now=T0)
    plan = queue.requests.plan(a_recall(document))
    ((envelope, others),) = plan.rest
    assert (others, plan.stopped) == ((OTHERS,), (THEM,))
    assert queue.requests.carrying(envelope).receivers == (THEM, OTHERS)


def arrive(queue, document, axis_id="axis-1"):
    """Enter an incoming document as it is when its folder has a name."""
    item = queue.arriving.add(a_listed(axis_id), stored(axis_id.encode()), None, now=T0)
    from edge_node.adapters.incoming import describe

    with queue.file.transaction() as transaction:
        describe(transaction, item, document, folder=axis_id, fingerprint=axis_id)
        awaited.came(transaction, item, document, now=T0)
    return item


def a_request(**reference):
    """Return a recall that names its document in ResponseFor alone."""
    about = Reference(organ=THEM, **reference)
    business = Business(kind=BusinessKind.RECALL, reason="sai")
    return a_document(
        "99", to=(US,), sender=THEM, document_id="r-1", business=business, reply_to=(about,)
    )


def test_without_an_id_issuer_number_and_date_tell_which_is_meant(queue):
    """The same number of another day is another document."""
    document = a_document(to=(US,), sender=THEM)
    item = arrive(queue, document)
    meant = a_request(code=document.code, promulgated=document.promulgated)
    arrive(queue, meant, "axis-2")
    assert changes.pending(queue.file, item).item == item

    other = a_request(code=document.code, promulgated=date(1999, 1, 1))
    carrier = arrive(queue, other, "axis-3")
    assert changes.pending(queue.file, carrier).item is None
    assert [link.older for link in links_of(queue.file, carrier)] == [None]


def test_an_answer_closes_what_is_asked_once(queue):
    """Answered is answered: a second word finds nothing that is open."""
    item = arrive(queue, a_document(to=(US,), sender=THEM))
    arrive(queue, a_request(document_id=a_document(to=(US,), sender=THEM).document_id), "axis-2")
    with queue.file.transaction() as transaction, pytest.raises(StatusRefused):
        changes.answered(transaction, item, "16", " ", now=T0)
    with queue.file.transaction() as transaction:
        answered = changes.answered(transaction, item, "16", "đã xử lý", now=T0)
    assert answered.item == item
    assert [each.state for each in requests_of(queue.file, item)] == [ChangeState.REFUSED]
    with queue.file.transaction() as transaction, pytest.raises(StatusRefused):
        changes.answered(transaction, item, "15", "", now=T0)


def test_what_is_deleted_is_gone_from_the_file(queue):
    """Overwritten in its pages, and no log holds it."""
    secret = "khong-con-o-dau-" * 40
    queue.marks.put("a", secret)
    assert queue.file.empty_log()
    assert secret.encode() in queue.file.path.read_bytes()
    queue.marks.remove("a")
    assert queue.file.empty_log()
    files = queue.file.path.parent.glob(f"{queue.file.path.name}*")
    assert not any(b"khong-con-o-dau-" in path.read_bytes() for path in files)
    with closing(sqlite3.connect(queue.file.path)) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)


def test_where_one_id_is_given_to_all_the_number_tells_which_is_meant(queue):
    """Some software writes the same DocumentId into all it sends."""
    first, second = (
        arrive(queue, a_document(number, to=(US,), sender=THEM, document_id="x"), f"axis-{number}")
        for number in ("12", "13")
    )
    named = {"organ": THEM, "document_id": "x"}
    for number, item in (("12", first), ("13", second)):
        code = a_document(number).code
        assert links.find(queue.file, Reference(**named, code=code), outgoing=False) == item
