"""Signing from end to end: real children, a real key, real authorities, and other verifiers."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import needs
import office
import pytest
from loopback import http_server
from our_pdfs import openssl_agrees, poppler_agrees
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from signatories import Watched, signing
from signed_pdfs import a_pdf, of_size, sign

from edge_node.adapters.last_word import SignatureUnsure
from edge_node.adapters.signatory import CertificateUnfit
from edge_node.adapters.stamping import NoStamp
from edge_node.adapters.web import Reach
from edge_node.domain.errors import NotSignable
from edge_node.domain.looks import Showing
from edge_node.domain.signature import Coverage, Verdict
from edge_node.domain.signing import Level, LookKind, SigningWish

LEVELS = ["B-B", "B-T", "B-LT", "B-LTA"]
KEYS = ["rsa2048", "rsa3072", "rsa4096", "p256", "p384"]


@pytest.fixture(scope="module")
def desk(pki, tmp_path_factory):
    with signing(pki, tmp_path_factory.mktemp("desk")) as desk:
        yield desk


@pytest.mark.parametrize(
    ("name", "level"),
    [(name, "B-LTA") for name in KEYS] + [("rsa2048", one) for one in LEVELS[:3]],
)
def test_a_pdf_is_signed_at_every_level_with_every_kind_of_key(desk, pki, tmp_path, name, level):
    """What was there stays, byte for byte; we, openssl and poppler hold the rest for sound."""
    pdf = a_pdf()
    begun = datetime.now(UTC)
    made = desk.sign(pdf, name=name, level=level, operator="Nguyễn Văn An", basis="QĐ 12")

    assert made.content.startswith(pdf)
    (ours, *later) = desk.found(made.content).signatures
    assert (ours.verdict, ours.profile) == (Verdict.VALID, f"PAdES-{level}")
    assert [one.verdict for one in later] == [Verdict.VALID] * (level == "B-LTA")
    act = made.act
    assert (act.file, act.key, act.level) == ("document", name, Level(level))
    assert (act.operator, act.basis) == ("Nguyễn Văn An", "QĐ 12")
    assert (act.subject, act.fingerprint) == (ours.signer.subject, ours.signer.fingerprint)
    assert begun <= act.at <= datetime.now(UTC)
    assert (act.stamped_by, act.stamped_at) == (ours.stamped_by, ours.stamped_at)
    assert bool(act.stamped_by) == (level != "B-B")
    assert openssl_agrees(made.content, pki, tmp_path)
    assert poppler_agrees(made.content, tmp_path)


@pytest.mark.parametrize("name", ["rsa2048", "p384"])
@pytest.mark.parametrize("form", [office.a_docx, office.an_xlsx, office.a_pptx])
def test_an_office_file_gets_a_time_stamp_at_most(desk, pki, tmp_path, form, name):
    """XAdES-T, whatever is wished beyond; xmlsec finds every part as it was signed."""
    needs.program("xmlsec1", "xmlsec1")
    made = desk.sign(form(), name=name, level="B-LTA")
    (ours,) = desk.found(made.content).signatures
    assert (ours.verdict, ours.profile, ours.coverage) == (
        Verdict.VALID,
        "XAdES-T",
        Coverage.WHOLE,
    )
    assert (made.act.level, made.act.stamped_by) == (Level.B_T, "Time tsa")
    office.by_xmlsec(made.content, "_xmlsignatures/sig1.xml", tmp_path, pki)


def test_an_office_file_without_a_time_stamp(desk):
    """Nobody is asked for one."""
    made = desk.sign(
        office.a_docx(), signatory=desk.signatory(stamps=desk.stamps("http://127.0.0.1:1"))
    )
    assert (made.act.level, made.act.stamped_at) == (Level.B_B, None)


@pytest.mark.parametrize("content", [a_pdf(), office.a_docx()], ids=["pdf", "docx"])
def test_a_second_signature_leaves_the_first_one_whole(desk, content):
    """Agency after person: both are VALID."""
    first = desk.sign(content, name="person", level="B-T")
    second = desk.sign(first.content, name="agency", level="B-T")
    found = desk.found(second.content)
    assert [one.verdict for one in found.signatures] == [Verdict.VALID] * 2
    assert second.act.subject != first.act.subject


def test_a_text_shows_on_the_page(desk, tmp_path):
    """With the font of the configuration, drawn in the child."""
    needs.program("pdftotext", "poppler-utils")
    from edge_node.adapters.stationery import Stationery

    showing = Showing(kind=LookKind.TEXT, lines=("12/UBND-VX",))
    signatory = desk.signatory(sight=Stationery().sight)
    made = desk.sign(a_pdf(), signatory=signatory, showing=showing)
    (tmp_path / "seen.pdf").write_bytes(made.content)
    told = subprocess.run(
        ["pdftotext", tmp_path / "seen.pdf", "-"], check=True, capture_output=True, text=True
    ).stdout
    assert "12/UBND-VX" in told
    assert desk.found(made.content).verdict is Verdict.VALID


def test_a_text_without_a_place_does_not_show_and_that_is_said(desk):
    """In the act, for whoever reads what was signed; the signature is as good as any."""
    from edge_node.adapters.stationery import Stationery

    showing = Showing(kind=LookKind.TEXT, lines=("12/UBND-VX",), needed=False)
    certified = sign(a_pdf(), desk.pki, "person", level="B-T", docmdp=2, at=datetime.now(UTC))
    signatory = desk.signatory(sight=Stationery().sight)
    made = desk.sign(certified, signatory=signatory, showing=showing)
    assert "the document is certified" in str(made.act.unseen)
    assert desk.found(made.content).verdict is Verdict.VALID


def test_the_evidence_for_our_own_signature_is_kept(pki, tmp_path):
    """What its verdict relied on is not swept with what authorities said of others."""
    with signing(pki, tmp_path) as desk:
        made = desk.sign(a_pdf(), level="B-T")
        (ours,) = desk.found(made.content).signatures
        kept = {path.name for path in (tmp_path / "evidence" / "relied-on").iterdir()}
        fetched = {path.name for path in (tmp_path / "evidence" / "pieces").iterdir()}
        assert kept == set(ours.evidence) & fetched != set()


def test_the_time_stamps_are_asked_for_by_the_hash_function_of_the_configuration(desk):
    """That over the signature, and that over the document."""
    signatory = desk.signatory(stamps=desk.stamps(hashed="sha512"))
    made = desk.sign(a_pdf(), level="B-LTA", signatory=signatory)
    reader = PdfFileReader(io.BytesIO(made.content))
    signature, stamp = reader.embedded_signatures
    (attribute,) = signature.signer_info["unsigned_attrs"]
    for token in (attribute["values"][0], stamp.signed_data):
        content = token["content"] if "content" in token.native else token
        told = content["encap_content_info"]["content"].parsed
        assert told["message_imprint"]["hash_algorithm"]["algorithm"].native == "sha512"
    assert desk.found(made.content).verdict is Verdict.VALID


def refused(desk, error, match, content=None, **told):
    """Sign what cannot be signed: the target stays as it was, and nothing else remains."""
    target = desk.folder / "signed"
    target.write_bytes(b"what was there")
    before = sorted(desk.folder.iterdir())
    with pytest.raises(error, match=match) as caught:
        desk.sign(a_pdf() if content is None else content, **told)
    assert target.read_bytes() == b"what was there"
    assert sorted({*desk.folder.iterdir(), desk.folder / "document"}) == sorted(
        {*before, desk.folder / "document"}
    )
    assert caught.value.hint is not None
    target.unlink()


@pytest.mark.parametrize("content", [a_pdf(), office.a_docx()], ids=["pdf", "docx"])
def test_without_a_time_stamp_nothing_is_written(desk, content):
    """An authority that answers nonsense, and one that does not answer at all."""
    with http_server() as server:
        server.will_say(b"<html>login</html>")
        stamps = desk.stamps(server.url, "http://127.0.0.1:1")
        signatory = desk.signatory(stamps=stamps)
        refused(
            desk, NoStamp, "is no time-stamp answer", content, level="B-T", signatory=signatory
        )


def test_a_time_stamp_of_an_authority_nobody_trusts_is_none(desk, pki):
    """It is not handed out in the belief that its time is proved."""
    signatory = desk.signatory(stamps=desk.stamps(pki.stranger_tsa_url))
    refused(desk, SignatureUnsure, "time-stamp of the signature", level="B-T", signatory=signatory)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("revoked", "was revoked"),
        ("expired", "ran out on"),
        ("not-yet-valid", "is not valid before"),
        ("stranger", "not good to sign with"),
        ("tls-only", "not good to sign with"),
    ],
)
def test_a_certificate_that_is_not_good_signs_nothing(desk, name, sentence):
    """The key is not even asked."""
    asked = []
    key = Watched(desk.key(name), asked)
    refused(desk, CertificateUnfit, sentence, signatory=desk.signatory(name, key=lambda: key))
    assert asked == []


def test_where_nobody_can_be_asked_only_what_needs_no_proof_is_signed(pki, tmp_path):
    """Whether the certificate is revoked cannot be known: B-B does without, B-T does not."""
    with signing(pki, tmp_path) as desk:
        offline = {"reach": Reach()}
        signatory = desk.signatory(
            examiner=desk.examiner(**offline), appraiser=desk.appraiser(**offline)
        )
        assert desk.sign(a_pdf(), signatory=signatory).act.level is Level.B_B
        refused(desk, CertificateUnfit, "good to sign with", level="B-T", signatory=signatory)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"hello", "only PDF, Word, Excel and PowerPoint"),
        (a_pdf()[:-300], "damaged|cannot be signed"),
        (b"PK\x03\x04junk", "."),
        (office.a_docx()[:-40], "."),
    ],
    ids=["empty", "text", "cut pdf", "junk", "cut docx"],
)
def test_a_file_that_cannot_be_signed_is_told_so(desk, content, sentence):
    """One sentence and a hint, whatever the libraries say."""
    refused(desk, NotSignable, sentence, content)


def test_what_forbids_more_signatures_is_not_signed(desk, pki):
    """The certification of whoever signed before holds, and no key is asked."""
    closed = sign(a_pdf(), pki, "person", at=datetime.now(UTC), docmdp=MDPPerm.NO_CHANGES)
    refused(desk, NotSignable, "forbids every change", closed)


def test_a_document_that_may_still_be_signed_is_certified(desk):
    """And then signed by another."""
    certified = desk.sign(a_pdf(), name="person", certify=True)
    both = desk.sign(certified.content, name="agency").content
    assert [one.verdict for one in desk.found(both).signatures] == [Verdict.VALID] * 2


def test_a_folder_or_a_pipe_is_no_file_to_sign(desk, tmp_path):
    """And the node does not wait for whoever might write into it."""
    os.mkfifo(tmp_path / "pipe")
    for source in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(NotSignable):
            desk.signatory().sign(source, desk.folder / "signed", SigningWish(level=Level.B_B))


def test_a_token_larger_than_its_place_gets_a_larger_one(desk, monkeypatch):
    """Once more, from the start."""
    monkeypatch.setattr("edge_node.adapters.pens.STAMP_ROOM", 100)
    made = desk.sign(a_pdf(), level="B-LTA")
    assert desk.found(made.content).verdict is Verdict.VALID


def test_children_that_die_are_replaced(pki, tmp_path):
    """Between two signatures any of the three may go."""
    with signing(pki, tmp_path) as desk:
        signatory = desk.signatory()
        desk.sign(a_pdf(), level="B-T", signatory=signatory)
        for pid in (desk.preparer.pid, desk.opener.pid, desk.key("rsa2048").pid):
            os.kill(pid, signal.SIGKILL)
        assert desk.sign(a_pdf(), level="B-LTA", signatory=signatory).act.stamped_at


def test_lanes_may_sign_at_once(desk):
    """Each gets its own file, signed."""
    made = {}

    def sign(number):
        source = desk.folder / f"lane-{number}"
        source.write_bytes(a_pdf(text=f"Decision {number}"))
        target = desk.folder / f"lane-{number}-signed"
        desk.signatory().sign(source, target, SigningWish(level=Level.B_T))
        made[number] = target.read_bytes()

    lanes = [threading.Thread(target=sign, args=(number,)) for number in range(3)]
    for one in lanes:
        one.start()
    for one in lanes:
        one.join()
    for number, content in made.items():
        assert content.startswith(a_pdf(text=f"Decision {number}"))
        assert desk.found(content).verdict is Verdict.VALID
    assert len(made) == len(lanes)


def test_a_good_certificate_is_not_asked_about_for_every_file(desk):
    """Once in some minutes; one that was not good is asked about each time."""
    asked = []
    appraiser = desk.appraiser()
    real = appraiser.appraise

    def counting(*told, **more):
        asked.append(1)
        return real(*told, **more)

    object.__setattr__(appraiser, "appraise", counting)
    signatory = desk.signatory(appraiser=appraiser)
    desk.sign(a_pdf(), signatory=signatory)
    once = len(asked)
    desk.sign(a_pdf(), signatory=signatory)
    assert len(asked) == once > 0


@pytest.mark.slow
@pytest.mark.parametrize("streams", [1, 100])
def test_a_hundred_megabytes_are_signed_and_verified_in_little_memory(pki, tmp_path, streams):
    """In one stream or a hundred: 150 MB for whoever prepares, 220 MB for whoever verifies."""
    with signing(pki, tmp_path) as desk:
        source, target = tmp_path / "large.pdf", tmp_path / "large-signed.pdf"
        source.write_bytes(of_size(100 << 20, streams))
        desk.signatory().sign(source, target, SigningWish(level=Level.B_LTA))
        assert peak(desk.preparer.pid) <= 150
        assert peak(desk.opener.pid) <= 220


def peak(pid):
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024


def test_the_node_that_signs_loads_none_of_the_large_libraries():
    """They stay in the children."""
    code = """
import sys
import edge_node.adapters.signatory
print(sorted({"pyhanko", "pyhanko_certvalidator", "lxml", "cryptography", "asn1crypto", "fpdf"}
             & set(sys.modules)))
"""
    done = subprocess.run((sys.executable, "-c", code), check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
