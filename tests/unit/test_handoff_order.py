"""A drop's document.json: what is read of it, and in which words it is refused."""

from __future__ import annotations

import json
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.document import (
    AgencyCode,
    Business,
    BusinessKind,
    DocumentType,
    Organization,
    Priority,
    ReceiverAction,
    ReceiverChange,
    Reference,
    Replacement,
    Signer,
    Staff,
)
from edge_node.domain.errors import DropRefused
from edge_node.domain.order import NamedFile, Signing
from edge_node.protocol.handoff import OrderSettings, SecretRefused, read_order

DATA = Path(__file__).parents[1] / "data" / "handoff"
US = Organization(code=AgencyCode("H37.01"), name="UBND tỉnh")
SETTINGS = OrderSettings(document_types={"Công văn": 18, "Thỏa thuận": 22})
ABSENT = object()


def a_drop(**changes):
    drop = json.loads((DATA / "document.json").read_text(encoding="utf-8")) | changes
    return {key: value for key, value in drop.items() if value is not ABSENT}


def read(drop, *, file_name="document.json", settings=SETTINGS):
    data = drop if isinstance(drop, bytes) else json.dumps(drop, ensure_ascii=False).encode()
    return read_order(data, file_name=file_name, sender=US, settings=settings)


def problems(drop, **options):
    with pytest.raises(DropRefused) as refusal:
        read(drop, **options)
    return [str(problem) for problem in refusal.value.problems]


def warnings(drop, **options):
    return [str(warning) for warning in read(drop, **options).warnings]


def test_everything_a_drop_says_is_in_the_order():
    """The example of the contract is read without a warning, and nothing of it is lost."""
    order = read(a_drop())

    document = order.document
    assert document.document_id == "H37.01,2026/11/21,12/UBND-VP"
    assert document.sender == US
    assert document.code == "12/UBND-VP"
    assert document.promulgated == date(2026, 11, 21)
    assert document.type == DocumentType(name="Công văn", type=18, detail=0)
    assert document.subject == "V/v báo cáo tình hình gửi, nhận văn bản điện tử"
    assert document.receivers == (
        Organization(code=AgencyCode("H37.02")),
        Organization(code=AgencyCode("000.00.13.H53"), name="Sở Nội vụ"),
    )
    assert document.signer == Signer(
        position="PHÓ CHỦ TỊCH", competence="KT. CHỦ TỊCH", name="Nguyễn Văn A"
    )
    assert document.staff == Staff(
        department="Văn thư", name="Trần Thị B", email="vanthu@example.vn", phone="0205000000"
    )
    assert (document.place, document.priority) == ("Hà Nội", Priority.URGENT)
    assert (document.due, document.pages, document.copies) == (date(2026, 12, 1), 2, 1)
    assert document.places == ("Như trên", "Lưu: VT")
    assert document.reply_to == (
        Reference(
            organ=AgencyCode("000.00.00.G22"),
            code="7816/VPCP-TTĐT",
            promulgated=date(2026, 11, 1),
            document_id="000.00.00.G22,2026/11/01,7816/VPCP-TTĐT",
        ),
    )
    assert document.business == Business()
    assert order.signing == Signing(operator="Trần Thị B", basis="Quy chế 01")
    assert order.files == (
        NamedFile(file="12-UBND-VP.pdf", role="main"),
        NamedFile(file="phu-luc.xlsx", role="annex"),
    )
    assert (order.resend, order.ref, order.warnings) == (False, "qlvb-2026-000345", ())


def test_a_yaml_drop_is_the_same_order():
    """Dates, numbers and leading zeros of YAML mean what a person means by them."""
    yaml = (DATA / "document.yaml").read_bytes()

    assert read(yaml, file_name="document.yaml") == read(a_drop())
    assert read(yaml, file_name="X.YML") == read(a_drop())


def test_a_drop_needs_no_more_than_six_keys_and_a_file():
    """Whatever is optional may be missing, or null as some serialisers write it."""
    least = ("number", "notation", "date", "type", "subject", "to", "attachments")
    small = {key: value for key, value in a_drop(attachments=["a.pdf"]).items() if key in least}

    order = read(small)
    assert order.files == (NamedFile(file="a.pdf"),)
    assert read(dict.fromkeys(a_drop()) | small) == order


