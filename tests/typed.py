"""What a page asks its reader to type, and a shell that types it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def blocks(page, kind):
    """Return the contents of a page's fenced blocks of one kind."""
    text = (ROOT / page).read_text("utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def a_free_port():
    """Return a port nobody listens on, as it is typed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def typed(script, tmp_path, *, within=180.0):
    """
    Run a script as one shell, where `edge-node` is ours; whatever it started is gone afterwards.

    Returns its exit status and all it said.
    """
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
        output, _ = shell.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)
        output, _ = shell.communicate()
        raise AssertionError(f"not within {within} s: {output}") from None
    finally:
        if shell.poll() is None:
            os.killpg(shell.pid, signal.SIGKILL)
            shell.communicate()
    return shell.returncode, output
