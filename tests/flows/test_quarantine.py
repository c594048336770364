"""What arrives and cannot be handed on: kept as it came, set aside, told, explained."""

import functools
import zlib
from dataclasses import replace
from zipfile import ZIP_STORED

import pytest
from builders import a_status
from flows_world import LETTER, a_sheet, in_vietnamese
from packages import b64, holding, zipped

from edge_node.config import Unreadable
from edge_node.domain.message import say
from edge_node.protocol import edxml

PDF = LETTER.read_bytes()
GOOD = holding(("cv.pdf", b64(PDF)))
NONSENSE = b"<edXML>nonsense</edXML>"  # XML, and no document
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
    return GOOD.replace(b"H99.2", b"H01.1")


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
    (for_another, "the package is for H01.1, not for us"),
    (a_bomb, "attachment a.txt is longer than"),
    (with_a_document_type, "the XML declares a document type"),
    (a_status_among_documents, "the package is a status message, not a document"),
]


def turn_until_believed(desk):
    """Look until what is no package at all has been fetched three times."""
    for _ in range(4):
        desk.turn()


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
    words = heard(gate)
    turn_until_believed(desk)

    (item,) = desk.quarantined()
    assert item.state == "quarantined"
    assert str(item.reason).startswith(reason)
    assert in_vietnamese(item.reason) != str(item.reason)
    assert quarantined_bytes(desk) == package
    assert list((desk.exchange / "inbox").iterdir()) == []
    assert list((desk.config.folders.spool / "tmp").iterdir()) == []
    assert words == ["done", "fail"]
    assert world.statuses(desk.code) == []

    desk.turn()
    assert len(desk.quarantined()) == 1


@pytest.mark.parametrize("make", [not_xml, for_another])
def test_the_axis_is_told_nothing_more_where_a_person_is_to_decide(world, gate, make):
    """With `pull.unreadable: keep` the word `done` for the bytes is the only one."""
    desk = world.desk(url=gate.url, pull={"unreadable": Unreadable.KEEP})
    world.put(desk.code, addressed(desk, make))
    turn_until_believed(desk)

    assert [item.state for item in desk.quarantined()] == ["quarantined"]
    assert gate.calls.count("updateStatus") == 1
    assert world.standing(desk.code) == ["done"]


def test_an_unreadable_package_does_not_keep_the_next_from_the_inbox(world):
    """One bad item blocks nothing."""
    sender, desk = world.desk(), world.desk()
    world.put(desk.code, NONSENSE)
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=desk.code))
    sender.turn()
    desk.turn()

    assert len(desk.inbox) == 1
    assert len(desk.quarantined()) == 1


def test_an_item_offered_again_while_it_is_judged_is_told_fail_all_the_same(world, gate):
    """Its second `done` still waits to be said when it is set aside: `fail` takes its place."""
    desk = world.desk(url=gate.url)
    delivery = world.put(desk.code, NONSENSE)
    desk.turn("pull", "acknowledge")
    (item,) = desk.queue.arriving.known([delivery]).values()
    desk.queue.arriving.acknowledge_again(item.id, now=desk.now)
    desk.turn("deliver")
    desk.turn("acknowledge")

    assert [item.state for item in desk.quarantined()] == ["quarantined"]
    assert gate.calls.count("updateStatus") == 2
    desk.turn()
    assert gate.calls.count("updateStatus") == 2


TOO_LARGE = (
    "the package is larger than {limit} bytes;"
    " if it is wanted, raise limits.package and it will be fetched"
)


def configured(desk, **sections):
    """Restart a desk on a changed configuration, as an administrator does."""
    desk.config = replace(
        desk.config,
        **{name: replace(getattr(desk.config, name), **keys) for name, keys in sections.items()},
    )
    desk.restart()


def a_large_letter(world, desk):
    sender = world.desk()
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=desk.code))
    sender.turn()
    return sender


