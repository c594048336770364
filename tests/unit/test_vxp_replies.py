import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.breaker import AxisFailing, AxisMute, Sign, sign_of
from edge_node.domain.envelope import Agency, Listed, MessageType, Sent
from edge_node.domain.errors import (
    AxisBusy,
    AxisDenied,
    AxisRefused,
    AxisSilent,
    AxisUnclear,
    AxisUnreachable,
    EdgeNodeError,
)
from edge_node.protocol import vxp_replies as replies
from edge_node.protocol.vxp_directory import AgencyRows
from edge_node.protocol.vxp_verdicts import BUILT_IN, CODES, Meaning, Verdicts

DOCUMENT = MessageType.DOCUMENT


def said(**fields):
    return json.dumps(fields).encode()


def no(code, text="", status="FAIL"):
    return said(status=status, ErrorCode=code, ErrorDesc=text)


def listed(*rows, **fields):
    return said(data=list(rows), **fields)


def agencies(body, verdicts=BUILT_IN):
    """Read a list of agencies, cut into pieces of seven bytes."""
    rows = AgencyRows(verdicts)
    pieces = (body[at : at + 7] for at in range(0, len(body), 7))
    read = [agency for piece in pieces for agency in rows.feed(piece)]
    rows.close()
    return read


READS = {
    "ack": replies.parse_ack,
    "count": replies.parse_count,
    "received": lambda body: replies.parse_received_list(body, DOCUMENT),
    "sent": replies.parse_sent_list,
    "agencies": agencies,
}
PARSERS = READS | {"send": replies.parse_sent}
every_parser = pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
every_read = pytest.mark.parametrize("parse", READS.values(), ids=READS)


@pytest.mark.parametrize(
    "body",
    [
        said(status="OK", ErrorCode="0", ErrorDesc="", DocId="a1b2"),
        said(status="ok", ErrorCode=0, DocId="a1b2"),
        said(Status="Ok", errorcode="0", docid=" a1b2 "),
    ],
)
def test_a_send_is_proved_by_status_code_and_id(body):
    """Strings or numbers, capitals or not: OK, 0 and an id are the proof."""
    assert replies.parse_sent(body) == "a1b2"


def test_an_id_may_be_a_number():
    """What is sent back later is text, whatever it was."""
    assert replies.parse_sent(said(status="OK", ErrorCode="0", DocId=17)) == "17"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>welcome</html>",
        b"null",
        b"[]",
        b"[" * 100_000,
        b'{"status":"OK","ErrorCode":"0","DocId":"a1',
        said(),
        said(status="OK"),
        said(ErrorCode="0", DocId="a1"),
        said(status="OK", DocId="a1"),
        said(status="OK", ErrorCode=None, DocId="a1"),
        said(status="Error", ErrorCode="0", DocId="a1"),
        said(status="Error", code="0"),
        said(status="OK", ErrorCode="0"),
        said(status="OK", ErrorCode="0", DocId=""),
        said(status="OK", ErrorCode="0", DocId=None),
        said(status="OK", ErrorCode="0", DocId=["a1"]),
    ],
)
def test_a_send_without_yes_or_no_is_silence(body):
    """An answer that proves nothing leaves us unsure: the axis is asked before we send again."""
    with pytest.raises(AxisSilent):
        replies.parse_sent(body)


@every_parser
@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("10", AxisRefused),
        ("15", AxisDenied),
        ("18", AxisRefused),
        ("19", AxisRefused),
        ("20", AxisBusy),
        ("21", AxisBusy),
        ("22", AxisRefused),
        ("23", AxisRefused),
        ("4711", AxisUnclear),
    ],
)
def test_a_no_is_sorted_by_its_code(parse, code, error):
    """The code decides what happens next, in every call; one no list knows is none of those."""
    for body in (no(code, "vì sao"), no(int(code)), no(code, status="")):
        with pytest.raises(error) as caught:
            parse(body)
        assert type(caught.value) is error
        assert caught.value.hint
        assert code in str(caught.value)


@every_read
def test_an_error_code_beside_ok_is_a_no_to_whoever_reads(parse):
    """Reading is harmless to repeat, so the code is believed."""
    with pytest.raises(AxisRefused):
        parse(no("18", status="OK"))


