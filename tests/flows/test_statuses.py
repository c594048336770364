"""What the agency reports through statuses/, and what becomes of the files."""

import json
import os
from datetime import timedelta

import pytest
from flows_world import LETTER, a_sheet, as_lines, names, vi
from sandbox_world import Caller, a_status

PDF = LETTER.read_bytes()


@pytest.fixture
def parties(world):
    """Two agencies, the second of which has just got a document from the first."""
    sender, receiver = world.desk(), world.desk()
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code, ref="sw-12"))
    sender.turn()
    receiver.turn()
    sender.turn()
    return sender, receiver


def the_letter(desk):
    (letter,) = desk.letters()
    return letter


def filed(desk, place):
    return names(desk.exchange / "statuses" / place)


@pytest.mark.parametrize("key", ["id", "document_id"])
def test_a_status_reaches_the_sender_and_its_file_is_done(world, parties, key):
    """By the id of the inbox or by the DocumentId; the register's number travels with it."""
    sender, receiver = parties
    receiver.report(
        "03.json",
        **{key: the_letter(receiver)[key]},
        status="03",
        note="Văn thư đã vào sổ",
        arrival={"number": "345", "date": "2026-11-21", "unit": "Phòng Hành chính"},
    )
    receiver.turn()

    assert names(receiver.exchange / "statuses") == ["done", "failed"]
    assert filed(receiver, "done") == ["03.json"]
    assert world.statuses(receiver.code) == ["01", "03"]
    sender.turn()
    (receipt,) = [told for told in sender.receipts() if told.get("status") == "03"]
    assert receipt["from"] == receiver.code
    assert (receipt["ref"], receipt["meaning"]) == ("sw-12", "Đã tiếp nhận")
    assert receipt["note"] == ("Văn thư đã vào sổ; Số đến: 345, ngày 21/11/2026, Phòng Hành chính")


def test_a_refusal_carries_its_reason_there_and_back(parties):
    """The code travels at the head of the Description and is read back from there."""
    sender, receiver = parties
    receiver.report(
        "02.json",
        id=the_letter(receiver)["id"],
        status="02",
        reason_code="WRONG_RECIPIENT",
        note="Gửi nhầm đơn vị",
    )
    receiver.turn()
    sender.turn()

    (receipt,) = [told for told in sender.receipts() if told.get("status") == "02"]
    assert (receipt["reason_code"], receipt["note"]) == ("WRONG_RECIPIENT", "Gửi nhầm đơn vị")
    (fate,) = sender.ledger.outbound(limit=1)[0].fates
    assert (fate.state, fate.status) == ("delivered", "02")


def test_a_status_cut_off_between_queueing_and_filing_is_sent_once(world, parties):
    """The file is found again after the crash and known as the one that was taken."""
    _, receiver = parties
    path = receiver.report("03.json", id=the_letter(receiver)["id"], status="03")
    receiver.cut_off("takestatuses", "folder", "done")
    assert path.exists()

    receiver.restart()
    receiver.turn()
    assert filed(receiver, "done") == ["03.json"]
    assert world.statuses(receiver.code) == ["01", "03"]


def test_the_same_words_written_again_later_are_another_status(world, parties):
    """A file that comes anew is meant anew, whatever it is called."""
    _, receiver = parties
    for _ in range(2):
        receiver.report("05.json", id=the_letter(receiver)["id"], status="05")
        receiver.turn()
        receiver.later(seconds=5)

    assert world.statuses(receiver.code) == ["01", "05", "05"]
    assert filed(receiver, "done") == ["05.2.json", "05.json"]


def test_statuses_found_together_are_sent_as_they_were_written(world, parties):
    """Not by their names: the last word of the agency is the last one the sender hears."""
    _, receiver = parties
    item = the_letter(receiver)["id"]
    for seconds, name, status in ((1, "b.json", "03"), (2, "c.json", "05"), (3, "a.json", "06")):
        path = receiver.report(name, id=item, status=status)
        os.utime(path, (seconds, seconds))
    receiver.turn()

    assert world.statuses(receiver.code) == ["01", "03", "05", "06"]