def test_what_the_configuration_adds():
    """The place, the steering number and the type's detail come from the settings."""
    settings = OrderSettings(
        document_types={"công văn": 7}, type_detail=3, steering=1, place="Lạng Sơn"
    )

    document = read(a_drop(place=ABSENT), settings=settings).document
    assert document.place == "Lạng Sơn"
    assert document.steering == 1
    assert document.type == DocumentType(name="Công văn", type=7, detail=3)
    assert read(a_drop(), settings=settings).document.place == "Hà Nội"


def test_nothing_missing_is_left_unsaid():
    """All that a drop needs and has not is named at once, in the order of the contract."""
    assert problems({}) == [
        "number: expected text, found nothing",
        "notation: expected text, found nothing",
        "date: expected a date like 2026-11-21, found nothing",
        "type: expected text, found nothing",
        "subject: expected text, found nothing",
        "to: expected at least one receiver, found nothing",
        "attachments: expected at least one attachment, found nothing",
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"schema": 2}, "schema: expected 1, the version of these files, found 2"),
        ({"schema": True}, "schema: expected 1, the version of these files, found true"),
        ({"number": True}, "number: expected text or a whole number, found true or false"),
        ({"number": -1}, "number: expected text or a whole number, found a number"),
        ({"number": " "}, "number: expected text, found empty text"),
        ({"notation": 1.5}, "notation: expected text, found a number"),
        ({"date": "21/11/2026"}, "date: expected a date like 2026-11-21, found '21/11/2026'"),
        ({"date": "2026-02-30"}, "date: expected a date like 2026-11-21, found '2026-02-30'"),
        ({"date": "0026-11-21"}, "date: expected a date like 2026-11-21, found '0026-11-21'"),
        ({"date": "20261121"}, "date: expected a date like 2026-11-21, found '20261121'"),
        ({"date": 20261121}, "date: expected a date like 2026-11-21, found 20261121"),
        ({"due": []}, "due: expected a date like 2026-11-21, found a list"),
        ({"type": {}}, "type: expected text, found an object"),
        ({"subject": ["x"]}, "subject: expected text, found a list"),
        (
            {"subject": "ab\x07"},
            (
                "subject: expected text without control characters, "
                "found character U+0007 at position 2"
            ),
        ),
        (
            {"place": "\ufffe"},
            (
                "place: expected text without control characters, "
                "found character U+FFFE at position 0"
            ),
        ),
        ({"to": []}, "to: expected at least one receiver, found an empty list"),
        ({"to": "H37.02"}, "to: expected a list, found text"),
        (
            {"to": ["H37.02", {"code": "H 37"}]},
            "to[1].code: expected an agency code like H37.02 or 000.00.13.H53, found 'H 37'",
        ),
        (
            {"to": [7]},
            "to[0]: expected an agency code like H37.02 or 000.00.13.H53, found a number",
        ),
        ({"to": ["H37.02", "h37.02 "]}, "to[1]: expected each agency once, found h37.02 again"),
        (
            {"to": [{"code": "H37.02", "nam": "x"}]},
            "to[0].nam: expected a known key, perhaps name, found an unknown key",
        ),
        ({"signer": "A"}, "signer: expected an object, found text"),
        (
            {"priority": "rất khẩn"},
            (
                "priority: expected one of thường, khẩn, thượng khẩn, hỏa tốc, hỏa tốc hẹn giờ, "
                "or 0 to 4, found 'rất khẩn'"
            ),
        ),
        ({"priority": 5}, "priority: expected a whole number from 0 to 4, found 5"),
        ({"pages": -1}, "pages: expected a whole number from 0 to 999999, found -1"),
        ({"pages": True}, "pages: expected a whole number from 0 to 999999, found true"),
        ({"pages": 2.5}, "pages: expected a whole number from 0 to 999999, found 2.5"),
        ({"copies": "hai"}, "copies: expected a whole number from 0 to 999999, found 'hai'"),
        ({"paper": "no"}, "paper: expected true or false, found 'no'"),
        ({"places": ["a", ""]}, "places[1]: expected text, found empty text"),
        ({"places": [None]}, "places[0]: expected text, found nothing"),
        (
            {"reply_to": [{"organ": "H37.02", "code": " "}]},
            "reply_to[0]: expected code or document_id, found neither",
        ),
        ({"reply_to": ["x"]}, "reply_to[0]: expected an object, found text"),
        ({"signing": {"operator": "A"}}, "signing.basis: expected text, found nothing"),
        (
            {"signing": {"basis": "B", "policy": "always"}},
            "signing.operator: expected text, found nothing",
        ),
        (
            {"signing": {"operator": "A", "basis": "B", "policy": "often"}},
            (
                "signing.policy: expected one of never, if-unsigned, always, require-signer-first,"
                " found 'often'"
            ),
        ),
        ({"ref": "x" * 201}, "ref: expected at most 200 characters, found 201 characters"),
        (
            {"document_id": "x" * 201},
            "document_id: expected at most 200 characters, found 201 characters",
        ),
        (
            {"sbject": "x"},
            "sbject: expected a known key, perhaps subject, found an unknown key",
        ),
        ({"resend": 1}, "resend: expected true or false, found 1"),
    ],
)
def test_each_mistake_has_its_words(changes, problem):
    """A problem says where, what was expected and what was found."""
    assert problems(a_drop(**changes)) == [problem]


