"""How signatures look: where the block of text and the seal stand, on pages of every kind."""

from __future__ import annotations

import gc
import html
import io
import re
import subprocess
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import fpdf
import pytest
from our_pdfs import our_sign, poppler_agrees, pyhanko_agrees
from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.reader import PdfFileReader
from scanned_pdfs import a_seal
from signed_pdfs import a_pdf, sign, verified, with_empty_field
from tampered_pdfs import updated

from edge_node.domain.errors import NotSignable
from edge_node.domain.signature import Verdict
from edge_node.notary.pdf.appearance import seal, text_block
from edge_node.notary.pdf.painted import painted
from edge_node.notary.pdf.sheets import POINTS, sheet
from edge_node.notary.pdf.signing import Writer

FONT = Path("/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf").read_bytes()
HERE = Path(__file__).parents[1] / "data" / "documents"
DEMO = Path(__file__).parents[2] / "edge_node" / "demo" / "documents"
DOCUMENTS = sorted([*HERE.glob("*.pdf"), *DEMO.glob("*.pdf")])
TIME = "2026-11-22T10:00:00+07:00"  # as NOW is in Hanoi
WORD = re.compile(r'<word xMin="(\S+)" yMin="(\S+)" xMax="(\S+)" yMax="(\S+)">(.*?)</word>')


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_word_that_poppler_sees_is_known_to_be_painted(path):
    """Documents of several programs: no word of page 1 lies outside what is held for painted."""
    pdf = path.read_bytes()
    boxes = _painted(pdf)

    missed = [text for text, *word in _words(pdf) if not _covered(word, boxes)]

    assert missed == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_block_stands_over_no_word(path):
    """Top right of page 1, in the upper quarter, away from every word that poppler sees."""
    pdf = path.read_bytes()
    look = _block(pdf)
    page = PdfFileReader(io.BytesIO(pdf)).find_page_for_modification(0)[0].get_object()
    left, bottom, right, top = sheet(page).seen(look.box)

    assert left > sheet(page).width / 2
    assert bottom > sheet(page).height * 3 / 4
    assert not [
        text
        for text, *word in _words(pdf)
        if word[0] < right and left < word[2] and word[1] < top and bottom < word[3]
    ]


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (50, 100, 400, 700)], ids=["whole", "cropped"])
def test_the_block_is_read_upright_wherever_the_page_is_turned(pki, tmp_path, turned, crop):
    """Number and notation and the time in Times of 10 points, at the corner that is seen."""
    pdf = updated(_page(lambda _: None), lambda writer: _turn(writer, turned, crop))

    signed = our_sign(pdf, pki, look=_block(pdf, "12/QĐ-UBND", "Sao y; Ủy ban nhân dân"))

    page = PdfFileReader(io.BytesIO(signed)).find_page_for_modification(0)[0].get_object()
    shown = sheet(page)
    words = {text: word for text, *word in _words(signed)}
    assert words.keys() == {"12/QĐ-UBND", "Sao", "y;", "Ủy", "ban", "nhân", "dân", TIME}
    left, bottom, right, top = words[TIME]
    assert shown.width - right == pytest.approx(15 * POINTS, abs=1)
    assert 100 < right - left < 130  # twenty-five letters of ten points
    assert 10.5 < top - bottom < 12
    assert words["12/QĐ-UBND"][3] == pytest.approx(shown.height - 5 * POINTS, abs=2)
    assert words["12/QĐ-UBND"][1] > words["Sao"][1] > bottom
    assert _told("pdffonts", signed).count("LiberationSerif") == 1
    assert verified(signed, pki, "rsa2048").verdict.verdict is Verdict.VALID
    assert poppler_agrees(signed, tmp_path)


def test_the_text_comes_out_as_it_went_in(pki):
    """Vietnamese marks, in one piece or two, are copied from the page as they are written."""
    lines = ("07/2026/NQ-HĐND", "Ủy ban nhân dân xã Đắk Ơ", "Hu\u0065\u0302\u0301")
    signed = our_sign(a_pdf(), pki, look=_block(a_pdf(), *lines))

    told = _told("pdftotext", signed).split("\n")

    assert told[2:6] == ["07/2026/NQ-HĐND", "Ủy ban nhân dân xã Đắk Ơ", "Huế", TIME]