@pytest.mark.parametrize("code", ["18", "20", "200"])
@pytest.mark.parametrize("fields", [{"status": "OK"}, {"DocId": "a1"}, {"docid": 7}])
def test_a_no_to_a_send_that_is_also_a_yes_is_silence(code, fields):
    """It says OK, or under which id it took the package: the axis is asked, not sent it again."""
    body = said(**{"status": "FAIL", "ErrorCode": code, **fields})
    with pytest.raises(AxisSilent, match="neither yes nor no"):
        replies.parse_sent(body)
    assert isinstance(replies.sort_answer(502, body, sent=True), AxisSilent)
    assert not isinstance(replies.sort_answer(502, body), AxisSilent)


def test_a_refusal_keeps_the_axiss_own_words():
    """A person reads the code and the text as the axis gave them."""
    with pytest.raises(AxisRefused) as caught:
        replies.parse_sent(no("18", "Mã đơn vị nhận chưa được cấu hình"))
    assert (caught.value.code, caught.value.text) == ("18", "Mã đơn vị nhận chưa được cấu hình")


def test_the_words_of_an_unknown_code_are_in_the_message():
    """Nobody can look such a code up, so everything the axis said of it is repeated."""
    with pytest.raises(AxisUnclear, match="status 'Error', code '99', 'Lưu lỗi'") as caught:
        replies.parse_ack(no("99", "Lưu lỗi", status="Error"))
    assert (caught.value.code, caught.value.text) == ("99", "Lưu lỗi")
    assert "axis.codes" in str(caught.value.hint)


@every_parser
def test_a_status_that_fails_without_a_code_is_a_no(parse):
    """FAIL alone says no, and not why."""
    with pytest.raises(AxisUnclear):
        parse(said(status="FAIL", data=[], count=0))


@every_read
@pytest.mark.parametrize(
    "body",
    [b"", b"<html>welcome</html>", b"[]", b"3", b'{"data":[', b"[" * 100_000, said(), b"\xff\xfe"],
)
def test_a_read_without_an_answer_is_busy(parse, body):
    """Reading is harmless to repeat, so what proves nothing is read again later."""
    with pytest.raises(AxisBusy):
        parse(body)


@every_read
def test_a_status_of_error_beside_code_zero_is_no_success(parse):
    """Hubs answer `code: 0` together with `status: Error`; both fields are looked at."""
    with pytest.raises(AxisBusy, match="neither yes nor no"):
        parse(said(status="Error", ErrorCode="0", data=[], count=3))


def test_an_acknowledgement_needs_both_fields():
    """Absence of an error is no proof."""
    replies.parse_ack(said(status="OK", ErrorCode="0"))
    with pytest.raises(AxisBusy, match="neither yes nor no"):
        replies.parse_ack(said(status="OK"))


@pytest.mark.parametrize("count", [3, "3", " 3 "])
def test_a_count_is_a_number_however_it_is_written(count):
    """With or without the fields of success."""
    assert replies.parse_count(said(count=count)) == 3
    assert replies.parse_count(said(status="OK", ErrorCode="0", count=count)) == 3


@pytest.mark.parametrize("count", ["", "many", -1, 1.5, None, True, "³"])
def test_a_count_that_is_no_number_is_not_taken_for_zero(count):
    """Nothing but digits counts."""
    with pytest.raises(AxisBusy, match="count"):
        replies.parse_count(said(count=count))


def test_the_list_of_what_waits():
    """Every field of a row, and what a row without them becomes."""
    whole = {
        "docId": "d1",
        "serviceType": "eDoc",
        "messageType": "status",
        "created_time": "2026-11-21 08:00:00",
        "updated_time": "2026-11-21 08:00:01",
        "from": "H01",
        "to": "H02",
        "status": "INITIAL",
        "status_desc": "",
    }
    body = listed(whole, {"docid": 7}, {"docId": "d3", "messageType": "???"}, status="OK")
    assert replies.parse_received_list(body, DOCUMENT) == [
        Listed(
            axis_id="d1",
            message=MessageType.STATUS,
            sender="H01",
            receiver="H02",
            status="initial",
            created="2026-11-21 08:00:00",
        ),
        Listed(axis_id="7", message=DOCUMENT, sender="", receiver="", status="", created=""),
        Listed(axis_id="d3", message=DOCUMENT, sender="", receiver="", status="", created=""),
    ]


