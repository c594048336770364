"""What a clerk is told of numbers, notations and kinds; it keeps no document from going."""

from __future__ import annotations

import json

import pytest
from dropping import PDF
from flows_world import a_sheet, as_json, vi


@pytest.fixture
def desk(world):
    return world.desk()


USED = "number {code} was used before in this year, on {day}: {id}"
ANOTHER = "{notation} is the notation of {other}, but the document is {kind}"
NO_CODE = "{code} is not written like number and notation, such as 07/QĐ-UBND"
ZERO = "number {number} is usually written {usual}, with a zero before it"
NEAREST = "{path}: the node's list of types has no {name}, the nearest is {near}"
OURS = {USED, ANOTHER, NO_CODE, ZERO, NEAREST}


def sends(desk, name, to, **changes):
    """Drop a letter, have it taken in and sent; return its id and what is told of its number."""
    desk.drop(name, {"a.pdf": f"{name} ".encode() + PDF}, **a_sheet("a.pdf", to=to, **changes))
    desk.turn("intake", "push", "file")
    row = desk.queue.file.row("select id from documents where name = :name", {"name": name})
    return row["id"], told(desk, name)


def told(desk, name):
    """Return the sentences about numbers and kinds, with what stands in them."""
    row = desk.queue.file.row("select warnings from documents where name = :name", {"name": name})
    sentences = [json.loads(text) for text in json.loads(row["warnings"])]
    return [(template, values) for template, values in sentences if template in OURS]


def english(desk, name):
    return [template for template, _ in told(desk, name)]


def test_a_number_that_was_used_before_in_its_year_is_warned_of(desk, receiver):
    """By the same issuer under another date, with a zero before it or not; the document goes."""
    first, warnings = sends(desk, "a", receiver.code, number="07", date="2026-03-02")
    assert warnings == []

    _, warnings = sends(desk, "b", receiver.code, number="07", date="2026-11-21")
    used = {"code": "07/UBND-VP", "day": "2026-03-02", "id": first}
    assert warnings == [(USED, used)]
    assert [fate.state for fate in desk.ledger.outbound(limit=1)[0].fates] == ["accepted"]

    sends(desk, "c", receiver.code, number="7", date="2026-11-20")
    assert english(desk, "c") == [ZERO, USED]


def test_numbers_begin_anew_each_year(desk, receiver):
    """On 1 January; another notation has numbers of its own, and so has another issuer."""
    sends(desk, "a", receiver.code, number="12", date="2026-12-31")

    assert sends(desk, "b", receiver.code, number="12", date="2027-01-01")[1] == []
    assert sends(desk, "c", receiver.code, number="12", notation="SNV-VP")[1] == []


def test_the_number_of_what_reached_nobody_is_free(desk, receiver):
    """A clerk corrects what was refused and gives it the day it really leaves."""
    sends(desk, "a", "H99.NOBODY", number="12", date="2026-11-20")

    assert sends(desk, "b", receiver.code, number="12", date="2026-11-21")[1] == []


def test_a_notation_of_another_kind_is_warned_of(desk, receiver):
    """It is sent as it is."""
    sends(desk, "a", receiver.code, notation="QĐ-UBND", type="Công văn")

    [said] = english(desk, "a")
    assert said == ANOTHER


@pytest.mark.parametrize("written", ["QĐ", "quyet dinh", "QUYẾT ĐỊNH"])
def test_a_kind_travels_under_its_name(desk, world, receiver, written):
    """However the software calls it: receivers match on the name."""
    sends(desk, "a", receiver.code, notation="QĐ-UBND", type=written)

    [package] = world.packages(desk.code)
    assert "TypeName>Quyết định<".encode() in package
    assert english(desk, "a") == []


def test_the_agency_has_abbreviations_of_its_own(world, receiver):
    """What the configuration adds is known by both."""
    desk = world.desk(package={"abbreviations": {"Công văn": "", "Quy ước": "QƯ"}})

    sends(desk, "a", receiver.code, notation="QƯ-UBND", type="qư")

    [row] = desk.queue.file.rows("select type from documents")
    assert row["type"] == "Quy ước"
    assert english(desk, "a") == []


def test_an_unknown_kind_is_told_with_the_nearest(desk, receiver):
    """It travels as it is written."""
    sends(desk, "a", receiver.code, type="Quyết địn")

    [row] = desk.queue.file.rows("select type from documents")
    assert row["type"] == "Quyết địn"
    [said] = english(desk, "a")
    assert said == NEAREST


def test_a_ready_made_package_is_looked_at_likewise(desk, world, receiver):
    """And sent byte for byte all the same."""
    sends(desk, "a", receiver.code, number="07", notation="QĐ-UBND", type="Quyết định")
    [package] = world.packages(desk.code)
    other = (
        package.replace(b">2026-11-21<", b">2026-11-20<")
        .replace(b"2026/11/21", b"2026/11/20")
        .replace("TypeName>Quyết định<".encode(), "TypeName>Công văn<".encode())
    )
    (desk.outbox / "b.edxml").write_bytes(other)
    desk.turn("intake", "push")

    assert english(desk, "b") == [ANOTHER, USED]
    assert world.packages(desk.code)[1] == other


def test_an_incoming_document_of_a_used_number_is_delivered_with_an_alarm(world, receiver):
    """Never overwritten, never answered `fail`: both lie in the inbox, the second with a word."""
    desk = world.desk()
    for name, day in (("a", "2026-03-02"), ("b", "2026-11-21")):
        sends(desk, name, receiver.code, number="07", date=day)
    receiver.turn("pull", "acknowledge", "deliver")

    first, second = sorted(receiver.letters(), key=lambda letter: letter["date"])
    said = vi("another document came under the same number and notation: {id}", id=first["id"])
    assert said in second["warnings"]
    assert said not in first["warnings"]
    assert world.standing(receiver.code) == ["done", "done"]
    warned = [each for each in receiver.queue.history.of(second["id"]) if each.event == "warned"]
    assert len(warned) == 1


def test_what_cannot_be_a_number_is_still_sent(desk, receiver):
    """Odd is no error."""
    desk.drop_raw(
        "a",
        {
            "a.pdf": PDF,
            "document.json": as_json(a_sheet("a.pdf", to=receiver.code, number="số 12")),
        },
    )
    desk.turn("intake", "push")

    assert [fate.state for fate in desk.ledger.outbound(limit=1)[0].fates] == ["accepted"]
    [said] = english(desk, "a")
    assert said == NO_CODE
