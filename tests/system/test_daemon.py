"""The daemon: ready, at work, and how it ends."""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import socket
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from loopback import raw_server, read_request
from notified import a_service_manager
from system_world import PDF, an_axis, an_office, serving, until

from edge_node.adapters.clock_watch import ClockWatch
from edge_node.adapters.steps import Phase, Step, listening
from edge_node.config import load
from edge_node.daemon.running import Daemon, LaneDead, Order
from edge_node.domain.errors import DiskTrouble
from edge_node.domain.message import say
from edge_node.node import Node
from edge_node.sandbox.store import doubles


def ticks(pid):
    """Return the CPU time a process has used, in clock ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def resident(pid):
    """Return the memory a process holds, in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def test_two_nodes_exchange_a_document_and_hear_of_it(office, other):
    """The main job, by two nodes side by side: outbox to inbox, and every receipt back."""
    with office.running() as ours, other.running() as theirs:
        document = office.drop(1, other)
        until(lambda: other.inbox() == [document])
        arrived = [(document, "01", other.code), (document, "delivered", other.code)]
        until(lambda: set(arrived) <= set(office.receipts()))
        assert office.lies_in("sent") == ["1-UBND-VP"]

        [sheet] = (other.exchange / "inbox").glob("*/document.json")
        order = {"schema": 1, "id": json.loads(sheet.read_bytes())["id"], "status": "03"}
        (other.exchange / "statuses" / "a.json").write_text(json.dumps(order))
        until(lambda: (document, "03", other.code) in office.receipts())
    for node, agency in ((ours, office.code), (theirs, other.code)):
        assert f"running agency={agency}\n" in node.words
        assert " error " not in node.words


def test_it_says_when_it_is_ready_and_when_it_stops(office):
    """The service manager hears READY, STATUS and STOPPING; an idle node ends within 2 s."""
    begun = time.monotonic()
    with a_service_manager() as (address, manager), office.running(NOTIFY_SOCKET=address) as node:
        manager.hears("READY=1")
        started = time.monotonic() - begun  # about a second, and more where all takes longer
        node.says("running")
        node.signal(signal.SIGTERM)
        assert node.ends(within=2 * max(1, started)) == 0
        manager.hears("STOPPING=1", within=0)
    assert manager.heard == ["READY=1", f"STATUS={office.code}", "STOPPING=1"]
    assert "stopped" in node.words


def test_a_service_manager_that_is_gone_stops_nothing(office):
    """Documents go on travelling whether or not anybody listens."""
    with office.running(NOTIFY_SOCKET="/nowhere/notify") as node:
        node.says("info running: running")
        assert "the service manager cannot be told" in node.words
        node.signal(signal.SIGINT)
        assert node.ends(within=60) == 0


def test_a_second_node_on_the_same_folder_is_turned_away(office):
    """Exit 1 and what to do, while the first one works on."""
    with office.running() as first:
        first.says("info running: running")
        second = office.command("run")
        assert second.returncode == 1
        assert second.stderr == (
            f"edge-node: another edge-node works on {office.home}/data\n"
            f"hint: stop it first: kill {first.process.pid}\n"
        )
        assert office.command("once").returncode == 1
        assert first.process.poll() is None
        [standing] = office.told("status")
        assert (standing["running"], standing["process"]) == (True, first.process.pid)


def test_it_ends_soon_while_the_axis_hangs_and_loses_nothing(office, other, axis):
    """What was under way is unsure or queued; the next node finds out and sends it once."""
    under_way = threading.Event()

    def hang(connection, over):
        if b"sendEdoc" in connection.recv(1 << 16):
            under_way.set()
        over.wait()

    with raw_server(hang) as url:
        office.configure(url=url)
        with office.running() as node:
            document = office.drop(2, other)
            assert under_way.wait(60)
            node.signal(signal.SIGTERM)
            assert node.ends(within=30) == 0
            assert "a lane did not end in time" not in node.words
            assert "paused" not in node.words
    assert office.lies_in("queued") == ["2-UBND-VP"]
    [item] = office.told("list")
    assert [fate["state"] for fate in item["fates"]] == ["unsure"]

    office.configure(url=axis.url)
    with office.running(), other.running():
        until(lambda: other.inbox() == [document])
        until(lambda: office.lies_in("sent") == ["2-UBND-VP"])
    assert not [double for double in doubles(axis.folder) if double.sender == office.code]


