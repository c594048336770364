"""
A share whose server can fall silent: bindfs, a file system of a process, which can be stopped.

    with shared(folder) as share:    # what lies there is seen through a server from now on
        with share.silent(): ...     # every call on it waits, until the server goes on

Wants root, and the Debian package bindfs.
"""

from __future__ import annotations

import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass

import needs
from disk_image import run
from system_world import until


@dataclass
class Share:
    """A folder that is served, and its server."""

    server: subprocess.Popen

    @contextmanager
    def silent(self):
        """Let nobody get an answer for as long as the block lasts."""
        self.server.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.server.send_signal(signal.SIGCONT)


@contextmanager
def shared(folder):
    """Have a folder that is there be served as long as the block lasts."""
    needs.root()
    needs.program("bindfs", "bindfs")
    kept = folder.rename(folder.with_name(f"{folder.name}-kept"))
    folder.mkdir()
    with subprocess.Popen(["bindfs", "-f", kept, folder]) as server:
        until(lambda: folder.is_mount() or server.poll() is not None)
        assert server.poll() is None
        try:
            yield Share(server)
        finally:
            run("umount", "--lazy", folder)
