"""The key on a token: SoftHSM stands for it, and loses its session, its PIN and itself."""

from __future__ import annotations

import shutil
from hashlib import new as hashed
from types import SimpleNamespace

import needs
import pkcs11
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import load_der_x509_certificate
from pkcs11 import TokenFlag
from pkcs11.util.rsa import decode_rsa_private_key

from edge_node.notary import token as tokens
from edge_node.notary.keys import (
    KeyMismatch,
    KeyMissing,
    KeyUnreadable,
    KeyUnsupported,
    WrongPassword,
)
from edge_node.notary.raw import Algorithm
from edge_node.notary.slot import TokenMissing, TokenPlace, TokenSilent
from edge_node.notary.token import TokenLocked, open_token

TEXT = "Công văn số 12/UBND-VX".encode()


@pytest.fixture(scope="module")
def made(pki, tmp_path_factory):
    """Make one token with three keys: making it is slow, loading it is not."""
    needs.program("softhsm2-util", "softhsm2")
    needs.program("pkcs11-tool", "opensc")
    return pki.softhsm(tmp_path_factory.mktemp("token"), "rsa2048", "p256", "p384")


@pytest.fixture
def token(made, monkeypatch):
    """Plug the token in, and forget the PINs it refused before."""
    monkeypatch.setattr(tokens, "_REFUSED", set())
    with made.in_force():
        yield made


@pytest.fixture
def own(pki, tmp_path, monkeypatch):
    """Give a token with one key that a test may change."""
    needs.program("softhsm2-util", "softhsm2")
    monkeypatch.setattr(tokens, "_REFUSED", set())
    with pki.softhsm(tmp_path, "p256").in_force() as token:
        yield token


def place(token, key="", **told):
    """Say where a key of the token is."""
    told = {"label": token.label, "key_label": key, **told}
    return TokenPlace(module=token.module, **told)


def verify(key):
    """Sign TEXT and let `cryptography` check it by the certificate."""
    signature = key.sign(hashed(key.algorithm.digest, TEXT).digest())
    public = load_der_x509_certificate(key.certificate).public_key()
    digest = key.algorithm.prehashed._algorithm
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, TEXT, padding.PKCS1v15(), digest)
    else:
        public.verify(signature, TEXT, ec.ECDSA(digest))


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        ("rsa2048", Algorithm.RSA_SHA256),
        ("p256", Algorithm.P256_SHA256),
        ("p384", Algorithm.P384_SHA384),
    ],
)
def test_a_key_of_the_token_signs_by_the_algorithm_of_its_kind(pki, token, name, algorithm):
    """The certificate is found beside the key, and the signature holds for it."""
    key = open_token(place(token, name), token.pin)
    assert key.algorithm is algorithm
    assert key.certificate == pki.signer(name).certificate
    for _ in range(3):
        verify(key)
    key.close()


def test_a_key_is_found_by_the_serial_of_its_token_and_its_own_id(token):
    """Labels may be equal on many tokens; serial numbers and ids are not."""
    there = place(token, label="", serial=token.serial, key_id=token.ids["p256"])
    key = open_token(there, token.pin)
    assert key.algorithm is Algorithm.P256_SHA256
    key.close()


def test_the_chain_is_completed_from_what_is_at_hand(pki, token):
    """Tokens often hold the leaf only; its issuer then comes from the node's own store."""
    key = open_token(place(token, "rsa2048"), token.pin, chain=pki.intermediates)
    assert key.chain == pki.signer("rsa2048").chain
    key.close()


def test_a_lost_session_is_opened_again(token):
    """Pulled, slept, idled: the next signature logs in again and goes through."""
    key = open_token(place(token, "p256"), token.pin)
    key._open.session.close()
    verify(key)
    pkcs11.lib(token.module).reinitialize()
    verify(key)
    key.close()
    verify(key)
    key.close()


def test_a_second_key_of_the_same_token_shares_the_login(token):
    """A process logs in once; more sessions stand on that login."""
    first, second = (open_token(place(token, name), token.pin) for name in ("p256", "rsa2048"))
    verify(first)
    verify(second)
    first.close()  # logs the process out
    verify(second)
    second.close()


def test_a_refused_pin_is_never_tried_again(own):
    """
    A wrong PIN stops at once, for this process and for every key of the token.

    The token is given that very PIN afterwards: were it tried once more, it would open.
    """
    with pytest.raises(WrongPassword, match="the token edge refused the PIN") as caught:
        open_token(place(own), "000000")
    assert "000000" not in f"{caught.value}{caught.value.hint}"
    change_pin(own, "000000")
    with pytest.raises(WrongPassword, match="not told to it again"):
        open_token(place(own), "000000")
    tokens._REFUSED.clear()
    open_token(place(own), "000000").close()


