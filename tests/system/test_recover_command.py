"""A damaged queue, as whoever runs the node meets it: what is said, and the way out."""

from __future__ import annotations

import threading
from datetime import timedelta

from system_world import until

from edge_node.adapters.witness import Witness
from edge_node.config import load
from edge_node.daemon.running import Daemon
from edge_node.domain.errors import QueueDamaged
from edge_node.node import Node


def queue_of(office):
    return load(office.config).folders.queue


def wreck(office):
    path = queue_of(office)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))


def once(office):
    answer = office.command("once")
    assert (answer.returncode, answer.stderr.count("edge-node:")) == (0, 0), answer.stderr


def test_a_damaged_queue_is_said_set_aside_and_rebuilt(office, other):
    """The daemon and every command name the command that helps; afterwards all goes on."""
    office.drop(1, other)
    once(office)
    wreck(office)
    for command in (["run"], ["once"], ["list"]):
        refused = office.command(*command)
        assert refused.returncode == 1
        assert "is damaged" in refused.stderr
        assert "hint: stop the node; `edge-node recover`" in refused.stderr

    answer = office.command("recover", "--why", "mất điện")
    assert (answer.returncode, answer.stderr) == (0, "")
    said = answer.stdout.splitlines()
    assert said[0].startswith(f"the queue {queue_of(office)} is damaged: ")
    assert said[1].startswith(f"set aside: {queue_of(office)}.damaged-")
    assert said[2:] == [
        "rebuilt without a backup: there is none that is sound",
        "waybills read: 1",
        "outgoing documents restored from them: 1",
        "incoming documents restored from them: 0",
    ]
    verified = office.command("journal", "verify").stdout
    assert verified.startswith("restored at event 1, ")
    assert "(mất điện): the queue was lost, and rebuilt without a backup; " in verified
    again = office.command("recover")
    assert again.stdout == "the queue is sound: there is nothing to recover\n"

    once(office)
    once(other)
    once(office)
    assert len(other.inbox()) == 1
    [line] = office.told("list")
    assert line["fates"][0]["state"] == "delivered"


def test_what_may_have_been_sent_is_counted_and_held(office, other):
    """In words and as JSON; nothing is sent before somebody adopts the queue."""
    office.drop(1, other)
    node = Node(config=load(office.config))
    node.prepare()
    [intake] = node.lanes()["intake"].flows
    until(lambda: intake.wake() or intake.turn(node.clock()))
    node.close()
    wreck(office)
    [told] = office.told("recover", "--offline")
    assert told["fault"].startswith("the queue ")
    counts = {name: told[name] for name in ("recovered", "waybills", "documents", "held")}
    assert counts == {"recovered": True, "waybills": 1, "documents": 1, "held": 1}
    assert (told["sending"], told["backup"], told["accepted"]) == (False, None, 0)
    assert office.told("recover") == [{"recovered": False}]
    [line] = office.told("list", "--state", "held")
    assert line["fates"][0]["state"] == "held"

    wreck(office)
    words = office.command("recover", "--offline").stdout
    assert "held, because the axis was not asked whether it has them: 1" in words
    assert "nothing is sent from this queue before `edge-node adopt`" in words


def test_what_the_axis_cannot_be_asked_about_is_let_go_by_a_person_only(office, other):
    """`adopt` refuses and names the way without; the way without sends what waits."""
    office.drop(1, other)
    node = Node(config=load(office.config))
    node.prepare()
    [intake] = node.lanes()["intake"].flows
    until(lambda: intake.wake() or intake.turn(node.clock()))
    node.close()
    (load(office.config).folders.witness / "sends").unlink()
    node = Node(config=load(office.config))
    node.prepare()
    node.close()

    refused = office.command("adopt")
    assert refused.returncode == 1
    assert "of 1 waiting the axis has not been asked yet" in refused.stderr
    assert "a receiver may get one twice" in refused.stderr
    assert office.command("adopt", "--unasked").stdout == "sending goes on: 1 wait\n"
    once(office)
    [line] = office.told("list")
    assert line["fates"][0]["state"] == "accepted"


def test_a_queue_in_use_is_not_recovered(office):
    """Neither is a folder in which no node ever worked."""
    with office.running() as node:
        node.says("running")
        refused = office.command("recover")
        assert refused.returncode == 1
        assert "another edge-node works on" in refused.stderr
    with Witness(load(office.config).folders.witness).locked():
        refused = office.command("recover")
        assert refused.returncode == 1
        assert "another edge-node uses the witness" in refused.stderr
    (office.home / "data").rename(office.home / "elsewhere")
    refused = office.command("recover")
    assert refused.returncode == 1
    assert "no node has worked in" in refused.stderr
    assert not (office.home / "data").exists()


def test_a_lost_queue_does_not_begin_anew(office, other):
    """Where a node has worked, an empty queue would send and hand over everything again."""
    office.drop(1, other)
    once(office)
    queue_of(office).unlink()
    for command in (["once"], ["init"], ["list"], ["status"]):
        refused = office.command(*command)
        assert refused.returncode == 1
        assert "is gone, though a node has worked here" in refused.stderr
    assert list(queue_of(office).parent.glob("queue.db*")) == []
    assert office.command("recover").returncode == 0
    once(office)


def test_a_daemon_makes_a_copy_when_one_is_due(office):
    """At its start, if the newest is too old; not again when it starts once more."""
    folder = load(office.config).folders.backups
    with office.running() as node:
        node.says("backup of the queue made")
    with office.running() as node:
        node.says("running", times=2)
    assert len(list(folder.iterdir())) == 1


def test_a_daemon_that_finds_its_queue_damaged_ends_with_that_error(office):
    """The service is started again, and refuses: nothing is written any more."""
    daemon = Daemon(
        config_file=office.config, set_up_log=lambda _: None, patience=timedelta(seconds=1)
    )
    config = load(office.config)
    raised = []

    def serve():
        try:
            daemon.serve(config)
        except QueueDamaged as error:
            raised.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    until(lambda: list(config.folders.backups.glob("queue-*.db")))
    wreck(office)
    daemon._look_over(Node(config=config))
    thread.join(20)
    assert not thread.is_alive()
    assert "is damaged" in str(raised[0])
    assert office.command("run").returncode == 1
