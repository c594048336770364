"""Scanned pages: what of a picture is paper, so that a block of text finds its place on it."""

from __future__ import annotations

import io
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from our_pdfs import our_sign
from PIL import Image, ImageDraw
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from scanned_pdfs import (
    A4,
    DPI,
    FREE,
    a_page_with,
    a_scan,
    a_sheet,
    changed,
    deflated,
    fax,
    jpeg,
    jpeg2000,
    picture,
    predicted,
    rendered,
)
from scanned_pdfs import FONT as TIMES
from signed_pdfs import verified

from edge_node.domain.signature import Verdict
from edge_node.notary.pdf.appearance import NoPlace, text_block
from edge_node.notary.pdf.sheets import POINTS

FONT = Path(TIMES).read_bytes()
MOMENT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
GREY = a_sheet()
TINTED = Image.merge("RGB", [a_sheet(246), a_sheet(243), a_sheet(236)])
BLACK = a_sheet(255, 0).convert("1", dither=Image.Dither.NONE)
PROFILE = generic.StreamObject({pdf_name("/N"): generic.NumberObject(1)}, stream_data=b"profile")
WHITE_FIRST = ["/Indexed", "/DeviceRGB", 1, bytes([250, 250, 245, 20, 20, 60])]
BLACK_FIRST = ["/Indexed", "/DeviceGray", 1, bytes([10, 250])]


def _inverted(image):
    return Image.eval(image.convert("L"), lambda one: 255 - one)


SCANS = {
    "JPEG, grey": lambda: jpeg(GREY),
    "JPEG, yellowish paper": lambda: jpeg(TINTED),
    "JPEG in deflate": lambda: _wrapped(jpeg(GREY)),
    "JPEG, turned over": lambda: jpeg(_inverted(GREY), Decode=[1, 0]),
    "JPEG 2000": lambda: jpeg2000(GREY),
    "samples, grey": lambda: deflated(GREY),
    "samples, with a profile": lambda: deflated(GREY, kind=["/ICCBased", PROFILE]),
    "samples, colours": lambda: deflated(TINTED),
    "samples, black and white": lambda: deflated(BLACK),
    "samples, not deflated": lambda: picture(GREY.tobytes(), size=GREY.size),
    "PNG's predictors": lambda: predicted(GREY),
    "PNG's predictors, colours": lambda: predicted(TINTED),
    "PNG's predictors, black and white": lambda: predicted(BLACK),
    "palette": lambda: deflated(BLACK, kind=BLACK_FIRST),
    "palette, white first": lambda: deflated(_inverted(BLACK).convert("1"), kind=WHITE_FIRST),
    "fax, group 4": lambda: fax(BLACK),
    "fax, group 3": lambda: fax(BLACK, group=3),
    "fax, black is 1": lambda: fax(BLACK, black_is_1=True, Decode=[1, 0]),
    "fax, palette": lambda: fax(BLACK, kind=BLACK_FIRST),
    "fax, stencil": lambda: fax(BLACK, kind="", ImageMask=True),
    "stencil": lambda: deflated(BLACK, kind="", ImageMask=True),
    "a layer over paper": lambda: deflated(
        Image.new("L", BLACK.size, 0), SMask=deflated(_inverted(BLACK))
    ),
    "a layer with a stencil": lambda: deflated(
        Image.new("L", BLACK.size, 0), Mask=deflated(BLACK, kind="", ImageMask=True)
    ),
}


@pytest.mark.parametrize("made", SCANS.values(), ids=SCANS)
def test_a_block_finds_the_free_strip_of_a_scan(tmp_path, made):
    """Whatever the scanner made of it: where the block will stand poppler sees paper alone."""
    pdf = a_scan(made())

    look = _block(pdf)

    top, bottom = ((842 - look.box[one]) / POINTS for one in (3, 1))
    assert FREE[0] < top < bottom < FREE[1]
    seen = rendered(pdf, tmp_path).convert("L")
    left, low, right, high = (round(one / 72 * DPI) for one in look.box)
    place = seen.crop((left, seen.height - high, right, seen.height - low))
    assert place.getextrema()[0] > 230
    assert seen.getextrema()[0] < 60


@pytest.mark.parametrize("turned", [90, 270])
def test_a_scan_that_lies_on_its_side_is_seen_upright(pki, tmp_path, turned):
    """Sheets run through the scanner sideways, turned for the screen: where a person sees it."""
    pdf = a_scan(jpeg(GREY.rotate(turned, expand=True)), turned)

    signed = our_sign(pdf, pki, "p256", look=_block(pdf))

    mask, before = changed(pdf, signed, tmp_path)
    left, top, right, bottom = (one / DPI * 25.4 for one in mask.getbbox())
    assert before.height > before.width
    assert FREE[0] < top < bottom < FREE[1]
    assert 105 < left < right < 210
    assert bottom - top < 10
    assert verified(signed, pki, "p256").verdict.verdict is Verdict.VALID


def test_a_blank_scan_is_paper_all_over():
    """The block stands in its first place, as on a page with nothing on it."""
    look = _block(a_scan(jpeg(Image.new("L", (827, 1169), 238))))

    assert (842 - look.box[3]) / POINTS == pytest.approx(5, abs=0.1)


