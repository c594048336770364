"""A queue put back from a backup: its journal says so, and explains what others kept of it."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from builders import T0
from journals import DAY, A, anchor, exported, happen, meddle, rewrite

from edge_node.adapters.database import QueueFile
from edge_node.adapters.history import note
from edge_node.adapters.journal import Journal
from edge_node.adapters.kept_heads import SENDING, KeptHeads
from edge_node.adapters.sends import Sends, count_one
from edge_node.adapters.witness import Witness
from edge_node.domain.journal import RESTORED, KeptHead, Kind
from edge_node.tools import verify_journal


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


class Office:
    """A queue with its witness, where a head is kept each day."""

    def __init__(self, home):
        """Begin in an empty folder."""
        self.path, self.old = home / "queue.db", home / "old.db"
        self.witness = Witness(home / "witness")
        self.kept = KeptHeads(self.witness.folder)
        self.file = QueueFile(self.path)
        self.start(T0)

    def start(self, now):
        """Compare the counts, as every start does."""
        self.sends = Sends(self.file, self.witness)
        return self.sends.compare(now=now)

    def work(self, day, events):
        """Have so much happen on a day, one document sent, and its head kept."""
        happen(self.file, *[A] * events, now=T0 + day * DAY)
        with self.file.transaction() as transaction:
            count_one(transaction)
        self.sends.note()
        head = anchor(self.file, now=T0 + day * DAY)
        self.kept.keep(head)
        return f"{head.event}:{head.chain.hex()}"

    def back_up(self):
        """Copy the queue as it is now."""
        self.file.close()
        shutil.copy(self.path, self.old)

    def put_back(self, now):
        """Put the older state in the place of the queue, and start on it."""
        self.file.close()
        for path in self.path.parent.glob("queue.db*"):
            path.unlink()
        shutil.copy(self.old, self.path)
        self.file = QueueFile(self.path)
        return self.start(now)

    def verify(self, *heads):
        """Walk through the journal, with the heads kept beside the witness and these."""
        outside = [*self.kept.all(), *map(head_of, heads)]
        return Journal(self.file).verify(outside=outside)


def head_of(text):
    event, _, chain = text.partition(":")
    return KeptHead(event=int(event), chain=bytes.fromhex(chain))


def tool(path, *heads):
    told = [argument for head in heads for argument in ("--head", head)]
    arguments = [sys.executable, verify_journal.__file__, path, *told]
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


@pytest.fixture
def restored(office):
    """Give an office whose first day was put back on its fourth, and the heads said till then."""
    said = [office.work(0, 3)]
    office.back_up()
    said += [office.work(1, 4), office.work(2, 5)]
    office.put_back(T0 + 3 * DAY)
    return office, said


def test_a_node_whose_heads_are_all_its_own_was_never_restored(office):
    """Each is compared, also those kept outside."""
    office.work(0, 3)
    office.work(1, 1)
    found = office.verify()
    assert (found.fault, found.kept, found.restored) == (None, 2, ())


def test_what_was_put_back_says_so_and_how_much_is_missing(restored):
    """The heads said since the backup are of a state that is named as lost: no tampering."""
    office, said = restored
    found = office.verify(*said)
    assert (found.fault, found.kept) == (None, 2)
    (told,) = found.restored
    assert (told.id, told.at, told.missing) == (4, T0 + 3 * DAY, 9)


def test_it_is_said_once_however_often_the_node_starts(restored):
    """And again where another older state is put in its place."""
    office, said = restored
    office.start(T0 + 4 * DAY)
    office.sends.adopt(now=T0 + 4 * DAY)
    office.start(T0 + 4 * DAY)
    assert len(office.verify().restored) == 1

    said.append(office.work(5, 2))
    assert office.verify(*said).fault is None
    office.put_back(T0 + 6 * DAY)
    found = office.verify(*said)
    assert (found.fault, [each.missing for each in found.restored]) == (None, [9])


def test_an_older_state_in_which_nothing_was_sent_is_known_by_its_heads(office):
    """The counts agree; what happened since is missing all the same."""
    office.back_up()
    happen(office.file, A, A, now=T0)
    office.kept.keep(anchor(office.file, now=T0))
    assert office.put_back(T0 + DAY) is None
    (told,) = office.verify().restored
    assert (told.id, told.missing) == (1, 2)


def test_where_the_witness_is_gone_nobody_knows_how_much_is_missing(restored):
    """Then a head is explained wherever it may have stood."""
    office, said = restored
    shutil.rmtree(office.witness.folder)
    office.put_back(T0 + 4 * DAY)
    found = office.verify(*said)
    assert (found.fault, [each.missing for each in found.restored]) == (None, [None])


def test_a_restore_explains_no_head_before_it_nor_beyond_what_was_lost(restored):
    """Whoever changes what was put back is found as before."""
    office, _ = restored
    assert office.verify(f"2:{'0' * 64}").fault.kind is Kind.REWRITTEN
    assert office.verify(f"13:{'0' * 64}").fault.kind is Kind.CUT
    assert office.verify(f"12:{'0' * 64}").fault is None


def test_a_head_kept_after_the_restore_is_of_the_journal_it_was_kept_of(restored):
    """The restore explains what was said before it, and not what was changed since."""
    office, _ = restored
    office.work(4, 3)
    assert office.verify().fault is None
    meddle(office.file, "delete from heads where event > 3")
    rewrite(office.file, 6, note="khác")
    assert office.verify().fault.kind is Kind.REWRITTEN


def test_who_rewrites_a_journal_is_not_taken_for_a_restore(office):
    """A kept head that lies within it and is another: the start says nothing, verify all."""
    office.work(0, 3)
    meddle(office.file, "delete from heads")
    rewrite(office.file, 2, note="khác")
    office.start(T0 + DAY)
    found = office.verify()
    assert (found.fault.id, found.fault.kind, found.restored) == (3, Kind.REWRITTEN, ())


def test_the_tool_tells_a_restore_from_tampering_in_both_languages(restored, tmp_path):
    """By the events of the export alone: no program, no witness."""
    office, said = restored
    happen(office.file, *[A] * 5, now=T0 + 4 * DAY)  # what has the numbers of what was lost
    path = tmp_path / "journal.jsonl"
    path.write_bytes(exported(office.file))
    answer = tool(path, *said)
    assert answer.returncode == 0
    assert "RESTORED at event 4 (2026-11-24" in answer.stdout
    assert "at least 9 events are missing" in answer.stdout
    assert "ĐÃ KHÔI PHỤC từ sự kiện 4" in answer.stdout
    assert tool(path, f"2:{'0' * 64}").returncode == 1
    assert tool(path, f"13:{'0' * 64}").returncode == 1


def test_kept_heads_that_cannot_be_read_are_passed_over(office):
    """Half a line, a stranger's, a day there is none of: the others count, and the node starts."""
    office.work(0, 3)
    path, chain = office.witness.folder / "heads", "ab" * 32
    odd = ["2026-11-22T08:00:00+07:00 4:ab", f"2026-11-31T08:00:00+07:00 4:{chain}"]
    odd += [f"2026-11-22T08:00:00 4:{chain}", f"22/11/2026 4:{chain}"]
    path.write_text("\x00nonsense\n" + path.read_text() + "\n".join(odd))
    assert [head.event for head in office.kept.all()] == [3]
    office.start(T0 + DAY)
    assert office.verify().restored == ()


