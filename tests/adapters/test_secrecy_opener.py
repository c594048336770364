"""Grades of secrecy on real files: read by the fenced child, told in one word, never in text."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import graded
import needs
import odd_pdfs
import odd_zips
import office
import pytest
import rogue
import signed_pdfs
from builders import a_document
from fpdf import FPDF
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from scanned_pdfs import a_page_with, deflated
from tampered_pdfs import updated

from edge_node.adapters.drops import DropChanged
from edge_node.adapters.grading import Grading
from edge_node.adapters.hiring import ChildMissing, Limits, Span
from edge_node.adapters.notary import OPENER, Opener
from edge_node.adapters.ocr import Tesseract
from edge_node.domain.secrecy import Grade
from edge_node.notary import filters
from edge_node.notary.told_printed import read_printed
from edge_node.notary.wire import Garbled, Packet
from edge_node.protocol import edxml

DATA = Path(__file__).parent.parent / "data"
MAT, TOI, TUYET = Grade.MAT, Grade.TOI_MAT, Grade.TUYET_MAT
LIMITS = edxml.Limits()


@pytest.fixture(scope="module")
def opener():
    opener = Opener()
    yield opener
    opener.close()


@pytest.fixture
def look(opener, tmp_path):
    """Look at these bytes as at a file of no telling name."""

    def look(content, reader=None):
        path = tmp_path / "file"
        path.write_bytes(content)
        return Grading(opener=opener, reader=reader).look(path)

    return look


@pytest.fixture(scope="module")
def tesseract():
    needs.program("tesseract", "tesseract-ocr")
    return Tesseract()


def in_an_annotation(word):
    """Return a page whose stamp lies over it, drawn by an appearance of its own."""
    stamp = odd_stamp(word)

    def change(writer):
        reference, _ = writer.find_page_for_modification(0)
        page = reference.get_object()
        note = generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Annot"),
                pdf_name("/Subtype"): pdf_name("/Stamp"),
                pdf_name("/F"): generic.NumberObject(4),
                pdf_name("/Rect"): numbers(50, 700, 250, 760),
                pdf_name("/AP"): generic.DictionaryObject(
                    {pdf_name("/N"): writer.add_object(stamp)}
                ),
            }
        )
        page["/Annots"] = generic.ArrayObject([writer.add_object(note)])
        writer.mark_update(reference)

    return updated(graded.a_page(None), change)


def in_a_form(word, deep=3):
    """Return a page on which everything is within forms within forms."""

    def change(writer):
        reference, _ = writer.find_page_for_modification(0)
        page = reference.get_object()
        inner = writer.add_object(odd_stamp(word))
        for _ in range(deep):
            form = odd_stamp("", within=inner)
            inner = writer.add_object(form)
        page["/Resources"] = generic.DictionaryObject(
            {pdf_name("/XObject"): generic.DictionaryObject({pdf_name("/F"): inner})}
        )
        page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"/F Do"))
        writer.mark_update(reference)

    return updated(graded.a_page(None), change)


def odd_stamp(word, within=None):
    """Return a form that writes a word in VNI's encoding, which needs no font of its own."""
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica",
            "/Encoding": "/WinAnsiEncoding"}  # fmt: skip
    named = {pdf_name(key): pdf_name(value) for key, value in font.items()}
    resources = {pdf_name("/Font"): generic.DictionaryObject(
        {pdf_name("/H"): generic.DictionaryObject(named)})}  # fmt: skip
    if within is not None:
        resources[pdf_name("/XObject")] = generic.DictionaryObject({pdf_name("/F"): within})
    written = b"BT /H 14 Tf 10 10 Td (" + word.encode("cp1252") + b") Tj ET"
    entries = {
        pdf_name("/Type"): pdf_name("/XObject"),
        pdf_name("/Subtype"): pdf_name("/Form"),
        pdf_name("/BBox"): numbers(0, 0, 600, 900),
        pdf_name("/Resources"): generic.DictionaryObject(resources),
    }
    return generic.StreamObject(entries, stream_data=b"/F Do" if within is not None else written)


def numbers(*told):
    return generic.ArrayObject(map(generic.NumberObject, told))


