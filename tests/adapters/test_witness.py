"""The witness outside of the data folder, and what the two counts say of a queue."""

import pytest
from builders import T0

from edge_node.adapters.database import QueueFile
from edge_node.adapters.sends import COPY, Sends, count_one
from edge_node.adapters.steps import listening
from edge_node.adapters.witness import Witness, WitnessGone
from edge_node.domain.errors import AlreadyRunning, Outage


@pytest.fixture
def witness(tmp_path):
    return Witness(tmp_path / "data.witness")


@pytest.fixture
def file(tmp_path):
    file = QueueFile(tmp_path / "queue.db")
    yield file
    file.close()


@pytest.fixture
def sends(file, witness):
    return Sends(file, witness)


def send_one(file, sends):
    """Count a send as the flows do: in the queue first, then at the witness."""
    with file.transaction() as transaction:
        count_one(transaction)
    sends.note()


def test_a_new_queue_without_a_witness_gets_one(sends, witness):
    """Nothing was ever sent from it: both begin at nought, and nothing is paused."""
    assert sends.compare(now=T0) is None
    assert (sends.counted(), witness.count()) == (0, 0)


def test_a_queue_and_its_own_witness_agree_however_often_it_starts(file, sends, witness):
    """After every send, and where it died between the two counts."""
    sends.compare(now=T0)
    for _ in range(3):
        send_one(file, sends)
        assert sends.compare(now=T0) is None
    with file.transaction() as transaction:
        count_one(transaction)  # and dies before the witness hears of it
    assert (sends.counted(), witness.count()) == (4, 3)
    assert sends.compare(now=T0) is None


def test_a_queue_its_witness_is_ahead_of_is_an_older_state(sends, witness):
    """Whatever waits in it may have been sent: sending is paused, and stays so."""
    sends.compare(now=T0)
    witness.begin(1)
    held = sends.compare(now=T0)
    assert (held.since, held.counted, held.witnessed) == (T0, 0, 1)
    witness.begin(0)
    assert sends.compare(now=T0) == held


def test_a_queue_whose_witness_is_gone_is_taken_for_a_copy(file, sends, tmp_path):
    """A data folder that was moved or copied has no witness at its new place."""
    sends.compare(now=T0)
    elsewhere = Sends(file, Witness(tmp_path / "moved.witness"))
    assert elsewhere.compare(now=T0).witnessed is None


def test_a_witness_that_cannot_be_read_is_as_good_as_none(sends, witness):
    """Half a line, or somebody's notes: it proves nothing."""
    sends.compare(now=T0)
    (witness.folder / "sends").write_bytes(b"edge-node: 00000")
    assert sends.compare(now=T0).witnessed is None


def test_a_new_queue_beside_an_old_witness_is_no_new_node(sends, witness):
    """The data folder was deleted: what lies in the outbox may have been sent before that."""
    witness.begin(7)
    assert sends.compare(now=T0).witnessed == 7


def test_a_copy_made_by_ourselves_is_known_though_the_counts_agree(file, sends):
    """A backup carries a mark, so that restoring it on the same day is noticed too."""
    sends.compare(now=T0)
    with file.transaction() as transaction:
        transaction.insert("marks", {"name": COPY, "value": "yes"})
    assert sends.compare(now=T0) is not None


def test_adopting_goes_on_from_the_higher_count(sends, witness):
    """So that the older of the two can never be taken for the right one again."""
    sends.compare(now=T0)
    witness.begin(5)
    sends.compare(now=T0)
    sends.adopt(now=T0)
    assert sends.held() is None
    assert (sends.counted(), witness.count()) == (5, 5)
    assert sends.compare(now=T0) is None


def test_the_witness_is_told_durably_and_in_place(sends, witness, file):
    """One overwrite, always as long, so that a crash leaves the old count or the new one."""
    sends.compare(now=T0)
    before = (witness.folder / "sends").stat()
    passed = []
    with listening(lambda step, phase, _: passed.append((str(step), str(phase)))):
        send_one(file, sends)
    after = (witness.folder / "sends").stat()
    assert witness.count() == 1
    assert (after.st_size, after.st_ino) == (before.st_size, before.st_ino)
    assert passed[-2:] == [("witness", "before"), ("witness", "after")]


def test_two_lanes_that_count_at_once_take_nothing_back(sends, witness):
    """The one that read its count first and writes last leaves the higher one."""
    sends.compare(now=T0)
    witness.note(6)
    witness.note(5)
    assert witness.count() == 6


def test_a_witness_taken_away_at_work_stops_sending_and_blames_no_document(file, sends, witness):
    """No new one is begun: nobody knows what it had heard of. What to do is said."""
    sends.compare(now=T0)
    (witness.folder / "sends").unlink()
    with pytest.raises(WitnessGone) as found:
        send_one(file, sends)
    assert isinstance(found.value, Outage)
    assert "put it back" in str(found.value.hint)
    assert witness.count() is None


def test_a_copy_with_nothing_counted_is_a_copy_all_the_same(file, sends, witness):
    """A queue rebuilt without a count, beside no witness, is no new one."""
    with file.transaction() as transaction:
        transaction.insert("marks", {"name": COPY, "value": "yes"})
    assert sends.compare(now=T0) is not None
    assert witness.count() is None


def test_a_send_while_the_counts_are_compared_is_no_older_state(file, sends, witness):
    """`edge-node init` beside a daemon: the witness is asked first, the queue is ahead of it."""
    sends.compare(now=T0)

    class Meanwhile:
        """The witness of a node that sends just before it is asked."""

        def __getattr__(self, name):
            return getattr(witness, name)

        def count(self):
            send_one(file, sends)
            return witness.count()

    assert Sends(file, Meanwhile()).compare(now=T0) is None


def test_two_nodes_cannot_share_a_witness(witness):
    """Two data folders with one witness are a folder and its copy."""
    with witness.locked(), pytest.raises(AlreadyRunning), witness.locked():
        pass
    with witness.locked():
        pass
