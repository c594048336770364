"""What the configuration says of trust and time-stamps reaches whoever acts on it."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_network

import pytest
from loopback import http_server
from signed_pdfs import a_pdf

from edge_node.adapters.anchors import Anchors, certificates_in
from edge_node.adapters.notary import Opener
from edge_node.adapters.stamping import NoStamp
from edge_node.config import load, starter
from edge_node.domain.signing import Level, SigningWish
from edge_node.node.trusting import examiner, own_keys, signatory, stamper
from edge_node.notary.stamps import ask, read
from edge_node.notary.trust import Checking

SECTIONS = """
trust:
  revocation: if_possible
  grace: 2d
  timeout: 7s
  legacy_sha1: true
  minimum_rsa: 3072
  hosts: {OCSP.ca.gov.vn: "10.0.0.5:8080"}
  private: [10.0.0.0/8]
"""


@pytest.fixture
def configured(tmp_path):
    """Give what makes a Config with these sections."""

    def configured(sections):
        text = starter(
            code="H37.02", name="x", url="http://127.0.0.1:1", secret_file="s", data=tmp_path
        )
        path = tmp_path / "config.yaml"
        path.write_text(text + sections)
        return load(path)

    return configured


def test_whoever_examines_does_so_by_the_configuration(configured, tmp_path):
    """Every key of `trust` is where it counts."""

    def nobody(_path, _trust, **_now):
        raise AssertionError

    made = examiner(configured(SECTIONS), nobody)

    assert made.examine is nobody
    assert made.anchors.folder == tmp_path / "trust"
    assert made.terms.checking is Checking.IF_POSSIBLE
    assert (made.terms.legacy_sha1, made.terms.minimum_rsa) == (True, 3072)
    assert made.fetcher.statements.folder == tmp_path / "evidence"
    assert (made.fetcher.grace, made.fetcher.timeout) == (timedelta(days=2), timedelta(seconds=7))
    assert made.fetcher.reach.hosts == {"ocsp.ca.gov.vn": "10.0.0.5:8080"}
    assert made.fetcher.reach.private == (ip_network("10.0.0.0/8"),)


def test_the_anchors_may_lie_elsewhere(configured, tmp_path):
    """As when several nodes share them."""
    made = examiner(configured(f"trust: {{folder: {tmp_path}/shared}}"), lambda *_, **__: None)

    assert made.anchors.folder == tmp_path / "shared"


def test_stamps_come_from_the_servers_of_the_configuration(configured, tmp_path, pki):
    """In their order and with their password, which is read when it is needed."""
    request = ask(hashlib.sha256(b"a document").digest())
    with http_server() as first, http_server() as second:
        asking = stamper(
            configured(
                f"stamps: {{servers: [{{url: {first.url}}},"
                f" {{url: {second.url}, user: so, password_file: word}}], tries: 1}}"
            )
        )
        for server in (first, second):
            server.will_say(b"", 500)
        with pytest.raises(NoStamp, match=r"the secret in .*word cannot be read"):
            asking.stamp(request.der, partial(read, request=request))

        (tmp_path / "word").write_bytes(b"mat khau\n")
        (tmp_path / "word").chmod(0o600)
        first.will_say(b"", 500)
        second.answers.clear()
        second.will_say(pki.stamp(request.der))
        assert asking.stamp(request.der, partial(read, request=request)).token
        (asked,) = second.requests

    assert asked.lowered["authorization"] == f"Basic {b64encode(b'so:mat khau').decode()}"
    assert (asking.timeout, asking.tries) == (timedelta(seconds=180), 1)


def test_the_signatory_signs_by_the_configuration(configured, pki, tmp_path):
    """Its key, its roots, its authority, what is asked of that, and how a signature looks."""
    (tmp_path / "seal.p12").touch(mode=0o600)
    (tmp_path / "seal.p12").write_bytes(pki.signer("agency").pkcs12("mat khau"))
    (tmp_path / "word").write_bytes(b"mat khau\n")
    (tmp_path / "word").chmod(0o600)
    config = configured(f"""
trust: {{private: [127.0.0.0/8]}}
stamps: {{servers: [{{url: "{pki.tsa_url}"}}], hash: sha384}}
signing:
  keys: [{{name: con-dau, pkcs12: seal.p12, password_file: word}}]
""")
    anchors = Anchors(config.trusted)
    for root in pki.roots:
        anchors.add(*certificates_in(root))
    source, target = tmp_path / "decision.pdf", tmp_path / "signed.pdf"
    source.write_bytes(a_pdf())
    keys, opener = own_keys(config), Opener()
    signs = signatory(config, keys, opener, clock=lambda: datetime.now(UTC))
    try:
        act = signs.sign(source, target, SigningWish(level=Level.B_LTA))
    finally:
        for one in (signs, keys, opener):
            one.close()

    assert (act.file, act.key, act.level) == ("decision.pdf", "con-dau", Level.B_LTA)
    assert act.fingerprint == hashlib.sha256(pki.signer("agency").certificate).hexdigest()
    assert signs.stamps.hashed == "sha384"
    assert target.read_bytes().startswith(a_pdf())