def test_the_list_of_what_we_sent():
    """One row for each receiver, under the id the send was answered with."""
    row = {
        "senderDocId": "s1",
        "receiverDocId": "r1",
        "fromCode": "H01",
        "toCode": "H02",
        "title": "V/v",
        "notation": "UBND-VP",
        "serviceType": "eDoc",
        "messageType": "edoc",
        "sentTime": "t1",
        "receivedTime": "t2",
        "sendStatus": "DONE",
        "sendStatusDesc": "a",
        "receiveStatus": "initial",
        "receiveStatusDesc": "b",
    }
    assert replies.parse_sent_list(listed(row)) == [
        Sent(
            axis_id="s1",
            receiver="H02",
            title="V/v",
            notation="UBND-VP",
            sent_at="t1",
            send_status="done",
            send_note="a",
            receive_status="initial",
            receive_note="b",
        )
    ]


@pytest.mark.parametrize(
    ("parse", "field"), [(READS["received"], "docId"), (READS["sent"], "senderDocId")]
)
def test_a_row_without_its_id_is_named_by_its_number_and_nothing_else(parse, field):
    """The complaint finds the row without repeating a subject."""
    with pytest.raises(AxisBusy) as caught:
        parse(listed({field: "a"}, {"title": "mật", field: ""}))
    assert str(caught.value) == f"row 2 of the axis's list has no {field}"


@pytest.mark.parametrize("parse", [READS["received"], READS["sent"], READS["agencies"]])
@pytest.mark.parametrize("data", [None, {}, "", "[]", 3, [3], [None], [["docId", "d"]]])
def test_a_list_is_a_list_of_objects(parse, data):
    """Nothing there is an empty list and only that; an answer without one is an error."""
    with pytest.raises(AxisBusy):
        parse(said(status="OK", ErrorCode="0", data=data))
    assert parse(listed()) == []


def test_the_directory_in_its_three_shapes():
    """Older codes, newer codes and the units with their changes become the same value."""
    older = {
        "id": 1,
        "pid": 0,
        "code": "000.00.13.H53",
        "name": "Sở",
        "mail": "a@b",
        "oldCode": "x",
    }
    newer = {"id": "1", "code": "H53.13", "name": "Sở", "mail": None, "code102": "000.00.13.H53"}
    unit = {
        "id": "1",
        "pid": "2",
        "code": "H53",
        "name": "Tỉnh",
        "version": "1",
        "centerCode": "c",
        "deleted": True,
        "modifyDate": "2026-11-21 08:00:00",
        "isAgency": "1",
    }
    assert agencies(listed(older, newer, unit, {"name": "no code"})) == [
        Agency(code="000.00.13.H53", name="Sở", id="1", parent="0", mail="a@b", other_code="x"),
        Agency(code="H53.13", name="Sở", id="1", other_code="000.00.13.H53"),
        Agency(
            code="H53",
            name="Tỉnh",
            id="1",
            parent="2",
            deleted=True,
            modified=date(2026, 11, 21),
            version="1",
        ),
    ]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-11-21T08:00:00+07:00", date(2026, 11, 21)),
        ("2026/11/21 08:00:00", date(2026, 11, 21)),
        ("21/11/2026", date(2026, 11, 21)),
        (1_795_197_600_000, date(2026, 11, 21)),
        ("yesterday", None),
        ("", None),
        ("9" * 30, None),
        ("9" * 5000, None),
    ],
)
def test_a_day_is_read_in_the_forms_that_were_seen(written, day):
    """A day nobody can read is no day, and no reason to lose the directory."""
    body = listed({"code": "H01", "modifyDate": written})
    assert agencies(body)[0].modified == day


def test_what_no_line_of_text_has_spoils_no_list():
    """Half a character can be entered nowhere, and control characters drive terminals."""
    (unit,) = agencies(listed({"code": "H01", "name": "S\ud800\u1ede\x1b[31m Y t\u1ebf\n"}))
    assert unit.name == "S \u1ede [31m Y t\u1ebf"


