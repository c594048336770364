"""The key in a child of its own: given digests, and no secret that was refused before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import needs
import pytest
import rogue
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_der_x509_certificate

from edge_node.adapters.hiring import Span
from edge_node.adapters.signing_key import (
    KeyTrouble,
    OnToken,
    PemPlace,
    Pkcs12Place,
    SigningKey,
)
from edge_node.notary.child import Reason

SECRET = "mật khẩu"
TEXT = "Công văn số 12/UBND-VX".encode()
DIGEST = sha256(TEXT).digest()


@pytest.fixture
def keys():
    """Make keys whose children are ended with the test."""
    made = []

    def key(place, secret=SECRET, **told):
        made.append(SigningKey(place, lambda: secret, **told))
        return made[-1]

    yield key
    for one in made:
        one.close()


@pytest.fixture
def place(pki, tmp_path):
    (tmp_path / "key.p12").touch(mode=0o600)
    (tmp_path / "key.p12").write_bytes(pki.signer("rsa2048").pkcs12(SECRET))
    return Pkcs12Place(path=tmp_path / "key.p12")


@pytest.fixture(scope="module")
def token(pki, tmp_path_factory):
    needs.program("softhsm2-util", "softhsm2")
    needs.program("pkcs11-tool", "opensc")
    return pki.softhsm(tmp_path_factory.mktemp("token"), "p256")


def on(token):
    return OnToken(module=token.module, label=token.label)


def test_a_digest_is_signed_by_the_key_in_a_file(keys, place, pki):
    """The certificate, its chain and the raw signature come back."""
    key = keys(place)
    signer = pki.signer("rsa2048")

    facts = key.facts()
    assert (facts.certificate, facts.chain) == (signer.certificate, signer.chain)
    assert facts.algorithm == "rsa-pkcs1-sha256"
    public = load_der_x509_certificate(facts.certificate).public_key()
    public.verify(key.sign(DIGEST), DIGEST, padding.PKCS1v15(), Prehashed(SHA256()))


def test_the_key_may_be_in_pem_files(keys, pki):
    """Key and certificates are opened here and read there."""
    signer = pki.signer("p256")
    key = keys(PemPlace(key=signer.key_path, certificates=signer.certificate_path), secret="")
    public = load_der_x509_certificate(key.facts().certificate).public_key()
    public.verify(key.sign(DIGEST), DIGEST, ec.ECDSA(Prehashed(SHA256())))


def test_a_signed_data_is_what_openssl_takes_for_one(keys, place, pki, tmp_path):
    """CMS over a document that the child has never seen."""
    (tmp_path / "text").write_bytes(TEXT)
    (tmp_path / "cms").write_bytes(keys(place).cms(DIGEST))
    command = ["openssl", "cms", "-verify", "-binary", "-cades", "-purpose", "any"]
    command += ["-inform", "DER", "-in", tmp_path / "cms", "-content", tmp_path / "text"]
    command += ["-CAfile", pki.ca_path]
    subprocess.run(command, check=True, capture_output=True)


def test_a_token_is_reached_through_the_fence(keys, token):
    """The vendor's library is loaded in the child, with the environment it was given."""
    key = keys(on(token), token.pin, environment=token.environment)
    public = load_der_x509_certificate(key.facts().certificate).public_key()
    public.verify(key.sign(DIGEST), DIGEST, ec.ECDSA(Prehashed(SHA256())))
    assert key._hired._child.fenced


def test_a_child_that_was_lost_is_replaced_and_opens_the_key_again(keys, place):
    """Whether it crashed or was idle, the next signature is made by another."""
    key = keys(place)
    first = key.sign(DIGEST)
    gone = key.pid
    os.kill(gone, signal.SIGKILL)
    assert key.sign(DIGEST) == first
    assert key.pid != gone


def test_a_refused_pin_is_not_tried_again_by_another_child(pki, tmp_path):
    """Not even where it has become the right one: no child is told it a second time."""
    needs.program("softhsm2-util", "softhsm2")
    needs.program("pkcs11-tool", "opensc")
    token = pki.softhsm(tmp_path, "p256")
    key, other = (
        SigningKey(on(token), lambda: "000000", environment=token.environment) for _ in range(2)
    )
    try:
        with pytest.raises(KeyTrouble, match="refused the PIN") as trouble:
            key.sign(DIGEST)
        assert trouble.value.reason is Reason.WRONG_SECRET
        os.kill(key.pid, signal.SIGKILL)
        change_pin(token, "000000")

        with pytest.raises(KeyTrouble, match="refused the PIN") as trouble:
            key.sign(DIGEST)
        assert "write the right PIN" in str(trouble.value.hint)
        assert other.sign(DIGEST)  # whoever has not been refused is not
    finally:
        key.close()
        other.close()


def change_pin(token, pin):
    """Give a token another PIN."""
    command = ["pkcs11-tool", "--module", token.module, "--token-label", token.label, "--login"]
    command += ["--pin", token.pin, "--change-pin", "--new-pin", pin]
    environment = os.environ | token.environment
    subprocess.run(command, check=True, capture_output=True, env=environment)


def test_a_new_secret_is_tried(place):
    """Only what was refused is remembered."""
    secrets = ["wrong", "wrong", SECRET]
    key = SigningKey(place, lambda: secrets.pop(0))
    try:
        for _ in range(2):
            with pytest.raises(KeyTrouble) as trouble:
                key.facts()
            assert trouble.value.reason is Reason.WRONG_SECRET
        assert key.facts().algorithm == "rsa-pkcs1-sha256"
    finally:
        key.close()