def cutting(axis, cut):
    """Return a relay to the axis that swallows the first answer to each kind of sending."""

    def relay(connection, _over):
        head, end, body = read_request(connection).partition(b"\r\n\r\n")
        host, _, port = axis.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as upstream:
            upstream.sendall(head + b"\r\nConnection: close" + end + body)
            answer = b"".join(iter(lambda: upstream.recv(1 << 16), b""))
        kind = b"status" if b"messagetype: status" in head else b"edoc"
        if head.startswith(b"POST /sendEdoc ") and kind not in cut:
            cut.append(kind)
        else:
            connection.sendall(answer)

    return relay


def test_an_answer_that_is_lost_doubles_nothing(tmp_path, axis):
    """The axis has the document, and the status, though the node could not hear it say so."""
    cut = []
    with raw_server(cutting(axis, cut)) as url:
        office = an_office(tmp_path, axis, url=url)
        other = an_office(tmp_path, axis, url=url)
        with office.running(), other.running() as receiver:
            document = office.drop(4, other)
            until(lambda: (document, "delivered", other.code) in office.receipts())
            receiver.says("asked the axis after silence")
            until(lambda: "outcome=there" in receiver.words)
            until(lambda: office.lies_in("sent"))
    assert cut == [b"edoc", b"status"]
    assert other.inbox() == [document]
    ours = {office.code, other.code}
    assert not [double for double in doubles(axis.folder) if double.sender in ours]


def test_an_outage_is_said_once_and_ends_by_itself(tmp_path):
    """While the axis is away the log says so once for all; when it is back, everything goes on."""
    with an_axis(tmp_path / "axis", agencies=2) as axis:
        office, other = an_office(tmp_path, axis), an_office(tmp_path, axis)
    with office.running() as node:
        for flow in ("push", "pull"):
            office.drop(flow, other)
            node.says("taken in", times=2 if flow == "pull" else 1)
        node.says("axis unreachable ")
        port = int(axis.url.rpartition(":")[2])
        with serving(axis.folder, port=port):
            node.says("the axis answers again")
            until(lambda: len(office.lies_in("sent")) == 2)
            assert node.words.count("axis unreachable ") == 1
            assert "paused" not in node.words


def test_a_node_that_is_killed_again_and_again_sends_everything_once(office, other, axis):
    """Whatever it was doing when the power went, each document arrives, and arrives once."""
    office.configure(log={"level": "debug"})
    documents = set()
    for death, sign in enumerate(("taken in", "sent to the axis", "taken in", "running")):
        with office.running() as node:
            seen = node.words.count(sign)
            documents |= {office.drop(f"{death}{n}", other) for n in range(3)}
            node.says(sign, times=seen + 1)
            node.kill()
    with office.running(), other.running() as receiver:
        until(lambda: set(other.inbox()) == documents)
        receiver.kill()
    with office.running(), other.running():
        until(lambda: len(office.lies_in("sent")) == len(documents))
        confirmed = {(document, "delivered", other.code) for document in documents}
        until(lambda: confirmed <= set(office.receipts()))
    assert other.inbox() == sorted(documents)
    ours = {office.code, other.code}
    assert not [double for double in doubles(axis.folder) if double.sender in ours]


def test_a_new_configuration_takes_effect_without_a_restart(office, other):
    """SIGHUP: the service manager hears of it, and the node works by the new file."""
    office.configure(pull={"every": "1h"}, log={"format": "text"})
    with a_service_manager() as (address, manager), office.running(NOTIFY_SOCKET=address) as node:
        manager.hears("READY=1")
        office.configure(pull={"every": "200ms"}, log={"format": "json"})
        node.signal(signal.SIGHUP)
        manager.hears("READY=1", times=2)
        assert "RELOADING=1" in manager.heard
        assert any(state.startswith("MONOTONIC_USEC=") for state in manager.heard)
        assert json.loads(node.words.splitlines()[-1])["message"] == "running"

        document = other.drop(5, office)
        assert other.command("once").returncode == 0
        until(lambda: office.inbox() == [document])  # by the old interval: in an hour


