"""Faults in what the sandbox axis says and remembers: lists, statuses, receivers, packages."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from sandbox_world import NOW, a_package, a_status, a_world, refused

from edge_node.domain.time import VIETNAM
from edge_node.protocol import vxp

BUSSINESS = "<e:Bussiness><e:BussinessDocType>1</e:BussinessDocType></e:Bussiness>"
MANIFEST = """<e:edXMLBody><e:edXMLManifest><e:Reference><e:ContentType>application/pdf
    </e:ContentType></e:Reference></e:edXMLManifest></e:edXMLBody>""".replace("\n    ", "")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("sandbox")) as world:
        yield world


@pytest.fixture
def world(server):
    yield server
    server.faults.clear()


@pytest.fixture
def sender(world):
    return world.caller()


@pytest.fixture
def receiver(world):
    return world.caller()


@pytest.fixture
def items(sender, receiver):
    """Three items that wait, oldest first."""
    for number in range(3):
        sender.send(a_package(sender.code, receiver.code, document_id=f"D{number}"))
    return ids(receiver.received())


def ids(rows):
    return [row["docId"] for row in rows]


def sent_ids(rows):
    return [row["senderDocId"] for row in rows]


def strike(world):
    return world.faults.strikes[-1]


# Lists of what waits


def test_a_listing_can_say_everything_twice(world, receiver, items):
    """Every row of the list of what waits is there twice, with the same docId."""
    world.faults.set({"fault": "duplicate-listing"})
    assert ids(receiver.received()) == [one for item in items for one in (item, item)]
    assert list(strike(world).doc_ids) == items


def test_lists_can_come_in_another_order(world, sender, receiver, items):
    """Newest first, in both lists."""
    sent = sent_ids(sender.sent())
    world.faults.set({"fault": "reorder"})
    assert ids(receiver.received()) == items[::-1]
    assert sent_ids(sender.sent()) == sent[::-1]


def test_a_list_that_has_nothing_to_harm_is_not_struck(world, sender, receiver):
    """An empty list is not doubled, one of one row not turned round; it costs a rule nothing."""
    world.faults.set(
        *({"fault": fault, "times": 1} for fault in ("duplicate-listing", "reorder")),
        {"fault": "skip-days", "items": 1, "times": 1},
        {"fault": "offer-after-done", "times": 1},
        {"fault": "acknowledge-on-read", "times": 1},
    )
    assert receiver.received() == []
    assert [one.met for one in world.faults.standing] == [0] * 5
    sender.send(a_package(sender.code, receiver.code))
    world.faults.set({"fault": "reorder"})
    assert len(receiver.received()) == 1
    assert world.faults.standing[0].met == 0


def test_the_newest_items_can_be_hidden_until_later(world, receiver, items):
    """For two lists the newest two are left out; asked with dates, they are there."""
    world.faults.set({"fault": "skip-days", "items": 2, "times": 2})
    assert ids(receiver.received()) == items[:1]
    assert list(strike(world).doc_ids) == items[1:]
    assert ids(receiver.received(since=NOW)) == items
    assert ids(receiver.received()) == items[:1]
    assert ids(receiver.received()) == items


def test_even_a_list_with_dates_can_hide_something(world, receiver, items):
    """With `dated`, looking back does not help either."""
    world.faults.set({"fault": "skip-days", "items": 5, "dated": True})
    assert receiver.received(since=NOW) == []
    world.faults.clear()
    assert ids(receiver.received(since=NOW)) == items


def test_items_of_the_last_days_can_be_hidden(tmp_path):
    """What is younger than so many seconds is not listed yet, by the clock of the axis."""
    with a_world(tmp_path, clock=None) as world:
        sender, receiver = world.caller(), world.caller()
        sender.send(a_package(sender.code, receiver.code))
        world.faults.set({"fault": "skip-days", "seconds": 86400, "times": 1})
        assert receiver.received() == []
        assert len(receiver.received()) == 1
        yesterday = datetime.now(VIETNAM) - timedelta(days=2)
        with closing(sqlite3.connect(world.folder / "sandbox.db")) as db, db:
            db.execute("update deliveries set created = ?", (yesterday.isoformat("T", "seconds"),))
        world.faults.set({"fault": "skip-days", "seconds": 86400})
        assert len(receiver.received()) == 1


def test_what_is_done_can_be_offered_again(world, receiver, items):
    """Items that are done come back as if nobody had taken them; failed ones do not."""
    receiver.acknowledge(items[0])
    receiver.acknowledge(items[1], "fail")
    world.faults.set({"fault": "offer-after-done", "times": 1})
    again = receiver.received()
    assert ids(again) == [items[0], items[2]]
    assert {row["status"] for row in again} == {"initial"}
    assert list(strike(world).doc_ids) == [items[0]]
    assert ids(receiver.received()) == [items[2]]


# What was said of an item


def test_listing_an_item_can_count_as_taking_it(world, receiver, items):
    """Listed once without dates, an item is done: only looking back finds it."""
    world.faults.set({"fault": "acknowledge-on-read", "calls": ["getReceivedEdocList"]})
    assert ids(receiver.received(since=NOW)) == items
    assert ids(receiver.received()) == items
    assert receiver.received() == []
    rows = receiver.received(since=NOW)
    assert [(row["docId"], row["status"]) for row in rows] == [(item, "done") for item in items]


@pytest.mark.parametrize("method", [vxp.Method.FETCH, vxp.Method.DOWNLOAD])
def test_fetching_an_item_can_count_as_taking_it(world, receiver, items, method):
    """Fetched, whole or not, it is done; it can be fetched again."""
    world.faults.set({"fault": "acknowledge-on-read", "calls": [str(method)]})
    receiver.call(vxp.fetch(items[0], method))
    assert ids(receiver.received()) == items[1:]
    assert receiver.package(items[0]).startswith(b"<?xml")


def test_an_acknowledgement_can_be_forgotten(world, receiver, items):
    """The axis says OK to `done` and does not keep it, once."""
    world.faults.set({"fault": "forget-acknowledgement", "times": 1})
    assert receiver.acknowledge(items[0])["ErrorCode"] == "0"
    assert ids(receiver.received()) == items
    assert strike(world).doc_ids == (items[0],)
    receiver.acknowledge(items[0])
    assert ids(receiver.received()) == items[1:]


def test_what_is_not_the_callers_is_refused_all_the_same(world, sender, items):
    """A forgetful axis still knows whose an item is."""
    world.faults.set({"fault": "forget-acknowledgement"})
    assert refused(sender.acknowledge(items[0]), "10")
    assert world.faults.standing[0].met == 0


# Lists of what was sent


def test_a_send_can_be_listed_late(world, sender, receiver, items):
    """For so many lists it would have been in, an accepted send is not shown; then it is."""
    assert len(items) == 3
    first = sent_ids(sender.sent())
    world.faults.set({"fault": "list-late", "lists": 2})
    new = sender.send(a_package(sender.code, receiver.code))["DocId"]
    assert sender.sent(new) == []
    assert strike(world).doc_ids == (new,)
    assert sender.sent(new) == []
    assert sent_ids(sender.sent()) == [*first, new]
    another = sender.send(a_package(sender.code, receiver.code))["DocId"]
    assert sent_ids(sender.sent()) == [*first, new]
    assert strike(world).doc_ids == (another,)


def test_a_send_can_be_listed_late_for_one_receiver_only(world, sender, receiver):
    """Of a package to two, one row is held back."""
    other = world.caller()
    world.faults.set({"fault": "list-late", "lists": 1, "receiver": other.code})
    sender.send(a_package(sender.code, receiver.code, other.code))
    assert [row["toCode"] for row in sender.sent()] == [receiver.code]
    assert [row["toCode"] for row in sender.sent()] == [receiver.code, other.code]


def test_a_send_can_be_listed_after_seconds(tmp_path):
    """By the clock of the axis, which stands still here: not before an hour has passed."""
    with a_world(tmp_path) as world:
        sender, receiver = world.caller(), world.caller()
        sender.send(a_package(sender.code, receiver.code))
        world.faults.set({"fault": "list-late", "seconds": 3600})
        assert sender.sent() == []
        with closing(sqlite3.connect(world.folder / "sandbox.db")) as db, db:
            db.execute("update sends set at = '2026-11-21T13:03:05+07:00'")
        assert len(sender.sent()) == 1


def test_a_send_can_be_forgotten_for_good(world, sender, receiver):
    """The receiver gets it; no list of the sender's ever shows it, without the rule either."""
    world.faults.set({"fault": "forget-sent", "message": "edoc", "times": 1})
    doc_id = sender.send(a_package(sender.code, receiver.code))["DocId"]
    assert strike(world).doc_ids == (doc_id,)
    world.faults.clear()
    assert len(receiver.received()) == 1
    assert sender.sent(doc_id) == sender.sent() == []


