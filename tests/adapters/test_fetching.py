"""Fetching what a verdict lacks: asked once, kept for its time, and used beyond it by leave."""

from __future__ import annotations

import hashlib
import stat
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from asn1crypto import ocsp, x509
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from loopback import http_server
from signed_pdfs import NOW

from edge_node.adapters.fetching import REST, SLOW, Allowance, Fetcher, Silence
from edge_node.adapters.pieces import LONGEST
from edge_node.adapters.statements import Statements
from edge_node.adapters.web import Reach
from edge_node.domain.errors import Outage
from edge_node.notary.certificates import ocsp_question
from edge_node.notary.trust import Evidence, Kind, Wanted

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
HERE = Reach(private=(ip_network("127.0.0.0/8"),))


@pytest.fixture
def server():
    with http_server() as server:
        yield server


@pytest.fixture
def fetcher(tmp_path):
    return Fetcher(
        statements=Statements(tmp_path / "evidence"), reach=HERE, timeout=timedelta(seconds=5)
    )


def about(pki, name, url):
    """Return the OCSP question about a signer, to be asked at ``url``."""
    signer = pki.signer(name)
    certificate, issuer = (
        x509.Certificate.load(der) for der in (signer.certificate, signer.issuer.certificate)
    )
    return Wanted(kind=Kind.OCSP, url=url, request=ocsp_question(certificate, issuer))


def the_list(url):
    return Wanted(kind=Kind.CRL, url=f"{url}/crl")


def one(fetcher, wanted, now=NOW, **told):
    """Fetch one piece; return its content or None, and what was said of it."""
    fetched = fetcher.fetch([wanted], now=now, **told)
    held = fetched.evidence.get(wanted)
    return held and held.content, [str(miss.why) for miss in fetched.missed]


def next_update(der):
    answer = ocsp.OCSPResponse.load(der).response_data["responses"][0]
    return answer["next_update"].native


def test_each_kind_is_asked_for_in_its_own_way(fetcher, server, pki):
    """An OCSP question is POSTed with its type; lists and certificates are fetched."""
    asked = about(pki, "rsa2048", server.url)
    issuer = Wanted(kind=Kind.ISSUER, url=f"{server.url}/issuer")
    answers = [
        (asked, pki.ocsp("rsa2048", at=NOW)),
        (the_list(server.url), pki.crl(at=NOW)),
        (issuer, pki.signer("issuing-2").certificate),
    ]
    for wanted, content in answers:
        server.will_say(content)
        fetched = fetcher.fetch([wanted], now=NOW)
        assert dict(fetched.evidence) == {wanted: Evidence(kind=wanted.kind, content=content)}
        assert (fetched.kept, fetched.missed) == (frozenset(), ())

    question, crl, certificate = server.requests
    assert (question.verb, question.body) == ("POST", asked.request)
    assert question.lowered["content-type"] == "application/ocsp-request"
    assert [(one.verb, one.path) for one in (crl, certificate)] == [
        ("GET", "/crl"),
        ("GET", "/issuer"),
    ]


def test_an_answer_is_not_asked_for_again_before_its_time(fetcher, server, pki):
    """A list says when the next one comes; until then, and no longer, the kept one serves."""
    older, newer = pki.crl(at=NOW), pki.crl(at=NOW + 8 * DAY)
    server.will_say(older)
    server.will_say(newer)
    wanted = the_list(server.url)

    assert one(fetcher, wanted) == (older, [])
    assert fetcher.fetch([wanted], now=NOW + HOUR).kept == {wanted}
    assert one(fetcher, wanted, now=NOW + 8 * DAY) == (newer, [])
    assert len(server.requests) == 2


def test_an_answer_about_one_certificate_is_none_about_another(fetcher, server, pki):
    """What is kept is kept by its question, not by the place alone."""
    for name in ("rsa2048", "p256"):
        answer = pki.ocsp(name, at=NOW)
        server.will_say(answer)
        assert one(fetcher, about(pki, name, server.url))[0] == answer

    server.will_say(pki.ocsp("rsa2048", at=NOW))
    content, said = one(fetcher, about(pki, "p384", server.url))
    assert content is None
    assert "no OCSP answer" in said[0]


