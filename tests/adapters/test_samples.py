import hashlib
import subprocess
import tracemalloc
import unicodedata
from importlib.resources import files
from pathlib import Path

import needs
import pytest

from edge_node.demo.scan import write_scan

DEMO = Path(str(files("edge_node.demo") / "documents"))
VERSIONS = Path(__file__).parents[1] / "data" / "documents"


def test_the_samples_are_small_enough_to_be_committed():
    """All documents of the demo together stay below 1.5 MB, a test document below 40 kB."""
    assert sum(sample.stat().st_size for sample in DEMO.iterdir()) < 1_500_000
    assert max(sample.stat().st_size for sample in VERSIONS.iterdir()) < 40_000


@pytest.mark.parametrize("sample", sorted(DEMO.glob("*.pdf")), ids=lambda path: path.stem)
def test_a_sample_carries_its_fonts_and_its_vietnamese(sample):
    """Every PDF of the demo embeds all its fonts and gives its text back with its diacritics."""
    fonts = [line.split() for line in _run("pdffonts", sample).splitlines()[2:]]
    text = unicodedata.normalize("NFC", _run("pdftotext", "-layout", sample, "-"))

    assert fonts
    assert all(font[-5] == "yes" for font in fonts)
    assert "thử nghiệm" in text
    assert "không có giá trị pháp lý" in text
    assert "MẬT" not in text.upper()


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("101-BND-VP", "Số: 101/BNĐ-VP"),
        ("245-UBND-VX", "Số: 245/UBND-VX"),
        ("77-QD-UBND", "Số: 77/QĐ-UBND"),
        ("33-GM-VP", "Số: 33/GM-VP"),
    ],
)
def test_a_letter_has_the_head_of_an_official_document(name, number):
    """The national name, the motto and the number stand on page one, each in one line."""
    text = unicodedata.normalize("NFC", _run("pdftotext", "-layout", DEMO / f"{name}.pdf", "-"))

    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in text
    assert "Độc lập - Tự do - Hạnh phúc" in text
    assert number in text
    assert "Nơi nhận:" in text


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7", "2.0"])
def test_there_is_a_pdf_of_every_version_in_use(version):
    """From PDF/A-1 of 2005 to PDF 2.0, each written by a real program, each complete."""
    (sample,) = VERSIONS.glob(f"pdf-{version}-*.pdf")

    assert f"PDF version:     {version}" in _run("pdfinfo", sample)
    assert sample.read_bytes().rstrip().endswith(b"%%EOF")


def test_a_scan_has_the_pages_and_the_size_asked_for(tmp_path):
    """Five pages in a megabyte: a PDF that others can read, one grey image an A4 page."""
    scan = tmp_path / "scan.pdf"

    write_scan(scan, pages=5, size=1_000_000)

    assert abs(scan.stat().st_size - 1_000_000) < 20_000
    facts = _run("pdfinfo", scan)
    assert "Pages:           5" in facts
    assert "595.28 x 841.89 pts (A4)" in facts
    images = _run("pdfimages", "-list", scan).splitlines()[2:]
    assert [(image.split()[0], image.split()[2]) for image in images] == [
        (str(page), "image") for page in range(1, 6)
    ]


def test_a_scan_comes_out_the_same_every_time(tmp_path):
    """The same arguments give the same bytes, another seed gives others."""
    digests = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_scan(tmp_path / name, pages=2, size=100_000, seed=seed)
        digests.append(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())

    assert digests[0] == digests[1] != digests[2]


def test_a_scan_is_never_held_in_memory(tmp_path):
    """Six megabytes go to disk row by row; a quarter of that is never in memory at once."""
    tracemalloc.start()
    try:
        write_scan(tmp_path / "scan.pdf", pages=2, size=6_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (tmp_path / "scan.pdf").stat().st_size > 5_900_000
    assert peak < 1_500_000


@pytest.mark.parametrize(("pages", "size"), [(0, 1_000_000), (3, 11_999)])
def test_a_scan_that_cannot_look_like_one_is_refused(tmp_path, pages, size):
    """No pages, or less than 4 000 bytes a page, is a mistake of the caller."""
    with pytest.raises(ValueError, match="no scan of"):
        write_scan(tmp_path / "scan.pdf", pages=pages, size=size)

    assert not (tmp_path / "scan.pdf").exists()


def _run(*command):
    needs.program(command[0], "poppler-utils")
    done = subprocess.run([str(part) for part in command], check=True, capture_output=True)
    return done.stdout.decode()