@pytest.mark.parametrize(
    ("attachments", "problem"),
    [
        ([], "attachments: expected at least one attachment, found an empty list"),
        ("a.pdf", "attachments: expected a list, found text"),
        ([3], "attachments[0]: expected an object, found a number"),
        ([{"file": ""}], "attachments[0].file: expected text, found empty text"),
        ([{}], "attachments[0].file: expected text, found nothing"),
        (["../a.pdf"], "attachments[0]: expected a plain file name, found a folder in it"),
        (["C:\\a.pdf"], "attachments[0]: expected a plain file name, found a folder in it"),
        ([".a"], "attachments[0]: expected a plain file name, found a hidden or temporary name"),
        (
            ["a.PART"],
            "attachments[0]: expected a plain file name, found a hidden or temporary name",
        ),
        (
            ["Document.JSON"],
            (
                "attachments[0]: expected a plain file name, "
                "found a name kept for the node's own files"
            ),
        ),
        (
            ["a.pdf "],
            (
                "attachments[0]: expected a plain file name, "
                "found a line break, or a blank at its end"
            ),
        ),
        (["ế" * 86], "attachments[0]: expected a plain file name, found more than 255 bytes"),
        (["a.pdf", "A.PDF"], "attachments[1]: expected each file once, found a name used before"),
        (
            ["ế.pdf", unicodedata.normalize("NFD", "ế.pdf")],
            "attachments[1]: expected each file once, found a name used before",
        ),
        (
            [{"file": "a.pdf", "role": "chính"}],
            "attachments[0].role: expected one of main, annex, found 'chính'",
        ),
    ],
)
def test_an_attachment_is_a_plain_name_beside_the_file(attachments, problem):
    """Names that lead elsewhere, hide, or meet one another are refused, and never repeated."""
    assert problems(a_drop(attachments=attachments)) == [problem]


def test_a_sidecar_does_not_name_itself():
    """The file that lists the attachments is not one of them."""
    assert problems(a_drop(attachments=["12.json"]), file_name="12.json") == [
        "attachments[0]: expected each file once, found a name used before"
    ]


