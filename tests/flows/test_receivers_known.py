"""The directory of agencies at work: whom a document may go to, and by which codes people go."""

from __future__ import annotations

import pytest
from builders import T0
from directories import DAY, fill
from flows_world import DAY as TODAY
from flows_world import LETTER, a_sheet, in_vietnamese
from sandbox_world import a_package, a_status

from edge_node.domain.directory import AgencyList, Distrust, Known
from edge_node.domain.envelope import Agency
from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam

FILES = {"a.pdf": LETTER.read_bytes()}
NAMED = "Ủy ban nhân dân xã Mẫu"


@pytest.fixture
def sender(world):
    return world.desk()


@pytest.fixture
def strict(world):
    return world.desk(directory={"unknown": Distrust.REFUSE, "merged": Distrust.REFUSE})


def knows(desk, *agencies, now=T0):
    """Have a desk's directory hold these, given as code and name."""
    units = [Agency(code=code, name=name) for code, name in agencies]
    fill(desk.node.directory, units, now=now)


def drops(desk, to):
    """Drop a letter and take it in; return the warnings beside it."""
    desk.drop("1", FILES, **a_sheet("a.pdf", to=to))
    desk.turn("intake", "file")
    return desk.status_file("queued/1")["warnings"]


def refused(desk, to):
    """Drop a letter that is not taken in; return its problems."""
    desk.drop("1", FILES, **a_sheet("a.pdf", to=to))
    desk.turn("intake")
    day = f"{in_vietnam(desk.now):%Y/%m/%d}"
    return desk.error(f"failed/{day}/1/error")["problems"]


def told(template, **values):
    return in_vietnamese(say(template, **values))


NEAREST = "{code} is not in the directory of agencies; the nearest is {near}, {name}"


def test_a_known_receiver_is_named_where_the_drop_gives_only_its_code(world, strict, receiver):
    """The package, the register and the papers have its name; the code stays as it was given."""
    knows(strict, (receiver.code, NAMED))
    assert drops(strict, receiver.code) == []
    strict.turn()
    (package,) = world.packages(strict.code)
    assert f"<edXML:OrganName>{NAMED}</edXML:OrganName>" in package.decode()
    (sent,) = strict.status_file(f"sent/{TODAY}/1")["receivers"]
    assert (sent["code"], sent["name"]) == (receiver.code, NAMED)


def test_a_name_the_drop_gives_stays(world, sender, receiver):
    """The software may know better how its partner is called."""
    knows(sender, (receiver.code, NAMED))
    assert drops(sender, [{"code": receiver.code, "name": "Xã Mẫu"}]) == []
    sender.turn()
    assert "<edXML:OrganName>Xã Mẫu</edXML:OrganName>" in world.packages(sender.code)[0].decode()


def test_the_older_code_is_as_good_as_the_newer(strict):
    """Either is accepted, and neither is rewritten."""
    unit = Agency(code="H37.13", name=NAMED, other_code="000.00.13.H37")
    fill(strict.node.directory, [unit])
    assert drops(strict, ["H37.13", "000.00.13.H37"]) == []
    named = strict.status_file("queued/1")["receivers"]
    assert {each["code"]: each["name"] for each in named} == {
        "H37.13": NAMED,
        "000.00.13.H37": NAMED,
    }


def test_an_unknown_receiver_is_warned_of_with_the_nearest(sender):
    """By default the document goes: the axis has the last word."""
    knows(sender, ("H37.13", NAMED))
    (warning,) = drops(sender, "H37.31")
    assert warning == told(NEAREST, code="H37.31", near="H37.13", name=NAMED)


def test_an_unknown_receiver_is_refused_where_that_is_the_rule(strict):
    """Before anything is signed or sent; the name in the drop finds whom it means."""
    knows(strict, ("H37.13", NAMED), ("H37.14", "Sở khác"))
    (problem,) = refused(strict, [{"code": "H44.01", "name": "uy ban nhan dan xa mau"}])
    assert problem == told(NEAREST, code="H44.01", near="H37.13", name=NAMED)


def test_nobody_is_checked_where_nobody_is_to_be(world):
    """Names are filled in all the same."""
    desk = world.desk(directory={"unknown": Distrust.OFF})
    knows(desk, ("H37.13", NAMED))
    assert drops(desk, ["H37.31", "H37.13"]) == []
    names = {each["code"]: each["name"] for each in desk.status_file("queued/1")["receivers"]}
    assert names["H37.13"] == NAMED


def test_a_directory_that_is_out_of_date_never_blocks(strict):
    """Whoever is missing in it may be new."""
    knows(strict, ("H37.13", NAMED))
    strict.later(days=8)
    (warning,) = drops(strict, ["H37.13", "G44.77"])
    said = say("{code} is not in the directory of agencies", code="G44.77")
    template = "{said} (the directory is of {day} and may be out of date)"
    assert warning == told(template, said=said, day="2026-11-21")


