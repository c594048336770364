"""What a crash leaves: claims without a row, claims with one, folders nobody was told of."""

import shutil

import pytest
from flows_world import DAY, LETTER, a_sheet, as_json, names, untouched

from edge_node.adapters.disk import AccessDenied
from edge_node.domain.errors import DiskTrouble, FolderMissing, Outage
from edge_node.domain.message import say

PDF = LETTER.read_bytes()


def drop(desk, to, number="12"):
    return desk.drop(number, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=to, number=number))


def claims(desk):
    folder = desk.config.folders.spool / "claims"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def parties(world):
    return world.desk(), world.desk()


@pytest.mark.parametrize("after", [False, True], ids=["without a row", "with a row"])
def test_a_claim_left_by_a_crash_is_seen_through_at_the_next_start(world, parties, after):
    """Without a row it is taken in again; with one it is the queue's, and only filed."""
    sender, receiver = parties
    drop(sender, receiver.code)
    sender.cut_off("intake", "queue", "add", after=after)
    (claim,) = claims(sender)
    assert names(sender.outbox) == []

    sender.restart()
    sender.turn()
    (document,) = sender.ledger.outbound(limit=9)
    assert document.id == claim
    assert world.sends(sender.code) == [[receiver.code]]
    assert untouched(sender.exchange / f"sent/{DAY}/12", {"cv.pdf": PDF})
    assert claims(sender) == []
    assert sorted(sender.told()) == ["accepted", "queued"]


def test_a_claim_that_cannot_be_sent_is_refused_at_the_next_start(world, parties):
    """Cut off before its papers were written, it is judged again and lies in failed/."""
    sender, receiver = parties
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code, date="x"))
    sender.cut_off("intake", "filing", "to_failed")

    sender.restart()
    sender.turn()
    assert names(sender.exchange / f"failed/{DAY}") == ["12"]
    assert claims(sender) == []
    assert world.sends(sender.code) == []


def test_a_drop_that_could_not_be_seen_through_is_taken_up_at_the_next_bell(world, parties):
    """A folder went away in the middle: no restart is needed, and the next drop did not wait."""
    sender, receiver = parties
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code, date="x"))
    folder = sender.exchange / "failed"
    away = folder.rename(folder.with_name("away"))
    with pytest.raises(FolderMissing):
        sender.turn("intake")
    drop(sender, receiver.code, "13")
    with pytest.raises(FolderMissing):
        sender.turn("intake")
    assert [document.name for document in sender.ledger.outbound(limit=9)] == ["13"]

    away.rename(folder)
    sender.turn()
    assert names(folder / DAY) == ["12"]
    assert world.sends(sender.code) == [[receiver.code]]


class Stumbles:
    """An outbox whose next claim is made and then ends with an error."""

    def __init__(self, outbox, error):
        """Be that outbox, but for one claim."""
        self._outbox, self._errors = outbox, [error]

    def __getattr__(self, name):
        """Return what the outbox has."""
        return getattr(self._outbox, name)

    def claim(self, drop, item_id):
        """Claim, and let nobody know the first time."""
        claimed = self._outbox.claim(drop, item_id)
        if self._errors:
            raise self._errors.pop()
        return claimed


def test_a_claim_the_disk_stumbled_over_is_seen_through_without_a_restart(world, parties):
    """The drop has left the outbox when the disk says no: the next bell finds it in the claims."""
    sender, receiver = parties
    error = DiskTrouble(say("trouble with {path}: {reason}", path="claims", reason="EIO"))
    intake = sender.flows["intake"]
    intake.outbox = Stumbles(intake.outbox, error)
    drop(sender, receiver.code)
    with pytest.raises(DiskTrouble):
        sender.turn("intake")
    assert names(sender.outbox) == []
    assert len(claims(sender)) == 1

    sender.turn()
    assert world.sends(sender.code) == [[receiver.code]]
    assert claims(sender) == []