def test_a_package_larger_than_this_node_takes_is_refused_before_it_is_stored(world, gate):
    """The axis hears `fail` once, its sender learns of it there, and no byte of it stays."""
    desk = world.desk(url=gate.url, limits={"package": 10_000})
    sender = a_large_letter(world, desk)
    for _ in range(3):
        desk.turn()

    (item,) = desk.quarantined()
    assert item.reason == say(TOO_LARGE, limit=10_000)
    assert world.standing(desk.code) == ["fail"]
    assert list((desk.config.folders.spool / "packages").rglob("*")) == []
    assert gate.calls.count("downloadEdoc") == 1
    assert gate.calls.count("updateStatus") == 1

    sender.later(minutes=10)
    sender.turn()
    (standing,) = sender.status_file("failed/2026/11/21/12")["receivers"]
    assert standing["state"] == "refused"
    assert sorted(sender.told()) == ["accepted", "queued", "refused"]


def test_a_package_that_is_too_large_stays_on_the_axis_where_a_person_is_to_decide(world, gate):
    """With `pull.unreadable: keep` it is shown and not told of, nor fetched at every look."""
    desk = world.desk(
        url=gate.url, limits={"package": 10_000}, pull={"unreadable": Unreadable.KEEP}
    )
    a_large_letter(world, desk)
    for _ in range(3):
        desk.turn()

    (item,) = desk.quarantined()
    assert item.reason == say(TOO_LARGE, limit=10_000)
    assert world.standing(desk.code) == ["initial"]
    assert gate.calls.count("downloadEdoc") == 1


def test_what_is_about_to_be_fetched_is_not_called_a_failure_once_more(world, gate):
    """The axis lists two that were too large; while one is fetched, the other is not refused."""
    desk = world.desk(url=gate.url, limits={"package": 10_000})
    for _ in range(2):
        a_large_letter(world, desk)
    desk.turn()
    world.forget(desk.code)
    configured(desk, limits={"package": 1 << 20})
    words = heard(gate)
    desk.turn()
    assert words == ["done", "done"]
    assert len(desk.inbox) == 2


def heard(gate):
    """Return the words the axis hears from now on of what it offered."""
    words = []

    def watch(call, headers):
        if call == "updateStatus":
            words.append(headers["XroadVnpt-status"])

    gate.watch = watch
    return words


@pytest.mark.parametrize("unreadable", list(Unreadable))
def test_a_package_that_was_too_large_arrives_when_the_limit_is_raised(world, gate, unreadable):
    """Whether the axis lists it still or has been told `fail`, it is fetched, and told `done`."""
    desk = world.desk(url=gate.url, limits={"package": 10_000}, pull={"unreadable": unreadable})
    words = heard(gate)
    a_large_letter(world, desk)
    desk.turn()
    (aside,) = desk.quarantined()

    configured(desk, limits={"package": 10_001})
    desk.turn()
    assert [item.reason for item in desk.quarantined()] == [say(TOO_LARGE, limit=10_001)]

    if unreadable is Unreadable.FAIL:
        world.forget(desk.code)  # and lists it again: it need not hear `fail` once more
    configured(desk, limits={"package": 1 << 20})
    for _ in range(3):
        desk.turn()
    (item,) = desk.ledger.inbound(limit=9)
    assert (item.id, item.state, item.reason) == (aside.id, "delivered", None)
    assert len(desk.inbox) == 1
    assert world.standing(desk.code) == ["done"]
    assert world.statuses(desk.code) == ["01"]
    assert gate.calls.count("downloadEdoc") == 3
    told = {Unreadable.FAIL: ["fail", "done"], Unreadable.KEEP: ["done"]}
    assert words == told[unreadable]


