"""The demo's own authority, judged by what the node believes and by openssl."""

from __future__ import annotations

import stat
import subprocess
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha512
from http.client import HTTPConnection
from ipaddress import ip_network
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from asn1crypto import tsp, x509
from our_pdfs import Wish, sign_with
from signed_pdfs import a_pdf

from edge_node.adapters.anchors import Anchors, certificates_in, chosen, demand_authority
from edge_node.adapters.examining import Examiner
from edge_node.adapters.fetching import Fetcher
from edge_node.adapters.notary import Opener
from edge_node.adapters.stamping import Authority as Stamping
from edge_node.adapters.stamping import Stamper
from edge_node.adapters.statements import Statements
from edge_node.adapters.web import Reach
from edge_node.demo.authority import (
    ROOT_FILE,
    STAMPS_PATH,
    Authority,
    key_file,
    password_file,
)
from edge_node.demo.stamping import POLICY
from edge_node.domain.signature import Revocation, Verdict
from edge_node.domain.signing import Level
from edge_node.notary import stamps
from edge_node.notary.keys import from_pkcs12

AGENCIES = (("H99.01", "Văn phòng Bộ Nội địa (thử nghiệm)"), ("H99.02", "Sông Xanh"))
DIGEST = sha256(b"a signature").digest()


@contextmanager
def served(authority):
    thread = threading.Thread(target=authority.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield authority
    finally:
        authority.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Have one answer, with what it hands out in `authority.folder`."""
    with Authority() as made, served(made):
        made.folder = tmp_path_factory.mktemp("demo") / "authority"
        made.hand_out(made.folder, AGENCIES)
        yield made


@pytest.fixture
def examiner(authority, tmp_path):
    anchors = Anchors(tmp_path / "trust")
    anchors.add(*certificates_in((authority.folder / ROOT_FILE).read_bytes()))
    fetcher = Fetcher(
        statements=Statements(tmp_path / "evidence"),
        reach=Reach(private=(ip_network("127.0.0.1/32"),)),
        timeout=timedelta(seconds=10),
    )
    opener = Opener()
    yield Examiner(examine=opener.verify, anchors=anchors, fetcher=fetcher)
    opener.close()


def stamped(authority, request):
    """Have the node's own stamper ask, as it is configured in the demo."""
    stamper = Stamper(authorities=(Stamping(url=authority.url + STAMPS_PATH),))
    return stamper.stamp(request.der, lambda answer: (answer, stamps.read(answer, request)))


def a_key(authority, code="H99.01"):
    password = password_file(authority.folder, code).read_text()
    return from_pkcs12(key_file(authority.folder, code).read_bytes(), password, name=code)


def signed(authority, folder, level, prove=None):
    """Sign a PDF with an agency's key and the authority's stamp."""
    path = folder / "signed.pdf"
    with path.open("w+b") as target, (folder / "plain.pdf").open("w+b") as source:
        source.write(a_pdf())
        sign_with(
            a_key(authority),
            source,
            target,
            Wish(at=datetime.now(UTC), level=level),
            stamp=lambda request: stamped(authority, request)[0],
            prove=prove,
        )
    return path


@pytest.mark.parametrize("hashed", [sha256, sha512], ids=["sha256", "sha512"])
def test_the_node_takes_its_time_stamps(authority, hashed):
    """Signed, over what was asked for, by its certificate for stamps, now."""
    request = stamps.ask(hashed(b"x").digest(), hashed().name, policy=POLICY)
    _, stamp = stamped(authority, request)
    assert stamp.certificate == authority.certifier.stamping.der
    assert abs(stamp.moment - datetime.now(UTC)) < timedelta(seconds=5)
    assert stamp.policy == POLICY


def test_openssl_takes_its_time_stamps(authority, tmp_path):
    """By the pinned root alone, with the issuer at hand."""
    request = stamps.ask(DIGEST)
    (tmp_path / "answer").write_bytes(stamped(authority, request)[0])
    (tmp_path / "query").write_bytes(request.der)
    (tmp_path / "issuing").write_bytes(authority.certifier.issuing.pem)
    command = ["openssl", "ts", "-verify", "-in", tmp_path / "answer"]
    command += ["-queryfile", tmp_path / "query", "-CAfile", authority.folder / ROOT_FILE]
    command += ["-untrusted", tmp_path / "issuing"]
    said = subprocess.run(command, capture_output=True, check=False, text=True)
    assert "Verification: OK" in said.stdout + said.stderr


def test_openssl_is_told_that_an_agency_is_good(authority, tmp_path):
    """OCSP in the ordinary way, nonce and all it asks for checked by its own rules."""
    key = a_key(authority)
    for name, der in (("issuing", *key.chain), ("leaf", key.certificate)):
        (tmp_path / name).write_bytes(der)
    pem = tmp_path / "issuing.pem"
    pem.write_bytes(authority.certifier.issuing.pem)
    command = ["openssl", "ocsp", "-issuer", pem, "-cert", tmp_path / "leaf"]
    command += ["-url", authority.url + "/ocsp", "-CAfile", authority.folder / ROOT_FILE]
    said = subprocess.run(command, capture_output=True, check=False, text=True)
    assert "leaf: good" in said.stdout
    assert "Response verify OK" in said.stderr


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT])
def test_what_an_agency_signs_is_valid(authority, examiner, tmp_path, level):
    """By the pinned root alone: issuer, OCSP and lists are found where certificates say."""

    def prove(_):
        (tmp_path / "first").mkdir()
        first = signed(authority, tmp_path / "first", Level.B_T)
        return examiner.look(first, now=datetime.now(UTC)).evidence

    finding = examiner.look(signed(authority, tmp_path, level, prove), now=datetime.now(UTC))
    (signature,) = finding.verdict.signatures
    assert finding.verdict.verdict is Verdict.VALID, finding
    assert signature.signer.subject == AGENCIES[0][1]
    assert signature.revocation is Revocation.GOOD
    assert signature.stamped_at is not None
    assert "thử nghiệm" in signature.stamped_by
    assert signature.profile == f"PAdES-{level}"