def test_a_claim_nobody_can_mend_stops_no_other(world, parties):
    """A name stands in its way: it stays for a person, the others and what is new are sent."""
    sender, receiver = parties
    for number in ("12", "13"):
        drop(sender, receiver.code, number)
    sender.cut_off("intake", "queue", "add")
    (mendable,) = claims(sender)
    broken = sender.config.folders.spool / "claims" / "o000000000" / "14"
    broken.mkdir(parents=True)
    (broken / "14.json").write_bytes(as_json(a_sheet("cv.pdf", to=receiver.code, number="14")))
    (broken / "cv.pdf").mkdir()
    (sender.outbox / "cv.pdf").write_bytes(PDF)

    sender.restart()
    sender.turn()
    assert sorted(document.name for document in sender.ledger.outbound(limit=9)) == ["12", "13"]
    assert mendable not in claims(sender)

    (broken / "cv.pdf").rmdir()
    sender.turn()
    assert len(world.sends(sender.code)) == 3
    assert claims(sender) == []


def test_a_bare_file_refused_and_cut_off_before_it_was_filed_keeps_its_reason(parties):
    """The papers lie beside it already; the next start does not take them for the drop."""
    sender, _ = parties
    name = "5-CV_2026-99-99_H37.02.pdf"
    (sender.outbox / name).write_bytes(PDF)
    (sender.exchange / "failed").chmod(0o750)
    day = sender.exchange / f"failed/{DAY}"
    day.parent.mkdir(parents=True)
    day.write_bytes(b"in the way")
    with pytest.raises(Outage):
        sender.turn("intake")
    (claimed,) = (sender.config.folders.spool / "claims").glob("*/*")
    assert names(claimed) == [name, "error.json", "error.txt"]

    day.unlink()
    sender.restart()
    sender.turn()
    place = f"failed/{DAY}/{name.removesuffix('.pdf')}"
    assert "'2026-99-99'" in sender.error(f"{place}/error")["problems"][0]
    assert names(sender.exchange / place) == [name, "error.json", "error.txt"]


@pytest.mark.parametrize("after", [False, True], ids=["before the move", "after the move"])
def test_a_drop_that_was_filed_and_not_entered_is_found_again(parties, after):
    """It lies where it belongs once, whatever the queue remembers."""
    sender, receiver = parties
    drop(sender, receiver.code)
    sender.turn("intake", "push")
    sender.cut_off("file", "filing", "to_sent", after=after)

    sender.restart()
    sender.turn()
    assert names(sender.exchange / f"sent/{DAY}") == ["12"]
    assert sender.status_file(f"sent/{DAY}/12")["receivers"][0]["state"] == "accepted"
    assert claims(sender) == []


class Refuses:
    """A filing that the operating system does not let touch one drop."""

    def __init__(self, filing, name):
        """Be that filing, but for drops of one name."""
        self._filing, self.name, self.tried = filing, name, 0

    def __getattr__(self, method):
        """Return a method of the filing."""
        return lambda item, folder, name, *more: self._file(method, item, folder, name, *more)

    def _file(self, method, item, folder, name, *more):
        if name == self.name:
            self.tried += 1
            raise AccessDenied(
                say("the node may not touch {path}: {reason}", path=name, reason="")
            )
        return getattr(self._filing, method)(item, folder, name, *more)


def test_a_drop_that_cannot_be_filed_keeps_no_other_waiting(parties, caplog):
    """It is said once, and tried again at each bell until it can."""
    sender, receiver = parties
    drop(sender, receiver.code, "12")
    drop(sender, receiver.code, "13")
    file = sender.flows["file"]
    real, file.filing = file.filing, Refuses(file.filing, "12")
    sender.turn()
    sender.turn()

    assert names(sender.exchange / f"sent/{DAY}") == ["13"]
    assert file.filing.tried > 1
    said = [record for record in caplog.records if record.message == "a drop cannot be filed"]
    assert len(said) == 1
    assert "12" not in said[0].error
    file.filing = real
    sender.turn()
    assert names(sender.exchange / f"sent/{DAY}") == ["12", "13"]


def test_a_receipt_that_was_written_and_not_entered_is_there_once(parties):
    """Written again it has the same name and replaces itself."""
    sender, receiver = parties
    drop(sender, receiver.code)
    sender.turn("intake", "push")
    sender.cut_off("notify", "history", "told")
    assert sorted(sender.told()) == ["accepted", "queued"]

    sender.restart()
    sender.turn()
    assert sorted(sender.told()) == ["accepted", "queued"]


