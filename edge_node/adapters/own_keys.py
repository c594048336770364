"""
The agency's own keys: which of them signs, which one is next, and which did before.

Several generations stand side by side: what was begun with one key may end with it when another
has taken over. Whether a key is good to sign with is asked elsewhere (`key_fitness`); here it is
only remembered, in one small file that is read whenever a key is asked for. Passwords and PINs are
read when a key is opened and not before; that no PIN is told to a token twice is the business of
`refused_pins`.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.durable import disk_errors, shown, write
from edge_node.adapters.lock import alone_with
from edge_node.adapters.own_certificates import OwnCertificates
from edge_node.adapters.refused_pins import RefusedPins
from edge_node.adapters.secret import read_secret, secret_path
from edge_node.adapters.signing_key import NOT_AGAIN, KeyTrouble, OnToken, SigningKey
from edge_node.domain.errors import EdgeNodeError, Outage, UnknownItem
from edge_node.domain.message import say
from edge_node.notary.child import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from edge_node.adapters.refused_pins import ToldPin
    from edge_node.adapters.signing_key import KeyFacts, KeyPlace
    from edge_node.domain.message import Message
    from edge_node.notary.wire import Packet

STATE: Final = "signing.json"
REFUSED: Final = "refused-pins.json"
_PRIVATE: Final = 0o600
_LARGEST: Final = 64 * 1024  # bytes; a state has a hundred


class KeysUnsound(Outage):
    """Nobody knows which key signs: nothing is signed until a person says it."""


class Role(StrEnum):
    """What a key is for at the moment."""

    ACTIVE = "active"  # it signs
    STAGED = "staged"  # it is next
    FORMER = "former"  # it signed before, and could again
    SPARE = "spare"  # it is configured, and no more


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """One key of the configuration: its name, where it lies, and where its password does."""

    name: str
    place: KeyPlace
    password_file: str = ""  # a path, or `credential:NAME`; empty for none
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Generations:
    """Which key signs, which one is next, and which did before, the last one first."""

    active: str
    staged: str = ""
    former: tuple[str, ...] = ()

    def role(self, name: str) -> Role:
        """Return what the key of a name is for."""
        if name == self.active:
            return Role.ACTIVE
        if name == self.staged:
            return Role.STAGED
        return Role.FORMER if name in self.former else Role.SPARE

    def after(self, name: str) -> Generations:
        """Return how they stand once the key of a name has taken over."""
        if name == self.active:
            return self
        others = [one for one in (self.active, *self.former) if one not in {name, ""}]
        staged = "" if name == self.staged else self.staged
        return Generations(active=name, staged=staged, former=tuple(dict.fromkeys(others)))


class OwnKeys:
    """The keys of the configuration; for several threads."""

    def __init__(
        self,
        keys: Iterable[OwnKey],
        folder: Path,
        *,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """Open nothing yet; ``folder`` is the node's own, ``environ`` names the credentials."""
        self._keys = {key.name: key for key in keys}
        self._state = folder / STATE
        self._refused = RefusedPins(folder / REFUSED)
        self._certificates = OwnCertificates(folder)
        self._environ = environ
        self._lock = threading.Lock()
        self._open: dict[str, OwnSigningKey] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all keys, as configured."""
        return tuple(self._keys)

    def generations(self) -> Generations:
        """Return which key signs and which did or will; KeysUnsound where nobody knows."""
        known = self._remembered()
        if known.active not in self._keys:
            raise KeysUnsound(
                say("the key that signs, {name}, is not in signing.keys", name=known.active),
                hint=say("put it back there, or: edge-node cert activate NAME"),
            )
        return known

    def role(self, name: str) -> Role:
        """Return what the key of a name is for; UnknownItem, KeysUnsound."""
        return self._remembered().role(self._demand(name).name)

    def key(self, name: str = "") -> OwnSigningKey:
        """
        Return the key of a name, or the one that signs; nothing is opened by that.

        UnknownItem for a name nobody configured, KeysUnsound where nobody knows which one signs.
        """
        wanted = self._demand(name) if name else self._keys[self.generations().active]
        with self._lock:
            if wanted.name not in self._open:
                self._open[wanted.name] = OwnSigningKey(
                    wanted, self._refused, self._certificates, self._environ
                )
            return self._open[wanted.name]

    def certificates(self) -> frozenset[str]:
        """
        Return the fingerprints of the certificates that keys of ours are known to have had.

        Nothing is opened for it, but for a key that signs and never was open here. Raises
        KeysUnsound, `KeyTrouble` and what `disk_errors` raises.
        """
        known = self._certificates.known()
        active = self.generations().active
        if active in known.values():
            return frozenset(known)
        certificate = self.key(active).facts().certificate
        return frozenset((*known, hashlib.sha256(certificate).hexdigest()))

    def stage(self, name: str) -> None:
        """Remember durably which key is next; UnknownItem, KeysUnsound."""
        self._demand(name)
        with alone_with(self._state):
            now = self.generations()
            if name != now.active:
                former = tuple(one for one in now.former if one != name)
                self._write(Generations(active=now.active, staged=name, former=former))

    def activate(self, name: str) -> str:
        """
        Have the key of a name sign from now on, durably; return the name of the one that did.

        It mends a state that names a key nobody configured. UnknownItem, KeysUnsound.
        """
        self._demand(name)
        with alone_with(self._state):
            before = self._remembered()
            self._write(before.after(name))
        return before.active

    def tidy(self) -> None:
        """Take note of children that have gone for want of work."""
        for key in self._opened():
            key.tidy()

    def close(self) -> None:
        """End all children; the keys are closed with them."""
        for key in self._opened():
            key.close()

    def _opened(self) -> tuple[OwnSigningKey, ...]:
        with self._lock:
            return tuple(self._open.values())

    def _demand(self, name: str) -> OwnKey:
        """Return the key of a name; UnknownItem."""
        if name not in self._keys:
            raise UnknownItem(
                say("there is no key {name} in signing.keys", name=name),
                hint=say("`edge-node cert show` shows those there are"),
            )
        return self._keys[name]

    def _remembered(self) -> Generations:
        """Return what was remembered; without it, the first key of the list signs."""
        if not self._keys:
            raise KeysUnsound(
                say("no key to sign with is configured"), hint=say("name one in signing.keys")
            )
        told = _read(self._state)
        if told is None:
            return Generations(active=next(iter(self._keys)))
        active, staged, former = (told.get(name) for name in ("active", "staged", "former"))
        if (
            not (isinstance(active, str) and isinstance(staged, str) and isinstance(former, list))
            or not active
        ):
            raise _unsound(self._state)
        known = [str(one) for one in former if one in self._keys]  # old ones may go for good
        return Generations(
            active=active,
            staged=staged if staged in self._keys else "",
            former=tuple(known),
        )

    def _write(self, generations: Generations) -> None:
        told = {
            "active": generations.active,
            "staged": generations.staged,
            "former": list(generations.former),
        }
        write(self._state, json.dumps(told, indent=1).encode() + b"\n", mode=_PRIVATE)


class OwnSigningKey(SigningKey):
    """A key of the configuration, by its name; see `SigningKey`."""

    def __init__(
        self,
        key: OwnKey,
        refused: RefusedPins,
        certificates: OwnCertificates,
        environ: Mapping[str, str],
    ) -> None:
        """Open nothing yet."""
        self.name = key.name
        self._own = key
        self._certificates = certificates
        self._refusals = refused
        self._environ = environ
        self._pin: ToldPin | None = None  # the last that a token took
        super().__init__(key.place, self._password, environment=key.environment)

    def facts(self) -> KeyFacts:
        """Return the certificate of the key, its chain and its algorithm."""
        with self._noting():
            facts = super().facts()
        self._certificates.note(self.name, facts.certificate)
        return facts

    def sign(self, digest: bytes, facts: KeyFacts | None = None) -> bytes:
        """Return the raw signature over a digest; see `SigningKey.sign`."""
        with self._noting():
            return super().sign(digest, facts)

    def cms(self, digest: bytes, facts: KeyFacts | None = None) -> bytes:
        """Return a SignedData (DER) over a document's digest; see `SigningKey.cms`."""
        with self._noting():
            return super().cms(digest, facts)

    def _password(self) -> str:
        """Return the password or PIN as it lies in its file now."""
        return password_of(self._own, self._environ)

    @contextmanager
    def _telling(self, packet: Packet, secret: str) -> Iterator[None]:
        """Have a secret told once; where it is a token's PIN, whatever is restarted."""
        place = self._own.place
        if not isinstance(place, OnToken):
            with super()._telling(packet, secret):
                yield
            return
        self._pin = None
        with self._refusals.telling(place, secret, self._own.password_file) as told:
            yield
        self._pin = told

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Write down that a token refused a PIN it had taken: it may want it at each signature."""
        try:
            yield
        except KeyTrouble as trouble:
            if trouble.reason in NOT_AGAIN and self._pin is not None:
                self._refusals.note(self._pin)
            if trouble.reason is Reason.WRONG_SECRET and not isinstance(self._own.place, OnToken):
                hint = self._where_to_write()
                raise KeyTrouble(trouble.message, trouble.reason, hint=hint) from trouble
            raise

    def _where_to_write(self) -> Message:
        """Say where the password of a file is looked for."""
        if not self._own.password_file:
            return say(
                "write its password into a file, and name that in signing.keys: "
                "password_file of {key}",
                key=self.name,
            )
        return say(
            "write the right password into {path} (signing.keys: password_file of {key})",
            path=shown(self._own.password_file),
            key=self.name,
        )


def password_of(key: OwnKey, environ: Mapping[str, str]) -> str:
    """Return the password or PIN of a key as it lies in its file now; empty for none."""
    if not key.password_file:
        return ""
    try:
        path = secret_path(key.password_file, environ)
        return read_secret(path).decode()
    except UnicodeDecodeError as error:
        raise KeyTrouble(
            say("the password in {path} is not written in UTF-8", path=str(path)),
            Reason.KEY_MISSING,
            hint=say("save it as UTF-8 in the editor"),
        ) from error
    except EdgeNodeError as error:
        raise KeyTrouble(error.message, Reason.KEY_MISSING, hint=error.hint) from error


def _read(path: Path) -> dict[str, object] | None:
    """Return what is remembered; None where nothing is, KeysUnsound for what is not ours."""
    with disk_errors(path):
        try:
            with path.open("rb") as file:
                content = file.read(_LARGEST)
        except FileNotFoundError:
            return None
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _unsound(path) from error
    if not isinstance(told, dict):
        raise _unsound(path)
    return told


def _unsound(path: Path) -> KeysUnsound:
    return KeysUnsound(
        say("{path} is not as it was written", path=shown(path)),
        hint=say("look into it and remove it; then: edge-node cert activate NAME"),
    )
