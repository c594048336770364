"""The secrets: that each lies where it is named, readable for the node's account alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters.account import READ
from edge_node.adapters.secret import read_secret, secret_path
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, broken_by, good, unknown
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding
    from edge_node.config import Config

_CREDENTIAL: Final = "credential:"
_FOLDER: Final = "CREDENTIALS_DIRECTORY"


def _look(situation: Situation) -> Iterator[Finding]:
    for check, place in _places(situation.config):
        if place.startswith(_CREDENTIAL) and not situation.environ.get(_FOLDER):
            yield _handed_over(check, place, situation)
        else:
            yield _file(check, place, situation)


def _places(config: Config) -> Iterator[tuple[str, str]]:
    yield "secret.axis", config.axis.secret_file
    named = [("secret.key", key.password_file) for key in config.signing.keys]
    named += [("secret.stamps", server.password_file) for server in config.stamps.servers]
    named.append(("secret.carry", config.backup.archives.carry.password_file or ""))
    yield from dict.fromkeys((check, place) for check, place in named if place)


def _handed_over(check: str, place: str, situation: Situation) -> Finding:
    """Return what can be said of a credential from outside of the service."""
    if situation.process is not None and check == "secret.axis":  # it was read at the start
        why = say("the secret {place} was handed over to the service", place=place)
        return good(check, why, about=place)
    return unknown(
        check,
        say("the secret {place} is known to the service only", place=place),
        say(
            "see that LoadCredential={name}:FILE is in the service",
            name=place.removeprefix(_CREDENTIAL),
        ),
        about=place,
    )


def _file(check: str, place: str, situation: Situation) -> Finding:
    try:
        path = secret_path(place, situation.environ)
        read_secret(path)
    except EdgeNodeError as error:
        return broken_by(check, error, about=place)
    if not situation.account.may(path, READ):
        return bad(
            check,
            say(
                "the account {name} of the node may not read the secret in {path}",
                name=situation.account.name,
                path=str(path),
            ),
            say("chown {name} {path}", name=situation.account.name, path=str(path)),
            about=place,
        )
    return good(
        check, say("the secret in {path} is the node's alone", path=str(path)), about=place
    )


CHECK: Final = Check(id="secret", rank=10, look=_look)