def test_a_new_file_is_tried_with_an_old_secret(keys, place, pki):
    """Somebody put the right key there: nothing needs to be restarted."""
    place.path.write_bytes(pki.signer("rsa2048").pkcs12("another"))
    key = keys(place)
    with pytest.raises(KeyTrouble):
        key.facts()
    place.path.unlink()
    place.path.touch(mode=0o600)
    place.path.write_bytes(pki.signer("p256").pkcs12(SECRET))
    assert key.facts().algorithm == "ecdsa-p256-sha256"


def test_a_missing_file_is_named(keys, tmp_path):
    """The sentence names the file, and the hint what to do."""
    with pytest.raises(KeyTrouble, match=r"none\.p12 cannot be opened") as trouble:
        keys(Pkcs12Place(path=tmp_path / "none.p12")).facts()
    assert trouble.value.reason is Reason.KEY_MISSING


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o606])
def test_a_key_everybody_may_read_is_not_used(keys, place, pki, tmp_path, mode):
    """Who could sign in the agency's name is nobody's guess any more; the group may read it."""
    signer = pki.signer("p256")
    pem = tmp_path / "open.pem"
    pem.write_bytes(signer.key_path.read_bytes())
    for path, where in (
        (place.path, place),
        (pem, PemPlace(key=pem, certificates=signer.certificate_path)),
    ):
        path.chmod(mode)
        key = keys(where)
        with pytest.raises(KeyTrouble, match="everybody on this machine may read") as trouble:
            key.facts()
        assert str(trouble.value.hint) == f"chmod o-rwx {path}"
        path.chmod(0o640)
        assert key.facts().certificate


def test_what_is_no_file_is_not_waited_for(keys, tmp_path):
    """Nobody may ever write into a pipe, and a folder holds no key."""
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path):
        with pytest.raises(KeyTrouble, match="it is no regular file") as trouble:
            keys(Pkcs12Place(path=place)).facts()
        assert trouble.value.reason is Reason.KEY_MISSING


@pytest.mark.parametrize("digest", [b"", DIGEST[:-1], TEXT * 10_000])
def test_what_is_no_digest_is_not_signed(keys, place, digest):
    """The key signs what its hash function makes and nothing longer."""
    with pytest.raises(KeyTrouble):
        keys(place).sign(digest)


@pytest.mark.parametrize("way", ["crashing", "killed", "endless", "nonsense", "silent"])
def test_a_signer_that_does_not_do_its_work_is_trouble(keys, place, way):
    """Nothing is signed; the flow pauses and spends nobody's attempt."""
    span = Span(clock=timedelta(seconds=0.5 if way == "silent" else 30))
    key = keys(place, command=rogue.command(way), span=span)
    with pytest.raises(KeyTrouble) as trouble:
        key.sign(DIGEST)
    assert key.pid is None  # whatever it would say next would be taken for the next answer
    if way == "silent":
        assert trouble.value.reason is Reason.TOKEN_SILENT


def test_the_secret_is_nowhere_to_be_seen(keys, place):
    """Not on the command line, not in the environment, and no core file would hold it."""
    key = keys(place)
    key.facts()
    folder = Path(f"/proc/{key.pid}")
    seen = (folder / "cmdline").read_bytes()
    with suppress(PermissionError):  # only root may look into such a child at all
        seen += (folder / "environ").read_bytes()
    assert SECRET.encode() not in seen
    assert str(place.path).encode() not in seen
    limits = (folder / "limits").read_text()
    assert limits.split("Max core file size", 1)[1].split()[:2] == ["0", "0"]


def test_a_warm_key_is_quick(keys, place):
    """A signature costs a small part of the first, which starts the child and opens the key."""
    key = keys(place)
    first, *others = [_seconds(lambda: key.sign(DIGEST)) for _ in range(21)]
    assert min(others) < first / 5


def _seconds(work):
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


DYING = """
import os, socket, sys
from pathlib import Path
from edge_node.notary.wire import TO_CHILD, Packet, receive, send

told, number = sys.argv[1:3]
connection = socket.socket(fileno=int(number))
send(connection, Packet(body={"fenced": True}))
while True:
    if receive(connection, TO_CHILD).body["ask"] == "open":
        with Path(told).open("a") as file:
            file.write("x")
        os._exit(1)
    trouble = {"reason": "not-open", "message": ["no", {}], "hint": None}
    send(connection, Packet(body={"trouble": trouble}))
"""


def test_a_pin_over_which_a_child_was_lost_is_told_to_no_other(keys, tmp_path):
    """The token may have counted it as a wrong one: neither this request nor the next repeats."""
    told = tmp_path / "told"
    command = (sys.executable, "-c", DYING, str(told))
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    key = keys(OnToken(module="/nonexistent"), "1234", command=command, environment=path)
    for hint in ("it is started again", "see that the token is not locked"):
        with pytest.raises(KeyTrouble, match="ended") as trouble:
            key.sign(DIGEST)
        assert hint in str(trouble.value.hint)
    assert told.read_text() == "x"


def test_a_token_that_was_not_there_is_asked_again(keys, tmp_path):
    """No PIN was looked at by anybody: nothing has to be restarted."""
    key = keys(OnToken(module=str(tmp_path / "none.so")), "1234")
    for _ in range(2):
        with pytest.raises(KeyTrouble) as trouble:
            key.sign(DIGEST)
        assert "is not locked" not in str(trouble.value.hint)