def refused(desk, name, **status):
    desk.report(f"{name}.json", **status)
    desk.turn()
    assert filed(desk, "failed") == [f"{name}.error.json", f"{name}.error.txt", f"{name}.json"]
    place = f"statuses/failed/{name}.error"
    return desk.words(place), desk.error(place)


def test_a_status_about_an_unknown_document_is_refused(world, parties):
    """The words say where the right id stands."""
    _, receiver = parties
    words, told = refused(receiver, "03", id="i99999999", status="03")

    assert words == as_lines(
        vi("no document goes by {id}", id="i99999999"),
        hint=vi("give the id or document_id that stands in the inbox document.json"),
    )
    assert told["error"] == "status-refused"
    assert world.statuses(receiver.code) == ["01"]


def test_every_problem_of_a_status_is_named(parties):
    """A refusal without reason and note, and a key nobody knows."""
    _, receiver = parties
    _, told = refused(receiver, "02", id=the_letter(receiver)["id"], status="02", reson="x")

    assert [problem.partition(":")[0] for problem in told["problems"]] == [
        "reson",
        "reason_code",
        "note",
    ]


@pytest.mark.parametrize("words", ["a\u0001b", "\ud800"], ids=["control", "half a character"])
@pytest.mark.parametrize("key", ["note", "id"])
def test_words_no_package_can_carry_are_refused_and_stop_nobody(world, parties, words, key):
    """The file beside it goes through."""
    _, receiver = parties
    letter = the_letter(receiver)["id"]
    bad = {"schema": 1, "id": letter, "status": "03", key: words}
    path = receiver.exchange / "statuses" / "a.json"
    path.write_text(json.dumps(bad))
    receiver.report("b.json", id=letter, status="04")
    receiver.turn()

    assert filed(receiver, "failed") == ["a.error.json", "a.error.txt", "a.json"]
    assert filed(receiver, "done") == ["b.json"]
    assert world.statuses(receiver.code) == ["01", "04"]


def test_a_broken_status_waits_and_is_refused_when_nobody_writes_it_any_more(parties):
    """It may be half written; after ten minutes it is not."""
    _, receiver = parties
    path = receiver.exchange / "statuses" / "03.json"
    path.write_text('{"id": "i2345')
    receiver.turn()
    assert path.exists()

    receiver.later(seconds=601)
    receiver.turn()
    assert filed(receiver, "failed") == ["03.error.json", "03.error.txt", "03.json"]
    assert receiver.words("statuses/failed/03.error")[0].startswith(
        as_lines(vi("cannot report {file} as it is", file="03.json"), hint="")[0][:-1]
    )


def test_a_status_file_that_was_taken_away_meanwhile_stops_nobody(world, parties):
    """The software thought better of it; the next file goes through."""
    _, receiver = parties
    letter = the_letter(receiver)["id"]
    gone = receiver.report("a.json", id=letter, status="03")
    receiver.report("b.json", id=letter, status="04")
    take = receiver.flows["takestatuses"]
    take.folder = Removing(take.folder, gone)
    receiver.turn()

    assert filed(receiver, "done") == ["b.json"]
    assert filed(receiver, "failed") == []
    assert world.statuses(receiver.code) == ["01", "04"]


class Removing:
    """A statuses/ from which the software takes a file just after the look."""

    def __init__(self, folder, path):
        """Be that folder, and know the file."""
        self._folder, self._path = folder, path
        self.read, self.done, self.failed = folder.read, folder.done, folder.failed
        self.lying, self.id_of = folder.lying, folder.id_of

    def scan(self, now, reading):
        """Look, then lose the file."""
        scan = self._folder.scan(now, reading)
        self._path.unlink(missing_ok=True)
        return scan


