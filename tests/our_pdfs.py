"""
PDFs signed by our own hand over `tests/pki.py`, and what other programs say of them.

    signed = our_sign(a_pdf(), pki, "person", level="B-LTA")    # bytes
    pyhanko_agrees(signed, pki, "person"), poppler_agrees(signed, folder)
    openssl_agrees(signed, pki, folder)

In one program, where the node has a child for each step: `edge_node.adapters.pens`.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asn1crypto import cms, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.settings import KeyUsageConstraints
from signed_pdfs import NOW, _context, evidence

from edge_node.adapters.pens import STAMP_ROOM
from edge_node.domain.signing import LASTING, Level
from edge_node.notary.certificates import bundled
from edge_node.notary.cms import CmsForm, imprint, with_stamp
from edge_node.notary.keys import FileKey
from edge_node.notary.pdf.longterm import begin_stamp, store
from edge_node.notary.pdf.signing import begin
from edge_node.notary.raw import algorithm_for
from edge_node.notary.stamps import ask, read

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.notary.pdf.signing import Look

USAGE = KeyUsageConstraints(
    key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False
)


def a_key(pki, name):
    """Return the key of one of the infrastructure, as the signer holds it."""
    held = pki.signer(name)
    return FileKey(
        certificate=held.certificate,
        chain=held.chain,
        algorithm=algorithm_for(held.key.public_key()),
        private=held.key,
    )


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How a PDF is to be signed; see `edge_node.notary.pdf.signing.begin`."""

    at: datetime
    level: Level = Level.B_B
    field: str = "Signature"
    look: Look | None = None
    certify: bool = False


def sign_with(key, source, target, wish, *, stamp=None, prove=None):
    """
    Sign ``source`` into ``target``, empty before; ``stamp`` and ``prove`` as the level needs them.

    ``stamp`` carries a request to an authority and returns its answer (DER); ``prove`` returns
    the evidence, by the certificates (DER) that are known.
    """
    form = CmsForm.of(key.certificate, key.chain, key.algorithm)
    hashed, known = form.algorithm.digest, (key.certificate, *key.chain)
    stamping = wish.level is not Level.B_B
    begun = begin(
        source,
        target,
        hashed=hashed,
        reserved=form.size(stamp=STAMP_ROOM if stamping else 0),
        at=wish.at,
        field=wish.field,
        look=wish.look,
        certify=wish.certify,
    )
    attributes = form.attributes(digest_but(begun.gap, target, hashed))
    made = form.filled(attributes, key.sign(form.digest(attributes)))
    if stamping:
        token = _token(imprint(made, "sha256"), "sha256", stamp)
        known += tuple(one.dump() for one in bundled(token))
        made = with_stamp(made, token)
    fill(begun.gap, target, made)
    if wish.level in LASTING:
        store(target, evidence=prove(known), certificates=known)
    if wish.level is Level.B_LTA:
        stamp_over(target, stamp)


def stamp_over(file, stamp, hashed="sha256"):
    """Put a time-stamp over a document, in its file."""
    begun = begin_stamp(file, reserved=STAMP_ROOM)
    fill(begun.gap, file, _token(digest_but(begun.gap, file, hashed), hashed, stamp))


def digest_but(gap, file, hashed):
    """Return the digest of all bytes of a file but the gap's."""
    file.seek(0)
    content, (start, end) = file.read(), gap
    return hashlib.new(hashed, content[:start] + content[end:]).digest()


def fill(gap, file, made):
    """Write a signature or token (DER) into its gap, in which it fits."""
    assert len(made) * 2 <= gap[1] - gap[0] - 2
    file.seek(gap[0] + 1)
    file.write(made.hex().encode())
    file.flush()


def _token(digest, hashed, stamp):
    request = ask(digest, hashed)
    return read(stamp(request), request).token


def our_sign(pdf, pki, name="rsa2048", *, level="B-B", at=NOW, tsa="tsa", **wishes):
    """Return ``pdf`` with one more signature of ours (bytes)."""
    target = io.BytesIO()
    sign_with(
        a_key(pki, name),
        io.BytesIO(pdf),
        target,
        Wish(at=at, level=Level(level), **wishes),
        stamp=lambda request: pki.stamp(request.der, at=at, tsa=tsa),
        prove=lambda _: evidence(pki, name, tsa, at=at),
    )
    return target.getvalue()


