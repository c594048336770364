"""When two drops hold the same document."""

from __future__ import annotations

import unicodedata
from dataclasses import fields, replace
from datetime import date, datetime

import pytest

from edge_node.domain.document import (
    AgencyCode,
    Business,
    BusinessKind,
    Document,
    DocumentType,
    Organization,
    Reference,
    Replacement,
    Signer,
    Staff,
    Trace,
)
from edge_node.domain.identity import fingerprint

FILES = [("a.pdf", "AB" * 32), ("Phụ lục.xlsx", "cd" * 32)]
DOCUMENT = Document(
    document_id="H37.01,2026/11/21,12/UBND-VP",
    sender=Organization(code=AgencyCode("H37.01"), name="UBND tỉnh"),
    receivers=(Organization(code=AgencyCode("H37.02")),),
    number="12",
    notation="UBND-VP",
    type=DocumentType(name="Công văn", type=18, detail=0),
    subject="V/v họp",
    promulgated=date(2026, 11, 21),
)
# One other value for every field a person chooses; the test below asks for each field to be here.
OTHERWISE = {
    "sender": Organization(code=AgencyCode("H37.09")),
    "number": "13",
    "notation": "UBND-NC",
    "type": DocumentType(name="Báo cáo", type=18, detail=0),
    "subject": "V/v nghỉ",
    "promulgated": date(2026, 11, 22),
    "place": "Hà Nội",
    "content": "x",
    "signer": Signer(name="A"),
    "due": date(2026, 12, 1),
    "priority": 1,
    "sphere": "x",
    "typist": "x",
    "copies": 0,
    "pages": 1,
    "direction": False,
    "appendixes": ("x",),
    "reply_to": (Reference(organ=AgencyCode("H37.02"), code="1/A"),),
    "steering": 1,
    "tasks": ("x",),
    "application_type": "x",
    "places": ("Lưu: VT",),
    "business": Business(kind=BusinessKind.RECALL, document_id="x"),
    "staff": Staff(name="A"),
}
ON_THE_WAY = {"document_id", "receivers", "traces"}


def test_every_field_is_either_chosen_or_of_the_way():
    """A field that is new to the document must find its side here."""
    assert {field.name for field in fields(Document)} == set(OTHERWISE) | ON_THE_WAY


@pytest.mark.parametrize("name", OTHERWISE)
def test_another_choice_is_another_document(name):
    """Two documents that differ in anything a person chose differ."""
    other = replace(DOCUMENT, **{name: OTHERWISE[name]})
    assert fingerprint(other, FILES) != fingerprint(DOCUMENT, FILES)


@pytest.mark.parametrize(
    "business",
    [
        Business(paper=True),
        Business(reason="x"),
        Business(metadata_changes=True),
        Business(replaces=(Replacement(document_id="x"),)),
        Business(replaces=(Replacement(document_id="y"),)),
    ],
)
def test_another_business_is_another_document(business):
    """Every part of it counts."""
    other = replace(DOCUMENT, business=business)
    assert fingerprint(other, FILES) != fingerprint(DOCUMENT, FILES)


@pytest.mark.parametrize(
    "files",
    [[], FILES[:1], [("b.pdf", "ab" * 32), FILES[1]], [("a.pdf", "00" * 32), FILES[1]]],
)
def test_other_files_are_another_document(files):
    """A file more or less, another name, another content."""
    assert fingerprint(DOCUMENT, files) != fingerprint(DOCUMENT, FILES)


@pytest.mark.parametrize(
    "changes",
    [
        {"document_id": "7c1e-uuid"},
        {"receivers": (Organization(code=AgencyCode("H37.03")),)},
        {"traces": (Trace(organ="H37.00", at=datetime(2026, 11, 21)),)},  # noqa: DTZ001 - the axis writes no zone
        {"sender": Organization(code=AgencyCode("H37.01"), name="Khác", email="x@y.vn")},
        {"type": DocumentType(name="Công văn", type=2, detail=-1)},
        {"subject": " V/v \n họp"},
        {"signer": Signer()},
        {"staff": Staff()},
    ],
)
def test_the_way_makes_no_other_document(changes):
    """The axis adds traces, drops what is empty, and knows agencies by other names."""
    assert fingerprint(replace(DOCUMENT, **changes), FILES) == fingerprint(DOCUMENT, FILES)


def test_composition_order_and_case_make_no_difference():
    """Names in pieces, digests in capitals, files in another order."""
    mark = fingerprint(DOCUMENT, FILES)
    pieces = [(unicodedata.normalize("NFD", name), digest.lower()) for name, digest in FILES]
    assert fingerprint(DOCUMENT, pieces[::-1]) == mark
    subject = unicodedata.normalize("NFD", DOCUMENT.subject)
    assert fingerprint(replace(DOCUMENT, subject=subject), FILES) == mark


def test_a_fingerprint_stays_what_it_is():
    """The queue keeps fingerprints for years: the next version must make the same ones."""
    assert fingerprint(DOCUMENT, FILES) == (
        "19536669c13c033cab43826c6e29505ac20a2d7f6c85954d645220247a94684e"
    )
