"""Somebody at a terminal who has typed `edge-node setup`."""

from __future__ import annotations

import fcntl
import os
import pwd
import select
import struct
import subprocess
import termios
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from system_world import EDGE_NODE, environment

SECRET = "axis-secret-0123456789"
ME = pwd.getpwuid(os.geteuid()).pw_name


@dataclass
class Person:
    """Somebody at a terminal: reads what is asked, and types."""

    terminal: int
    process: subprocess.Popen
    shown: str = ""
    read: int = 0

    def sees(self, text, within=120):
        """Wait for a text behind all that was waited for before."""
        deadline = time.monotonic() + within
        while (at := self.shown.find(text, self.read)) < 0:
            more = self._more(deadline - time.monotonic())
            assert more, f"no {text!r} came: {self.shown[self.read :]!r}"
            self.shown += more
        self.read = at + len(text)

    def answers(self, question, typed=""):
        """Type an answer, and Enter, once a question is asked."""
        self.sees(question)
        self.sees(": ")  # what is typed before a secret is asked for is thrown away
        os.write(self.terminal, f"{typed}\n".encode())

    def goes_away(self, key):
        """Press a key that ends it, as people do: again, where nothing comes of it."""
        for _ in range(20):
            os.write(self.terminal, key.encode())
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
                return

    def ends(self):
        """Read to the end; return the exit status."""
        while more := self._more():
            self.shown += more
        return self.process.wait(60)

    def _more(self, within=120):
        if not select.select([self.terminal], [], [], max(within, 0))[0]:
            return ""
        try:
            return os.read(self.terminal, 1 << 16).decode("utf-8", "replace").replace("\r\n", "\n")
        except OSError:  # Linux says EIO once the other side has closed it
            return ""


@contextmanager
def person(etc, *arguments, **environ):
    """Give somebody who has typed `edge-node setup` at a terminal of their own."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    with subprocess.Popen(
        ["setsid", "--ctty", *EDGE_NODE, "setup", "--etc", etc, "--user", ME, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(COLUMNS="100", **environ),
    ) as process:
        os.close(theirs)
        try:
            yield Person(ours, process)
        finally:
            process.kill()
            os.close(ours)