def pyhanko_agrees(signed, pki, *names, level="B-B"):
    """Whether pyHanko's own validation, by its own rules on later changes, trusts them all."""
    reader = PdfFileReader(io.BytesIO(signed), strict=False)
    context = _context(pki, names[0], NOW)
    stamps = [validate_pdf_timestamp(one, context) for one in reader.embedded_timestamp_signatures]
    verdicts = [one.intact and one.valid and one.trusted for one in stamps]
    for embedded, name in zip(reader.embedded_regular_signatures, names, strict=True):
        context = _context(pki, name, NOW)
        found = validate_pdf_signature(
            embedded, context, ts_validation_context=context, key_usage_settings=USAGE
        )
        verdicts.append(found.bottom_line)
        verdicts.append(found.modification_level <= ModificationLevel.FORM_FILLING)
    if level in {"B-LT", "B-LTA"}:
        verdicts.append(_pyhanko_finds_evidence(reader, pki))
    return all(verdicts)


def _pyhanko_finds_evidence(reader, pki):
    """Whether the file's own evidence suffices pyHanko, with nothing given but the roots."""
    told = {"trust_roots": [x509.Certificate.load(root) for root in pki.roots], "moment": NOW}
    told |= {"revocation_mode": "require", "allow_fetching": False, "retroactive_revinfo": True}
    context = DocumentSecurityStore.read_dss(reader).as_validation_context(told)
    found = validate_pdf_signature(
        reader.embedded_regular_signatures[-1],
        context,
        ts_validation_context=context,
        key_usage_settings=USAGE,
    )
    return found.bottom_line


def poppler_agrees(signed, folder):
    """Whether pdfsig finds every signature sound (it does not judge document time-stamps)."""
    path = folder / "poppler.pdf"
    path.write_bytes(signed)
    told = _told("pdfsig", "-nocert", path)
    count = told.count("Signature Type: ETSI.CAdES.detached")
    return count > 0 and told.count("Signature is Valid.") == count


def openssl_agrees(signed, pki, folder):
    """Whether openssl verifies every CMS as CAdES and every time-stamp, token by token."""
    reader = PdfFileReader(io.BytesIO(signed), strict=False)
    verdicts = []
    for embedded in reader.embedded_signatures:
        first, length, second, rest = map(int, embedded.byte_range)
        data = signed[first : first + length] + signed[second : second + rest]
        message = cms.ContentInfo.load(embedded.pkcs7_content)
        if embedded.sig_object["/Type"] == "/DocTimeStamp":
            verdicts.append(_token_holds(message.dump(), data, pki, folder))
            continue
        verdicts.append(_cms_holds(message.dump(), data, pki, folder))
        signer = message["content"]["signer_infos"][0]
        for attribute in signer["unsigned_attrs"] or ():
            verdicts += [
                _token_holds(token.dump(), signer["signature"].native, pki, folder)
                for token in attribute["values"]
            ]
    return bool(verdicts) and all(verdicts)


def _cms_holds(message, data, pki, folder):
    (folder / "cms.der").write_bytes(message)
    (folder / "content").write_bytes(data)
    command = ["openssl", "cms", "-verify", "-binary", "-cades", "-purpose", "any"]
    command += ["-inform", "DER", "-in", folder / "cms.der", "-content", folder / "content"]
    command += ["-CAfile", pki.ca_path, "-out", folder / "told"]
    return "CAdES Verification successful" in _told(*command)


def _token_holds(token, data, pki, folder):
    (folder / "token.der").write_bytes(token)
    command = ["openssl", "ts", "-verify", "-digest", hashlib.sha256(data).hexdigest()]
    command += ["-in", folder / "token.der", "-token_in", "-CAfile", pki.ca_path]
    command += ["-untrusted", pki.signer("tsa").chain_path]
    return "Verification: OK" in _told(*command)


def _told(*command):
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout + done.stderr
