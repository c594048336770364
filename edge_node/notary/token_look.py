"""
A token as anybody sees it who does not log in: whether it is there, and its certificates.

No PIN is told, so nothing here can lock a token, and nothing disturbs whoever signs with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pkcs11
from pkcs11 import TokenFlag

from edge_node.notary.slot import certificates_on, serial_of, silent, token_at

if TYPE_CHECKING:
    from edge_node.notary.slot import TokenPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A token from outside."""

    label: str
    serial: str
    locked: bool
    last_try: bool
    certificates: tuple[bytes, ...]  # DER; by the label or id of the key, where one was named


def look_at(place: TokenPlace) -> Seen:
    """Return what the token shows; raises `TokenMissing` and `TokenSilent`."""
    token = token_at(place)
    try:
        with token.open() as session:
            found = tuple(
                der
                for key_id, label, der in certificates_on(session)
                if place.key_id in {b"", key_id} and place.key_label in {"", label}
            )
    except pkcs11.PKCS11Error as error:
        raise silent(token.label, error) from error
    return Seen(
        label=token.label.strip(),
        serial=serial_of(token),
        locked=TokenFlag.USER_PIN_LOCKED in token.flags,
        last_try=TokenFlag.USER_PIN_FINAL_TRY in token.flags,
        certificates=found,
    )
