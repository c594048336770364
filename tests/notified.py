"""What systemd gives a service to speak to, and what it hears there (sd_notify(3))."""

from __future__ import annotations

import select
import socket
import tempfile
import threading
from contextlib import contextmanager

from system_world import until


class ServiceManager:
    """The socket systemd gives a service, and what it hears there."""

    def __init__(self, listening):
        """Hear what comes in on a socket."""
        self._listening = listening
        self._listening.settimeout(0)
        self._lock, self._closed = threading.Lock(), threading.Event()
        self.heard = []

    def hears(self, state, *, times=1, within=60):
        """Wait until a state was announced so often."""
        until(lambda: self._all().count(state) >= times, within=within)

    def count(self, state):
        """Return how often a state was announced so far."""
        return self._all().count(state)

    def listen(self):
        """Take in what is said, so that nobody waits for us, until the socket is closed."""
        while not self._closed.is_set():
            select.select([self._listening], [], [], 0.1)
            self._all()

    def close(self):
        """Listen no more."""
        self._closed.set()

    def _all(self):
        with self._lock:
            while True:
                try:
                    self.heard += self._listening.recv(4096).decode().split("\n")
                except BlockingIOError:
                    return self.heard


@contextmanager
def a_service_manager():
    """Listen where a service is told to speak; give the address, and who hears."""
    with (
        tempfile.TemporaryDirectory() as short,  # a socket's path has 107 letters at most
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening,
    ):
        listening.bind(f"{short}/notify")
        manager = ServiceManager(listening)
        ears = threading.Thread(target=manager.listen)
        ears.start()
        try:
            yield f"{short}/notify", manager
        finally:
            manager.close()
            ears.join()
