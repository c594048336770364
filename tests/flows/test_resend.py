"""A second chance for receivers that did not get a document, and for no others."""

import io
from dataclasses import replace

import pytest
from flows_world import DAY, LETTER, a_sheet, in_vietnamese, names, untouched
from packages import LIMITS, read
from sandbox_world import Caller, a_status

from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say
from edge_node.protocol import edxml

PDF = LETTER.read_bytes()


def drop(desk, to, name="12"):
    files = {"cv.pdf": PDF, "phụ lục.txt": b"text"}
    desk.drop(name, files, **a_sheet(*files, to=to))
    desk.turn()
    return desk.ledger.outbound(limit=1)[0]


def rejects(world, code):
    """Have an agency without a node say `fail` to all that waits for it."""
    caller = Caller(url=world.url, code=code, secret=world.member(code).secret)
    for row in caller.received(MessageType.DOCUMENT):
        caller.acknowledge(row["docId"], "fail", "khong mo duoc tep")


def states(desk, item):
    return {fate.receiver: fate.state for fate in desk.queue.outgoing.fates(item)}


@pytest.fixture
def partly_refused(world):
    """Send a document that one of its receivers takes while the other says `fail`."""
    sender, good, bad = world.desk(), world.desk(), world.desk()
    document = drop(sender, [good.code, bad.code])
    good.turn()
    rejects(world, bad.code)
    sender.later(minutes=10)
    sender.turn()
    return sender, good, bad, document


def test_the_axis_tells_which_receiver_did_not_get_it(partly_refused):
    """The other's fate is its own; the drop stays in sent/, and status.json says why."""
    sender, good, bad, document = partly_refused
    assert states(sender, document.id) == {good.code: "delivered", bad.code: "refused"}
    place = f"sent/{DAY}/12"
    assert untouched(sender.exchange / place, {"cv.pdf": PDF})
    reasons = {each["code"]: each["reason"] for each in sender.status_file(place)["receivers"]}
    assert "khong mo duoc tep" in reasons[bad.code]
    assert not (sender.exchange / "failed").joinpath(DAY).exists()


def test_what_is_resent_to_one_receiver_names_that_one_alone(world, partly_refused, tmp_path):
    """A package with its To and no other, under the same DocumentId, with the same attachments."""
    sender, _, bad, document = partly_refused
    assert sender.node.resend().resend(document.id, [bad.code], now=sender.now) == (bad.code,)
    sender.turn()

    assert [len(each) for each in world.sends(sender.code)] == [2, 1]
    first, second = (
        read(raw, tmp_path / str(n)) for n, raw in enumerate(world.packages(sender.code))
    )
    assert [each.code for each in second.document.receivers] == [bad.code]
    assert second.document.document_id == first.document.document_id
    assert {(f.name, f.digest) for f in second.files} == {(f.name, f.digest) for f in first.files}

    bad.turn()
    sender.turn()
    assert set(states(sender, document.id).values()) == {"delivered"}
    assert world.sends(sender.code)[1] == [bad.code]


def test_without_a_receiver_all_that_did_not_get_it_are_meant(partly_refused):
    """`resend` alone leaves those out that have it."""
    sender, _, bad, document = partly_refused
    assert sender.node.resend().resend(document.id, [], now=sender.now) == (bad.code,)


def test_who_has_it_is_not_sent_it_again(partly_refused):
    """Neither the one that has it, nor one that is no receiver at all."""
    sender, good, bad, document = partly_refused
    resend = sender.node.resend().resend
    with pytest.raises(NotAllowed, match=f"{good.code} is delivered"):
        resend(document.id, [good.code], now=sender.now)
    with pytest.raises(NotAllowed, match=r"the document is not for H01\.9"):
        resend(document.id, [bad.code, "H01.9"], now=sender.now)
    assert states(sender, document.id)[bad.code] == "refused"


def test_what_the_axis_accepted_is_not_sent_again(world):
    """It is on its way without anybody's doing."""
    sender, receiver = world.desk(), world.desk()
    document = drop(sender, receiver.code)
    with pytest.raises(NotAllowed, match="nothing to send again"):
        sender.node.resend().resend(document.id, [], now=sender.now)


