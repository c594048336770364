"""Drops that cannot be sent: where each of them remains, and the words a clerk reads."""

import json
import os

import packages
import pytest
from builders import a_status, an_organization
from flows_world import DAY, LETTER, a_sheet, as_json, as_lines, names, untouched, vi

from edge_node.domain.document import Business, BusinessKind, conventional_document_id
from edge_node.domain.message import say
from edge_node.flows.dropped import AGAIN, SMALLER, cure_of
from edge_node.protocol import edxml

PDF = LETTER.read_bytes()
FAILED = f"failed/{DAY}"
TIMEOUT = 601.0  # seconds: longer than intake.settle_timeout


@pytest.fixture
def desk(world):
    return world.desk()


def taken_in(desk):
    """Turn the flows; return the names of what lies in failed/ today."""
    desk.turn()
    day = desk.exchange / FAILED
    return names(day) if day.exists() else []


def spooled(desk):
    """Return what lies in the private folders: claims and packages."""
    spool = desk.config.folders.spool
    found = [path for place in ("claims", "packages") for path in (spool / place).rglob("*")]
    return [path for path in found if path.is_file()]


def refused(desk, name, files):
    """Assert that the drop lies in failed/ as it was and nothing was sent; return its words."""
    assert taken_in(desk) == [name]
    place = f"{FAILED}/{name}"
    assert untouched(desk.exchange / place, files)
    assert names(desk.outbox) == []
    assert names(desk.exchange / "queued") == []
    assert spooled(desk) == []
    assert desk.ledger.outbound(limit=9) == []
    assert desk.told() == []
    return desk.words(f"{place}/error"), desk.error(f"{place}/error")


def test_a_folder_without_document_json_stays(desk):
    """It may still be filled; however long it takes, nothing is touched."""
    dropped = desk.drop_raw("cong van", {"cv.pdf": PDF})
    desk.turn()
    desk.later(days=2)

    assert taken_in(desk) == []
    assert untouched(dropped, {"cv.pdf": PDF})


def test_a_document_json_that_is_broken_is_refused_once_nobody_writes_it_any_more(desk):
    """Until then it may be half written, and stays."""
    files = {"document.json": b'{"number": "12", ', "cv.pdf": PDF}
    dropped = desk.drop_raw("12", files)
    assert taken_in(desk) == []
    assert untouched(dropped, files)

    desk.later(seconds=TIMEOUT)
    words, told = refused(desk, "12", files)
    assert words == as_lines(
        vi("the drop is not complete"),
        vi("{sheet} cannot be read: it is cut off or broken", sheet="document.json"),
        hint=vi("correct it and drop it into the outbox again"),
    )
    assert told["error"] == "drop-refused"


def test_every_problem_of_a_document_json_is_named_at_once(desk):
    """Unknown keys with the nearest known one, what is missing, what cannot be."""
    sheet = a_sheet("cv.pdf", to="H37.02", notaton="x", date="21/11/2026")
    del sheet["subject"]
    files = {"document.json": as_json(sheet), "cv.pdf": PDF}
    desk.drop_raw("12", files)
    words, told = refused(desk, "12", files)

    found = "{path}: expected {expected}, found {found}"
    near = say("a known key, perhaps {key}", key="notation")
    assert told["problems"] == [
        vi(found, path="notaton", expected=near, found=say("an unknown key")),
        vi(found, path="date", expected=say("a date like 2026-11-21"), found="'21/11/2026'"),
        vi(found, path="subject", expected=say("text"), found=say("nothing")),
    ]
    assert words[0].startswith(vi("cannot send {file} as it is", file="document.json")[1:], 1)


