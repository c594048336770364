"""What only the exchange folder knows any more is learnt from it, and sent no second time."""

import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from flows_world import DAY, LETTER, a_sheet, as_json, clear, keep_all

from edge_node.adapters.steps import Phase, Step, listening
from edge_node.domain.errors import FolderMissing, NotAllowed
from edge_node.domain.lifecycle import SendingEvent

PDF = LETTER.read_bytes()


def drop(desk, to, number):
    desk.drop(number, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=to, number=number))


def states(desk):
    """Return how each document stands at its first receiver, by the name of its drop."""
    return {each.name: str(each.fates[0].state) for each in desk.ledger.outbound(limit=99)}


@pytest.fixture
def parties(world):
    return world.desk(), world.desk()


def lose_all(desk):
    """Take the whole data folder and its witness away; a new node begins in their place."""
    folders = desk.config.folders
    desk.node.close()
    clear(folders.data)
    shutil.rmtree(folders.witness)
    desk.restart()


def papers(desk, place):
    return desk.exchange / place / "status.json"


def rewrite(desk, place, change):
    """Change the status.json in a place."""
    values = desk.status_file(place)
    change(values)
    papers(desk, place).write_bytes(as_json(values))


def a_bundle(desk, to):
    drop(desk, to, "1")


def a_sidecar(desk, to):
    (desk.outbox / "cv.pdf").write_bytes(PDF)
    (desk.outbox / "1.json").write_bytes(as_json(a_sheet("cv.pdf", to=to, number="1")))


def a_bare_file(desk, to):
    (desk.outbox / f"1-UBND_2026-11-21_{to}.pdf").write_bytes(PDF)


def a_package(desk, to, world):
    drop(desk, to, "1")
    desk.turn()
    (package,) = world.packages(desk.code)
    return package


@pytest.mark.parametrize("how", [a_bundle, a_sidecar, a_bare_file])
@pytest.mark.parametrize("again", ["put back", "lost"])
def test_what_lies_in_sent_is_known_and_not_sent_again(world, parties, how, again):
    """An older copy, or nothing, is all that was left of the data folder."""
    sender, receiver = parties
    put_back = keep_all(sender)
    sender.restart()
    how(sender, receiver.code)
    sender.turn()
    (before,) = sender.ledger.outbound(limit=9)
    put_back() if again == "put back" else lose_all(sender)

    (known,) = sender.ledger.outbound(limit=9)
    assert sender.node.sends.held() is not None
    same = (
        "id",
        "document_id",
        "code",
        "promulgated",
        "type",
        "subject",
        "kind",
        "name",
        "folder",
    )
    assert [getattr(known, each) for each in same] == [getattr(before, each) for each in same]
    assert [(fate.receiver, fate.state) for fate in known.fates] == [(receiver.code, "accepted")]

    how(sender, receiver.code)
    sender.node.sends.adopt(now=sender.now)
    sender.turn()
    (failed,) = (sender.exchange / "failed" / DAY).iterdir()
    error = sender.error(f"failed/{DAY}/{failed.name}/error")
    assert error["duplicate_of"] == known.id
    assert "this document was sent before" in str(error) or "đã được gửi" in str(error)
    assert world.sends(sender.code) == [[receiver.code]]


def test_a_package_that_lies_in_sent_is_known_by_what_is_in_it(world, parties):
    """Its header is in the package, and nowhere else."""
    sender, receiver = parties
    package = a_package(sender, receiver.code, world)
    lose_all(sender)
    shutil.rmtree(sender.exchange / "sent")
    (sender.exchange / "sent").mkdir()
    lose_all(sender)
    (sender.outbox / "p.edxml").write_bytes(package)
    sender.turn()
    assert len(world.sends(sender.code)) == 2  # nobody can know what lies nowhere
    lose_all(sender)
    (known,) = sender.ledger.outbound(limit=9)
    assert (known.code, known.name, known.fates[0].state) == ("1/UBND-VP", "p", "accepted")
    (sender.outbox / "p.edxml").write_bytes(package)
    sender.node.sends.adopt(now=sender.now)
    sender.turn()
    assert len(world.sends(sender.code)) == 2


def test_the_statuses_of_what_was_forgotten_are_entered(parties):
    """The receiver's 01 comes after the data folder was put back."""
    sender, receiver = parties
    put_back = keep_all(sender)
    sender.restart()
    drop(sender, receiver.code, "1")
    sender.turn()
    receiver.turn()
    put_back()
    sender.turn()
    assert states(sender) == {"1": "delivered"}
    assert sender.status_file(f"sent/{DAY}/1")["receivers"][0]["status"] == "01"
    assert sender.quarantined() == []


