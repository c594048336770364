"""
Archives encrypted with age (age-encryption.org/v1): a stream in, a stream out, in flat memory.

To encrypt takes public keys alone, so nothing secret lies where archives are made. The library
pulls and pushes by itself; a thread and a pipe make of that a file to write to or to read from.
What is in the stream is left to others.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from edge_node.adapters.secret import read_private
from edge_node.domain.errors import EdgeNodeError, NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

MAGIC: Final = b"age-encryption.org/v1\n"
_LONGEST: Final = 1 << 16  # bytes of a file of private keys
_CHUNK: Final = 1 << 18
_NO_KEY: Final = "No matching keys found"  # what the library says where no key is the right one


class ArchiveUnsound(EdgeNodeError):
    """An archive is damaged, cut off, altered, or none of ours."""


class WrongKey(NotAllowed):
    """None of the private keys at hand opens the archive."""


def demand_recipients(recipients: Sequence[str]) -> None:
    """Make sure that every one is a public key; NotAllowed."""
    for each in recipients:
        _recipient(each)


def new_key() -> tuple[str, str]:
    """Return a new private key, as age writes it into a file, and its public key."""
    from pyrage import x25519  # noqa: PLC0415 - only here

    identity = x25519.Identity.generate()
    public = str(identity.to_public())
    return f"# public key: {public}\n{identity}\n", public


def read_identities(path: Path) -> Sequence[object]:
    """
    Return the private keys in a file of age's, or the one in a file of OpenSSH's.

    SecretUnusable where it cannot be read, NotAllowed where it holds none.
    """
    import pyrage  # noqa: PLC0415 - only here

    content = read_private(path, _LONGEST)
    lines = content.decode("ascii", "replace").splitlines()
    try:
        if content.startswith(b"-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(content)]
        keys = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        found = [pyrage.x25519.Identity.from_str(key) for key in keys]
    except pyrage.IdentityError as error:
        raise _no_key(path) from error
    if not found:
        raise _no_key(path)
    return found


@contextmanager
def encrypting(out: BinaryIO, recipients: Sequence[str]) -> Iterator[BinaryIO]:
    """
    Give a file to write to; what is written goes encrypted to ``out``, complete after the block.

    Raises NotAllowed where a recipient is no key, and what writing to ``out`` raises.
    """
    import pyrage  # noqa: PLC0415 - only here

    keys = [_recipient(each) for each in recipients]
    reading, writing = os.pipe()
    kept = _Kept(out)
    with os.fdopen(reading, "rb", 0) as source:
        pump = _Pump(lambda: pyrage.encrypt_io(source, kept, keys), ends=source)
        sink = os.fdopen(writing, "wb", _CHUNK)
        try:
            with suppress(BrokenPipeError), sink:  # then the pump says what went wrong
                yield sink
        finally:
            pump.join()
    if (error := kept.error or pump.error) is not None:
        raise error


@contextmanager
def decrypting(source: BinaryIO, identities: Sequence[object]) -> Iterator[BinaryIO]:
    """
    Give a file to read what ``source`` is the encrypted form of.

    What was read so far is what was encrypted; only at its end it is known to be all there is.
    ArchiveUnsound while reading where it is damaged, altered or cut off; WrongKey.
    """
    import pyrage  # noqa: PLC0415 - only here

    reading, writing = os.pipe()
    sink = os.fdopen(writing, "wb", 0)
    with os.fdopen(reading, "rb", _CHUNK) as plain:
        pump = _Pump(lambda: pyrage.decrypt_io(source, sink, identities), ends=sink)
        try:
            yield cast("BinaryIO", _Checked(plain, pump))
        finally:
            plain.close()  # whoever pumps into it ends
            pump.join()


class _Pump:
    """A thread that lets the library work, and what that came to."""

    def __init__(self, work: Callable[[], None], *, ends: BinaryIO | object) -> None:
        self.error: Exception | None = None
        self._work = work
        self._ends = cast("BinaryIO", ends)
        self._thread = threading.Thread(target=self._run, name="age", daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - the library has its own, and it is told
            self.error = error
        finally:
            self._ends.close()


class _Kept:
    """A file to write to that keeps what it raised: the library makes words of it."""

    def __init__(self, out: BinaryIO) -> None:
        self.error: OSError | None = None
        self._out = out

    def write(self, data: bytes) -> int:
        try:
            return self._out.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        try:
            self._out.flush()
        except OSError as error:
            self.error = error
            raise


class _Checked:
    """A file to read from that tells the end from having been cut off."""

    def __init__(self, plain: BinaryIO, pump: _Pump) -> None:
        self._plain = plain
        self._pump = pump

    def read(self, size: int) -> bytes:
        data = self._plain.read(size)
        if len(data) < size:  # it waits for so much, so this is the end
            self._pump.join()
            if self._pump.error is not None:
                raise _unsound(self._pump.error) from self._pump.error
        return data


def _recipient(text: str) -> object:
    import pyrage  # noqa: PLC0415 - only here

    kind = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
    try:
        return kind.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise NotAllowed(
            say("{key} is not a public key", key=text[:80]),
            hint=say("copy the line `# public key: age1…` of the key's file whole"),
        ) from error


def _unsound(error: Exception) -> EdgeNodeError:
    if _NO_KEY in str(error):
        return WrongKey(
            say("this key does not open the archive"),
            hint=say(
                "take the private key to one of the public keys that stood in"
                " `backup.archives.recipients` when the archive was made"
            ),
        )
    return ArchiveUnsound(
        say("the archive is damaged, was altered or cut off"),
        hint=say("take another copy of it, or the archive of another day"),
    )


def _no_key(path: Path) -> NotAllowed:
    return NotAllowed(
        say("{path} does not hold a private key", path=str(path)),
        hint=say("name the file that `edge-node backup --new-key FILE` or age-keygen has made"),
    )
