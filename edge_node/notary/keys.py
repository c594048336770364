"""
The key a signature is made with: from a PKCS #12 file or PEM files, parsed once.

Tokens are `edge_node.notary.token`; what is signed and what it stands in are left to others.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from asn1crypto import pem
from asn1crypto import pkcs12 as asn1_pkcs12
from asn1crypto import x509 as asn1_x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs12

from edge_node.domain.errors import Outage
from edge_node.domain.message import say
from edge_node.notary.raw import (
    HASHES,
    Algorithm,
    algorithm_for,
    fits,
    is_short,
    kind_of,
    public_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class KeyUnavailable(Outage):
    """Nothing can be signed until a person mends what holds the key."""


class WrongPassword(KeyUnavailable):
    """The password or PIN is not the one that opens the key."""


class KeyMissing(KeyUnavailable):
    """No private key, or no certificate of it, is where it should be."""


class KeyMismatch(KeyUnavailable):
    """The key is not the one its certificate speaks of."""


class KeyUnsupported(KeyUnavailable):
    """The key is of a kind nothing is signed with here."""


class KeyUnreadable(KeyUnavailable):
    """What should hold the key cannot be read as such."""


class Key(Protocol):
    """Whatever signs: a certificate, and a way to ask for raw signatures by its key."""

    @property
    def certificate(self) -> bytes:
        """The certificate, DER."""

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates from its issuer upwards, DER, without the root."""

    @property
    def algorithm(self) -> Algorithm:
        """The kind of signature it makes; names the hash function of the digest, too."""

    def sign(self, digest: bytes) -> bytes:
        """
        Return the raw signature over a ``digest`` made with the algorithm's hash function.

        RSA: PKCS #1 v1.5, as long as the modulus. ECDSA: DER. Raises `KeyUnavailable`.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKey:
    """A key that was read from files; fulfils `Key`."""

    certificate: bytes
    chain: tuple[bytes, ...]
    algorithm: Algorithm
    private: PrivateKey = field(repr=False)

    def sign(self, digest: bytes) -> bytes:
        """Return the raw signature over ``digest``; see `Key`."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(digest, padding.PKCS1v15(), self.algorithm.prehashed)
        return self.private.sign(digest, ec.ECDSA(self.algorithm.prehashed))