# Receivers


@pytest.mark.parametrize("code", ["18", "23"])
def test_a_receiver_can_be_refused(world, sender, receiver, code):
    """A certain receiver is not known, or struck, for this send; others get theirs."""
    other = world.caller()
    world.faults.set(
        {"fault": "refuse-receiver", "receiver": receiver.code, "code": int(code), "times": 1}
    )
    assert sender.send(a_package(sender.code, other.code))["ErrorCode"] == "0"
    package = a_package(sender.code, other.code, receiver.code)
    assert receiver.code in refused(sender.send(package), code)
    assert sender.send(package)["ErrorCode"] == "0"
    assert (len(receiver.received()), len(other.received())) == (1, 2)


def test_a_kind_of_message_can_be_spared(world, sender, receiver):
    """A rule for statuses lets documents pass, and the other way round."""
    world.faults.set({"fault": "error", "calls": ["sendEdoc"], "message": "status"})
    assert sender.send(a_package(sender.code, receiver.code))["ErrorCode"] == "0"
    call, body = receiver.sending(a_status(receiver.code, sender.code), "status")
    assert receiver.call(call, body)[0] == 503


# Packages


@pytest.fixture
def item(sender, receiver):
    """Send an item with a manifest, a type of its attachment and a Bussiness."""
    package = a_package(sender.code, receiver.code, pdf=b"%PDF-1.7 and more").decode()
    package = (
        package.replace("<e:TraceHeaderList>", f"<e:TraceHeaderList>{BUSSINESS}")
        .replace("</e:edXMLHeader>", f"</e:edXMLHeader>{MANIFEST}")
        .replace("<AttachmentName>", "<ContentType>application/zip</ContentType><AttachmentName>")
    )
    assert sender.send(package.encode())["ErrorCode"] == "0"
    return receiver.received()[0]["docId"]