@pytest.mark.parametrize(
    ("data", "file_name", "problem"),
    [
        (b"", "document.json", "expected JSON, found something else at line 1, column 1"),
        (b'{\n "a": ', "document.json", "expected JSON, found something else at line 2, column 7"),
        (b"[]", "document.json", "expected an object, found a list"),
        (b"12", "document.json", "expected an object, found a number"),
        (b"true", "document.json", "expected an object, found true or false"),
        (b"{\xff}", "document.json", "expected UTF-8 text, found another byte at position 1"),
        (b"[" * 99999, "x.json", "expected JSON, found nesting or numbers beyond all measure"),
        (b"9" * 9999, "x.json", "expected JSON, found nesting or numbers beyond all measure"),
        (b"[" * 9999, "x.yaml", "expected YAML, found nesting or numbers beyond all measure"),
        (b"9" * 9999, "x.yaml", "expected YAML, found nesting or numbers beyond all measure"),
        (b" " * (2**20 + 1), "x.json", "expected at most 1048576 bytes, found 1048577 bytes"),
        (b" " * (2**17 + 1), "x.yaml", "expected at most 131072 bytes, found 131073 bytes"),
        (b"a: [", "x.yaml", "expected YAML, found something else at line 1, column 5"),
        (b"a: \x07", "x.yaml", "expected YAML, found something else at line 1, column 1"),
        (b"a: &b 1", "x.yaml", "expected YAML, found something else at line 1, column 4"),
        (b"a: *b", "x.yaml", "expected YAML, found something else at line 1, column 4"),
        (b"a: !!int 1", "x.yaml", "expected YAML, found something else at line 1, column 4"),
        (b"a: 1\n? [b]\n: 2", "x.yaml", "expected YAML, found something else at line 2, column 3"),
        (b"", "x.yaml", "expected an object, found nothing"),
    ],
)
def test_what_cannot_be_read_is_refused_as_a_whole(data, file_name, problem):
    """Neither cut-off files nor bombs get past the door, and the place is told."""
    assert problems(data, file_name=file_name) == [f"{file_name}: {problem}"]


def test_windows_software_may_begin_with_a_byte_order_mark():
    """A BOM is no part of the text."""
    assert read(b"\xef\xbb\xbf" + json.dumps(a_drop()).encode()) == read(a_drop())


def test_a_key_twice_is_a_question_not_an_answer():
    """Which of two subjects was meant? In YAML as in JSON nobody guesses."""
    twice = json.dumps(a_drop())[:-1] + ', "number": "13", "signing": null}'
    assert problems(twice.encode()) == [
        "number: expected each key once, found it more than once",
        "signing: expected each key once, found it more than once",
    ]
    yaml = (DATA / "document.yaml").read_bytes() + b"number: 13\n"
    assert problems(yaml, file_name="x.yaml") == [
        "number: expected each key once, found it more than once"
    ]


def test_not_a_number_is_not_a_number():
    """JSON readers that let NaN in do not get it past this one."""
    nan = json.dumps(a_drop(pages=float("nan"))).encode()
    assert problems(nan) == ["pages: expected a whole number from 0 to 999999, found nan"]


def test_all_problems_are_told_at_once():
    """A clerk corrects a drop once, not seven times."""
    bad = a_drop(number=None, date="mai", to=["?"], attachments=["/etc/passwd"], extra=1)
    assert [problem.partition(":")[0] for problem in problems(bad)] == [
        "extra",
        "number",
        "date",
        "to[0]",
        "attachments[0]",
    ]


def test_a_file_of_nonsense_does_not_make_an_endless_answer():
    """After two hundred problems nobody reads on."""
    assert len(problems(a_drop(to=["?"] * 5000) | {f"k{n}": 1 for n in range(5000)})) == 200


def test_a_letter_to_everybody_is_read_at_once():
    """Ten thousand receivers are many, but no reason to stop the node for a minute."""
    everybody = [f"H37.{number}" for number in range(100, 1000)]
    everybody += [
        f"{number:03d}.00.{unit}.H37" for number in range(1000) for unit in range(10, 20)
    ]
    assert len(read(a_drop(to=everybody)).document.receivers) == 10_900


def test_no_problem_repeats_a_subject():
    """What a document is about stays out of errors and logs, whatever is wrong with it."""
    with pytest.raises(DropRefused) as refusal:
        read(a_drop(subject="điều động ông A\x00", content="điều động", number=None))
    told = [str(refusal.value), *map(str, refusal.value.problems), str(refusal.value.hint)]
    assert not [sentence for sentence in told if "điều động" in sentence]


@pytest.mark.parametrize("grade", ["mật", "TỐI MẬT", "Tuyệt mật", "không", "?", 0, False, []])
def test_state_secrets_are_refused_before_all_else(grade):
    """Any grade but "thường" refuses the drop, and nothing else is said of it."""
    with pytest.raises(SecretRefused) as refusal:
        read({"secrecy": grade, "nonsense": 1})
    assert refusal.value.problems == ()
    assert "state secret" in str(refusal.value)