def test_what_was_forgotten_may_go_to_others_and_not_under_its_number_with_other_content(
    world, parties
):
    """As if it had never been forgotten: the fingerprint is read from what lies in sent/."""
    sender, receiver = parties
    third = world.desk()
    drop(sender, receiver.code, "1")
    sender.turn()
    lose_all(sender)
    sender.node.sends.adopt(now=sender.now)
    drop(sender, third.code, "1")
    sender.turn()
    assert world.sends(sender.code) == [[receiver.code], [third.code]]
    other = a_sheet("cv.pdf", to=third.code, number="1", subject="V/v khác")
    sender.drop("other", {"cv.pdf": PDF}, **other)
    sender.turn()
    assert len(world.sends(sender.code)) == 2


def test_what_was_taken_out_of_sent_since_counts_as_something_else(world, parties):
    """Nobody can compare it any more, so it is not sent under that number without a word."""
    sender, receiver = parties
    drop(sender, receiver.code, "1")
    sender.turn()
    lose_all(sender)
    sender.node.sends.adopt(now=sender.now)
    shutil.rmtree(sender.exchange / "sent" / DAY / "1")
    drop(sender, receiver.code, "1")
    sender.turn()
    assert len(world.sends(sender.code)) == 1
    assert (sender.exchange / "failed" / DAY / "1").is_dir()


def test_a_drop_that_cannot_be_read_is_known_by_its_papers(world, parties):
    """Its DocumentId is in them; what they do not say stays empty."""
    sender, receiver = parties
    drop(sender, receiver.code, "1")
    sender.turn()
    (sender.exchange / "sent" / DAY / "1" / "document.json").write_text("{")
    lose_all(sender)
    (known,) = sender.ledger.outbound(limit=9)
    assert (known.code, known.subject, known.kind) == ("1/UBND-VP", "", "")
    sender.node.sends.adopt(now=sender.now)
    drop(sender, receiver.code, "1")
    sender.turn()
    assert len(world.sends(sender.code)) == 1


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_text("{"),
        lambda path: path.unlink(),
        lambda path: path.write_text('{"schema": 1, "id": "o1", "receivers": 7}'),
        lambda path: path.write_text(path.read_text().replace('"code"', '"cod"')),
        lambda path: path.write_text(path.read_text().replace('"id": "', '"id": "o/../../')),
    ],
    ids=["broken", "gone", "of another form", "without a receiver's code", "leading elsewhere"],
)
def test_papers_that_cannot_be_read_are_named_and_not_guessed_at(parties, harm):
    """The folder stays; whoever asks how the node fares is told until it is mended or gone."""
    sender, receiver = parties
    for number in "12":
        drop(sender, receiver.code, number)
    sender.turn()
    whole = papers(sender, f"sent/{DAY}/1").read_bytes()
    harm(papers(sender, f"sent/{DAY}/1"))
    lose_all(sender)
    assert states(sender) == {"2": "accepted"}
    assert sender.node.unread() == (f"sent/{DAY}/1",)

    papers(sender, f"sent/{DAY}/1").write_bytes(whole)
    sender.restart()
    assert states(sender) == {"1": "accepted", "2": "accepted"}
    assert sender.node.unread() == ()


@pytest.mark.parametrize("state", ["", "posted", "unsure", "queued"])
def test_what_the_papers_leave_open_is_held_and_can_be_sent_again(world, parties, state):
    """Of two receivers one has it; the other gets it, alone, when a person says so."""
    sender, receiver = parties
    third = world.desk()
    sheet = a_sheet("cv.pdf", to=[receiver.code, third.code], number="1")
    sender.drop("1", {"cv.pdf": PDF}, **sheet)
    sender.turn()

    def leave_open(values):
        (entry,) = (each for each in values["receivers"] if each["code"] == third.code)
        entry["state"] = state

    rewrite(sender, f"sent/{DAY}/1", leave_open)
    lose_all(sender)
    (known,) = sender.ledger.outbound(limit=9)
    assert {fate.receiver: str(fate.state) for fate in known.fates} == {
        receiver.code: "accepted",
        third.code: "held",
    }
    assert sender.ledger.held() == 1
    sender.node.sends.adopt(now=sender.now)
    sender.turn()
    assert "held" in sender.told()
    assert len(world.sends(sender.code)) == 1
    sender.node.resend().resend(known.id, (), now=sender.now)
    sender.turn()
    assert world.sends(sender.code)[1:] == [[third.code]]


