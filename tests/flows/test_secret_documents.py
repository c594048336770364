"""What bears a grade of secrecy stays where it was dropped, and comes no further."""

from __future__ import annotations

import itertools
import logging
import time
from dataclasses import replace

import graded
import needs
import packages
import pytest
from door_world import incoming, statuses, verification
from dropping import PDF
from flows_world import DAY, LETTER, a_sheet, as_json, names, untouched

from edge_node.adapters.hiring import ChildMissing
from edge_node.config import Unchecked
from edge_node.domain.document import AgencyCode, Organization
from edge_node.domain.message import say
from edge_node.domain.secrecy import Look
from edge_node.domain.signing import DoorAction
from edge_node.flows.secrecy import OnArrival
from edge_node.protocol import edxml

SECRET = graded.a_page("TỐI MẬT", body=["V/v một việc kín như bưng"])
OPEN = graded.a_page(None)
LEFT = ["12", "12.error.json", "12.error.txt"]


@pytest.fixture
def desk(world):
    return world.desk()


def spooled(desk):
    """Return every file in the private folders but those of the queue."""
    spool = desk.config.folders.spool
    return [path for path in spool.rglob("*") if path.is_file()]


def stays(desk, left=LEFT):
    """Assert that the drop lies where it was and nothing of it anywhere else; return the words."""
    assert names(desk.outbox) == left
    assert names(desk.exchange / "queued") == []
    assert not (desk.exchange / f"failed/{DAY}").exists()
    assert spooled(desk) == []
    assert desk.ledger.outbound(limit=9) == []
    return desk.error(f"outbox/{left[-1].removesuffix('.txt')}")


def left(desk):
    """Return the warnings of the one document that is on its way."""
    desk.turn()
    assert names(desk.outbox) == []
    (place,) = (desk.exchange / f"sent/{DAY}").iterdir()
    return desk.status_file(str(place.relative_to(desk.exchange)))["warnings"]


def to(world):
    return world.desk().code


FILES = {
    "a PDF": {"cv.pdf": SECRET},
    "the second file": {"cv.pdf": OPEN, "phu-luc.docx": graded.a_text(graded.paragraph("MẬT"))},
    "a header": {"cv.docx": graded.a_text("", header1=graded.paragraph("TUYỆT MẬT"))},
    "a workbook": {"cv.pdf": OPEN, "bang.xlsx": graded.a_workbook(["MẬT"])},
}


@pytest.mark.parametrize("kind", FILES)
def test_what_bears_a_grade_stays_and_nothing_of_it_is_copied(world, desk, caplog, kind):
    """The papers beside it name the file and the grade, and the log neither."""
    caplog.set_level(logging.DEBUG)
    files = FILES[kind] | {"document.json": as_json(a_sheet(*FILES[kind], to=to(world)))}
    dropped = desk.drop_raw("12", files)
    desk.turn()

    told = stays(desk)
    assert untouched(dropped, files)
    assert names(dropped) == sorted(files)
    assert told["error"] == "secret"
    (problem,) = told["problems"]
    assert problem.startswith(list(FILES[kind])[-1])
    assert problem.endswith("MẬT")
    assert len(desk.words("outbox/12.error")) == 2
    for word in ("kín", "MẬT", "mật", "cv.", "phu-luc"):
        assert all(word not in str(vars(record)) for record in caplog.records), word


def test_it_is_looked_at_once_until_it_changes(world, desk):
    """A day later it is still refused, by nobody's work; a file that is put right lets it go."""
    desk.drop("12", {"cv.pdf": SECRET}, **a_sheet("cv.pdf", to=to(world)))
    desk.turn()
    stays(desk)
    counting = Counting(desk)
    desk.later(days=1)
    desk.turn()
    stays(desk)
    assert counting.looks == 0

    time.sleep(0.02)  # the coarse clock that files are stamped with
    (desk.outbox / "12/cv.pdf").write_bytes(OPEN)
    desk.turn()
    assert counting.looks > 0
    assert names(desk.outbox) == LEFT[1:]
    assert [path.name for path in desk.exchange.glob("sent/*/*/*/*")] == ["12"]


def by(desk, grades):
    """Have drops looked at by somebody else; return who did."""
    intake = desk.flows["intake"]
    desk.flows["intake"] = replace(intake, secrecy=replace(intake.secrecy, grades=grades))
    return intake.secrecy.grades


class Counting:
    """Looks like another, and counts."""

    def __init__(self, desk):
        """Count from here on."""
        self.looks = 0
        self._grades = by(desk, self)

    def grades(self, path, **told):
        """Look as the other does."""
        self.looks += 1
        return self._grades.grades(path, **told)