def test_a_page_with_large_units_gets_text_of_the_same_size(pki):
    """Where a unit is two points, the block takes half as many of them."""

    def double(writer):
        reference, _ = writer.find_page_for_modification(0)
        reference.get_object()["/UserUnit"] = generic.NumberObject(2)
        writer.mark_update(reference)

    plain, large = _block(a_pdf()), _block(updated(a_pdf(), double))

    assert large.box[3] - large.box[1] == pytest.approx((plain.box[3] - plain.box[1]) / 2)
    signed = our_sign(updated(a_pdf(), double), pki, look=large)
    assert verified(signed, pki, "rsa2048").verdict.verdict is Verdict.VALID


def _filled(colour):
    def draw(pdf):
        pdf.set_fill_color(*colour)
        pdf.rect(0, 0, 210, 297, style="F")

    return draw


def _framed(pdf):
    pdf.set_line_width(1)
    pdf.rect(3, 3, 204, 291)


def _lined(until):
    def draw(pdf):
        for row in range(2, until, 4):
            pdf.set_xy(10, row)
            pdf.cell(190, 4, text="a line of words from the left edge to the right one, " * 2)

    return draw


@pytest.mark.parametrize(
    ("draw", "down"),
    [(_filled((255, 255, 255)), 5), (_framed, 6), (_lined(24), 28), (lambda _: None, 5)],
    ids=["white ground", "a frame", "a heading", "nothing"],
)
def test_free_space_is_found(draw, down):
    """White is paper, a frame is its lines, and below a heading there is room again."""
    look = _block(_page(draw))

    assert (842 - look.box[3]) / POINTS == pytest.approx(down, abs=1.6)


@pytest.mark.parametrize("draw", [_filled((200, 200, 255)), _lined(60)], ids=["coloured", "full"])
def test_without_free_space_there_is_no_block(draw):
    """Never over what is there: it is told, and nothing is signed by halves."""
    with pytest.raises(NotSignable, match=r"no free space .* at the top right of page 1") as told:
        _block(_page(draw))

    assert "without showing" in str(told.value.hint)


OPERATORS = {
    "a form": b"q 1 0 0 1 400 780 cm /Form Do Q",
    "an inline image": b"q 150 0 0 50 430 780 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x80 EI Q",
    "a quoted line": b"BT /F1 12 Tf 14 TL 430 812 Td (words that are shown below) ' ET",
    "a spaced line": b'BT /F1 12 Tf 14 TL 430 812 Td 1 1 (words (in) \\) brackets) " ET',
    "pieces": b"BT /F1 12 Tf 1 0 0 1 430 800 Tm [(wo) -500 (rds) 20 <776f726473>] TJ ET",
    "a curve": b"430 800 m 450 840 500 760 560 800 c S",
    "a filled box": b"0 0 1 rg 430 780 120 40 re f",
    "a shade in a clip": b"q 430 780 120 40 re W n /Sh sh Q",
}


@pytest.mark.parametrize("operators", OPERATORS.values(), ids=OPERATORS)
def test_whatever_paints_is_kept_clear_of(operators):
    """Forms, pictures inside the stream, quoted text, curves and shades all take their room."""
    look = _block(updated(a_pdf(), lambda writer: _draw(writer, operators)))

    assert look.box[3] < 800


@pytest.mark.parametrize(
    "operators",
    [
        b"q 430 700 120 20 re W n 430 780 120 40 re f Q",
        b"BT 3 Tr /F1 12 Tf 430 800 Td (read by a machine) Tj ET",
        b"430 780 120 40 re n",
        b"q 1 1 1 rg 430 780 120 40 re f Q",
    ],
    ids=["clipped", "unseen text", "no painting", "white"],
)
def test_what_is_not_seen_takes_no_room(operators):
    """What is clipped away, written without ink or never painted is no obstacle."""
    look = _block(updated(a_pdf(), lambda writer: _draw(writer, operators)))

    assert (842 - look.box[3]) / POINTS == pytest.approx(5, abs=0.1)


def test_what_is_laid_over_the_page_is_kept_clear_of(pki):
    """The picture of an earlier signature takes its room like print; one unseen takes none."""
    seen = sign(a_pdf(), pki, "person", box=(400, 790, 580, 840))
    unseen = sign(a_pdf(), pki, "person")

    assert _block(seen).box[3] < 790
    assert _block(unseen).box == _block(a_pdf()).box


