"""A child that is lost, lies, stays too long or is not needed any more."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
import rogue
from confined import without_privileges

from edge_node.adapters import notary
from edge_node.adapters.hired import Hired
from edge_node.adapters.hiring import ChildMissing, Ending, Limits, Lost, Post, Span, python
from edge_node.notary.wire import Packet

SHORT = Span(clock=timedelta(seconds=0.3), processor=timedelta(seconds=10))
LONG = Span(clock=timedelta(seconds=60), processor=timedelta(seconds=60))
UNKNOWN = Packet(body={"ask": "the time of day"})


@pytest.fixture
def hire():
    """Hire children that are ended with the test."""
    hired = []

    def one(command=notary.OPENER, **told):
        hired.append(Hired(Post(command=command, **told)))
        return hired[-1]

    yield one
    for child in hired:
        child.close()


def ended(pid, within=60):
    """Wait until a process has ended, and say whether it did."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        waiting = select.poll()
        waiting.register(watched, select.POLLIN)
        return bool(waiting.poll(within * 1000))
    finally:
        os.close(watched)


@pytest.mark.parametrize(
    ("way", "span", "ending"),
    [
        ("silent", SHORT, Ending.OVERDUE),
        ("dripping", SHORT, Ending.OVERDUE),
        ("busy", Span(clock=timedelta(minutes=1), processor=timedelta(0)), Ending.OVERDUE),
        ("crashing", LONG, Ending.CRASHED),
        ("leaving", LONG, Ending.CRASHED),
        ("killed", LONG, Ending.KILLED),
        ("exhausted", LONG, Ending.EXHAUSTED),
        ("endless", LONG, Ending.GARBLED),
        ("nested", LONG, Ending.GARBLED),
    ],
)
def test_a_child_that_is_lost_is_gone_and_says_how(hire, way, span, ending):
    """However a child is lost, the parent knows why, and nothing of it stays."""
    child = hire(rogue.command(way))
    before = descriptors()

    with pytest.raises(Lost) as lost:
        child.ask(UNKNOWN, span)

    assert lost.value.ending is ending
    assert child.pid is None
    assert descriptors() == before


def test_a_child_that_closes_its_socket_and_stays_is_ended(hire, monkeypatch):
    """It can be asked nothing any more, so it is no use to anybody."""
    monkeypatch.setattr("edge_node.adapters.hired._ENDING", 0.2)
    with pytest.raises(Lost) as lost:
        hire(rogue.command("mute")).ask(UNKNOWN, LONG)
    assert lost.value.ending is Ending.GARBLED


def test_a_child_that_no_signal_reaches_holds_nobody_up(hire, monkeypatch):
    """One that hangs in the kernel is let be, replaced, and taken away once it is gone."""
    monkeypatch.setattr("edge_node.adapters.hired._ENDING", 0.05)
    child = hire(rogue.command("silent"))
    with monkeypatch.context() as kernel:
        kernel.setattr("os.killpg", lambda *_: None)  # as if the signal were still pending
        with pytest.raises(Lost) as lost:
            child.ask(UNKNOWN, SHORT)
    (left,) = child._stuck

    assert lost.value.ending is Ending.OVERDUE
    assert child.pid is None
    os.killpg(left.pid, signal.SIGKILL)
    assert ended(left.pid)
    child.tidy()
    assert not child._stuck
    assert not Path(f"/proc/{left.pid}").exists()


def test_files_that_a_child_sends_are_closed_unseen(hire):
    """A child cannot fill the node's table of open files."""
    child = hire(rogue.command("stuffing"))
    before = descriptors()

    assert child.ask(UNKNOWN, LONG).body == {"said": True}

    assert descriptors() == before + 1  # our end of the socket


def test_what_cannot_be_started_is_an_outage(hire):
    """Nothing is wrong with the file when nobody can look into it."""
    for command in (("/nonexistent",), python("edge_node.no_such_module")):
        with pytest.raises(ChildMissing, match="does not start"):
            hire(command).ask(UNKNOWN, LONG)


def test_a_child_that_may_not_be_bound_does_not_work(hire, monkeypatch):
    """A system that forbids to set its bounds is an outage, and no fault of the file."""

    def forbidden(*_):
        raise PermissionError(1, "Operation not permitted")

    before = descriptors()
    monkeypatch.setattr("resource.prlimit", forbidden)
    child = hire()
    with pytest.raises(ChildMissing, match="PermissionError"):
        child.ask(UNKNOWN, LONG)

    assert child.pid is None
    assert descriptors() == before