def on_page(number, word):
    """Return a document with a stamp on one page, counted from 1."""
    pdf = graded.a_blank()
    for page in (1, 2):
        if page > 1:
            pdf.add_page()
        pdf.set_font("serif", size=13)
        pdf.text(20, 20, "Kính gửi: Sở Nội vụ")
        if page == number:
            pdf.text(20, 40, word)
    return bytes(pdf.output())


def letter_by_letter(word):
    """Return a page on which letters are drawn one by one, from the last to the first."""
    pdf = graded.a_blank()
    pdf.set_font("serif", style="B", size=14)
    pdf.text(20, 20, "Kính gửi: Sở Nội vụ")
    for place, letter in reversed(list(enumerate(word))):
        pdf.text(30 + 5 * place, 40, letter)
    return bytes(pdf.output())


def in_bold_twice(word):
    """Return a page with a word drawn twice, to look bold."""
    pdf = graded.a_blank()
    pdf.set_font("serif", size=14)
    pdf.text(30, 40, word)
    pdf.text(30.1, 40, word)
    return bytes(pdf.output())


def turned_page(word):
    """Return a page that lies on its side, as a scanner driver or a landscape sheet does it."""

    def change(writer):
        reference, _ = writer.find_page_for_modification(0)
        reference.get_object()["/Rotate"] = generic.NumberObject(90)
        writer.mark_update(reference)

    return updated(graded.a_page(word), change)


def saying(word, kind, key, flags=4):
    """Return a page over which programs write a word by themselves: it has no appearance."""

    def change(writer):
        reference, _ = writer.find_page_for_modification(0)
        note = {
            "/Type": pdf_name("/Annot"),
            "/Subtype": pdf_name(kind),
            "/F": generic.NumberObject(flags),
            "/Rect": numbers(50, 700, 250, 760),
            key: generic.TextStringObject(word),
        }
        named = generic.DictionaryObject({pdf_name(one): note[one] for one in note})
        reference.get_object()["/Annots"] = generic.ArrayObject([writer.add_object(named)])
        writer.mark_update(reference)

    return updated(graded.a_page(None), change)


PDFS = {
    "a stamp": (lambda: graded.a_page("MẬT"), MAT),
    "the gravest": (lambda: graded.a_page("TUYỆT MẬT"), TUYET),
    "small": (lambda: graded.a_page("Độ mật: Tối mật", small=True), TOI),
    "letters apart": (lambda: graded.a_page("MẬT", spaced=14), MAT),
    "letter by letter": (lambda: letter_by_letter("TỐI MẬT"), TOI),
    "twice, to be bold": (lambda: in_bold_twice("MẬT"), MAT),
    "leaning": (lambda: graded.a_page("TỐI MẬT", turned=12), TOI),
    "upright": (lambda: graded.a_page("MẬT", turned=90), MAT),
    "upside down": (lambda: graded.a_page("TUYỆT MẬT", turned=180), TUYET),
    "beside the date": (lambda: graded.a_page("MẬT", beside="Mẫu, ngày 21/11/2026"), MAT),
    "a page on its side": (lambda: turned_page("MẬT"), MAT),
    "an annotation": (lambda: in_an_annotation("MAÄT"), MAT),
    "a note that stands open": (lambda: saying("MẬT", "/FreeText", "/Contents"), MAT),
    "a note that is folded": (lambda: saying("MẬT", "/Text", "/Contents"), None),
    "a field": (lambda: saying("Tối mật", "/Widget", "/V"), TOI),
    "a hidden field": (lambda: saying("MẬT", "/Widget", "/V", flags=2), None),
    "a field with a novel": (lambda: saying("MẬT " * 5000, "/Widget", "/V"), None),
    "forms in forms": (lambda: in_a_form("TOÁI MAÄT"), TOI),
    "an old encoding": (lambda: in_a_form("TUYÖT MËT", deep=0), TUYET),
    "hybrid": (lambda: odd_pdfs.hybrid(graded.a_page("MẬT")), MAT),
    "no password needed": (lambda: graded.locked(password=""), MAT),
    "no grade": (lambda: graded.a_page(None), None),
    "for internal use": (lambda: graded.a_page("LƯU HÀNH NỘI BỘ"), None),
    "a heading": (lambda: graded.a_page("QUY CHẾ BẢO VỆ BÍ MẬT NHÀ NƯỚC"), None),
    "page 2": (lambda: on_page(2, "MẬT"), None),
}


