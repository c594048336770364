"""Number and notation, the kinds of documents, and how the two go together."""

from dataclasses import replace
from datetime import date

import pytest
from builders import a_document
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.document import DocumentType
from edge_node.domain.document_types import ABBREVIATIONS, DocumentTypes
from edge_node.domain.numbers import Code, parse, remarks, spellings

TYPES = DocumentTypes(numbers={"Quyết định": 2, "Công văn": 18, "Quy ước": 33})
NAMED = {name: short for name, short in ABBREVIATIONS.items() if short}


def odd(number, notation, kind="Công văn", day=date(2026, 11, 21)):
    document = a_document(number, notation=notation, type=DocumentType(name=kind))
    document = replace(document, promulgated=day)
    return [str(remark) for remark in remarks(document, TYPES)]


# ── number and notation ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("07/QĐ-UBND", Code(number="07", notation="QĐ-UBND")),
        ("7816/VPCP-TTĐT", Code(number="7816", notation="VPCP-TTĐT")),
        ("12/2026/NQ-HĐND", Code(number="12", notation="NQ-HĐND", year=2026)),
        ("45/2019/QH14", Code(number="45", notation="QH14", year=2019)),
        ("12a/UBND-VP", Code(number="12a", notation="UBND-VP")),
        ("1/TB-VP/BCĐ", Code(number="1", notation="TB-VP/BCĐ")),
    ],
)
def test_a_code_is_taken_apart(written, code):
    """The year of a normative document stands between number and notation."""
    assert parse(written) == code
    assert str(code) == written


@pytest.mark.parametrize("written", ["", "12", "UBND-VP", "/UBND", "12/", "số 12/UBND", "12 / U"])
def test_what_is_no_code_is_none(written):
    """No number, or nothing but that."""
    assert parse(written) is None


@given(
    st.integers(1, 99999), st.sampled_from([None, 1999, 2026]), st.sampled_from(["QĐ-UBND", "SNV"])
)
def test_a_code_is_put_together_again(number, year, notation):
    """Taking apart loses nothing."""
    code = Code(number=f"{number:02}", notation=notation, year=year)

    assert parse(str(code)) == code


def test_a_number_may_be_written_with_a_zero_before_it_or_not():
    """7 and 07 are one number; 12 and 012 as well."""
    assert set(spellings("7")) == set(spellings("07")) == {"7", "07"}
    assert set(spellings("12")) == {"12"}
    assert set(spellings("012")) == {"12", "012"}
    assert spellings("0") == ("0",)


# ── the kinds ────────────────────────────────────────────────────────────────────────────────────


def test_no_abbreviation_stands_for_two_kinds():
    """In capitals and small letters as they are written."""
    assert len(set(NAMED.values())) == len(NAMED)


@pytest.mark.parametrize("name", ABBREVIATIONS)
def test_each_kind_is_found_by_name_and_by_abbreviation(name):
    """In any case, and back again."""
    assert TYPES.find(name) == TYPES.find(name.upper()) == TYPES.find(f" {name.lower()} ") == name
    short = ABBREVIATIONS[name]
    assert TYPES.abbreviation(name) == short
    if short:
        assert TYPES.find(short) == TYPES.of_abbreviation(short) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("QĐ", "Quyết định"),
        ("QD", "Quyết định"),
        ("quyet  dinh", "Quyết định"),
        ("qyđ", "Quy định"),
        ("quy dinh", "Quy định"),
        ("HD", "Hướng dẫn"),  # without its accent a HĐ would be that, too
        ("hđ", "Hợp đồng"),
        ("ĐA", "Đề án"),
        ("DA", "Dự án"),
        ("BẢN THOẢ THUẬN", "Bản thỏa thuận"),
        ("quy uoc", "Quy ước"),  # only the configuration knows it
        ("CV", None),
        ("", None),
        ("Thư mời họp", None),
    ],
)
def test_a_kind_is_understood_where_there_is_no_doubt(text, name):
    """By its abbreviation or its name, with accents or without."""
    assert TYPES.find(text) == name


def test_what_might_be_two_kinds_is_neither():
    """Without accents these two are one."""
    types = DocumentTypes(abbreviations={"Bản ghi": "BG", "Bàn ghi": "BĜ"})

    assert types.find("ban ghi") is None
    assert types.find("bản ghi") == "Bản ghi"
    assert types.of_abbreviation("bg") == "Bản ghi"


def test_an_unknown_kind_has_a_nearest():
    """As somebody mistypes it."""
    assert TYPES.nearest("Quyết địn") == "Quyết định"
    assert TYPES.nearest("to trinhh") == "Tờ trình"
    assert TYPES.nearest("xyz") == ""


def test_a_kind_has_the_number_the_configuration_gives_it():
    """Whatever the spelling there; others have none."""
    types = DocumentTypes(numbers={"quyết định": 2})

    assert (types.find("QĐ"), types.number("Quyết định")) == ("Quyết định", 2)
    assert types.number("Chỉ thị") is None


# ── together ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("number", "notation", "kind"),
    [
        ("07", "QĐ-UBND", "Quyết định"),
        ("07", "QD-UBND", "Quyết định"),
        ("7816", "VPCP-TTĐT", "Công văn"),
        ("12", "2026/NQ-HĐND", "Nghị quyết"),
        ("12/2026", "NQ-HĐND", "Nghị quyết"),
        ("12", "SY-UBND", "Quyết định"),  # a copy
        ("45", "2026/QH14", "Luật"),
        ("12", "GM-UBND", "giấy mời"),
        ("12", "gì cũng được", "Loại lạ"),
        ("12", "TTr", "Công văn"),  # an inspectorate, with no department behind it
    ],
)
def test_what_is_usual_is_not_remarked_on(number, notation, kind):
    """The notation begins with the abbreviation of the kind, that of a letter with its issuer."""
    assert odd(number, notation, kind) == []


@pytest.mark.parametrize(
    ("number", "notation", "kind", "said"),
    [
        ("7", "UBND-VP", "Công văn", "number 7 is usually written 07, with a zero before it"),
        (
            "12",
            "QĐ-UBND",
            "Công văn",
            "QĐ-UBND is the notation of Quyết định, but the document is Công văn",
        ),
        (
            "12",
            "QyĐ-UBND",
            "Quyết định",
            "QyĐ-UBND is the notation of Quy định, but the document is Quyết định",
        ),
        (
            "12",
            "UBND-VP",
            "Quyết định",
            "the notation of Quyết định begins with QĐ-, found UBND-VP",
        ),
        (
            "12",
            "2025/NQ-HĐND",
            "Nghị quyết",
            "12/2025/NQ-HĐND names the year 2025, but the document is dated 2026-11-21",
        ),
        (
            "số 12",
            "UBND-VP",
            "Công văn",
            "số 12/UBND-VP is not written like number and notation, such as 07/QĐ-UBND",
        ),
    ],
)
def test_what_is_odd_is_remarked_on(number, notation, kind, said):
    """In one sentence, and nothing else with it."""
    assert odd(number, notation, kind) == [said]


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=20))
def test_whatever_somebody_writes_something_is_said_or_nothing(number, notation, kind):
    """No text breaks it."""
    assert isinstance(odd(number, notation, kind), list)


def test_a_document_without_a_date_has_no_wrong_year():
    """What a stranger's package lacks is not remarked on here."""
    assert odd("12", "2025/NQ-HĐND", "Nghị quyết", None) == []