def test_forms_within_forms_without_end_are_given_up():
    """A page that would be drawn for years is refused in seconds."""

    def nest(writer):
        _draw(writer, b"/Form Do " * 9)
        page = writer.find_page_for_modification(0)[0].get_object()
        form = page["/Resources"]["/XObject"]["/Form"]
        form._data = b"/Form Do " * 9
        form["/Resources"] = page["/Resources"]

    with pytest.raises(NotSignable, match="cannot be measured"):
        _block(updated(a_pdf(), nest))


@pytest.mark.parametrize("operators", [b"(never closed", b"/None Do", b"BI /W 1 ID x"])
def test_a_page_that_cannot_be_measured_is_told(operators):
    """Broken operators hide what is painted: nobody guesses."""
    with pytest.raises(NotSignable, match="cannot be measured"):
        _block(updated(a_pdf(), lambda writer: _draw(writer, operators)))


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_the_seal_lies_over_a_third_of_the_image_at_its_left(pki, tmp_path, turned):
    """In its real size, upright, half way up the signer's image, and both signatures hold."""
    pdf = updated(a_pdf(2), lambda writer: _turn(writer, turned, None))
    pdf = sign(pdf, pki, "person", level="B-T", box=(250, 300, 400, 390))

    look = seal(io.BytesIO(pdf), a_seal(), width=36, height=36)
    signed = our_sign(pdf, pki, "agency", level="B-LTA", field="Seal", look=look)

    page = PdfFileReader(io.BytesIO(pdf)).find_page_for_modification(0)[0].get_object()
    image, placed = sheet(page).seen((250, 300, 400, 390)), sheet(page).seen(look.box)
    assert placed[2] - image[0] == pytest.approx((image[2] - image[0]) / 3)
    assert placed[1] + placed[3] == pytest.approx(image[1] + image[3])
    assert placed[2] - placed[0] == pytest.approx(36 * POINTS)
    assert verified(signed, pki, "person", "agency", "tsa").verdict.verdict is Verdict.VALID
    assert pyhanko_agrees(signed, pki, "person", "agency", level="B-LTA")
    assert poppler_agrees(signed, tmp_path)
    seen = _rendered(signed, tmp_path)
    scale = seen.width / sheet(page).width
    across = (placed[0] + placed[2]) / 2 * scale
    red_above, grey_left = (
        seen.getpixel((int(across), int((sheet(page).height - placed[3]) * scale) + 6)),
        seen.getpixel(
            (int(placed[0] * scale) + 3, int((sheet(page).height - placed[3]) * scale) + 3)
        ),
    )
    assert red_above[0] > 150 > red_above[1]  # the ring, at its top
    assert min(grey_left) > 240  # the corner is transparent


def test_the_seal_stands_where_the_last_visible_signature_is(pki):
    """By itself it follows the last one that shows; by name it goes beside another."""
    pdf = sign(a_pdf(3), pki, "person", field="Chairman", box=(300, 400, 420, 450))
    pdf = sign(pdf, pki, "p256", field="Clerk", box=(300, 100, 420, 150))
    pdf = sign(pdf, pki, "p384", field="Unseen")

    last = seal(io.BytesIO(pdf), a_seal(), width=36, height=36)
    named = seal(io.BytesIO(pdf), a_seal(), width=36, height=36, beside="Chairman")

    assert last.box[1] == pytest.approx(125 - 18 * POINTS)
    assert named.box[1] == pytest.approx(425 - 18 * POINTS)


@pytest.mark.parametrize("box", [None, (2, 300, 50, 340)], ids=["unseen", "at the edge"])
def test_without_a_place_there_is_no_seal(pki, box):
    """A seal belongs to a signature that shows, and covers no more of it than half."""
    pdf = sign(a_pdf(), pki, "person", box=box)

    with pytest.raises(NotSignable) as told:
        seal(io.BytesIO(pdf), a_seal(), width=36, height=36)

    assert str(told.value) == (
        "no signature shows in the PDF that the seal could be put beside"
        if box is None
        else "there is no room for the seal at the left of the signature it belongs to"
    )


def test_a_broken_pdf_is_told_before_anything_is_drawn():
    """The same sentence as for signing it without a look."""
    with pytest.raises(NotSignable, match="no PDF"):
        _block(b"Dear all")


