"""Statuses from one agency to another: what is refused here, what arrives there, and why."""

from __future__ import annotations

import base64
import json
import logging
from dataclasses import replace

import pytest
from flows_world import LETTER, a_sheet, names, released
from packages import b64, holding

from edge_node.config import IncomingSection
from edge_node.domain.errors import StatusRefused
from edge_node.domain.message import say
from edge_node.domain.order import StatusOrder
from edge_node.domain.receipt import ReasonCode
from edge_node.domain.signing import DoorAction
from edge_node.domain.standing import OutOfTurn
from edge_node.flows.objections import Objection

PDF = LETTER.read_bytes()
REFUSE = DoorAction.REFUSE


def sent(world, *, to=None, numbers=("12",), **sections):
    """Have letters go from one agency to another, which has them in its inbox."""
    sender, receiver = world.desk(), world.desk(**sections)
    for number in numbers:
        named = to or receiver.code
        sender.drop(number, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=named, number=number))
    sender.turn()
    receiver.turn()
    return sender, receiver


def incoming(desk):
    (item,) = desk.ledger.inbound(limit=9)
    return item


def give(desk, status, **fields):
    """Give a status by hand, as a command does."""
    force = fields.pop("force", False)
    order = StatusOrder(id=incoming(desk).id, status=status, **fields)
    return desk.node.give().status(incoming(desk).id, order, who="lan", now=desk.now, force=force)


# ── all reasons ──────────────────────────────────────────────────────────────────────────────────


def test_every_reason_for_a_refusal_arrives_with_its_code_and_its_words(world):
    """In the sender's receipts, in its record, and in how the document stands."""
    numbers = {str(number): code for number, code in enumerate(ReasonCode, start=1)}
    sender, receiver = sent(world, numbers=numbers)
    for letter in receiver.letters():
        code = numbers[letter["number"]]
        receiver.report(
            f"{code}.json",
            id=letter["id"],
            status="02",
            reason_code=code,
            note=f"Trả lại: {code}",
        )
    receiver.turn()
    sender.turn()

    told = [receipt for receipt in sender.receipts() if receipt.get("status") == "02"]
    said = {receipt["reason_code"]: receipt["note"] for receipt in told}
    assert said == {str(code): f"Trả lại: {code}" for code in ReasonCode}
    for document in sender.ledger.outbound(limit=99):
        (fate,) = document.fates
        (heard,) = (each for each in sender.queue.history.of(document.id) if each.status == "02")
        assert (fate.state, fate.status) == ("delivered", "02")
        assert heard.text.startswith(f"[{numbers[document.code.partition('/')[0]]}] Trả lại")


# ── files of statuses/ ───────────────────────────────────────────────────────────────────────────


def test_a_file_out_of_turn_is_refused_and_names_what_is_allowed(world):
    """In the words a clerk reads beside it, and for software; nothing leaves."""
    _, receiver = sent(world)
    letter = incoming(receiver).id
    receiver.report("06.json", id=letter, status="06")
    receiver.turn()
    receiver.report("03.json", id=letter, status="03")
    receiver.turn()

    assert names(receiver.exchange / "statuses" / "failed") == [
        "03.error.json",
        "03.error.txt",
        "03.json",
    ]
    words = receiver.words("statuses/failed/03.error")
    assert "03 (Đã tiếp nhận)" in words[0]
    assert "06 (Hoàn thành)" in words[0]
    assert "edge-node set-status --force" in words[1]
    assert "02 (Từ chối tiếp nhận)" in words[1]
    assert receiver.error("statuses/failed/03.error")["error"] == "status-refused"
    assert world.statuses(receiver.code) == ["01", "06"]


def test_force_is_no_key_of_a_file(world):
    """What only a person can mean, software cannot."""
    _, receiver = sent(world)
    letter = incoming(receiver).id
    receiver.report("02.json", id=letter, status="02", reason_code="OTHER", note="x", force=True)
    receiver.turn()
    assert receiver.error("statuses/failed/02.error")["problems"][0].startswith("force:")


def test_what_the_software_reports_twice_is_refused_the_second_time(world):
    """But for 04 and 05, which are news each time."""
    _, receiver = sent(world)
    letter = incoming(receiver).id
    for number, status in enumerate(("03", "03", "04", "04", "05", "05", "06", "06")):
        receiver.report(f"{number}.json", id=letter, status=status)
        receiver.turn()
        receiver.later(seconds=5)

    assert world.statuses(receiver.code) == ["01", "03", "04", "04", "05", "05", "06"]
    failed = names(receiver.exchange / "statuses" / "failed")
    assert [name for name in failed if "error" not in name] == ["1.json", "7.json"]


