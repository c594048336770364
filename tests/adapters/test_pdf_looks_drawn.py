"""What is drawn for a signature: the letters of a font, and the picture of a seal."""

from __future__ import annotations

import io
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import fpdf
import pytest
import scanned_pdfs
from our_pdfs import our_sign, poppler_agrees, pyhanko_agrees
from PIL import Image, ImageChops, ImageStat
from scanned_pdfs import a_seal, rendered
from signed_pdfs import a_pdf, sign

from edge_node.domain.errors import NotSignable, Outage
from edge_node.domain.looks import Showing
from edge_node.domain.signing import LookKind
from edge_node.notary.pdf.appearance import seal, text_block
from edge_node.notary.pdf.looks import PictureUnfit, Sight, look_for

MOMENT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
FONTS = Path("/usr/share/fonts/truetype")
FONT = Path(scanned_pdfs.FONT).read_bytes()
LETTERS = "aáàảãạ ăắằẳẵặ âấầẩẫậ đ eéèẻẽẹ êếềểễệ iíìỉĩị oóòỏõọ ôốồổỗộ ơớờởỡợ uúùủũụ ưứừửữự yýỳỷỹỵ"


def test_all_letters_of_vietnamese_come_out_as_they_went_in(pki, tmp_path):
    """Small and capital, with every mark: copied from the page they are what was written."""
    parts = LETTERS.split()
    lines = (" ".join(parts[:6]), " ".join(parts[6:]), LETTERS.upper()[:41], LETTERS.upper()[42:])

    signed = our_sign(a_pdf(), pki, look=_block(*lines))

    told = _told("pdftotext", signed, "-layout")
    assert [one for one in lines if one not in told] == []
    assert poppler_agrees(signed, tmp_path)


@pytest.mark.parametrize(
    "font", ["liberation2/LiberationSerif-Italic.ttf", "dejavu/DejaVuSerif.ttf"]
)
def test_letters_stand_as_far_apart_as_their_font_says(pki, tmp_path, font):
    """Whatever the units of a font: the line on the page is as long as the place made for it."""
    look = _block("12/QĐ-UBND", font=(FONTS / font).read_bytes())
    signed = our_sign(a_pdf(), pki, look=look)

    ink = rendered(signed, tmp_path, dpi=144).convert("L").point(lambda one: 255 * (one < 128))
    left, low, right, high = (one * 2 for one in look.box)
    found = ink.crop((int(left) - 9, int(1684 - high), int(right) + 9, int(1684 - low))).getbbox()

    assert found[0] == pytest.approx(9, abs=3)
    assert found[2] == pytest.approx(right - left + 9, abs=3)


def test_letters_are_drawn_with_all_their_parts(pki, tmp_path):
    """Marks that a font keeps apart are there: as much ink as with the whole font."""
    words = "Ủy ban nhân dân tỉnh Đắk Lắk Ếẵộữỵ"
    signed = our_sign(a_pdf(text=""), pki, look=_block(words))
    paper = fpdf.FPDF(unit="pt")
    paper.add_page(format=(595, 842))
    paper.add_font("serif", fname=scanned_pdfs.FONT)
    paper.set_font("serif", size=10)
    paper.text(100, 100, words)
    paper.text(100, 120, "2026-11-22T10:00:00+07:00")

    plain, shown, whole = (
        255 - ImageStat.Stat(rendered(one, tmp_path, dpi=200).convert("L")).mean[0]
        for one in (a_pdf(text=""), signed, bytes(paper.output()))
    )

    assert shown - plain == pytest.approx(whole, rel=0.01)


def test_a_signature_that_shows_takes_a_few_kilobytes(pki):
    """Of the font only the letters in use go into the document."""
    unseen, seen = our_sign(a_pdf(), pki), our_sign(a_pdf(), pki, look=_block("12/QĐ-UBND"))

    assert len(seen) - len(unseen) < 8_000


def test_a_letter_the_font_lacks_is_named():
    """The document is not signed with a gap in its number."""
    with pytest.raises(NotSignable, match="no letter for 文 號") as told:
        _block("12/文號")

    assert "all letters of Vietnamese" in str(told.value.hint)


@pytest.mark.parametrize("font", [b"", b"no font", FONT[:9000], FONT.replace(b"glyf", b"none")])
def test_a_font_that_is_none_is_told(font):
    """It stops signing and parks no document; the sentence names the package that brings one."""
    with pytest.raises(PictureUnfit) as told:
        _block("12/QĐ-UBND", font=font)

    assert isinstance(told.value, Outage)
    assert "fonts-liberation2" in str(told.value.hint)


