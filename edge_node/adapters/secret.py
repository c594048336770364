"""
The agency's secrets, for the axis and others: found, read and never shown.

The place of each is a path in the configuration, or `credential:NAME` for what systemd hands to
the service (`LoadCredential=`, `LoadCredentialEncrypted=`).
"""

from __future__ import annotations

import os
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Mapping

HANDED_OVER: Final = "CREDENTIALS_DIRECTORY"  # in the environment: where systemd puts them
_CREDENTIAL: Final = "credential:"
OTHERS: Final = 0o007  # what must not be set in the mode of a file that holds a secret
_LONGEST: Final = 4096


class SecretUnusable(NotAllowed):
    """The secret cannot be read, or must not be used as it lies there."""


def secret_path(spec: str, environ: Mapping[str, str]) -> Path:
    """Return the file a configured secret means; SecretUnusable without its credentials."""
    if not spec.startswith(_CREDENTIAL):
        return Path(spec)
    name = spec.removeprefix(_CREDENTIAL)
    folder = environ.get(HANDED_OVER)
    if not folder:
        raise SecretUnusable(
            say("{spec} is asked for, but systemd hands over no credentials", spec=spec),
            hint=say("add LoadCredential={name}:FILE to the service", name=name),
        )
    if not name or "/" in name or name in {".", ".."}:
        raise SecretUnusable(say("{spec} is not the name of a credential", spec=spec))
    return Path(folder) / name


def read_secret(path: Path) -> bytes:
    """
    Return the secret without the line end at its end; SecretUnusable says why not.

    Editors of Windows put a mark before a text that is no part of it.
    """
    content = read_private(path, _LONGEST)
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise SecretUnusable(
            say("{path} is written in UTF-16", path=str(path)),
            hint=say("save it as UTF-8; PowerShell: Set-Content -Encoding ascii"),
        )
    secret = content.removeprefix(BOM_UTF8).removesuffix(b"\n").removesuffix(b"\r")
    if not secret.strip() or len(content) > _LONGEST:
        raise SecretUnusable(
            say("{path} does not hold a secret", path=str(path)),
            hint=say("put the secret in it, on one line"),
        )
    return secret


def read_private(path: Path, longest: int) -> bytes:
    """
    Return what a file with secrets holds, and one byte more where it holds more than ``longest``.

    SecretUnusable where it cannot be read, or everybody may.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(longest + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SecretUnusable(
            say("the secret in {path} cannot be read: {reason}", path=str(path), reason=reason),
            hint=say("check the path, and that the service's own user may read it"),
        ) from error
    if mode & OTHERS:
        raise SecretUnusable(
            say("everybody on this machine may read the secret in {path}", path=str(path)),
            hint=say("chmod o-rwx {path}", path=str(path)),
        )
    return content
