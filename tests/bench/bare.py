"""
The same work without any product: what this machine could do if nothing had to be remembered.

Sender: read, hash, base64 into XML, fsync, rename, POST. Receiver: body to a file, find the
base64, decode, fsync, rename, answer. One document in flight; no queue, no retries, no receipts.
`python bare.py FOLDER` is the receiver.
"""

from __future__ import annotations

import binascii
import hashlib
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import httpx
from procfs import cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CHUNK: Final = 3 << 16
_HEAD: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n<Document><Content>'
_TAIL: Final = b"</Content></Document>\n"
_DONE: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """One burst through the bare pipeline: seconds, and CPU seconds of either side."""

    seconds: float
    sender_cpu: float
    receiver_cpu: float


def pipeline(folder: Path, files: Sequence[Path]) -> Bare:
    """Send the files one after the other and return once the last is durable over there."""
    outgoing, incoming = folder / "outgoing", folder / "incoming"
    outgoing.mkdir(parents=True)
    incoming.mkdir()
    with _receiver(incoming) as (url, pid), httpx.Client(trust_env=False) as client:
        client.post(url, content=b"").raise_for_status()  # both sides are awake now
        cpu, receiver_cpu, begun = time.process_time(), cpu_seconds(pid), time.monotonic()
        for file in files:
            package = _pack(file, outgoing)
            with package.open("rb") as body:
                headers = {"Content-Length": str(package.stat().st_size)}
                client.post(url, content=body, headers=headers).raise_for_status()
        seconds = time.monotonic() - begun
        spent = time.process_time() - cpu, cpu_seconds(pid) - receiver_cpu
    arrived = sum(1 for path in incoming.iterdir() if path.suffix == ".pdf")
    if arrived != len(files):
        raise RuntimeError(f"the bare pipeline lost documents: {arrived} of {len(files)}")
    return Bare(seconds=seconds, sender_cpu=spent[0], receiver_cpu=spent[1])


def _pack(file: Path, outgoing: Path) -> Path:
    part = outgoing / f".{file.stem}.part"
    digest = hashlib.sha256()
    with file.open("rb") as source, part.open("wb") as package:
        package.write(_HEAD)
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            package.write(binascii.b2a_base64(chunk, newline=False))
        package.write(_TAIL)
        package.flush()
        os.fsync(package.fileno())
    return part.rename(outgoing / f"{digest.hexdigest()}.xml")


@contextmanager
def _receiver(folder: Path) -> Iterator[tuple[str, int]]:
    command = [sys.executable, __file__, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            yield f"http://127.0.0.1:{port}/", process.pid
        finally:
            process.terminate()


# -- the receiver ------------------------------------------------------------------------------


def receive(folder: Path) -> None:
    """Take one connection after the other until the process is ended."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        number = 0
        while True:
            connection, _ = listening.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection, connection.makefile("rb") as stream:
                while (length := _length(stream)) is not None:
                    if length:
                        number += 1
                        _keep(stream, length, folder, number)
                    connection.sendall(_DONE)


def _length(stream: BinaryIO) -> int | None:
    """Read the head of a request; return its Content-Length, None at the end of a connection."""
    length = None
    while (line := stream.readline()) not in {b"", b"\r\n"}:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return length


def _keep(stream: BinaryIO, length: int, folder: Path, number: int) -> None:
    raw, part = folder / f".{number}.raw", folder / f".{number}.part"
    with raw.open("wb") as file:
        while length:
            chunk = stream.read(min(length, _CHUNK))
            length -= len(chunk)
            file.write(chunk)
    package = raw.read_bytes()
    content = package[package.index(_HEAD) + len(_HEAD) : package.rindex(_TAIL)]
    with part.open("wb") as file:
        file.write(binascii.a2b_base64(content))
        file.flush()
        os.fsync(file.fileno())
    part.rename(folder / f"{number}.pdf")
    raw.unlink()


if __name__ == "__main__":
    receive(Path(sys.argv[1]))