def test_a_configuration_that_cannot_be_used_is_refused(office, other):
    """The old one is kept, the log says why, and documents go on travelling."""
    good = office.config.read_text()
    refusals = {
        good + "pul: {every: 1s}\n": "no such key pul",
        good.replace('/data"', '/other"'): "folders.data cannot change while the node runs",
        good.replace("secrets/", "nowhere/"): "the secret in",
        good.replace('/exchange"', '/elsewhere"'): "the exchange folder cannot be told",
    }
    with a_service_manager() as (address, manager), office.running(NOTIFY_SOCKET=address) as node:
        manager.hears("READY=1")
        for times, (text, words) in enumerate(refusals.items(), start=1):
            office.config.write_text(text)
            node.signal(signal.SIGHUP)
            manager.hears("READY=1", times=times + 1)
            told = [line for line in node.words.splitlines() if "the old one kept" in line]
            assert len(told) == times
            assert words in told[-1]
        office.drop(6, other)
        until(lambda: office.lies_in("sent") == ["6-UBND-VP"])


@contextmanager
def at_work(office, **settings):
    """Keep a node turning on a thread of ours, so that a test can hurry it and set its clock."""
    daemon = Daemon(config_file=office.config, set_up_log=lambda _: None, **settings)
    thread = threading.Thread(target=daemon.serve, args=(load(office.config),), name="serving")
    thread.start()
    try:
        yield daemon
    finally:
        daemon.order(Order.END)
        thread.join(60)
        assert not thread.is_alive()


def received(office, other):
    """Have a document lie in an office's spool, still to be delivered; return where."""
    other.drop(7, office)
    assert other.command("once").returncode == 0
    node = Node(config=load(office.config))
    acknowledge, pull = node.lanes()["pull"].flows
    pull.wake()
    while pull.turn(node.clock()):
        acknowledge.turn(node.clock())
    [row] = node.queue.file.rows("select digest from incoming")
    node.close()
    return node.spool.path(row["digest"])


def test_nothing_works_on_a_new_configuration_before_the_old_one_has_ended(office, other, caplog):
    """What is being delivered is let go where that can be, and arrives whole, by the new one."""
    caplog.set_level("INFO", "edge_node")
    package, content = hanging(office, other)
    with at_work(office, patience=timedelta(milliseconds=20)) as daemon:
        until(lambda: deliveries(office))
        daemon.order(Order.RELOAD)
        until(lambda: "a lane did not end in time" in caplog.messages)
        daemon.order(Order.RELOAD)  # meanwhile somebody changes the file once more
        until(daemon._orders._given.empty)
        assert caplog.messages.count("running") == 1
        assert len(deliveries(office)) == 1

        let_go(package, content)
        until(lambda: caplog.messages.count("running") == 3)
        until(lambda: len(office.inbox()) == 1)
    [folder] = (office.exchange / "inbox").iterdir()
    assert (folder / "van-ban.pdf").read_bytes() == PDF
    assert caplog.messages.count("delivered") == 1
    assert "quarantined" not in caplog.messages


def test_a_node_that_waits_for_its_lanes_can_be_ended(office, other, caplog):
    """Who asks for the end does not wait for a delivery that hangs; the next life delivers it."""
    caplog.set_level("INFO", "edge_node")
    package, content = hanging(office, other)
    with at_work(office, patience=timedelta(milliseconds=20)) as daemon:
        until(lambda: deliveries(office))
        daemon.order(Order.RELOAD)
        until(lambda: "a lane did not end in time" in caplog.messages)
        daemon.order(Order.END)
        until(lambda: "stopped" in caplog.messages)
    let_go(package, content)  # which the end of a process does elsewhere
    until(lambda: "cut off at the end" in caplog.messages)
    assert not office.inbox()

    with at_work(office):
        until(lambda: len(office.inbox()) == 1)
    assert caplog.messages.count("delivered") == 1


def hanging(office, other):
    """Return where a received package lies as a pipe, and what it held: who reads it waits."""
    package = received(office, other)
    content = package.read_bytes()
    package.unlink()
    os.mkfifo(package)
    return package, content


def let_go(package, content):
    """Give whoever reads the pipe what it held; whoever opens it next finds a file again."""
    with package.open("wb") as pipe:
        package.unlink()
        package.write_bytes(content)
        pipe.write(content)


def deliveries(office):
    """Return the folders that are being filled."""
    return list((office.exchange / "inbox").glob(".*.part"))


@pytest.mark.parametrize("jump", [-7200, 7200], ids=["back", "forward"])
def test_a_clock_that_is_set_stops_no_schedule(office, other, jump, caplog):
    """By the old time the axis would be asked in an hour, and after a step back in three."""
    office.configure(pull={"every": "1h"})
    ahead = [0]
    settings = {"upkeep": timedelta(milliseconds=20), "wall": lambda: time.time() + ahead[0]}
    first = other.drop(8, office)
    assert other.command("once").returncode == 0
    with at_work(office, **settings):
        until(lambda: office.inbox() == [first])  # the look at the start has been taken
        second = other.drop(9, office)
        assert other.command("once").returncode == 0
        ahead[0] = jump
        until(lambda: office.inbox() == sorted([first, second]))
    assert caplog.messages.count("the clock was set") == 1