def test_a_file_that_is_named_and_never_comes_is_missed_by_name(desk):
    """The drop waits for it, then is refused."""
    files = {"document.json": as_json(a_sheet("cv.pdf", "pl.xlsx", to="H37.02")), "cv.pdf": PDF}
    desk.drop_raw("12", files)
    assert taken_in(desk) == []

    desk.later(seconds=TIMEOUT)
    words, _ = refused(desk, "12", files)
    assert "pl.xlsx" in words[0]
    assert "document.json" in words[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (PDF[:3000], "it is cut off: the end mark of a PDF is missing"),
        (b"<html>Not found</html>", "it does not begin like a PDF"),
    ],
    ids=["empty", "truncated", "no PDF"],
)
def test_an_attachment_that_is_not_whole_is_refused_after_the_settle_timeout(desk, content, words):
    """It is given ten minutes to become whole; then the clerk is told which file it is."""
    files = {"document.json": as_json(a_sheet("cv.pdf", to="H37.02")), "cv.pdf": content}
    desk.drop_raw("12", files)
    assert taken_in(desk) == []
    desk.later(seconds=TIMEOUT)

    told, _ = refused(desk, "12", files)
    why = vi("{file} is not complete: {flaw}", file="cv.pdf", flaw=say(words))
    assert told == as_lines(
        vi("the drop is not complete"),
        why,
        hint=vi("correct it and drop it into the outbox again"),
    )


def test_an_attachment_that_becomes_whole_in_time_is_sent(world, desk):
    """What was truncated a minute ago is complete now."""
    receiver = world.desk()
    dropped = desk.drop("12", {"cv.pdf": PDF[:3000]}, **a_sheet("cv.pdf", to=receiver.code))
    assert taken_in(desk) == []
    (dropped / "cv.pdf").write_bytes(PDF)
    desk.later(minutes=1)
    desk.turn()

    assert world.sends(desk.code) == [[receiver.code]]


def test_a_drop_that_a_program_still_has_open_waits(world, desk):
    """However complete it looks, it is not touched before the writer has closed it."""
    receiver = world.desk()
    dropped = desk.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    with (dropped / "cv.pdf").open("ab"):
        desk.later(seconds=TIMEOUT)
        assert taken_in(desk) == []
        assert untouched(dropped, {"cv.pdf": PDF})
    desk.later(seconds=2)
    desk.turn()

    assert world.sends(desk.code) == [[receiver.code]]


@pytest.mark.parametrize("grade", ["mật", "TUYỆT MẬT", "gì đó"])
def test_a_secret_document_stays_and_nothing_of_it_is_copied(desk, grade):
    """It is refused where it lies, with the reason beside it, and is said once."""
    sheet = a_sheet("cv.pdf", to="H37.02", secrecy=grade, subject="V/v một việc kín")
    files = {"document.json": as_json(sheet), "cv.pdf": PDF}
    dropped = desk.drop_raw("12", files)
    desk.turn()
    desk.later(days=1)
    desk.turn()

    assert names(desk.outbox) == ["12", "12.error.json", "12.error.txt"]
    assert untouched(dropped, files)
    assert names(dropped) == ["cv.pdf", "document.json"]
    assert spooled(desk) == []
    wrong, what_now = desk.words("outbox/12.error")
    assert [wrong, what_now] == as_lines(
        vi("the document is graded secret: state secrets never travel by the axis"),
        hint=vi("take it out of the exchange folder and send it the way secrets are sent"),
    )
    told = desk.error("outbox/12.error")
    assert told["error"] == "secret"
    assert "kín" not in json.dumps(told, ensure_ascii=False)
    assert not (desk.exchange / FAILED).exists()


def test_a_secret_sidecar_stays_with_its_files(desk):
    """The file beside the sidecar is not touched either."""
    sheet = as_json(a_sheet("cv.pdf", to="H37.02", secrecy="mật"))
    (desk.outbox / "cv.pdf").write_bytes(PDF)
    (desk.outbox / "12.json").write_bytes(sheet)
    desk.turn()

    assert names(desk.outbox) == ["12.error.json", "12.error.txt", "12.json", "cv.pdf"]
    assert untouched(desk.outbox, {"12.json": sheet, "cv.pdf": PDF})
    assert spooled(desk) == []


