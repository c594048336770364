"""
Whether what a server answered is what it was asked for, and until when it speaks.

Signatures are not looked at: that is done where a piece is used. What is no OCSP answer, CRL or
certificate at all (a login page, an error page) goes no further than here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.web import NoAnswer
from edge_node.domain.message import say
from edge_node.notary.trust import Kind

if TYPE_CHECKING:
    from asn1crypto import core

    from edge_node.notary.trust import Wanted

# No answer goes unasked for longer, whatever it says of itself: over http anybody on the way
# could have put it there, and a week is what authorities take for their lists.
LONGEST: Final = timedelta(days=7)
_NOT_OF_ITS_KIND: Final = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
)
_LONGEST_NAME: Final = 4096  # bytes
_LONGEST_TIME: Final = 64  # bytes
_SOON: Final = frozenset({"try_later", "internal_error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """An answer in DER: when it is worth asking anew, and until when it says that it holds."""

    content: bytes
    fresh_until: datetime
    speaks_until: datetime


def read_piece(wanted: Wanted, content: bytes, *, now: datetime) -> Piece:
    """Return an answer as a piece of the kind that was asked for; `NoAnswer` where it is none."""
    reader = {Kind.OCSP: _ocsp, Kind.CRL: _crl, Kind.ISSUER: _issuer}[wanted.kind]
    try:
        der, until = reader(wanted, content, now)
        fresh = min(until, now + LONGEST)
    except _NOT_OF_ITS_KIND as error:
        raise NoAnswer(
            say(
                "{url} answered with something that is no {kind}",
                url=wanted.url,
                kind=_NAMES[wanted.kind],
            ),
            final=True,
            hint=say("often a login page or an error page answers instead: open it in a browser"),
        ) from error
    return Piece(content=der, fresh_until=fresh, speaks_until=until)


_NAMES: Final = {
    Kind.OCSP: say("OCSP answer"),
    Kind.CRL: say("revocation list"),
    Kind.ISSUER: say("certificate"),
}


def _ocsp(wanted: Wanted, content: bytes, now: datetime) -> tuple[bytes, datetime]:
    from asn1crypto import ocsp  # noqa: PLC0415 - only where something was fetched

    answer = ocsp.OCSPResponse.load(content, strict=True)
    status = answer["response_status"].native
    if status != "successful":
        raise NoAnswer(
            say("{url} does not tell: {status}", url=wanted.url, status=status),
            final=status not in _SOON,
        )
    about = {
        one["cert_id"]["serial_number"].native: _moment(one["next_update"])
        for one in answer.response_data["responses"]
    }
    asked = ocsp.OCSPRequest.load(wanted.request)["tbs_request"]["request_list"]
    serials = [one["req_cert"]["serial_number"].native for one in asked]
    # One that does not say when the next is due may be asked for at any time (RFC 6960, 2.4).
    return content, min(about[serial] or now for serial in serials)


def _crl(_: Wanted, content: bytes, now: datetime) -> tuple[bytes, datetime]:
    from asn1crypto import crl, pem  # noqa: PLC0415 - as above

    if pem.detect(content):
        _, _, content = pem.unarmor(content)
    listed = crl.CertificateList.load(content, strict=True)["tbs_cert_list"]
    if len(listed["issuer"].dump()) > _LONGEST_NAME:  # to read one costs far more than its bytes
        raise ValueError("issuer")
    _moment(listed["this_update"])
    return content, _moment(listed["next_update"]) or now


def _issuer(_: Wanted, content: bytes, now: datetime) -> tuple[bytes, datetime]:
    from edge_node.notary.certificates import bundled  # noqa: PLC0415 - as above

    validities = [one["tbs_certificate"]["validity"] for one in bundled(content)]
    ends = [_moment(one["not_after"]) or now for one in validities]
    if not ends:
        raise ValueError("no certificate")
    return content, min(*ends, now + LONGEST)


def _moment(written: core.Asn1Value) -> datetime | None:
    """Return a time; None where none is written, `ValueError` for one that names no zone."""
    if len(written.dump()) > _LONGEST_TIME:
        raise ValueError("time")
    moment = written.native
    if moment is None:
        return None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ValueError(str(moment))
    return moment
