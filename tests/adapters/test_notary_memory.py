"""Want of memory is ours: it ends the child, and never becomes a verdict on somebody's file."""

from __future__ import annotations

import ast
import pickle
import subprocess
import sys
from pathlib import Path

import office
import pytest
from signed_pdfs import NOW, a_pdf, evidence, sign

import edge_node.notary
from edge_node.notary.trust import Trust

NOTARY = Path(edge_node.notary.__file__).parent

# Verifies a file again and again, each time in a process with a little more memory than nothing.
STARVED = """
import importlib, io, os, pickle, resource, sys
from pathlib import Path

room, (content, trust, now) = sys.argv[1], pickle.loads(sys.stdin.buffer.read())
verify = importlib.import_module(f"edge_node.notary.{room}.verifying").verify
pages = int(Path("/proc/self/statm").read_text().split()[0])
for number in range(30):
    if not os.fork():
        if number:
            most = pages * resource.getpagesize() + (number << 17)
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
        try:
            verdict = verify(io.BytesIO(content), trust, now=now).verdict.verdict.value
        except MemoryError:
            verdict = "memory"
        os.write(1, verdict.encode() + b"\\n")
        os._exit(0)
    os.wait()
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