def test_a_pdf_that_was_saved_as_text_is_refused(desk):
    """Software that treats a PDF as text turns it into thousands of U+FFFD: it would arrive so."""
    damaged = PDF.decode("utf-8", "replace").encode()
    assert damaged.count("\N{REPLACEMENT CHARACTER}".encode()) > 1000
    files = {"document.json": as_json(a_sheet("cv.pdf", to="H37.02")), "cv.pdf": damaged}
    desk.drop_raw("12", files)

    words, told = refused(desk, "12", files)
    damage = vi(
        "{file}: expected a sound PDF, found one that was saved as text and is damaged",
        file="cv.pdf",
    )
    assert told["problems"] == [damage]
    assert words == as_lines(
        vi("the attachments cannot be sent"),
        damage,
        hint=vi("correct it and drop it into the outbox again"),
    )


def test_files_over_the_limit_are_all_named_with_their_sizes(world):
    """The limit stands in the configuration; each file that breaks it is named."""
    desk = world.desk(limits={"attachment": 1000})
    files = {"cv.pdf": PDF, "lon.txt": b"x" * 1001, "vua.txt": b"x" * 1000}
    desk.drop("12", files, **a_sheet(*files, to="H37.02"))

    _, told = refused(desk, "12", files)
    over = "{file}: expected at most {limit} bytes, found {size}"
    assert told["problems"] == [
        vi(over, file="cv.pdf", limit=1000, size=len(PDF)),
        vi(over, file="lon.txt", limit=1000, size=1001),
    ]


def test_a_bare_file_no_rule_knows_is_never_touched(desk):
    """It may be anybody's."""
    (desk.outbox / "scan0001.pdf").write_bytes(PDF)
    desk.later(days=1)
    desk.turn()

    assert untouched(desk.outbox, {"scan0001.pdf": PDF})


def test_a_bare_file_whose_name_says_nonsense_is_refused(desk):
    """The rule matches, and what it finds is no date."""
    name = "12-UBND_2026-13-41_H37.02.pdf"
    (desk.outbox / name).write_bytes(PDF)

    words, told = refused(desk, name.removesuffix(".pdf"), {name: PDF})
    assert name in words[0]
    assert "'2026-13-41'" in told["problems"][0]


def test_a_name_that_is_no_utf8_stays_and_stops_nobody(world, desk):
    """A drop from a system with another alphabet is left alone; the one beside it travels."""
    receiver = world.desk()
    odd = os.fsencode(desk.outbox) + b"/c\xf4ng v\xe3n.pdf"
    os.close(os.open(odd, os.O_WRONLY | os.O_CREAT))
    inside = desk.drop("13", {}, **a_sheet("a.txt", to=receiver.code, number="13"))
    os.close(os.open(os.fsencode(inside) + b"/\xe3.txt", os.O_WRONLY | os.O_CREAT))
    desk.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    desk.later(seconds=TIMEOUT)
    desk.turn()

    assert world.sends(desk.code) == [[receiver.code]]
    assert {os.fsencode(path.name) for path in desk.outbox.iterdir()} == {
        b"13",
        b"c\xf4ng v\xe3n.pdf",
    }


# ── packages the software made itself ────────────────────────────────────────────────────────


def a_package(desk, *, to=("H37.02",), files=(("cv.pdf", PDF),), **changes):
    folder = desk.config.folders.data
    parts = [
        packages.a_part(folder, name, content, content_id=f"c{number}")
        for number, (name, content) in enumerate(files)
    ]
    day = packages.a_document().promulgated
    known = {
        "document_id": conventional_document_id(desk.code, day, "12", "UBND-VP"),
        "sender": an_organization(desk.code),
        "receivers": tuple(an_organization(code) for code in to),
    }
    return packages.written(packages.a_document(**(known | changes)), parts)


