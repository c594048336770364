"""
The certificates that came along with the one that is judged, or were fetched for it.

One that cannot be read helps nobody and harms nobody: it is passed over. Which of them lead to a
root is `edge_node.notary.chain`'s affair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyhanko_certvalidator.fetchers.api import CertificateFetcher

from edge_node.notary.certificates import bundled, issuer_places, load
from edge_node.notary.fences import FOREIGN
from edge_node.notary.trust import Kind, Wanted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Iterator

    from asn1crypto import crl, x509

    from edge_node.notary.trust import Evidence


def companions(ders: Iterable[bytes]) -> Iterator[x509.Certificate]:
    """Yield those of ``ders`` that are certificates."""
    for der in ders:
        try:
            one = load(der)
        except MemoryError:
            raise
        except FOREIGN:
            continue
        if _legible(one):
            yield one


class Issuers(CertificateFetcher):
    """Answers for missing issuers from what was handed in, and writes down what was not."""

    def __init__(self, evidence: tuple[Evidence, ...]) -> None:
        """Take what was handed in."""
        self._held = [
            one
            for piece in evidence
            if piece.kind is Kind.ISSUER
            for one in _bundled(piece.content)
        ]
        self._places: dict[str, Wanted] = {}

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """Where the issuers are kept that were not there."""
        return tuple(self._places.values())

    async def fetch_cert_issuers(
        self, cert: x509.Certificate
    ) -> AsyncGenerator[x509.Certificate, None]:
        """Yield the issuers that were handed in."""
        found = [one for one in self._held if one.subject == cert.issuer]
        for one in found:
            yield one
        if not found:
            for url in issuer_places(cert):
                self._places[url] = Wanted(kind=Kind.ISSUER, url=url)

    async def fetch_crl_issuers(
        self,
        certificate_list: crl.CertificateList,  # noqa: ARG002 - the library's signature
    ) -> AsyncGenerator[x509.Certificate, None]:
        """Yield nobody."""
        nobody: tuple[x509.Certificate, ...] = ()  # CRLs come with their issuers' chain here
        for one in nobody:
            yield one

    def fetched_certs(self) -> Iterable[x509.Certificate]:
        """Return all that were handed in."""
        return self._held


def _bundled(content: bytes) -> Iterator[x509.Certificate]:
    try:
        found = list(bundled(content))
    except MemoryError:
        raise
    except FOREIGN:
        return
    yield from filter(_legible, found)


def _legible(certificate: x509.Certificate) -> bool:
    """Whether all can be read by which a certificate is found and told from others."""
    try:
        _ = certificate.issuer_serial, certificate.subject.hashable, certificate.issuer.hashable
        _ = certificate.key_identifier, certificate.authority_key_identifier
        _ = certificate.authority_issuer_serial, certificate.public_key.sha1
    except MemoryError:
        raise
    except FOREIGN:
        return False
    return True