def test_what_the_axis_said_of_a_clock_is_forgotten_when_it_is_set(office, other, monkeypatch):
    """Before anything goes by the new one, and once more before all that is due by it is begun."""
    watches = []

    def forget(self):
        watches.append(self)
        original(self)

    original = ClockWatch.forget
    monkeypatch.setattr(ClockWatch, "forget", forget)
    ahead = [0]
    settings = {"upkeep": timedelta(milliseconds=20), "wall": lambda: time.time() + ahead[0]}
    first = other.drop(8, office)
    assert other.command("once").returncode == 0
    with at_work(office, **settings):
        until(lambda: office.inbox() == [first])
        assert watches == []
        ahead[0] = 3650 * 86_400
        until(lambda: len(watches) == 2)


def test_what_does_not_work_on_a_new_configuration_goes_on_by_the_old_one(office, other, caplog):
    """The disk fails just when the new one begins: that ends nobody, and is said."""
    caplog.set_level(logging.INFO, "edge_node.daemon")
    refused = []

    def failing(step, phase, _what):
        ours = threading.current_thread().name == "serving"
        if ours and refused == ["arm"] and (step, phase) == (Step.COMMIT, Phase.BEFORE):
            refused[:] = ["done"]
            raise DiskTrouble(say("no room left"))

    with listening(failing), at_work(office) as daemon:
        until(lambda: caplog.messages.count("running") == 1)
        refused[:] = ["arm"]
        daemon.order(Order.RELOAD)
        until(lambda: caplog.messages.count("running") == 2)
        assert "the new configuration does not work, the old one goes on" in caplog.messages
        office.drop(6, other)
        until(lambda: office.lies_in("sent") == ["6-UBND-VP"])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_lane_that_has_died_ends_the_daemon_with_an_error(office, other):
    """Nothing else would notice: the service manager starts it again, and all goes on."""

    def dying(_step, _phase, _what):
        if threading.current_thread().name == "intake":
            raise SystemExit

    office.drop(6, other)
    hurried = timedelta(milliseconds=20)
    daemon = Daemon(config_file=office.config, set_up_log=lambda _: None, upkeep=hurried)
    with listening(dying), pytest.raises(LaneDead, match="the lane intake has died"):
        daemon.serve(load(office.config))
    with at_work(office):
        until(lambda: office.lies_in("sent") == ["6-UBND-VP"])


def test_an_exchange_folder_that_is_away_stops_only_what_needs_it(office, other, caplog):
    """The node starts, and takes up what lies there once the share is mounted."""
    caplog.set_level(logging.INFO, "edge_node.daemon")
    office.drop(6, other)
    away = office.exchange.with_name("away")
    office.exchange.rename(away)
    with at_work(office, upkeep=timedelta(milliseconds=50)):
        until(lambda: "running" in caplog.messages)
        assert "the exchange folder is away" in caplog.messages
        away.rename(office.exchange)
        until(lambda: office.lies_in("sent") == ["6-UBND-VP"])


def test_a_node_at_rest_costs_next_to_nothing(tmp_path, axis):
    """Less than one hundredth of a CPU and 100 MB, with the schedule a real node keeps."""
    office = an_office(tmp_path, axis)
    office.sections = {}
    office.configure()
    with office.running() as node:
        node.says("info running: running")
        pid = node.process.pid
        until(lambda: _rests(pid))
        before, begun = ticks(pid), time.monotonic()
        time.sleep(5)
        used = (ticks(pid) - before) / os.sysconf("SC_CLK_TCK")
        assert used / (time.monotonic() - begun) < 0.01
        assert resident(pid) < 100e6


def _rests(pid):
    before = ticks(pid)
    time.sleep(0.5)
    return ticks(pid) == before


def test_a_mistake_in_what_is_done_from_time_to_time_is_said_once_a_day(tmp_path, caplog):
    """Every minute it is met again: with its place, and no other work is kept from being done."""
    daemon = Daemon(config_file=tmp_path, set_up_log=print)
    for _ in range(3):
        with daemon._ended_by_damage():
            int("planted")
    (said,) = [record for record in caplog.records if "unforeseen" in record.message]
    assert isinstance(said.exc_info[1], ValueError)
