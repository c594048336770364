"""The child that drafts signatures: bounded, believed in nothing, and replaced."""

from __future__ import annotations

import os
import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path

import liar
import office
import pytest
import rogue
from signatories import Watched, signing
from signed_pdfs import a_pdf

from edge_node.adapters.hiring import ChildMissing, Limits, Span
from edge_node.adapters.preparing import LARGEST, TAIL, Preparer, StampUnfit
from edge_node.domain.errors import NotSignable
from edge_node.notary.layered import layered


@pytest.fixture(scope="module")
def desk(pki, tmp_path_factory):
    with signing(pki, tmp_path_factory.mktemp("desk")) as desk:
        yield desk


@pytest.fixture
def hire():
    """Hire preparers on other terms; they are ended with the test."""
    hired = []

    def one(**told):
        hired.append(Preparer(**told))
        return hired[-1]

    yield one
    for preparer in hired:
        preparer.close()


def refusal(desk, preparer, content):
    """Sign with that preparer, which is refused; return the error and what the key was asked."""
    asked = []
    key = Watched(desk.key("rsa2048"), asked)
    before = {*desk.folder.iterdir()}
    with pytest.raises(NotSignable) as caught:
        desk.sign(content, signatory=desk.signatory(key=lambda: key, preparer=preparer))
    assert {*desk.folder.iterdir()} - before <= {
        desk.folder / "document",
        desk.folder / "evidence",
        desk.folder / "own-certificates",
    }
    return caught.value, asked


@pytest.mark.parametrize("way", ["outside", "beyond", "wider", "filled", "empty"])
def test_a_gap_that_is_not_what_was_agreed_has_nothing_signed(desk, hire, way):
    """The key is not asked, whatever the child says about where the signature is to go."""
    error, asked = refusal(desk, hire(command=liar.command(way)), a_pdf())
    assert str(error) == "the program that prepares signatures gave no clear answer"
    assert asked == []


def test_the_document_cannot_be_changed(desk, hire):
    """The child has it to read, and what it makes of that is its own affair."""
    error, asked = refusal(desk, hire(command=liar.command("rewriting")), a_pdf())
    assert "mistake of ours" in str(error)
    assert asked == []


def test_what_is_no_signature_afterwards_is_not_handed_out(desk, hire):
    """The verifying child has the last word."""
    error, _ = refusal(desk, hire(command=liar.command("junk")), a_pdf())
    assert error.hint is not None


def test_what_harms_an_earlier_signature_is_not_handed_out(desk, hire):
    """Whoever signed before did not sign what the child made of it."""
    first = desk.sign(a_pdf(), name="person").content
    error, _ = refusal(desk, hire(command=liar.command("changing")), first)
    assert "would harm the signature Signature in it" in str(error)


@pytest.mark.parametrize("way", ["attributes", "two"])
def test_nothing_but_a_signed_info_is_signed_for_an_office_file(desk, hire, way):
    """Else the child could have a contract signed while it is asked for a spreadsheet."""
    error, asked = refusal(desk, hire(command=liar.command(way)), office.a_docx())
    assert str(error) == "the program that prepares signatures gave no clear answer"
    assert asked == []


def test_a_signature_over_something_else_than_the_office_file_is_not_handed_out(desk, hire):
    """It does not fit when the file is drafted once more."""
    error, _ = refusal(desk, hire(command=liar.command("another")), office.a_docx())
    assert "not made by the key" in str(error)


@pytest.mark.parametrize(
    ("way", "sentence"),
    [
        ("silent", "longer than 25 s of computing or 0 min"),
        ("crashing", "crashed over it"),
        ("killed", "ended from outside"),
        ("exhausted", "more than 512 MB of memory"),
        ("endless", "no clear answer"),
        ("nonsense", "no clear answer"),
    ],
)
@pytest.mark.parametrize("content", [a_pdf(), office.a_docx()], ids=["pdf", "docx"])
def test_whatever_becomes_of_the_child_is_one_sentence(desk, hire, content, way, sentence):
    """And the file is as it was, unsigned."""
    span = Span(clock=timedelta(seconds=0.5 if way == "silent" else 60))
    error, asked = refusal(desk, hire(command=rogue.command(way), span=span), content)
    assert sentence in str(error)
    assert asked == []


