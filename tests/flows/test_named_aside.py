"""What another life of the node may have handed over says which document it is, and no more."""

import io
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest
from builders import HOUR, T0
from flows_world import keep_all, released
from packages import a_document, written

from edge_node.adapters.registers import Registers
from edge_node.domain.document import AgencyCode, DocumentType, Organization, Reference
from edge_node.domain.document import StatusMessage as Word
from edge_node.domain.order import StatusOrder
from edge_node.domain.receipt import ReasonCode
from edge_node.domain.recovery import ASIDE_BEFORE, HAD_BEFORE
from edge_node.domain.register import Days, Register
from edge_node.domain.signing import DoorAction
from edge_node.domain.time import iso
from edge_node.protocol import edxml

HEADER = ("12/UBND-VP", "V/v thử nghiệm", "Công văn", "2026-03-05", "letter 12")
NOTHING = ("", "", "", "", "")


def a_letter(desk, number=12, **changes):
    to = (desk.config.agency.organization,)
    values = {"number": str(number), "document_id": f"letter {number}", "receivers": to}
    return written(a_document(**(values | changes)))


def header(item):
    return (item.code, item.subject, item.type, item.promulgated, item.document_id)


def unreadable(package):
    return b"<!DOCTYPE x>" + package


def put_settled(world, desk, package):
    """Have the axis list, as settled, what came before this life of the node."""
    delivery = world.put(desk.code, package)
    with closing(sqlite3.connect(world.settings.folder / "sandbox.db", timeout=30)) as db, db:
        change = "update deliveries set status = 'done', created = ? where doc_id = ?"
        db.execute(change, (iso(T0 - HOUR), delivery))
    return delivery


def unknown_since(world, desk, *packages):
    """Take a document in, then put a state back that knows nothing of it."""
    put_back = keep_all(desk)
    desk.restart()
    for package in packages:
        world.put(desk.code, package)
    desk.turn()
    put_back()
    hours(desk)


def known_since(world, desk, *packages):
    """Hand a document over, then put a state back in which that was still to be done."""
    for package in packages:
        world.put(desk.code, package)
    desk.turn("pull", "acknowledge")
    put_back = keep_all(desk)
    desk.restart()
    desk.turn()
    put_back()
    hours(desk)


LIVES = pytest.mark.parametrize("lives", [unknown_since, known_since])


def hours(desk):
    for _ in range(3):
        desk.turn()
        desk.later(hours=1)


def rows(desk, register=Register.INCOMING):
    days = Days(first=T0.date(), last=desk.now.date())
    return list(Registers(desk.queue.file).rows(register, days, now=desk.now))


@LIVES
def test_what_is_set_aside_after_a_restore_says_which_document_it_is(world, lives):
    """By its number and subject a person finds out whether the software has it."""
    desk = world.desk()
    lives(world, desk, a_letter(desk))
    (item,) = desk.quarantined()
    assert header(item) == HEADER
    assert item.sender == "H99.1"


@LIVES
def test_what_cannot_be_read_is_set_aside_without(world, lives):
    """The reason stays why it was set aside; the axis is told no `fail`."""
    desk = world.desk()
    lives(world, desk, a_letter(desk), unreadable(a_letter(desk, 13)))
    assert sorted(map(header, desk.quarantined())) == [NOTHING, HEADER]
    assert all("edge-node release ID" in str(item.reason) for item in desk.quarantined())


def test_whatever_keeps_it_from_being_read_it_is_set_aside(world):
    """The spool lost its bytes."""
    desk = world.desk()
    world.put(desk.code, a_letter(desk))
    desk.turn("pull", "acknowledge")
    put_back = keep_all(desk)
    desk.restart()
    desk.turn()
    put_back()
    for path in (desk.config.folders.spool / "packages").rglob("*"):
        if path.is_file():
            path.unlink()
    hours(desk)
    (item,) = desk.quarantined()
    assert str(item.reason) == str(HAD_BEFORE)
    assert header(item) == NOTHING


