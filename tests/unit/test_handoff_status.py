"""A file of statuses/: what is read of it, and in which words it is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.document import Staff
from edge_node.domain.errors import StatusRefused
from edge_node.domain.order import Arrival, StatusOrder
from edge_node.domain.receipt import ReasonCode
from edge_node.protocol.handoff import read_status_order

DATA = Path(__file__).parents[1] / "data" / "handoff"


def a_status(**changes):
    return {"schema": 1, "id": "i-1", "status": "03"} | changes


def read(status, file_name="s.json"):
    data = status if isinstance(status, bytes) else json.dumps(status).encode()
    return read_status_order(data, file_name=file_name)


def problems(status, file_name="s.json"):
    with pytest.raises(StatusRefused) as refusal:
        read(status, file_name)
    return [str(problem) for problem in refusal.value.problems]


def test_everything_a_status_says_is_in_the_order():
    """Number and date of the agency's own register travel with the status."""
    assert read((DATA / "status.json").read_bytes()) == StatusOrder(
        id="i-7f3k",
        status="03",
        note="Đã vào sổ",
        at=datetime(2026, 11, 21, 7, 3, 5, tzinfo=UTC),
        arrival=Arrival(number="345", registered=date(2026, 11, 21), unit="Phòng Hành chính"),
        staff=Staff(department="Văn thư", name="Trần Thị B"),
    )


def test_a_refusal_has_its_reason():
    """02 carries one of the reason codes and a note."""
    order = read(a_status(status="02", reason_code="WRONG_RECIPIENT", note="Gửi nhầm"))
    assert (order.reason, order.note) == (ReasonCode.WRONG_RECIPIENT, "Gửi nhầm")


def test_the_document_may_go_by_either_id():
    """Software that keeps only the DocumentId can report by it."""
    assert read({"document_id": "x", "status": "01"}) == StatusOrder(document_id="x", status="01")


@pytest.mark.parametrize("status", ["03", 3])
def test_a_spreadsheet_may_have_made_a_number_of_the_code(status):
    """3 is 03; in YAML 03 stays what it is."""
    assert read(a_status(status=status)).status == "03"
    assert read(b"id: x\nstatus: 03\n", "s.yaml").status == "03"
    assert read(b"id: x\nstatus: 13\n", "s.yaml").status == "13"


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-11-21T14:03:05+07:00", 14),
        ("2026-11-21T14:03:05", 14),
        ("2026-11-21 14:03", 14),
        ("2026-11-21T07:03:05Z", 14),
        ("2026-11-21T07:03:05.5+0000", 14),
    ],
)
def test_times_are_vietnamese_unless_they_say_otherwise(written, hour):
    """A time without an offset was read off a clock on the wall."""
    at = read(a_status(at=written)).at
    assert (at.hour, at.utcoffset().total_seconds()) == (hour, 7 * 3600)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": None}, ["s.json: expected id or document_id, found neither"]),
        ({"id": " ", "document_id": ""}, ["s.json: expected id or document_id, found neither"]),
        ({"id": 5}, ["id: expected text, found a number"]),
        (
            {"status": "07"},
            ["status: expected one of 01, 02, 03, 04, 05, 06, 13, 15, 16, found '07'"],
        ),
        (
            {"status": None},
            ["status: expected one of 01, 02, 03, 04, 05, 06, 13, 15, 16, found nothing"],
        ),
        (
            {"status": True},
            ["status: expected one of 01, 02, 03, 04, 05, 06, 13, 15, 16, found true"],
        ),
        (
            {"status": 99},
            ["status: expected one of 01, 02, 03, 04, 05, 06, 13, 15, 16, found '99'"],
        ),
        (
            {"status": "02"},
            [
                f"reason_code: expected one of {', '.join(ReasonCode)}, found nothing",
                "note: expected text, found nothing",
            ],
        ),
        ({"status": "16"}, ["note: expected text, found nothing"]),
        (
            {"reason_code": "wrong"},
            [f"reason_code: expected one of {', '.join(ReasonCode)}, found 'wrong'"],
        ),
        (
            {"at": "21/11/2026"},
            ["at: expected a time like 2026-11-21T14:03:05+07:00, found '21/11/2026'"],
        ),
        (
            {"at": "2026-11-21T25:00"},
            ["at: expected a time like 2026-11-21T14:03:05+07:00, found '2026-11-21T25:00'"],
        ),
        (
            {"at": "0001-01-01T00:00+14:00"},
            ["at: expected a time like 2026-11-21T14:03:05+07:00, found '0001-01-01T00:00+14:00'"],
        ),
        ({"at": 7}, ["at: expected a time like 2026-11-21T14:03:05+07:00, found 7"]),
        ({"arrival": {"unit": "x"}}, ["arrival.number: expected text, found nothing"]),
        ({"arrival": "345"}, ["arrival: expected an object, found text"]),
        ({"staff": {"nmae": 1}}, ["staff.nmae: expected a known key, perhaps name, found an"]),
        ({"schema": "1"}, ["schema: expected 1, the version of these files, found '1'"]),
    ],
)
def test_each_mistake_has_its_words(changes, told):
    """A problem says where, what was expected and what was found."""
    found = problems(a_status(**changes))
    assert len(found) == len(told)
    assert all(any(one.startswith(start) for one in found) for start in told)


def test_a_file_that_is_none_is_refused_as_a_whole():
    """Cut off, not an object, a key twice: said like everything else."""
    assert problems(b"{") == ["s.json: expected JSON, found something else at line 1, column 2"]
    assert problems(b"[]") == ["s.json: expected an object, found a list"]
    assert problems(b'{"id": "a", "id": "b", "status": "01"}') == [
        "id: expected each key once, found it more than once"
    ]


@given(
    st.dictionaries(
        st.sampled_from(["id", "document_id", "status", "note", "reason_code", "at", "arrival"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text()
        | st.sampled_from(["02", "03", "16", "OTHER", "2026-11-21", "9999-12-31T23:59-23:59"])
        | st.dictionaries(st.sampled_from(["number", "date"]), st.text() | st.integers()),
    )
)
def test_nothing_but_a_refusal_comes_of_nonsense(status):
    """What is read has an id and a code; all else is refused."""
    with suppress(StatusRefused):
        order = read(status)
        assert order.id or order.document_id
        assert order.note or order.status not in ("02", "16")