def test_a_child_without_room_for_its_libraries_says_so(hire):
    """The limit of memory holds from the beginning."""
    with pytest.raises(ChildMissing):
        hire(limits=Limits(memory=40 << 20)).ask(UNKNOWN, LONG)


def test_a_child_that_is_not_needed_goes_by_itself(hire):
    """After its idle time it has ended; the next request starts another."""
    child = hire(idle=timedelta(seconds=0.05))
    child.ask(UNKNOWN, LONG)
    first = child.pid

    assert ended(first)
    child.tidy()
    assert child.pid is None

    child.ask(UNKNOWN, LONG)
    assert child.pid != first


def test_a_child_killed_between_requests_is_replaced_unnoticed(hire):
    """Nothing was asked of it, so nothing is lost."""
    child = hire()
    child.ask(UNKNOWN, LONG)
    first = child.pid
    os.kill(first, signal.SIGKILL)

    assert "failed" in child.ask(UNKNOWN, LONG).body
    assert child.pid != first


def test_a_child_killed_over_a_request_is_replaced_once(hire):
    """An earlier file may have harmed it: a fresh child is asked before the file is blamed."""
    child = hire()
    child.ask(UNKNOWN, LONG)
    first = child.pid
    os.kill(first, signal.SIGSTOP)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(child.ask(UNKNOWN, LONG)))
    asking.start()
    os.kill(first, signal.SIGKILL)
    asking.join()

    assert "failed" in answers[0].body
    assert child.pid != first


def test_a_fresh_child_finds_a_file_as_it_was_handed_over(hire, tmp_path):
    """The place in it is shared by all who have it: the lost child had read on."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n")
    child = hire(rogue.command("spent"))
    child.ask(UNKNOWN, LONG)
    file = os.open(tmp_path / "a.pdf", os.O_RDONLY)
    try:
        os.lseek(file, 5, os.SEEK_SET)
        packet = Packet(body=UNKNOWN.body, files=(file,))
        assert child.ask(packet, LONG).body == {"read": 4}
    finally:
        os.close(file)


def test_a_child_that_hangs_is_killed_in_time(hire):
    """A stopped process answers nothing; it is killed, and the next request is answered."""
    child = hire()
    child.ask(UNKNOWN, LONG)
    first = child.pid
    os.kill(first, signal.SIGSTOP)

    with pytest.raises(Lost) as lost:
        child.ask(UNKNOWN, SHORT)

    assert lost.value.ending is Ending.OVERDUE
    assert ended(first)
    assert "failed" in child.ask(UNKNOWN, LONG).body


def test_a_child_lives_on_when_the_thread_that_started_it_is_gone(hire):
    """Linux takes the child along with the thread: another is started, no request is lost."""
    child = hire()
    starting = threading.Thread(target=lambda: child.ask(UNKNOWN, LONG))
    starting.start()
    starting.join()

    assert "failed" in child.ask(UNKNOWN, LONG).body


def asked_meanwhile(child):
    """Ask in a thread, once there is a child; return that, and what will be raised in it."""
    raised = []

    def ask():
        try:
            child.ask(UNKNOWN, LONG)
        except ChildMissing as error:
            raised.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    while child.pid is None and asking.is_alive():
        asking.join(0.01)
    return asking, raised


def test_closing_lets_go_whoever_waits(hire):
    """A node that ends does not wait for a child, nor blames the file."""
    child = hire(rogue.command("silent"))
    asking, raised = asked_meanwhile(child)
    child.close()
    asking.join()

    assert "the node is ending" in str(raised[0])
    with pytest.raises(ChildMissing, match="the node is ending"):
        child.ask(UNKNOWN, LONG)


SLOW = "import sys, time; time.sleep(3600)"


def test_closing_does_not_wait_for_a_child_that_is_just_starting(hire):
    """On a machine that is just booting that takes long; the node ends all the same."""
    child = hire((sys.executable, "-c", SLOW))
    asking, raised = asked_meanwhile(child)
    begun = time.monotonic()
    child.close()
    asking.join()

    assert time.monotonic() - begun < 20
    assert "the node is ending" in str(raised[0])
    assert child.pid is None


def test_a_child_that_does_not_go_is_ended(hire, monkeypatch):
    """One that computes on past its idle time, for whoever took it over, is killed."""
    child = hire((sys.executable, "-c", STAYING), idle=timedelta(0), environment=PATHS)
    child.ask(UNKNOWN, LONG)
    first = child.pid
    child.tidy()
    assert child.pid == first

    monkeypatch.setattr("edge_node.adapters.hired._LINGERING", 0)
    child.tidy()
    assert child.pid is None
    assert ended(first)


@pytest.mark.parametrize("then", ["os._exit(3)", "time.sleep(3600)"])
def test_what_a_child_has_started_goes_with_it(hire, then):
    """Whether the child has ended before or is ended."""
    child = hire((sys.executable, "-c", PARENT + then), environment=PATHS, limits=MANY)
    started = child.ask(UNKNOWN, LONG).body["pid"]
    if "exit" in then:
        ended(child.pid)
    child.close()
    assert ended(started)


PATHS = {"PYTHONPATH": os.pathsep.join(sys.path)}
MANY = Limits(starts=True)

STAYING = """
import os, socket, sys, time
from edge_node.notary.wire import TO_CHILD, Packet, receive, send

