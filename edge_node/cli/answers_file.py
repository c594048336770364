"""The answers `edge-node setup --answers` takes from a file, and the secrets they lead to."""

from __future__ import annotations

import sys
from codecs import BOM_UTF8
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters.local_users import is_user
from edge_node.adapters.secret import SecretUnusable, read_secret
from edge_node.cli.questions import Given
from edge_node.config.answers import STDIN, read_answers
from edge_node.config.rules import Breach, folders_lie_apart
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge_node.config.answers import Answers

_LONGEST: Final = 4096
_LARGEST: Final = 10 << 20  # a file with a key and its certificates has some KB


def given_by(path: Path) -> Answers:
    """Return the answers in a file; ConfigError with all that is wrong with them, here, too."""
    return read_answers(path, _breaches)


def secrets_of(answers: Answers) -> Given:
    """Return the answers with the secrets they name, read now; NotAllowed where one is none."""
    certificate = answers.certificate
    return Given(
        answers=answers,
        secret=_secret(answers.axis.secret_file),
        pkcs12=certificate.pkcs12.read_bytes() if certificate.pkcs12 else None,
        password=read_secret(certificate.password_file) if certificate.password_file else None,
    )


def secret_again(answers: Answers) -> bytes | None:
    """Return the secret of the answers to an instance that has one; None where none comes in."""
    if answers.axis.secret_file != STDIN:
        return _secret(answers.axis.secret_file)
    return _one_line(read) if (read := sys.stdin.buffer.read(_LONGEST + 1)) else None


def _secret(place: str) -> bytes:
    """Return the secret; what stands around it unseen is no part of one the axis gave out."""
    if place != STDIN:
        return read_secret(Path(place)).strip()
    return _one_line(sys.stdin.buffer.read(_LONGEST + 1))


def _one_line(read: bytes) -> bytes:
    secret = read.removeprefix(BOM_UTF8).strip()
    if not secret or len(read) > _LONGEST or b"\n" in secret:
        raise NotAllowed(
            say("what comes in by stdin is not a secret on one line"),
            hint=say("edge-node setup --answers FILE < SECRET-FILE"),
        )
    return secret


def _breaches(values: Mapping[str, object]) -> Iterator[Breach]:
    """Yield what this machine minds about the answers."""
    yield from folders_lie_apart(values)
    place = values.get("axis.secret_file")
    if place == STDIN and sys.stdin.isatty():
        yield Breach(("axis.secret_file",), say("nothing comes in by stdin"))
    secrets = {"axis.secret_file": None if place == STDIN else place}
    secrets["certificate.password_file"] = values.get("certificate.password_file")
    for key, path in secrets.items():
        if path is not None:
            yield from _unusable(key, Path(str(path)))
    for key in ("axis.ca_file", "certificate.pkcs12"):
        path = values.get(key)
        if isinstance(path, Path):
            yield from _unreadable(key, path)
    for key in ("certificate.password_file", "certificate.stamp_server"):
        if values.get(key) is not None and values.get("certificate.pkcs12") is None:
            yield Breach((key,), say("only together with {key}", key="pkcs12"))
    software = values.get("software_user")
    if isinstance(software, str) and not is_user(software):
        yield Breach(("software_user",), say("this machine has no such user"))


def _unusable(key: str, path: Path) -> Iterator[Breach]:
    try:
        read_secret(path)
    except SecretUnusable as error:
        yield Breach((key,), error.message)


def _unreadable(key: str, path: Path) -> Iterator[Breach]:
    try:
        size = len(path.open("rb").read(_LARGEST + 1))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        yield Breach((key,), say("{path}: {reason}", path=str(path), reason=reason))
    else:
        if not 0 < size <= _LARGEST:
            yield Breach((key,), say("{path}: empty, or too large", path=str(path)))
