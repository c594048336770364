"""What kills the node is proved to do so in a process of its own, set aside, and shown."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from poisoned import a_poison, let_through, struck
from system_world import environment, running, until

from edge_node.adapters.ledger import Ledger
from edge_node.config import load
from edge_node.node import Node

CRASHES = 2


def run(office, command, *arguments, within=180):
    """Run a command about an office's node with a poison in it; return its exit status."""
    with office.log.open("a") as log:
        return subprocess.run(
            [*command, "-c", str(office.config), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            timeout=within,
            env=environment(),
            check=False,
        ).returncode


def until_it_lives(office, command, *, deaths=9):
    """Let every flow do what there is to do, as often as that ends us; return how it ended."""
    endings = []
    while (ending := run(office, command, "once")) < 0 and len(endings) < deaths:
        endings.append(-ending)
    return endings, ending


def ledger(office):
    return Ledger(Node(config=load(office.config)).queue.file)


def crashes_of(office):
    node = Node(config=load(office.config))
    rows = node.queue.file.rows("select lane, crashes, alone from work")
    node.close()
    return [(row["lane"], row["crashes"], row["alone"]) for row in rows]


@pytest.fixture
def pair(office, other):
    for each in (office, other):
        each.configure(limits={"crashes": CRASHES}, push={"retry_first": "200ms"})
    return office, other


def send(office, *documents, to):
    ids = [office.drop(number, to) for number in documents]
    assert office.command("once").returncode == 0
    return ids


@pytest.mark.parametrize("strike", ["SIGSEGV", "SIGKILL"])
def test_a_document_that_kills_the_node_is_quarantined_and_the_others_arrive(
    pair, tmp_path, strike
):
    """After so many crashes it is tried alone; its child dies, and it is set aside by itself."""
    sender, receiver = pair
    good, _, also_good = send(sender, 12, 666, 14, to=receiver)
    poison = tmp_path / "poison"
    command = a_poison(poison, step="rename", about="_666-", strike=strike)

    endings, ending = until_it_lives(receiver, command)
    assert endings == [signal.Signals[strike]] * CRASHES
    assert ending == 0
    assert receiver.inbox() == sorted([good, also_good])
    # One child is enough; one that was killed may have been killed by chance, once.
    children = 1 + (strike == "SIGKILL")
    assert len(struck(poison)) == CRASHES + children

    (aside,) = receiver.told("list", "--in", "--state", "quarantined")
    number = int(signal.Signals[strike])
    assert f"died {CRASHES + 1} times" in aside["reason"]
    assert f"signal {number} ({strike})" in aside["reason"]
    assert "tried alone" in receiver.log.read_text()

    assert run(receiver, command, "once") == 0
    assert len(struck(poison)) == CRASHES + children  # nobody touches it any more


def test_an_error_nobody_foresaw_kills_the_child_and_that_is_proof_enough(pair, tmp_path):
    """In the node it pauses a lane and is tried again when its lease lapses: a crash each time."""
    sender, receiver = pair
    send(sender, 666, to=receiver)
    command = a_poison(tmp_path / "poison", step="rename", about="_666-", strike="error")
    node = Node(config=load(receiver.config))
    for _ in range(CRASHES):
        assert run(receiver, command, "once") == 1
    assert run(receiver, command, "once") == 0
    (aside,) = receiver.told("list", "--in", "--state", "quarantined")
    assert "exit status 1" in aside["reason"]
    node.close()


def test_what_was_set_aside_is_released_and_arrives(pair, tmp_path):
    """A second chance, in a process of its own: `done` takes the place of the axis's `fail`."""
    sender, receiver = pair
    (document,) = send(sender, 666, to=receiver)
    command = a_poison(tmp_path / "poison", step="rename", about="_666-")
    until_it_lives(receiver, command)
    (aside,) = receiver.told("list", "--in", "--state", "quarantined")

    assert receiver.command("release", aside["id"]).stdout == f"released: {aside['id']}\n"
    assert run(receiver, command, "once") == 0  # still poison: its child died, not the node
    (again,) = receiver.told("list", "--in", "--state", "quarantined")
    assert again["id"] == aside["id"]

    assert receiver.command("release", aside["id"]).returncode == 0
    answer = receiver.command("release", aside["id"])
    assert (answer.returncode, answer.stderr.splitlines()[0]) == (
        1,
        f"edge-node: {aside['id']} is not in quarantine",
    )
    assert receiver.command("once").returncode == 0
    assert receiver.inbox() == [document]
    assert crashes_of(receiver) == []


def test_an_envelope_that_kills_the_node_is_held_and_the_others_are_sent(pair, axis, tmp_path):
    """The axis may have it: it waits with the reason, and a person may send it again."""
    sender, receiver = pair
    nowhere = axis.codes.pop()
    sender.configure(push={"retry_first": "100ms", "unsure_after": "0s"})
    command = a_poison(tmp_path / "poison", step="send", about=f"'{nowhere}'")
    sender.drop(12, receiver)
    sender.drop(666, Receiver(nowhere))

    deadline = time.monotonic() + 180
    while not (held := sender.told("list", "--out", "--state", "held")):
        assert time.monotonic() < deadline
        until_it_lives(sender, command)
    (fate,) = held[0]["fates"]
    assert "signal 11 (SIGSEGV)" in fate["reason"]
    assert sender.command("once").returncode == 0
    assert sender.lies_in("failed") == []
    assert sender.lies_in("sent") == ["12-UBND-VP"]

    assert sender.command("resend", held[0]["id"]).returncode == 0
    sender.command("once")
    assert sender.lies_in("sent") == ["12-UBND-VP", "666-UBND-VP"]


class Receiver:
    """An agency nobody runs a node for."""

    def __init__(self, code):
        """Go by a code."""
        self.code = code


def test_a_drop_that_kills_the_node_lies_in_failed_and_the_others_are_sent(pair, tmp_path):
    """Its first try costs nothing; what a crash left in the claims is counted from then on."""
    sender, receiver = pair
    poison = tmp_path / "poison"
    command = a_poison(poison, step="rename", about="666-UBND-VP", in_hand=True)
    sender.drop(12, receiver)
    sender.drop(666, receiver)
    sender.drop(14, receiver)

    endings, ending = until_it_lives(sender, command)
    assert endings == [signal.SIGSEGV] * CRASHES
    assert ending == 0
    assert sender.lies_in("sent") == ["12-UBND-VP", "14-UBND-VP"]
    (error,) = sender.exchange.glob("failed/**/error.txt")
    assert error.parent.name == "666-UBND-VP"
    assert (error.parent / "van-ban.pdf").exists()
    assert "11 (SIGSEGV)" in error.read_bytes().decode("utf-8-sig")
    assert crashes_of(sender) == []


def test_a_status_file_that_kills_the_node_lies_in_failed_and_the_others_are_sent(pair, tmp_path):
    """Its first try costs nothing; what lies there when the node starts is counted."""
    sender, receiver = pair
    send(sender, 666, 12, to=receiver)
    assert receiver.command("once").returncode == 0
    sheets = (receiver.exchange / "inbox").glob("[!.]*/document.json")
    ids = {each["number"]: each["id"] for each in map(json.loads, map(Path.read_bytes, sheets))}
    statuses = receiver.exchange / "statuses"
    for number, item in ids.items():
        told = {"schema": 1, "id": item, "status": "03"}
        (statuses / f"{number}.json").write_text(json.dumps(told))
    command = a_poison(tmp_path / "poison", step="sync", about=ids["666"])

    endings, ending = until_it_lives(receiver, command)
    assert endings == [signal.SIGSEGV] * CRASHES
    assert ending == 0
    assert [path.name for path in (statuses / "done").iterdir()] == ["12.json"]
    (error,) = (statuses / "failed").glob("666.error.txt")
    assert "11 (SIGSEGV)" in error.read_bytes().decode("utf-8-sig")
    assert (statuses / "failed" / "666.json").exists()
    assert crashes_of(receiver) == []


@pytest.mark.slow
def test_an_innocent_document_outlives_every_end_of_its_node(pair, tmp_path):
    """
    SIGKILL it six times at work on the same document: it is delivered once, and not set aside.

    From the third time on it is tried alone, and a child never outlives the node it belongs to.
    """
    sender, receiver = pair
    (document,) = send(sender, 12, to=receiver)
    held = tmp_path / "held"
    command = a_poison(held, step="rename", about="_12-", strike="hold")
    arguments = ["-c", receiver.config, "run"]
    for kills in range(1, 7):
        with running(receiver.log, *arguments, command=command) as node:
            until(lambda kills=kills: len(struck(held)) == kills)
            worker = struck(held)[-1]
            assert (worker == node.process.pid) == (kills <= CRASHES)
            node.kill()
            until(lambda worker=worker: not alive(worker))
    assert receiver.told("list", "--in", "--state", "quarantined") == []
    assert receiver.inbox() == []

    let_through(held)
    with running(receiver.log, *arguments, command=command):
        until(receiver.inbox)
    assert receiver.inbox() == [document]
    assert len(receiver.told("list", "--in", "--state", "delivered")) == 1
    assert [lane for lane, _, _ in crashes_of(receiver) if lane == "deliver"] == []


def alive(pid):
    """Tell whether a process is there and not only waits to be buried."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_child_that_is_killed_once_proves_nothing(pair, tmp_path):
    """Somebody may have meant the node, or anything: it is tried again, and arrives."""
    sender, receiver = pair
    (document,) = send(sender, 12, to=receiver)
    held = tmp_path / "held"
    command = a_poison(held, step="rename", about="_12-", strike="hold")
    arguments = ["-c", receiver.config, "run"]
    for kills in range(1, CRASHES + 1):
        with running(receiver.log, *arguments, command=command) as node:
            until(lambda kills=kills: len(struck(held)) == kills)
            node.kill()
    with running(receiver.log, *arguments, command=command) as node:
        until(lambda: len(struck(held)) == CRASHES + 1)
        subprocess.run(["kill", "-9", str(struck(held)[-1])], check=True)
        until(lambda: len(struck(held)) == CRASHES + 2)
        assert node.process.poll() is None
        let_through(held)
        until(receiver.inbox)
    assert receiver.inbox() == [document]
    assert receiver.told("list", "--in", "--state", "quarantined") == []


def test_a_node_that_is_stopped_counts_nothing(pair, tmp_path):
    """Whoever stops it lets the step in hand end, and a child is no witness against its item."""
    sender, receiver = pair
    send(sender, 12, to=receiver)
    held = tmp_path / "held"
    command = a_poison(held, step="rename", about="_12-", strike="hold")
    arguments = ["-c", receiver.config, "run"]
    for kills in range(1, CRASHES + 1):
        with running(receiver.log, *arguments, command=command) as node:
            until(lambda kills=kills: len(struck(held)) == kills)
            node.kill()
    for stops in range(1, 3):
        with running(receiver.log, *arguments, command=command) as node:
            until(lambda stops=stops: len(struck(held)) == CRASHES + stops)
            node.signal(signal.SIGTERM)
            assert node.ends(within=60) == 0
        assert not alive(struck(held)[-1])
        assert ("deliver", CRASHES, 1) in crashes_of(receiver)


def test_nobody_else_may_try_something_alone(office):
    """The command is the node's own: a person who types it is told so, and nothing is touched."""
    answer = office.command("trial", "deliver", "i123456789")
    assert answer.returncode == 1
    assert answer.stderr.startswith("edge-node: only a running node tries something alone")