def plugged_in(token):
    """Return the token as its own programs see it."""
    return pkcs11.lib(token.module).get_token(token_label=token.label)


def change_pin(token, pin):
    """Give the token another PIN, as its own program does."""
    with plugged_in(token).open(rw=True, user_pin=token.pin) as session:
        session.set_pin(token.pin, pin)


def test_another_pin_is_tried(own):
    """Once a person gives the right PIN, the token opens."""
    with pytest.raises(WrongPassword):
        open_token(place(own), "000000")
    key = open_token(place(own), own.pin)
    verify(key)
    key.close()


def test_a_pin_that_was_changed_meanwhile_is_tried_once(own):
    """A lost session is opened again with the PIN that was given: once, if it is refused."""
    key = open_token(place(own), own.pin)
    key._open.session.close()
    change_pin(own, "777777")
    for _ in range(2):
        with pytest.raises(WrongPassword):
            key.sign(hashed("sha256", TEXT).digest())


def key_that_asks_every_time(pki, token):
    """Put a key on the token that wants the PIN at every signature; return where it is."""
    der = pki.signer("rsa3072").key.private_bytes(
        Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    with plugged_in(token).open(rw=True, user_pin=token.pin) as session:
        session.create_object(
            decode_rsa_private_key(der)
            | {
                pkcs11.Attribute.TOKEN: True,
                pkcs11.Attribute.PRIVATE: True,
                pkcs11.Attribute.LABEL: "careful",
                pkcs11.Attribute.ALWAYS_AUTHENTICATE: True,
            }
        )
    return place(token, "careful")


def test_a_key_that_wants_the_pin_every_time_gets_it(pki, own):
    """Keys for signatures that bind a person are often made so."""
    certificate = pki.signer("rsa3072").certificate
    key = open_token(key_that_asks_every_time(pki, own), own.pin, certificate=certificate)
    for _ in range(2):
        verify(key)
    key.close()


def test_a_pin_refused_at_a_signature_is_never_tried_again(pki, own):
    """The PIN was changed meanwhile: once refused, it is not sent a second time."""
    certificate = pki.signer("rsa3072").certificate
    key = open_token(key_that_asks_every_time(pki, own), own.pin, certificate=certificate)
    other = plugged_in(own).open(rw=True)
    other.set_pin(own.pin, "777777")
    with pytest.raises(WrongPassword):
        key.sign(hashed("sha256", TEXT).digest())
    other.set_pin("777777", own.pin)
    with pytest.raises(WrongPassword):
        key.sign(hashed("sha256", TEXT).digest())


class Counting(SimpleNamespace):
    """A token whose counter of wrong PINs stands as told; SoftHSM has none."""

    def open(self, **_):
        """Refuse, and count it."""
        self.tries += 1
        raise self.answer


def counting(flags=None, answer=None):
    flags = flags or TokenFlag(0)
    return Counting(label="edge", serial=b"1", flags=flags, answer=answer, tries=0)


@pytest.mark.parametrize("flag", [TokenFlag.USER_PIN_LOCKED, TokenFlag.USER_PIN_FINAL_TRY])
def test_the_last_try_of_a_token_is_a_persons(flag):
    """A token that is locked, or would be by one more wrong PIN, is not asked at all."""
    token = counting(flag)
    with pytest.raises(TokenLocked) as caught:
        tokens._session(token, "123456")
    assert token.tries == 0
    assert caught.value.hint


def test_no_pin_is_no_try():
    """A token counts an empty PIN as a wrong one."""
    token = counting()
    with pytest.raises(WrongPassword, match="no PIN was given"):
        tokens._session(token, "")
    assert token.tries == 0


def test_a_token_that_says_it_is_locked_is_believed():
    """The answer of the token has its own sentence."""
    with pytest.raises(TokenLocked, match="locked after too many wrong PINs"):
        tokens._session(counting(answer=pkcs11.PinLocked()), "123456")


def test_a_token_that_is_not_there_is_missing(token):
    """Neither a label nor a serial number that answers: a person must plug it in."""
    for named in ({"label": "other"}, {"label": "", "serial": "other"}, {"serial": "other"}):
        with pytest.raises(TokenMissing, match=r"the token (other|edge) is not there") as caught:
            open_token(place(token, **named), token.pin)
        assert caught.value.hint


def test_a_token_that_is_plugged_in_late_is_found(own, tmp_path):
    """The driver looked before it was there, and is made to look again."""
    (tmp_path / "tokens").rename(tmp_path / "away")
    (tmp_path / "tokens").mkdir()
    with pytest.raises(TokenMissing):
        open_token(place(own), own.pin)
    (tmp_path / "tokens").rmdir()
    (tmp_path / "away").rename(tmp_path / "tokens")
    key = open_token(place(own), own.pin)
    verify(key)
    key.close()


def test_a_token_that_goes_away_is_missing(own, tmp_path):
    """Pulled out while the node runs."""
    key = open_token(place(own), own.pin)
    key.close()
    for folder in (tmp_path / "tokens").iterdir():
        shutil.rmtree(folder)
    with pytest.raises(TokenMissing):
        key.sign(hashed("sha256", TEXT).digest())


@pytest.mark.parametrize("module", ["/nowhere/libtoken.so", "/etc/hostname"])
def test_a_driver_that_cannot_be_loaded_is_named(module):
    """The path is said, so that it can be mended."""
    with pytest.raises(TokenMissing, match=f"the driver {module} cannot be loaded"):
        open_token(TokenPlace(module=module, label="edge"), "123456")


def test_a_key_that_is_not_on_the_token_is_missing(token):
    """The label is said."""
    with pytest.raises(KeyMissing, match="holds no key other to sign with"):
        open_token(place(token, "other"), token.pin)


def test_of_several_keys_one_must_be_named(token):
    """The node does not choose with which key an agency signs."""
    with pytest.raises(KeyMissing, match="holds 3 keys to sign with"):
        open_token(place(token), token.pin)


def test_a_certificate_that_is_not_on_the_token_is_taken_from_its_file(pki, own):
    """Some tokens hold the key only."""
    without_certificate(own)
    with pytest.raises(KeyMissing, match="holds no certificate of its key"):
        open_token(place(own), own.pin)
    key = open_token(place(own), own.pin, certificate=pki.signer("p256").certificate)
    verify(key)
    key.close()


def test_what_fails_to_open_leaves_nobody_logged_in(own):
    """A login left behind would let anybody in by any PIN."""
    without_certificate(own)
    with pytest.raises(KeyMissing):
        open_token(place(own), own.pin)
    with pytest.raises(WrongPassword):
        open_token(place(own), "000000")


def test_a_certificate_is_found_by_its_label_where_the_ids_differ(pki, own):
    """Programs that write certificates do not all give them the id of the key."""
    without_certificate(own)
    with plugged_in(own).open(rw=True, user_pin=own.pin) as session:
        for label, name, key_id in (("p384", "p384", b"\x77"), ("p256", "p256", b"\x78")):
            attribute = pkcs11.Attribute
            session.create_object(
                {
                    attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
                    attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                    attribute.TOKEN: True,
                    attribute.LABEL: label,
                    attribute.ID: key_id,
                    attribute.SUBJECT: b"",
                    attribute.VALUE: pki.signer(name).certificate,
                }
            )
    key = open_token(place(own), own.pin)
    assert key.certificate == pki.signer("p256").certificate
    key.close()


def test_the_certificate_of_another_key_is_found_out(pki, own):
    """A signature that does not hold for the certificate is never given on."""
    without_certificate(own)
    key = open_token(place(own), own.pin, certificate=pki.signer("expired").certificate)
    with pytest.raises(KeyMismatch, match="does not fit its certificate"):
        key.sign(hashed("sha256", TEXT).digest())
    key.close()


def test_a_certificate_that_cannot_be_read_is_said(own):
    """Half a certificate written to a token, or beside it."""
    without_certificate(own)
    with pytest.raises(KeyUnreadable, match="a certificate on the token edge cannot be read"):
        open_token(place(own), own.pin, certificate=b"\x30\x05junk")


def test_a_weak_key_is_refused(pki, own):
    """RSA of 1024 bits is not signed with, wherever it lies."""
    without_certificate(own)
    with pytest.raises(KeyUnsupported, match="RSA 1024"):
        open_token(place(own), own.pin, certificate=pki.signer("weak").certificate)


def test_what_the_token_cannot_do_is_said(pki, own):
    """A mechanism the token lacks is no lost session: it is said once, with the token's word."""
    without_certificate(own)
    key = open_token(place(own), own.pin, certificate=pki.signer("rsa2048").certificate)
    with pytest.raises(TokenSilent, match="does not do what it is asked"):
        key.sign(hashed("sha256", TEXT).digest())
    key.close()


def test_a_key_shows_no_pin(token):
    """What is printed of a key may stand in a log."""
    key = open_token(place(token, "p256"), token.pin)
    assert token.pin not in repr(key)
    key.close()


def without_certificate(token):
    """Take the certificates from the token."""
    with plugged_in(token).open(rw=True, user_pin=token.pin) as session:
        wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE}
        for one in list(session.get_objects(wanted)):
            one.destroy()