connection = socket.socket(fileno=int(sys.argv[1]))
send(connection, Packet(body={"fenced": False}))
receive(connection, TO_CHILD)
send(connection, Packet(body={"said": True}))
time.sleep(3600)
"""

PARENT = """
import os, socket, sys, time
from edge_node.notary.wire import TO_CHILD, Packet, receive, send

connection = socket.socket(fileno=int(sys.argv[1]))
send(connection, Packet(body={"fenced": False}))
receive(connection, TO_CHILD)
if not (started := os.fork()):
    time.sleep(3600)
send(connection, Packet(body={"pid": started}))
"""

ORPHAN = """
import json, sys
from datetime import timedelta
from edge_node.adapters.hired import Hired
from edge_node.adapters.hiring import Post, Span
from edge_node.notary.wire import Packet

hired = Hired(Post(command=tuple(json.loads(sys.argv[1]))))
span = Span(clock=timedelta(minutes=5), processor=timedelta(minutes=5))
hired.ask(Packet(body={"ask": "work"}), span)
print(hired.pid, flush=True)
sys.stdin.read()
"""

AT_WORK = """
import os, sys, time
from pathlib import Path
from edge_node.notary.child import Reason, Trade, live

def work(packet):
    Path(sys.argv.pop(1)).write_text(f"{os.getpid()}\\n")
    time.sleep(3600)

live(sys.argv[2:], lambda: Trade(answers={"work": work}, fenced=False, reason=Reason))
"""


def orphaned(*command):
    """Start a process that hires a child and asks it for work."""
    return subprocess.Popen(
        (sys.executable, "-c", ORPHAN, json.dumps(command)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_a_child_that_waits_for_work_ends_with_its_parent():
    """Nobody is there who could ask."""
    with orphaned(*notary.OPENER) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
        assert ended(child)


def test_a_child_at_work_dies_with_its_parent(tmp_path):
    """What it finds out nobody would hear."""
    os.mkfifo(tmp_path / "told")
    with orphaned(sys.executable, "-c", AT_WORK, str(tmp_path / "told")) as parent:
        child = int((tmp_path / "told").read_text())
        parent.kill()
        assert ended(child)


READING = """
import os, socket, sys
from pathlib import Path
from edge_node.notary.wire import TO_CHILD, Packet, receive, send

connection = socket.socket(fileno=int(sys.argv[1]))
send(connection, Packet(body={"fenced": False}))
receive(connection, TO_CHILD)
node, read = Path("/proc", sys.argv[2]), []
for look in (lambda: (node / "mem").open("rb"), lambda: (node / "environ").read_bytes(),
             lambda: (node / "fd" / "0").readlink()):
    try:
        read.append(bool(look()))
    except PermissionError:
        pass
send(connection, Packet(body={"read": read, "visible": node.exists()}))
"""

WATCHED = """
import json
from datetime import timedelta
from edge_node.adapters.hired import Hired
from edge_node.adapters.hiring import Post, Span
from edge_node.notary.wire import Packet

minute = timedelta(minutes=1)
environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
hired = Hired(Post(command=(sys.executable, "-c", sys.argv[1]), environment=environment))
print(json.dumps(dict(hired.ask(Packet(body={}), Span(clock=minute, processor=minute)).body)))
hired.close()
for name in ("mountinfo", "cgroup", "statm", "fd/0"):  # what the node looks up of itself
    os.close(os.open(f"/proc/self/{name}", os.O_RDONLY))
"""


def test_no_child_reads_the_memory_of_the_node():
    """A vendor's library in the signer may open files, and to the kernel it is the node's user."""
    answer = json.loads(without_privileges(WATCHED, READING))
    assert answer == {"read": [], "visible": True}


def descriptors():
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
