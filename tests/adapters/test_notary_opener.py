"""Verdicts by a child: the same as without one, whatever the file tries to do to it."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import threading
import zipfile
import zlib
from datetime import timedelta
from pathlib import Path

import office
import pytest
import rogue
from signed_pdfs import NOW, a_pdf, sign, trust

from edge_node.adapters.hiring import ChildMissing, Limits, Span
from edge_node.adapters.notary import Opener
from edge_node.domain.signature import Sub, Verdict
from edge_node.notary.ooxml import verifying as ooxml
from edge_node.notary.pdf import verifying as pdf

FOREIGN = Path(__file__).parent.parent / "data" / "signed"


@pytest.fixture(scope="module")
def opener():
    opener = Opener()
    yield opener
    opener.close()


@pytest.fixture
def hire():
    """Hire openers on other terms; they are ended with the test."""
    hired = []

    def one(**told):
        hired.append(Opener(**told))
        return hired[-1]

    yield one
    for opener in hired:
        opener.close()


@pytest.fixture(scope="module")
def files(pki, tmp_path_factory):
    """Make files of many kinds, sound and broken."""
    folder = tmp_path_factory.mktemp("files")
    sealed = sign(
        sign(a_pdf(), pki, "person", level="B-T"), pki, "agency", level="B-LTA", field="B"
    )
    word = office.signed(office.a_docx(), pki.signer("p256"), stamp=pki.stamp)
    contents = {
        "plain.pdf": a_pdf(),
        "sealed.pdf": sealed,
        "changed.pdf": sealed.replace(b"/Producer", b"/Produced", 1),
        "cut.pdf": sealed[:3000],
        "curve.pdf": sign(a_pdf(), pki, "p256"),
        "plain.xlsx": office.an_xlsx(),
        "signed.docx": word,
        "changed.docx": office.edited(word, "word/document.xml", "Sở", "Bộ"),
        "cut.docx": word[:-50],
        "empty": b"",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def believed(pki):
    return trust(pki, "person", "agency", "p256", "tsa")


def test_a_verdict_is_the_same_as_without_a_child(opener, files, believed):
    """Fences and packets change nothing of what is found, not even for what is rarely met."""
    for path in (*files.iterdir(), *FOREIGN.glob("*.*x")):
        room = ooxml if path.suffix in {".docx", ".xlsx"} else pdf
        with path.open("rb") as file:
            expected = room.verify(file, believed, now=NOW)
        assert opener.verify(path, believed, now=NOW) == expected, path.name


def test_a_file_of_no_kind_that_is_signed_here_is_not_looked_into(opener, believed, tmp_path):
    """A picture is not a broken PDF."""
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2000))
    found = opener.verify(tmp_path / "picture.png", believed, now=NOW).verdict
    assert (found.verdict, found.sub) == (Verdict.INDETERMINATE, Sub.NOT_CHECKED)
    assert "of this kind" in str(found.why)
    assert not found.signable
    assert found.for_good


COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


@pytest.mark.parametrize(
    ("content", "signable"),
    [
        (office.packed({"a.txt": b"x"}), False),
        (COMPOUND + "WordDocument".encode("utf-16-le"), False),
        (COMPOUND + "EncryptedPackage".encode("utf-16-le"), True),
        (office.a_docx()[:-100], True),
    ],
    ids=["an archive", "a .doc", "an encrypted .docx", "a .docx cut off"],
)
def test_what_is_no_office_file_is_told_from_one_that_cannot_be_read(
    opener, believed, tmp_path, content, signable
):
    """Nobody expects a signature in the one; of the other nobody can tell."""
    (tmp_path / "file").write_bytes(content)
    found = opener.verify(tmp_path / "file", believed, now=NOW).verdict
    assert (found.verdict, found.sub) == (Verdict.INDETERMINATE, Sub.NOT_CHECKED)
    assert (found.signable, found.signed) == (signable, False)
    assert found.for_good  # another look would find no more


def test_the_large_libraries_stay_in_the_child():
    """The node that asks for verdicts imports nothing that opens files."""
    code = """
import sys
import edge_node.adapters.notary, edge_node.adapters.signing_key
print(sorted({"pyhanko", "pyhanko_certvalidator", "lxml", "cryptography", "asn1crypto", "pkcs11"}
             & set(sys.modules)))