def a_patient_list():
    """Return a list of what was revoked whose next one comes in a year."""
    name = pyca.Name([pyca.NameAttribute(pyca.NameOID.COMMON_NAME, "Patient")])
    builder = pyca.CertificateRevocationListBuilder(name, NOW, NOW + 365 * DAY)
    signed = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return signed.public_bytes(Encoding.DER)


def test_no_answer_goes_unasked_for_longer_than_a_week(fetcher, server, pki):
    """Whoever puts a false one on the way cannot make it stay; offline it serves for its time."""
    issuer = Wanted(kind=Kind.ISSUER, url=server.url)
    for wanted, content in (
        (issuer, pki.signer("root-1").certificate),  # good until 2045
        (the_list(server.url), a_patient_list()),
    ):
        server.will_say(content)
        one(fetcher, wanted)
        assert fetcher.statements.answer(wanted).fresh_until == NOW + LONGEST
        server.will_say(b"", 500)
        found, said = one(fetcher, wanted, now=NOW + 8 * DAY)
        assert (found == content, bool(said)) == (wanted is not issuer, wanted is issuer)


@pytest.mark.parametrize(
    ("late", "grace", "serves", "said"),
    [
        (timedelta(seconds=-1), timedelta(), True, False),
        (timedelta(seconds=1), timedelta(), False, True),
        (HOUR, 2 * HOUR, True, True),
        (3 * HOUR, 2 * HOUR, False, True),
    ],
)
def test_offline_an_older_answer_serves_as_long_as_is_allowed(
    tmp_path, server, pki, late, grace, serves, said
):
    """Within its time without a word, within the grace with one, then no more."""
    fetcher = Fetcher(statements=Statements(tmp_path), reach=HERE, grace=grace)
    answer = pki.ocsp("rsa2048", at=NOW)
    wanted = about(pki, "rsa2048", server.url)
    server.will_say(answer)
    one(fetcher, wanted)
    server.will_say(b"", 503)

    fetched = fetcher.fetch([wanted], now=next_update(answer) + late, anew=late < timedelta())

    assert (wanted in fetched.evidence) is serves
    assert bool(fetched.missed) is said
    assert all(miss.aged is serves for miss in fetched.missed)


def test_no_list_is_fetched_where_an_answer_came(fetcher, server, pki):
    """It may be a thousand times as large; it is fetched when it is the only thing lacking."""
    asked, listed = about(pki, "rsa2048", server.url), the_list(server.url)
    server.will_say(pki.ocsp("rsa2048", at=NOW))
    server.will_say(pki.crl(at=NOW))

    assert set(fetcher.fetch([listed, asked], now=NOW).evidence) == {asked}
    assert set(fetcher.fetch([listed], now=NOW).evidence) == {listed}
    # Once it is here it costs nothing.
    assert set(fetcher.fetch([listed, asked], now=NOW).evidence) == {listed, asked}


def test_a_list_takes_the_place_of_a_responder_that_fails(fetcher, server, pki):
    """What the one cannot tell, the other may."""
    asked, listed = about(pki, "rsa2048", f"{server.url}/ocsp"), the_list(server.url)
    server.will_say(b"", 404)
    server.will_say(pki.crl(at=NOW))

    fetched = fetcher.fetch([asked, listed], now=NOW)

    assert set(fetched.evidence) == {listed}
    assert [(miss.wanted, str(miss.why)) for miss in fetched.missed] == [
        (asked, "127.0.0.1 answered by HTTP 404")
    ]


def test_a_host_that_is_gone_is_not_tried_twice(fetcher, pki):
    """Else each certificate would cost its time-out."""
    with http_server() as gone:
        url = gone.url
    tried = []

    def resolve(host, port):
        tried.append((host, port))
        return [host]

    lost = Fetcher(
        statements=fetcher.statements,
        reach=Reach(private=HERE.private, resolve=resolve),
    )
    fetched = lost.fetch(
        [about(pki, "rsa2048", url), about(pki, "p256", url), the_list(url)], now=NOW
    )

    assert len(fetched.missed) == 3
    assert len(tried) == 1