def test_the_content_of_attachments_can_be_corrupted(world, receiver, item):
    """One letter in the middle is no letter of base64; the rest is as it was."""
    whole = receiver.package(item)
    world.faults.set({"fault": "corrupt-base64", "times": 1})
    worse = receiver.package(item)
    different = [place for place, byte in enumerate(worse) if byte != whole[place]]
    assert [worse[place : place + 1] for place in different] == [b"!"]
    assert len(worse) == len(whole)
    assert receiver.package(item) == whole


@pytest.mark.parametrize(
    ("where", "manifest", "attachment"),
    [
        ("manifest", b"application/zip", b"application/zip"),
        ("attachment", b"application/pdf", b"application/pdf"),
        ("both", b"application/zip", b"application/pdf"),
    ],
)
def test_content_types_can_lie(world, receiver, item, where, manifest, attachment):
    """What is a ZIP is called a PDF, and anything else a ZIP."""
    world.faults.set({"fault": "swap-content-type", "where": where})
    kinds = re.findall(rb"ContentType>([^<]+)<", receiver.package(item))
    assert kinds == [manifest, attachment]


def test_the_bussiness_can_be_lost(world, receiver, item):
    """The part that says recall, update or replace is gone, and nothing else."""
    whole = receiver.package(item)
    world.faults.set({"fault": "drop-bussiness", "times": 1})
    written = BUSSINESS.replace("e:", "edXML:").encode()
    assert receiver.package(item) == whole.replace(written, b"")
    assert written in whole
    assert strike(world).doc_ids == (item,)


def test_half_a_package_can_pass_for_all_of_it(world, receiver, item):
    """The answer is whole, its length is right; the package in it breaks off in the middle."""
    whole = receiver.package(item)
    world.faults.set({"fault": "half-package", "times": 1})
    assert receiver.package(item) == whole[: len(whole) // 2]
    assert strike(world).doc_ids == (item,)
    assert receiver.package(item) == whole


def test_harm_adds_up_and_what_cannot_be_harmed_is_not_struck(world, sender, receiver, item):
    """Several rules damage one package; one without attachment types or Bussiness is spared."""
    plain = sender.send(a_package(sender.code, receiver.code, pdf=b""))
    assert plain["ErrorCode"] == "0"
    bare = receiver.received()[-1]["docId"]
    faults = ("corrupt-base64", "swap-content-type", "drop-bussiness")
    world.faults.set(*({"fault": fault} for fault in faults))
    receiver.package(bare)
    assert [one.met for one in world.faults.standing] == [0, 0, 0]
    worse = receiver.package(item)
    assert (worse.count(b"!"), b"Bussiness" in worse) == (1, False)
    assert receiver.package(item) == worse
