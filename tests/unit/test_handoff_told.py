"""The files we write: document.json of the inbox, verification.json, receipts, errors."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.document import (
    AgencyCode,
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
)
from edge_node.domain.envelope import AxisId, Digest
from edge_node.domain.errors import (
    AxisRefused,
    AxisSilent,
    AxisUnreachable,
    DropRefused,
    PackageUnreadable,
    StatusRefused,
    UnknownItem,
)
from edge_node.domain.fate import Fate
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import freeze, say
from edge_node.domain.receipt import ReasonCode
from edge_node.domain.record import Dossier, reason_of
from edge_node.domain.signature import (
    CertificateFacts,
    Coverage,
    FileVerdict,
    Revocation,
    SignatureVerdict,
    Sub,
    Verdict,
)
from edge_node.domain.signing import Act, DoorAction, Level
from edge_node.protocol.handoff import (
    EventReceipt,
    InboundFile,
    Inspected,
    NodeEvent,
    OrderSettings,
    SecretRefused,
    StatusReceipt,
    error_json,
    error_papers,
    error_text,
    failure_of,
    read_acts,
    read_order,
    receipt,
    schema,
    status_file,
    write_inbound,
    write_verification,
)
from edge_node.protocol.handoff.files import dump

DATA = Path(__file__).parents[1] / "data" / "handoff"
AT = datetime(2026, 11, 21, 7, 3, 5, tzinfo=UTC)
THERE = "2026-11-21T14:03:05+07:00"
DIGEST = Digest("ab" * 32)
A_FILE = InboundFile(
    name="a.pdf", original="a:b.pdf", description="Bản chính", size=7, digest=DIGEST
)


def conforms(data, name):
    """Return what the bytes say, once they have been held against their published schema."""
    from jsonschema import Draft202012Validator

    told = json.loads(data)
    Draft202012Validator(schema(name)).validate(told)
    assert data.endswith(b"}\n")
    return told


def a_document(**changes):
    values = {
        "document_id": "H37.02,2026/11/21,12/UBND-VP",
        "sender": Organization(code=AgencyCode("H37.02"), name="Sở Nội vụ"),
        "receivers": (Organization(code=AgencyCode("H37.01")),),
        "number": "12",
        "notation": "UBND-VP",
        "type": DocumentType(name="Công văn", type=18, detail=0),
        "subject": "V/v họp",
        "promulgated": date(2026, 11, 21),
    }
    return Document(**values | changes)


def inbound(document, files=(A_FILE,), **changes):
    values = {
        "id": ItemId("i-1"),
        "axis_id": AxisId("65f0"),
        "received_at": AT,
        "codes": {"Type": "18"},
        "warnings": ("một điều",),
    }
    return conforms(write_inbound(document, files, **values | changes), "inbound")


def reordered(told, sender):
    """Return the order a document.json of the inbox gives, less the keys of its journey."""
    journey = ("id", "from", "axis_id", "received_at", "raw_codes", "warnings", "other")
    drop = {key: value for key, value in told.items() if key not in journey}
    drop["attachments"] = [
        {"file": file["file"], "description": file["description"]} for file in drop["attachments"]
    ]
    data = json.dumps(drop).encode()
    settings = OrderSettings(document_types={"Công văn": 18})
    return read_order(data, file_name="document.json", sender=sender, settings=settings)


def test_an_incoming_document_has_the_keys_software_knows():
    """What was in the header, where it came from, and each file with both its names."""
    assert inbound(a_document()) == {
        "schema": 1,
        "id": "i-1",
        "document_id": "H37.02,2026/11/21,12/UBND-VP",
        "from": {"code": "H37.02", "name": "Sở Nội vụ"},
        "axis_id": "65f0",
        "received_at": THERE,
        "number": "12",
        "notation": "UBND-VP",
        "date": "2026-11-21",
        "type": "Công văn",
        "subject": "V/v họp",
        "to": [{"code": "H37.01"}],
        "priority": "thường",
        "business": {"kind": "new"},
        "paper": False,
        "attachments": [
            {
                "file": "a.pdf",
                "original": "a:b.pdf",
                "description": "Bản chính",
                "size": 7,
                "sha256": DIGEST,
            }
        ],
        "raw_codes": {"Type": "18"},
        "warnings": ["một điều"],
    }


def test_the_example_of_the_contract_comes_back_as_it_was_sent():
    """Read, written into an inbox and read again, a document is the same document."""
    sender = Organization(code=AgencyCode("H37.01"))
    settings = OrderSettings(document_types={"Công văn": 18})
    data = (DATA / "document.json").read_bytes()
    sent = read_order(data, file_name="document.json", sender=sender, settings=settings)

    assert reordered(inbound(sent.document), sender).document == sent.document


WORDS = st.text("aăâđêôơưẤỆ 12", min_size=1, max_size=20).map(str.strip).filter(bool)
CODES = st.sampled_from(["H37.02", "H37.03", "000.00.13.H53"]).map(AgencyCode)
DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))
REFERENCES = st.builds(
    Reference, organ=CODES, code=WORDS, document_id=WORDS, promulgated=st.none() | DAYS
)
BUSINESSES = st.one_of(
    st.builds(Business, paper=st.booleans()),
    st.builds(Business, kind=st.just(BusinessKind.RECALL), document_id=WORDS, reason=WORDS),
    st.builds(
        Business,
        kind=st.just(BusinessKind.UPDATE),
        document_id=WORDS,
        reason=WORDS | st.just(""),
        metadata_changes=st.booleans(),
        receiver_changes=st.lists(
            st.builds(ReceiverChange, code=CODES, action=st.sampled_from(ReceiverAction)),
            unique_by=lambda change: change.code,
        ).map(tuple),
    ),
    st.builds(
        Business,
        kind=st.just(BusinessKind.REPLACE),
        replaces=st.lists(
            st.builds(
                Replacement, document_id=WORDS, receivers=st.lists(CODES, unique=True).map(tuple)
            ),
            min_size=1,
            max_size=3,
        ).map(tuple),
    ),
)
DOCUMENTS = st.builds(
    a_document,
    subject=WORDS,
    signer=st.none() | st.builds(Signer, name=WORDS, position=WORDS | st.just("")),
    staff=st.none() | st.builds(Staff, department=WORDS, staff_id=WORDS | st.just("")),
    place=WORDS | st.just(""),
    due=st.none() | DAYS,
    pages=st.none() | st.integers(0, 999),
    copies=st.none() | st.integers(0, 999),
    priority=st.integers(0, 4),
    places=st.lists(WORDS, max_size=3).map(tuple),
    reply_to=st.lists(REFERENCES, min_size=1, max_size=3).map(tuple),
    business=BUSINESSES,
)


@given(DOCUMENTS)
def test_what_is_handed_over_can_be_sent_on(document):
    """The inbox's document.json, less its journey, orders the very document it tells of."""
    order = reordered(inbound(document), document.sender)
    assert order.document == document
    assert [file.file for file in order.files] == ["a.pdf"]


