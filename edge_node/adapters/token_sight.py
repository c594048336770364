"""
What a token shows to anybody: that it is there, how many tries its PIN has, its certificates.

Asked of the child that drives tokens; nobody logs in for it and no PIN is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.notary.told import Blobs
from edge_node.notary.wire import Fields, Packet

if TYPE_CHECKING:
    from edge_node.adapters.signing_key import OnToken

_FIELDS: Final = ("label", "serial", "locked", "last_try")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSight:
    """A token, looked at from outside."""

    label: str
    serial: str
    locked: bool  # no PIN is taken any more
    last_try: bool  # one more wrong PIN locks it
    certificates: tuple[bytes, ...]  # DER; those the configuration does not rule out


def question(place: OnToken) -> Packet:
    """Return what the child is asked."""
    blobs = Blobs()
    return Packet(
        body={
            "ask": "look",
            "module": place.module,
            "label": place.label,
            "serial": place.serial,
            "key_label": place.key_label,
            "key_id": blobs.add(place.key_id),
        },
        blobs=blobs.all,
    )


def read_sight(answer: Packet) -> TokenSight:
    """Return what it answered; Garbled for what is no answer to that."""
    told = Fields.of(dict(answer.body), answer.blobs, _FIELDS)
    return TokenSight(
        label=told.text("label"),
        serial=told.text("serial"),
        locked=told.flag("locked"),
        last_try=told.flag("last_try"),
        certificates=tuple(answer.blobs),
    )
