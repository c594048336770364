"""
The algorithms of XML signatures, by the URIs they go by, and raw signatures in the form of XML.

Which of them still prove anything is `edge_node.notary.strength`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

from edge_node.notary.raw import Algorithm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from edge_node.notary.raw import PublicKey

_DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_ENC: Final = "http://www.w3.org/2001/04/xmlenc#"

SHA256: Final = _ENC + "sha256"
DIGESTS: Final[Mapping[str, str]] = {
    _DSIG + "sha1": "sha1",
    SHA256: "sha256",
    _MORE + "sha384": "sha384",
    _ENC + "sha512": "sha512",
}
# Which key, and which hash function.
SIGNATURES: Final[Mapping[str, tuple[str, str]]] = {
    _DSIG + "rsa-sha1": ("rsa", "sha1"),
    **{f"{_MORE}rsa-sha{bits}": ("rsa", f"sha{bits}") for bits in (256, 384, 512)},
    **{f"{_MORE}ecdsa-sha{bits}": ("ecdsa", f"sha{bits}") for bits in (1, 256, 384, 512)},
}
OURS: Final[Mapping[Algorithm, str]] = {
    Algorithm.RSA_SHA256: _MORE + "rsa-sha256",
    Algorithm.P256_SHA256: _MORE + "ecdsa-sha256",
    Algorithm.P384_SHA384: _MORE + "ecdsa-sha384",
}
# SHA-1 for the signatures of old files only; `strength.weakness` says what it is worth.
_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - read, never made
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def digest_of(chunks: Iterable[bytes], name: str = "sha256") -> bytes:
    """Return the digest of what comes in chunks."""
    function = hashlib.new(name)
    for chunk in chunks:
        function.update(chunk)
    return function.digest()


def to_xml(signature: bytes, key: PublicKey) -> bytes:
    """Return a raw signature as XML has it: of ECDSA r and s side by side, and no DER."""
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return signature
    size = (key.curve.key_size + 7) // 8
    return b"".join(n.to_bytes(size, "big") for n in utils.decode_dss_signature(signature))


def fits(key: PublicKey, signature: bytes, signed: bytes, method: str) -> bool:
    """Whether ``signature``, as XML has it, was made over ``signed`` by ``method`` (a URI)."""
    kind, name = SIGNATURES[method]
    function = _HASHES[name]
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            size = (key.curve.key_size + 7) // 8
            if kind != "ecdsa" or len(signature) != 2 * size:
                return False
            r, s = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
            key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(function))
        elif kind == "rsa":
            key.verify(signature, signed, padding.PKCS1v15(), function)
        else:
            return False
    except InvalidSignature:
        return False
    return True
