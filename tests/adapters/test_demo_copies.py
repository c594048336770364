"""What arrived in the demo, compared with what was handed over."""

from __future__ import annotations

import shutil

import pytest
from office import a_docx, changed, edited, signed
from our_pdfs import our_sign
from signed_pdfs import a_pdf

from edge_node.demo.copies import Likeness, Original, matched
from edge_node.demo.scenes import ALTERED, DOCUMENTS, _altered


@pytest.fixture
def kept(tmp_path):
    """Lay bytes into a file of that name."""

    def kept(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return kept


def likeness(kept, suffix, before, after):
    original = Original.of(kept(f"before{suffix}", before))
    return original.likeness(kept(f"after{suffix}", after))


@pytest.mark.parametrize(("suffix", "make"), [(".pdf", a_pdf), (".docx", a_docx)])
def test_what_was_not_touched_is_the_same(kept, suffix, make):
    """Byte for byte."""
    content = make()
    assert likeness(kept, suffix, content, content) is Likeness.SAME


def test_a_signed_file_is_known_again(kept, pki):
    """What was handed over is in it, whole, whatever a signature puts beside it."""
    pdf, office = a_pdf(), a_docx()
    assert likeness(kept, ".pdf", pdf, our_sign(pdf, pki)) is Likeness.SIGNED
    assert likeness(kept, ".docx", office, signed(office, pki.signer("p256"))) is Likeness.SIGNED


def test_what_was_changed_is_another(kept, pki):
    """One letter, one part more or less, or too short: with a signature or without."""
    pdf, office = a_pdf(), a_docx()
    other = edited(office, "word/document.xml", "Tài", "Tai")
    for suffix, before, after in (
        (".pdf", pdf, pdf.replace(b"595", b"594", 1)),
        (".pdf", pdf, pdf[:-1]),
        (".pdf", pdf, our_sign(a_pdf(text="Other"), pki)),
        (".docx", office, other),
        (".docx", office, signed(other, pki.signer("p256"))),
        (".docx", office, changed(office, {"docProps/core.xml": None})),
        (".docx", office, changed(office, {"word/vbaProject.bin": b"macro"})),
        (".docx", office, b"no ZIP at all"),
    ):
        assert likeness(kept, suffix, before, after) is Likeness.OTHER


def test_each_file_is_matched_to_one_of_its_own(kept):
    """Two copies of one file are not two files, and a file too many is not overlooked."""
    one, other = kept("one.pdf", a_pdf()), kept("other.pdf", a_pdf(text="Other"))
    originals = [Original.of(one), Original.of(other)]
    again = kept("again.pdf", one.read_bytes())
    same = {one: Likeness.SAME, other: Likeness.SAME}
    assert matched(originals, [other, one]) == same
    assert matched(originals, [one]) is None
    assert matched(originals, [one, again]) is None
    assert matched(originals, [one, other, again]) is None


def test_what_is_passed_on_differs_in_one_byte(tmp_path):
    """The scanner of the demo changes the width of the page and nothing else."""
    signed = shutil.copy(DOCUMENTS / ALTERED, tmp_path / ALTERED)
    before, after = signed.read_bytes(), _altered(signed, tmp_path / "altered").read_bytes()
    assert len(before) == len(after)
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == [
        (ord("5"), ord("4"))
    ]