def test_half_a_character_keeps_nobody_from_what_waits():
    """An id, a sender or a reason that could be entered nowhere would stop every later pull."""
    body = listed({"docId": "d1", "messageType": "edoc", "from": "H\ud800", "status": "initial"})
    (item,) = replies.parse_received_list(body, DOCUMENT)
    assert item.sender == "H?"


@pytest.mark.parametrize("deleted", [True, "true", "1", 1])
def test_a_unit_is_deleted_in_any_spelling(deleted):
    """True, 1 or their texts."""
    assert agencies(listed({"code": "H01", "deleted": deleted}))[0].deleted


def test_the_json_around_a_package_may_not_say_no():
    """A package is there when `data` was a string and nothing beside it says otherwise."""
    replies.check_fetched({"data": ""})
    replies.check_fetched({"data": "", "status": "OK", "ErrorCode": "0"})
    with pytest.raises(AxisRefused):
        replies.check_fetched({"data": "", "ErrorCode": "22"})
    for reply in ({}, {"data": None}, {"data": {}}, {"status": "OK", "data": []}):
        with pytest.raises(AxisBusy, match="data"):
            replies.check_fetched(reply)


@pytest.mark.parametrize(
    ("http", "read", "send"),
    [
        (301, AxisUnreachable, AxisUnreachable),
        (302, AxisUnreachable, AxisUnreachable),
        (400, AxisUnclear, AxisUnclear),
        (401, AxisDenied, AxisDenied),
        (403, AxisDenied, AxisDenied),
        (404, AxisUnreachable, AxisUnreachable),
        (405, AxisUnreachable, AxisUnreachable),
        (407, AxisDenied, AxisDenied),
        (408, AxisBusy, AxisBusy),
        (410, AxisUnreachable, AxisUnreachable),
        (413, AxisRefused, AxisRefused),
        (414, AxisRefused, AxisRefused),
        (421, AxisDenied, AxisDenied),
        (422, AxisUnclear, AxisUnclear),
        (425, AxisDenied, AxisDenied),
        (426, AxisDenied, AxisDenied),
        (429, AxisBusy, AxisBusy),
        (431, AxisRefused, AxisRefused),
        (495, AxisDenied, AxisDenied),
        (496, AxisDenied, AxisDenied),
        (499, AxisUnclear, AxisUnclear),
        (500, AxisFailing, AxisMute),
        (502, AxisFailing, AxisMute),
        (503, AxisFailing, AxisMute),
        (504, AxisFailing, AxisMute),
        (600, AxisFailing, AxisMute),
    ],
)
def test_an_http_error_is_sorted_by_what_it_proves(http, read, send):
    """A gateway's 5xx does not say whether the package got through; nor does its 503."""
    assert type(replies.sort_answer(http, b"<html>")) is read
    assert type(replies.sort_answer(http, b"<html>", sent=True)) is send


def test_a_code_we_know_outranks_the_http_status():
    """An axis that answers 500 to a bad package still says that the package is bad."""
    assert type(replies.sort_answer(500, no("22"), sent=True)) is AxisRefused
    assert type(replies.sort_answer(400, no("15"))) is AxisDenied
    assert type(replies.sort_answer(400, no("99"))) is AxisUnclear
    assert type(replies.sort_answer(407, no("22"), sent=True)) is AxisRefused
    assert type(replies.sort_answer(500, b"[3]")) is AxisFailing