def test_a_sidecar_and_a_bare_file_are_looked_at_too(world, desk):
    """However a document is handed over."""
    (desk.outbox / "cv.pdf").write_bytes(SECRET)
    (desk.outbox / "12.json").write_bytes(as_json(a_sheet("cv.pdf", to=to(world))))
    bare = f"15-BC_2026-11-21_{to(world)}.pdf"
    (desk.outbox / bare).write_bytes(SECRET)
    desk.turn()

    stem = bare.removesuffix(".pdf")
    papers = ["12.error.json", "12.error.txt", "12.json"]
    papers += [f"{stem}.error.json", f"{stem}.error.txt", bare, "cv.pdf"]
    assert names(desk.outbox) == sorted(papers)
    assert spooled(desk) == []


def a_package(desk, receiver, folder, **files):
    folder.mkdir(exist_ok=True)
    parts = []
    for number, (name, content) in enumerate(files.items()):
        (folder / name).write_bytes(content)
        told = {"path": folder / name, "content_id": str(number), "digest": ""}
        parts.append(edxml.Part(name=name.replace("_", "."), description="", **told))
    document = replace(
        packages.golden_document(),
        document_id=f"{desk.code},2026/11/21,12/UBND-VP",
        sender=Organization(code=AgencyCode(desk.code)),
        receivers=(Organization(code=AgencyCode(receiver)),),
    )
    with (folder / "out").open("wb") as target:
        edxml.write_document(document, parts, target, manifest_content_type="own")
    return (folder / "out").read_bytes()


def test_a_ready_made_package_is_looked_into_in_memory(world, desk, tmp_path):
    """What is in it never lies on a disk, and the attachment is named."""
    secret = graded.a_workbook(["TUYỆT MẬT"])
    package = a_package(desk, to(world), tmp_path / "p", a_pdf=OPEN, b_xlsx=secret)
    (desk.outbox / "12.edxml").write_bytes(package)
    desk.turn()

    told = stays(desk, ["12.edxml", "12.error.json", "12.error.txt"])
    (problem,) = told["problems"]
    assert problem.startswith("b.xlsx")
    assert problem.endswith("TUYỆT MẬT")


def test_a_ready_made_package_without_a_grade_goes(world, desk, tmp_path):
    """It is sent as it was dropped."""
    package = a_package(desk, to(world), tmp_path / "p", a_pdf=OPEN)
    (desk.outbox / "12.edxml").write_bytes(package)
    assert left(desk) == []


def test_false_friends_go(world, desk):
    """A letter about secrecy is no secret."""
    pdf = graded.a_page("LƯU HÀNH NỘI BỘ", body=["QUY CHẾ BẢO VỆ BÍ MẬT NHÀ NƯỚC", "bảo mật"])
    desk.drop("12", {"cv.pdf": pdf}, **a_sheet("cv.pdf", to=to(world)))
    assert left(desk) == []


SCAN = graded.a_scanned_page("MẬT")
CLEAN_SCAN = graded.a_scanned_page(None)


@pytest.mark.parametrize(
    "content",
    [SCAN, graded.locked(password="kín"), PDF],
    ids=["a scan", "a password", "damage"],
)
def test_what_nobody_could_see_goes_with_a_warning(world, desk, content):
    """Unless the configuration says otherwise; the sentence begins with the file."""
    desk.drop("12", {"cv.pdf": content}, **a_sheet("cv.pdf", to=to(world)))
    assert [warning[:7] for warning in left(desk) if warning.startswith("cv.pdf:")] == ["cv.pdf:"]


def test_what_nobody_could_see_stays_where_that_is_configured(world):
    """The reason and the key of the configuration stand in its papers."""
    desk = world.desk(intake={"secrecy_unchecked": Unchecked.REFUSE})
    desk.drop("12", {"cv.pdf": SCAN}, **a_sheet("cv.pdf", to=to(world)))
    desk.turn()
    desk.later(days=1)
    desk.turn()
    told = stays(desk)
    assert told["error"] == "drop-refused"
    assert told["problems"][0].startswith("cv.pdf")
    assert "intake.secrecy_unchecked" in told["hint"]


@pytest.mark.parametrize("content", [SCAN, CLEAN_SCAN], ids=["secret", "not"])
def test_a_scan_is_read_by_machine_where_that_is_configured(world, content):
    """By Debian's tesseract and its Vietnamese; what it reads is not told to anybody."""
    needs.program("tesseract", "tesseract-ocr")
    desk = world.desk(intake={"secrecy_unchecked": Unchecked.OCR})
    desk.drop("12", {"cv.pdf": content}, **a_sheet("cv.pdf", to=to(world)))
    desk.turn()
    if content is SCAN:
        assert stays(desk)["error"] == "secret"
    else:
        assert left(desk) == []


class Changing:
    """Finds nothing, and while it looks the file becomes another."""

    def __init__(self, content):
        """Change it once."""
        self._content = [content]

    def grades(self, path, **_):
        """Look at the file as it was."""
        if path.name == "cv.pdf" and self._content:
            path.with_name("new").write_bytes(self._content.pop())
            path.with_name("new").rename(path)
        return (Look(file=path.name),)


