"""What the kernel refuses the two children, tried in processes of the test's own."""

from __future__ import annotations

import errno
import json
import os
import platform
import struct
import subprocess
import sys

import pytest

from edge_node.notary import filters

ATTEMPTS = r"""
import ctypes, json, mmap, os, signal, socket, sys, threading

libc = ctypes.CDLL(None, use_errno=True)
unix = socket.socketpair()
memory = mmap.mmap(-1, 4096)


def call(function, *arguments):
    ctypes.set_errno(0)
    if getattr(libc, function)(*arguments) < 0 and ctypes.get_errno():
        raise OSError(ctypes.get_errno(), function)


def fork():
    if not (child := os.fork()):
        os._exit(0)
    os.waitpid(child, 0)


def clone():
    number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
    ctypes.set_errno(0)
    # For a thread with no memory in common the kernel has EINVAL, once it has been let ask.
    if libc.syscall(number, 0x10000000 | 0x10000, 0, 0, 0, 0) < 0 and ctypes.get_errno() == 1:
        raise OSError(1, "clone")


def thread():
    try:
        one = threading.Thread(target=int)
        one.start()
        one.join()
    except RuntimeError as error:
        raise PermissionError(1, "thread") from error


def run():
    if os.spawnv(os.P_WAIT, "/bin/true", ["true"]):
        raise PermissionError(1, "run")


ATTEMPTS = {
    "network": lambda: socket.socket(socket.AF_INET),
    "network 6": lambda: socket.socket(socket.AF_INET6),
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "unix": lambda: socket.socket(socket.AF_UNIX),
    "read a file": lambda: os.open("/etc/passwd", os.O_RDONLY),
    "read its own memory": lambda: os.open("/proc/self/mem", os.O_RDONLY),
    "write a file": lambda: os.open("/dev/null", os.O_WRONLY),
    "list a folder": lambda: os.listdir("/"),
    "fork": fork,
    "run": run,
    "kill": lambda: os.kill(os.getppid(), 0),
    "trace": lambda: call("ptrace", 0, 0, 0, 0),
    "program in memory": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
    "more memory": lambda: mmap.mmap(-1, 1 << 20),
    "limits": lambda: call("setrlimit", 0, ctypes.byref((ctypes.c_ulong * 2)(9, 9))),
    "name space": lambda: call("unshare", 0x20000),
    "name space of a child": clone,
    "thread": thread,
    "answer": lambda: unix[0].send(b"x"),
}


def refused(*left_out):
    found = []
    for name, attempt in ATTEMPTS.items():
        if name in left_out:
            continue
        try:
            attempt()
        except OSError as error:
            if error.errno == 1:
                found.append(name)
    return found


from edge_node.notary.binding import bind

assert bind(os.getppid())
before = refused("trace", "name space")  # which would change what comes after
CLOSE
print(json.dumps([before, refused()]))
"""


def refused_after(close):
    """Return what was refused before and after the fence closed."""
    code = ATTEMPTS.replace("CLOSE", close)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = (sys.executable, "-c", code)
    done = subprocess.run(command, check=True, capture_output=True, env=environment)
    return json.loads(done.stdout)


def test_the_opener_can_read_what_it_has_and_answer_and_nothing_else():
    """No socket, no file by its name, no program, no other process; memory and its answer."""
    before, after = refused_after("from edge_node.notary import opener; opener.learn()")

    assert before == []
    assert after == [
        "network",
        "network 6",
        "netlink",
        "unix",
        "read a file",
        "read its own memory",
        "write a file",
        "list a folder",
        "fork",
        "run",
        "kill",
        "trace",
        "program in memory",
        "limits",
        "name space",
        "name space of a child",
        "thread",
    ]


def test_the_signer_reaches_tokens_and_no_network():
    """A driver opens files, starts threads and speaks to pcscd; it runs nothing, calls nobody."""
    before, after = refused_after("from edge_node.notary import signer; signer.learn()")

    assert before == []
    assert after == [
        "network",
        "network 6",
        "netlink",
        "fork",
        "run",
        "trace",
        "name space",
        "name space of a child",
    ]


