from __future__ import annotations

import os
import subprocess
import sys

import pytest

MB = 1 << 20
SCRIPT = """
import resource, sys
from pathlib import Path
from packages import LIMITS, a_document
from edge_node.protocol import edxml

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

folder, name = Path(sys.argv[1]), sys.argv[2]
before = peak()
part = edxml.Part(name=name, description="", path=folder / "content", content_id="1")
with (folder / "package").open("wb") as out:
    edxml.write_document(a_document(), [part], out)
back = folder / "back"
back.mkdir()
with (folder / "package").open("rb") as source:
    package = edxml.read_package(source, back, limits=LIMITS)
print(peak() - before, package.files[0].size)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.pdf", "a.bin"])
def test_memory_does_not_grow_with_an_attachment(name, tmp_path):
    """Two hundred megabytes go out and come in through less than sixty, raw and zipped."""
    with (tmp_path / "content").open("wb") as content:
        for _ in range(200):
            content.write(os.urandom(MB // 4) * 4)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), name],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    grown, size = map(int, done.stdout.split())
    assert size == 200 * MB
    assert grown < 60
