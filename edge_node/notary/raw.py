"""
Raw signatures: the kinds made here, and whether one was made by the key of a certificate.

What a certificate is worth and what a signature stands in are left to others.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from asn1crypto import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key

HASHES: Final = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
SMALLEST_RSA: Final = 2048

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class Algorithm(StrEnum):
    """A kind of signature this node makes."""

    RSA_SHA256 = "rsa-pkcs1-sha256"
    P256_SHA256 = "ecdsa-p256-sha256"
    P384_SHA384 = "ecdsa-p384-sha384"

    @property
    def digest(self) -> str:
        """The hash function, as hashlib and asn1crypto name it."""
        return self.rsplit("-", 1)[1]

    @property
    def prehashed(self) -> Prehashed:
        """What tells `cryptography` that it is given the digest."""
        return Prehashed(HASHES[self.digest])


CURVES: Final = {"secp256r1": Algorithm.P256_SHA256, "secp384r1": Algorithm.P384_SHA384}


def public_key(certificate: bytes) -> PublicKey | None:
    """
    Return the public key of a certificate (DER); None for a kind that cannot be used here.

    Read by asn1crypto, because `cryptography` balks at names longer than 64 bytes, which
    Vietnamese agencies have. Raises ValueError for what is no certificate.
    """
    spki = x509.Certificate.load(certificate, strict=True).public_key.dump()
    try:
        key = load_der_public_key(spki)
    except UnsupportedAlgorithm:
        return None
    return key if isinstance(key, PublicKey) else None


def algorithm_for(key: object) -> Algorithm | None:
    """Return the kind of signature a public key is used for here; None if for none."""
    if isinstance(key, rsa.RSAPublicKey):
        return Algorithm.RSA_SHA256 if key.key_size >= SMALLEST_RSA else None
    if isinstance(key, ec.EllipticCurvePublicKey):
        return CURVES.get(key.curve.name)
    return None


def is_short(key: object) -> bool:
    """Tell whether a public key would be used here if it had more bits."""
    return isinstance(key, rsa.RSAPublicKey) and key.key_size < SMALLEST_RSA


def kind_of(key: object) -> str:
    """Name a public key for people: `RSA 1024`, `secp521r1`, or its class."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.name
    return "?" if key is None else type(key).__name__.removesuffix("PublicKey")


def longest(key: PublicKey) -> int:
    """Return how many bytes a signature by this key takes at most (ECDSA as DER)."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size // 8
    number = key.curve.key_size // 8 + 3  # tag, length, and a zero before a high bit
    return 2 * number + 2


def fits(key: PublicKey, signature: bytes, digest: bytes, hashed: str, *, pss: int = -1) -> bool:
    """
    Say whether ``signature`` over ``digest`` was made with the private half of ``key``.

    ``hashed`` names the hash function; ``pss`` is the length of the salt of RSASSA-PSS, and is
    left out for PKCS #1 v1.5.
    """
    function = HASHES[hashed]
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, digest, ec.ECDSA(Prehashed(function)))
        elif pss >= 0:
            scheme = padding.PSS(padding.MGF1(function), pss)
            key.verify(signature, digest, scheme, Prehashed(function))
        else:
            key.verify(signature, digest, padding.PKCS1v15(), Prehashed(function))
    except InvalidSignature:
        return False
    return True
