"""The SignedData put together here is judged by others: openssl and pyHanko."""

from __future__ import annotations

import asyncio
import functools
import signal
import subprocess
from hashlib import new as hashed
from io import BytesIO

import needs
import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto import core, tsp
from pyhanko.sign.validation.generic_cms import async_validate_detached_cms
from pyhanko_certvalidator import ValidationContext

from edge_node.notary import keys, stamps
from edge_node.notary.cms import CmsForm, NotCms, imprint, with_stamp

DOCUMENT = "Công văn số 12/UBND-VX\n".encode() * 50
KINDS = ["rsa2048", "rsa4096", "p256", "p384", "agency"]


@functools.cache  # a key is parsed once
def a_form(pki, name):
    """Return the key of a signer and the form for its documents."""
    key = keys.from_pkcs12(pki.signer(name).pkcs12("secret"), "secret", name="seal.p12")
    return key, CmsForm.of(key.certificate, key.chain, key.algorithm)


def signed(pki, name, *, document=DOCUMENT):
    """Sign a document from end to end."""
    key, form = a_form(pki, name)
    attributes = form.attributes(hashed(key.algorithm.digest, document).digest())
    return form.filled(attributes, key.sign(form.digest(attributes)))


def stamped(pki, name):
    """Sign the document and stamp the signature."""
    made = signed(pki, name)
    request = stamps.ask(imprint(made))
    return with_stamp(made, stamps.read(pki.stamp(request.der), request).token)