@pytest.mark.parametrize("name", PDFS)
def test_a_grade_on_page_1_of_a_pdf_is_found(look, name):
    """However its letters are drawn; on other pages, and within words, it is none."""
    make, grade = PDFS[name]
    found = look(make())
    assert (found.grade, found.unread) == (grade, None)


P = graded.paragraph
OFFICES = {
    "a paragraph": (lambda: graded.a_text(P("MẬT"), P("Kính gửi")), MAT),
    "split into runs": (lambda: graded.a_text(P("M", "Ậ", "T")), MAT),
    "a header": (lambda: graded.a_text(P("Kính gửi"), header1=P("TỐI MẬT")), TOI),
    "a footer": (lambda: graded.a_text(P("Kính gửi"), footer2=P("TUYỆT MẬT")), TUYET),
    "a box": (lambda: graded.a_text(graded.a_box(P("Độ mật: Mật")), P("Kính gửi")), MAT),
    "a box of letters": (lambda: graded.a_text(graded.a_box(P("TUYỆT"), P("MẬT"))), TUYET),
    "a watermark": (lambda: graded.a_text(P("a"), header1=graded.word_art("TUYỆT MẬT")), TUYET),
    "another watermark": (lambda: graded.a_text(P("a"), header1=graded.word_art("MẪU")), None),
    "columns of a report": (
        lambda: graded.a_text(graded.a_row("Số lượng", "Tuyệt mật", "Tối mật", "Mật")),
        None,
    ),
    "bytes behind it": (lambda: graded.untidy(graded.a_text(P("MẬT"))), MAT),
    "prose": (lambda: graded.a_text(P("Công tác bảo mật"), P("mật độ")), None),
    "page 2": (lambda: graded.a_text(P("Kính gửi"), graded.BREAK, P("MẬT")), None),
    "far behind": (lambda: graded.a_text(*[P("Kính gửi " * 50)] * 40, P("MẬT")), None),
    "by python-docx": (lambda: office.a_docx("MẬT"), MAT),
    "by LibreOffice": ((DATA / "documents/libreoffice.docx").read_bytes, None),
    "a cell": (lambda: graded.a_workbook([1, "a"], shared=["b", "MẬT"]), MAT),
    "a cell of its own": (lambda: graded.a_workbook(["TỐI MẬT"]), TOI),
    "above a sheet": (
        lambda: graded.a_workbook(["a"], above='&amp;L&amp;"Arial,Bold"&amp;14MẬT&amp;RTrang'),
        MAT,
    ),
    "above a sheet of 40 000 rows": (
        lambda: graded.a_workbook(*[["a", "b"] * 4] * 40_000, above="&amp;LMẬT"),
        MAT,
    ),
    "a box on a sheet": (lambda: graded.a_workbook(["a"], box="TUYỆT MẬT"), TUYET),
    "a column of grades": (lambda: graded.a_workbook(*[["a"]] * 10, ["MẬT"]), None),
    "a text no cell shows": (lambda: graded.a_workbook([0], shared=["a", "MẬT"]), None),
    "a sheet by LibreOffice": ((DATA / "documents/libreoffice.xlsx").read_bytes, None),
    "a slide": (lambda: graded.slides("MẬT", "b"), MAT),
    "the slide shown first": (lambda: graded.slides("a", "TỐI MẬT", first=2), TOI),
    "another slide": (lambda: graded.slides("a", "MẬT"), None),
    "under a slide": (lambda: graded.slides("a", under="MẬT"), MAT),
}


@pytest.mark.parametrize("name", OFFICES)
def test_a_grade_on_an_office_file_is_found(look, name):
    """In the body's first page, headers, footers and boxes; of sheets and slides, the first."""
    make, grade = OFFICES[name]
    found = look(make())
    assert (found.grade, found.unread) == (grade, None)


COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda: graded.a_scanned_page("MẬT", dpi=60), "as on a scanned page"),
        (lambda: bytes(blank()), "no text on it"),
        (lambda: graded.locked(password="kín"), "wants a password"),
        (lambda: COMPOUND + "EncryptedPackage".encode("utf-16-le"), "wants a password"),
        (lambda: COMPOUND + "WordDocument".encode("utf-16-le"), "of the old kind"),
        (lambda: b"%PDF-1.7\nsome pages\n%%EOF\n", "cannot be read"),
        (lambda: graded.a_text(P("MẬT"))[:-40], "cannot be read"),
        (lambda: odd_zips.ended(graded.a_text(P("MẬT")), offset=0x7FFFFFFF), "cannot be read"),
        (lambda: office.packed({"word/document.xml": b"<torn>"}), "cannot be read"),
    ],
    ids=["scan", "blank", "locked", "locked office", ".doc", "torn", "cut off", "far", "no XML"],
)
def test_what_nobody_could_see_is_told(look, content, why):
    """It is neither found nor free of a grade, and the reason is a sentence of ours."""
    found = look(content())
    assert found.grade is None
    assert why in str(found.unread)


def blank():
    pdf = FPDF()
    pdf.add_page()
    return pdf.output()


@pytest.mark.parametrize(
    "content",
    [b"", b"MAT", b"\x89PNG\r\n\x1a\n" + bytes(2000), office.packed({"a.txt": b"MAT"})],
    ids=["empty", "text", "picture", "archive"],
)
def test_what_has_no_pages_is_nobodys_business(look, content):
    """A grade is printed on documents; of everything else nothing is said."""
    found = look(content)
    assert (found.grade, found.unread) == (None, None)


def test_a_few_words_on_a_scan_do_not_make_it_a_text(look):
    """A signature draws its owner's name over a scan: the scan has not been read for that."""
    scan = a_page_with([(deflated(graded.a_scanned_sheet("MẬT", dpi=60)), (0, 0, 595, 842))])
    signed = with_words(scan, b"Ky boi: Nguyen Van A")
    assert "scanned" in str(look(signed).unread)
    read = with_words(scan, b"so noi vu tinh mau kinh gui cac don vi trong tinh ve viec hop")
    assert look(read).unread is None


def with_words(pdf, words):
    """Write a line on page 1."""

    def change(writer):
        reference, _ = writer.find_page_for_modification(0)
        page = reference.get_object()
        form = writer.add_object(odd_stamp(words.decode("ascii")))
        page["/Resources"]["/XObject"]["/F"] = form
        page["/Contents"] = writer.add_object(
            generic.StreamObject(stream_data=b"q 595 0 0 842 0 0 cm /P0 Do Q /F Do")
        )
        writer.mark_update(reference)

    return updated(pdf, change)


# ── what a machine reads ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("stamp", "told", "grade"),
    [
        ("TỐI MẬT", {}, TOI),
        ("MẬT", {"turned": 90}, MAT),
        (None, {}, None),
    ],
    ids=["a stamp", "a page on its side", "prose about secrets"],
)
def test_a_scan_is_read_by_machine(look, tesseract, stamp, told, grade):
    """The page is drawn by the child as a person sees it, and read by Debian's program."""
    found = look(graded.a_scanned_page(stamp, **told), tesseract)
    assert (found.grade, found.unread) == (grade, None)


def test_a_picture_on_which_nothing_can_be_read_is_told(look, tesseract):
    """A photograph is no text, and nobody says that there is no grade on it."""
    assert "nothing could be read" in str(look(bytes(blank()), tesseract).unread)


@pytest.mark.parametrize(
    ("there", "package"),
    [("", "tesseract-ocr"), ("/bin/true", "tesseract-ocr-vie")],
    ids=["no program", "no Vietnamese"],
)
def test_the_package_that_is_missing_is_named(look, tmp_path, there, package):
    """Whoever runs the node reads what to install."""
    reader = Tesseract(program=Path(there or tmp_path / "tesseract"), data=tmp_path)
    found = look(graded.a_scanned_page("MẬT", dpi=60), reader)
    assert found.grade is None
    assert f"the package {package}," in str(found.unread)