def test_nothing_of_a_header_is_lost_in_the_inbox():
    """What no document.json can order stands apart; a priority no list knows stays a number."""
    told = inbound(
        a_document(
            promulgated=None,
            priority=5,
            content="x",
            sphere="y",
            typist="z",
            direction=False,
            appendixes=("p",),
            tasks=("t",),
            application_type="a",
        ),
        files=(),
    )
    assert (told["date"], told["priority"], told["attachments"]) == (None, 5, [])
    assert told["other"] == {
        "content": "x",
        "sphere": "y",
        "typist": "z",
        "direction": False,
        "appendixes": ["p"],
        "tasks": ["t"],
        "application_type": "a",
    }


def facts(subject):
    return CertificateFacts(
        subject=subject,
        issuer="Root",
        serial="4711",
        fingerprint="cd" * 32,
        not_before=AT,
        not_after=AT,
    )


def aloud(message):
    """Tell a sentence in a language of its own."""
    return str(message).upper()


def inspected(verdict, action=DoorAction.DELIVER, **told):
    return Inspected(file="a.pdf", digest=DIGEST, verdict=verdict, action=action, **told)


def test_signatures_are_told_of_file_by_file():
    """All that people and software may want to know, each sentence in the reader's words."""
    signature = SignatureVerdict(
        verdict=Verdict.VALID,
        why=say("it holds"),
        name="Signature1",
        profile="PAdES-B-T",
        signer=facts("UBND"),
        signed_at=AT,
        stamped_at=AT,
        stamped_by="TSA",
        chain=(facts("Sub"), facts("Root")),
        coverage=Coverage.EXTENDED,
        uncovered=("/docProps/app.xml",),
        algorithm="rsa2048-sha256",
        revocation=Revocation.GOOD,
        evidence=("ef" * 32,),
        warnings=(say("its clock is seven hours ahead"),),
    )
    verdict = FileVerdict(
        verdict=Verdict.VALID,
        why=say("it holds"),
        signatures=(signature,),
        signed=True,
        warnings=(say("a time-stamp does not count"),),
    )
    notes = (say("only an old answer"),)
    data = write_verification([inspected(verdict, notes=notes)], checked_at=AT, tell=aloud)
    assert conforms(data, "verification") == {
        "schema": 1,
        "checked_at": THERE,
        "released": False,
        "attachments": [
            {
                "file": "a.pdf",
                "sha256": DIGEST,
                "verdict": "VALID",
                "indication": "TOTAL-PASSED",
                "sub": None,
                "why": "IT HOLDS",
                "signed": True,
                "action": "deliver",
                "warnings": ["A TIME-STAMP DOES NOT COUNT", "ONLY AN OLD ANSWER"],
                "signatures": [
                    {
                        "verdict": "VALID",
                        "indication": "TOTAL-PASSED",
                        "sub": None,
                        "why": "IT HOLDS",
                        "name": "Signature1",
                        "profile": "PAdES-B-T",
                        "signer": "UBND",
                        "signer_fingerprint": "cd" * 32,
                        "signed_at": THERE,
                        "stamped_at": THERE,
                        "stamped_by": "TSA",
                        "chain": ["Sub", "Root"],
                        "coverage": "extended",
                        "uncovered": ["/docProps/app.xml"],
                        "algorithm": "rsa2048-sha256",
                        "revocation": "good",
                        "evidence": ["ef" * 32],
                        "warnings": ["ITS CLOCK IS SEVEN HOURS AHEAD"],
                    }
                ],
            }
        ],
    }


