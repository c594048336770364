"""
A certificate read for people, and the places it names.

Over asn1crypto, which reads what authorities really issue: names longer than the standard lets
them be, and extensions out of order.
"""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING, Final

from asn1crypto import cms, ocsp, pem, x509

from edge_node.domain.signature import CertificateFacts
from edge_node.notary.wire import fits, within

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_NAME: Final = 200  # characters, in which no stranger writes a page
MOST_URLS: Final = 4  # of one kind in one certificate; whoever names more names them for mischief


@functools.lru_cache(maxsize=256)  # authorities come again with every signature
def load(der: bytes) -> x509.Certificate:
    """Return the certificate; `ValueError` where there is none in these bytes."""
    certificate = x509.Certificate.load(der, strict=True)
    certificate["tbs_certificate"]["serial_number"].native  # noqa: B018 - parsed only when looked at
    return certificate


def bundled(content: bytes) -> Iterator[x509.Certificate]:
    """Yield the certificates in an issuer's file: DER, PEM or PKCS #7, as servers give them."""
    if pem.detect(content):
        for _, _, der in pem.unarmor(content, multiple=True):
            yield from bundled(der)
        return
    try:
        yield load(content)
    except ValueError:
        for choice in cms.ContentInfo.load(content)["content"]["certificates"]:
            if choice.name == "certificate":
                yield choice.chosen


def facts(certificate: x509.Certificate) -> CertificateFacts:
    """Return what a person wants to see of a certificate."""
    validity = certificate["tbs_certificate"]["validity"]
    return CertificateFacts(
        subject=_called(certificate.subject),
        issuer=_called(certificate.issuer),
        serial=f"{certificate.serial_number:x}",
        fingerprint=fingerprint(certificate.dump()),
        not_before=within(validity["not_before"].native),
        not_after=within(validity["not_after"].native),
        thumbprint=hashlib.sha1(certificate.dump(), usedforsecurity=False).hexdigest(),
    )


def fingerprint(der: bytes) -> str:
    """Return the SHA-256 of these bytes in hexadecimal."""
    return hashlib.sha256(der).hexdigest()


def ocsp_places(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return where an OCSP responder is asked about this certificate."""
    return _reachable(_access(certificate, "ocsp"))


def issuer_places(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return where the certificate of the issuer is kept."""
    return _reachable(_access(certificate, "ca_issuers"))


def crl_places(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return where the issuer publishes whom it revoked."""
    points = certificate.crl_distribution_points_value or ()
    names = (point["distribution_point"] for point in points)
    return _reachable(
        name.native
        for place in names
        if place.name == "full_name"
        for name in place.chosen
        if name.name == "uniform_resource_identifier"
    )


def ocsp_question(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """Return the OCSP request about a certificate, without a nonce: answers can be kept."""
    identity = {
        "hash_algorithm": {"algorithm": "sha1"},  # of names, no signature: RFC 5019, 2.1.1
        "issuer_name_hash": certificate.issuer.sha1,
        "issuer_key_hash": issuer.public_key.sha1,
        "serial_number": certificate.serial_number,
    }
    question = ocsp.OCSPRequest({"tbs_request": {"request_list": [{"req_cert": identity}]}})
    return bytes(question.dump())


def _access(certificate: x509.Certificate, method: str) -> Iterator[str]:
    for entry in certificate.authority_information_access_value or ():
        place = entry["access_location"]
        if entry["access_method"].native == method and place.name == "uniform_resource_identifier":
            yield place.native


def _reachable(urls: Iterator[str]) -> tuple[str, ...]:
    fit = [url for url in urls if url.startswith(("http://", "https://", "ldap://"))]
    return tuple([url for url in fit if fits(url)][:MOST_URLS])


def _called(name: x509.Name) -> str:
    common = name.native.get("common_name")
    if isinstance(common, list):
        common = common[-1]
    return " ".join(str(common or name.human_friendly).split())[:LONGEST_NAME]