UNIT = f"""
import os, pickle, sys
from pathlib import Path
from edge_node.adapters.notary import Opener
from edge_node.notary import filters
from edge_node.notary.binding import bind, fence

calls = dict(
    setrlimit=(160, 164, None), setpriority=(141, 140, None), seccomp=(317, 277, None),
    sched_setscheduler=(144, 119, None),
)
refuse, allow = {filters._REFUSE}, {filters._ALLOW}
assert bind(os.getppid())
assert fence(filters._program({platform.machine()!r}, calls, named=refuse, others=allow))
trust, now = pickle.loads(sys.stdin.buffer.read())
opener = Opener()
print(opener.verify(Path(sys.argv[1]), trust, now=now).verdict.verdict)
print(Path(f"/proc/{{opener.pid}}/limits").read_text())
opener.close()
"""


def test_the_limits_hold_where_a_unit_forbids_setting_ones_own(pki, tmp_path):
    """A unit's ~@resources takes setrlimit(2) and leaves prlimit(2), all that is used here."""
    import pickle

    from signed_pdfs import NOW, a_pdf, sign, trust

    file = tmp_path / "signed.pdf"
    file.write_bytes(sign(a_pdf(), pki, "person"))
    done = subprocess.run(
        (sys.executable, "-c", UNIT, file),
        check=True,
        capture_output=True,
        input=pickle.dumps((trust(pki, "person"), NOW)),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    verdict, *limits = done.stdout.decode().splitlines()

    assert verdict == "VALID"
    bounded = {line[:26].strip(): line[26:].split()[:2] for line in limits}
    assert bounded["Max address space"] == [str(512 << 20)] * 2
    assert bounded["Max file size"] == bounded["Max core file size"] == ["0", "0"]
    assert bounded["Max processes"] == ["0", "0"]
    assert bounded["Max cpu time"][0] != "unlimited"


@pytest.mark.parametrize("machine", filters.MACHINES)
def test_the_programs_say_the_same_on_every_machine(machine):
    """What is named is allowed (or refused) where its condition holds, all else the other way."""
    column = filters.MACHINES.index(machine)
    for calls, program, named, others in (
        (filters.OPENER, filters.only(machine), filters._ALLOW, filters._REFUSE),
        (filters.SIGNER, filters.all_but(machine), filters._REFUSE, filters._ALLOW),
    ):
        numbers = [call[column] for call in calls.values() if call[column] is not None]
        assert len(set(numbers)) == len(numbers)
        for call in calls.values():
            if call[column] is None:
                continue
            if isinstance(call[2], filters.Absent):
                assert run(program, machine, call[column]) == filters._NONE_SUCH
            elif isinstance(call[2], filters.Strays):
                assert run(program, machine, call[column], 17) == named
                assert run(program, machine, call[column], 0x10000 | 0x10000000) == named
                assert run(program, machine, call[column], 0x3D0F00) == others  # pthread_create
            elif call[2] is None:
                assert run(program, machine, call[column]) == named
            elif isinstance(call[2], filters.Lacks):
                assert run(program, machine, call[column], 0, 0, 3) == named
                assert run(program, machine, call[column], 0, 0, 7) == others
            else:
                assert run(program, machine, call[column], 2) == named
                assert run(program, machine, call[column], 1) == others
        assert run(program, machine, 1000) == others
        assert run(program, machine, 0x40000000 | numbers[0]) == filters._REFUSE
        assert run(program, "i386", numbers[0]) == filters._KILL
        assert filters._REFUSE & 0xFFFF == errno.EPERM
        assert filters._NONE_SUCH & 0xFFFF == errno.ENOSYS


def run(program, machine, number, *arguments):
    """Do what the kernel does with a program: classic BPF, as much of it as is used."""
    architecture = filters._AUDIT.get(machine, 0x40000003)
    asked = struct.pack("=iIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    lines = list(filters._INSTRUCTION.iter_unpack(program))
    at = held = 0
    while True:
        code, yes, no, value = lines[at]
        at += 1
        if code == filters._RETURN:
            return value
        if code == filters._LOAD:
            (held,) = struct.unpack_from("=I", asked, value)
            continue
        met = {
            filters._EQUAL: held == value,
            filters._AT_LEAST: held >= value,
            filters._BITS: bool(held & value),
        }[code]
        at += yes if met else no