class Nobody:
    """Cannot look, the first time."""

    def __init__(self):
        """Begin with the first time."""
        self._missing = [ChildMissing(say("nobody"))]

    def grades(self, path, **_):
        """Fail as where no child starts."""
        if self._missing:
            raise self._missing.pop()
        return (Look(file=path.name),)


def test_a_drop_that_changed_meanwhile_is_left_for_the_next_look(world, desk):
    """What was looked at and what is taken are the same bytes."""
    dropped = desk.drop("12", {"cv.pdf": OPEN}, **a_sheet("cv.pdf", to=to(world)))
    intake = desk.flows["intake"]
    before = by(desk, Changing(SECRET))
    desk.flows["intake"].wake()
    assert desk.flows["intake"].turn(desk.now)
    assert (dropped / "cv.pdf").read_bytes() == SECRET
    assert spooled(desk) == []

    desk.flows["intake"] = intake
    assert intake.secrecy.grades is before
    desk.later(minutes=1)
    desk.turn()
    stays(desk)


def test_where_nobody_can_look_nothing_is_taken(world, desk):
    """It is an outage; the drop is found again without a bell, and goes once somebody can."""
    desk.drop("12", {"cv.pdf": OPEN}, **a_sheet("cv.pdf", to=to(world)))
    by(desk, Nobody())
    with pytest.raises(ChildMissing):
        desk.turn("intake")
    assert names(desk.outbox) == ["12"]
    assert spooled(desk) == []
    assert desk.flows["intake"].turn(desk.now)
    assert names(desk.outbox) == []


# ── what comes in ────────────────────────────────────────────────────────────────────────────


def test_a_secret_that_came_in_is_kept_for_a_person(office, arrives):
    """By default the software does not see it, and its sender hears nothing of it yet."""
    desk = office()
    arrives(desk, ("a.pdf", SECRET))
    desk.turn("deliver")
    assert desk.inbox == []
    (item,) = desk.quarantined()
    assert "a.pdf" in str(item.reason)
    assert "TỐI MẬT" in str(item.reason)
    assert statuses(desk) == []


def test_a_secret_that_came_in_is_returned_where_that_is_configured(office, arrives):
    """Its sender is told SECRET_CONTENT with status 02."""
    desk = office(secret=DoorAction.REFUSE)
    arrives(desk, ("a.pdf", SECRET))
    desk.turn("deliver")
    assert desk.inbox == []
    assert incoming(desk).state == "returned"
    ((status, note),) = statuses(desk)
    assert status == "02"
    assert note.startswith("[SECRET_CONTENT]")


@pytest.mark.parametrize("action", [DoorAction.WARN, DoorAction.DELIVER])
def test_a_secret_that_came_in_is_handed_over_where_that_is_configured(office, arrives, action):
    """With a warning, or as if nothing were printed on it."""
    desk = office(secret=action)
    arrives(desk, ("a.pdf", SECRET))
    desk.turn("deliver")
    (letter,) = desk.letters()
    told = [warning for warning in letter["warnings"] if "TỐI MẬT" in warning]
    assert len(told) == (action is DoorAction.WARN)


def test_what_nobody_could_see_comes_in_like_anything_else(office, arrives):
    """Only a grade that was found counts against what others sent."""
    desk = office()
    arrives(desk, ("a.pdf", SCAN))
    desk.turn("deliver")
    assert len(desk.inbox) == 1
    verification(desk)


def test_a_letter_of_the_demonstration_goes(world, desk):
    """Our own examples bear no grade."""
    desk.drop("12", {"cv.pdf": LETTER.read_bytes()}, **a_sheet("cv.pdf", to=to(world)))
    assert left(desk) == []


def test_files_for_which_no_time_is_left_count_as_not_looked_at(world, desk):
    """Many slow ones keep nobody waiting for ever: what was not looked at is told as such."""
    intake = desk.flows["intake"]
    minutes = itertools.count(step=31.0)  # between two looks at the clock half a minute goes
    slow = replace(intake.secrecy, clock=lambda: next(minutes))
    desk.flows["intake"] = replace(intake, secrecy=slow)
    files = {f"{number}.pdf": OPEN for number in range(3)}
    desk.drop("12", files, **a_sheet(*files, to=to(world)))
    unseen = [warning[:5] for warning in left(desk) if ".pdf:" in warning]
    assert unseen == ["2.pdf"]


def test_what_came_in_and_no_time_was_left_for_is_handed_over(world, desk):
    """The first file was looked at; a grade on it would have counted."""
    other = world.desk()
    deliver = other.flows["deliver"]
    minutes = itertools.count(step=61.0)
    objects = [
        replace(each, clock=lambda: next(minutes)) if isinstance(each, OnArrival) else each
        for each in deliver.objects
    ]
    assert objects != list(deliver.objects)
    other.flows["deliver"] = replace(deliver, objects=objects)
    files = {f"{number}.pdf": OPEN for number in range(3)}
    desk.drop("12", files, **a_sheet(*files, to=other.code))
    desk.turn()
    other.turn()
    assert len(other.inbox) == 1
