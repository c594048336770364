"""The main line: from one agency's outbox to another's inbox, and the word of it back."""

import hashlib
import io
import json
import zipfile

import packages
import pytest
from builders import an_organization
from flows_world import DAY, DOCUMENTS, LETTER, a_sheet, a_world, names, untouched

from edge_node.daemon import turn_once
from edge_node.domain.document import conventional_document_id
from edge_node.sandbox.settings import Reencode

PDF = LETTER.read_bytes()


def a_letter(desk, to, *, name="12-UBND-VP", **sheet):
    return desk.drop(name, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=to, **sheet))


def as_bundle(desk, to):
    a_letter(desk, to)


def as_sidecar(desk, to):
    (desk.outbox / "cv.pdf").write_bytes(PDF)
    (desk.outbox / "12.json").write_text(json.dumps(a_sheet("cv.pdf", to=to)))


def as_package(desk, to):
    part = packages.a_part(desk.config.folders.data, "cv.pdf", PDF, content_id="c1")
    (desk.outbox / "12.edxml").write_bytes(packages.written(a_letter_of(desk, to), [part]))


def as_bare_file(desk, to):
    (desk.outbox / f"12-UBND-VP_2026-11-21_{to}.pdf").write_bytes(PDF)


def a_letter_of(desk, *to, **changes):
    """Return the header software writes that makes packages itself."""
    day = packages.a_document().promulgated
    return packages.a_document(
        document_id=conventional_document_id(desk.code, day, "12", "UBND-VP"),
        sender=an_organization(desk.code),
        receivers=tuple(an_organization(code) for code in to),
        **changes,
    )


@pytest.mark.parametrize("drop", [as_bundle, as_sidecar, as_package, as_bare_file])
def test_a_document_reaches_the_other_inbox_and_its_sender_learns_of_it(world, drop):
    """Dropped in any of the four styles it is accepted, handed over, acknowledged and reported."""
    sender, receiver = world.desk(), world.desk()
    drop(sender, receiver.code)

    assert turn_once(sender.node) == []
    assert names(sender.outbox) == []
    assert turn_once(receiver.node) == []
    assert turn_once(sender.node) == []

    (folder,) = receiver.inbox
    (letter,) = receiver.letters()
    (attachment,) = letter["attachments"]
    assert (folder / attachment["file"]).read_bytes() == PDF
    assert (letter["from"]["code"], letter["number"]) == (sender.code, "12")
    assert world.standing(receiver.code) == ["done"]
    assert sorted(sender.told()) == ["01", "accepted", "delivered", "queued"]
    (fate,) = sender.ledger.outbound(limit=9)[0].fates
    assert (fate.state, fate.status) == ("delivered", "01")


def test_the_drop_rests_in_sent_as_it_was_and_says_how_it_stands(world):
    """Not a byte of what was dropped changes; a status.json beside it is kept current."""
    sender, receiver = world.desk(), world.desk()
    sheet = a_sheet("cv.pdf", to=receiver.code, ref="hồ sơ 7")
    sender.drop("12 UBND", {"cv.pdf": PDF, "ghi chú.txt": b"unnamed"}, **sheet)
    sender.turn()

    place = f"sent/{DAY}/12 UBND"
    assert untouched(
        sender.exchange / place,
        {
            "cv.pdf": PDF,
            "ghi chú.txt": b"unnamed",
            "document.json": json.dumps(sheet, ensure_ascii=False).encode(),
        },
    )
    told = sender.status_file(place)
    assert (told["ref"], told["receivers"][0]["state"]) == ("hồ sơ 7", "accepted")

    receiver.turn()
    sender.turn()
    (standing,) = sender.status_file(place)["receivers"]
    assert (standing["state"], standing["status"], standing["meaning"]) == (
        "delivered",
        "01",
        "Đã đến",
    )
    assert {receipt["ref"] for receipt in sender.receipts()} == {"hồ sơ 7"}


def test_a_document_to_two_agencies_is_sent_once_with_two_receivers(world):
    """One package, one sendEdoc, two To; each receiver has a fate of its own."""
    sender, one, other = world.desk(), world.desk(), world.desk()
    a_letter(sender, [one.code, other.code])
    sender.turn()
    one.turn()
    sender.turn()

    assert world.sends(sender.code) == [[one.code, other.code]]
    (found,) = sender.ledger.outbound(limit=9)
    assert {fate.receiver: fate.state for fate in found.fates} == {
        one.code: "delivered",
        other.code: "accepted",
    }
    other.turn()
    assert [letter["document_id"] for letter in one.letters() + other.letters()] == [
        found.document_id,
        found.document_id,
    ]


