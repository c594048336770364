"""
The key on a token (`slot`), by PKCS #11: found by name, asked for raw signatures over one session.

A token locks itself after a few wrong PINs, and only its issuer can unlock it. So a PIN that was
refused is never tried again by this process, and the last try a token has left is a person's.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pkcs11
from asn1crypto import algos, core
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11 import Attribute, Mechanism, ObjectClass, TokenFlag
from pkcs11.types import SignMixin

from edge_node.domain.message import say
from edge_node.notary.keys import (
    KeyMismatch,
    KeyMissing,
    KeyUnavailable,
    KeyUnreadable,
    KeyUnsupported,
    WrongPassword,
    chain_of,
)
from edge_node.notary.raw import (
    Algorithm,
    PublicKey,
    algorithm_for,
    fits,
    is_short,
    kind_of,
    public_key,
)
from edge_node.notary.slot import TokenPlace, certificates_on, serial_of, silent, token_at

if TYPE_CHECKING:
    from collections.abc import Sequence


class TokenLocked(KeyUnavailable):
    """The token lets nobody try a PIN any more, or should not be made to."""


# A session ends when the token is pulled or idles, when its driver is restarted or the machine
# slept. Whatever else a token answers would be answered again.
_LOST: Final = (
    pkcs11.SessionHandleInvalid,
    pkcs11.SessionClosed,
    pkcs11.UserNotLoggedIn,
    pkcs11.KeyHandleInvalid,
    pkcs11.ObjectHandleInvalid,
    pkcs11.DeviceRemoved,
    pkcs11.DeviceError,
    pkcs11.TokenNotPresent,
    pkcs11.SlotIDInvalid,
)
_WRONG_PIN: Final = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange)
_REFUSED: Final[set[tuple[str, str]]] = set()  # (token, PIN): the token counts these, so do we


@dataclass(frozen=True, slots=True)
class _Session:
    """A login that stands, and the key found by it."""

    session: pkcs11.Session
    private: SignMixin
    serial: str  # of the token
    every_time: bool  # the key wants the PIN at each signature


@dataclass(slots=True, kw_only=True)
class TokenKey:
    """A key that stays on its token; fulfils `Key`. Made by `open_token`; not for two threads."""

    place: TokenPlace
    certificate: bytes
    chain: tuple[bytes, ...]
    algorithm: Algorithm
    pin: str = field(repr=False)
    public: PublicKey = field(repr=False)
    _open: _Session | None = field(repr=False)

    def sign(self, digest: bytes) -> bytes:
        """
        Return the raw signature over ``digest``; see `Key`.

        A session that was lost is opened again, once. What the token answers is checked by its
        certificate before it is given on. Raises `KeyUnavailable`.
        """
        try:
            signature = self._asked(digest)
        except _LOST:
            self.close()
            signature = self._asked(digest, again=True)
        if not fits(self.public, signature, digest, self.algorithm.digest):
            raise KeyMismatch(
                say("the key on the token {token} does not fit its certificate", token=self._name),
                hint=say("the key and the certificate must have been made for each other"),
            )
        return signature

    def close(self) -> None:
        """Log out. Signing afterwards logs in again."""
        if self._open is not None:
            with suppress(pkcs11.PKCS11Error):  # it may be what was lost
                self._open.session.close()
            self._open = None

    @property
    def _name(self) -> str:
        return self.place.label or self.place.serial or self.place.module

    def _asked(self, digest: bytes, *, again: bool = False) -> bytes:
        if self._open is None:
            self._open = _login(self.place, self.pin)
        try:
            return self._raw(self._open, digest)
        except _WRONG_PIN as error:
            _REFUSED.add((self._open.serial, self.pin))
            self.close()
            raise _wrong(self._name) from error
        except pkcs11.PKCS11Error as error:
            if isinstance(error, _LOST) and not again:
                raise
            raise silent(self._name, error) from error

    def _raw(self, opened: _Session, digest: bytes) -> bytes:
        again = {"pin": self.pin} if opened.every_time else {}
        if isinstance(self.public, ec.EllipticCurvePublicKey):
            return _as_der(opened.private.sign(digest, mechanism=Mechanism.ECDSA, **again))
        padded = _digest_info(digest, self.algorithm)
        return opened.private.sign(padded, mechanism=Mechanism.RSA_PKCS, **again)


def open_token(
    place: TokenPlace, pin: str, *, certificate: bytes | None = None, chain: Sequence[bytes] = ()
) -> TokenKey:
    """
    Log in, and return the key at ``place`` with its certificate.

    The certificate and its chain are read from the token; ``certificate`` is taken where the
    token holds none, ``chain`` (DER, in any order) completes what it holds. Raises `TokenMissing`,
    `TokenLocked`, `TokenSilent`, `WrongPassword`, `KeyMissing`, `KeyUnreadable` and
    `KeyUnsupported`.
    """
    opened = _login(place, pin)
    name = place.label or place.serial or place.module
    try:
        return _found(place, pin, opened, certificate, chain)
    except pkcs11.PKCS11Error as error:
        raise silent(name, error) from error
    except KeyUnavailable:
        opened.session.close()
        raise
    except (ValueError, TypeError) as error:
        opened.session.close()
        raise KeyUnreadable(
            say("a certificate on the token {token} cannot be read", token=name),
            hint=say("have the certificate written to the token again"),
        ) from error


def _found(
    place: TokenPlace,
    pin: str,
    opened: _Session,
    certificate: bytes | None,
    chain: Sequence[bytes],
) -> TokenKey:
    """Join the key with its certificate. Raises ValueError for one that cannot be read."""
    name = place.label or place.serial or place.module
    there = list(certificates_on(opened.session))
    own = _own(opened.private, there) or certificate
    if own is None:
        raise KeyMissing(
            say("the token {token} holds no certificate of its key", token=name),
            hint=say("have the certificate written to the token, or name its file"),
        )
    public = public_key(own)
    algorithm = algorithm_for(public)
    if public is None or algorithm is None:
        kind = kind_of(public)
        unused = say("the key on the token {token} is of the kind {kind}", token=name, kind=kind)
        short = say("the key on the token {token} is too short: {kind}", token=name, kind=kind)
        raise KeyUnsupported(
            short if is_short(public) else unused,
            hint=say("use an RSA key of at least 2048 bits, or an EC key on P-256 or P-384"),
        )
    return TokenKey(
        place=place,
        certificate=own,
        chain=chain_of(own, [*(der for _, _, der in there), *chain]),
        algorithm=algorithm,
        pin=pin,
        public=public,
        _open=opened,
    )


def _login(place: TokenPlace, pin: str) -> _Session:
    """Open a session and find the key in it."""
    token = token_at(place)
    session = _session(token, pin)
    try:
        private = _private(session, place, token.label)
        told = private.get_attributes([Attribute.ALWAYS_AUTHENTICATE])
    except pkcs11.PKCS11Error as error:
        raise silent(token.label, error) from error
    except KeyUnavailable:
        session.close()
        raise
    return _Session(
        session, private, serial_of(token), bool(told.get(Attribute.ALWAYS_AUTHENTICATE))
    )


def _session(token: pkcs11.Token, pin: str) -> pkcs11.Session:
    """Log in; never with a PIN that was refused, never as the last try."""
    name, tried = token.label, (serial_of(token), pin)
    if not pin:
        raise WrongPassword(
            say("no PIN was given for the token {token}", token=name),
            hint=say("give the PIN of the token"),
        )
    if tried in _REFUSED:
        raise _wrong(name)
    if TokenFlag.USER_PIN_LOCKED in token.flags:
        raise _locked(name)
    if TokenFlag.USER_PIN_FINAL_TRY in token.flags:
        raise TokenLocked(
            say(
                "the token {token} has one try of its PIN left, and it is not used here",
                token=name,
            ),
            hint=say("log in once by the token's own program, with the right PIN"),
        )
    try:
        try:
            return token.open(user_pin=pin)
        except pkcs11.UserAlreadyLoggedIn:  # by this process: the login holds for all its sessions
            return token.open()
    except _WRONG_PIN as error:
        _REFUSED.add(tried)
        raise _wrong(name) from error
    except pkcs11.PinLocked as error:
        raise _locked(name) from error
    except pkcs11.PKCS11Error as error:
        raise silent(name, error) from error


def _wrong(name: str) -> WrongPassword:
    return WrongPassword(
        say("the token {token} refused the PIN; that PIN is not told to it again", token=name),
        hint=say(
            "write the right PIN into the password_file of this key in signing.keys; after a few"
            " wrong ones the token locks itself"
        ),
    )


def _locked(name: str) -> TokenLocked:
    return TokenLocked(
        say("the token {token} is locked after too many wrong PINs", token=name),
        hint=say("have its issuer unlock it"),
    )


def _private(session: pkcs11.Session, place: TokenPlace, name: str) -> SignMixin:
    """Return the one private key that was named."""
    wanted: dict[Attribute, object] = {
        Attribute.CLASS: ObjectClass.PRIVATE_KEY,
        Attribute.SIGN: True,
    }
    if place.key_label:
        wanted[Attribute.LABEL] = place.key_label
    if place.key_id:
        wanted[Attribute.ID] = place.key_id
    keys = [key for key in session.get_objects(wanted) if isinstance(key, SignMixin)]
    asked = place.key_label or place.key_id.hex()
    if not keys:
        raise KeyMissing(
            say("the token {token} holds no key {key} to sign with", token=name, key=asked),
            hint=say("`pkcs11-tool --login --list-objects` shows which ones it holds"),
        )
    if len(keys) > 1:
        raise KeyMissing(
            say("the token {token} holds {count} keys to sign with", token=name, count=len(keys)),
            hint=say("name the label or the id of the key to sign with"),
        )
    return keys[0]


def _own(private: SignMixin, found: Sequence[tuple[bytes, str, bytes]]) -> bytes | None:
    """Return the certificate with the id of the key, or else with its label."""
    named = private.get_attributes([Attribute.ID, Attribute.LABEL])
    key_id, label = named.get(Attribute.ID), named.get(Attribute.LABEL)
    by_id = (der for its_id, _, der in found if key_id and its_id == key_id)
    by_label = (der for _, its_label, der in found if label and its_label == label)
    return next(by_id, None) or next(by_label, None)


def _digest_info(digest: bytes, algorithm: Algorithm) -> bytes:
    """Return what PKCS #1 v1.5 pads (RFC 8017, 9.2): the hash function's name, and the digest."""
    named = {"algorithm": algorithm.digest, "parameters": core.Null()}
    info: bytes = algos.DigestInfo({"digest_algorithm": named, "digest": digest}).dump()
    return info


def _as_der(signature: bytes) -> bytes:
    """Return the two numbers of an ECDSA signature, r || s on a token, as CMS wants them."""
    half = len(signature) // 2
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    return encode_dss_signature(r, s)