@pytest.mark.parametrize(("took", "asked"), [(SLOW, 2), (SLOW / 2, 4)], ids=["slow", "quick"])
def test_a_server_that_was_waited_for_in_vain_is_left_alone_for_a_while(fetcher, pki, took, asked):
    """Whatever file is next: else a host that swallows packets costs each its time-out."""
    seconds, tried = [0.0], []

    def resolve(host, _port):
        tried.append(host)
        seconds[0] += took.total_seconds()
        raise OSError(110, "timed out")

    mute = Fetcher(
        statements=fetcher.statements,
        reach=Reach(private=HERE.private, resolve=resolve),
        silence=Silence(clock=lambda: seconds[0]),
    )
    said = [one(mute, about(pki, name, "http://mute"))[1] for name in ("rsa2048", "p256", "p384")]
    assert said == [["cannot reach mute: timed out"]] * 3
    seconds[0] += REST.total_seconds()
    one(mute, about(pki, "p256", "http://mute"))

    assert len(tried) == asked


def test_no_more_servers_are_remembered_than_there_is_room_for(fetcher, pki):
    """Strangers name as many as they like."""
    seconds = [0.0]

    def resolve(_host, _port):
        seconds[0] += SLOW.total_seconds()
        raise OSError(110, "timed out")

    silence = Silence(clock=lambda: seconds[0])
    mute = Fetcher(statements=fetcher.statements, reach=Reach(resolve=resolve), silence=silence)
    for number in range(600):
        one(mute, about(pki, "p256", f"http://h{number}"), allowance=Allowance())

    assert len(silence._lately) == 500


@pytest.mark.parametrize("content", [b"<html>login</html>", b"", b"\x30\x03\x0a\x01\x00", b"\x30"])
@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_not_of_its_kind_is_neither_used_nor_kept(fetcher, server, pki, kind, content):
    """A portal's login page is no evidence, and does not stay."""
    request = about(pki, "rsa2048", "").request if kind is Kind.OCSP else b""
    wanted = Wanted(kind=kind, url=server.url, request=request)
    server.will_say(content)

    found, said = one(fetcher, wanted)

    assert found is None
    assert f"{server.url} answered with something that is no " in said[0]
    assert fetcher.statements.answer(wanted) is None


def tlv(tag, body):
    """Return a value in DER."""
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


SINCE = tlv(0x17, b"251122000000Z")


def a_written_list(*, issuer=b"", since=SINCE, due=b"301122000000Z", tag=0x17):
    """Return a list written by hand, as no library would write it."""
    by = tlv(0x30, bytes.fromhex("06092a864886f70d01010b0500"))
    times = since + tlv(tag, due)
    told = tlv(0x30, tlv(2, b"\1") + by + tlv(0x30, issuer) + times)
    return tlv(0x30, told + by + tlv(3, b"\0signed"))


RDN = tlv(0x31, tlv(0x30, bytes.fromhex("0603550403") + tlv(0x0C, b"")))


@pytest.mark.parametrize(
    "odd",
    [
        {"due": b"301122000000"},
        {"due": b"20301122000000", "tag": 0x18},
        {"due": b"00000101000000Z", "tag": 0x18},
        {"due": b"20301122000000." + b"0" * 1000 + b"Z", "tag": 0x18},
        {"since": tlv(0x18, b"20251122000000")},
        {"issuer": RDN * 400},
    ],
)
def test_a_list_with_odd_times_or_names_is_none(fetcher, server, odd):
    """A time without its zone is no moment (RFC 5280, 5.1.2.4), and a name fits on a page."""
    wanted = the_list(server.url)
    server.will_say(a_written_list(issuer=RDN))
    assert one(fetcher, wanted)[1] == []

    server.will_say(a_written_list(**odd))
    found, (said,) = one(fetcher, the_list(f"{server.url}/odd"))

    assert found is None
    assert "is no revocation list" in said