def test_the_noise_of_a_scanner_is_no_print():
    """Grain that nobody reads keeps nothing off; a hair of a line does."""
    grain = Image.effect_noise((1654, 2339), 10).point(lambda one: one + 112)
    lined = grain.copy()
    for row in range(40, 1200, 30):
        ImageDraw.Draw(lined).line((0, row, 1654, row), fill=40, width=1)

    look = _block(a_scan(jpeg(grain)))

    assert (842 - look.box[3]) / POINTS == pytest.approx(5, abs=0.1)
    with pytest.raises(NoPlace, match="no free space"):
        _block(a_scan(jpeg(lined)))


def _wrapped(drawn):
    """Return a picture deflated once more, as some programs do to any stream."""
    drawn["/Filter"] = generic.ArrayObject(map(pdf_name, ("/FlateDecode", "/DCTDecode")))
    content = zlib.compress(drawn.encoded_data)
    entries = {key: drawn.raw_get(key) for key in drawn if key != "/Length"}
    return generic.StreamObject(entries, encoded_data=content)


BLANK = Image.new("L", (827, 1169), 255)
UNREADABLE = {
    "JBIG2": lambda: picture(b"\0", size=BLANK.size, bits=1, filters=["/JBIG2Decode"]),
    "inks": lambda: jpeg(Image.new("CMYK", BLANK.size)),
    "a colour of its own": lambda: jpeg(BLANK, kind=["/Separation", "/Spot", "/DeviceGray"]),
    "two codes": lambda: picture(b"", size=BLANK.size, filters=["/LZWDecode", "/FlateDecode"]),
    "cut off": lambda: picture(
        jpeg(BLANK).encoded_data[:400], size=BLANK.size, filters=["/DCTDecode"]
    ),
    "junk": lambda: picture(b"scan" * 99, size=BLANK.size, filters=["/CCITTFaxDecode"]),
    "too few samples": lambda: picture(b"\xff" * 99, size=BLANK.size),
    "two light values": lambda: jpeg(Image.new("L", BLANK.size), Decode=[1, 0.5]),
    "dark": lambda: jpeg(Image.new("L", BLANK.size, 190)),
}


@pytest.mark.parametrize("made", UNREADABLE.values(), ids=UNREADABLE)
def test_a_picture_that_is_not_read_is_full(made):
    """Nobody guesses what is on it: no block, and a sentence that says what to do."""
    with pytest.raises(NoPlace, match="no free space") as told:
        _block(a_scan(made()))

    assert "sign without showing it" in str(told.value.hint)


def test_a_picture_that_is_its_own_mask_is_read_once():
    """However deep masks lie in masks, it is the first that counts."""
    drawn = deflated(Image.new("L", (9, 9), 128))
    drawn["/SMask"] = drawn

    with pytest.raises(NoPlace, match="no free space"):
        _block(a_scan(drawn))


def test_many_large_pictures_are_not_all_opened():
    """Beyond so many pixels on one page a picture is taken for full, unlooked at."""
    large = deflated(Image.new("L", (5000, 7000), 255))
    pdf = a_page_with([(large, (0, 0, *A4))] * 3)

    with pytest.raises(NoPlace, match="no free space"):
        _block(pdf)
    assert _block(a_page_with([(large, (0, 0, *A4))] * 2)).box[3] > 820


def test_what_lies_elsewhere_is_not_opened():
    """Pictures at the foot of the page do not count, however large they are."""
    large = picture(b"", size=(99_999, 99_999))
    pdf = a_page_with([(large, (0, 0, 595, 400)), (jpeg(GREY), (0, 0, *A4))])

    assert FREE[0] < (842 - _block(pdf).box[3]) / POINTS < FREE[1]


def test_the_white_ground_of_a_picture_is_paper():
    """A coat of arms in a white square at the top right takes the room of the arms."""
    arms = Image.new("RGB", (400, 400), "white")
    ImageDraw.Draw(arms).ellipse((150, 150, 250, 250), fill=(200, 20, 20))

    look = _block(a_page_with([(jpeg(arms), (395, 642, 200, 200))]))

    assert (842 - look.box[3]) / POINTS == pytest.approx(5, abs=0.1)
    assert look.box[1] > 642 + 125


def test_a_pale_ground_of_a_picture_is_no_paper():
    """A tinted banner is there to be seen: it is kept clear of, though a scan as pale is not."""
    banner = jpeg(Image.new("RGB", (600, 60), (235, 240, 250)))

    look = _block(a_page_with([(banner, (0, 782, 595, 60))]))

    assert look.box[3] < 782


def test_the_page_of_a_scan_looks_as_before(pki, tmp_path):
    """Nothing of it changes but where the block stands, and there is nothing dark below that."""
    pdf = a_scan(jpeg(GREY))

    signed = our_sign(pdf, pki, "p256", look=_block(pdf))

    mask, before = changed(pdf, signed, tmp_path)
    left, top, right, bottom = mask.getbbox()
    assert 90 < (right - left) / DPI * 72 < 130
    assert 15 < (bottom - top) / DPI * 72 < 30
    assert before.crop(mask.getbbox()).getextrema()[0] > 230


def _block(pdf):
    return text_block(io.BytesIO(pdf), ("12/QĐ-UBND",), at=MOMENT, font=FONT)