def every_kind_of_attachment():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("một.txt", "một")
        writer.writestr("hai.txt", "hai")
    return {
        "công văn.pdf": PDF,
        "đề cương.docx": (DOCUMENTS / "101-de-cuong-bao-cao.docx").read_bytes(),
        "phụ lục.xlsx": (DOCUMENTS / "101-phu-luc.xlsx").read_bytes(),
        "danh sách.txt": "Nguyễn Văn A\r\n".encode() * 500,
        "ảnh.zip": archive.getvalue(),
    }


def assert_arrives_byte_for_byte(world):
    sender, receiver = world.desk(), world.desk()
    dropped = every_kind_of_attachment()
    sender.drop("12", dropped, **a_sheet(*dropped, to=receiver.code))
    sender.turn()
    receiver.turn()

    (folder,) = receiver.inbox
    (letter,) = receiver.letters()
    for attachment in letter["attachments"]:
        content = (folder / attachment["file"]).read_bytes()
        assert content == dropped[attachment["original"]]
        assert attachment["sha256"] == hashlib.sha256(content).hexdigest()
    assert len(letter["attachments"]) == len(dropped)


def test_what_is_dropped_is_what_arrives(world):
    """PDF, Word, Excel, text and archives come out with the SHA-256 they went in with."""
    assert_arrives_byte_for_byte(world)


def test_what_is_dropped_is_what_arrives_though_the_axis_zips_it_anew(tmp_path):
    """An axis that re-encodes all attachments, as the real one did in 2019, changes none."""
    with a_world(tmp_path, size=2, reencode=Reencode.ALWAYS) as world:
        assert_arrives_byte_for_byte(world)


def test_a_package_made_by_the_software_travels_byte_for_byte(world):
    """What is dropped as .edxml is what the axis gets."""
    sender, receiver = world.desk(), world.desk()
    as_package(sender, receiver.code)
    dropped = (sender.outbox / "12.edxml").read_bytes()
    sender.turn()

    assert world.packages(sender.code) == [dropped]
    assert untouched(sender.exchange / f"sent/{DAY}/12", {"12.edxml": dropped})


def test_a_drop_waits_in_queued_while_the_axis_has_not_accepted_it(world, gate):
    """Taken in and durable, but not sent: queued/ and a receipt say so, sent/ is empty."""
    sender, receiver = world.desk(url=gate.url), world.desk()
    gate.shut()
    a_letter(sender, receiver.code)
    sender.turn("intake")
    sender.turn("file", "notify")

    assert names(sender.outbox) == []
    assert names(sender.exchange / "sent") == []
    (standing,) = sender.status_file("queued/12-UBND-VP")["receivers"]
    assert standing["state"] == "queued"
    assert sender.told() == ["queued"]

    gate.open()
    sender.turn()
    assert names(sender.exchange / "queued") == []
    assert names(sender.exchange / f"sent/{DAY}") == ["12-UBND-VP"]


def test_a_receiver_the_axis_does_not_know_fails_the_drop_in_words_for_a_clerk(world):
    """Refused for every receiver, the drop lies in failed/ with what is wrong and what to do."""
    sender = world.desk()
    a_letter(sender, "H01.77")
    sender.turn()

    place = f"failed/{DAY}/12-UBND-VP"
    assert untouched(sender.exchange / place, {"cv.pdf": PDF})
    wrong, what_now = sender.words(f"{place}/error")
    assert wrong.startswith("Trục liên thông từ chối văn bản: H01.77: ")
    assert "document.json" in what_now
    told = sender.error(f"{place}/error")
    assert told["error"] == "axis-refused"
    assert "'18'" in told["problems"][0]
    assert names(sender.exchange / "sent") == []
    assert sorted(sender.told()) == ["queued", "refused"]


def test_two_documents_dropped_under_one_name_lie_side_by_side(world):
    """The same file name tomorrow is another document; neither overwrites the other."""
    sender, receiver = world.desk(), world.desk()
    for number in ("12", "13"):
        a_letter(sender, receiver.code, name="cong van", number=number)
        sender.turn()

    assert names(sender.exchange / f"sent/{DAY}") == ["cong van", "cong van (2)"]
    receiver.turn()
    assert sorted(letter["number"] for letter in receiver.letters()) == ["12", "13"]


def test_the_more_urgent_document_goes_first(world):
    """With both waiting, hỏa tốc is offered before thường."""
    sender, receiver = world.desk(), world.desk()
    a_letter(sender, receiver.code, name="a", number="1")
    a_letter(sender, receiver.code, name="b", number="2", priority="hỏa tốc")
    sender.turn("intake")
    sender.turn("push")

    sql = "select code from sends where sender = ? order by id"
    assert [row["code"] for row in world.rows(sql, sender.code)] == ["2/UBND-VP", "1/UBND-VP"]