def test_a_status_the_axis_refuses_is_not_offered_for_ever(world, gate):
    """It is parked with the axis's reason; the next one is sent."""
    sender, receiver = world.desk(), world.desk(url=gate.url)
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn()
    gate.said["sendEdoc"] = {"status": "FAIL", "ErrorCode": "22", "ErrorDesc": "no", "DocId": ""}
    receiver.turn()
    gate.said.clear()
    receiver.report("03.json", id=the_letter(receiver)["id"], status="03")
    receiver.turn()

    assert world.statuses(receiver.code) == ["03"]
    assert gate.calls.count("sendEdoc") == 2


def test_a_status_the_axis_refuses_is_told_to_the_software(world, gate):
    """Its file is done with, so a receipt about the document it was on says what became of it."""
    sender, receiver = world.desk(), world.desk(url=gate.url)
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn()
    receiver.turn()
    gate.said["sendEdoc"] = {"status": "FAIL", "ErrorCode": "22", "ErrorDesc": "no", "DocId": ""}
    receiver.report("03.json", id=the_letter(receiver)["id"], status="03")
    receiver.turn()

    (told,) = receiver.receipts()
    assert (told["event"], told["to"]) == ("refused", sender.code)
    assert told["document_id"] == the_letter(receiver)["document_id"]
    assert "03" in told["note"]
    assert "'22', 'no'" in told["note"]


def test_a_status_that_overtook_another_is_not_taken_back(world):
    """Software of others gives 06 before 03: both are told, and the document stays finished."""
    sender, other = world.desk(), world.desk()
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=other.code))
    sender.turn()
    (document,) = sender.ledger.outbound(limit=1)
    caller = Caller(url=world.url, code=other.code, secret=world.member(other.code).secret)
    for code in ("06", "03"):
        told = a_status(other.code, sender.code, document_id=document.document_id, code=code)
        caller.send(told, "status")
        sender.turn()

    assert [fate.status for fate in sender.ledger.outbound(limit=1)[0].fates] == ["06"]
    assert {"06", "03"} < set(sender.told())


def test_an_agency_that_wants_no_automatic_receipts_sends_none(world):
    """With `report.receipts: false` the 01 is the software's to send."""
    sender, receiver = world.desk(), world.desk(report={"receipts": False})
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn()
    receiver.turn()
    assert world.statuses(receiver.code) == []

    receiver.report("01.json", id=the_letter(receiver)["id"], status="01")
    receiver.turn()
    assert world.statuses(receiver.code) == ["01"]


def test_a_status_of_somebody_who_is_no_receiver_changes_nothing(world):
    """A document to two agencies: a third one's word on it is parked."""
    sender, one, other, third = (world.desk() for _ in range(4))
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=[one.code, other.code]))
    sender.turn()
    (document,) = sender.ledger.outbound(limit=1)
    caller = Caller(url=world.url, code=third.code, secret=world.member(third.code).secret)
    caller.send(a_status(third.code, sender.code, document_id=document.document_id), "status")
    sender.turn()

    assert {fate.status for fate in sender.queue.outgoing.fates(document.id)} == {""}
    (parked,) = sender.ledger.inbound(state="parked", limit=9)
    assert (parked.document_id, parked.sender) == (document.document_id, third.code)
    assert sender.quarantined() == []


def test_a_receipt_is_named_for_when_we_heard_and_says_when_it_happened(world):
    """A peer's clock that is years ahead does not put its receipts behind all others."""
    sender, receiver = world.desk(), world.desk()
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn("intake", "push")
    receiver.now += timedelta(days=365 * 5)
    receiver.turn()
    sender.turn("pull", "acknowledge", "apply", "notify")

    (path,) = (sender.exchange / "receipts").glob("*status-01*")
    assert path.name.startswith("20261121-")
    assert json.loads(path.read_bytes())["at"].startswith("2031-")
