"""Reading needs no root: one group may look, and whoever looks writes nothing."""

import grp
import os
import re
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import needs
import pytest

from edge_node.adapters.access import let_read
from edge_node.adapters.database import QueueFile
from edge_node.adapters.ledger import Ledger
from edge_node.adapters.reading import ReadingFile
from edge_node.adapters.spool import Spool
from edge_node.cli.rooms import ROOM_OF
from edge_node.domain.errors import ConfigError, NotAllowed

SUDOERS = Path(__file__).parents[2] / "systemd" / "edge-node.sudoers"
GROUP = grp.getgrgid(os.getgid()).gr_name
NOBODY = 65534


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    Spool(folder / "spool").create()
    with closing(QueueFile(folder / "queue.db")) as file:
        with file.transaction() as transaction:
            transaction.insert("work", {"lane": "push", "item": "e1", "due": 1})
        yield folder


def opened(folder, **changed):
    places = {"data": folder, "queue": folder / "queue.db", "spool": folder / "spool"}
    places["exchange"] = folder.parent / "exchange"
    let_read(GROUP, **places | changed)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_group_reads_the_queue_its_log_and_the_spool(data):
    """What is made later belongs to it too; nobody else gets in."""
    with Spool(data / "spool").store() as before:
        before.write(b"one")
    opened(data)
    assert [mode(data), mode(data / "spool"), mode(data / "queue.db")] == [0o2750, 0o2750, 0o640]
    assert mode(data / "queue.db-wal") == 0o640
    with Spool(data / "spool").store() as after:
        after.write(b"another")
    for stored in (before.stored, after.stored):
        package = Spool(data / "spool").path(stored.digest)
        assert (mode(package), mode(package.parent)) == (0o640, 0o2750)


def test_the_software_goes_on_passing_through(data):
    """Where the exchange folder lies in the data folder, by whatever group it is in."""
    opened(data, exchange=data / "exchange")
    assert mode(data) == 0o2751


def test_a_group_that_is_not_there_is_named(data):
    """With the command that makes it."""
    with pytest.raises(ConfigError, match="no group nobody-has-this") as refused:
        let_read("nobody-has-this", data=data, queue=data, spool=data, exchange=data)
    assert "groupadd" in str(refused.value.hint)


def test_whoever_reads_sees_what_was_just_committed_and_writes_nothing(data):
    """Beside a node at work, and where the log was folded in."""
    with closing(ReadingFile(data / "queue.db")) as file:
        assert Ledger(file).waiting()[0] == 1
        with pytest.raises(NotAllowed, match="for reading only"), file.transaction():
            pass


@pytest.fixture
def reachable():
    """Give a folder other users get to, as they do not to those of the tests."""
    with TemporaryDirectory(prefix="edge-node-access-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "data"


def test_whoever_may_not_write_reads_all_the_same(reachable):
    """Whether or not a node is at work: with a log beside the queue, and without."""
    reachable.mkdir()
    path = reachable / "queue.db"
    with closing(QueueFile(path)) as file:
        with file.transaction() as transaction:
            transaction.insert("work", {"lane": "push", "item": "e1", "due": 1})
        opened(reachable)
        let_nobody_in(reachable)
        assert file.rows("select item from work") == [
            {"item": "e1"}
        ]  # as a node does all the time
        assert [each.name for each in reachable.glob("*-wal")] == ["queue.db-wal"]
        assert as_another(path) == 1
    assert sorted(each.name for each in reachable.glob("queue*")) == ["queue.db"]
    assert as_another(path) == 1


def let_nobody_in(folder):
    if os.getuid() == 0:  # who is not can only take rights from himself
        for path in (folder, *folder.iterdir()):
            os.chown(path, -1, NOBODY)
        folder.chmod(0o2750)
    else:
        folder.chmod(0o500)


# All is loaded before it becomes another: he may not get to the interpreter.
LOOK = """
import os, sys
from pathlib import Path
from edge_node.adapters import ledger, reading
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(int(sys.argv[2]))
    os.setuid(int(sys.argv[2]))
print(ledger.Ledger(reading.ReadingFile(Path(sys.argv[1]))).waiting()[0])
"""


def as_another(path):
    """Read in a process of another user, where the tests are root's: rights are nothing to him."""
    command = [sys.executable, "-c", LOOK, path, str(NOBODY)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(answer.stdout) if answer.stdout else answer.stderr


def the_rule():
    [rule] = [line for line in SUDOERS.read_text().splitlines() if line and line[0] != "#"]
    return rule.partition(" ^")


def test_the_rule_for_sudo_is_one():
    """The group of operators, the node's user, the one command."""
    rule, _, _ = the_rule()
    assert rule == "%edge-node-operators ALL=(edge-node) /usr/bin/edge-node"


def test_sudo_takes_the_rule():
    """As it is installed: a file sudo cannot read locks everybody out."""
    needs.program("visudo", "sudo")
    subprocess.run(["visudo", "-c", "-s", "-f", SUDOERS], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        ("list --state held", True),
        ("hold o22 --why 'asked to -c by telephone'", True),
        ("-c /etc/edge-node/config.yaml resend o22 --to H01.1", True),
        ("-c /etc/edge-node/xa-mau/config.yaml web token", True),
        ("-c /tmp/config.yaml sign test", False),
        ("-c /etc/edge-node/../../tmp/config.yaml sign test", False),
        ("-c /etc/edge-node/xa-mau/config.yaml -c /tmp/config.yaml sign test", False),
        ("--config=/tmp/config.yaml sign test", False),
        ("-c/tmp/config.yaml sign test", False),
        ("setup --etc /tmp/etc --name x", False),
        ("-c /etc/edge-node/xa-mau/config.yaml demo --dir /tmp/demo", False),
        ("list; sh", False),
        ("lists", False),
        ("web", False),
        ("", False),
    ],
)
def test_operators_bring_no_configuration_of_their_own(words, allowed):
    """It names libraries the node loads: whoever chose it would be the node."""
    _, _, pattern = the_rule()
    assert (re.match(f"^{pattern}", words) is not None) is allowed


# What founds a node, works in a folder of the caller's, or is called by the node itself.
KEPT_OUT = {
    *("setup", "init", "demo", "sandbox", "restore", "completion"),
    *("run", "once", "trial", "backup-due", "send-alarms", "report-month", "web"),
}


def test_operators_give_every_command_but_these():
    """A command that comes to the program is allowed by somebody, or kept out by somebody."""
    _, _, pattern = the_rule()

    assert {command for command in ROOM_OF if not re.match(f"^{pattern}", command)} == KEPT_OUT