@LIVES
def test_it_is_in_no_register_until_it_is_handed_over(world, lives):
    """The register of the day it arrived on has its line; a second would be another document."""
    desk = world.desk()
    desk.later(hours=1)
    lives(world, desk, a_letter(desk))
    assert desk.quarantined()
    assert rows(desk) == rows(desk, Register.FOLLOW_UP) == []

    desk.queue.arriving.release(desk.quarantined()[0].id, now=desk.now)
    assert rows(desk) == []
    released(desk, desk.ledger.inbound(limit=9)[0].id)
    assert [row.code for row in rows(desk)] == ["12/UBND-VP"]


@LIVES
def test_released_it_is_delivered_once_with_its_own_papers(world, lives):
    """It is read anew, and compared with what comes like any other."""
    desk = world.desk()
    lives(world, desk, a_letter(desk))
    before = desk.letters()
    (item,) = desk.quarantined()
    desk.queue.arriving.release(item.id, now=desk.now)
    released(desk, item.id)
    hours(desk)

    assert desk.quarantined() == []
    assert len(desk.letters()) == len(before) + 1
    letter = next(each for each in desk.letters() if each["id"] == item.id)
    assert (letter["number"], letter["subject"]) == ("12", HEADER[1])
    (row,) = desk.queue.file.rows("select * from incoming where message = 'edoc'")
    assert (row["state"], row["code"], bool(row["fingerprint"])) == ("delivered", HEADER[0], True)
    assert desk.queue.file.rows("select item from particulars") == [{"item": item.id}]

    world.put(desk.code, a_letter(desk))
    hours(desk)
    assert sorted(each.state for each in desk.ledger.inbound(limit=9)) == ["delivered", "repeated"]


def test_a_release_that_fails_leaves_nothing_that_was_only_read_in_the_header(world):
    """It is told and registered as what cannot be read, not as what may have been had."""
    desk = world.desk()
    known_since(world, desk, a_letter(desk))
    (item,) = desk.quarantined()
    desk.queue.arriving.release(item.id, now=desk.now)
    desk.config = replace(desk.config, limits=replace(desk.config.limits, package=100))
    released(desk, item.id)
    (item,) = desk.quarantined()
    assert header(item) == NOTHING
    (row,) = rows(desk)
    assert row.notes.startswith("Chờ xem xét: ")


@LIVES
@pytest.mark.parametrize("changes", [{}, {"subject": "V/v khác"}, {"document_id": "letter 13"}])
def test_nothing_that_comes_is_compared_with_it(world, lives, changes):
    """Neither a repeat of it nor like it, nor of a number that is given twice."""
    desk = world.desk()
    lives(world, desk, a_letter(desk))
    (item,) = desk.quarantined()
    before = desk.letters()
    world.put(desk.code, a_letter(desk, **changes))
    hours(desk)
    (letter,) = [each for each in desk.letters() if each not in before]
    assert [words for words in letter["warnings"] if item.id in words] == []
    assert [each.state for each in desk.ledger.inbound(limit=9)] == ["delivered", "quarantined"]
    assert [row.notes for row in rows(desk)] == [""]


@LIVES
def test_a_request_about_it_waits_until_it_is_handed_over(world, lives):
    """Only what the agency has can be given back."""
    desk = world.desk()
    lives(world, desk, a_letter(desk))
    (item,) = desk.quarantined()
    sender = AgencyCode("H99.1")
    about = Reference(organ=sender, document_id="letter 12")
    word = Word(sender=Organization(code=sender), about=about, status="13", note="x", at=desk.now)
    world.put(desk.code, edxml.write_status(word), message="status")
    hours(desk)
    meant = "select item from changes"
    assert desk.queue.file.rows(meant) == [{"item": None}]

    desk.queue.arriving.release(item.id, now=desk.now)
    released(desk, item.id)
    assert desk.queue.file.rows(meant) == [{"item": item.id}]