def test_a_document_refused_for_all_is_sent_again_as_it_was(world, gate):
    """Once the cause is mended the drop leaves failed/, and its error papers go."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    refusal = {"status": "FAIL", "ErrorCode": "18", "ErrorDesc": "unknown", "DocId": ""}
    gate.said["sendEdoc"] = refusal
    document = drop(sender, receiver.code)
    place = sender.exchange / f"failed/{DAY}/12"
    package = sender.queue.outgoing.envelope(document.id, receiver.code).package
    assert names(place) == [
        "cv.pdf",
        "document.json",
        "error.json",
        "error.txt",
        "phụ lục.txt",
        "status.json",
    ]

    gate.said.clear()
    sender.node.resend().resend(document.id, [], now=sender.now)
    sender.turn("file")
    assert names(sender.exchange / "queued/12") == [
        "cv.pdf",
        "document.json",
        "phụ lục.txt",
        "status.json",
    ]
    sender.turn()

    assert names(sender.exchange / f"sent/{DAY}") == ["12"]
    (sent,) = world.packages(sender.code)
    assert len(sent) == package.size
    header = edxml.read_header(io.BytesIO(sent), limits=LIMITS)
    assert header.document.document_id == document.document_id


def test_two_resends_of_one_document_send_it_once(world, gate):
    """The second command reads the fates before the first has moved them, and is refused."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    refusal = {"status": "FAIL", "ErrorCode": "18", "ErrorDesc": "unknown", "DocId": ""}
    gate.said["sendEdoc"] = refusal
    document = drop(sender, receiver.code)
    gate.said.clear()
    first = sender.node.resend()
    second = replace(first, queue=Overtaken(first.queue, lambda: go(first)))

    def go(resend):
        resend.resend(document.id, [], now=sender.now)
        sender.turn("push")

    with pytest.raises(NotAllowed, match=f"{receiver.code} is accepted"):
        go(second)
    sender.turn()
    assert world.sends(sender.code) == [[receiver.code]]


class Overtaken:
    """A queue to which something happens just before a document is put back into it."""

    def __init__(self, queue, happens):
        """Be that queue, but for the one call."""
        self._queue, self._happens = queue, happens

    def __getattr__(self, name):
        """Return what the queue has."""
        return getattr(self._queue, name)

    def resend(self, *args, **fields):
        """Let it happen first."""
        self._happens()
        self._queue.resend(*args, **fields)


def test_a_clerk_reads_how_to_mend_a_wrong_receiver(world, gate):
    """Not how to send the same package again: the axis's words, and where the code stands."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    refusal = {"status": "FAIL", "ErrorCode": "18", "ErrorDesc": "không có", "DocId": ""}
    gate.said["sendEdoc"] = refusal
    drop(sender, receiver.code)

    told = sender.error(f"failed/{DAY}/12/error")
    assert (told["error"], told["axis_code"], told["axis_text"]) == (
        "axis-refused",
        "18",
        "không có",
    )
    step = say("correct the receiver code in document.json and drop it into the outbox again")
    assert told["hint"] == in_vietnamese(step)
    assert (
        sender.words(f"failed/{DAY}/12/error")[1].rstrip(".")
        == told["hint"][:1].upper() + (told["hint"][1:])
    )


def test_late_good_news_wins_over_a_refusal(partly_refused, world):
    """The receiver reports 03 after all: it has the document."""
    sender, _, bad, document = partly_refused
    caller = Caller(url=world.url, code=bad.code, secret=world.member(bad.code).secret)
    status = a_status(bad.code, sender.code, document_id=document.document_id)
    assert caller.send(status, MessageType.STATUS)["status"] == "OK"
    sender.turn()

    assert states(sender, document.id)[bad.code] == "delivered"
    with pytest.raises(NotAllowed):
        sender.node.resend().resend(document.id, [bad.code], now=sender.now)