def test_what_is_not_known_of_a_signature_is_null_or_empty():
    """Software finds every key, whatever a stranger's file has to say."""
    signature = SignatureVerdict(
        verdict=Verdict.INVALID, sub=Sub.FORMAT_FAILURE, why=say("damaged")
    )
    verdict = FileVerdict(
        verdict=Verdict.INVALID,
        sub=Sub.FORMAT_FAILURE,
        why=say("damaged"),
        signatures=(signature,),
        signed=True,
    )
    files = [inspected(verdict, DoorAction.QUARANTINE)]
    told = conforms(
        write_verification(files, checked_at=AT, tell=str, released=True), "verification"
    )
    (file,) = told["attachments"]
    assert (told["released"], file["action"]) == (True, "quarantine")
    assert (file["indication"], file["sub"]) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    (signature,) = file["signatures"]
    assert (signature["signer"], signature["signed_at"], signature["chain"]) == ("", None, [])


def test_a_receivers_status_is_told_with_its_meaning():
    """The software gets its own key back, and the regulation's words."""
    told = StatusReceipt(
        ref="k-1",
        document_id="x",
        sender="H37.02",
        status="02",
        note="Gửi nhầm",
        reason=ReasonCode.WRONG_RECIPIENT,
        at=AT,
    )
    assert conforms(receipt(told), "receipt") == {
        "schema": 1,
        "ref": "k-1",
        "document_id": "x",
        "from": "H37.02",
        "status": "02",
        "meaning": "Từ chối tiếp nhận",
        "reason_code": "WRONG_RECIPIENT",
        "note": "Gửi nhầm",
        "at": THERE,
    }


def test_a_status_no_list_knows_is_told_raw():
    """It has no meaning of ours, and no reason code."""
    told = StatusReceipt(document_id="x", sender="H37.02", status="77", at=AT)
    assert conforms(receipt(told), "receipt")["meaning"] == ""
    assert "reason_code" not in conforms(receipt(told), "receipt")


@pytest.mark.parametrize("event", NodeEvent)
def test_the_nodes_own_events_name_their_receiver(event):
    """A receipt of ours says `event` and `to` where a receiver's says `status` and `from`."""
    told = EventReceipt(document_id="x", event=event, receiver="H37.02", at=AT)
    assert conforms(receipt(told), "receipt") == {
        "schema": 1,
        "ref": "",
        "document_id": "x",
        "event": str(event),
        "to": "H37.02",
        "note": "",
        "at": THERE,
    }


def a_dossier(*fates):
    return Dossier(
        id=ItemId("o-1"),
        document_id="x",
        number="12",
        notation="UBND-VP",
        ref="k-1",
        name="12-UBND",
        folder="queued/12-UBND",
        created=AT,
        fates=fates,
        warnings=(say("{path}: odd", path="to[0]"),),
    )


