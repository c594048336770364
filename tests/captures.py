"""The vendor client's requests as captured on loopback, for tests to hold ours against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from edge_node.domain.time import VIETNAM

WIRE = Path(__file__).parent / "data" / "wire"
SECRET = b"test-secret"
SYSTEM = "000.00.00.H99"


@dataclass(frozen=True)
class Captured:
    """One request: what the client sent, its header names as they were."""

    client: str
    verb: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def lowered(self) -> dict[str, str]:
        """The headers as a server hands them out."""
        return {name.lower(): value for name, value in self.headers.items()}

    @property
    def ours(self) -> dict[str, str]:
        """The headers that are the dialect's, without those of the client's own HTTP."""
        kept = {"Content-Type", "User-Agent"}
        return {
            name: value
            for name, value in self.headers.items()
            if name.startswith("XroadVnpt-") or name in kept
        }

    @property
    def moment(self) -> datetime:
        """When it was signed."""
        stamp, millis = self.headers["XroadVnpt-timestamp"].split("+")
        parsed = datetime.strptime(stamp, "%d%m%YT%H%M%S").replace(tzinfo=VIETNAM)
        return parsed + timedelta(milliseconds=int(millis))

    def __str__(self) -> str:
        """Name the request in a test's id."""
        return f"{self.client}:{self.path[1:]}"


def captured() -> list[Captured]:
    return [request for file in sorted(WIRE.glob("*.txt")) for request in _requests(file)]


def _requests(file: Path) -> list[Captured]:
    blocks = file.read_text(encoding="utf-8").split("########## ")[1:]
    return [_request(file.stem, block) for block in blocks]


def _request(client: str, block: str) -> Captured:
    head, _, body = block.partition("\n\n")
    first, *lines = head.splitlines()
    verb, path, _ = first.split()
    headers = dict(line.split(": ", 1) for line in lines)
    content = body.rstrip("\n").encode()
    if path == "/sendEdoc":  # the capture lost the line end the client closes a file with
        content += b"\r\n"
    return Captured(client, verb, path, headers, content)