def openssl_verifies(pki, made, tmp_path, *, document=DOCUMENT):
    """Let openssl judge a signature, the CAdES attributes too."""
    needs.program("openssl", "openssl")
    (tmp_path / "made.der").write_bytes(made)
    (tmp_path / "document").write_bytes(document)
    command = ["openssl", "cms", "-verify", "-binary", "-cades", "-purpose", "any"]
    command += ["-inform", "DER", "-in", tmp_path / "made.der"]
    command += ["-content", tmp_path / "document", "-CAfile", pki.ca_path, "-out", "/dev/null"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.returncode == 0 and "Verification successful" in done.stderr


def pyhanko_says(pki, made, *, document=DOCUMENT):
    """Let pyHanko judge a signature and its stamp, without the network."""
    roots = [asn1_cms.Certificate.load(der) for der in pki.roots]
    evidence = {
        "trust_roots": roots,
        "allow_fetching": False,
        "crls": [pki.crl(name) for name in ("issuing-2", "issuing-1", "root-1", "root-2")],
    }
    return asyncio.run(
        async_validate_detached_cms(
            BytesIO(document),
            asn1_cms.ContentInfo.load(made)["content"],
            signer_validation_context=ValidationContext(**evidence),
            ts_validation_context=ValidationContext(**evidence),
        )
    )


@pytest.mark.parametrize("name", KINDS)
def test_openssl_accepts_what_is_made(pki, tmp_path, name):
    """Every kind of key makes a signature openssl verifies up to the pinned root, as CAdES."""
    assert openssl_verifies(pki, signed(pki, name), tmp_path)


@pytest.mark.parametrize("name", KINDS)
def test_pyhanko_accepts_what_is_made(pki, name):
    """Every kind of key makes a signature pyHanko finds intact, valid and trusted."""
    status = pyhanko_says(pki, signed(pki, name))
    assert status.bottom_line, status.summary()


def test_a_changed_document_is_found_out(pki, tmp_path):
    """One byte more, and both say no."""
    made = signed(pki, "p256")
    assert not openssl_verifies(pki, made, tmp_path, document=DOCUMENT + b" ")
    assert not pyhanko_says(pki, made, document=DOCUMENT + b" ").bottom_line


def test_a_stamped_signature_is_accepted_with_its_time(pki, tmp_path):
    """The stamp is put in afterwards and breaks nothing; pyHanko trusts its time."""
    made = stamped(pki, "rsa2048")
    assert openssl_verifies(pki, made, tmp_path)
    status = pyhanko_says(pki, made)
    assert status.bottom_line, status.summary()
    assert status.timestamp_validity.intact
    assert status.timestamp_validity.trusted


def test_a_second_stamp_stands_beside_the_first(pki):
    """Stamping what is stamped keeps what was there."""
    made = stamped(pki, "p256")
    request = stamps.ask(imprint(made))
    twice = with_stamp(made, stamps.read(pki.stamp(request.der), request).token)
    assert len(signer_of(twice)["unsigned_attrs"]) == 2


def test_nothing_but_the_stamp_changes(pki):
    """Certificates and signed attributes are the same bytes before and after."""
    made = signed(pki, "rsa2048")
    request = stamps.ask(imprint(made))
    token = stamps.read(pki.stamp(request.der), request).token
    before, after = (asn1_cms.ContentInfo.load(der) for der in (made, with_stamp(made, token)))
    one, other = (info["content"]["signer_infos"][0] for info in (before, after))
    for part in ("sid", "signed_attrs", "signature"):
        assert one[part].dump() == other[part].dump()
    assert before["content"]["certificates"].dump() == after["content"]["certificates"].dump()
    assert other["unsigned_attrs"][0]["values"][0].dump() == token


def test_stamps_of_every_length_are_put_in_at_once(pki):
    """No length makes for long work: asn1crypto takes one in 256 for a length it must work out."""
    _, form = a_form(pki, "p256")
    attributes = form.attributes(bytes(32))
    made = form.filled(attributes, bytes(64))

    signal.setitimer(signal.ITIMER_VIRTUAL, 30)  # it took minutes; now a second for all
    try:
        for length in range(1, 300):
            token = form.filled(attributes, bytes(length))
            assert token in with_stamp(made, token)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def signer_of(made):
    """Return the one SignerInfo."""
    return asn1_cms.ContentInfo.load(made)["content"]["signer_infos"][0]


def test_the_attributes_are_those_of_pades_baseline(pki):
    """Content type, digest, the certificate by SHA-256, the algorithms; no signing time."""
    signer = signer_of(signed(pki, "rsa2048"))
    kinds = {one["type"].native for one in signer["signed_attrs"]}
    assert kinds == {
        "content_type",
        "message_digest",
        "signing_certificate_v2",
        "cms_algorithm_protection",
    }
    named = next(a for a in signer["signed_attrs"] if a["type"].native == "signing_certificate_v2")
    first = named["values"][0]["certs"][0]
    assert (
        first["cert_hash"].native == hashed("sha256", pki.signer("rsa2048").certificate).digest()
    )
    assert isinstance(named["values"][0], tsp.SigningCertificateV2)
    assert first.contents[0] == 0x04  # the digest at once: DER leaves out what is the default


def test_what_is_made_is_der(pki):
    """Read by openssl and written again, not a byte differs."""
    needs.program("openssl", "openssl")
    made = stamped(pki, "p384")
    command = ["openssl", "cms", "-cmsout", "-inform", "DER", "-outform", "DER"]
    assert subprocess.run(command, input=made, check=True, capture_output=True).stdout == made


def test_the_certificates_above_travel_with_it(pki):
    """Whoever receives it finds the way up to the root."""
    sent = asn1_cms.ContentInfo.load(signed(pki, "person"))["content"]["certificates"]
    person = pki.signer("person")
    assert {one.chosen.dump() for one in sent} == {person.certificate, *person.chain}


@pytest.mark.parametrize("name", KINDS)
def test_the_size_kept_free_is_enough_and_not_much_more(pki, name):
    """A signature always fits, stamped or not; little is wasted."""
    _, form = a_form(pki, name)
    assert form.size() - 8 <= len(signed(pki, name)) <= form.size()
    made = stamped(pki, name)
    token = len(signer_of(made)["unsigned_attrs"][0]["values"][0].dump())
    assert form.size(stamp=token) - 72 <= len(made) <= form.size(stamp=token)


def test_one_form_serves_many_documents(pki, tmp_path):
    """What is prepared once does not carry one document into the next."""
    key, form = a_form(pki, "p256")
    for document in (b"one", b"two", b"one"):
        attributes = form.attributes(hashed("sha256", document).digest())
        made = form.filled(attributes, key.sign(form.digest(attributes)))
        assert openssl_verifies(pki, made, tmp_path, document=document)


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"<html>",
        core.Integer(7).dump(),
        asn1_cms.ContentInfo({"content_type": "data", "content": b"x"}).dump(),
    ],
)
def test_what_is_no_signature_is_said_to_be_none(pki, junk):
    """Junk has a sentence, whichever of the two it stands for."""
    with pytest.raises(NotCms):
        imprint(junk)
    with pytest.raises(NotCms):
        with_stamp(signed(pki, "p256"), junk)


@pytest.mark.parametrize("junk", [b"", b"<html>", core.Integer(7).dump()])
def test_a_form_is_not_made_for_junk(pki, junk):
    """A certificate that is none is an error of whoever gave it."""
    algorithm = a_form(pki, "p256")[0].algorithm
    with pytest.raises((ValueError, TypeError)):
        CmsForm.of(junk, (), algorithm)


@pytest.mark.parametrize("name", KINDS)
def test_what_is_made_is_distinguished_encoding(pki, name):
    """Encoded anew by another hand it is the same, byte for byte."""
    made = signed(pki, name)
    assert asn1_cms.ContentInfo.load(made, strict=True).dump(force=True) == made