def test_the_seal_has_its_real_size(pki, tmp_path):
    """Measured on the page: 36 millimetres from edge to edge, over a third of the image."""
    pdf = sign(a_pdf(), pki, "person", box=(300, 400, 420, 450))

    look = seal(io.BytesIO(pdf), a_seal(), width=36, height=36)
    signed = our_sign(pdf, pki, "agency", field="Seal", look=look)

    seen = rendered(signed, tmp_path, dpi=127)
    red, green, _ = seen.split()
    ink = ImageChops.subtract(red, green).point(lambda one: 255 * (one > 90))
    left, top, right, bottom = (one / 5 for one in ink.getbbox())  # millimetres
    assert right - left == pytest.approx(36, abs=0.5)
    assert bottom - top == pytest.approx(36, abs=0.5)
    assert right == pytest.approx((300 + 120 / 3) / 72 * 25.4, abs=0.5)
    assert pyhanko_agrees(signed, pki, "person", "agency")


def test_what_is_under_the_seal_shows_through(pki, tmp_path):
    """The ring is red, within it the page is as it was."""
    pdf = sign(a_pdf(), pki, "person", box=(300, 400, 420, 450))
    look = seal(io.BytesIO(pdf), a_seal(), width=36, height=36)
    signed = our_sign(pdf, pki, "agency", field="Seal", look=look)

    before, after = (rendered(one, tmp_path, dpi=72) for one in (pdf, signed))
    left, bottom, right, top = (round(one) for one in look.box)
    inner = (left + 26, 842 - top + 26, right - 26, 842 - bottom - 26)

    assert before.crop(inner).tobytes() == after.crop(inner).tobytes()
    assert before.tobytes() != after.tobytes()


def test_a_seal_finer_than_any_printer_is_made_smaller(pki):
    """A seal drawn much larger than it is does not make each document larger by megabytes."""
    pdf = sign(a_pdf(), pki, "person", box=(300, 400, 420, 450))
    fine = a_seal(1800, noisy=True)

    look = seal(io.BytesIO(pdf), fine, width=36, height=36)
    signed = our_sign(pdf, pki, "agency", field="Seal", look=look)

    assert len(signed) - len(pdf) < len(fine) / 2


def test_a_seal_with_few_colours_is_one_as_well(pki):
    """PNGs with a palette, of which one colour is none, are what drawing programs export."""
    small = Image.open(io.BytesIO(a_seal(200))).quantize(8)
    out = io.BytesIO()
    small.save(out, "PNG")
    pdf = sign(a_pdf(), pki, "person", box=(300, 400, 420, 450))

    assert seal(io.BytesIO(pdf), out.getvalue(), width=36, height=36).page == 0


@pytest.mark.parametrize("picture", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\njunk"])
def test_a_picture_that_is_none_is_told(picture):
    """A wrong file for the seal stops sealing and parks no document."""
    with pytest.raises(PictureUnfit) as told:
        seal(io.BytesIO(a_pdf()), picture, width=36, height=36)

    assert isinstance(told.value, Outage)


def _solid(size):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, "PNG")
    return out.getvalue()


UNFIT = {
    "on a white ground": (lambda: _solid((9, 9)), 36, 36, "not transparent"),
    "cut off": (lambda: a_seal()[:900], 36, 36, "cannot be read"),
    "of no size": (a_seal, 0, 36, "size of the seal is not told"),
    "of another shape": (a_seal, 36, 30, "not as wide and high"),
    "beyond all measure": (lambda: _solid((4100, 4100)), 36, 36, "16 million"),
}


@pytest.mark.parametrize(("made", "width", "height", "why"), UNFIT.values(), ids=UNFIT)
def test_a_seal_that_would_come_out_wrong_is_refused(made, width, height, why):
    """It would cover what it belongs to, or not be the seal any more."""
    with pytest.raises(PictureUnfit, match=why):
        seal(io.BytesIO(a_pdf()), made(), width=width, height=height)


def test_a_signature_that_need_not_show_says_why_it_does_not():
    """No place for an annex's text is a sentence; for a needed seal it is a refusal."""
    text = Showing(kind=LookKind.TEXT, lines=("words " * 40,), needed=False)
    stamp = Showing(kind=LookKind.SEAL)

    shown = look_for(io.BytesIO(a_pdf()), Sight(showing=text, font=FONT), at=MOMENT)

    assert shown.look is None
    assert "no free space" in str(shown.unseen)
    with pytest.raises(NotSignable, match="no signature shows"):
        look_for(
            io.BytesIO(a_pdf()),
            Sight(showing=stamp, seal=a_seal(), width=36, height=36),
            at=MOMENT,
        )


def test_nothing_shows_where_nothing_is_wished():
    """The file is not even opened."""
    assert look_for(io.BytesIO(b"no PDF"), None, at=MOMENT).look is None
    assert look_for(io.BytesIO(b"no PDF"), Sight(showing=Showing()), at=MOMENT).look is None


def _block(*lines, font=FONT):
    return text_block(io.BytesIO(a_pdf()), lines, at=MOMENT, font=font)


def _told(program, pdf, *options):
    command = [program, *options, "-", "-"]
    return subprocess.run(command, input=pdf, check=True, capture_output=True).stdout.decode()
