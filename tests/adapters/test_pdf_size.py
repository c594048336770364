"""Large PDFs: what it costs to verify them."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
from signed_pdfs import NOW, a_pdf, of_size, sign, trust

PROGRAM = r"""
import pathlib, pickle, re, sys, time
from edge_node.notary.pdf.verifying import verify

path, trusted, now = sys.argv[1], *pickle.loads(sys.stdin.buffer.read())
begun = time.process_time()
with open(path, "rb") as file:
    found = verify(file, trusted, now=now).verdict
spent = time.process_time() - begun
peak = re.search(r"VmHWM:\s+(\d+)", pathlib.Path("/proc/self/status").read_text())[1]
print(found.verdict, int(peak) // 1024, int(spent))
"""


@pytest.mark.slow
@pytest.mark.parametrize("streams", [1, 100])
def test_a_hundred_megabytes_are_verified_in_little_memory(pki, tmp_path, streams):
    """Two signatures over 100 MB, in one stream or a hundred, within 220 MB of memory."""
    pdf = of_size(100 << 20, streams)
    pdf = sign(sign(pdf, pki, "person"), pki, "agency", level="B-LTA", field="Seal")

    verdict, megabytes, _ = _apart(pdf, pki, tmp_path, "person", "agency", "tsa")

    assert verdict == "VALID"
    assert int(megabytes) <= 220


@pytest.mark.slow
def test_many_pages_are_compared_in_time(pki, tmp_path):
    """Two signatures over 5 000 pages, with all of them compared, within 30 s and 220 MB."""
    pdf = sign(sign(a_pdf(5000), pki, "person"), pki, "agency", field="Seal", box=(9, 9, 99, 99))

    verdict, megabytes, seconds = _apart(pdf, pki, tmp_path, "person", "agency")

    assert verdict == "VALID"
    assert int(megabytes) <= 220
    assert int(seconds) < 30


def _apart(pdf, pki, folder, *names):
    """Verify in a process of its own, and return what it says, used and spent."""
    (folder / "signed.pdf").write_bytes(pdf)
    given = pickle.dumps((trust(pki, *names), NOW))
    command = [sys.executable, "-c", PROGRAM, folder / "signed.pdf"]
    done = subprocess.run(command, check=True, capture_output=True, input=given)
    return done.stdout.decode().split()