def test_two_grades_are_one_too_many():
    """A second `secrecy` does not whitewash the first."""
    with pytest.raises(SecretRefused):
        read(b'{"secrecy": "m\xe1\xba\xadt", "secrecy": "th\xc6\xb0\xe1\xbb\x9dng"}')


@pytest.mark.parametrize("grade", ["thường", " Thường", "THƯỜNG", "", None, "thươ\u0300ng"])
def test_ordinary_documents_may_say_so(grade):
    """In any case and composition "thường" is no secret."""
    assert read(a_drop(secrecy=grade)) == read(a_drop())


@pytest.mark.parametrize(
    ("word", "priority"),
    [
        ("thường", Priority.NORMAL),
        ("Khẩn", Priority.URGENT),
        ("THƯỢNG  KHẨN", Priority.VERY_URGENT),
        ("hỏa tốc", Priority.EXPRESS),
        ("hoả tốc", Priority.EXPRESS),
        ("Hoả tốc hẹn giờ", Priority.EXPRESS_TIMED),
        (unicodedata.normalize("NFD", "hỏa tốc hẹn giờ"), Priority.EXPRESS_TIMED),
        (0, Priority.NORMAL),
        (4, Priority.EXPRESS_TIMED),
        (None, Priority.NORMAL),
    ],
)
def test_urgency_is_understood_in_every_spelling(word, priority):
    """Case, composition and where the tone stands make no difference."""
    assert read(a_drop(priority=word)).document.priority == priority


def test_types_meet_in_every_spelling():
    """The number of a type is found though its name is spelt in another school."""
    assert read(a_drop(type="THOẢ  THUẬN")).document.type.type == 22


def test_an_unknown_type_travels_with_a_warning():
    """Receivers match on the name; a number nobody knows is left out."""
    order = read(a_drop(type="Thư mời họp"))
    assert order.document.type == DocumentType(name="Thư mời họp")
    assert list(map(str, order.warnings)) == ["type: the node's list of types has no Thư mời họp"]


def test_long_fields_are_warned_of_and_kept():
    """Other systems cut, the node does not; the length counts characters, not bytes."""
    order = read(a_drop(subject="ế" * 501, place="ế" * 50))
    assert len(order.document.subject) == 501
    assert list(map(str, order.warnings)) == [
        "subject: 501 characters, but other systems keep only 500"
    ]


def test_odd_but_possible_things_are_warned_of():
    """A code no regulation describes, two main files."""
    attachments = [{"file": name, "role": "main"} for name in ("a.pdf", "b.pdf")]
    assert warnings(a_drop(to=["vxp.saas.03", "H37.05"], attachments=attachments)) == [
        "to[0]: vxp.saas.03 is not written like an agency code",
        "attachments: more than one main file",
    ]


def test_text_is_composed_on_one_line_and_trimmed():
    """What Word pastes into a subject does not break a header."""
    drop = a_drop(subject="  Về\u00a0việc\r\n\n họp \t", number=12)
    assert read(drop).document.subject == "Về\u00a0việc họp"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_composition_makes_no_difference(form):
    """A drop written on a Mac is the same drop."""
    written = unicodedata.normalize(form, json.dumps(a_drop(), ensure_ascii=False))
    assert read(written.encode()) == read(a_drop())


def test_a_recall_needs_no_attachment_and_points_back():
    """It names the document and the reason; some receivers look for the pointer only."""
    business = {
        "kind": "recall",
        "document_id": "H37.01,2026/11/20,11/A",
        "reason": "Sai nơi nhận",
    }
    order = read(a_drop(business=business, attachments=ABSENT, reply_to=ABSENT, paper=True))
    assert order.files == ()
    assert order.document.business == Business(
        kind=BusinessKind.RECALL,
        document_id="H37.01,2026/11/20,11/A",
        reason="Sai nơi nhận",
        paper=True,
    )
    assert order.document.reply_to == (
        Reference(organ=US.code, document_id="H37.01,2026/11/20,11/A"),
    )
    given_too = read(a_drop(business=business)).document.reply_to
    assert [reference.code for reference in given_too] == ["7816/VPCP-TTĐT"]


