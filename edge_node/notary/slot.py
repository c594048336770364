"""
The tokens that are plugged in, by PKCS #11: the one that was named, and what it shows to anybody.

Nobody logs in here, so nothing here can lock a token (`edge_node.notary.token` does and signs).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pkcs11
from pkcs11 import Attribute, ObjectClass, TokenFlag

from edge_node.domain.message import say
from edge_node.notary.keys import KeyUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pkcs11._pkcs11 import lib as Driver  # noqa: N812 - a class with the name of a function


class TokenMissing(KeyUnavailable):
    """The token, or what drives it, is not there."""


class TokenSilent(KeyUnavailable):
    """The token is there and does not do what it is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPlace:
    """Where the key is: what is left empty goes by the only one there is."""

    module: str  # path of the vendor's PKCS #11 library
    label: str = ""  # of the token
    serial: str = ""  # of the token
    key_label: str = ""
    key_id: bytes = b""


def serial_of(token: pkcs11.Token) -> str:
    """Return the serial number of a token."""
    return token.serial.decode(errors="replace").strip()


def token_at(place: TokenPlace) -> pkcs11.Token:
    """Return the one token that was named; ask the driver to look again before giving up."""
    try:
        driver = pkcs11.lib(place.module)
    except pkcs11.PKCS11Error as error:
        raise TokenMissing(
            say(
                "the driver {module} cannot be loaded: {reason}", module=place.module, reason=error
            ),
            hint=say("install the token's driver, and name its PKCS #11 library"),
        ) from error
    found = _tokens(driver, place)
    if not found:  # plugged in since the driver looked
        with suppress(pkcs11.PKCS11Error):
            driver.reinitialize()
        found = _tokens(driver, place)
    if not found:
        raise TokenMissing(
            say("the token {token} is not there", token=place.label or place.serial or "?"),
            hint=say(
                "plug it in; those that are seen: pkcs11-tool --module {module}"
                " --list-token-slots",
                module=place.module,
            ),
        )
    if len(found) > 1:
        raise TokenMissing(
            say("{count} tokens answer to the name {token}", count=len(found), token=place.label),
            hint=say("name the serial number of the token, too"),
        )
    return found[0]


def _tokens(driver: Driver, place: TokenPlace) -> list[pkcs11.Token]:
    return [
        token
        for token in _plugged_in(driver)
        if place.label in {"", token.label.strip()}
        and place.serial in {"", serial_of(token)}
        and TokenFlag.TOKEN_INITIALIZED in token.flags
    ]


def _plugged_in(driver: Driver) -> Iterator[pkcs11.Token]:
    """Yield the tokens that can be seen; one that cannot be read does not hide the others."""
    with suppress(pkcs11.PKCS11Error):
        for slot in driver.get_slots(token_present=True):
            with suppress(pkcs11.PKCS11Error):
                yield slot.get_token()


def certificates_on(session: pkcs11.Session) -> Iterator[tuple[bytes, str, bytes]]:
    """Yield id, label and DER of every certificate of the token."""
    for one in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}):
        got = one.get_attributes([Attribute.ID, Attribute.LABEL, Attribute.VALUE])
        if got.get(Attribute.VALUE):  # a token may name an address instead
            yield got.get(Attribute.ID, b""), got.get(Attribute.LABEL, ""), got[Attribute.VALUE]


def silent(name: str, error: pkcs11.PKCS11Error) -> TokenSilent:
    """Return the trouble for what a token answers and nobody foresaw."""
    reason = f"{type(error).__name__} {error}".strip()
    return TokenSilent(
        say("the token {token} does not do what it is asked: {reason}", token=name, reason=reason),
        hint=say("pull it out and plug it in again; if that does not help, restart its driver"),
    )
