"""What arrives and cannot be handed on: kept as it came, set aside, told, explained."""

import functools
import zlib
from zipfile import ZIP_STORED

import pytest
from builders import a_status
from flows_world import LETTER, a_sheet, in_vietnamese
from packages import b64, holding, zipped

from edge_node.config import Unreadable
from edge_node.protocol import edxml

PDF = LETTER.read_bytes()
GOOD = holding(("cv.pdf", b64(PDF)))
TWO_GB = 2 << 30


def not_xml(_desk):
    return PDF


def cut_off(_desk):
    return GOOD[: len(GOOD) // 2]


def without_sender(_desk):
    return GOOD.replace(b"<edXML:OrganId>H99.1</edXML:OrganId>", b"")


def broken_base64(_desk):
    return holding(("cv.pdf", "JVBERi0xL!!!=="))


def a_damaged_archive(_desk):
    archive = zipped(("a.txt", b"what it held"), method=ZIP_STORED).replace(b"held", b"hurt")
    return holding(("a.txt", b64(archive)), claim="application/zip")


def for_another(_desk):
    return GOOD.replace(b"H99.2", b"H98.1")


def a_bomb(_desk):
    return holding(("a.txt", b64(zeros_zipped())), claim="application/zip")


def with_a_document_type(_desk):
    return GOOD.replace(b"<edXML ", b'<!DOCTYPE x [<!ENTITY a "b">]><edXML ', 1)


def a_status_among_documents(_desk):
    return edxml.write_status(a_status())


@functools.cache
def zeros_zipped():
    """Return an archive of two gigabytes of zeros, made of one piece repeated."""
    piece = 16 << 20
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = deflate.compress(bytes(piece)) + deflate.flush(zlib.Z_FULL_FLUSH)
    content = block * (TWO_GB // piece) + deflate.flush()
    name = b"a.txt"
    sizes = len(content).to_bytes(4, "little") + TWO_GB.to_bytes(4, "little")
    common = b"\0\0\x08\0\0\0\0\0\0\0\0\0" + sizes + len(name).to_bytes(2, "little") + b"\0\0"
    local = b"PK\x03\x04\x14\0" + common + name
    listed = b"PK\x01\x02\x14\0\x14\0" + common + bytes(14) + name
    end = b"PK\x05\x06" + bytes(4) + b"\x01\0\x01\0"
    end += len(listed).to_bytes(4, "little") + len(local + content).to_bytes(4, "little") + b"\0\0"
    return local + content + listed + end


UNREADABLE = [
    (not_xml, "the XML breaks off or is damaged at line"),
    (cut_off, "the XML breaks off or is damaged at line"),
    (without_sender, "the package does not say who sent it"),
    (broken_base64, "attachment cv.pdf is damaged: its content is not base64"),
    (a_damaged_archive, "attachment a.txt is damaged: it cannot be unzipped"),
    (for_another, "the package is for H98.1, not for us"),
    (a_bomb, "attachment a.txt is longer than"),
    (with_a_document_type, "the XML declares a document type"),
    (a_status_among_documents, "the package is a status message, not a document"),
]


def addressed(desk, make):
    return make(desk).replace(b"H99.2<", desk.code.encode() + b"<")


def quarantined_bytes(desk):
    row = desk.queue.file.row("select digest from incoming")
    with desk.node.spool.open(row["digest"]) as raw:
        return raw.read()


@pytest.mark.parametrize(("make", "reason"), UNREADABLE)
def test_what_cannot_be_handed_on_is_kept_and_explained(world, gate, make, reason):
    """Raw bytes stay in the spool, the inbox is empty, the axis hears `fail`, nobody 01."""
    desk = world.desk(url=gate.url)
    package = addressed(desk, make)
    world.put(desk.code, package)
    words = []
    gate.watch = lambda call, headers: words.append(
        headers["XroadVnpt-status"] if call == "updateStatus" else ""
    )
    desk.turn()

    (item,) = desk.quarantined()
    assert item.state == "quarantined"
    assert str(item.reason).startswith(reason)
    assert in_vietnamese(item.reason) != str(item.reason)
    assert quarantined_bytes(desk) == package
    assert list((desk.exchange / "inbox").iterdir()) == []
    assert list((desk.config.folders.spool / "tmp").iterdir()) == []
    assert [word for word in words if word] == ["done", "fail"]
    assert world.statuses(desk.code) == []

    desk.turn()
    assert len(desk.quarantined()) == 1


@pytest.mark.parametrize("make", [not_xml, for_another])
def test_the_axis_is_told_nothing_more_where_a_person_is_to_decide(world, gate, make):
    """With `pull.unreadable: keep` the word `done` for the bytes is the only one."""
    desk = world.desk(url=gate.url, pull={"unreadable": Unreadable.KEEP})
    world.put(desk.code, addressed(desk, make))
    desk.turn()

    assert [item.state for item in desk.quarantined()] == ["quarantined"]
    assert gate.calls.count("updateStatus") == 1
    assert world.standing(desk.code) == ["done"]


def test_an_unreadable_package_does_not_keep_the_next_from_the_inbox(world):
    """One bad item blocks nothing."""
    sender, desk = world.desk(), world.desk()
    world.put(desk.code, b"nonsense")
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=desk.code))
    sender.turn()
    desk.turn()

    assert len(desk.inbox) == 1
    assert len(desk.quarantined()) == 1


