"""
Time-stamps (RFC 3161): a request for a digest, and the answer checked against it.

Who carries the request to the authority is not here, nor whether the authority is trusted: that
is `edge_node.notary.trust`. Every way in which an answer can be useless has its own sentence.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from asn1crypto import algos, cms, core, tsp, x509

from edge_node.domain.errors import Outage
from edge_node.domain.message import say
from edge_node.notary.raw import HASHES, fits, public_key

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.domain.message import Message

CONTENT_TYPE: Final = "application/timestamp-query"
ANSWER_TYPE: Final = "application/timestamp-reply"


class StampUnusable(Outage):
    """What a time-stamp authority answered is no time-stamp of what was asked for."""


class _Answer(core.Sequence):  # type: ignore[misc] # asn1crypto has no types
    """TimeStampResp: a refusal comes without a token, which asn1crypto's own cannot read."""

    _fields = [  # noqa: RUF012 - the library's way
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class StampRequest:
    """A question to an authority; kept to check the answer by."""

    der: bytes
    digest: bytes
    hashed: str  # the hash function
    nonce: int
    policy: str = ""  # the authority's policy that was asked for, dotted


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshStamp:
    """A time-stamp that answers its request: sound in itself, and not yet trusted."""

    token: bytes  # DER of a ContentInfo
    moment: datetime
    policy: str
    serial: str  # hexadecimal
    certificate: bytes  # of the authority, DER


def ask(
    digest: bytes, hashed: str = "sha256", *, policy: str = "", nonce: int | None = None
) -> StampRequest:
    """Return a request for a stamp over ``digest``; the nonce is random unless one is given."""
    nonce = secrets.randbits(63) | 1 << 62 if nonce is None else nonce
    told = {
        "version": "v1",
        "message_imprint": {
            "hash_algorithm": {"algorithm": hashed, "parameters": core.Null()},
            "hashed_message": digest,
        },
        "nonce": nonce,
        "cert_req": True,
    }
    if policy:
        told["req_policy"] = policy
    der: bytes = tsp.TimeStampReq(told).dump()
    return StampRequest(der=der, digest=digest, hashed=hashed, nonce=nonce, policy=policy)


def read(answer: bytes, request: StampRequest) -> FreshStamp:
    """
    Check an authority's ``answer`` (DER of a TimeStampResp) to a request; return the stamp.

    Raises `StampUnusable` for an answer that is refused, unreadable, of something else, or not
    signed by a certificate that may stamp.
    """
    try:
        return _checked(_Answer.load(answer, strict=True), request)
    except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
        raise _unusable(
            say("what the time-stamp authority answered is no time-stamp answer"),
            say("check the address: often a login page or an error page answers instead"),
        ) from error


def _checked(answer: _Answer, request: StampRequest) -> FreshStamp:
    _granted(answer["status"])
    token = answer["time_stamp_token"]
    if isinstance(token, core.Void) or token["content_type"].native != "signed_data":
        raise _unusable(say("the time-stamp authority granted a stamp and sent none"))
    signed = token["content"]
    encapsulated = signed["encap_content_info"]
    if encapsulated["content_type"].native != "tst_info" or len(signed["signer_infos"]) != 1:
        raise _unusable(say("the time-stamp authority sent something else than a stamp"))
    told = tsp.TSTInfo.load(bytes(encapsulated["content"]), strict=True)
    _answers(told, request)
    signer = signed["signer_infos"][0]
    certificate = _stamping(signed, signer)
    _sealed(bytes(encapsulated["content"]), signer, certificate)
    moment = told["gen_time"].native
    _in_force(certificate, moment)
    return FreshStamp(
        token=token.dump(),
        moment=moment,
        policy=told["policy"].dotted,
        serial=f"{told['serial_number'].native:x}",
        certificate=certificate.dump(),
    )


def _granted(status: tsp.PKIStatusInfo) -> None:
    """Tell a refusal in the authority's own words."""
    verdict = status["status"].native
    if verdict in {"granted", "granted_with_mods"}:
        return
    why, text = status["fail_info"].native, status["status_string"].native
    words = [verdict, *sorted(why or ()), *(text or ())]
    raise _unusable(
        say("the time-stamp authority refused: {words}", words=", ".join(words)),
        say("ask the authority, or whoever runs this node, whether it may be used"),
    )


def _answers(told: tsp.TSTInfo, request: StampRequest) -> None:
    """Compare what was stamped with what was asked for."""
    imprint = told["message_imprint"]
    hashed = imprint["hash_algorithm"]["algorithm"].native
    if hashed != request.hashed or not compare_digest(
        imprint["hashed_message"].native, request.digest
    ):
        raise _unusable(say("the time-stamp is of something else than was asked for"))
    if told["nonce"].native != request.nonce:
        raise _unusable(
            say("the time-stamp answers another request than this one"),
            say("look for a proxy on the way to the authority that keeps old answers"),
        )
    if request.policy and told["policy"].dotted != request.policy:
        raise _unusable(
            say(
                "the time-stamp was made by the policy {policy}, which was not asked for",
                policy=told["policy"].dotted,
            ),
            say("ask the authority which policies it offers"),
        )


def _stamping(signed: cms.SignedData, signer: cms.SignerInfo) -> x509.Certificate:
    """Return the certificate the stamp names as its signer's, if that may make stamps."""
    sent = signed["certificates"]
    found = [] if isinstance(sent, core.Void) else [one.chosen for one in sent]
    named = [one for one in found if _is_of(one, signer["sid"]) and _is_named(one, signer)]
    if not named:
        raise _unusable(say("the time-stamp does not hold the certificate of its authority"))
    certificate = named[0]
    purposes = certificate.extended_key_usage_value
    if (
        purposes is None
        or purposes.native != ["time_stamping"]
        or "extended_key_usage" not in certificate.critical_extensions
    ):
        raise _unusable(
            say("the time-stamp was made with a certificate that is not for time-stamps alone"),
            say("use an authority whose certificate is for time-stamping, critically so"),
        )
    return certificate


def _is_of(certificate: x509.Certificate, sid: cms.SignerIdentifier) -> bool:
    if not isinstance(certificate, x509.Certificate):
        return False
    if sid.name == "subject_key_identifier":
        return bool(certificate.key_identifier == sid.native)
    return bool(
        certificate.issuer.dump() == sid.chosen["issuer"].dump()
        and certificate.serial_number == sid.chosen["serial_number"].native
    )


def _is_named(certificate: x509.Certificate, signer: cms.SignerInfo) -> bool:
    """Say whether the signed attributes name this certificate by its digest (RFC 5816)."""
    newer = _value(signer, "signing_certificate_v2")
    if newer is not None:
        first = newer["certs"][0]
        hashed = first["hash_algorithm"]["algorithm"].native
    else:
        older = _value(signer, "signing_certificate")
        if older is None:
            return False
        first, hashed = older["certs"][0], "sha1"  # names a certificate, proves nothing
    told: bytes = first["cert_hash"].native
    return compare_digest(told, hashlib.new(hashed, certificate.dump()).digest())


def _value(signer: cms.SignerInfo, kind: str) -> core.Asn1Value | None:
    """Return the only value of a signed attribute; None if it is not there exactly once."""
    attributes = signer["signed_attrs"]
    if isinstance(attributes, core.Void):
        return None
    found = [one["values"] for one in attributes if one["type"].native == kind]
    return found[0][0] if len(found) == 1 and len(found[0]) == 1 else None


def _sealed(content: bytes, signer: cms.SignerInfo, certificate: x509.Certificate) -> None:
    """Check the digest in the signed attributes, and the signature over them."""
    hashed = signer["digest_algorithm"]["algorithm"].native
    by, salt = _signed_by(signer["signature_algorithm"], hashed)
    weak = {hashed, by} - set(HASHES)
    if weak:
        raise _unusable(
            say("the time-stamp relies on {algorithm}, which is not safe", algorithm=weak.pop()),
            say("use an authority that signs with SHA-256 or better"),
        )
    told, kind = _value(signer, "message_digest"), _value(signer, "content_type")
    key = public_key(certificate.dump())
    if told is None or kind is None or key is None or kind.native != "tst_info":
        raise _unusable(_BROKEN)
    same = compare_digest(told.native, hashlib.new(hashed, content).digest())
    digest = hashlib.new(by, signer["signed_attrs"].untag().dump()).digest()
    if not same or not fits(key, signer["signature"].native, digest, by, pss=salt):
        raise _unusable(_BROKEN)


_BROKEN: Final = say("the signature of the time-stamp is broken")


def _signed_by(algorithm: algos.SignedDigestAlgorithm, hashed: str) -> tuple[str, int]:
    """Return the hash function of a signature, and the salt's length (-1 but for RSASSA-PSS)."""
    if algorithm.signature_algo == "rsassa_pss":
        return algorithm.hash_algo, int(algorithm["parameters"]["salt_length"].native)
    if algorithm["algorithm"].native == "rsassa_pkcs1v15":  # names none of its own
        return hashed, -1
    return algorithm.hash_algo, -1


def _in_force(certificate: x509.Certificate, moment: datetime) -> None:
    if not certificate.not_valid_before <= moment <= certificate.not_valid_after:
        raise _unusable(
            say(
                "at {moment}, when the time-stamp was made, its certificate did not hold",
                moment=moment.isoformat(),
            ),
            say("tell the authority: its certificate has run out, or its clock is wrong"),
        )


def _unusable(message: Message, hint: Message | None = None) -> StampUnusable:
    return StampUnusable(
        message, hint=hint or say("tell the time-stamp authority, or use another")
    )