def test_the_entry_of_the_register_is_kept_with_the_document(world):
    """As the software says it; the log says who said so."""
    _, receiver = sent(world)
    receiver.report(
        "03.json",
        id=incoming(receiver).id,
        status="03",
        arrival={"number": "345", "date": "2026-11-21", "unit": "Văn thư"},
    )
    receiver.turn()
    found = incoming(receiver)
    assert (found.status, found.arrival_number, found.arrival_date, found.arrival_unit) == (
        "03",
        "345",
        "2026-11-21",
        "Văn thư",
    )


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────


def test_a_person_may_refuse_what_was_registered_if_he_means_it(world):
    """Its sender sees it though 03 was said before."""
    sender, receiver = sent(world)
    give(receiver, "03")
    no = {"reason": ReasonCode.NOT_COMPETENT, "note": "Không thuộc thẩm quyền"}
    with pytest.raises(OutOfTurn, match="only a person"):
        give(receiver, "02", **no)
    assert give(receiver, "02", force=True, **no)
    receiver.turn()
    sender.turn()

    assert world.statuses(receiver.code) == ["01", "03", "02"]
    assert [fate.status for fate in sender.ledger.outbound(limit=1)[0].fates] == ["02"]


@pytest.mark.parametrize(
    ("status", "fields", "problems"),
    [
        ("02", {}, ["a reason code is missing", "a note is missing: its sender has to know why"]),
        ("02", {"reason": ReasonCode.OTHER, "note": " "}, ["a note is missing"]),
        ("16", {}, ["a note is missing"]),
        ("77", {}, ["status: expected one of 01, 02"]),
    ],
)
def test_what_a_status_lacks_is_named_whoever_gives_it(world, status, fields, problems):
    """A web page may forget what a file may not."""
    _, receiver = sent(world)
    with pytest.raises(StatusRefused) as refused:
        give(receiver, status, **fields)
    found = [str(problem) for problem in refused.value.problems]
    assert len(found) == len(problems)
    assert all(map(str.startswith, found, problems))


# ── .taken ───────────────────────────────────────────────────────────────────────────────────────


def take(desk, told):
    """Mark the one document in the inbox as taken, in these words."""
    (folder,) = desk.inbox
    (folder / ".taken").write_bytes(told)
    desk.later(minutes=2)
    desk.turn("notetaken")
    return incoming(desk)


def test_the_mark_of_the_software_may_tell_the_number_it_gave(world):
    """With day and unit, as in statuses/; what else stands there is its own."""
    _, receiver = sent(world)
    told = {"by": "vt01", "arrival": {"number": 345, "date": "2026-11-21", "unit": "Văn thư"}}
    found = take(receiver, json.dumps(told).encode())
    assert found.state == "taken"
    assert (found.arrival_number, found.arrival_date, found.arrival_unit) == (
        "345",
        "2026-11-21",
        "Văn thư",
    )


@pytest.mark.parametrize(
    ("told", "warned"),
    [
        (b"", False),
        (b"\n", False),
        (b"[]", False),
        (b"{}", False),
        (b'{"arrival": {"num', True),
        (b'{"arrival": {"date": "2026-11-21"}}', True),
        (b"\xff\xfe", True),
        (b"{" + b" " * (2 << 20), True),
    ],
    ids=["empty", "blank", "a list", "no entry", "cut off", "no number", "no text", "too long"],
)
def test_whatever_stands_in_the_mark_the_document_is_taken(world, caplog, told, warned):
    """What cannot be read is worth a warning, and no number is made up."""
    _, receiver = sent(world)
    with caplog.at_level(logging.WARNING, "edge_node.flows.taken"):
        found = take(receiver, told)
    assert (found.state, found.arrival_number) == ("taken", "")
    assert [record.message for record in caplog.records if "taken" in record.message] == (
        ["its .taken cannot be read"] if warned else []
    )


# ── by policy ────────────────────────────────────────────────────────────────────────────────────


def rules(**keys):
    return {"door": {"incoming": IncomingSection(**keys)}}


def misdirected(world, desk, *, to="H01.1"):
    """Have a package come in that names another receiver."""
    sender = list(world.settings.members)[-1]
    package = holding(("cv.pdf", b64(PDF))).replace(b">H99.1<", f">{sender}<".encode())
    world.put(desk.code, package.replace(b">H99.2<", f">{to}<".encode()))
    desk.turn()
    return sender


def statuses(desk):
    """Return codes and descriptions of what was told of the one document, in order."""
    sql = "select status, body from envelopes where message = 'status' order by created, id"
    return [(row["status"], row["body"].decode()) for row in desk.queue.file.rows(sql, {})]


