"""
A key of ours looked at and left as it is: its certificate, and what a token shows.

Files are opened in the child that may hold a key, which ends with the look. A token is looked at
from outside: no PIN is told to it, whoever else has it open is not disturbed, and which of its
certificates belongs to the key is known from the label, the id, or from when it signed last.
Nothing is written down; whether a key is fit to sign is asked elsewhere (`key_fitness`).
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_node.adapters.own_keys import password_of
from edge_node.adapters.signing_key import KeyTrouble, OnToken, SigningKey
from edge_node.domain.message import say
from edge_node.notary.child import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.adapters.own_keys import OwnKey
    from edge_node.adapters.token_sight import TokenSight


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySight:
    """What was seen of a key."""

    certificate: bytes  # DER
    chain: tuple[bytes, ...] = ()  # DER, as far as it came along
    opened: bool = False  # whether the key itself was: it is its certificate's, then


def look_at_key(key: OwnKey, known: Mapping[str, str], environ: Mapping[str, str]) -> KeySight:
    """
    Return the certificate of a key; ``known`` says which key had which, by SHA-256 of its DER.

    Raises `KeyTrouble`, and `ChildMissing` where no child can be started.
    """
    if isinstance(key.place, OnToken):
        certificate = own_among(look_at_token(key), key, known)
        return KeySight(certificate=certificate)
    held = SigningKey(key.place, lambda: password_of(key, environ), environment=key.environment)
    with closing(held):
        facts = held.facts()
    return KeySight(certificate=facts.certificate, chain=facts.chain, opened=True)


def look_at_token(key: OwnKey) -> TokenSight:
    """Return what the token of a key shows to anybody; raises the same."""
    outside = SigningKey(key.place, lambda: "", environment=key.environment)
    with closing(outside):
        return outside.sight()


def own_among(sight: TokenSight, key: OwnKey, known: Mapping[str, str]) -> bytes:
    """Return the certificate on a token that is the key's; KeyTrouble where nobody can tell."""
    found = sight.certificates
    if not found:
        raise KeyTrouble(
            say("the token {token} shows no certificate of the key", token=sight.label),
            Reason.KEY_MISSING,
            hint=say("have the certificate written to the token, or check key_label and key_id"),
        )
    ours = [one for one in found if known.get(hashlib.sha256(one).hexdigest()) == key.name]
    if len(ours) == 1:
        return ours[0]
    if len(found) == 1:
        return found[0]
    raise KeyTrouble(
        say(
            "which of the {count} certificates on the token {token} is the key's is known only"
            " by its PIN",
            count=len(found),
            token=sight.label,
        ),
        Reason.KEY_MISSING,
        hint=say(
            "name key_label or key_id in signing.keys, or have it opened: edge-node cert show"
        ),
    )