def test_an_item_offered_again_while_it_is_judged_is_told_fail_all_the_same(world, gate):
    """Its second `done` still waits to be said when it is set aside: `fail` takes its place."""
    desk = world.desk(url=gate.url)
    delivery = world.put(desk.code, b"nonsense")
    desk.turn("pull", "acknowledge")
    (item,) = desk.queue.arriving.known([delivery]).values()
    desk.queue.arriving.acknowledge_again(item, now=desk.now)
    desk.turn("deliver")
    desk.turn("acknowledge")

    assert [item.state for item in desk.quarantined()] == ["quarantined"]
    assert gate.calls.count("updateStatus") == 2
    desk.turn()
    assert gate.calls.count("updateStatus") == 2


def test_a_package_larger_than_this_node_takes_is_refused_before_it_is_stored(world):
    """The axis hears `fail`, its sender learns of it there, and no byte of it stays."""
    sender = world.desk()
    desk = world.desk(limits={"package": 10_000})
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=desk.code))
    sender.turn()
    desk.turn()

    (item,) = desk.quarantined()
    assert str(item.reason) == "the package is larger than 10000 bytes"
    assert in_vietnamese(item.reason) != str(item.reason)
    assert world.standing(desk.code) == ["fail"]
    assert list((desk.config.folders.spool / "packages").rglob("*")) == []

    sender.later(minutes=10)
    sender.turn()
    (standing,) = sender.status_file("failed/2026/11/21/12")["receivers"]
    assert standing["state"] == "refused"
    assert sorted(sender.told()) == ["accepted", "queued", "refused"]


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        GOOD,
        b"x" * (2 << 20),
        edxml.write_status(a_status("03")),
    ],
    ids=["not XML", "a document", "two megabytes", "about a document nobody sent"],
)
def test_a_status_that_cannot_be_applied_is_set_aside_and_not_offered_for_ever(world, body):
    """It is acknowledged all the same: what cannot be understood today cannot be tomorrow."""
    desk = world.desk()
    world.put(desk.code, body, message="status")
    desk.turn()

    assert [item.state for item in desk.quarantined()] == ["quarantined"]
    waiting = "select 1 from deliveries where receiver = ? and status in ('initial', 'processing')"
    assert world.rows(waiting, desk.code) == []
    desk.turn()
    assert len(desk.quarantined()) == 1


@pytest.mark.parametrize("moment", ["0001/01/01 00:00:00", "9999/12/31 23:59:59", "rubbish"])
def test_a_status_with_an_impossible_moment_does_not_stop_the_receipts(world, moment):
    """It is told as it came, and so is everything after it."""
    sender, receiver = world.desk(), world.desk()
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn()
    (document,) = sender.ledger.outbound(limit=1)
    body = f"""<edXML xmlns="{edxml.NAMESPACE}"><edXMLEnvelope><edXMLHeader><MessageHeader>
        <From><OrganId>{receiver.code}</OrganId></From><ResponseFor>
        <OrganId>{sender.code}</OrganId><Code>12/UBND-VP</Code>
        <DocumentId>{document.document_id}</DocumentId></ResponseFor><StatusCode>01</StatusCode>
        <Timestamp>{moment}</Timestamp></MessageHeader></edXMLHeader></edXMLEnvelope></edXML>"""
    world.put(sender.code, body.encode(), message="status")
    sender.turn()
    receiver.turn()
    sender.turn()

    assert sorted(sender.told()) == ["01", "01", "accepted", "delivered", "queued"]