def test_what_the_configuration_says_of_a_code_is_laid_over_the_table():
    """A code we did not know is known then, one we knew may mean something else."""
    known = Verdicts(codes=CODES | {"99": Meaning.REFUSED, "18": Meaning.BUSY})
    with pytest.raises(AxisRefused) as caught:
        replies.parse_sent(no("99", "Trùng"), known)
    assert (caught.value.code, caught.value.text) == ("99", "Trùng")
    with pytest.raises(AxisBusy) as moment:
        replies.parse_ack(no("18"), known)
    assert "receiver code" not in str(moment.value.hint)
    assert type(replies.sort_answer(502, no("99"), known, sent=True)) is AxisRefused
    assert type(replies.sort_answer(502, no("99"), sent=True)) is AxisMute
    for parse in (replies.parse_count, replies.parse_sent_list, agencies):
        with pytest.raises(AxisRefused):
            parse(no("99"), known)
    with pytest.raises(AxisRefused):
        replies.parse_received_list(no("99"), DOCUMENT, known)
    with pytest.raises(AxisRefused):
        replies.check_fetched({"ErrorCode": "99"}, known)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("10", "look at the package"),
        ("15", "axis.secret_file"),
        ("18", "receiver code"),
        ("19", "registered"),
        ("20", "tried again by itself"),
        ("21", "tried again by itself"),
        ("22", "look at the package"),
        ("23", "locked"),
    ],
)
def test_every_code_built_in_says_what_a_person_can_do(code, hint):
    """Each has words of its own, and the table knows no other codes."""
    with pytest.raises(EdgeNodeError) as caught:
        replies.parse_ack(no(code))
    assert hint in str(caught.value.hint)
    assert code in CODES
    assert len(CODES) == 8


@pytest.mark.parametrize(
    ("body", "sign"),
    [
        (b"", Sign.FAILING),
        (b"<html>welcome</html>", Sign.FAILING),
        (b"[]", Sign.FAILING),
        (b'{"status":"OK","ErrorCode":"0","DocId":"a1', Sign.FAILING),
        (said(), Sign.ALIVE),
        (said(status="OK", ErrorCode="0"), Sign.ALIVE),
        (said(status="Error", ErrorCode="0"), Sign.ALIVE),
        *((no(code), Sign.ALIVE) for code in ("10", "15", "20", "99", "")),
    ],
)
@pytest.mark.parametrize("parse", [replies.parse_sent, replies.parse_count], ids=["send", "read"])
def test_what_is_not_in_the_axiss_own_words_shows_it_out_of_order(parse, body, sign):
    """Any JSON object was written by the axis, whatever it says; anything else was not."""
    with pytest.raises(EdgeNodeError) as caught:
        parse(body)
    assert sign_of(caught.value) is sign


@pytest.mark.parametrize(
    ("http", "sign"),
    [
        (302, Sign.NONE),
        (400, Sign.ALIVE),
        (401, Sign.ALIVE),
        (404, Sign.NONE),
        (408, Sign.ALIVE),
        (429, Sign.ALIVE),
        (500, Sign.FAILING),
        (502, Sign.FAILING),
        (503, Sign.FAILING),
        (504, Sign.FAILING),
    ],
)
@pytest.mark.parametrize("sent", [True, False])
def test_an_http_error_shows_how_the_axis_is(http, sign, sent):
    """A 5xx is an axis out of order; that nobody knows the address shows nothing of the axis."""
    assert sign_of(replies.sort_answer(http, b"", sent=sent)) is sign


@pytest.mark.parametrize("http", [413, 400])
def test_a_refusal_by_http_keeps_number_and_text(http):
    """What a gateway said is kept like what the axis says, for whoever finds it parked."""
    error = replies.sort_answer(http, b"<h1>No required  SSL certificate was sent</h1>\n")
    kept = (str(http), "<h1>No required SSL certificate was sent</h1>")
    assert (error.code, error.text) == kept


@given(st.binary(max_size=3000) | st.text(max_size=900))
def test_an_excerpt_is_short_printable_and_one_line(raw):
    """Whatever comes may be shown on a terminal and in a log."""
    text = replies.excerpt(raw)
    assert len(text) <= 200
    assert text.isprintable()
    assert text == text.strip()


def test_json_is_never_repeated_but_a_web_page_is():
    """A list cut short may hold subjects; the page of a firewall says what is wrong."""
    with pytest.raises(AxisBusy) as caught:
        replies.parse_sent_list(b' {"data":[{"title":"confidential"}')
    assert "confidential" not in str(caught.value)
    with pytest.raises(AxisBusy, match="Request Rejected"):
        replies.parse_sent_list(b"<html>Request Rejected</html>")


@given(st.binary(max_size=60) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["status", "ErrorCode", "data", "docId", "code", "count", "DocId"]),
        inner, max_size=4),
    max_leaves=10,
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_no_answer_makes_a_parser_fall(body):
    """Whatever an axis answers is a value or one of our errors."""
    for parse in PARSERS.values():
        try:
            parse(body)
        except EdgeNodeError:
            continue