def from_pkcs12(content: bytes, password: str, *, name: str) -> FileKey:
    """
    Read a PKCS #12 file (.p12, .pfx), of old programs (3DES, RC2-40) too.

    ``name`` is what the sentences call the file. Raises `KeyUnreadable`, `WrongPassword`,
    `KeyMissing`, `KeyMismatch` and `KeyUnsupported`.
    """
    try:
        asn1_pkcs12.Pfx.load(content, strict=True)["auth_safe"].native  # noqa: B018 - reads it all
    except (ValueError, TypeError, KeyError) as error:
        raise KeyUnreadable(
            say("{file} is not a PKCS #12 file", file=name),
            hint=say("name the .p12 or .pfx file the certificate authority handed out"),
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of BER, which older programs write
            private, leaf, others = pkcs12.load_key_and_certificates(content, password.encode())
    except ValueError as error:
        raise _not_opened(name, error) from error
    except UnsupportedAlgorithm as error:
        raise KeyUnsupported(
            say("{file} is protected in a way that cannot be read here", file=name),
            hint=say("export it again, protected by AES-256 or 3DES"),
        ) from error
    if private is None:
        raise KeyMissing(
            say("there is no private key in {file}", file=name),
            hint=say("export the certificate again together with its private key"),
        )
    found = [one for one in (leaf, *others) if one is not None]
    return _key(private, [one.public_bytes(Encoding.DER) for one in found], name)


def from_pem(
    key: bytes, certificates: bytes, password: str | None = None, *, name: str
) -> FileKey:
    """
    Read a private key and, from another file or the same, its certificate and chain, all PEM.

    The certificates may be in any order. Raises what `from_pkcs12` raises.
    """
    if not pem.detect(key):
        raise KeyMissing(
            say("there is no private key in {file}", file=name),
            hint=say("the file must have a line that begins with -----BEGIN and names a key"),
        )
    private = _private_pem(key, password, name)
    return _key(private, _certificates(certificates, name), name)


def _private_pem(key: bytes, password: str | None, name: str) -> object:
    try:
        return load_pem_private_key(key, password.encode() if password else None)
    except TypeError as error:
        if password:  # given for a key that needs none: no reason to stop
            return _private_pem(key, None, name)
        raise WrongPassword(
            say("the key in {file} is protected by a password and none was given", file=name),
            hint=say("give the password of the key"),
        ) from error
    except ValueError as error:
        if b"PRIVATE KEY" not in key:
            raise KeyMissing(
                say("there is no private key in {file}", file=name),
                hint=say("name the file that holds the key, not only its certificate"),
            ) from error
        raise _not_opened(name, error) from error
    except UnsupportedAlgorithm as error:
        raise KeyUnsupported(
            say("the key in {file} is of a kind that is not used here", file=name), hint=_KINDS
        ) from error


def _not_opened(name: str, error: ValueError) -> KeyUnavailable:
    """Tell a wrong password, as far as it can be told, from a damaged file."""
    if "password" in str(error).lower():
        return WrongPassword(
            say("the password does not open {file}", file=name),
            hint=say("give the password that was set when the file was made"),
        )
    return KeyUnreadable(
        say("{file} is damaged, or the password is wrong", file=name),
        hint=say("try to open it by another program, or have it handed out again"),
    )


_KINDS = say("use an RSA key of at least 2048 bits, or an EC key on P-256 or P-384")


def _certificates(content: bytes, name: str) -> list[bytes]:
    """Return every certificate of a PEM file, DER; passes over what else is in it."""
    if not pem.detect(content):
        return []
    kinds = {"CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE"}
    try:
        found = list(pem.unarmor(content, multiple=True))
    except ValueError as error:
        raise KeyUnreadable(
            say("the certificates beside {file} cannot be read as PEM", file=name),
            hint=say("copy the file of certificates again"),
        ) from error
    return [der for kind, _, der in found if kind in kinds]


def _key(private: object, certificates: Sequence[bytes], name: str) -> FileKey:
    """Join a private key with the certificate that is its own among those found beside it."""
    if not isinstance(private, PrivateKey):
        kind = kind_of(private).removesuffix("PrivateKey")
        raise KeyUnsupported(
            say("the key in {file} is of the kind {kind}", file=name, kind=kind), hint=_KINDS
        )
    public = private.public_key()
    algorithm = algorithm_for(public)
    if algorithm is None:
        kind = kind_of(public)
        unused = say("the key in {file} is of the kind {kind}", file=name, kind=kind)
        short = say("the key in {file} is too short: {kind}", file=name, kind=kind)
        raise KeyUnsupported(short if is_short(public) else unused, hint=_KINDS)
    if not certificates:
        raise KeyMissing(
            say("there is no certificate with the key in {file}", file=name),
            hint=say("export the key together with its certificate, or name the certificate too"),
        )
    try:
        own = [der for der in certificates if public_key(der) == public]
        if not own:
            raise KeyMismatch(
                say("the key in {file} belongs to none of the certificates beside it", file=name),
                hint=say(
                    "name the certificate that was issued for this key in signing.keys; `openssl"
                    " pkey -in KEY -pubout` and `openssl x509 -in CERTIFICATE -pubkey -noout` show"
                    " the same for the two of a pair"
                ),
            )
        latest = max(own, key=_begins)
        return FileKey(
            certificate=latest,
            chain=chain_of(latest, certificates),
            algorithm=algorithm,
            private=private,
        )
    except (ValueError, TypeError) as error:
        raise KeyUnreadable(
            say("a certificate beside {file} cannot be read", file=name),
            hint=say("copy the file again, or have it handed out again"),
        ) from error


def _begins(certificate: bytes) -> float:
    """Of several certificates of one key, the one that begins last is the renewed one."""
    validity = asn1_x509.Certificate.load(certificate)["tbs_certificate"]["validity"]
    return float(validity["not_before"].native.timestamp())


def chain_of(certificate: bytes, others: Iterable[bytes]) -> tuple[bytes, ...]:
    """
    Return those of ``others`` that lead up from a certificate, issuer first, without a root.

    Of several issuers of one name, as an authority has when it renews its key, the one whose key
    made the signature; where none did as far as can be told, the one by its key identifier.
    """
    left = {der: asn1_x509.Certificate.load(der) for der in others}
    chain: list[bytes] = []
    last = asn1_x509.Certificate.load(certificate)
    while True:
        named = {der: one for der, one in left.items() if _may_have_issued(one, last)}
        if not named:
            return tuple(chain)
        der = max(named, key=lambda der: (_made_by(last, der), _is_meant(last, left[der])))
        chain.append(der)
        last = left.pop(der)


def _may_have_issued(one: asn1_x509.Certificate, certificate: asn1_x509.Certificate) -> bool:
    return bool(one.subject != one.issuer and one.subject == certificate.issuer)


def _made_by(certificate: asn1_x509.Certificate, issuer: bytes) -> bool:
    """Tell whether a certificate was signed by the key of an issuer's, as far as can be told."""
    algorithm = certificate["signature_algorithm"]
    try:
        key, hashed = public_key(issuer), algorithm.hash_algo
        if key is None or hashed not in HASHES:
            return False
        digest = hashlib.new(hashed, certificate["tbs_certificate"].dump()).digest()
        salt = -1
        if algorithm.signature_algo == "rsassa_pss":
            salt = int(algorithm["parameters"]["salt_length"].native)
        return fits(key, certificate["signature_value"].native, digest, hashed, pss=salt)
    except ValueError:
        return False


def _is_meant(certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate) -> bool:
    meant = certificate.authority_key_identifier
    return bool(meant is not None and meant == issuer.key_identifier)