@pytest.mark.parametrize(
    ("listed_as", "unreadable", "words"),
    [
        ("fail", Unreadable.FAIL, ["done", "fail"]),
        ("done", Unreadable.KEEP, ["done"]),
        ("initial", Unreadable.FAIL, ["done", "fail", "fail", "fail"]),
        ("initial", Unreadable.KEEP, ["done", "done", "done"]),
    ],
)
def test_the_axis_hears_again_only_what_it_has_not_heard(
    world, gate, listed_as, unreadable, words
):
    """One that lists what is settled is left in peace; one that asks again is told the same."""
    desk = world.desk(url=gate.url, pull={"unreadable": unreadable})
    delivery = world.put(desk.code, NONSENSE)
    said = heard(gate)
    desk.turn()
    gate.said["getReceivedEdocList"] = listing(desk, delivery, listed_as)
    for _ in range(2):
        desk.turn("pull")
        desk.turn("acknowledge")
    assert said == words


def listing(desk, delivery, status):
    """Return the answer of an axis that lists an item whatever it was told."""
    row = {"docId": delivery, "serviceType": "eDoc", "messageType": "edoc", "status": status}
    row |= {"from": "H99.1", "to": desk.code, "created_time": "", "updated_time": ""}
    return {"status": "OK", "ErrorCode": "0", "ErrorDesc": "", "data": [row]}


def test_a_fault_of_our_own_is_not_told_to_the_axis_and_stops_no_other(world, caplog):
    """The raw bytes are gone: that item waits, says why, and arrives once they are back."""
    sender, desk = world.desk(), world.desk()
    for number in ("1", "2"):
        sender.drop(number, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=desk.code, number=number))
        sender.turn()
    desk.turn("pull", "acknowledge")
    row = desk.queue.file.row("select id, digest from incoming order by rowid")
    raw = desk.node.spool.path(row["digest"])
    away = raw.rename(raw.with_name("away"))
    desk.turn()

    waiting = desk.ledger.find(row["id"])
    assert waiting.state == "acknowledged"
    assert str(waiting.reason) == f"the spool has no package {row['digest']}"
    assert [each.message for each in caplog.records if each.levelname == "WARNING"] == [
        "cannot hand over"
    ]
    assert len(desk.inbox) == 1
    assert world.standing(desk.code) == ["done", "done"]
    assert [path.name for path in (desk.exchange / "inbox").glob(".*")] == []

    away.rename(raw)
    desk.turn("deliver")
    assert len(desk.inbox) == 1
    desk.later(seconds=30)
    desk.turn("deliver")
    assert len(desk.inbox) == 2
    assert desk.ledger.find(row["id"]).reason is None


def test_a_name_that_is_taken_keeps_one_document_waiting_and_no_other(world):
    """Cut off before the rename, the name gone to something else: it comes when that is away."""
    sender, desk = world.desk(), world.desk()
    sender.drop("1", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=desk.code, number="1"))
    sender.turn()
    desk.turn("pull", "acknowledge")
    desk.cut_off("deliver", "inbox", "show")
    desk.restart()
    (item,) = desk.ledger.inbound(limit=1)
    in_the_way = desk.exchange / "inbox" / item.folder
    in_the_way.mkdir()
    sender.drop("2", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=desk.code, number="2"))
    sender.turn()
    desk.turn("deliver", "pull", "acknowledge")

    assert len(desk.inbox) == 2
    assert str(desk.ledger.find(item.id).reason).endswith("exists already and is not overwritten")
    in_the_way.rmdir()
    desk.later(minutes=1)
    desk.turn("deliver")
    assert [letter["number"] for letter in desk.letters()] == ["1", "2"]


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        GOOD,
        b"x" * (2 << 20),
    ],
    ids=["not XML", "a document", "two megabytes"],
)
def test_a_status_that_cannot_be_applied_is_set_aside_and_not_offered_for_ever(world, body):
    """It is acknowledged all the same: what cannot be understood today cannot be tomorrow."""
    desk = world.desk()
    world.put(desk.code, body, message="status")
    turn_until_believed(desk)

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