def test_what_cannot_be_packed_any_more_says_so_when_it_is_to_be_sent_again(parties):
    """Its attachment is gone from sent/."""
    sender, receiver = parties
    drop(sender, receiver.code, "1")
    sender.turn()
    rewrite(sender, f"sent/{DAY}/1", lambda values: values["receivers"][0].pop("state"))
    (sender.exchange / "sent" / DAY / "1" / "cv.pdf").unlink()
    lose_all(sender)
    assert states(sender) == {"1": "held"}
    (known,) = sender.ledger.outbound(limit=9)
    with pytest.raises(NotAllowed, match="package was lost") as caught:
        sender.node.resend().resend(known.id, (), now=sender.now)
    assert '"resend": true' in str(caught.value.hint)


def test_no_attachment_is_opened_to_learn_what_was_accepted(parties, monkeypatch):
    """However large they are, and however many lie in sent/."""
    sender, receiver = parties
    for number in "123":
        drop(sender, receiver.code, number)
    sender.turn()
    opened = []
    real = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda path, *args, **kwargs: opened.append(path.name) or real(path, *args, **kwargs),
    )
    lose_all(sender)
    assert len(states(sender)) == 3
    assert "cv.pdf" not in opened


def test_what_waits_in_an_older_state_is_found_in_sent(world, gate):
    """The axis lists nothing; our own papers say that it took the document."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    drop(sender, receiver.code, "1")
    sender.turn("intake")
    put_back = keep_all(sender)
    sender.restart()
    sender.later(minutes=1)
    sender.turn()
    gate.said["getSentEdocList"] = {"status": "OK", "ErrorCode": "0", "data": []}
    put_back()
    assert states(sender) == {"1": "accepted"}
    sender.node.sends.adopt(now=sender.now)
    sender.turn()
    assert len(world.sends(sender.code)) == 1


def test_papers_older_than_what_the_queue_knows_change_nothing(parties):
    """A person had it sent again after they were written."""
    sender, receiver = parties
    drop(sender, receiver.code, "1")
    sender.turn()
    (known,) = sender.ledger.outbound(limit=9)
    sender.later(hours=1)
    refused = SendingEvent.REFUSED
    assert sender.queue.outgoing.happened(known.id, receiver.code, refused, now=sender.now)
    sender.node.resend().resend(known.id, (), now=sender.now)
    sender.node.sends.pause(now=sender.now)
    sender.restart()
    assert states(sender) == {"1": "queued"}


def test_a_queue_rebuilt_without_its_waybills_knows_what_lies_in_sent(parties):
    """A copy was kept; the spool was lost with the queue."""
    sender, receiver = parties
    sender.node.prepare()
    drop(sender, receiver.code, "1")
    sender.turn()
    assert sender.node.safekeeping.back_up(sender.now)
    drop(sender, receiver.code, "2")
    sender.turn()
    bills = list(sender.node.waybills.root.glob("??/*.json"))
    (second,) = [path for path in bills if '"2"' in path.read_text()]
    second.unlink()
    sender.later(days=1)
    drop(sender, receiver.code, "3")
    sender.turn()
    sender.node.close()
    sender.config.folders.queue.unlink()
    assert sender.node.recover(offline=False).sending
    sender.restart()
    assert states(sender) == {"1": "accepted", "2": "accepted", "3": "accepted"}
    assert sender.node.sends.held() is not None


def test_an_exchange_folder_that_was_away_is_read_before_a_drop_is_taken(world, parties):
    """The share comes back while the node is at work."""
    sender, receiver = parties
    put_back = keep_all(sender)
    sender.restart()
    drop(sender, receiver.code, "1")
    sender.turn()
    drop(sender, receiver.code, "1")
    aside = sender.exchange.rename(sender.exchange.with_name("exchange-away"))
    sender.exchange.mkdir()
    put_back()
    assert states(sender) == {}
    sender.exchange.rmdir()
    aside.rename(sender.exchange)
    sender.turn("intake")
    assert states(sender) == {"1": "accepted"}
    sender.node.sends.adopt(now=sender.now)
    sender.turn()
    assert len(world.sends(sender.code)) == 1


@pytest.mark.parametrize("lost", [True, False])
def test_what_was_sent_is_looked_at_once_a_share_is_back(world, parties, lost):
    """The node starts all the same; what was sent is known before the next drop is taken."""
    sender, receiver = parties
    drop(sender, receiver.code, "1")
    sender.turn()
    sent = sender.exchange / "sent"
    aside = sent.rename(sender.exchange.with_name("exchange-sent"))
    lose_all(sender) if lost else sender.restart()
    drop(sender, receiver.code, "1")
    with pytest.raises(FolderMissing):
        sender.turn("intake")
    aside.rename(sent)
    sender.turn()
    assert states(sender) == {"1": "accepted"}
    assert (sender.node.sends.held() is not None) == lost
    assert not sender.queue.learning.due
    assert len(world.sends(sender.code)) == 1


def test_learning_that_is_cut_off_is_gone_on_with(parties):
    """Half of it is known; the next start learns the rest, and the one after it nothing."""
    sender, receiver = parties
    for number in "123":
        drop(sender, receiver.code, number)
    sender.turn()
    seen = []

    def stop(step, phase, what):
        # (The first commits make the tables: nobody can ask that queue yet.)
        begun = "queue" in vars(sender.node)
        if step is Step.COMMIT and phase is Phase.BEFORE and begun and sender.queue.learning.due:
            seen.append(what)
            if len(seen) == 2:
                raise KeyboardInterrupt

    with suppress(KeyboardInterrupt), listening(stop):
        lose_all(sender)
    assert len(states(sender)) < 3
    sender.restart()
    assert len(states(sender)) == 3
    sender.node.sends.adopt(now=sender.now)
    sender.restart()
    assert sender.node.sends.held() is None


def test_what_was_learnt_is_in_a_waybill_as_if_it_had_been_taken_in(parties):
    """The next loss of the queue is mended without the exchange folder."""
    sender, receiver = parties
    drop(sender, receiver.code, "1")
    sender.turn()
    lose_all(sender)
    sender.node.close()
    sender.config.folders.queue.unlink()
    assert sender.node.recover(offline=True).remains.documents == 1
    assert states(sender) == {"1": "accepted"}


def test_the_claim_an_older_state_holds_of_what_was_sent_since_goes(world, parties):
    """The drop lies in sent/ with its papers; the claim would lie in the spool for ever."""
    sender, receiver = parties
    drop(sender, receiver.code, "1")
    sender.cut_off("intake", "queue", "add")
    put_back = keep_all(sender)
    sender.restart()
    sender.turn()
    put_back()
    sender.turn()
    assert states(sender) == {"1": "accepted"}
    assert list((sender.config.folders.spool / "claims").iterdir()) == []
    assert len(world.sends(sender.code)) == 1


def test_what_looks_like_one_that_was_learnt_is_not_taken_for_sent(world, parties):
    """Another letter of that number, meant so: the axis lists one, and that is the first."""
    sender, receiver = parties
    drop(sender, receiver.code, "1")
    sender.turn()
    lose_all(sender)
    sheet = a_sheet("cv.pdf", to=receiver.code, number="1", place="Hà Nội", resend=True)
    sender.drop("2", {"cv.pdf": PDF}, **sheet)
    sender.turn()
    assert states(sender) == {"1": "accepted", "2": "held"}
    assert len(world.sends(sender.code)) == 1


def test_what_failed_is_known_and_may_be_dropped_again(world, gate):
    """Refused at its only receiver, it is refused still; the axis takes it the second time."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    put_back = keep_all(sender)
    sender.restart()
    gate.said["sendEdoc"] = {"status": "FAIL", "ErrorCode": "18", "ErrorDesc": "no", "DocId": ""}
    drop(sender, receiver.code, "1")
    sender.turn()
    assert (sender.exchange / "failed" / DAY / "1").is_dir()
    gate.said.clear()
    put_back()
    assert states(sender) == {"1": "refused"}
    sender.node.sends.adopt(now=sender.now)
    drop(sender, receiver.code, "1")
    sender.turn()
    assert world.sends(sender.code) == [[receiver.code]]


def test_a_folder_dropped_again_with_its_old_papers_is_not_taken_for_the_first(parties):
    """What failed as a duplicate carries the first one's status.json: it says whose it is."""
    sender, receiver = parties
    drop(sender, receiver.code, "1")
    sender.turn()
    shutil.copytree(sender.exchange / "sent" / DAY / "1", sender.outbox / "1")
    sender.turn()
    assert (sender.exchange / "failed" / DAY / "1").is_dir()
    lose_all(sender)
    (known,) = sender.ledger.outbound(limit=9)
    assert known.folder == f"sent/{DAY}/1"
    assert sender.node.unread() == ()
