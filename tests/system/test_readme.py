"""The README's quick start, typed as it stands: every command there is run here."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PORT = "8479"
LONG = 90.0  # seconds; it takes about fifteen


def quick_start():
    """Return what the README asks a newcomer to type, after `make setup`."""
    section = (ROOT / "README.md").read_text("utf-8").split("## Quick start by hand")[1]
    typed = re.findall(r"^```sh\n(.*?)^```$", section.split("\n## ")[0], re.DOTALL | re.MULTILINE)
    return "".join(typed).replace("make setup\n", "")


def a_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def typed(script, tmp_path):
    """Run the script as one shell; whatever it started is gone afterwards."""
    tools = str(Path(sys.executable).parent)
    shell = subprocess.Popen(
        ["/bin/bash", "-e", "-c", script],
        cwd=ROOT,
        env=os.environ
        | {"TMPDIR": str(tmp_path), "EDGE_NODE_LANG": "en", "LC_ALL": "C.UTF-8"}
        | {"PATH": f"{tools}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = shell.communicate(timeout=LONG)
    finally:
        if shell.poll() is None:
            os.killpg(shell.pid, signal.SIGKILL)
            shell.communicate()
    return shell.returncode, output


@pytest.mark.slow
def test_the_quick_start_does_what_it_says(tmp_path):
    """A newcomer who types it sees the document arrive, and its status come back."""
    script = quick_start().replace(PORT, a_free_port())

    status, output = typed(script + "wait\n", tmp_path)

    assert status == 0, output
    assert "12-VP.pdf\ndocument.json\nverification.json\n" in output
    assert "03 Đã tiếp nhận" in output
    assert re.search(r"^o\w+ .* H99\.02 +12/VP +delivered 03$", output, re.MULTILINE)