@pytest.mark.parametrize(
    ("program", "bounds"),
    [
        ("exit 1", {}),
        ("exec sleep 60", {"clock": timedelta(seconds=0.5)}),
        ("while :; do :; done", {"processor": timedelta(seconds=1)}),
        ("exec yes", {}),
        ("exec tail -c 900000000 /dev/zero", {"memory": 64 << 20}),
    ],
    ids=["failing", "hanging", "busy", "endless", "large"],
)
def test_a_reader_that_fails_costs_one_answer(look, tmp_path, program, bounds):
    """It is ended in time, in little memory of ours, and the file counts as not looked at."""
    script = tmp_path / "tesseract"
    script.write_text(f"#!/bin/sh\n{program}\n")
    script.chmod(0o755)
    (tmp_path / "vie.traineddata").touch()
    began = time.monotonic()
    reader = Tesseract(program=script, data=tmp_path, **bounds)
    found = look(graded.a_scanned_page("MẬT", dpi=60), reader)
    assert (found.grade, str(found.unread)) == (None, "it is a picture that could not be read")
    assert time.monotonic() - began < 30


def test_a_caged_program_has_no_network_and_writes_no_file(tmp_path):
    """What reads strangers' pictures may use the picture and say words, and nothing else."""
    code = f"""
import socket
def tried(what):
    try:
        what()
    except OSError as error:
        return error.errno
print([tried(lambda: socket.socket(socket.AF_INET)), tried(lambda: socket.socket(socket.AF_UNIX)),
       tried(lambda: open({str(tmp_path / "new")!r}, "w").write("x" * 9999))])
"""
    command = (sys.executable, "-I", "-m", "edge_node.notary.caged", str(os.getpid()))
    told = (str(1 << 30), "20", sys.executable, "-c", code)
    done = subprocess.run((*command, *told), check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[1, 1, 27]"  # EPERM, EPERM, EFBIG


@pytest.mark.parametrize("machine", filters.MACHINES)
def test_a_cage_lets_a_program_be_started_and_refuses_the_rest(machine):
    """What is refused to the key's child is refused here as well, but for beginning."""
    assert set(filters.SIGNER) - set(filters.CAGED) == {"execve", "execveat"}
    assert filters.caged(machine) != filters.all_but(machine)


# ── what is not believed, and what is bounded ────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"seen": "read", "grade": None, "size": None, "text": "a"},
        {"seen": "fine", "grade": None, "size": None},
        {"seen": "read", "grade": "rất mật", "size": None},
        {"seen": "nothing", "grade": None, "size": [1]},
        {"seen": "nothing", "grade": None, "size": [20000, 20000]},
        {"seen": "nothing", "grade": None, "size": [0, 1]},
    ],
    ids=["nothing", "text", "no such word", "no such grade", "one side", "too large", "no width"],
)
def test_a_childs_answer_is_a_grade_or_none_and_nothing_more(body):
    """There is no place in it for what the document says."""
    with pytest.raises(Garbled):
        read_printed(Packet(body=body))


def a_wide_page():
    """Return a page of many square miles, none of it written on."""
    return odd_pdfs.of_pages(1, each=b"/MediaBox[0 0 14400000 14400000]/Resources<<>>")


@pytest.mark.parametrize(
    "content",
    [
        lambda: office.packed({"word/document.xml": b"<a>" + bytes(40 << 20)}),
        lambda: office.packed({"word/document.xml": b"<a>" + b"<b/>" * (7 << 20)}),
        a_wide_page,
    ],
    ids=["zeros", "elements", "a wide page"],
)
def test_a_bomb_costs_one_answer(look, tesseract, content):
    """It counts as not looked at, and the next file is looked at as ever."""
    assert look(content(), tesseract).unread is not None
    assert look(graded.a_page("MẬT")).grade is MAT


@pytest.mark.parametrize("way", ["crashing", "exhausted", "nonsense"])
def test_a_child_that_is_lost_over_a_file_has_not_seen_it(tmp_path, way):
    """Whatever becomes of it is a reason, and no error."""
    (tmp_path / "a.pdf").write_bytes(graded.a_page("MẬT"))
    opener = Opener(command=rogue.command(way), span=Span(clock=timedelta(seconds=60)))
    found = Grading(opener=opener).look(tmp_path / "a.pdf")
    opener.close()
    assert found.grade is None
    assert "program that looks into files" in str(found.unread) or "memory" in str(found.unread)


def test_nobody_there_to_look_is_no_answer(tmp_path):
    """The drop waits; it is not at fault."""
    (tmp_path / "a.pdf").write_bytes(graded.a_page("MẬT"))
    opener = Opener(limits=Limits(memory=40 << 20))
    with pytest.raises(ChildMissing):
        Grading(opener=opener).look(tmp_path / "a.pdf")
    opener.close()


