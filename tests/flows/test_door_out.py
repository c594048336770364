"""What may leave: signatures that do not hold, that nobody can judge, and none at all."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import packages
import pytest
from flows_world import LETTER, a_sheet, names
from office import a_docx
from signed_pdfs import a_pdf, sign
from signing_world import an_agency, day_of, send, sent

from edge_node.config import OutgoingSection
from edge_node.domain.document import AgencyCode, Organization
from edge_node.domain.signing import DoorAction, SigningPolicy, Unsigned
from edge_node.protocol import edxml

DELIVER, WARN, REFUSE = DoorAction.DELIVER, DoorAction.WARN, DoorAction.REFUSE


@pytest.fixture(scope="module")
def letters(pki):
    """Make letters whose signatures hold, do not hold, and come from nobody known."""
    at = datetime.now(UTC)
    good = sign(a_pdf(), pki, "person", level="B-T", at=at)
    return {
        "good.pdf": good,
        "broken.pdf": good.replace(b"/Producer", b"/Produced", 1),
        "strange.pdf": sign(a_pdf(), pki, "stranger", at=at),
        "plain.pdf": a_pdf(),
        "plain.docx": a_docx(),
        "list.txt": b"a list",
    }


def named(words):
    """Return the files these sentences are about."""
    return [re.search(r"[\w.]+\.(?:pdf|dat|docx|txt)", word)[0] for word in words]


@pytest.fixture
def receiver(world):
    return world.desk()


def outcome(world, desk, receiver, files):
    """Send these files; return whether they left, and the warnings or problems."""
    send(desk, receiver, files)
    desk.turn()
    if names(desk.exchange / "sent"):
        return True, desk.status_file(f"sent/{day_of(desk)}/12")["warnings"]
    assert sent(world, desk) == []
    return False, desk.error(f"failed/{day_of(desk)}/12/error")["problems"]


def test_a_signature_that_holds_leaves_without_a_word(world, pki, receiver, letters):
    """The document is on its way as it was dropped."""
    desk = an_agency(world, pki)
    files = {"good.pdf": letters["good.pdf"]}
    assert outcome(world, desk, receiver, files) == (True, [])
    assert sent(world, desk) == [files]


@pytest.mark.parametrize("action", [DELIVER, WARN, REFUSE])
def test_what_becomes_of_a_broken_signature_is_configured(world, pki, receiver, letters, action):
    """By default it does not leave: the receiver would send it back."""
    desk = an_agency(world, pki, door={"outgoing": OutgoingSection(invalid=action)})
    left, words = outcome(world, desk, receiver, {"12.pdf": letters["broken.pdf"]})
    assert left is (action is not REFUSE)
    assert named(words) == (["12.pdf"] if action is not DELIVER else [])


@pytest.mark.parametrize("action", [DELIVER, WARN, REFUSE])
def test_what_becomes_of_an_unknown_signature_is_configured(world, pki, receiver, letters, action):
    """Somebody signed it whom nobody here believes: by default it leaves, with a warning."""
    desk = an_agency(world, pki, door={"outgoing": OutgoingSection(indeterminate=action)})
    left, words = outcome(world, desk, receiver, {"12.pdf": letters["strange.pdf"]})
    assert left is (action is not REFUSE)
    assert named(words) == (["12.pdf"] if action is not DELIVER else [])


@pytest.mark.parametrize("action", Unsigned)
def test_what_leaves_unsigned_is_configured(world, pki, receiver, letters, action):
    """PDF and Office files count, by their content; of a list of names nobody asks that."""
    desk = an_agency(world, pki, signing={"unsigned": action})
    files = {
        "12.pdf": letters["good.pdf"],
        "a.dat": letters["plain.pdf"],
        "b.docx": letters["plain.docx"],
        "c.txt": letters["list.txt"],
    }
    left, words = outcome(world, desk, receiver, files)
    assert left is (action is not Unsigned.REFUSE)
    expected = [] if action is Unsigned.ALLOW else ["a.dat", "b.docx"]
    assert named(words) == expected


def test_everything_that_speaks_against_a_drop_is_said_at_once(world, pki, receiver, letters):
    """Nobody drops it three times to learn of three files."""
    desk = an_agency(world, pki, signing={"unsigned": Unsigned.REFUSE})
    files = {"1.pdf": letters["broken.pdf"], "2.pdf": letters["plain.pdf"]}
    left, words = outcome(world, desk, receiver, files | {"3.pdf": letters["strange.pdf"]})
    assert not left
    assert named(words) == ["1.pdf", "2.pdf"]


def test_a_pdf_nobody_can_read_is_no_broken_signature(world, pki, receiver):
    """It leaves with a warning, unless nothing may leave that nobody knows to be signed."""
    torn = b"%PDF-1.7\nsome pages\n%%EOF\n"
    left, words = outcome(world, an_agency(world, pki), receiver, {"12.pdf": torn})
    assert left
    assert len(words) == 2  # nobody knows its signatures, and nobody saw its first page
    desk = an_agency(world, pki, signing={"unsigned": Unsigned.REFUSE})
    assert outcome(world, desk, receiver, {"12.pdf": torn})[0] is False


def test_nobody_looks_where_nothing_hangs_on_it(world, pki, receiver, letters):
    """A node that lets everything pass starts no child for it."""

    class Nobody:
        def tidy(self):
            """Nothing is kept."""

    door = {"outgoing": OutgoingSection(invalid=DELIVER, indeterminate=DELIVER)}
    desk = an_agency(world, pki, door=door)
    signatures = desk.flows["intake"].packing.signatures
    signatures.way_out = replace(signatures.way_out, examines=Nobody())
    assert outcome(world, desk, receiver, {"12.pdf": letters["broken.pdf"]}) == (True, [])


# ── packages the software wrote itself ───────────────────────────────────────────────────────────


def a_package(desk, to, folder, **files):
    """Drop a finished package with these attachments; return its bytes."""
    parts = []
    for number, (name, content) in enumerate(files.items()):
        path = folder / f"{number}"
        path.write_bytes(content)
        parts.append(edxml.Part(name=name, description="", path=path, content_id=f"p{number}"))
    document = packages.a_document(
        sender=desk.config.agency.organization,
        receivers=(Organization(code=AgencyCode(to.code)),),
    )
    package = packages.written(document, parts)
    (desk.outbox / "12.edxml").write_bytes(package)
    return package


def test_a_finished_package_is_looked_into_as_well(world, pki, receiver, letters, tmp_path):
    """What is in it comes from this agency, whoever packed it."""
    desk = an_agency(world, pki)
    a_package(desk, receiver, tmp_path, **{"12.pdf": letters["broken.pdf"]})
    desk.turn()
    (problem,) = desk.error(f"failed/{day_of(desk)}/12/error")["problems"]
    assert named([problem]) == ["12.pdf"]
    assert world.packages(desk.code) == []


@pytest.mark.parametrize("unsigned", Unsigned)
@pytest.mark.parametrize("policy", [SigningPolicy.IF_UNSIGNED, SigningPolicy.ALWAYS])
def test_a_finished_package_is_never_signed(
    world, pki, receiver, letters, tmp_path, policy, unsigned
):
    """It leaves byte for byte as it was dropped, with a warning, or not at all."""
    desk = an_agency(world, pki, signing={"documents": policy, "unsigned": unsigned})
    package = a_package(desk, receiver, tmp_path, **{"12.pdf": letters["plain.pdf"]})
    desk.turn()
    if unsigned is Unsigned.REFUSE:
        assert names(desk.exchange / f"failed/{day_of(desk)}") == ["12"]
    else:
        (drop,) = (desk.exchange / f"sent/{day_of(desk)}").iterdir()
        assert (drop / "12.edxml").read_bytes() == package
        assert len(desk.status_file(f"sent/{day_of(desk)}/12")["warnings"]) == 1


def test_a_finished_package_that_is_signed_needs_no_signature(
    world, pki, receiver, letters, tmp_path
):
    """Whoever made it had it signed; by whom nobody asks."""
    signing = {"documents": SigningPolicy.ALWAYS, "unsigned": Unsigned.REFUSE}
    desk = an_agency(world, pki, signing=signing)
    a_package(desk, receiver, tmp_path, **{"12.pdf": letters["good.pdf"]})
    desk.turn()
    assert desk.status_file(f"sent/{day_of(desk)}/12")["warnings"] == []


@pytest.mark.parametrize("first", ["good.pdf", "plain.pdf", "strange.pdf", "list.txt"])
def test_a_package_is_no_way_round_whoever_is_competent(
    world, pki, receiver, letters, tmp_path, first
):
    """Its first file is the document itself: somebody has to have signed it."""
    signing = {"documents": SigningPolicy.REQUIRE_SIGNER_FIRST}
    desk = an_agency(world, pki, signing=signing)
    files = {f"12.{first[-3:]}": letters[first], "a.docx": letters["plain.docx"]}
    a_package(desk, receiver, tmp_path, **files)
    desk.turn()
    if first == "good.pdf":
        (warning,) = desk.status_file(f"sent/{day_of(desk)}/12")["warnings"]
        assert named([warning]) == ["a.docx"]
    else:
        (problem,) = desk.error(f"failed/{day_of(desk)}/12/error")["problems"]
        assert problem.startswith("12.")
        assert world.packages(desk.code) == []


def test_a_bare_file_is_looked_into(world, pki, receiver):
    """A rule makes the order; what it may hold is the same."""
    desk = an_agency(world, pki, signing={"unsigned": Unsigned.REFUSE})
    name = f"12-UBND_2026-11-21_{receiver.code}"
    (desk.outbox / f"{name}.pdf").write_bytes(LETTER.read_bytes())
    desk.turn()
    assert names(desk.exchange / f"failed/{day_of(desk)}") == [name]


def test_a_recall_has_nothing_to_be_signed(world, pki, receiver):
    """It has no attachment at all, and leaves under the strictest rules."""
    signing = {
        "documents": SigningPolicy.REQUIRE_SIGNER_FIRST,
        "unsigned": Unsigned.REFUSE,
    }
    desk = an_agency(world, pki, signing=signing)
    sheet = a_sheet(to=receiver.code)
    recall = {"kind": "recall", "document_id": "H99.9,2026/11/20,11/UBND-VP", "reason": "Sai"}
    desk.drop("12", {}, **sheet, business=recall)
    desk.turn()
    assert names(desk.exchange / f"sent/{day_of(desk)}") == ["12"]