def test_a_name_of_a_megabyte_costs_nothing(fetcher, server):
    """It is turned away by its length before anybody reads it: reading takes seconds."""
    server.will_say(a_written_list(issuer=RDN * (1024 * 1024 // len(RDN))))
    began = time.process_time()

    assert one(fetcher, the_list(server.url))[0] is None

    assert time.process_time() - began < 1


def test_a_responder_that_does_not_tell_is_named(fetcher, server, pki):
    """Its own word for why is kept."""
    unauthorized = ocsp.OCSPResponse({"response_status": "unauthorized"}).dump()
    server.will_say(unauthorized)

    found, (said,) = one(fetcher, about(pki, "rsa2048", server.url))

    assert found is None
    assert said == f"{server.url} does not tell: unauthorized"


def test_a_list_in_pem_is_kept_as_der(fetcher, server, pki):
    """Some authorities publish theirs so."""
    der = pki.crl(at=NOW)
    server.will_say(pyca.load_der_x509_crl(der).public_bytes(Encoding.PEM))

    assert one(fetcher, the_list(server.url)) == (der, [])


def test_a_place_that_cannot_be_asked_is_a_sentence(fetcher):
    """Certificates name directories by LDAP, too."""
    ldap = Wanted(kind=Kind.CRL, url="ldap://ca.gov.vn/cn=CA")

    assert one(fetcher, ldap) == (
        None,
        ["ldap://ca.gov.vn/cn=CA cannot be asked: only http and https can"],
    )


@pytest.mark.parametrize(
    "url", ["http://%5b@a/x", "http://a:%5d@b/", "http://[x]/", "http://xn--a/x", "http://\u2100/"]
)
def test_a_bad_address_in_a_certificate_ends_nothing(fetcher, server, pki, url):
    """It is missed with a reason, and what else is wanted is still fetched."""
    bad, good = Wanted(kind=Kind.ISSUER, url=url), the_list(server.url)
    server.will_say(pki.crl(at=NOW))

    fetched = fetcher.fetch([bad, good], now=NOW)

    assert set(fetched.evidence) == {good}
    assert [miss.wanted for miss in fetched.missed] == [bad]


def test_asked_anew_what_is_kept_is_passed_over(fetcher, server, pki):
    """For what is kept and was no help; where nobody answers it still serves."""
    wanted = the_list(server.url)
    older, newer = pki.crl(at=NOW - HOUR), pki.crl(at=NOW)
    server.will_say(older)
    server.will_say(newer)
    one(fetcher, wanted)

    assert one(fetcher, wanted, anew=True)[0] == newer
    server.will_say(b"", 500)
    assert one(fetcher, wanted, anew=True)[0] == newer


def test_all_that_is_fetched_for_one_file_has_a_bound(fetcher, server, pki):
    """In bytes, in questions and in seconds; what is beyond it is named."""
    listed = pki.crl(at=NOW)
    for spent in (
        Allowance(room=len(listed) - 1),
        Allowance(questions=0),
        Allowance(ends=0.0),
    ):
        server.answers.clear()
        server.will_say(listed)
        fetched = fetcher.fetch([the_list(server.url)], now=NOW, anew=True, allowance=spent)
        assert not fetched.evidence
        (miss,) = fetched.missed
        assert str(miss.why) == "too much would have to be asked about this file"
        fetcher.statements.forget(before=datetime.now(UTC) + DAY)


def test_what_is_beyond_the_bound_is_neither_kept_nor_asked_for(fetcher, server):
    """Strangers who name two dozen lists fill neither the disk nor the line."""
    wanted = [the_list(f"{server.url}/{number}") for number in range(6)]
    listed = a_written_list(issuer=RDN)
    for _ in wanted:
        server.will_say(listed)

    fetched = fetcher.fetch(wanted, now=NOW, allowance=Allowance(room=len(listed) * 5 // 2))

    assert set(fetched.evidence) == set(wanted[:2])
    assert [miss.wanted for miss in fetched.missed] == wanted[2:]
    assert [fetcher.statements.answer(each) is not None for each in wanted] == [True] * 2 + [
        False
    ] * 4
    assert len(server.requests) == 3


def test_a_list_that_holds_for_ever_serves_while_nobody_answers(tmp_path, server):
    """The last second of the year 9999 and a grace beyond it (RFC 5280, 4.1.2.5)."""
    fetcher = Fetcher(statements=Statements(tmp_path), reach=HERE, grace=2 * DAY)
    listed = a_written_list(issuer=RDN, due=b"99991231235959Z", tag=0x18)
    wanted = the_list(server.url)
    server.will_say(listed)
    one(fetcher, wanted)
    server.will_say(b"", 503)

    assert one(fetcher, wanted, now=NOW + 8 * DAY) == (listed, [])


# -- what is kept ------------------------------------------------------------------------------


def kept(fetcher, server, content):
    wanted = the_list(server.url)
    server.will_say(content)
    fetcher.fetch([wanted], now=NOW)
    return wanted, hashlib.sha256(content).hexdigest()


def test_every_piece_is_kept_by_its_digest_for_us_alone(fetcher, server, pki):
    """A verdict names what it relied on; that is found again by the same name."""
    content = pki.crl(at=NOW)
    _, fingerprint = kept(fetcher, server, content)
    statements = fetcher.statements

    assert statements.piece(fingerprint) == content
    assert statements.piece("0" * 64) is None
    assert statements.piece("../answers") is None
    for path in (statements.folder, *statements.folder.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize("harm", [b"", b"{}", b"[]", b'{"piece": 7}', b"\xff", b"[" * 4000])
def test_a_note_that_cannot_be_read_is_as_good_as_none(fetcher, server, pki, harm):
    """The question is simply asked again."""
    wanted, _ = kept(fetcher, server, pki.crl(at=NOW))
    (note,) = (fetcher.statements.folder / "answers").iterdir()
    note.write_bytes(harm)

    assert fetcher.statements.answer(wanted) is None


def test_a_piece_that_was_changed_is_none(fetcher, server, pki):
    """Its name is its digest; what lies there under another's name is not used, and replaced."""
    content = pki.crl(at=NOW)
    wanted, fingerprint = kept(fetcher, server, content)
    (piece,) = (fetcher.statements.folder / "pieces").iterdir()
    piece.write_bytes(pki.crl(at=NOW - DAY))

    assert fetcher.statements.answer(wanted) is None
    kept(fetcher, server, content)
    assert fetcher.statements.piece(fingerprint) == content


def test_what_nobody_told_again_is_forgotten(fetcher, server, pki):
    """Notes and pieces go together; what was told lately stays."""
    _, fingerprint = kept(fetcher, server, pki.crl(at=NOW))
    statements = fetcher.statements

    assert statements.forget(before=datetime.now(UTC) - DAY) == 0
    assert statements.piece(fingerprint) is not None
    assert statements.forget(before=datetime.now(UTC) + DAY) == 1
    assert not any(path.is_file() for path in statements.folder.rglob("*"))


def test_what_a_verdict_relied_on_stays(fetcher, server, pki):
    """Whoever asks years later why a signature was believed finds it by the digest named."""
    content = pki.crl(at=NOW)
    wanted, fingerprint = kept(fetcher, server, content)
    statements = fetcher.statements
    for _ in range(2):
        statements.rely_on([fingerprint, "0" * 64, "../answers", fingerprint])

    assert statements.forget(before=datetime.now(UTC) + DAY) == 1
    assert statements.answer(wanted) is None
    assert statements.piece(fingerprint) == content
    files = [path for path in statements.folder.rglob("*") if path.is_file()]
    assert [(path.name, stat.S_IMODE(path.stat().st_mode)) for path in files] == [
        (fingerprint, 0o600)
    ]
    kept(fetcher, server, content)
    assert statements.answer(wanted).content == content


def test_a_disk_that_does_not_take_a_piece_is_an_error_of_ours(tmp_path, server, pki):
    """Fetching reports what servers do, but never hides a disk's trouble."""
    (tmp_path / "evidence").write_bytes(b"in the way")
    fetcher = Fetcher(statements=Statements(tmp_path / "evidence"), reach=HERE)
    server.will_say(pki.crl(at=NOW))

    with pytest.raises(Outage):
        fetcher.fetch([the_list(server.url)], now=NOW)
