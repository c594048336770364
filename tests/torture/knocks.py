"""Who knocks at a port of this machine where nobody may be listening, as the kernel sees it."""

from __future__ import annotations

import socket
from contextlib import suppress


class Knocks:
    """Every attempt to connect to a port of this machine, as the kernel saw it; needs root."""

    def __init__(self, port: int) -> None:
        """Begin to count; `total` stays None where that is not allowed."""
        self.total: int | None = None
        self._port = port
        self._packets: socket.socket | None = None
        with suppress(PermissionError):
            packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
            packets.bind(("lo", 0x0800))
            packets.setblocking(False)  # noqa: FBT003 - has no other form
            self._packets, self.total = packets, 0

    def look(self) -> None:
        """Count what has come since the last time."""
        with suppress(BlockingIOError):
            while self._packets is not None:
                packet, (_, _, kind, *_) = self._packets.recvfrom(128)
                if kind != socket.PACKET_OUTGOING and self._knocks(packet):
                    self.total += 1

    def close(self) -> None:
        """Count no more."""
        if self._packets is not None:
            self._packets.close()

    def _knocks(self, packet: bytes) -> bool:
        """Tell whether it is the first packet of a connection to the port (SYN without ACK)."""
        tcp = packet[(packet[0] & 15) * 4 :]
        to, flags = int.from_bytes(tcp[2:4]), tcp[13]
        return packet[9] == socket.IPPROTO_TCP and to == self._port and flags & 0x12 == 0x02