def a_fate(state=Sending.REFUSED, reason=None, code="H37.02", **changes):
    words = freeze(reason) if reason else ""
    return Fate(receiver=AgencyCode(code), name="Sở", state=state, reason=words, **changes)


def test_a_status_file_tells_how_everything_stands():
    """Transport and business stand side by side, receiver by receiver."""
    dossier = a_dossier(
        a_fate(Sending.DELIVERED, status="03", at=AT),
        a_fate(Sending.REFUSED, say("no such unit: {code}", code="H9"), code="H9"),
    )
    assert conforms(status_file(dossier, tell=str, at=AT), "standing") == {
        "schema": 1,
        "id": "o-1",
        "document_id": "x",
        "ref": "k-1",
        "number": "12",
        "notation": "UBND-VP",
        "receivers": [
            {
                "code": "H37.02",
                "name": "Sở",
                "state": "delivered",
                "status": "03",
                "meaning": "Đã tiếp nhận",
                "reason": "",
                "at": THERE,
            },
            {
                "code": "H9",
                "name": "Sở",
                "state": "refused",
                "status": "",
                "meaning": "",
                "reason": "no such unit: H9",
                "at": None,
            },
        ],
        "signatures": [],
        "updated_at": THERE,
        "warnings": ["to[0]: odd"],
    }


def test_a_status_file_tells_what_the_agency_signed():
    """Who had it signed and why, by which key; and what it says is read again."""
    act = Act(
        file="12.pdf",
        key="seal-2026",
        subject="Ủy ban nhân dân",
        fingerprint="ab" * 32,
        at=AT,
        level=Level.B_T,
        stamped_by="TSA",
        stamped_at=AT,
        operator="Nguyễn Văn A",
        basis="Quy chế văn thư",
    )
    bare = replace(act, file="b.docx", level=Level.B_B, stamped_by="", stamped_at=None)
    bare = replace(bare, unseen=say("no space"))
    dossier = replace(a_dossier(a_fate(Sending.QUEUED)), acts=(act, bare))
    told = conforms(status_file(dossier, tell=str, at=AT), "standing")
    assert told["signatures"][0] == {
        "file": "12.pdf",
        "operator": "Nguyễn Văn A",
        "basis": "Quy chế văn thư",
        "key": "seal-2026",
        "subject": "Ủy ban nhân dân",
        "fingerprint": "ab" * 32,
        "level": "B-T",
        "at": THERE,
        "stamped_by": "TSA",
        "stamped_at": THERE,
        "unseen": "",
    }
    assert told["signatures"][1]["stamped_at"] is None
    assert told["signatures"][1]["unseen"] == "no space"
    assert read_acts(told["signatures"]) == (act, bare)


@pytest.mark.parametrize(
    "change", [{"level": "B-Z"}, {"at": "yesterday"}, {"at": None}, {"operator": 7}, {"key": None}]
)
def test_what_we_never_wrote_is_no_signature_of_ours(change):
    """People can lay hands on the papers; the rest of them is read all the same."""
    act = {"file": "a", "operator": "b", "basis": "c", "key": "d", "subject": "e"}
    act |= {"fingerprint": "f", "level": "B-B", "at": THERE, "stamped_by": "", "stamped_at": None}
    assert len(read_acts([act])) == 1
    (odd,) = read_acts([act | {"unseen": "{0.__class__} %s {"}])
    assert str(odd.unseen) == "{0.__class__} %s {"  # nothing is filled in
    assert read_acts([act | change, None, 7]) == ()
    assert read_acts("signed") == ()


def told_of(error, **changes):
    data = error_json(
        error, tell=lambda message: str(message).upper(), at=AT, name="12", **changes
    )
    return conforms(data, "error")


def test_an_error_file_has_every_problem():
    """In the operator's language, with the hint and a word software may rely on."""
    error = DropRefused(say("it cannot go"), [say("a: {n}", n=1), say("b")], hint=say("mend it"))
    assert told_of(error) == {
        "schema": 1,
        "at": THERE,
        "name": "12",
        "error": "drop-refused",
        "message": "IT CANNOT GO",
        "problems": ["A: 1", "B"],
        "hint": "MEND IT",
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SecretRefused(), "secret"),
        (StatusRefused(say("x")), "status-refused"),
        (PackageUnreadable(say("x")), "package-unreadable"),
        (AxisSilent(say("x")), "given-up"),
        (AxisUnreachable(say("x")), "given-up"),
        (UnknownItem(say("x")), "refused"),
        (failure_of(a_dossier(a_fate(), a_fate())), "axis-refused"),
        (failure_of(a_dossier(a_fate(), a_fate(Sending.DEAD))), "given-up"),
    ],
)
def test_each_kind_of_failure_has_a_word(error, code):
    """The word stays when our classes get other names; there is always something to do."""
    told = told_of(error)
    assert told["error"] == code
    assert told["hint"]


