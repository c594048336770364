"""Large PDFs: what it costs to sign them."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
from signed_pdfs import NOW, evidence, of_size, trust

from edge_node.domain.signature import Verdict
from edge_node.notary.pdf.verifying import verify

PROGRAM = r"""
import pathlib, pickle, re, sys
from edge_node.notary.keys import from_pkcs12
from edge_node.notary.pdf.levels import Level, Wish, sign_with

path, pkcs12, evidence, now = sys.argv[1], *pickle.load(sys.stdin.buffer)

def stamp(request):
    sys.stdout.buffer.write(len(request.der).to_bytes(4, "big") + request.der)
    sys.stdout.flush()
    return sys.stdin.buffer.read(int.from_bytes(sys.stdin.buffer.read(4), "big"))

key = from_pkcs12(pkcs12, "secret", name="key")
with open(path, "rb") as source, open(path + ".signed", "w+b") as target:
    wish = Wish(at=now, level=Level.B_LTA)
    sign_with(key, source, target, wish, stamp=stamp, prove=lambda _: evidence)
peak = re.search(r"VmHWM:\s+(\d+)", pathlib.Path("/proc/self/status").read_text())[1]
sys.stdout.write(peak)
"""


@pytest.mark.slow
@pytest.mark.parametrize("streams", [1, 100])
def test_a_hundred_megabytes_are_signed_in_little_memory(pki, tmp_path, streams):
    """A signature that lasts, over 100 MB in one stream or a hundred, within 150 MB of memory."""
    path = tmp_path / "large.pdf"
    path.write_bytes(of_size(100 << 20, streams))

    megabytes = _apart(pki, path)

    assert megabytes <= 150
    with (tmp_path / "large.pdf.signed").open("rb") as file:
        found = verify(file, trust(pki, "person", "tsa"), now=NOW).verdict
    assert found.verdict is Verdict.VALID


def _apart(pki, path):
    """Sign in a process of its own, with the stamps brought to it; return its peak in MB."""
    given = (pki.signer("person").pkcs12("secret"), evidence(pki, "person", "tsa"), NOW)
    command = [sys.executable, "-c", PROGRAM, path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdin.write(pickle.dumps(given))
        child.stdin.flush()
        for _ in range(2):
            request = child.stdout.read(int.from_bytes(child.stdout.read(4), "big"))
            answer = pki.stamp(request, at=NOW)
            child.stdin.write(len(answer).to_bytes(4, "big") + answer)
            child.stdin.flush()
        return int(child.stdout.read()) // 1024
