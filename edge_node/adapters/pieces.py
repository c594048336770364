"""
Whether what a server answered is what it was asked for, and until when it speaks.

Signatures are not looked at: that is done where a piece is used. What is no OCSP answer, CRL or
certificate at all (a login page, an error page) goes no further than here. Of the rest only the
heads are read, by `edge_node.adapters.der`: strangers name the servers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.der import (
    BITS,
    ENUMERATED,
    INTEGER,
    OCTETS,
    OID,
    SEQUENCE,
    SET,
    Elements,
    only,
    unarmoured,
)
from edge_node.adapters.web import NoAnswer
from edge_node.domain.message import say
from edge_node.notary.trust import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.notary.trust import Wanted

# No answer goes unasked for longer, whatever it says of itself: over http anybody on the way
# could have put it there, and a week is what authorities take for their lists.
LONGEST: Final = timedelta(days=7)
_LONGEST_NAME: Final = 4096  # bytes
_MOST: Final = 64  # certificates, or answers, in one piece
_SUCCESSFUL: Final = 0
_STATUS: Final = {  # RFC 6960, 4.2.1
    1: "malformed_request",
    2: "internal_error",
    3: "try_later",
    5: "sign_required",
    6: "unauthorized",
}
_SOON: Final = frozenset({"try_later", "internal_error"})
_BASIC: Final = bytes.fromhex("2b0601050507300101")  # id-pkix-ocsp-basic
_SIGNED: Final = bytes.fromhex("2a864886f70d010702")  # signedData, of PKCS #7
_FIRST, _SECOND, _THIRD = 0xA0, 0xA1, 0xA2  # [0], [1], [2]


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
    except (ValueError, OverflowError) as error:
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
    """Return the answer, which tells of all that was asked for, and when the first ends."""
    answer = only(content)
    status = answer.number(ENUMERATED)
    if status != _SUCCESSFUL:
        name = _STATUS.get(status)
        if name is None:
            raise ValueError(status)
        raise NoAnswer(
            say("{url} does not tell: {status}", url=wanted.url, status=name),
            final=name not in _SOON,
        )
    told = answer.within(_FIRST).within(SEQUENCE)
    if bytes(told.take(OID)) != _BASIC:
        raise ValueError("kind")
    data = only(bytes(told.take(OCTETS))).within(SEQUENCE)
    data.maybe(_FIRST)  # the version
    data.take(_SECOND, _THIRD)  # the responder
    data.moment()
    about = dict(_answers(data.within(SEQUENCE)))
    asked = set(_asked(wanted.request))
    if not asked or not asked <= about.keys():
        raise ValueError("about another")
    # One that does not say when the next is due may be asked for at any time (RFC 6960, 2.4).
    return content, min(about[serial] or now for serial in asked)


def _answers(listed: Elements) -> Iterator[tuple[int, datetime | None]]:
    """Yield each serial number that is told of, and when that is told anew."""
    for _ in range(_MOST):
        if not listed:
            return
        one = listed.within(SEQUENCE)
        serial = _serial(one.within(SEQUENCE))
        one.any()  # good, revoked or not known
        one.moment()
        due = one.maybe(_FIRST)
        yield serial, None if due is None else Elements(due).moment()


def _asked(request: bytes) -> Iterator[int]:
    """Yield the serial numbers that a request of ours asks about."""
    asked = only(request).within(SEQUENCE).within(SEQUENCE)
    while asked:
        yield _serial(asked.within(SEQUENCE).within(SEQUENCE))


def _serial(certificate: Elements) -> int:
    certificate.take(SEQUENCE)  # the hash function
    certificate.take(OCTETS)
    certificate.take(OCTETS)
    return certificate.number()


def _crl(_: Wanted, content: bytes, now: datetime) -> tuple[bytes, datetime]:
    content = next(unarmoured(content, 1), content)
    signed = only(content)
    listed = signed.within(SEQUENCE)
    listed.maybe(INTEGER)  # the version
    listed.take(SEQUENCE)  # the algorithm
    if len(listed.take(SEQUENCE)) > _LONGEST_NAME:  # to read one costs far more than its bytes
        raise ValueError("issuer")
    listed.moment()
    due = listed.maybe_moment()
    listed.maybe(SEQUENCE)  # whom it lists; there are millions
    listed.maybe(_FIRST)  # its extensions
    signed.take(SEQUENCE)
    signed.take(BITS)
    if listed or signed:
        raise ValueError("more")
    return content, due or now


def _issuer(_: Wanted, content: bytes, now: datetime) -> tuple[bytes, datetime]:
    ends = [end for der in _unpacked(content) for end in _ends(der)]
    if not ends:
        raise ValueError("no certificate")
    return content, min(*ends, now + LONGEST)


def _unpacked(content: bytes) -> list[bytes]:
    return list(unarmoured(content, _MOST)) or [content]


def _ends(der: bytes) -> Iterator[datetime]:
    """Yield when each certificate ends: there is one, or it is a PKCS #7 with some."""
    outer = only(der)
    if bytes(outer.maybe(OID) or b"") != _SIGNED:
        yield _end(only(der))
        return
    signed = outer.within(_FIRST).within(SEQUENCE)
    signed.take(INTEGER)
    signed.take(SET)
    signed.take(SEQUENCE)
    held = signed.within(_FIRST)
    for _ in range(_MOST):
        if not held:
            return
        tag, within = held.any()
        if tag == SEQUENCE:  # of the other choices nobody makes use
            yield _end(Elements(within))


def _end(certificate: Elements) -> datetime:
    told = certificate.within(SEQUENCE)
    told.maybe(_FIRST)  # the version
    told.take(INTEGER)
    told.take(SEQUENCE)  # the algorithm
    told.take(SEQUENCE)  # the issuer
    validity = told.within(SEQUENCE)
    validity.moment()
    return validity.moment()
