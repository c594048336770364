"""Names of signature algorithms, and which of them no longer hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.domain.message import say
from edge_node.notary.certificates import load

if TYPE_CHECKING:
    from asn1crypto.keys import PublicKeyInfo

    from edge_node.domain.message import Message
    from edge_node.notary.trust import Trust

BROKEN: Final = frozenset({"md2", "md4", "md5", "ripemd160"})  # for good, whatever is configured
SMALLEST_CURVE: Final = 256  # bits
CURVES: Final = {"secp256r1": "p256", "secp384r1": "p384", "secp521r1": "p521"}


def algorithm(certificate: bytes, digest: str) -> str:
    """Name key and digest as ``rsa2048-sha256`` or ``ecdsa-p256-sha384``."""
    return f"{_key_name(load(certificate).public_key)}-{digest}"


def weakness(certificate: bytes, digest: str, trust: Trust) -> Message | None:
    """Say why a signature by this key over this digest no longer proves much; None if it does."""
    if digest == "sha1" and not trust.legacy_sha1:
        return say("it uses SHA-1, which can be forged")
    if digest in BROKEN:
        return say("it uses {digest}, which can be forged", digest=digest.upper())
    return _short(load(certificate).public_key, trust)


def _short(key: PublicKeyInfo, trust: Trust) -> Message | None:
    kind, bits = key.algorithm, key.bit_size
    if kind in {"rsa", "rsassa_pss"} and bits < trust.minimum_rsa:
        return say(
            "its RSA key of {bits} bits is too short: at least {minimum} are asked for",
            bits=bits,
            minimum=trust.minimum_rsa,
        )
    if kind == "ec" and bits < SMALLEST_CURVE:
        return say("its elliptic curve of {bits} bits is too short", bits=bits)
    if kind == "dsa":
        return say("it uses DSA, which is no longer accepted")
    return None


def _key_name(key: PublicKeyInfo) -> str:
    if key.algorithm in {"rsa", "rsassa_pss"}:
        return f"rsa{key.bit_size}"
    if key.algorithm == "ec":
        _, curve = key.curve
        return f"ecdsa-{CURVES.get(curve, curve)}"
    return str(key.algorithm)