"""
    done = subprocess.run((sys.executable, "-c", code), check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def a_flate_bomb(megabytes):
    """Return a PDF with an object in a stream that unpacks to so much, twice packed."""
    packer = zlib.compressobj(9)
    first = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    other = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    checked = ((megabytes << 20) % 65521 << 16 | 1).to_bytes(4, "big")  # Adler-32 of zeros
    once = first + other * (megabytes - 1) + b"\x03\x00" + checked  # ends by an empty block
    return a_pdf_with(zlib.compress(once, 9), b"/Filter[/FlateDecode/FlateDecode]")


def a_pdf_with(data, filtered=b""):
    """Return a PDF whose form is in a stream of objects with that content."""
    body = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/AcroForm 4 0 R>>\nendobj\n"
    pages = len(body)
    body += b"2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    held = len(body)
    body += b"5 0 obj\n<</Type/ObjStm/N 1/First 4%s/Length %d>>\n" % (filtered, len(data))
    body += b"stream\n" + data + b"\nendstream\nendobj\n"
    rows = [(0, 0), (1, 9), (1, pages), (0, 0), (2, 5), (1, held)]
    table = b"".join(bytes([kind]) + where.to_bytes(3, "big") + b"\0" for kind, where in rows)
    at = len(body)
    body += b"6 0 obj\n<</Type/XRef/Size 6/W[1 3 1]/Root 1 0 R/Length %d>>\n" % len(table)
    body += b"stream\n" + table + b"\nendstream\nendobj\n"
    return body + b"startxref\n%d\n%%%%EOF\n" % at


def an_xlsx_bomb(megabytes):
    """Return a workbook with a part that unpacks to so much."""
    packed = io.BytesIO(office.an_xlsx())
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros.bin", bytes(megabytes << 20))
    return packed.getvalue()


def a_deep_pdf(depth):
    """Return a PDF whose catalogue is nested deeper than any stack."""
    pages = b"2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    body = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/X "
    body += b"[" * depth + b"]" * depth + b">>\nendobj\n"
    at = len(body)
    body += pages
    rows = b"0000000000 65535 f \n0000000009 00000 n \n%010d 00000 n \n" % at
    end = b"trailer\n<</Size 3/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + b"xref\n0 3\n" + rows + end


@pytest.mark.parametrize(
    ("bomb", "size"),
    [(a_flate_bomb, 1024), (an_xlsx_bomb, 300), (a_deep_pdf, 200_000)],
    ids=["flate", "workbook", "nested"],
)
def test_a_bomb_costs_one_verdict(opener, believed, files, tmp_path, bomb, size):
    """What unpacks to a gigabyte is not VALID, in little memory of ours; the next file is."""
    (tmp_path / "bomb").write_bytes(bomb(size))
    before = resident()

    found = opener.verify(tmp_path / "bomb", believed, now=NOW).verdict

    assert found.sub in {Sub.NOT_CHECKED, Sub.FORMAT_FAILURE}
    assert resident() - before < 4 << 20
    after = opener.verify(files / "sealed.pdf", believed, now=NOW)
    assert after.verdict.verdict is Verdict.VALID


def test_a_file_that_needs_more_memory_than_there_is_costs_one_verdict(
    hire, believed, files, tmp_path
):
    """The limit holds in the child; a child that has come near to it is not kept."""
    (tmp_path / "large.pdf").write_bytes(a_pdf_with(bytes(100 << 20)))
    opener = hire(limits=Limits(memory=160 << 20))

    found = opener.verify(tmp_path / "large.pdf", believed, now=NOW).verdict

    assert (found.verdict, found.sub) == (Verdict.INDETERMINATE, Sub.NOT_CHECKED)
    assert opener.verify(files / "curve.pdf", believed, now=NOW).verdict.verdict is Verdict.VALID


@pytest.mark.parametrize(
    ("way", "sentence"),
    [
        ("silent", "longer than 25 s of computing or 0 min"),
        ("crashing", "crashed over this one"),
        ("killed", "ended from outside"),
        ("exhausted", "more than 512 MB of memory"),
        ("endless", "no clear answer"),
        ("nonsense", "no clear answer"),
    ],
)
def test_whatever_becomes_of_the_child_the_answer_is_a_verdict(
    hire, believed, files, way, sentence
):
    """Each way to be lost has its own sentence, and none is VALID."""
    span = Span(clock=timedelta(seconds=0.5 if way == "silent" else 60))
    opener = hire(command=rogue.command(way), span=span)

    found = opener.verify(files / "curve.pdf", believed, now=NOW)

    assert (found.verdict.verdict, found.verdict.sub) == (Verdict.INDETERMINATE, Sub.NOT_CHECKED)
    assert sentence in str(found.verdict.why)
    assert not found.verdict.for_good  # another child may look
    assert found.wanted == ()
    assert opener.pid is None


def test_a_file_that_takes_too_long_is_given_up(hire, believed, files):
    """A file that would need more than its time is not checked, and the next one is."""
    opener = hire(span=Span(clock=timedelta(seconds=30)))
    opener.verify(files / "plain.pdf", believed, now=NOW)
    os.kill(opener.pid, signal.SIGSTOP)
    object.__setattr__(opener, "span", Span(clock=timedelta(seconds=0.2)))
    found = opener.verify(files / "sealed.pdf", believed, now=NOW).verdict
    assert "took longer" in str(found.why)

    object.__setattr__(opener, "span", Span())
    assert opener.verify(files / "sealed.pdf", believed, now=NOW).verdict.verdict is Verdict.VALID


def test_nobody_there_to_look_is_no_verdict(hire, believed, files):
    """The work waits; the file is not at fault."""
    with pytest.raises(ChildMissing):
        hire(limits=Limits(memory=40 << 20)).verify(files / "plain.pdf", believed, now=NOW)


def test_a_child_works_for_long_without_growing_or_leaking(opener, believed, files):
    """After 70 files, more than it may have open, neither side holds one more, nor more memory."""
    for name in ("sealed.pdf", "signed.docx"):
        opener.verify(files / name, believed, now=NOW)
    child, held, size = opener.pid, descriptors(), resident()
    for _ in range(35):
        for name in ("curve.pdf", "signed.docx"):
            assert opener.verify(files / name, believed, now=NOW).verdict.signed
    assert opener.pid == child
    assert descriptors() == held
    assert resident() - size < 2 << 20
    assert resident(child) < 110 << 20


def test_lanes_may_share_one(opener, believed, files):
    """Each gets the answer to its own question."""
    names = ["plain.pdf", "curve.pdf", "signed.docx", "cut.pdf"]
    found = {}

    def ask(name):
        found[name] = [opener.verify(files / name, believed, now=NOW) for _ in range(5)]

    asking = [threading.Thread(target=ask, args=(name,)) for name in names]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    for name in names:
        assert found[name] == [opener.verify(files / name, believed, now=NOW)] * 5
    assert len({str(answers[0]) for answers in found.values()}) == len(names)


def resident(pid="self"):
    """Return the memory of a process, in bytes."""
    told = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", told)[1]) << 10


def descriptors():
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