def test_a_certified_document_shows_it_in_its_empty_field(pki):
    """Where no field may be added, the block goes into the one that was left for it."""
    pdf = sign(with_empty_field(a_pdf(), "Later", box=(400, 700, 560, 740)), pki, docmdp=2)

    signed = our_sign(pdf, pki, "agency", field="Seal", look=_block(pdf))

    found = verified(signed, pki, "rsa2048", "agency").verdict
    assert found.verdict is Verdict.VALID
    assert found.signatures[1].name == "Later"
    assert pyhanko_agrees(signed, pki, "rsa2048", "agency")
    (word,) = [word for text, *word in _words(signed) if text == TIME]
    assert 400 < word[0] < word[2] < 560


def test_one_look_for_many_documents_keeps_none_of_them(pki):
    """Drawing again and again holds no file open: what pyHanko's styles keep is thrown away."""
    look = _block(a_pdf())
    for _ in range(5):
        our_sign(a_pdf(), pki, "p256", look=look)
    gc.collect()

    assert sum(isinstance(one, Writer) for one in gc.get_objects()) == 0


def _block(pdf, *lines):
    moment = datetime(2026, 11, 22, 3, 0, 0, 999, tzinfo=UTC)
    return text_block(io.BytesIO(pdf), lines or ("12/QĐ-UBND",), at=moment, font=FONT)


def _page(draw):
    pdf = fpdf.FPDF()
    pdf.set_margin(0)
    pdf.set_auto_page_break(auto=False)
    pdf.add_page()
    pdf.set_font("helvetica", size=10)
    draw(pdf)
    return bytes(pdf.output())


def _turn(writer, turned, crop):
    reference, _ = writer.find_page_for_modification(0)
    reference.get_object()["/Rotate"] = generic.NumberObject(turned)
    if crop:
        reference.get_object()["/CropBox"] = generic.ArrayObject(map(generic.FloatObject, crop))
    writer.mark_update(reference)


def _draw(writer, operators):
    """Let page 1 be drawn by these operators, with a form and a shade at hand."""
    reference, _ = writer.find_page_for_modification(0)
    page = reference.get_object()
    form = generic.StreamObject(
        {
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 190, 60))),
        },
        stream_data=b"0 0 190 60 re f",
    )
    fonts = page["/Resources"]["/Font"]
    resources = generic.DictionaryObject(
        {
            pdf_name("/Font"): generic.DictionaryObject({pdf_name("/F1"): fonts.raw_get("/F1")}),
            pdf_name("/XObject"): generic.DictionaryObject(
                {pdf_name("/Form"): writer.add_object(form)}
            ),
        }
    )
    page["/Resources"] = resources
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=operators))
    writer.mark_update(reference)


def _painted(pdf):
    page = PdfFileReader(io.BytesIO(pdf)).find_page_for_modification(0)[0].get_object()
    return [sheet(page).seen(box) for box in painted(page)]


def _covered(word, boxes):
    """Whether the middle line of a word lies in boxes, from its left end to its right one."""
    left, bottom, right, top = word
    middle = (bottom + top) / 2
    spans = sorted((one[0], one[2]) for one in boxes if one[1] <= middle <= one[3])
    inside = [one for one in spans if one[1] > left and one[0] < right]
    ends = [left + 1, *(one[1] for one in inside)]
    reach = [max(ends[: number + 1]) for number in range(len(ends))]
    return (
        bool(inside)
        and all(start <= before + 1 for (start, _), before in zip(inside, reach, strict=False))
        and reach[-1] >= right - 1
        and all(one <= other for one, other in pairwise(reach))
    )


def _words(pdf):
    """Return the words of page 1 with their boxes as poppler has them, upwards from below."""
    told = _told("pdftotext", pdf, "-f", "1", "-l", "1", "-bbox", "-cropbox")
    page = PdfFileReader(io.BytesIO(pdf)).find_page_for_modification(0)[0].get_object()
    height = sheet(page).height  # poppler's own is that before turning
    for left, top, right, bottom, text in WORD.findall(told):
        box = float(left), height - float(bottom), float(right), height - float(top)
        yield html.unescape(text), *box


def _told(program, pdf, *options):
    command = [program, *options, "-", *(["-"] if program == "pdftotext" else [])]
    return subprocess.run(command, input=pdf, check=True, capture_output=True).stdout.decode()


def _rendered(pdf, folder):
    command = ["pdftoppm", "-r", "72", "-png", "-singlefile", "-cropbox", "-", folder / "page"]
    subprocess.run(command, input=pdf, check=True, capture_output=True)
    return Image.open(folder / "page.png").convert("RGB")
