"""
Makes a signed PDF last: the evidence about its signatures, and a time-stamp over all of it.

PAdES B-LT is a security store (DSS, ISO 32000-2, 12.8.4.3) with certificates, OCSP answers and
CRLs; B-LTA a document time-stamp behind it. Both are appended to the file they are given, which
is as it was before if they cannot be. Where evidence and stamps come from is not known here, nor
whether they suffice: that is verified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from asn1crypto import crl, ocsp
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.signers.cms_embedder import SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore

from edge_node.domain.errors import Outage
from edge_node.domain.message import say
from edge_node.notary.certificates import bundled, load
from edge_node.notary.fences import FOREIGN, hush
from edge_node.notary.pdf.preflight import examine_for_stamp
from edge_node.notary.pdf.signing import Begun, Writer, declare, embed, unharmed
from edge_node.notary.trust import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from asn1crypto import x509

    from edge_node.notary.trust import Evidence


class EvidenceUnusable(Outage):
    """What was fetched to prove a signature is no such evidence."""


def store(
    file: BinaryIO, *, evidence: Sequence[Evidence] = (), certificates: Iterable[bytes] = ()
) -> bool:
    """
    Append evidence and certificates (DER) to a PDF, as far as it does not hold them already.

    ``file`` can be read and written. An issuer among the evidence counts as a certificate. False
    if there was nothing new. Raises `EvidenceUnusable`, `NotSignable` and `DiskTrouble`.
    """
    hush()
    kept, answers, lists = _holdings(evidence, certificates)
    with unharmed(file):
        writer = Writer.from_reader(examine_for_stamp(file, field="").reader)
        held = DocumentSecurityStore.supply_dss_in_writer(
            writer, None, certs=kept, ocsps=answers, crls=lists
        )
        if held.modified:
            declare(writer)
            writer.write_in_place()
            file.flush()
        return bool(held.modified)


def begin_stamp(file: BinaryIO, *, reserved: int, field: str = "Timestamp") -> Begun:
    """
    Append a document time-stamp but for its token; all bytes but `Begun.gap` are to be stamped.

    ``file`` can be read and written. Until the token (DER) is in its gap, it is no sound PDF.
    Raises `NotSignable` and `DiskTrouble`.
    """
    hush()
    with unharmed(file):
        ground = examine_for_stamp(file, field=field)
        place = DocumentTimestamp(bytes_reserved=2 * reserved)
        setup = SigObjSetup(sig_placeholder=place)
        return embed(ground, SigFieldSpec(ground.field), setup, file)


def _holdings(
    evidence: Sequence[Evidence], certificates: Iterable[bytes]
) -> tuple[list[x509.Certificate], list[ocsp.OCSPResponse], list[crl.CertificateList]]:
    """Return what is to be kept, parsed; `EvidenceUnusable` for what is not what it should be."""
    try:
        issuers = [one for item in _of(evidence, Kind.ISSUER) for one in bundled(item)]
        held = dict.fromkeys((*certificates, *(one.dump() for one in issuers)))
        answers = [_answer(der) for der in dict.fromkeys(_of(evidence, Kind.OCSP))]
        lists = [_list(der) for der in dict.fromkeys(_of(evidence, Kind.CRL))]
        return [load(der) for der in held], answers, lists
    except MemoryError:
        raise
    except FOREIGN as error:
        raise EvidenceUnusable(
            say("what was fetched as evidence for the signature cannot be read as such"),
            hint=say("check that OCSP, CRLs and issuers are fetched from where they are kept"),
        ) from error


def _of(evidence: Sequence[Evidence], kind: Kind) -> list[bytes]:
    return [one.content for one in evidence if one.kind is kind]


def _answer(der: bytes) -> ocsp.OCSPResponse:
    answer = ocsp.OCSPResponse.load(der, strict=True)
    _ = answer.basic_ocsp_response.native  # parsed when looked at; a refusal has none
    return answer


def _list(der: bytes) -> crl.CertificateList:
    found = crl.CertificateList.load(der, strict=True)
    _ = found.issuer.native, found["tbs_cert_list"]["this_update"].native
    return found
