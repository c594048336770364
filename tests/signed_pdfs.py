"""
PDFs signed by pyHanko's own signing over `tests/pki.py`, and the trust they are verified with.

    pdf = a_pdf(pages=2)
    signed = sign(pdf, pki, "person", level="B-LTA", at=moment)
    examined = verified(signed, pki, now=moment)         # Examined
"""

from __future__ import annotations

import functools
import io
import os
import warnings
from datetime import UTC, datetime

import fpdf
from asn1crypto import keys, tsp, x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper, SimpleSigner
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from edge_node.notary.pdf.verifying import verify
from edge_node.notary.trust import Evidence, Kind, Trust

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
CRLS = ("root-1", "root-2", "issuing-1", "issuing-2")


def a_pdf(pages=1, text="Decision"):
    """Return a small PDF with a sentence on each page."""
    pdf = fpdf.FPDF()
    pdf.set_font("helvetica")
    pdf.set_creation_date(NOW)
    for number in range(1, pages + 1):
        pdf.add_page()
        pdf.cell(text=f"{text} {number}")
    return bytes(pdf.output())


def sign(  # noqa: PLR0913 - as many ways as there are to sign
    pdf,
    pki,
    name="rsa2048",
    *,
    level="B-B",
    at=NOW,
    claimed=None,
    field="Signature",
    box=None,
    docmdp=None,
    digest="sha256",
    subfilter=SigSeedSubFilter.PADES,
    leaf_only=False,
    tsa="tsa",
    stamped_at=None,
    strict=False,
    signer=None,
    forced=False,
    writer=None,
):
    """Return ``pdf`` with one more signature (bytes), of a PAdES level from B-B to B-LTA."""
    meta = PdfSignatureMetadata(
        field_name=field,
        md_algorithm=digest,
        subfilter=subfilter,
        certify=docmdp is not None,
        docmdp_permissions=MDPPerm(docmdp or 2),
        embed_validation_info=level in {"B-LT", "B-LTA"},
        use_pades_lta=level == "B-LTA",
        validation_context=_context(pki, name, at) if level in {"B-LT", "B-LTA"} else None,
        signer_key_usage=set(),
    )
    stamper = None if level == "B-B" else Stamper(pki, at=stamped_at or at, tsa=tsa)
    act = _Signing(
        meta,
        signer or a_signer(pki, name, leaf_only=leaf_only),
        timestamper=stamper,
        new_field_spec=SigFieldSpec(field, box=box) if box else None,
    )
    act.moment, act.forced = claimed or at, forced
    writer = writer or IncrementalPdfFileWriter(io.BytesIO(pdf), strict=strict)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return bytes(act.sign_pdf(writer, in_place=False).getbuffer())


def stamp(pdf, pki, *, at=NOW, tsa="tsa", field="Stamp"):
    """Return ``pdf`` with one more document time-stamp."""
    act = PdfTimeStamper(Stamper(pki, at=at, tsa=tsa), field_name=field)
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    return bytes(act.timestamp_pdf(writer, "sha256").getbuffer())


def with_empty_field(pdf, name="Later", box=(100, 100, 200, 150)):
    """Return ``pdf`` with a signature field to be signed later."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    append_signature_field(writer, SigFieldSpec(name, box=box))
    return written(writer)


def written(writer):
    """Return what an incremental writer makes of its file."""
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def a_signer(pki, name, *, leaf_only=False, key_of=None):
    """Return pyHanko's signer for one of the infrastructure; ``key_of`` swaps the key."""
    held = pki.signer(name)
    key = pki.signer(key_of or name).key.private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
    )
    chain = () if leaf_only else held.chain
    return SimpleSigner(
        signing_cert=x509.Certificate.load(held.certificate),
        signing_key=keys.PrivateKeyInfo.load(key),
        cert_registry=SimpleCertificateStore.from_certs(map(x509.Certificate.load, chain)),
    )


def evidence(pki, *names, at=NOW):
    """Return what a fetch would bring: OCSP answers about the signers named, and all CRLs."""
    return (*(_answer(pki, name, at) for name in names), *(_list(pki, name, at) for name in CRLS))


@functools.cache
def _answer(pki, name, at):
    return Evidence(kind=Kind.OCSP, content=pki.ocsp(name, at=at))


@functools.cache
def _list(pki, name, at):
    return Evidence(kind=Kind.CRL, content=pki.crl(name, at=at))


def trust(pki, *names, at=NOW, **given):
    """Return the trust in the infrastructure's roots, with fetched evidence as of ``at``."""
    held = {"roots": pki.roots, "evidence": evidence(pki, *names, at=at)}
    return Trust(**{**held, **given})


def verified(pdf, pki, *names, now=NOW, **given):
    """Return what `verify` finds, by the infrastructure's trust."""
    return verify(io.BytesIO(pdf), trust(pki, *names, at=now, **given), now=now)


class Stamper(TimeStamper):
    """A time-stamp authority of the infrastructure, asked without a network."""

    def __init__(self, pki, *, at, tsa="tsa"):
        """Answer as of ``at``."""
        super().__init__()
        self._ask = lambda request: pki.stamp(request, at=at, tsa=tsa)

    async def async_request_tsa_response(self, req):
        """Return the authority's answer."""
        return tsp.TimeStampResp.load(self._ask(req.dump()))


class _Signing(PdfSigner):
    """Signing at a moment that is given."""

    moment: datetime
    forced: bool  # past the certification that forbids it

    def _enforce_certification_constraints(self, reader):
        if not self.forced:
            super()._enforce_certification_constraints(reader)

    def init_signing_session(self, *args, **kwargs):
        session = super().init_signing_session(*args, **kwargs)
        session.system_time = self.moment
        return session


def _context(pki, name, at):
    held = evidence(pki, name, "tsa", at=at)
    return ValidationContext(
        trust_roots=[x509.Certificate.load(root) for root in pki.roots],
        other_certs=[x509.Certificate.load(one) for one in pki.intermediates],
        ocsps=[one.content for one in held if one.kind is Kind.OCSP],
        crls=[one.content for one in held if one.kind is Kind.CRL],
        revocation_mode="require",
        moment=at,
        retroactive_revinfo=True,
    )


def of_size(size, streams):
    """Return a PDF of about so many bytes, in so many streams that nothing compresses."""
    writer = IncrementalPdfFileWriter(io.BytesIO(a_pdf(3)))
    pieces = (
        generic.StreamObject(stream_data=os.urandom(size // streams)) for _ in range(streams)
    )
    held = generic.ArrayObject(writer.add_object(one) for one in pieces)
    writer.root[pdf_name("/Pieces")] = held
    writer.update_root()
    return written(writer)
