"""
The signer: the child that holds the key.

It is given digests, never documents. Unix sockets are left to it, because a token is reached over
one, and no other; it starts no program. A request is a function in `Bench.answers`.
"""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say
from edge_node.notary import filters
from edge_node.notary.binding import fence
from edge_node.notary.child import Reason, Trade, live
from edge_node.notary.wire import Fields, Garbled, Packet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_node.notary.cms import CmsForm
    from edge_node.notary.keys import Key

_OPEN: Final = ("ask", "kind", "name", "secret")
_LOOK: Final = ("ask", "module", "label", "serial", "key_label", "key_id")
_TOKEN: Final = ("ask", "kind", "module", "label", "serial", "key_label", "key_id", "secret")
_LARGEST: Final = 4 << 20  # bytes of a file that holds a key
_FILES: Final = {"pkcs12": 1, "pem": 2}

_REASONS: Final = {
    "WrongPassword": Reason.WRONG_SECRET,
    "TokenLocked": Reason.LOCKED,
    "KeyMissing": Reason.KEY_MISSING,
    "KeyMismatch": Reason.KEY_MISMATCH,
    "KeyUnsupported": Reason.KEY_UNSUPPORTED,
    "KeyUnreadable": Reason.KEY_UNREADABLE,
    "TokenMissing": Reason.TOKEN_MISSING,
    "TokenSilent": Reason.TOKEN_SILENT,
    "NotOpen": Reason.NOT_OPEN,
}


class NotOpen(EdgeNodeError):
    """This child was started since the key was opened: it has to be opened once more."""

    def __init__(self) -> None:
        """Say so; the parent opens it and asks again, nobody reads this."""
        super().__init__(say("the key has not been opened"))


@dataclass(slots=True)
class Bench:
    """The key while it is open, and what is asked of it."""

    key: Key | None = None
    form: CmsForm | None = None
    size: int = 0  # bytes of a SignedData by it

    @property
    def answers(self) -> Mapping[str, Callable[[Packet], Packet]]:
        """What can be asked, by name."""
        return {
            "open": self.open,
            "facts": self.facts,
            "sign": self.sign,
            "cms": self.cms,
            "look": look,
        }

    def open(self, packet: Packet) -> Packet:
        """Open the key at a place with its secret; answer as `facts` does."""
        self.key = self.form = None
        self.size = 0
        kind = packet.body.get("kind")
        self.key = _from_token(packet) if kind == "token" else _from_files(packet)
        return self.facts(packet)

    def facts(self, _: Packet) -> Packet:
        """Return the certificate (first of the bytes), its chain, algorithm and size of a CMS."""
        key = self._held()
        if not self.size:
            self.size = self._shaped(key).size()
        return Packet(
            body={"algorithm": key.algorithm, "size": self.size},
            blobs=(key.certificate, *key.chain),
        )

    def sign(self, packet: Packet) -> Packet:
        """Return the raw signature over a digest."""
        key = self._held()
        return Packet(blobs=(key.sign(_digest(packet, key)),))

    def cms(self, packet: Packet) -> Packet:
        """Return a SignedData (DER) that signs a document by its digest, without a time-stamp."""
        key = self._held()
        form = self._shaped(key)
        attributes = form.attributes(_digest(packet, key))
        signature = key.sign(form.digest(attributes))
        return Packet(blobs=(form.filled(attributes, signature),))

    def _shaped(self, key: Key) -> CmsForm:
        if self.form is None:
            from edge_node.notary.cms import CmsForm  # noqa: PLC0415 - not to open a key

            self.form = CmsForm.of(key.certificate, key.chain, key.algorithm)
        return self.form

    def _held(self) -> Key:
        if self.key is None:
            raise NotOpen
        return self.key


def look(packet: Packet) -> Packet:
    """Return what a token shows to anybody: how it stands, and its certificates (the bytes)."""
    from edge_node.notary.slot import TokenPlace  # noqa: PLC0415 - only for tokens
    from edge_node.notary.token_look import look_at  # noqa: PLC0415

    told = Fields.of(packet.body, packet.blobs, _LOOK)
    seen = look_at(
        TokenPlace(
            module=told.text("module"),
            label=told.text("label"),
            serial=told.text("serial"),
            key_label=told.text("key_label"),
            key_id=told.blob("key_id"),
        )
    )
    return Packet(
        body={
            "label": seen.label,
            "serial": seen.serial,
            "locked": seen.locked,
            "last_try": seen.last_try,
        },
        blobs=seen.certificates,
    )


def learn() -> Trade:
    """Fence this process in, and then read in what opens keys; drivers come later still."""
    machine = platform.machine()
    fenced = machine in filters.MACHINES and fence(filters.all_but(machine))
    import edge_node.notary.keys  # noqa: F401, PLC0415 - the first request would wait for it

    return Trade(answers=Bench().answers, fenced=fenced, reason=_reason)


def _from_files(packet: Packet) -> Key:
    from edge_node.notary.keys import from_pem, from_pkcs12  # noqa: PLC0415 - see learn

    told = Fields.of(packet.body, packet.blobs, _OPEN)
    kind, name, secret = told.value["kind"], told.text("name"), _secret(told)
    if not isinstance(kind, str) or len(packet.files) != _FILES.get(kind):
        raise Garbled("files")
    contents = [_read(descriptor) for descriptor in packet.files]
    if kind == "pkcs12":
        return from_pkcs12(contents[0], secret, name=name)
    return from_pem(contents[0], contents[1], secret or None, name=name)


def _from_token(packet: Packet) -> Key:
    from edge_node.notary.slot import TokenPlace  # noqa: PLC0415 - only for tokens
    from edge_node.notary.token import open_token  # noqa: PLC0415

    told = Fields.of(packet.body, packet.blobs, _TOKEN)
    place = TokenPlace(
        module=told.text("module"),
        label=told.text("label"),
        serial=told.text("serial"),
        key_label=told.text("key_label"),
        key_id=told.blob("key_id"),
    )
    return open_token(place, _secret(told))


def _secret(told: Fields) -> str:
    secret = told.value["secret"]
    if not isinstance(secret, str):
        raise Garbled("secret")
    return secret  # as it is: `Fields.text` would mend it


def _read(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return file.read(_LARGEST)


def _digest(packet: Packet, key: Key) -> bytes:
    """Return the digest to sign; it must be as long as the algorithm's hash function makes it."""
    told = Fields.of(packet.body, packet.blobs, ("ask", "digest"))
    digest = told.blob("digest")
    if len(digest) != int(key.algorithm.digest.removeprefix("sha")) // 8:
        raise Garbled("digest")
    return digest


def _reason(error: EdgeNodeError) -> Reason:
    return _REASONS.get(type(error).__name__, Reason.UNFORESEEN)


if __name__ == "__main__":
    sys.exit(live(sys.argv[1:], learn))
