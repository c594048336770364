import json
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from captures import SECRET, SYSTEM, captured
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.document import AgencyCode
from edge_node.domain.envelope import AxisId, MessageType
from edge_node.domain.time import VIETNAM
from edge_node.protocol import vxp

FILE = "<edXML>tiêng việt</edXML>".encode()
T0 = datetime(2026, 11, 21, 19, 21, 0, 640_000, tzinfo=VIETNAM)
REQUESTS = captured()
DOCUMENT = MessageType.DOCUMENT


def call_of(request):
    """Make the call we would make in the place of a captured request."""
    digest = vxp.hash_file(sha256(FILE).digest(), "sdk")
    me = AgencyCode(SYSTEM)
    return {
        "/getReceivedEdocList": vxp.received_list(DOCUMENT),
        "/getSentEdocList": vxp.sent_list(DOCUMENT, AxisId("5beb")),
        "/sendEdoc": vxp.send(DOCUMENT, sender=me, hash_file=digest),
        "/updateStatus": vxp.update_status(AxisId("d1"), "done"),
        "/countReceiveEdoc": vxp.count(DOCUMENT),
        "/countReceiveStatus": vxp.count(MessageType.STATUS),
        "/getAgenciesList": vxp.agencies(),
        "/getAgenciesListQD20": vxp.agencies_qd20(1),
        "/getSynchronizeUnit": vxp.units(),
        "/registerAgency": vxp.register_agency(code="000.01.00.H99", name="Tên", parent=SYSTEM),
        "/deleteAgency": vxp.delete_agency("99.99.99.G21"),
    }[request.path]


def signed(call, *, system_id=SYSTEM, moment=T0):
    return vxp.signed_headers(call, system_id=system_id, secret=SECRET, moment=moment)


def lowered(headers):
    return {name.lower(): value for name, value in headers}


def as_text(value):
    return json.dumps(value, separators=(",", ":"))


def test_all_nineteen_captured_requests_are_here():
    """The two captures hold the eight calls of the client 2.0.0 and the eleven of 2.0.1."""
    assert len(REQUESTS) == 19
    assert len({request.path for request in REQUESTS}) == 11


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_our_request_is_the_vendor_clients_to_the_letter(request_):
    """Same moment and parameters: same headers, same order of what is signed, same signature."""
    call = call_of(request_)
    assert dict(signed(call, moment=request_.moment)) == request_.ours
    assert call.verb == request_.verb
    assert f"/{call.method}" == request_.path


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_our_body_is_the_vendor_clients_to_the_byte(request_):
    """The small bodies are those of the client; a file is followed by a line end of two bytes."""
    call = call_of(request_)
    body = FILE + vxp.FILE_END if call.body is None else call.body
    assert body == request_.body
    assert len(body) == int(request_.headers["Content-Length"])


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_every_captured_signature_is_accepted(request_):
    """The server's half believes what the vendor's client signed, and says what for."""
    params = vxp.check_signature(request_.lowered, SECRET)
    assert ";".join(params) == request_.headers["XroadVnpt-sign-header-key"]
    assert params["systemid"] == SYSTEM
    assert params["timestamp"] == vxp.timestamp(request_.moment)


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_a_single_changed_character_is_refused(request_):
    """Wherever one character of what is signed, or of the signature, is another: no."""
    headers = request_.lowered
    ours = [name for name in headers if name.startswith("xroadvnpt-") and "version" not in name]
    for name in ours:
        value = headers[name]
        for at, char in enumerate(value):
            other = "x" if char != "x" else "y"
            tampered = value[:at] + other + value[at + 1 :]
            with pytest.raises(vxp.SignatureMismatch):
                vxp.check_signature(headers | {name: tampered}, SECRET)


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_a_missing_header_is_named(request_):
    """Whichever signed header is missing, the complaint names it."""
    headers = request_.lowered
    for name in request_.headers:
        if name.startswith("XroadVnpt-") and name != "XroadVnpt-version":
            left = {key: value for key, value in headers.items() if key != name.lower()}
            with pytest.raises(vxp.SignatureMismatch, match=f"{name} is missing"):
                vxp.check_signature(left, SECRET)


def test_another_secret_is_refused():
    """A request signed with another secret is told to compare the secrets."""
    headers = lowered(signed(vxp.agencies()))
    with pytest.raises(vxp.SignatureMismatch, match="does not match") as caught:
        vxp.check_signature(headers, b"another secret")
    assert "secret" in str(caught.value.hint)


def test_a_header_that_is_not_what_was_signed_is_named():
    """A gateway that rewrites a signed header is found by its name."""
    headers = lowered(signed(vxp.agencies_qd20(1))) | {"xroadvnpt-level": "2"}
    with pytest.raises(vxp.SignatureMismatch, match="XroadVnpt-level is not what was signed"):
        vxp.check_signature(headers, SECRET)


def resigned(text, names):
    """Return headers whose signature is right and whose signed text is somebody's own idea."""
    headers = lowered(signed(vxp.agencies()))
    return headers | {
        "xroadvnpt-sign-header-key": names,
        "xroadvnpt-sign-header": text,
        "xroadvnpt-hash-header": vxp._mac(text.encode("latin-1"), SECRET),
    }


