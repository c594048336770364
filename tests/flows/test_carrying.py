"""A program of the machine carries finished archives elsewhere; the real rclone and restic do."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import needs
import pytest
from archives_world import an_office

from edge_node.adapters.programs import ProgramFailed
from edge_node.adapters.secret import SecretUnusable
from edge_node.config.choices import Carrier
from edge_node.domain.alarms import Watched
from edge_node.node.alarming import NodeAlarms
from edge_node.node.archiving import Archiving
from edge_node.node.unpacking import Unpacking


@pytest.fixture
def far(tmp_path):
    """Give the folder archives are carried to; rclone makes it."""
    needs.program("rclone", "rclone")
    return tmp_path / "far"


@pytest.fixture
def office(world, far, tmp_path):
    """Give an agency whose archives rclone carries."""
    sheet = tmp_path / "rclone.conf"
    sheet.write_text("[away]\ntype = local\n")
    carry = {"by": "rclone", "to": f"away:{far}", "config": str(sheet)}
    return an_office(world, tmp_path / "office", carry=carry)


def carried(office):
    """Have carried what is due; return the names, in order."""
    return [path.name for path in Archiving(office.desk.node, office.sheet).carry()]


def told_to(office, **carry):
    """Change what the node is told of carrying."""
    node = office.desk.node
    backup = node.config.backup
    archives = replace(backup.archives, carry=replace(backup.archives.carry, **carry))
    node.config = replace(node.config, backup=replace(backup, archives=archives))


def alarms(office):
    """Return the words of the alarm about carrying."""
    node = NodeAlarms(office.desk.node)
    [rule] = [rule for rule in node.rules if rule.watch is Watched.BACKUP]
    found = node.alarming.look(office.desk.now).sightings(rule)
    return [each.words.template for each in found if each.about == "carried"]


def test_each_archive_is_carried_once_and_stays(office, far):
    """Under its own name, byte for byte; what was carried before is not asked about again."""
    first = office.archive()
    assert carried(office) == [first.name]
    assert (far / first.name).read_bytes() == first.read_bytes()
    assert carried(office) == []
    (far / first.name).unlink()
    office.desk.later(days=1)
    second = office.archive()
    assert carried(office) == [second.name]
    assert [path.name for path in far.iterdir()] == [second.name]
    assert first.exists()


def test_what_could_not_be_carried_is_when_it_can_be(office, far):
    """Whatever is still kept, the oldest first; `doctor` and the alarm know why in between."""
    office.archive()
    carried(office)
    far.rename(far.with_name("gone"))
    far.write_text("in the way")
    waiting = []
    for _ in range(2):
        office.desk.later(days=1)
        waiting.append(office.archive().name)
        with pytest.raises(ProgramFailed, match="rclone failed: "):
            carried(office)
    assert alarms(office) == []  # not older than an archive may be
    office.desk.later(hours=2)
    assert alarms(office) == ["archives are not carried elsewhere by {program}: {reason}"]
    assert office.archives.joinpath(waiting[0]).exists()
    far.unlink()
    assert carried(office) == waiting
    assert sorted(path.name for path in far.iterdir()) == waiting
    assert alarms(office) == []


def test_no_word_of_where_it_is_carried_is_said_again(office):
    """The address of a repository may hold a password, and programs repeat it."""
    office.archive()
    told_to(office, to="nowhere-of-ours:secret-folder")
    with pytest.raises(ProgramFailed) as caught:
        carried(office)
    assert "didn't find section in config file" in str(caught.value)
    assert "secret-folder" not in str(caught.value)


def test_a_program_that_is_not_there_is_named(office, monkeypatch):
    """With the command that brings it; the archive waits."""
    office.archive()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ProgramFailed, match="rclone is not on this machine") as caught:
        carried(office)
    assert "apt install rclone" in str(caught.value.hint)
    monkeypatch.undo()
    assert len(carried(office)) == 1


@pytest.mark.parametrize("unencrypted", [False, True])
def test_what_opens_the_place_they_are_carried_to_is_in_none(world, tmp_path, unencrypted):
    """Whoever has an archive and its key gets at no other; it is named, wherever it lies."""
    told = {"recipients": [], "unencrypted": True} if unencrypted else {}
    office = an_office(world, tmp_path / "office", **told)
    data, beside = office.desk.config.folders.data, tmp_path / "rclone.conf"
    password = data / "restic-password"
    password.write_bytes(b"password-of-the-place")
    beside.write_text("[away]\n")
    told_to(office, config=beside, password_file=str(password))
    made = Archiving(office.desk.node, office.sheet).make()
    assert made.left_out[:2] == (str(password), str(beside))
    room = tmp_path / "unpacked"
    Unpacking(archive=made.path, identity=office.key).all(room)
    found = [path for path in room.rglob("*") if path.is_file()]
    assert found
    assert [path for path in found if b"password-of-the-place" in path.read_bytes()] == []


def test_where_nobody_is_to_carry_nothing_is(world, tmp_path):
    """Whoever wants it later has the newest archive carried, and not all there are."""
    needs.program("rclone", "rclone")
    office = an_office(world, tmp_path / "office")
    office.archive()
    office.desk.later(days=1)
    newest = office.archive()
    assert carried(office) == []

    told_to(office, by=Carrier.RCLONE, to=str(tmp_path / "far"))
    assert carried(office) == [newest.name]


def test_restic_makes_a_snapshot_that_gives_the_archive_back(world, tmp_path):
    """The password is read from a file that is nobody else's, or nothing is done."""
    needs.program("restic", "restic")
    password, repository = tmp_path / "password", tmp_path / "repository"
    password.write_text("mật khẩu kho\n")
    password.chmod(0o600)
    restic = ["restic", "--no-cache", "--quiet", "-r", repository, "-p", password]
    subprocess.run([*restic, "init"], check=True, capture_output=True)
    carry = {"by": "restic", "to": str(repository), "password_file": str(password)}
    office = an_office(world, tmp_path / "office", carry=carry)
    archive = office.archive()
    password.chmod(0o644)
    with pytest.raises(SecretUnusable):
        carried(office)
    password.chmod(0o600)
    assert carried(office) == [archive.name]
    subprocess.run(
        [*restic, "restore", "latest", "--target", tmp_path / "back"],
        check=True,
        capture_output=True,
    )
    [back] = (tmp_path / "back").rglob("*.tar.age")
    assert back.read_bytes() == archive.read_bytes()

    office.desk.later(days=1)
    office.archive()
    password.write_text("another\n")
    with pytest.raises(ProgramFailed, match="wrong password"):
        carried(office)
