"""How a look travels to the child that draws, and what that draws behind its fence."""

from __future__ import annotations

import io
import subprocess
import zlib
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import scanned_pdfs
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader
from scanned_pdfs import (
    FREE,
    a_scan,
    a_seal,
    a_sheet,
    deflated,
    fax,
    jpeg,
    jpeg2000,
    picture,
    predicted,
)
from signed_pdfs import a_pdf, sign, with_empty_field

from edge_node.adapters.preparing import Preparer
from edge_node.domain.errors import NotSignable
from edge_node.domain.looks import UNSEEN, Showing
from edge_node.domain.signing import LookKind
from edge_node.notary.pdf.looks import LARGEST_SEAL, PictureUnfit, Sight, read_look, tell_look
from edge_node.notary.pdf.sheets import POINTS
from edge_node.notary.told import Blobs
from edge_node.notary.wire import Garbled

FONT = Path(scanned_pdfs.FONT).read_bytes()
MOMENT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SEAL = Showing(kind=LookKind.SEAL)
TEXT = Showing(kind=LookKind.TEXT, lines=("12/QĐ-UBND",), needed=False)


BESIDE = Showing(kind=LookKind.SEAL, beside="Chữ ký 1")
SIGHTS = [
    Sight(showing=TEXT, font=b"font"),
    Sight(
        showing=Showing(kind=LookKind.SEAL, beside="Chữ ký 1"), seal=b"png", width=36.5, height=36
    ),
]


@pytest.mark.parametrize("sight", SIGHTS, ids=["text", "seal"])
def test_a_look_arrives_as_it_was_told(sight):
    """Font and picture as bytes beside the words, lengths to a hundredth of a millimetre."""
    blobs = Blobs()
    blobs.add(b"something else")

    told = tell_look(sight, blobs)

    assert read_look(told, blobs.all) == sight


def test_nothing_to_show_is_told_as_nothing():
    """Neither font nor picture travels for it."""
    blobs = Blobs()

    assert tell_look(None, blobs) is None
    assert tell_look(Sight(showing=UNSEEN, font=b"font"), blobs) is None
    assert blobs.all == ()
    assert read_look(None, ()) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "banner"},
        {"lines": ["one"] * 11},
        {"lines": [1]},
        {"beside": None},
        {"needed": 1},
        {"font": 2},
        {"seal": -1},
        {"width": 50_001},
        {"height": 3.5},
        {"colour": "red"},
    ],
    ids=str,
)
def test_a_look_that_nobody_told_is_garbled(wrong):
    """Every field is asked for by its kind and its bounds."""
    blobs = Blobs()
    told = tell_look(SIGHTS[1], blobs)

    with pytest.raises(Garbled):
        read_look(told | wrong, blobs.all)


def test_a_picture_without_measure_is_garbled():
    """The parent reads no more of it than the child takes."""
    blobs = Blobs()
    told = tell_look(Sight(showing=SEAL, seal=bytes(LARGEST_SEAL + 1)), blobs)

    with pytest.raises(Garbled):
        read_look(told, blobs.all)


@pytest.fixture(scope="module")
def preparer():
    with closing(Preparer()) as preparer:
        yield preparer


def test_the_child_writes_text_with_a_font_it_was_handed(preparer, tmp_path):
    """It opens nothing by name, and the Vietnamese comes out right."""
    place, drafted = _drafted(preparer, a_pdf(), Sight(showing=TEXT, font=FONT), tmp_path)

    assert place.unseen is None
    assert {"12/QĐ-UBND", "2026-11-22T10:00:00+07:00"} < set(_words(drafted))


def test_the_child_lays_the_seal_over_the_signature(preparer, pki, tmp_path):
    """With the PNG it was handed, over a third of what the field shows, in its real size."""
    pdf = sign(a_pdf(), pki, "person", box=(300, 400, 420, 450))
    sight = Sight(showing=SEAL, seal=a_seal(), width=36, height=36)

    _, drafted = _drafted(preparer, pdf, sight, tmp_path)

    left, _, right, _ = _box(drafted)
    assert right == pytest.approx(340, abs=0.1)
    assert right - left == pytest.approx(36 * POINTS, abs=0.1)


SHEET = a_sheet()
BLACK = SHEET.convert("1", dither=Image.Dither.NONE)
SCANS = {
    "JPEG": lambda: jpeg(SHEET),
    "JPEG 2000": lambda: jpeg2000(SHEET),
    "samples": lambda: deflated(SHEET),
    "PNG's predictors": lambda: predicted(SHEET),
    "fax": lambda: fax(BLACK),
}


@pytest.mark.parametrize("made", SCANS.values(), ids=SCANS)
def test_the_child_reads_scans_behind_its_fence(preparer, tmp_path, made):
    """All that reads pictures was read in before the kernel let nothing more be opened."""
    place, drafted = _drafted(preparer, a_scan(made()), Sight(showing=TEXT, font=FONT), tmp_path)

    assert place.unseen is None
    _, bottom, _, top = _box(drafted)
    assert FREE[0] < (842 - top) / POINTS < (842 - bottom) / POINTS < FREE[1]