def test_the_axis_is_quoted_and_its_step_is_the_one_to_take():
    """Its own code and text stand beside our sentence; what it calls for outranks a resend."""
    step = say("correct {what}", what="the code")
    refused = AxisRefused(say("no: {why}", why="x"), code="18", text="không có", hint=step)
    told = told_of(failure_of(a_dossier(a_fate(reason=reason_of(refused)), a_fate(code="H9"))))
    assert (told["error"], told["axis_code"], told["axis_text"]) == (
        "axis-refused",
        "18",
        "không có",
    )
    assert told["problems"][0] == "H37.02: NO: X"
    assert told["hint"] == "CORRECT THE CODE"


def test_what_the_axis_never_saw_quotes_no_axis():
    """It was given up, for a reason of our own; a resend is what there is to do."""
    reason = reason_of(PackageUnreadable(say("the package is too short")))
    told = told_of(failure_of(a_dossier(a_fate(Sending.DEAD, reason))))
    assert told["error"] == "given-up"
    assert "axis_code" not in told
    assert "O-1" in told["hint"]


def test_a_duplicate_names_what_it_repeats():
    """The word is `duplicate`, and the document sent before is named."""
    told = told_of(DropRefused(say("sent before")), duplicate_of="o-7")
    assert (told["error"], told["duplicate_of"]) == ("duplicate", "o-7")


def test_a_clerk_reads_two_lines():
    """What is wrong, with three problems at most; and what to do."""
    problems = [say("to[{n}]: bad\nvery", n=n) for n in range(5)]
    error = DropRefused(say("cannot send x.json"), problems, hint=say("mend it"))
    assert error_text(error, str) == (
        "Cannot send x.json: to[0]: bad very; to[1]: bad very; to[2]: bad very; and 2 more.\n"
        "Mend it.\n"
    )
    assert error_text(AxisSilent(say("no answer!")), str).splitlines() == [
        "No answer!",
        "Mend the document and drop it again, or ask whoever runs the node.",
    ]


def test_what_was_signed_in_vain_is_listed():
    """A drop may fail after its first file was signed: whoever answers for the key has to know."""
    act = Act(
        file="12.pdf",
        key="seal-2026",
        subject="Ủy ban nhân dân",
        fingerprint="ab" * 32,
        at=AT,
        level=Level.B_T,
    )
    error = DropRefused(say("a.pdf: no"), hint=say("mend it"))
    papers = error_papers(error, tell=str, at=AT, name="12", acts=(act,))
    (told,) = conforms(papers["error.json"], "error")["signatures"]
    assert (told["file"], told["key"], told["at"]) == ("12.pdf", "seal-2026", THERE)
    lines = papers["error.txt"].decode("utf-8-sig").splitlines()
    assert lines[2] == "Signed all the same, and not sent: 12.pdf; see the folder signed."
    assert "signatures" not in told_of(error)


def test_both_papers_lie_beside_a_failed_drop():
    """A clerk's own is marked as UTF-8, or an old Notepad shows rubbish."""
    papers = error_papers(DropRefused(say("x")), tell=str, at=AT, name="12", duplicate_of="o-7")
    assert list(papers) == ["error.json", "error.txt"]
    assert conforms(papers["error.json"], "error")["duplicate_of"] == "o-7"
    assert papers["error.txt"].startswith(b"\xef\xbb\xbfX.\n")


def test_a_drop_that_reached_nobody_says_so_of_each():
    """Each receiver with its own reason, in words or at least in state."""
    error = failure_of(a_dossier(a_fate(reason=say("unknown unit")), a_fate(code="H9")))
    assert [str(problem) for problem in error.problems] == ["H37.02: unknown unit", "H9: refused"]
    assert "o-1" in str(error.hint)


@given(st.dictionaries(st.text(), st.text(st.characters(exclude_categories=[]))))
def test_what_is_written_is_utf8_json_whatever_it_says(values):
    """Even half a surrogate pair comes back as it was."""
    assert json.loads(dump(values).decode("utf-8")) == values
