"""What a file is by its content, whatever it is called."""

import io
import zipfile

import office
import pytest
from flows_world import LETTER

from edge_node.protocol.content import Kind, examine

OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)


def an_archive(name="list.txt"):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(name, b"a list")
    return held.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (LETTER.read_bytes(), Kind.PDF),
        (b"\n" * 900 + b"%PDF-1.4", Kind.PDF),
        (office.a_docx(), Kind.OFFICE),
        (office.an_xlsx(), Kind.OFFICE),
        (office.a_pptx(), Kind.OFFICE),
        (an_archive(), Kind.OTHER),
        (an_archive("a%PDF-1.7"), Kind.OTHER),
        (OLD, Kind.OTHER),
        (b"[Content_Types].xml", Kind.OTHER),
        (b"a list", Kind.OTHER),
        (b"", Kind.OTHER),
    ],
)
def test_what_can_be_signed_is_known_by_its_content(content, kind):
    """A name proves nothing: software calls a PDF `.dat`, and an archive `.docx`."""
    assert examine(io.BytesIO(content), "x.dat").kind is kind


@pytest.mark.parametrize("edge", range(-19, 2))
def test_the_telling_name_is_found_across_two_pieces(edge):
    """Files are read piece by piece, and it may begin in one and end in the next."""
    name = b"[CONTENT_TYPES].XML"
    content = b"PK\x03\x04".ljust((1 << 18) + edge, b"-") + name
    assert examine(io.BytesIO(content), "x").kind is Kind.OFFICE


@pytest.mark.parametrize("start", [b"PK\x03\x04\n", OLD[:8]])
def test_a_pdf_is_of_one_kind(start):
    """Archives may hold a PDF unpacked; what is called a PDF and begins so is a trap."""
    both = start + LETTER.read_bytes()
    assert examine(io.BytesIO(both), "12.PDF").objection is not None
    assert examine(io.BytesIO(both), "12.zip").objection is None
