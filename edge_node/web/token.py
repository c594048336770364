"""The token that lets one in: made, read, compared, and never shown by the page."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.secret import read_secret, secret_path
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from edge_node.config import Config

_BYTES: Final = 32
_SHORTEST: Final = 20  # bytes: as much as 120 random bits take; nothing else holds off a guesser
_MODE: Final = 0o600
_CREDENTIAL: Final = "credential:"


class Token:
    """What is kept of it in memory: enough to know it again."""

    def __init__(self, secret: bytes) -> None:
        """Know ``secret`` again."""
        self._digest = hashlib.sha256(secret).digest()

    def matches(self, shown: str) -> bool:
        """Tell whether that is it, in a time that says nothing of how near it was."""
        digest = hashlib.sha256(shown.strip().encode("utf-8", "replace")).digest()
        return hmac.compare_digest(digest, self._digest)


def read_token(config: Config) -> Token:
    """Return the configured token; SecretUnusable says why not, NotAllowed where there is none."""
    path = secret_path(config.web_token, os.environ)
    if not path.exists() and not config.web.token_file:
        raise NotAllowed(
            say("no token was made for the web page yet"), hint=say("edge-node web token")
        )
    secret = read_secret(path)
    if len(secret) < _SHORTEST:
        raise NotAllowed(
            say("the token of the web page is too short: {path}", path=str(path)),
            hint=say("one that nobody guesses is made by: edge-node web token --new"),
        )
    return Token(secret)


def make_token(config: Config, *, anew: bool) -> tuple[Path, str]:
    """
    Write a token into its file and return both; NotAllowed where one is there already.

    ``anew`` replaces it: whoever knows the old one stays out from the next start on.
    """
    if config.web_token.startswith(_CREDENTIAL):
        raise NotAllowed(
            say("{spec} is made by whoever configures the service", spec=config.web_token),
            hint=say("write 32 random bytes into the file LoadCredential= names"),
        )
    path = Path(config.web_token)
    if path.exists() and not anew:
        raise NotAllowed(
            say("there is a token already: {path}", path=str(path)),
            hint=say("read it there, or replace it: edge-node web token --new"),
        )
    token = secrets.token_urlsafe(_BYTES)
    durable.write(path, token.encode("ascii") + b"\n", mode=_MODE)
    return path, token