def test_a_package_fetched_and_not_entered_is_fetched_again(world, parties):
    """Its bytes are in the spool, its row is not: the axis still has it, and it arrives once."""
    sender, receiver = parties
    drop(sender, receiver.code)
    sender.turn()
    receiver.cut_off("pull", "queue", "add")
    assert world.standing(receiver.code) == ["initial"]

    receiver.restart()
    receiver.turn()
    assert len(receiver.inbox) == 1
    assert world.standing(receiver.code) == ["done"]


def test_a_drop_a_person_took_out_of_queued_is_sent_all_the_same(world, gate):
    """The row is the queue; the folder only shows it, and its absence stops nobody."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    gate.busy.add("sendEdoc")
    drop(sender, receiver.code)
    sender.turn()
    (sender.exchange / "queued/12").rename(sender.exchange / "elsewhere")
    gate.busy.clear()
    sender.later(minutes=1)
    sender.turn()

    assert world.sends(sender.code) == [[receiver.code]]
    assert sorted(sender.told()) == ["accepted", "queued"]


def waiting(sender, receiver):
    """Have a document wait at the receiver for its delivery."""
    drop(sender, receiver.code)
    sender.turn()
    receiver.turn("pull", "acknowledge")


HANDING_OVER = [
    ("inbox", "check", False),
    ("inbox", "preparing", False),
    ("inbox", "keep", False),
    ("inbox", "keep", True),
    ("queue", "prepared", False),
    ("queue", "prepared", True),
    ("inbox", "show", False),
    ("inbox", "show", True),
    ("queue", "delivered", False),
    ("queue", "delivered", True),
]


@pytest.mark.parametrize(("part", "method", "after"), HANDING_OVER)
def test_wherever_a_hand_over_is_cut_off_the_document_arrives_once(
    world, parties, part, method, after
):
    """Whole, answered with one 01, and nothing hidden is left behind."""
    sender, receiver = parties
    waiting(sender, receiver)
    receiver.cut_off("deliver", part, method, after=after)

    receiver.restart()
    receiver.turn()
    receiver.turn()
    (folder,) = (receiver.exchange / "inbox").iterdir()
    assert (folder / "cv.pdf").read_bytes() == PDF
    assert (folder / "document.json").exists()
    assert world.statuses(receiver.code) == ["01"]
    assert states(receiver) == ["delivered"]


@pytest.mark.parametrize(("part", "method", "after"), HANDING_OVER[-3:])
def test_a_document_taken_before_its_hand_over_was_entered_is_not_offered_again(
    world, parties, part, method, after
):
    """The software was quicker than the power cut: it has the document, and its sender hears."""
    sender, receiver = parties
    waiting(sender, receiver)
    receiver.cut_off("deliver", part, method, after=after)
    (folder,) = receiver.inbox
    folder.rename(receiver.exchange / "elsewhere")

    receiver.restart()
    receiver.turn()
    receiver.turn()
    assert list((receiver.exchange / "inbox").iterdir()) == []
    assert states(receiver) == ["taken"]
    assert world.statuses(receiver.code) == ["01"]


def test_what_was_being_prepared_when_the_node_was_killed_is_gone_after_the_next_start(parties):
    """Nobody else would ever remove it, and the software is not to see it."""
    _, receiver = parties
    left = receiver.exchange / "inbox" / ".room.0123abcd.part"
    left.mkdir()
    (left / "half.pdf").write_bytes(PDF[:10])
    receiver.restart()
    assert list((receiver.exchange / "inbox").iterdir()) == []


def test_a_kept_folder_waits_for_the_share_to_come_back(parties):
    """Cut off before the rename, then unmounted: an empty inbox is not a folder handed over."""
    sender, receiver = parties
    waiting(sender, receiver)
    receiver.cut_off("deliver", "inbox", "show")
    receiver.restart()
    away = receiver.exchange.rename(receiver.exchange.with_name("away"))
    (receiver.exchange / "inbox").mkdir(parents=True)
    with pytest.raises(FolderMissing):
        receiver.turn("deliver")
    assert states(receiver) == ["acknowledged"]

    shutil.rmtree(receiver.exchange)
    away.rename(receiver.exchange)
    receiver.turn()
    assert len(receiver.inbox) == 1
    assert states(receiver) == ["delivered"]


def states(desk):
    return [item.state for item in desk.ledger.inbound(limit=9)]