def test_only_a_file_that_lies_there_is_looked_at(opener, tmp_path):
    """No link is followed, and nothing is waited for."""
    (tmp_path / "there.pdf").write_bytes(graded.a_page("MẬT"))
    (tmp_path / "link.pdf").symlink_to(tmp_path / "there.pdf")
    os.mkfifo(tmp_path / "pipe.pdf")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket.pdf"))
        for name in ("link", "pipe", "socket", "gone"):
            with pytest.raises(DropChanged):
                Grading(opener=opener).look(tmp_path / f"{name}.pdf")


# ── packages ─────────────────────────────────────────────────────────────────────────────────


def a_package(tmp_path, **files):
    """Return a package with these attachments, by their names without a dot."""
    parts = []
    for number, (name, content) in enumerate(files.items()):
        path = tmp_path / f"part-{number}"
        path.write_bytes(content)
        told = {"name": name.replace("_", "."), "path": path, "content_id": str(number)}
        parts.append(edxml.Part(description="", digest="", **told))
    with (tmp_path / "a.edxml").open("wb") as target:
        edxml.write_document(a_document(), parts, target, manifest_content_type="own")
    for part in parts:
        part.path.unlink()
    return tmp_path / "a.edxml"


def test_attachments_of_a_package_are_looked_at_in_memory(opener, tmp_path):
    """As they were before they were zipped to travel, each by its name; no file appears."""
    package = a_package(
        tmp_path,
        a_pdf=graded.a_page(None),
        b_xlsx=graded.a_workbook(["TỐI MẬT"]),
        c_txt="MẬT".encode(),
        d_docx=graded.a_text(P("x"))[:-30],
    )
    looks = Grading(opener=opener).grades(package, limits=LIMITS)
    assert [(look.file, look.grade, look.unread is None) for look in looks] == [
        ("a.pdf", None, True),
        ("b.xlsx", TOI, True),
        ("c.txt", None, True),
        ("d.docx", None, False),
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["a.edxml"]


def test_of_a_package_that_breaks_off_what_came_before_is_looked_at(opener, tmp_path):
    """A grade in it counts; that the rest was not seen is told."""
    package = a_package(tmp_path, a_pdf=graded.a_page("MẬT"), b_pdf=graded.a_page(None))
    content = package.read_bytes()
    package.write_bytes(content[: content.rindex(b"</") - 2000])
    first, last = Grading(opener=opener).grades(package, limits=LIMITS)
    assert (first.file, first.grade) == ("a.edxml", MAT)
    assert "cannot be read" in str(last.unread)


def test_the_large_libraries_stay_in_the_child():
    """The node that asks for grades imports nothing that opens files."""
    code = """
import sys
import edge_node.adapters.grading
print(sorted({"pypdfium2_raw", "lxml", "pyhanko", "ctypes"} & set(sys.modules)))
"""
    done = subprocess.run((sys.executable, "-c", code), check=True, capture_output=True, text=True)
    assert done.stdout.strip() in {"[]", "['ctypes']"}


def test_a_signed_letter_is_read_in_a_few_milliseconds(look, pki):
    """The look costs a drop next to nothing once the child is there."""
    content = signed_pdfs.sign(graded.a_page("MẬT"), pki, "person")
    look(content)
    began = time.process_time()
    assert look(content).grade is MAT
    assert time.process_time() - began < 0.5


def test_all_of_it_works_where_no_memory_may_be_both_written_and_run(tmp_path):
    """As the service has it (MemoryDenyWriteExecute=); kernels before 6.3 know no such bond."""
    bond = "import ctypes, os, sys; ctypes.CDLL(None).prctl(65, 1, 0, 0, 0);"
    code = f"{bond} os.execv(sys.executable, [sys.executable, *{list(OPENER[1:])}, *sys.argv[1:]])"
    (tmp_path / "a.pdf").write_bytes(graded.a_page("MẬT"))
    opener = Opener(command=(sys.executable, "-c", code))
    assert Grading(opener=opener).look(tmp_path / "a.pdf").grade is MAT
    opener.close()