def test_a_directory_that_was_never_read_never_blocks(world):
    """That is said where there ought to be one, and only there."""
    desk = world.desk(
        directory={"unknown": Distrust.REFUSE, "lists": (AgencyList.AGENCIES,)},
    )
    words = "the directory of agencies was never read: nobody checked the receivers"
    assert drops(desk, "H37.13") == [told(words)]
    assert drops(world.desk(directory={"unknown": Distrust.REFUSE}), "H37.13") == []


def test_a_directory_that_cannot_be_read_never_blocks(strict):
    """It can be fetched again; documents do not wait for that."""
    strict.config.folders.directory.write_bytes(b"no database at all, and long enough" * 200)
    words = "the directory of agencies cannot be read: nobody checked the receivers"
    assert drops(strict, "H37.13") == [told(words)]


def test_that_nobody_checks_receivers_is_said_once_and_that_somebody_does_again(strict, caplog):
    """Whatever goes out meanwhile: one line when it begins, one when it is over."""
    caplog.set_level("INFO", "edge_node")
    knows(strict, ("H37.99", "Sở Khác"))

    def said(words):
        return sum(record.getMessage() == words for record in caplog.records)

    path = strict.config.folders.directory
    strict.node.directory.close()
    aside = path.rename(path.with_name("aside"))
    path.write_bytes(b"no database at all, and long enough" * 200)
    for number in "123":
        strict.drop(number, FILES, **a_sheet("a.pdf", to="H37.99", number=number))
        strict.turn("intake")
    assert said("receivers are not checked") == 1
    assert said("the directory cannot be asked") <= 1

    strict.node.directory.close()
    aside.replace(path)
    strict.drop("4", FILES, **a_sheet("a.pdf", to="H37.99", number="4"))
    strict.turn("intake")
    assert said("the directory can be used again") >= 1
    assert said("receivers are not checked") == 1


def test_a_receiver_that_was_taken_over_is_named_with_its_successor(sender, strict):
    """A warning or a refusal, as the rule is; the code is not rewritten."""
    words = "{code} was taken over by {successor}, {name}"
    expected = told(words, code="H37.05", successor="H37.13", name=NAMED)
    for desk in (sender, strict):
        knows(desk, ("H37.05", "Sở Cũ"), ("H37.13", NAMED))
        desk.node.directory.update.know([Known(code="H37.05", successor="H37.13")])
    assert drops(sender, "H37.05") == [expected]
    assert refused(strict, "H37.05") == [expected]


def test_a_receiver_that_is_gone_is_told_with_the_day(strict):
    """Nobody says who took over: a person has to find out."""
    knows(strict, ("H37.05", "Sở Cũ"), ("H37.13", NAMED))
    strict.later(days=1)
    knows(strict, ("H37.13", NAMED), now=T0 + DAY)
    (problem,) = refused(strict, "H37.05")
    words = "{code} is not in the directory of agencies since {since}; nobody says who took over"
    assert problem == told(words, code="H37.05", since="2026-11-22")


def test_a_letter_to_oneself_is_warned_of_by_any_code(world):
    """By the agency's own, by an alias, by the other code the directory gives."""
    desk = world.desk()
    fill(desk.node.directory, [Agency(code=desk.code, name="ta", other_code="000.00.01.H99")])
    warnings = drops(desk, [desk.code, "000.00.01.H99"])
    words = "{code} is this agency itself"
    assert warnings == [told(words, code=code) for code in (desk.code, "000.00.01.H99")]


# ── what comes in ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("known", [True, False])
def test_a_status_by_another_code_of_the_agency_finds_its_document(world, sender, receiver, known):
    """Some answer by the older code though they were written to by the newer; no others may."""
    if known:
        unit = Agency(code=receiver.code, name=NAMED, other_code="000.00.77.H99")
        fill(sender.node.directory, [unit])
    drops(sender, receiver.code)
    sender.turn()
    document_id = sender.status_file(f"sent/{TODAY}/1")["document_id"]
    status = a_status("000.00.77.H99", sender.code, document_id=document_id)
    world.put(sender.code, status, message="status")
    sender.later(minutes=2)
    sender.turn()
    (sent,) = sender.status_file(f"sent/{TODAY}/1")["receivers"]
    assert sent["status"] == ("03" if known else "")


def test_a_document_for_our_other_code_is_ours(world, receiver):
    """The directory says so; a person is told to write it down."""
    unit = Agency(code=receiver.code, name=NAMED, other_code="000.00.77.H99")
    fill(receiver.node.directory, [unit])
    world.put(receiver.code, a_package("H99.1", "000.00.77.H99"))
    receiver.turn()
    (letter,) = receiver.letters()
    words = (
        "it is for {codes}, by the directory another code of this agency: add it to agency.aliases"
    )
    assert told(words, codes="000.00.77.H99") in letter["warnings"]


def test_a_document_for_anybody_else_is_not(world, receiver):
    """The directory makes nobody ours."""
    fill(receiver.node.directory, [Agency(code="000.00.77.H99", name="Người khác")])
    world.put(receiver.code, a_package("H99.1", "000.00.77.H99"))
    receiver.turn()
    assert receiver.letters() == []