def test_nobody_there_to_prepare_is_not_the_file_s_fault(desk, hire):
    """The work waits."""
    preparer = hire(limits=Limits(memory=40 << 20))
    with pytest.raises(ChildMissing):
        desk.sign(a_pdf(), signatory=desk.signatory(preparer=preparer))


def test_an_answer_of_an_authority_that_kills_the_child_is_no_time_stamp(hire):
    """It is the authority's fault then, and the next one is asked."""
    good, bad = hire(), hire(command=rogue.command("crashing"))
    question = good.question("digest", bytes(32), hashed="sha256", policy="")
    with pytest.raises(StampUnfit, match="crashed"):
        bad.answer(question, b"x")
    with pytest.raises(StampUnfit, match="no time-stamp answer"):
        good.answer(question, b"x")


def test_the_child_is_fenced_and_writes_no_more_than_it_may(desk, hire):
    """Its files are bounded request by request, by the kernel."""
    preparer = hire(limits=Limits(writes=1000))
    for content in (a_pdf(), office.a_docx()):
        with pytest.raises(NotSignable, match="larger than is allowed"):
            desk.sign(content, signatory=desk.signatory(preparer=preparer))
    desk.sign(a_pdf())
    assert desk.preparer._hired._child.fenced


def test_a_request_that_writes_nothing_may_write_nothing(desk):
    """The bound is set for each request, below that of the child."""
    desk.sign(a_pdf())
    assert bound(desk.preparer.pid) == (TAIL, LARGEST)
    desk.preparer.question("digest", bytes(32), hashed="sha256", policy="")
    assert bound(desk.preparer.pid) == (0, LARGEST)


def bound(pid):
    return resource.prlimit(pid, resource.RLIMIT_FSIZE)


def test_a_child_works_for_long_without_growing_or_leaking(desk):
    """After 70 signatures it holds no more memory nor files."""
    desk.sign(a_pdf())
    child, held = desk.preparer.pid, descriptors()
    before = resident(child)
    for _ in range(70):
        files = os.memfd_create("below"), os.memfd_create("above")
        os.write(files[0], a_pdf())
        desk.preparer.pdf(files, hashed="sha256", reserved=5000, at=datetime.now(UTC), name="S")
        for one in files:
            os.close(one)
    assert desk.preparer.pid == child
    assert descriptors() == held
    assert resident(child) - before < 4 << 20


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def resident(pid):
    told = Path(f"/proc/{pid}/statm").read_text(encoding="ascii")
    return int(told.split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.fixture
def both():
    """Give two files as one: `below` can be read only in effect, `above` begins empty."""
    below, above = os.memfd_create("below"), os.memfd_create("above")
    os.write(below, b"0123456789")
    os.write(above, b"left by another")
    with layered(below, above) as file:
        yield file
    os.close(below)
    os.close(above)


def test_two_files_are_read_and_written_as_one(both):
    """Across the border, from the end, and cut off again."""
    assert both.seek(0, os.SEEK_END) == 10
    both.write(b"abcdef")
    assert both.seek(8) == 8
    assert both.read(4) == b"89ab"
    both.truncate(12)
    assert both.seek(0) == 0
    assert both.read() == b"0123456789ab"


def test_what_is_below_stays_as_it_is(both):
    """Neither written nor cut."""
    both.seek(3)
    with pytest.raises(OSError, match="Read-only"):
        both.raw.write(b"x")
    with pytest.raises(OSError, match="Read-only"):
        both.raw.truncate(5)
    with pytest.raises(OSError, match="Invalid"):
        both.raw.seek(-1)