@pytest.mark.parametrize(
    ("text", "names", "complaint"),
    [
        ("not JSON", "systemid", "not JSON"),
        ("[" * 100_000, "systemid", "not JSON"),
        ('["systemid"]', "systemid", "not a flat JSON object"),
        ("3", "systemid", "not a flat JSON object"),
        ('{"XroadVnpt-systemid":3}', "systemid", "not a flat JSON object"),
        ('{"XroadVnpt-systemid":["a","b"]}', "systemid", "not a flat JSON object"),
        ('{"XroadVnpt-a":"1","XroadVnpt-a":"2"}', "a;a", "not a flat JSON object"),
        ('{"systemid":"000.00.00.H99"}', "systemid", "does not name what"),
        ("{}", "", "does not name what"),
        ('{"XroadVnpt-systemid":"000.00.00.H99"}', "systemid", "timestamp is not signed"),
        ('{"XroadVnpt-timestamp":"1","XroadVnpt-Content-Type":"2"}', "timestamp;Content-Type",
         "systemid is not signed"),
    ],
)  # fmt: skip
def test_an_odd_signed_text_is_refused_with_its_reason(text, names, complaint):
    """The secret alone does not make a request right: what is signed must have the right form."""
    with pytest.raises(vxp.SignatureMismatch, match=complaint):
        vxp.check_signature(resigned(text, names), SECRET)


@pytest.mark.parametrize("value", ["ÿ" * 64, "ệ" * 64, ""])
def test_a_signature_that_is_no_hexadecimal_is_refused(value):
    """Signs no signature has are a mismatch like any other, not a crash."""
    headers = lowered(signed(vxp.agencies())) | {"xroadvnpt-hash-header": value}
    with pytest.raises(vxp.SignatureMismatch):
        vxp.check_signature(headers, SECRET)


def test_the_file_hash_has_two_forms():
    """The vendor's Java client drops the leading zero of each byte; others keep it."""
    digest = sha256(FILE).digest()
    assert vxp.hash_file(digest, "padded") == (
        "baaa2b79ff9e319489ec23bd85b4ae7900dbaccc72041f47f9787373f150e74d"
    )
    assert vxp.hash_file(digest, "sdk") == (
        "baaa2b79ff9e319489ec23bd85b4ae790dbaccc7241f47f9787373f150e74d"
    )


def test_the_timestamp_is_vietnams_with_milliseconds_for_a_zone():
    """A moment in UTC is written on Vietnamese clocks, its milliseconds after the plus sign."""
    moment = datetime(2026, 12, 31, 17, 0, 0, 7_999, tzinfo=UTC)
    assert vxp.timestamp(moment) == "01012027T000000+0007"


def test_dates_go_out_only_when_they_are_given():
    """Each bound is a parameter of its own, in Vietnam's time, signed before the timestamp."""
    since = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
    both = vxp.received_list(DOCUMENT, since=since, until=T0).params
    assert both[2:] == (("fromDate", "21/11/2026 00:30:00"), ("toDate", "21/11/2026 19:21:00"))
    assert vxp.received_list(DOCUMENT, since=since).params[2:] == both[2:3]
    assert vxp.received_list(MessageType.STATUS).params == (
        ("servicetype", "eDoc"),
        ("messagetype", "status"),
    )


def test_receivers_become_a_list_in_the_header_to():
    """Where an axis wants the receivers in a header, they are one compact JSON list."""
    receivers = [AgencyCode("H37.02"), AgencyCode("000.00.13.H53")]
    call = vxp.send(DOCUMENT, sender=AgencyCode("H01"), hash_file="00", receivers=receivers)
    headers = lowered(signed(call))
    assert headers["xroadvnpt-to"] == '["H37.02","000.00.13.H53"]'
    assert vxp.check_signature(headers, SECRET)["to"] == headers["xroadvnpt-to"]


def test_a_package_is_fetched_by_either_call():
    """`downloadEdoc` is a GET without a body, `getEdoc` a POST with an empty object."""
    raw = vxp.fetch(AxisId("d1"), vxp.Method.DOWNLOAD)
    wrapped = vxp.fetch(AxisId("d1"), vxp.Method.FETCH)
    assert (raw.verb, raw.method, raw.body) == ("GET", "downloadEdoc", b"")
    assert (wrapped.verb, wrapped.method, wrapped.body) == ("POST", "getEdoc", b"{}")
    assert raw.params == wrapped.params == (("docId", "d1"),)


def test_everything_sent_is_asked_for_without_an_id():
    """Without an id the list of what we sent is asked for as a whole."""
    assert vxp.sent_list(DOCUMENT).params == (("servicetype", "eDoc"), ("messagetype", "edoc"))


def test_a_description_goes_along_only_if_it_is_ascii():
    """What would arrive damaged is left out rather than stop an acknowledgement."""
    assert vxp.update_status(AxisId("d"), "fail", "bad zip").late[1:] == (
        ("description", "bad zip"),
    )
    assert vxp.update_status(AxisId("d"), "fail", "tệp hỏng").late == (("status", "fail"),)
    assert vxp.update_status(AxisId("d"), "fail", "two\nlines").late == (("status", "fail"),)


@pytest.mark.parametrize("value", ["Sở", "a\r\nX-Evil: 1", "a\x00", "a\x7f"])
def test_a_value_no_header_carries_unharmed_is_refused(value):
    """Neither letters with marks nor line ends get into a header, and the complaint says where."""
    with pytest.raises(vxp.NotAscii, match="docId"):
        signed(vxp.update_status(AxisId(value), "done"))
    with pytest.raises(vxp.NotAscii, match="systemid"):
        signed(vxp.agencies(), system_id=value)


@given(
    st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126)), max_size=5),
    st.binary(min_size=1),
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
)
def test_what_we_sign_the_other_half_believes(values, secret, moment):
    """Whatever ASCII the parameters are, the server's half gives back what we signed."""
    call = vxp.Call(
        method=vxp.Method.AGENCIES,
        params=tuple((f"p{n}", value) for n, value in enumerate(values)),
    )
    headers = vxp.signed_headers(call, system_id="x", secret=secret, moment=moment)
    params = vxp.check_signature(lowered(headers), secret)
    assert [params[f"p{n}"] for n in range(len(values))] == values
