"""The published schemas: they say what the readers do."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from edge_node.domain.document import AgencyCode, Organization
from edge_node.domain.errors import DropRefused, StatusRefused
from edge_node.protocol.handoff import (
    SCHEMA_NAMES,
    OrderSettings,
    read_order,
    read_status_order,
    schema,
)
from edge_node.protocol.handoff.order import DOCUMENT_KEYS
from edge_node.protocol.handoff.status import STATUS_KEYS

DATA = Path(__file__).parents[1] / "data" / "handoff"
US = Organization(code=AgencyCode("H37.01"))
DOCUMENT = Draft202012Validator(schema("document"))
STATUS = Draft202012Validator(schema("status"))
EXAMPLE = json.loads((DATA / "document.json").read_text(encoding="utf-8"))
STATUS_EXAMPLE = json.loads((DATA / "status.json").read_text(encoding="utf-8"))
BUSINESS = [
    {"kind": "new"},
    {"kind": "recall", "document_id": "x", "reason": "y"},
    {"kind": "update", "document_id": "x", "changes": {"metadata": True, "receivers": []}},
    {
        "kind": "update",
        "document_id": "x",
        "changes": {"receivers": [{"code": "H37.03", "action": "add"}]},
    },
    {"kind": "replace", "reason": "y", "replaces": [{"document_id": "x", "receivers": ["H1"]}]},
]


def is_read(drop):
    try:
        read_order(
            json.dumps(drop).encode(),
            file_name="document.json",
            sender=US,
            settings=OrderSettings(),
        )
    except DropRefused:
        return False
    return True


def is_read_as_status(status):
    try:
        read_status_order(json.dumps(status).encode(), file_name="s.json")
    except StatusRefused:
        return False
    return True


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_each_schema_is_one(name):
    """It is a valid schema of the draft it names, and can be printed."""
    published = schema(name)
    Draft202012Validator.check_schema(published)
    assert published["$id"] == f"urn:edge-node:handoff:{name}:1"
    assert json.loads(json.dumps(published)) == published


def test_nobody_can_spoil_a_schema_for_the_next():
    """What is handed out is a copy to its depths."""
    published = schema("document")
    published["properties"]["to"].clear()
    assert schema("document")["properties"]["to"]


def test_an_unknown_schema_is_no_schema():
    """Whoever asks has the names to choose from."""
    with pytest.raises(KeyError):
        schema("nonsense")


@pytest.mark.parametrize("business", BUSINESS)
def test_the_examples_pass(business):
    """What the contract shows is accepted, by schema and reader alike."""
    drop = EXAMPLE | {"business": business}
    DOCUMENT.validate(drop)
    assert is_read(drop)


def test_the_status_example_passes():
    """Likewise for a file of statuses/."""
    STATUS.validate(STATUS_EXAMPLE)
    assert is_read_as_status(STATUS_EXAMPLE)


def test_schemas_and_readers_know_the_same_keys():
    """A key that one of them learns, the other learns."""
    assert set(schema("document")["properties"]) == set(DOCUMENT_KEYS)
    assert set(schema("status")["properties"]) == set(STATUS_KEYS)


@pytest.mark.parametrize(
    "changes",
    [
        {"number": None},
        {"number": -1},
        {"date": "21/11/2026"},
        {"to": []},
        {"to": ["không"]},
        {"to": [{"name": "x"}]},
        {"priority": 5},
        {"pages": "2"},
        {"attachments": []},
        {"attachments": [{"file": "a.pdf", "role": "x"}]},
        {"business": {"kind": "recall"}},
        {"business": {"kind": "new", "reason": "x"}},
        {"business": {"kind": "replace", "replaces": []}},
        {"unknown": 1},
        {"paper": "no"},
        {"signing": {"operator": "x"}},
        {"signing": {"operator": "x", "policy": "always"}},
        {"signing": {"policy": ""}},
    ],
)
def test_what_the_document_schema_can_refuse_it_refuses(changes):
    """Software held against the schema learns of most mistakes before it drops a file."""
    assert not DOCUMENT.is_valid(EXAMPLE | changes)
    assert not is_read(EXAMPLE | changes)


@pytest.mark.parametrize("named", [{}, {"operator": "", "basis": None}])
def test_a_policy_may_stand_alone(named):
    """Who ordered the signature, and why, is then what is configured."""
    changes = {"signing": {"policy": "always", **named}}
    assert DOCUMENT.is_valid(EXAMPLE | changes)
    assert is_read(EXAMPLE | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "02"},
        {"status": 2, "note": "x"},
        {"status": "16", "note": None},
        {"status": "07"},
        {"id": None},
        {"arrival": {"unit": "x"}},
        {"unknown": 1},
    ],
)
def test_what_the_status_schema_can_refuse_it_refuses(changes):
    """Likewise for a status."""
    assert not STATUS.is_valid(STATUS_EXAMPLE | changes)
    assert not is_read_as_status(STATUS_EXAMPLE | changes)


SCRAPS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 6),
    st.floats(allow_nan=False),
    st.sampled_from(
        [
            *(
                "",
                " ",
                "x",
                "\x07",
                "H37.02",
                " H37.03 ",
                "2026-11-21",
                "khẩn",
                "mật",
                "main",
                "02",
            ),
            *("recall", "update", "new", "add", "a.pdf", "16", "OTHER", "x" * 300),
        ]
    ),
    st.just([]),
    st.just({}),
    st.lists(st.sampled_from(["H37.02", "H37.03", "a.pdf", 7, None]), max_size=2),
    st.sampled_from(BUSINESS),
    st.sampled_from([{"code": "H37.02"}, {"file": "a.pdf"}, {"name": None}, {"kind": "recall"}]),
)


def places(value, path=()):
    """Yield the path of everything in a value, the value itself included."""
    yield path
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in inner:
            yield from places(part, (*path, key))


@st.composite
def nearly(draw, example):
    """Return the example with a few things in it exchanged, taken out or added."""
    value = deepcopy(example)
    for _ in range(draw(st.integers(1, 2))):
        *way, last = draw(st.sampled_from([path for path in places(value) if path]))
        inner = value
        for key in way:
            inner = inner[key]
        if draw(st.booleans()):
            inner[last] = deepcopy(draw(SCRAPS))
        elif draw(st.booleans()):
            del inner[last]
        elif isinstance(inner, dict):
            inner[draw(st.sampled_from(["nonsense", "reason", "name", "code"]))] = deepcopy(
                draw(SCRAPS)
            )
        if not value:
            break
    return value


@given(st.sampled_from(BUSINESS).flatmap(lambda kind: nearly(EXAMPLE | {"business": kind})))
def test_what_the_reader_takes_the_schema_takes(drop):
    """Software that passes no file by the schema loses none the node would have sent."""
    if is_read(drop):
        DOCUMENT.validate(drop)


@given(nearly(STATUS_EXAMPLE | {"status": "02", "reason_code": "OTHER"}))
def test_what_the_status_reader_takes_the_schema_takes(status):
    """Likewise for a status."""
    if is_read_as_status(status):
        STATUS.validate(status)