def test_where_the_kept_heads_cannot_be_opened_the_node_starts_and_says_so(office, caplog):
    """What it may send is told by the count; of what is missing nobody knows."""
    office.work(0, 3)
    office.back_up()
    office.work(1, 2)
    (office.witness.folder / "heads").unlink()
    (office.witness.folder / "heads").mkdir()
    assert office.start(T0 + DAY) is None
    assert "not compared with the heads kept outside" in caplog.text

    assert office.put_back(T0 + 2 * DAY) is not None
    found = Journal(office.file).verify()
    assert (found.fault, [each.missing for each in found.restored]) == (None, [None])


def test_a_forged_word_of_how_much_was_lost_explains_nothing(office, tmp_path):
    """It is told as a restore, by both who verify; what was said elsewhere is still compared."""
    office.work(0, 3)
    with office.file.transaction() as transaction:
        note(transaction, SENDING, RESTORED, now=T0 + DAY, status="all of it")
    assert [each.missing for each in office.verify().restored] == [0]
    assert office.verify(f"9:{'0' * 64}").fault.kind is Kind.CUT
    path = tmp_path / "journal.jsonl"
    path.write_bytes(exported(office.file))
    assert "at least 0 events are missing" in tool(path).stdout
    assert tool(path, f"9:{'0' * 64}").returncode == 1


def test_the_tool_compares_every_head_of_one_event(office, tmp_path):
    """In whatever order they are given: the right one does not stand in for the wrong one."""
    right = office.work(0, 3)
    path = tmp_path / "journal.jsonl"
    path.write_bytes(exported(office.file))
    assert tool(path, right, right).returncode == 0
    for heads in ((right, f"3:{'0' * 64}"), (f"3:{'0' * 64}", right)):
        assert tool(path, *heads).returncode == 1
