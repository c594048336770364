"""
The demo's own time-stamp authority: real tokens (RFC 3161) over whatever digest it is handed.

It knows no caller and keeps no record; how it is reached is `edge_node.demo.authority`.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Final

from asn1crypto import algos, cms, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.demo.issuing import Holder

POLICY: Final = "2.999.3161"  # below the arc that is kept for examples (ITU-T X.660)
_HASHES: Final = frozenset({"sha256", "sha384", "sha512"})


def stamp(request: bytes, by: Holder, now: datetime) -> bytes:
    """
    Return the answer (DER of a TimeStampResp) to a request (DER of a TimeStampReq).

    Raises ValueError for what is no request, asks for another policy than `POLICY`, or comes with
    a hash function that is not safe.
    """
    asked = tsp.TimeStampReq.load(request, strict=True)
    imprint = asked["message_imprint"]
    if imprint["hash_algorithm"]["algorithm"].native not in _HASHES:
        raise ValueError(imprint["hash_algorithm"]["algorithm"].native)
    if asked["req_policy"].native not in {None, POLICY}:
        raise ValueError(asked["req_policy"].native)
    told = {
        "version": "v1",
        "policy": POLICY,
        "message_imprint": imprint,
        "serial_number": secrets.randbits(63),
        "gen_time": now,
        "accuracy": {"seconds": 1},
    }
    if asked["nonce"].native is not None:
        told["nonce"] = asked["nonce"]
    token = _sealed(tsp.TSTInfo(told).dump(), by)
    answer = tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token})
    der: bytes = answer.dump()
    return der


def _sealed(content: bytes, by: Holder) -> cms.ContentInfo:
    """Wrap what was stamped in a SignedData, the certificate of the authority beside it."""
    certificate = x509.Certificate.load(by.der)
    hashed = algos.DigestAlgorithm({"algorithm": "sha256"})
    named = {"certs": [{"cert_hash": certificate.sha256}]}
    attributes = cms.CMSAttributes(
        [
            _attribute("content_type", "tst_info"),
            _attribute("message_digest", hashlib.sha256(content).digest()),
            _attribute("signing_certificate_v2", tsp.SigningCertificateV2(named)),
        ]
    )
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            "issuer_and_serial_number",
            {"issuer": certificate.issuer, "serial_number": certificate.serial_number},
        ),
        "digest_algorithm": hashed,
        "signed_attrs": attributes,
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": by.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
    }
    signed = {
        "version": "v3",
        "digest_algorithms": [hashed],
        "encap_content_info": {
            "content_type": "tst_info",
            "content": cms.ParsableOctetString(content),
        },
        "certificates": [certificate],
        "signer_infos": [signer],
    }
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})


def _attribute(kind: str, value: object) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": [value]})