def test_a_newer_document_points_to_it_only_once_it_is_handed_over(world):
    """By number and by DocumentId alike."""
    desk = world.desk()
    unknown_since(world, desk, a_letter(desk))
    (item,) = desk.quarantined()
    organ = AgencyCode("H99.1")
    days = {"promulgated": date(2026, 3, 5)}
    named = [Reference(organ=organ, document_id="letter 12", code="12/UBND-VP", **days)]
    named.append(Reference(organ=organ, code="12/UBND-VP", **days))
    assert [desk.queue.requests.known(about) for about in named] == [None, None]

    desk.queue.arriving.release(item.id, now=desk.now)
    released(desk, item.id)
    assert [desk.queue.requests.known(about) for about in named] == [(item.id, "delivered")] * 2


@LIVES
def test_listed_again_it_stays_as_it_is(world, lives):
    """The axis is told nothing, and nothing is entered a second time."""
    desk = world.desk()
    lives(world, desk, a_letter(desk))
    before = desk.queue.file.rows("select * from incoming")
    told = world.standing(desk.code)
    world.forget(desk.code)
    hours(desk)
    if lives is unknown_since:
        assert world.standing(desk.code) == ["initial"] * len(told)
    assert desk.queue.file.rows("select * from incoming") == before


def test_what_was_too_large_then_is_named_when_it_is_fetched(world):
    """As soon as the limit lets it in, a person sees which one it is."""
    desk = world.desk(limits={"package": 300})
    desk.queue.marks.put(ASIDE_BEFORE, iso(T0))
    put_settled(world, desk, a_letter(desk))
    hours(desk)
    (item,) = desk.quarantined()
    assert header(item) == NOTHING

    desk.config = replace(desk.config, limits=replace(desk.config.limits, package=1 << 20))
    desk.restart()
    hours(desk)
    (item,) = desk.quarantined()
    assert header(item) == HEADER


def test_what_the_node_dies_over_is_set_aside_before_it_is_read(world):
    """Otherwise it would be fetched, and the node die, at each start."""
    desk = world.desk()
    desk.queue.marks.put(ASIDE_BEFORE, iso(T0))
    put_settled(world, desk, a_letter(desk))
    desk.cut_off("pull", "spool", "open")
    desk.restart()
    hours(desk)
    (item,) = desk.quarantined()
    assert header(item) == NOTHING


def test_what_the_door_has_described_keeps_what_it_was_compared_by(world):
    """It is known in full, whatever its header is read for afterwards."""
    desk = world.desk()
    rules = replace(desk.config.door.incoming, wrong_recipient=DoorAction.QUARANTINE)
    desk.config = replace(desk.config, door=replace(desk.config.door, incoming=rules))
    desk.restart()
    stranger = (Organization(code=AgencyCode("H99.7")),)
    world.put(desk.code, a_letter(desk, receivers=stranger))
    desk.turn()
    (item,) = desk.quarantined()
    before = desk.queue.file.rows("select * from incoming")
    other = a_document(number="99", type=DocumentType(name="Quyết định"))
    desk.queue.arriving.name(item.id, other, now=desk.now)
    assert desk.queue.file.rows("select * from incoming") == before


def test_a_person_who_knows_that_nobody_had_it_may_return_it(world):
    """Its sender hears 02 about that very document."""
    desk = world.desk()
    unknown_since(world, desk, a_letter(desk))
    desk.node.sends.adopt(now=desk.now)
    (item,) = desk.quarantined()
    why = {"note": "Gửi nhầm", "reason": ReasonCode.WRONG_RECIPIENT}
    order = StatusOrder(id=item.id, status="02", **why)
    desk.node.give().status(item.id, order, who="lan", now=desk.now, force=False)
    hours(desk)
    assert desk.quarantined() == []
    (row,) = desk.queue.file.rows("select body from envelopes where status = '02'")
    message = edxml.read_header(io.BytesIO(row["body"]), limits=edxml.Limits()).message
    assert (message.about.organ, message.about.document_id) == ("H99.1", "letter 12")
    assert [each.notes[:8] for each in rows(desk)] == ["Trả lại:"]
