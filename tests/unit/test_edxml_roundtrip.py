from __future__ import annotations

import hashlib
import tempfile
from datetime import date, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from packages import a_document, a_part, header_of, read, written

from edge_node.domain.document import (
    Business,
    BusinessKind,
    Document,
    DocumentType,
    Organization,
    ReceiverAction,
    ReceiverChange,
    Reference,
    Replacement,
    Signer,
    Staff,
    StatusMessage,
    Trace,
)
from edge_node.domain.time import VIETNAM
from edge_node.protocol import edxml

# What XML 1.0 can carry: astral, right to left, combining, white space at either end.
CHARS = st.characters(
    blacklist_categories=("Cs",),
    blacklist_characters="".join(map(chr, {*range(32)} - {9, 10, 13})) + "\ufffe\uffff",
)
TEXT = st.text(CHARS, max_size=12) | st.sampled_from(
    [" a ", "\r\n", "\t", "e\u0302\u0301", "\u05d0\u202e"]
)
SOME_TEXT = TEXT.filter(bool)
# Identifiers lose the white space around them, and every one of these has something in it.
ID = TEXT.map(str.strip)
AN_ID = ID.filter(bool)
CODES = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9.\-]{0,34}\Z")
NUMBERS = st.none() | st.integers(-(2**31), 2**31 - 1)
DAYS = st.none() | st.dates()
MOMENTS = st.none() | st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001 - likewise
    timezones=st.just(VIETNAM),
).map(lambda moment: moment.replace(microsecond=0))


def tuples(each):
    return st.lists(each, max_size=3).map(tuple)


def nothing_is_none(kind):
    """Somebody of whom nothing is known is nobody."""
    return lambda value: None if value == kind() else value


ORGANIZATIONS = st.builds(
    Organization,
    code=CODES,
    name=TEXT,
    in_charge=TEXT,
    address=TEXT,
    email=TEXT,
    telephone=TEXT,
    fax=TEXT,
    website=TEXT,
)
SIGNERS = st.builds(Signer, competence=TEXT, position=TEXT, name=TEXT).map(nothing_is_none(Signer))
STAFF = st.builds(
    Staff, department=TEXT, department_id=TEXT, name=TEXT, staff_id=TEXT, email=TEXT, phone=TEXT
).map(nothing_is_none(Staff))
REFERENCES = st.builds(Reference, organ=CODES, code=TEXT, document_id=ID, promulgated=DAYS)
BUSINESS = st.builds(
    Business,
    kind=st.sampled_from(BusinessKind),
    reason=TEXT,
    document_id=ID,
    paper=st.booleans(),
    metadata_changes=st.booleans(),
    receiver_changes=tuples(
        st.builds(ReceiverChange, code=CODES, action=st.sampled_from(ReceiverAction))
    ),
    replaces=tuples(st.builds(Replacement, document_id=AN_ID, receivers=tuples(CODES))),
)
DOCUMENTS = st.builds(
    Document,
    document_id=AN_ID,
    sender=ORGANIZATIONS,
    receivers=tuples(ORGANIZATIONS),
    number=TEXT,
    notation=TEXT,
    type=st.builds(DocumentType, name=TEXT, type=NUMBERS, detail=NUMBERS),
    subject=TEXT,
    promulgated=DAYS,
    place=TEXT,
    content=TEXT,
    signer=SIGNERS,
    due=DAYS,
    priority=NUMBERS.filter(lambda number: number is not None),
    sphere=TEXT,
    typist=TEXT,
    copies=NUMBERS,
    pages=NUMBERS,
    direction=st.none() | st.booleans(),
    appendixes=tuples(SOME_TEXT),
    reply_to=tuples(REFERENCES),
    steering=NUMBERS,
    tasks=tuples(SOME_TEXT),
    application_type=TEXT,
    places=tuples(SOME_TEXT),
    business=BUSINESS,
    staff=STAFF,
    traces=tuples(st.builds(Trace, organ=AN_ID, at=MOMENTS)),
)
STATUSES = st.builds(
    StatusMessage,
    sender=ORGANIZATIONS,
    about=REFERENCES,
    status=st.from_regex(r"\A[0-9]{2}\Z"),
    note=TEXT,
    staff=STAFF,
    at=MOMENTS,
)
ENDINGS = st.sampled_from(
    ["pdf", "doc", "docx", "zip", "xls", "xlsx", "txt", "xml", "odt", "kmz", "edxz", "PDF", "tệp"]
)
NAMES = st.builds("{}.{}".format, st.sampled_from(["a", "văn bản", "a.b"]), ENDINGS)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
def test_a_document_is_read_as_it_was_written(document):
    """Every field, character for character, whatever XML can carry."""
    package = header_of(written(document))

    assert package.document == document
    assert [str(each) for each in package.warnings] == (
        [] if document.receivers else ["the package names no receiver"]
    )


@settings(deadline=None)
@given(STATUSES)
def test_a_status_is_read_as_it_was_written(message):
    """Likewise."""
    package = header_of(edxml.write_status(message))

    assert package.message == message
    assert package.warnings == ()


@settings(deadline=None)
@given(st.lists(st.tuples(NAMES, st.binary(max_size=300)), max_size=6))
def test_attachments_are_read_as_they_were_written(attachments):
    """Any bytes under any extension, under the name they were sent by, in their order."""
    with tempfile.TemporaryDirectory() as folder:
        out, back = Path(folder) / "out", Path(folder) / "back"
        out.mkdir()
        parts = [
            a_part(out, name, content, content_id=f"{number}")
            for number, (name, content) in enumerate(attachments)
        ]
        files = read(written(a_document(), parts), back).files

        assert [(file.name, file.path.read_bytes()) for file in files] == attachments
        assert [file.digest for file in files] == [
            hashlib.sha256(content).hexdigest() for _, content in attachments
        ]
        assert len(list(back.iterdir())) == len(attachments)


def test_the_first_and_the_last_day_are_days():
    """Years have four digits even where the C library forgets it."""
    for day in (date.min, date.max):
        assert header_of(written(a_document(promulgated=day))).document.promulgated == day
