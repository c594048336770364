"""A key whose file is replaced between two questions is asked anew; no document is to blame."""

from __future__ import annotations

import os
import signal
from hashlib import sha256

import office
import pytest
from signatories import SECRET, Watched, signing
from signed_pdfs import a_pdf

from edge_node.adapters.signing_key import KeyReplaced, Pkcs12Place, SigningKey
from edge_node.domain.errors import Outage
from edge_node.notary.raw import fits, public_key

DIGEST = sha256(b"a document").digest()


def replaced(path, signer, key):
    """Put another key in the place of one, and have its child go for want of work."""
    path.write_bytes(signer.pkcs12(SECRET))
    os.kill(key.pid, signal.SIGKILL)


@pytest.mark.parametrize("name", ["p256", "p384"])  # of which the other hashes differently
@pytest.mark.parametrize("ask", ["sign", "cms"])
def test_another_key_does_not_sign_in_the_place_of_one(pki, tmp_path, ask, name):
    """It is trouble of the key; once its certificate was asked for anew, it signs."""
    path = tmp_path / "key.p12"
    path.touch(mode=0o600)
    path.write_bytes(pki.signer("rsa2048").pkcs12(SECRET))
    key = SigningKey(Pkcs12Place(path=path), lambda: SECRET)
    try:
        before = key.facts()
        replaced(path, pki.signer(name), key)
        for _ in range(2):
            with pytest.raises(KeyReplaced) as caught:
                getattr(key, ask)(DIGEST, before)
        assert isinstance(caught.value, Outage)

        now = key.facts()
        assert now.certificate == pki.signer(name).certificate
        digest = DIGEST if name == "p256" else DIGEST + DIGEST[:16]
        if ask == "sign":
            made = key.sign(digest, now)
            assert fits(public_key(now.certificate), made, digest, now.hashed)
        assert getattr(key, ask)(digest, now)
    finally:
        key.close()


class Shifting(Watched):
    """A key that is replaced right after it has said which one it is."""

    def __init__(self, key, signers, path):
        """Be replaced by these, one after the other."""
        super().__init__(key, [])
        self.facts = self._facts
        self._signers, self._path = list(signers), path

    def _facts(self):
        facts = self._key.facts()
        if self._signers:
            replaced(self._path, self._signers.pop(0), self._key)
        return facts


@pytest.mark.parametrize("content", [a_pdf(), office.a_docx()], ids=["pdf", "office"])
def test_a_document_is_signed_by_the_key_that_lies_there_now(pki, tmp_path, content):
    """Which one it is is asked anew, once; one that goes on changing is an outage."""
    with signing(pki, tmp_path) as desk:
        path = tmp_path / "rsa2048.p12"
        once = Shifting(desk.key("rsa2048"), [pki.signer("p256")], path)
        made = desk.sign(content, signatory=desk.signatory(key=lambda: once))
        assert made.act.fingerprint == sha256(pki.signer("p256").certificate).hexdigest()

        both = [pki.signer("rsa2048"), pki.signer("p256")]
        on_and_on = Shifting(desk.key("rsa2048"), both, path)
        with pytest.raises(KeyReplaced, match="its certificate is another one now"):
            desk.sign(content, signatory=desk.signatory(key=lambda: on_and_on))
        assert not (tmp_path / "signed").exists()