# fmt: off
PACKAGES = [
    ({"sender": an_organization("H01.1")}, "From: cần"),
    ({"receivers": ()}, "To: "),
    ({"to": ("H37.02", "H37.02")}, "To: "),
    ({"files": ()}, "AttachmentEncoded: "),
    ({"files": (("cv.pdf", b"no PDF"),)}, "cv.pdf: "),
    ({"files": (("cv.pdf", b""),)}, "cv.pdf: "),
    ({"document_id": ""}, "DocumentId: "),
    ({"document_id": "", "promulgated": None}, "DocumentId: "),
]
# fmt: on


@pytest.mark.parametrize(("changes", "problem"), PACKAGES)
def test_a_package_of_the_softwares_own_is_checked_like_any_other_drop(desk, changes, problem):
    """From another agency, to nobody or twice to one, without sound attachments: not sent."""
    package = a_package(desk, **changes)
    (desk.outbox / "12.edxml").write_bytes(package)

    words, told = refused(desk, "12", {"12.edxml": package})
    assert len(told["problems"]) == 1
    assert told["problems"][0].startswith(problem)
    wrong = vi("the package cannot be sent")
    assert words[0] == as_lines(wrong, told["problems"][0], hint="")[0]


def test_a_recall_made_by_the_software_needs_no_attachments(world, desk):
    """As in a document.json."""
    receiver = world.desk()
    recall = Business(kind=BusinessKind.RECALL, document_id="x", reason="Sai nơi nhận")
    package = a_package(desk, to=(receiver.code,), files=(), business=recall)
    (desk.outbox / "12.edxml").write_bytes(package)
    desk.turn()

    assert world.packages(desk.code) == [package]


def test_a_status_dropped_as_a_package_is_sent_the_right_way(desk):
    """Statuses are reported through statuses/; the words say so."""
    package = edxml.write_status(a_status())
    (desk.outbox / "03.edxml").write_bytes(package)

    words, _ = refused(desk, "03", {"03.edxml": package})
    assert words == as_lines(
        vi("the package is a status message, not a document"),
        hint=vi("report statuses through the folder statuses/"),
    )


def test_a_package_that_cannot_be_read_is_refused_with_the_place(desk):
    """Damaged on the way to the outbox: which line it breaks at is told."""
    package = a_package(desk).replace(b"</edXML:Subject>", b"")
    (desk.outbox / "12.edxml").write_bytes(package)

    words, _ = refused(desk, "12", {"12.edxml": package})
    assert words[0].startswith("XML")
    assert "mismatched tag" in words[0]


def test_a_drop_that_was_refused_can_be_mended_and_dropped_again(world, desk):
    """The folder comes back from failed/ with its papers; they do not hinder it."""
    receiver = world.desk()
    desk.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code, date="hôm nay"))
    assert taken_in(desk) == ["12"]
    again = (desk.exchange / FAILED / "12").rename(desk.outbox / "12")
    (again / "document.json").write_bytes(as_json(a_sheet("cv.pdf", to=receiver.code)))
    desk.later(seconds=3)
    desk.turn()

    assert world.sends(desk.code) == [[receiver.code]]
    assert untouched(desk.exchange / f"sent/{DAY}/12", {"cv.pdf": PDF})


def test_more_attachments_than_the_limit_are_refused_before_anything_is_sent(world):
    """What a receiver with the same limits would not open does not leave."""
    desk = world.desk(limits={"attachments": 2})
    files = {f"{number}.pdf": PDF for number in range(3)}
    desk.drop("12", files, **a_sheet(*files, to="H99.300"))
    desk.turn("intake")
    wrong, _ = desk.words(f"failed/{DAY}/12/error")
    assert vi("expected at most {limit} attachments, found {found}", limit=2, found=3) in wrong
    assert desk.ledger.outbound(limit=9) == []


def test_what_is_too_large_is_to_be_made_smaller():
    """The cure names the limits; where something else is wrong, too, it is to be corrected."""
    large = say("{file}: expected at most {limit} bytes, found {size}", file="a", limit=1, size=2)
    other = say("{file}: expected a file, found none", file="b")
    assert cure_of([large]) == SMALLER
    assert cure_of([large, other]) == cure_of([]) == AGAIN
