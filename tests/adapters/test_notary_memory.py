"""Want of memory is ours: it ends the child, and never becomes a verdict on somebody's file."""

from __future__ import annotations

import ast
import pickle
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import office
import pytest
from signed_pdfs import NOW, a_pdf, evidence, sign

import edge_node.notary
from edge_node.adapters.hired import Hired
from edge_node.adapters.hiring import Ending, Limits, Lost, Post, Span
from edge_node.notary.trust import Trust
from edge_node.notary.wire import Packet

NOTARY = Path(edge_node.notary.__file__).parent

# Verifies a file again and again, each time in a process with a little more memory than nothing.
# A library that was refused the last of it may call that the file's fault; no child says so.
STARVED = """
import importlib, io, os, pickle, resource, sys
from pathlib import Path

from edge_node.notary.child import Size

room, (content, trust, now) = sys.argv[1], pickle.loads(sys.stdin.buffer.read())
verify = importlib.import_module(f"edge_node.notary.{room}.verifying").verify
pages = int(Path("/proc/self/statm").read_text().split()[0])
for number in range(30):
    if not os.fork():
        if number:
            most = pages * resource.getpagesize() + (number << 17)
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
        size = Size()
        try:
            verdict = verify(io.BytesIO(content), trust, now=now).verdict.verdict.value
        except MemoryError:
            verdict = "memory"
        if verdict != "VALID" and size.spare() < 2 << 20:
            verdict = "memory"
        os.write(1, verdict.encode() + b"\\n")
        os._exit(0)
    os.wait()
"""

# A child that is refused so much memory by the parent's limit, and says something all the same.
HEEDLESS = """
import sys
from edge_node.notary.child import Reason, Trade, live
from edge_node.notary.wire import Packet


def answer(packet):
    held, piece = [], packet.body["piece"]
    try:
        while len(held) * piece < packet.body["most"]:
            held.append(bytearray(piece))
    except MemoryError:
        pass
    return Packet(body={"held": len(held) * piece})


trade = lambda: Trade(
    answers={"hold": answer}, fenced=False, reason=lambda error: Reason.UNFORESEEN, spare=16 << 20
)
sys.exit(live(sys.argv[1:], trade))
"""

# Reads XML that needs more memory than there is.
CRAMPED = """
import resource
from pathlib import Path
from edge_node.notary.ooxml.markup import parse

content = b"<a>" + b"<b c='d'/>" * 500_000 + b"</a>"
pages = int(Path("/proc/self/statm").read_text().split()[0])
most = pages * resource.getpagesize() + (8 << 20)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
try:
    parse(content, "/part")
except MemoryError:
    print("memory")
"""


def files(pki):
    trust = Trust(
        roots=pki.roots,
        intermediates=pki.intermediates,
        evidence=evidence(pki, "rsa2048", "tsa"),
    )
    yield "pdf", (sign(a_pdf(), pki, level="B-T"), trust, NOW)
    sheet = office.signed(office.an_xlsx(), pki.signer("p256"), stamp=pki.stamp)
    yield "ooxml", (sheet, office.trusting(pki), office.NOW)


def test_a_valid_file_is_valid_or_too_much_and_never_broken(pki):
    """A machine that is short of memory says so; it says nothing of the signature."""
    for room, told in files(pki):
        run = subprocess.run(
            [sys.executable, "-c", STARVED, room],
            input=pickle.dumps(told),
            capture_output=True,
            check=True,
        )
        verdicts = run.stdout.decode().split()
        assert verdicts[0] == "VALID"
        assert set(verdicts) == {"VALID", "memory"}


@pytest.fixture
def heedless():
    """Hire what does not mind being refused memory."""
    post = Post(command=(sys.executable, "-c", HEEDLESS), limits=Limits(memory=256 << 20))
    child = Hired(post)
    yield child
    child.close()


def test_what_is_said_with_all_memory_used_up_is_not_said(heedless):
    """A library may take want of memory for a fault of the file, and nobody could tell."""
    span = Span(clock=timedelta(seconds=60), processor=timedelta(seconds=60))

    def ask(most):
        body = {"ask": "hold", "piece": 1 << 20, "most": most}
        return heedless.ask(Packet(body=body), span).body["held"]

    assert ask(64 << 20) == 64 << 20
    with pytest.raises(Lost) as lost:
        ask(512 << 20)
    assert lost.value.ending is Ending.EXHAUSTED
    assert ask(64 << 20) == 64 << 20  # of the next child


def test_xml_that_there_is_no_memory_for_is_not_called_malformed():
    """To lxml both are a mistake in the XML."""
    run = subprocess.run([sys.executable, "-c", CRAMPED], capture_output=True, check=True)
    assert run.stdout == b"memory\n"


@pytest.mark.parametrize(
    "module",
    sorted({*NOTARY.rglob("*.py")} - {NOTARY / "child.py"}),  # where it ends the child
    ids=lambda path: str(path.relative_to(NOTARY)),
)
def test_no_fence_takes_want_of_memory_for_the_file_s_doing(module):
    """Before whatever takes any error stands what lets that one through."""
    for tried in ast.walk(ast.parse(module.read_text("utf-8"))):
        if not isinstance(tried, ast.Try):
            continue
        through = False
        for one in tried.handlers:
            kinds = ast.unparse(one.type) if one.type else "Exception"
            if "MemoryError" in kinds:
                through = ast.unparse(one.body[0]) == "raise"
                assert through, f"line {one.lineno}"
            if kinds in {"FOREIGN", "Exception"}:
                assert through, f"line {one.lineno}"
