"""A node put back from an archive, here or elsewhere, sends nothing twice and loses nothing."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import needs
import pytest
from archives_world import PERSON, an_office, the_office_at

from edge_node.adapters.lock import locked
from edge_node.adapters.witness import Witness
from edge_node.config import load
from edge_node.domain.alarms import Watched
from edge_node.domain.errors import AlreadyRunning, NoRoom, NotAllowed
from edge_node.domain.journal import RESTORED
from edge_node.node import Node
from edge_node.node.alarming import NodeAlarms
from edge_node.node.archiving import Archiving

NOBODY = 65534


@pytest.fixture
def sender(world, tmp_path):
    return an_office(world, tmp_path / "office")


@pytest.fixture
def receiver(world):
    return world.desk()


def states(office):
    found = office.desk.ledger.outbound(limit=99)
    return {each.name: str(fate.state) for each in found for fate in each.fates}


def moved(world, office, archive, tmp_path):
    """Put an archive back where there is nothing, and bring the exchange folder along."""
    office.desk.node.close()
    new = tmp_path / "new"
    office.opened(archive).restore(new / "config.yaml", force=False, actor=PERSON)
    shutil.copytree(office.folder / "exchange", new / "exchange")
    return the_office_at(world, new, office)


def test_a_node_moved_elsewhere_sends_what_waited_once(world, sender, receiver, tmp_path):
    """What the old machine sent after the archive is found at the axis; the rest goes, once."""
    sender.drop(receiver.code, "1")
    sender.desk.turn()
    sender.drop(receiver.code, "2")
    sender.drop(receiver.code, "3")
    sender.desk.turn("intake")
    archive = sender.archive()
    sender.desk.turn()
    assert len(world.sends(sender.desk.code)) == 3
    new = moved(world, sender, archive, tmp_path)
    new.drop(receiver.code, "4")
    new.desk.turn()
    new.desk.later(hours=1)
    new.desk.turn()
    assert states(new) == {"1": "accepted", "2": "accepted", "3": "accepted", "4": "queued"}
    assert len(world.sends(sender.desk.code)) == 3

    new.desk.node.sends.adopt(now=new.desk.now)
    new.desk.turn()
    assert states(new)["4"] == "accepted"
    assert len(world.sends(sender.desk.code)) == 4


def test_packages_of_what_waits_come_along(world, sender, receiver, tmp_path):
    """What only the archive has is sent from it, and arrives as it was dropped."""
    sender.drop(receiver.code, "1")
    sender.desk.turn("intake")
    new = moved(world, sender, sender.archive(), tmp_path)
    new.desk.turn()
    assert world.sends(sender.desk.code) == []
    new.desk.node.sends.adopt(now=new.desk.now)
    new.desk.turn()
    receiver.turn()
    [letter] = receiver.letters()
    assert letter["number"] == "1"


def test_what_was_received_is_not_handed_over_again(world, sender, tmp_path):
    """The axis lists it to the new machine as done; nobody gets it a second time."""
    archive = sender.archive()
    other = an_office(world, tmp_path / "other")
    other.drop(sender.desk.code, "5")
    other.desk.turn()
    sender.desk.turn()
    assert len(sender.desk.inbox) == 1
    new = moved(world, sender, archive, tmp_path)
    shutil.rmtree(new.desk.inbox[0])
    new.desk.turn()
    new.desk.later(hours=2)
    new.desk.turn()
    assert new.desk.inbox == []


def test_an_archive_is_of_one_piece_while_documents_flow(sender, receiver, tmp_path):
    """Made between any two steps of the node it can be put back, and says so."""
    for number in range(1, 6):
        sender.drop(receiver.code, str(number))
        sender.desk.turn("intake")
        path = sender.archive()
        sender.desk.turn()
        found = sender.opened(path).rehearse(tmp_path)
        assert (found.problems, found.counts["documents"]) == ((), number)
        sender.desk.later(minutes=5)
    assert len(list(sender.archives.iterdir())) == 3  # as many as are kept


def test_put_back_in_place_the_witness_is_never_lowered(world, sender, receiver):
    """It has heard of what was sent since; what was there is kept beside, until somebody looks."""
    sender.drop(receiver.code, "1")
    sender.desk.turn()
    archive = sender.archive()
    sender.drop(receiver.code, "2")
    sender.desk.turn()
    sender.desk.node.close()
    witness = Witness(sender.desk.config.folders.witness)
    assert witness.count() == 2
    with pytest.raises(NotAllowed, match="not empty"):
        sender.opened(archive).restore(sender.sheet, force=False, actor=PERSON)
    done = sender.opened(archive).restore(sender.sheet, force=True, actor=PERSON)
    assert (done.aside / "queue.db").is_file()
    assert done.configuration.files == ()
    assert witness.count() == 2
    again = the_office_at(world, sender.folder, sender)
    again.desk.turn()
    assert len(world.sends(sender.desk.code)) == 2
    assert again.desk.node.sends.held() is not None


def test_the_journal_says_who_put_it_back_and_why(world, sender, receiver, tmp_path):
    """Once, and the chain holds beyond it."""
    sender.drop(receiver.code, "1")
    sender.desk.turn()
    new = moved(world, sender, sender.archive(), tmp_path)
    rows = new.desk.queue.file.rows(
        "select actor, why from events where event = :event", {"event": RESTORED}
    )
    assert [(row["actor"], row["why"]) for row in rows] == [(PERSON.name, PERSON.why)]


def test_nothing_is_put_back_beneath_a_node_at_work(sender):
    """Its lock says so, and nothing is touched."""
    archive = sender.archive()
    with locked(sender.desk.config.folders.data), pytest.raises(AlreadyRunning):
        sender.opened(archive).restore(sender.sheet, force=True, actor=PERSON)


def test_an_archive_of_another_agency_is_refused(world, sender, tmp_path):
    """Two agencies on one machine must not be mixed up."""
    other = an_office(world, tmp_path / "other")
    archive = other.archive()
    shutil.rmtree(sender.desk.config.folders.data)
    with pytest.raises(NotAllowed, match="the archive is of"):
        other.opened(archive).restore(sender.sheet, force=False, actor=PERSON)
    assert not (sender.desk.config.folders.data / "queue.db").exists()


def test_the_configuration_comes_back_with_what_it_names(sender, tmp_path):
    """Files of other folders lie beside it, and are named; none is written elsewhere."""
    sender.desk.node.close()
    new = tmp_path / "new"
    done = sender.opened(sender.archive()).restore(new / "config.yaml", force=False, actor=PERSON)
    secret = sender.desk.config.axis.secret_file
    assert (new / "config.yaml").read_bytes() == sender.sheet.read_bytes()
    lies = done.configuration.elsewhere[secret]
    assert lies.is_relative_to(new / "elsewhere")
    assert lies.stat().st_mode & 0o777 == 0o600


def test_without_encryption_no_secret_is_in_it_wherever_it_lies(world, tmp_path):
    """Those in the data folder as little as those beside it; everything else is."""
    office = an_office(world, tmp_path / "office", recipients=[], unencrypted=True)
    data = office.desk.config.folders.data
    secrets = {"web-token": b"token-of-the-page", "refused-pins.json": b"salted-pin"}
    for name, content in secrets.items():
        (data / name).write_bytes(content)
    (data / "trust").mkdir()
    (data / "trust" / "root.crt").write_bytes(b"a root that is believed")
    secret = Path(office.desk.config.axis.secret_file).read_bytes().strip()
    packed = office.archive().read_bytes()
    assert [each for each in (*secrets.values(), secret) if each in packed] == []
    assert b"a root that is believed" in packed

    keyed = an_office(world, tmp_path / "keyed")
    (keyed.desk.config.folders.data / "web-token").write_bytes(b"token-of-the-page")
    keyed.desk.node.close()
    new = tmp_path / "new"
    keyed.opened(keyed.archive()).restore(new / "config.yaml", force=False, actor=PERSON)
    assert (new / "data" / "web-token").read_bytes() == b"token-of-the-page"


def test_a_secret_of_the_data_folder_that_is_not_in_it_is_named(world, tmp_path):
    """Hidden, it is in no archive; open to read, the archive of no encryption has none of them."""
    office = an_office(world, tmp_path / "office", recipients=[], unencrypted=True)
    data = office.desk.config.folders.data
    config = office.desk.node.config
    (data / "web-token").write_bytes(b"token-of-the-page")
    for name in (".axis-secret", "axis-secret"):
        (data / name).write_bytes(b"secret-of-the-axis")
        axis = replace(config.axis, secret_file=str(data / name))
        office.desk.node.config = replace(config, axis=axis)
        made = Archiving(office.desk.node, office.sheet).make()
        assert made.left_out == (str(data / name), str(data / "web-token"))
        assert b"secret-of-the-axis" not in made.path.read_bytes()

    keyed = an_office(world, tmp_path / "keyed")
    data, config = keyed.desk.config.folders.data, keyed.desk.node.config
    for name, left_out in ((".axis-secret", (str(data / ".axis-secret"),)), ("axis-secret", ())):
        (data / name).write_bytes(b"secret-of-the-axis")
        axis = replace(config.axis, secret_file=str(data / name))
        keyed.desk.node.config = replace(config, axis=axis)
        assert Archiving(keyed.desk.node, keyed.sheet).make().left_out == left_out


def test_the_exchange_folder_is_neither_packed_nor_moved_however_it_is_written(world, tmp_path):
    """It may lie in the data folder; files of the software are not ours to move aside."""
    (tmp_path / "way").symlink_to(tmp_path)
    written = str(tmp_path / "office" / "data" / "exchange")
    office = an_office(world, tmp_path / "way" / "office", exchange=written)
    exchange = tmp_path / "office" / "data" / "exchange"
    (exchange / "sent" / "paper").write_bytes(b"of the software")
    archive = office.archive()
    office.desk.node.close()
    office.opened(archive).restore(office.sheet, force=True, actor=PERSON)
    assert (exchange / "sent" / "paper").read_bytes() == b"of the software"
    new = tmp_path / "new"
    new.mkdir()
    sheet = office.sheet.read_bytes().replace(b"/office/", b"/new/")
    (new / "config.yaml").write_bytes(sheet)
    done = office.opened(archive).restore(new / "config.yaml", force=False, actor=PERSON)
    assert not (new / "data" / "exchange").exists()
    assert done.exchange is not None


def test_the_alarm_tells_when_none_was_made_for_long(sender):
    """Counted from the beginning where none ever was; one that is made ends it."""

    def told():
        alarms = NodeAlarms(sender.desk.node)
        alarms.alarming.turn(sender.desk.now)
        [rule] = [rule for rule in alarms.rules if rule.watch is Watched.BACKUP]
        look = alarms.alarming.look(sender.desk.now)
        return [each.words.template for each in look.sightings(rule) if each.about == "archive"]

    assert told() == []
    sender.desk.later(days=2, hours=2)
    assert told() == ["no archive of this node was ever made"]
    sender.archive()
    assert told() == []
    sender.desk.later(days=2, hours=2)
    assert told() == ["the last archive of this node was made at {when}"]


def test_a_disk_that_would_be_filled_gets_none(sender):
    """What must stay free for documents stays free, and what was there remains."""
    first = sender.archive()
    limits = replace(sender.desk.config.limits, free_space=1 << 60)
    node = sender.desk.node
    node.config = replace(node.config, limits=limits)
    with pytest.raises(NoRoom, match="does not fit"):
        sender.archive()
    assert list(sender.archives.iterdir()) == [first]


def test_what_waits_without_its_package_is_said_before_anybody_relies_on_it(
    sender, receiver, tmp_path
):
    """A rehearsal names it: the archive is of a node that had lost it."""
    sender.drop(receiver.code, "1")
    sender.desk.turn("intake")
    shutil.rmtree(sender.desk.config.folders.spool / "packages")
    found = sender.opened(sender.archive()).rehearse(tmp_path)
    assert [each.template for each in found.problems] == [
        "packages of documents to be sent that are not in it: {count}"
    ]


def test_a_node_that_was_set_up_beforehand_gives_way(sender, receiver, tmp_path):
    """Its witness, which has heard of nothing, is raised to that of the archive."""
    sender.drop(receiver.code, "1")
    sender.desk.turn()
    archive = sender.archive()
    sender.desk.node.close()
    new = tmp_path / "new"
    new.mkdir()
    (new / "config.yaml").write_bytes(sender.sheet.read_bytes())
    with closing(Node(config=load(new / "config.yaml"))) as fresh:
        fresh.set_up()
    assert Witness(new / "data.witness").count() == 0
    sender.opened(archive).restore(new / "config.yaml", force=True, actor=PERSON)
    assert Witness(new / "data.witness").count() == 1
    assert (new / "data" / "before-restore-1" / "queue.db").exists()


def test_what_root_puts_back_belongs_to_the_node(sender, receiver, tmp_path):
    """A service that could not open its own lock or queue would not start."""
    needs.root()
    sender.drop(receiver.code, "1")
    sender.desk.turn()
    archive = sender.archive()
    sender.desk.node.close()
    new = tmp_path / "new"
    new.mkdir()
    os.chown(new, NOBODY, NOBODY)
    sender.opened(archive).restore(new / "config.yaml", force=False, actor=PERSON)
    put_back = [*(new / "data").rglob("*"), *(new / "data.witness").rglob("*"), new / "data"]
    assert [path for path in put_back if path.stat().st_uid != NOBODY] == []
    assert (new / "data" / "edge-node.lock") in put_back
    assert (new / "data").stat().st_mode & 0o777 == 0o750