def test_why_a_signature_does_not_show_is_handed_back(preparer, tmp_path):
    """The document is drafted all the same, without anything drawn."""
    dark = a_scan(jpeg(Image.new("L", (300, 400), 90)))

    place, drafted = _drafted(preparer, dark, Sight(showing=TEXT, font=FONT), tmp_path)

    assert "no free space" in str(place.unseen)
    assert _box(drafted) is None


@pytest.mark.parametrize("empty", [0, 2])
def test_a_certified_document_without_a_field_to_fill_is_signed_unseen(
    preparer, pki, tmp_path, empty
):
    """It permits no field that shows; where the text need not show, nothing is refused for it."""
    pdf = a_pdf()
    for name in ("One", "Two")[:empty]:
        pdf = with_empty_field(pdf, name)
    certified = sign(pdf, pki, "person", docmdp=2)
    place, drafted = _drafted(preparer, certified, Sight(showing=TEXT, font=FONT), tmp_path)

    assert "the document is certified" in str(place.unseen)
    assert _box(drafted) is None

    needed = replace(TEXT, needed=True)
    with pytest.raises(NotSignable, match="the document is certified"):
        _drafted(preparer, certified, Sight(showing=needed, font=FONT), tmp_path)


def test_a_look_that_cannot_be_is_told_by_its_kind(preparer, tmp_path):
    """A document without a place for its seal is refused, a bad picture stops signing."""
    sight = Sight(showing=SEAL, seal=a_seal(), width=36, height=36)
    with pytest.raises(NotSignable, match="no signature shows"):
        _drafted(preparer, a_pdf(), sight, tmp_path)

    spoilt = Sight(showing=SEAL, seal=b"GIF89a", width=36, height=36)
    with pytest.raises(PictureUnfit, match="no PNG"):
        _drafted(preparer, a_pdf(), spoilt, tmp_path)


def test_the_largest_scan_that_is_looked_into_fits_into_the_child(preparer, tmp_path):
    """A coloured sheet of A4 in 600 dots to the inch, undone in all its pixels."""
    sheet = Image.new("RGB", (4960, 7015), (250, 249, 246))
    pdf = a_scan(predicted(sheet))

    place, drafted = _drafted(preparer, pdf, Sight(showing=TEXT, font=FONT), tmp_path)

    assert place.unseen is None
    assert (842 - _box(drafted)[3]) / POINTS == pytest.approx(5, abs=0.1)


def test_pictures_made_to_burst_cost_the_child_nothing(tmp_path):
    """They are taken for full unopened; it has not grown, and goes on with the next file."""
    with closing(Preparer()) as preparer:
        for bomb in _bombs():
            pdf = a_scan(bomb)
            place, _ = _drafted(preparer, pdf, Sight(showing=TEXT, font=FONT), tmp_path)
            assert "no free space" in str(place.unseen)

        assert _most_memory(preparer.pid) < 130 << 20


def _bombs():
    blank = Image.new("L", (800, 1100), 255)
    coded = jpeg(blank).encoded_data
    at = coded.index(b"\xff\xc0") + 5  # where a JPEG says how high and wide it is
    yield picture(b"", size=(60_000, 60_000), filters=["/FlateDecode"])
    yield picture(coded[:at] + b"\xfd\xe8" * 2 + coded[at + 4 :], size=blank.size,
                  filters=["/DCTDecode"])  # fmt: skip
    yield picture(zlib.compress(bytes(200 << 20), 9), size=blank.size, filters=["/FlateDecode"])


def _most_memory(pid):
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    (told,) = (line.split()[1] for line in status if line.startswith("VmHWM"))
    return int(told) << 10


def _drafted(preparer, pdf, sight, folder):
    """Return where the gap is, and the document with the draft behind it."""
    source, tail = folder / "source.pdf", folder / "tail"
    source.write_bytes(pdf)
    tail.write_bytes(b"")
    with source.open("rb") as below, tail.open("r+b") as above:
        files = below.fileno(), above.fileno()
        place = preparer.pdf(
            files, hashed="sha256", reserved=4000, at=MOMENT, name="Ours", sight=sight
        )
    return place, pdf + tail.read_bytes()


def _box(drafted):
    """Return where our field shows; None where it does not."""
    reader = PdfFileReader(io.BytesIO(drafted), strict=False)
    fields = [one.get_object() for one in reader.root["/AcroForm"]["/Fields"]]
    (ours,) = (one for one in fields if str(one["/T"]) == "Ours")
    box = [float(one) for one in ours["/Rect"]]
    return box if any(box) else None


def _words(drafted):
    done = subprocess.run(["pdftotext", "-", "-"], input=drafted, check=True, capture_output=True)
    return done.stdout.decode().split()