def test_what_is_for_somebody_else_goes_back_where_the_rules_say_so(world):
    """With status 02 and WRONG_RECIPIENT; it is not handed over, and the axis hears no `fail`."""
    desk = world.desk(**rules(wrong_recipient=REFUSE))
    misdirected(world, desk)

    assert incoming(desk).state == "returned"
    ((code, body),) = statuses(desk)
    assert (code, "[WRONG_RECIPIENT] " in body, "H01.1" in body) == ("02", True, True)
    assert world.standing(desk.code) == ["done"]
    assert desk.inbox == []


def test_what_is_for_somebody_else_is_kept_and_named_where_nothing_is_said(world):
    """So that a person can return it, or hand it over all the same, with a warning."""
    desk = world.desk()
    sender = misdirected(world, desk)
    found = incoming(desk)
    assert (found.state, found.sender, found.code) == ("quarantined", sender, "12/UBND-VP")
    assert world.standing(desk.code) == ["fail"]

    desk.queue.arriving.release(found.id, now=desk.now)
    released(desk, found.id)
    (letter,) = desk.letters()
    assert len(letter["warnings"]) >= 2


def test_a_clerk_returns_what_was_kept(world):
    """It is not delivered afterwards, and its sender hears why."""
    desk = world.desk()
    misdirected(world, desk)
    give(desk, "02", reason=ReasonCode.WRONG_RECIPIENT, note="Gửi nhầm")
    desk.turn()
    desk.later(hours=1)
    desk.turn()

    assert incoming(desk).state == "returned"
    assert desk.inbox == []
    assert world.statuses(desk.code) == ["02"]


def broken(package):
    return package.replace(base64.b64encode(PDF)[:40], b"*" * 40)


def torn(package):
    return package[: len(package) // 2]


def without_its_file(package):
    return package[: package.index(b"<Attachment>")] + package[package.index(b"</AttachmentE") :]


def damaged(world, desk, harm):
    """Have a package come in that lost something on its way."""
    sender = list(world.settings.members)[-1]
    package = holding(("cv.pdf", b64(PDF))).replace(b">H99.1<", f">{sender}<".encode())
    world.put(desk.code, harm(package.replace(b">H99.2<", f">{desk.code}<".encode())))
    for _ in range(4):  # what is hardly a package is fetched three times
        desk.turn()


@pytest.mark.parametrize("harm", [broken, torn, without_its_file])
def test_what_lost_its_content_goes_back_where_the_rules_say_so(world, harm):
    """Its header says whose it is; the reason is INTEGRITY_FAILED."""
    desk = world.desk(**rules(damaged=REFUSE))
    damaged(world, desk, harm)

    assert incoming(desk).state == "returned"
    ((code, body),) = statuses(desk)
    assert (code, "[INTEGRITY_FAILED] " in body) == ("02", True)
    assert desk.inbox == []


@pytest.mark.parametrize(
    ("harm", "state"), [(broken, "quarantined"), (without_its_file, "delivered")]
)
def test_what_lost_its_content_is_kept_or_warned_of_where_nothing_is_said(world, harm, state):
    """What cannot be read waits for a person; what is only missing has always been a warning."""
    desk = world.desk()
    damaged(world, desk, harm)
    assert incoming(desk).state == state
    assert "02" not in world.statuses(desk.code)


def test_what_breaks_off_within_its_header_goes_back_to_nobody(world):
    """Nobody knows what it is."""
    desk = world.desk(**rules(damaged=REFUSE))
    damaged(world, desk, lambda package: package[: package.index(b"Subject") + 30])
    assert [item.state for item in desk.quarantined()] == ["quarantined"]
    assert world.statuses(desk.code) == []


@pytest.mark.parametrize(
    ("action", "state", "told"),
    [
        (DoorAction.REFUSE, "returned", ["02"]),
        (DoorAction.QUARANTINE, "quarantined", []),
        (DoorAction.WARN, "delivered", ["01"]),
        (DoorAction.DELIVER, "delivered", ["01"]),
    ],
)
def test_other_rules_may_speak_against_a_document(world, action, state, told):
    """Each with a code and words of its own; the door does the rest."""
    _, receiver = sent(world, numbers=())
    objection = Objection(action=action, code=ReasonCode.SECRET_CONTENT, reason=say("a grade"))
    deliver = receiver.flows["deliver"]
    receiver.flows["deliver"] = replace(deliver, objects=(lambda *_: objection,))
    sender = world.desk()
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn()
    receiver.turn()

    assert incoming(receiver).state == state
    assert world.statuses(receiver.code) == told
    if state == "delivered":
        (letter,) = receiver.letters()
        assert ("a grade" in letter["warnings"]) == (action is DoorAction.WARN)


def test_the_log_names_no_person(world, caplog):
    """Who gave a status is in the journal; the log may be forwarded."""
    _, receiver = sent(world)
    with caplog.at_level(logging.INFO):
        give(receiver, "03")
    assert "status queued" in caplog.text
    assert all("lan" not in map(str, vars(record).values()) for record in caplog.records)
