"""Finding agencies by what people type: codes, names, parts of them, with or without marks."""

from __future__ import annotations

import unicodedata
from contextlib import closing
from dataclasses import replace

import pytest
from builders import T0
from directories import DAY, agencies, fill

from edge_node.adapters.directory import Directory
from edge_node.domain.directory import Known
from edge_node.domain.envelope import Agency

PROVINCE = "Ủy ban nhân dân tỉnh Lạng Sơn"
LISTED = agencies(3000)


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    with closing(Directory(tmp_path_factory.mktemp("country") / "directory.db")) as directory:
        fill(directory, LISTED)
        yield directory


def names(directory, text, limit=20):
    return [unit.name for unit in directory.search(text, limit=limit)]


@pytest.mark.parametrize(
    "typed",
    [
        "uy ban nhan dan tinh lang son",
        "Ủy ban nhân dân tỉnh Lạng Sơn",
        unicodedata.normalize("NFD", "Uỷ ban nhân dân tỉnh Lạng Sơn"),
        "ỦY BAN nhan dan TỈNH lang son",
        "uy ban nhan dan tinh lang s",
        "lang son tinh uy ban nhan dan",
        "u b n d tinh lang son",
    ],
)
def test_a_name_is_found_however_it_is_typed(country, typed):
    """Marks, their place and form, capitals, the order and the ends of words do not matter."""
    assert names(country, typed)[0] == PROVINCE


def test_the_letter_with_a_stroke_is_a_d(country):
    """Unicode decomposes it into nothing; a keyboard without it types d."""
    assert names(country, "so nong nghiep dak lak")[0].endswith("tỉnh Đắk Lắk")
    assert names(country, "Đắk lak", limit=1) == ["Ủy ban nhân dân tỉnh Đắk Lắk"]


def test_the_whole_name_comes_before_longer_ones_and_higher_units_before_lower(country):
    """People mean the province more often than its office."""
    found = names(country, "ủy ban nhân dân tỉnh lạng sơn")
    assert found[:2] == [PROVINCE, f"Văn phòng {PROVINCE}"]
    assert names(country, "lang son")[0] == PROVINCE


def test_marks_that_were_typed_decide_between_equals(tmp_path):
    """Somebody who types them means them."""
    with closing(Directory(tmp_path / "directory.db")) as directory:
        fill(
            directory,
            [Agency(code=c, name=n) for c, n in (("A1", "Xã Tân Sơn"), ("A2", "Xã Tấn Sơn"))],
        )
        assert names(directory, "xa tan son")[0] == "Xã Tân Sơn"
        assert names(directory, "xã tấn sơn")[0] == "Xã Tấn Sơn"


def test_a_code_is_found_by_its_beginning_in_either_form(country):
    """The code itself first, then what is below it."""
    found = [unit.code for unit in country.search("h37.13", limit=3)]
    assert found[0] == "H37.13"
    assert [unit.code for unit in country.search("000.00.13.H37")] == ["H37.13"]
    assert all(unit.code.startswith("H37.3") for unit in country.search("H37.3"))


def test_what_is_gone_comes_after_what_is_there_and_says_who_took_over(tmp_path):
    """It is still found, because old letters name it."""
    with closing(Directory(tmp_path / "directory.db")) as directory:
        old, new = Agency(code="H37.1", name="Sở Tài"), Agency(code="H37.2", name="Sở Tài chính")
        fill(directory, [old, new])
        fill(directory, [new], now=T0 + DAY)
        directory.update.know([Known(code="H37.1", successor="H37.2")])
        found = directory.search("so tai")
    assert [(unit.code, unit.successor) for unit in found] == [("H37.1", "H37.2"), ("H37.2", "")]


def test_what_cannot_be_found_is_nothing(country):
    """Signs of the index's own language included."""
    for typed in ("qqq", "lang son qqq", "", "   ", '"', "*", "a AND (", "plain:x", "%", "-"):
        assert isinstance(country.search(typed), list)
    assert country.search("lang son qqq") == []


def test_a_name_is_found_by_its_new_name_alone(tmp_path):
    """The index forgets what a unit was called."""
    with closing(Directory(tmp_path / "directory.db")) as directory:
        unit = Agency(code="H37.1", name="Sở Thông tin")
        fill(directory, [unit])
        fill(directory, [replace(unit, name="Sở Khoa học")], now=T0 + DAY)
        assert names(directory, "thong tin") == []
        assert names(directory, "khoa hoc") == ["Sở Khoa học"]


@pytest.mark.parametrize(
    ("code", "name", "meant"),
    [
        ("H37.133", "", "H37.13"),
        ("h37.13", "", "H37.13"),
        ("H73.13", "", "H37.13"),
        ("H37.99", "so y te tinh lang son", "H37.13"),
        ("H37.12", "Sở Y tế tỉnh Lạng Sơn", "H37.13"),
    ],
)
def test_a_slip_is_traced_to_what_was_meant(country, code, name, meant):
    """One sign too many, wrong or swapped; where the name is known, the name decides."""
    assert country.nearest(code, name).code == meant


def test_nothing_near_is_nothing(country):
    """Better no advice than a wild one."""
    assert country.nearest("X") is None
    assert country.nearest("ZZZ.99.99", "không ai tên thế") is None