def test_an_update_says_what_changes():
    """Metadata, receivers added and removed; it points back like a recall."""
    receivers = [{"code": "H37.03", "action": "add"}, {"code": "H37.04", "action": "remove"}]
    changes = {"metadata": True, "receivers": receivers}
    drop = a_drop(business={"kind": "update", "document_id": "x", "changes": changes}, reply_to=[])

    document = read(drop).document
    assert document.business == Business(
        kind=BusinessKind.UPDATE,
        document_id="x",
        metadata_changes=True,
        receiver_changes=(
            ReceiverChange(code=AgencyCode("H37.03"), action=ReceiverAction.ADD),
            ReceiverChange(code=AgencyCode("H37.04"), action=ReceiverAction.REMOVE),
        ),
    )
    assert document.reply_to == (Reference(organ=US.code, document_id="x"),)


def test_a_replacement_names_what_it_replaces():
    """Each older document, and where it went if not everywhere."""
    replaces = [{"document_id": "x", "receivers": ["H37.02"]}, {"document_id": "y"}]
    drop = a_drop(business={"kind": "replace", "reason": "Sai", "replaces": replaces}, reply_to=[])

    document = read(drop).document
    assert document.business.replaces == (
        Replacement(document_id="x", receivers=(AgencyCode("H37.02"),)),
        Replacement(document_id="y"),
    )
    assert document.reply_to == ()


@pytest.mark.parametrize(
    ("business", "found"),
    [
        ({}, ["business.kind: expected one of new, recall, update, replace, found nothing"]),
        (
            {"kind": "New"},
            ["business.kind: expected one of new, recall, update, replace, found 'New'"],
        ),
        (
            {"kind": "recall"},
            [
                "business.reason: expected text, found nothing",
                "business.document_id: expected text, found nothing",
            ],
        ),
        ({"kind": "update"}, ["business.document_id: expected text, found nothing"]),
        (
            {"kind": "replace"},
            ["business.replaces: expected at least one document to replace, found nothing"],
        ),
        (
            {"kind": "replace", "replaces": [{"receivers": ["H1", "H1"]}, 1]},
            [
                "business.replaces[1]: expected an object, found a number",
                "business.replaces[0].document_id: expected text, found nothing",
                "business.replaces[0].receivers[1]: expected each agency once, found H1 again",
            ],
        ),
        (
            {"kind": "new", "reason": "x"},
            ["business.reason: expected nothing for the kind new, found this key"],
        ),
        (
            {"kind": "update", "document_id": "x", "changes": {"receivers": [{"code": "H1"}, 1]}},
            [
                "business.changes.receivers[0].action: expected one of add, remove, found nothing",
                "business.changes.receivers[1]: expected an object, found a number",
            ],
        ),
        ({"kind": "new", "knd": 1}, ["business.knd: expected a known key, perhaps kind, found"]),
    ],
)
def test_each_kind_of_business_has_its_keys(business, found):
    """A recall without a reason is no recall, and a new document has none to give."""
    told = problems(a_drop(business=business))
    assert len(told) == len(found)
    assert all(any(one.startswith(start) for one in told) for start in found)


def test_a_document_id_of_the_software_is_kept():
    """UUIDs are as good as the conventional form."""
    assert read(a_drop(document_id=" 7c1e-uuid ")).document.document_id == "7c1e-uuid"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ),
    st.sampled_from(sorted(a_drop())),
)
def test_nothing_but_a_refusal_comes_of_nonsense(value, key):
    """Whatever stands where, a drop is read or refused with words that can be written down."""
    for drop in (value, a_drop(**{key: value})):
        try:
            read(json.dumps(drop).encode())
        except DropRefused as refusal:
            for problem in refusal.problems:
                str(problem).encode()


@given(st.binary() | st.text().map(str.encode), st.sampled_from(["d.json", "d.yaml"]))
def test_no_bytes_break_the_reader(data, file_name):
    """Random bytes are refused, in JSON and in YAML."""
    with pytest.raises(DropRefused):
        read(data, file_name=file_name)