def test_what_was_changed_after_signing_is_not(authority, examiner, tmp_path):
    """One letter is enough."""
    path = signed(authority, tmp_path, Level.B_T)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"/MediaBox [0 0 595.28", b"/MediaBox [0 0 594.28", 1))
    finding = examiner.look(path, now=datetime.now(UTC))
    assert finding.verdict.verdict is Verdict.INVALID


def test_its_root_can_be_believed_and_nothing_else_of_it(authority):
    """The file holds one certificate, of an authority, that goes by the fingerprint it says."""
    content = (authority.folder / ROOT_FILE).read_bytes()
    anchor = chosen(certificates_in(content), authority.fingerprint)
    assert anchor.root
    demand_authority(anchor, now=datetime.now(UTC))


def test_an_agency_is_named_as_the_government_names_it(authority):
    """Name and code in the subject; the key commits the agency and does nothing else."""
    leaf = x509.Certificate.load(a_key(authority).certificate)
    assert leaf.subject.native["user_id"] == "H99.01"
    assert leaf.subject.native["common_name"] == AGENCIES[0][1]
    assert leaf.key_usage_value.native == {"non_repudiation"}


def test_keys_and_passwords_are_nobody_elses(authority):
    """Mode 0600 in a folder of mode 0700; and each has a password of its own."""
    files = [path for path in authority.folder.iterdir() if path.name != ROOT_FILE]
    assert sorted(path.name for path in files) == [
        f"{code}.{kind}" for code, _ in AGENCIES for kind in ("p12", "password")
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(authority.folder.stat().st_mode) == 0o700
    assert a_key(authority, "H99.02").certificate != a_key(authority).certificate


def refused_with(url, body=None):
    """Return the status an address refuses with."""
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(url, body))  # noqa: S310 - loopback
    with caught.value as error:
        return error.code


def test_it_reads_no_question_that_is_too_large(authority):
    """It says so at once, and waits for nothing."""
    line = HTTPConnection(authority.url.removeprefix("http://"), timeout=5)
    line.putrequest("POST", STAMPS_PATH)
    line.putheader("Content-Length", str(1 << 20))
    line.endheaders()
    assert line.getresponse().status == 400
    line.close()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param("/tsa", b"", 400, id="nothing"),
        pytest.param("/tsa", b"no request", 400, id="no request"),
        pytest.param("/tsa", stamps.ask(DIGEST, policy="2.999.1").der, 400, id="policy"),
        pytest.param("/tsa", stamps.ask(bytes(16), "md5").der, 400, id="weak"),
        pytest.param("/ocsp", b"no request", 400, id="no question"),
        pytest.param("/elsewhere", b"", 404, id="elsewhere"),
        pytest.param("/tsa", None, 404, id="not asked"),
        pytest.param("/", None, 404, id="nowhere"),
    ],
)
def test_what_it_cannot_answer_it_refuses(authority, path, body, status):
    """And goes on answering."""
    assert refused_with(authority.url + path, body) == status
    request = stamps.ask(DIGEST)
    assert tsp.TimeStampResp.load(stamped(authority, request)[0])["status"]["status"].native == (
        "granted"
    )
