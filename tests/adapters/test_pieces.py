"""What servers answer is looked at in the daemon itself: at its head, whatever comes behind."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import cms, core, x509
from signed_pdfs import NOW

from edge_node.adapters.der import Elements, only
from edge_node.adapters.pieces import LONGEST, read_piece
from edge_node.adapters.web import NoAnswer
from edge_node.notary.certificates import ocsp_question
from edge_node.notary.trust import Kind, Wanted

MANY = 4 << 20  # bytes
URL = "http://ca.example/"


def tlv(tag, content):
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    told = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(told)]) + told + content


BY = tlv(0x30, bytes.fromhex("06082a8648ce3d040302"))
SINCE = tlv(0x17, b"251122000000Z")
HEAD = tlv(2, b"\1") + BY + tlv(0x30, b"") + SINCE


def a_list(content):
    return tlv(0x30, tlv(0x30, content) + BY + tlv(3, b"\0\1"))


def in_pem(content):
    return b"-----BEGIN X509 CRL-----\n" + content + b"-----END X509 CRL-----\n"


HOSTILE = {
    "zeros": bytes(MANY),
    "a tag without end": b"\x3f" + b"\xff" * MANY,
    "a tag without end within": a_list(HEAD + b"\x3f" + b"\xff" * MANY),
    "empty elements": tlv(0x30, b"\5\0" * (MANY // 2)),
    "empty elements within": a_list(HEAD + SINCE + b"\5\0" * (MANY // 2)),
    "elements in elements": b"\x30\x80" * (MANY // 2),
    "elements in elements within": a_list(HEAD + b"\x30\x80" * (MANY // 2)),
    "a long number": a_list(tlv(2, b"\1" * MANY) + HEAD),
    "a long time": a_list(tlv(2, b"\1") + BY + tlv(0x30, b"") + tlv(0x17, b"2" * MANY)),
    "a long name": a_list(tlv(2, b"\1") + BY + tlv(0x30, tlv(0x31, b"") * MANY) + SINCE),
    "a long OID": tlv(0x30, tlv(0x06, b"\xff" * MANY)),
    "a certificate of OIDs": tlv(0x30, tlv(0x30, tlv(2, b"\1") + tlv(0x06, b"\xff" * MANY))),
    "PEM in short lines": in_pem(b"A\n" * (MANY // 2)),
    "PEM with headers": in_pem(b"a:b\n" * (MANY // 4)),
    "PEM that begins": b"-----BEGIN " * (MANY // 11),
    "PEM that only begins": b"-----BEGIN X-----" * (MANY // 17),
}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_megabytes_made_to_be_slow_cost_nothing(pki, kind, content):
    """Whoever sits on the way to a server keeps the daemon neither busy nor full."""
    wanted = Wanted(kind=kind, url=URL, request=question(pki))
    began = time.process_time()
    with pytest.raises(NoAnswer, match="answered with something that is no"):
        read_piece(wanted, content, now=NOW)
    assert time.process_time() - began < 0.5


def question(pki):
    signer = pki.signer("p256")
    load = x509.Certificate.load
    return ocsp_question(load(signer.certificate), load(signer.issuer.certificate))


def pkcs7(*certificates):
    content = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [],
            "encap_content_info": {"content_type": "data"},
            "certificates": [x509.Certificate.load(one) for one in certificates],
            "signer_infos": [],
        }
    )
    return cms.ContentInfo({"content_type": "signed_data", "content": content}).dump()


def test_issuers_are_read_in_every_form_they_are_published_in(pki):
    """DER, PEM, several in PEM, PKCS #7 and that in PEM; what ends first ends them all."""
    issuing, root = pki.intermediates[1], pki.roots[1]
    pem = [
        b"-----BEGIN CERTIFICATE-----\n%b-----END CERTIFICATE-----\n" % base64.encodebytes(one)
        for one in (issuing, root, pkcs7(issuing, root))
    ]
    expired = pki.signer("expired").certificate
    wanted = Wanted(kind=Kind.ISSUER, url=URL)
    for content in (issuing, pem[0], b"".join(pem[:2]), pkcs7(issuing, root), pem[2]):
        piece = read_piece(wanted, content, now=NOW)
        assert (piece.content, piece.speaks_until) == (content, NOW + LONGEST)
    for content in (expired, pkcs7(issuing, expired)):
        assert read_piece(wanted, content, now=NOW).speaks_until == datetime(
            2024, 1, 1, tzinfo=UTC
        )
    for none in (pkcs7(), b"", in_pem(b"AAAA"), a_list(HEAD), issuing + b"\0"):
        with pytest.raises(NoAnswer, match="is no certificate"):
            read_piece(wanted, none, now=NOW)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        (tlv(0x17, b"491231235959Z"), datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (tlv(0x17, b"500101000000Z"), datetime(1950, 1, 1, tzinfo=UTC)),
        (tlv(0x18, b"99991231235959Z"), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (tlv(0x18, b"20260101000000.5Z"), datetime(2026, 1, 1, tzinfo=UTC)),
        (tlv(0x17, b"2601010000Z"), None),
        (tlv(0x17, b"260101000000+0700"), None),
        (tlv(0x17, b"26-101000000Z"), None),
        (tlv(0x18, b"20261301000000Z"), None),
        (tlv(0x18, b"20260101000000"), None),
        (tlv(0x18, b"20260101000000ZZ"), None),
        (tlv(0x18, "\uff12026\uff10101000000Z".encode()), None),
        (tlv(0x16, b"20260101000000Z"), None),
        (tlv(0x18, b""), None),
        (b"\x18\x0f2026", None),
        (b"\x18", None),
        (b"", None),
    ],
)
def test_times_are_read_as_rfc_5280_writes_them(written, moment):
    """A time without its zone, or with half of its digits, is none."""
    if moment is None:
        with pytest.raises(ValueError, match=r"."):
            Elements(written).moment()
    else:
        assert Elements(written).moment() == moment


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 70_000])
def test_every_length_is_read_as_a_library_writes_it(size):
    """Short and long forms; what is cut off, or behind, is no element."""
    content = bytes(size)
    written = core.OctetString(content).dump()

    assert bytes(Elements(written).take(0x04)) == content
    with pytest.raises(ValueError, match=r"cut off|tag|length"):
        Elements(written[:-1]).take(0x04)
    with pytest.raises(ValueError, match="more"):
        only(written + b"\0", 0x04)


def test_a_list_is_looked_at_as_far_as_its_end():
    """What is behind whom it lists would be read by the child, at whatever length."""
    wanted = Wanted(kind=Kind.CRL, url=URL)
    sound = HEAD + SINCE + tlv(0x30, b"") + tlv(0xA0, tlv(0x30, b""))

    read_piece(wanted, a_list(sound), now=NOW)
    for behind in (tlv(0xA0, b""), tlv(0x30, b""), b"\x3f\xff\xff"):
        with pytest.raises(NoAnswer, match="is no revocation list"):
            read_piece(wanted, a_list(sound + behind), now=NOW)


def test_an_answer_speaks_until_its_next_one(pki):
    """Each answer that was asked for has to be there; the first that ends ends them all."""
    asked = Wanted(kind=Kind.OCSP, url=URL, request=question(pki))

    piece = read_piece(asked, pki.ocsp("p256", at=NOW), now=NOW)

    assert NOW < piece.speaks_until <= NOW + timedelta(days=1000)
    with pytest.raises(NoAnswer, match="is no OCSP answer"):
        read_piece(asked, pki.ocsp("p384", at=NOW), now=NOW)
