"""Keys out of files: PKCS #12 of any age, PEM, and what is said when one cannot be used."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from hashlib import new as hashed

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import load_der_x509_certificate

from edge_node.notary import keys
from edge_node.notary.raw import Algorithm

TEXT = "Công văn số 12/UBND-VX".encode()
KINDS = {
    "rsa2048": Algorithm.RSA_SHA256,
    "rsa3072": Algorithm.RSA_SHA256,
    "p256": Algorithm.P256_SHA256,
    "p384": Algorithm.P384_SHA384,
}


def from_pem(signer, **told):
    """Read a signer's PEM files, as written by the infrastructure."""
    certificates = signer.certificate_path.read_bytes() + signer.chain_path.read_bytes()
    told = {"key": signer.key_pem, "certificates": certificates, "name": "key.pem", **told}
    return keys.from_pem(**told)


def verify(key, signature):
    """Let `cryptography` check a signature over TEXT; raises InvalidSignature."""
    public = load_der_x509_certificate(key.certificate).public_key()
    digest = key.algorithm.prehashed._algorithm
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, TEXT, padding.PKCS1v15(), digest)
    else:
        public.verify(signature, TEXT, ec.ECDSA(digest))


@pytest.mark.parametrize(("name", "algorithm"), KINDS.items())
def test_a_key_of_a_pkcs12_file_signs_by_the_algorithm_of_its_kind(pki, name, algorithm):
    """RSA signs over SHA-256 by PKCS #1 v1.5, each curve over the hash of its own strength."""
    signer = pki.signer(name)
    key = keys.from_pkcs12(signer.pkcs12("secret"), "secret", name="seal.p12")
    assert key.algorithm is algorithm
    assert key.certificate == signer.certificate
    assert key.chain == signer.chain
    verify(key, key.sign(hashed(algorithm.digest, TEXT).digest()))


@pytest.mark.parametrize("form", ["3des", "rc2"])
def test_old_pkcs12_files_open(pki, form):
    """Certificate authorities still hand out files under 3DES and RC2-40."""
    signer = pki.signer("person")
    key = keys.from_pkcs12(signer.pkcs12("secret", form=form), "secret", name="seal.p12")
    assert (key.certificate, key.chain) == (signer.certificate, signer.chain)
    verify(key, key.sign(hashed("sha256", TEXT).digest()))


def test_a_pkcs12_file_may_be_ber(pki):
    """Older programs write lengths they leave open; that is no reason to warn or to refuse."""
    signer = pki.signer("person")
    der = signer.pkcs12("secret")
    assert der[:2] == b"\x30\x82"
    ber = b"\x30\x80" + der[4:] + b"\x00\x00"
    assert keys.from_pkcs12(ber, "secret", name="seal.p12").certificate == signer.certificate


def test_a_vietnamese_password_opens(pki):
    """A password may be written as one speaks."""
    content = pki.signer("p256").pkcs12("mật khẩu của tôi")
    assert keys.from_pkcs12(content, "mật khẩu của tôi", name="seal.p12").certificate


def test_a_key_of_pem_files_signs(pki):
    """The key, its certificate and the chain may stand in files of their own."""
    signer = pki.signer("rsa2048")
    key = from_pem(signer)
    assert (key.certificate, key.chain) == (signer.certificate, signer.chain)
    verify(key, key.sign(hashed("sha256", TEXT).digest()))


def test_a_password_opens_a_pem_key_and_one_too_many_does_no_harm(pki):
    """A key under a password opens by it; a key without one opens whatever is given."""
    signer = pki.signer("p256")
    assert from_pem(signer, key=signer.pem("secret"), password="secret").certificate
    assert from_pem(signer, password="secret").certificate


def test_the_chain_is_put_in_order_and_the_root_left_out(pki):
    """However the certificates lie in the file, the leaf comes first and its issuer next."""
    signer = pki.signer("first-generation")
    other = pki.signer("person").chain_path.read_bytes()
    lines = [pki.ca_path.read_bytes(), signer.chain_path.read_bytes(), other]
    key = from_pem(signer, certificates=b"".join([*lines, signer.certificate_path.read_bytes()]))
    assert key.certificate == signer.certificate
    assert key.chain == (pki.signer("issuing-1").certificate,)


def test_of_two_certificates_of_one_key_the_renewed_one_is_taken(pki):
    """A certificate renewed for the same key stands beside the old one for a while."""
    older, newer = pki.signer("revoked"), pki.signer("not-yet-valid")
    assert older.key_path == newer.key_path
    both = newer.certificate_path.read_bytes() + older.certificate_path.read_bytes()
    assert from_pem(older, certificates=both).certificate == newer.certificate


def test_a_key_shows_nothing_of_itself(pki):
    """What is printed of a key may stand in a log."""
    assert "private" not in repr(from_pem(pki.signer("p256")))


def a_short_key():
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - it is refused


def a_key(private):
    """Return a private key as PEM."""
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def damaged(pem):
    """Return PEM whose third line is missing."""
    lines = pem.splitlines(keepends=True)
    return b"".join(lines[:2] + lines[3:])


def exported(pki, *left_out):
    """Return the PKCS #12 file of rsa2048 without its key or without its certificates."""
    signer = pki.signer("rsa2048")
    command = ["openssl", "pkcs12", "-export", "-passout", "pass:secret", *left_out]
    source = "-in" if "-nokeys" in left_out else "-inkey"
    command += [source, signer.certificate_path if source == "-in" else signer.key_path]
    return subprocess.run(command, check=True, capture_output=True).stdout


def p12(pki, content=None, *, name="rsa2048", password=None, **told):
    """Read a PKCS #12 file that stands for seal.p12."""
    content = pki.signer(name).pkcs12("secret", **told) if content is None else content
    given = "secret" if password is None else password
    return keys.from_pkcs12(content, given, name="seal.p12")


def pem(pki, **told):
    """Read the PEM files of rsa2048, some of them replaced."""
    return from_pem(pki.signer("rsa2048"), **told)


REFUSED = {
    "another password": (
        lambda pki: p12(pki, password="other"),
        keys.WrongPassword,
        "the password does not open seal.p12",
    ),
    "another password, 3DES": (
        lambda pki: p12(pki, password="other", form="3des"),
        keys.WrongPassword,
        "the password does not open seal.p12",
    ),
    "no password": (
        lambda pki: p12(pki, password=""),
        keys.WrongPassword,
        "the password does not open seal.p12",
    ),
    "no PKCS #12": (
        lambda pki: p12(pki, b"<html>"),
        keys.KeyUnreadable,
        "seal.p12 is not a PKCS #12 file",
    ),
    "an empty file": (
        lambda pki: p12(pki, b""),
        keys.KeyUnreadable,
        "seal.p12 is not a PKCS #12 file",
    ),
    "half of a file": (
        lambda pki: p12(pki, pki.signer("rsa2048").pkcs12("secret")[:800]),
        keys.KeyUnreadable,
        "seal.p12 is not a PKCS #12 file",
    ),
    "certificates only": (
        lambda pki: p12(pki, exported(pki, "-nokeys")),
        keys.KeyMissing,
        "there is no private key in seal.p12",
    ),
    "a key only": (
        lambda pki: p12(pki, exported(pki, "-nocerts")),
        keys.KeyMissing,
        "there is no certificate with the key in seal.p12",
    ),
    "weak RSA": (lambda pki: p12(pki, name="weak"), keys.KeyUnsupported, "RSA 1024"),
    "PEM, another password": (
        lambda pki: pem(pki, key=pki.signer("rsa2048").pem("secret"), password="other"),
        keys.WrongPassword,
        "the password does not open key.pem",
    ),
    "PEM, no password": (
        lambda pki: pem(pki, key=pki.signer("rsa2048").pem("secret")),
        keys.WrongPassword,
        "none was given",
    ),
    "PEM without a key": (
        lambda pki: pem(pki, key=pki.signer("rsa2048").certificate_path.read_bytes()),
        keys.KeyMissing,
        "there is no private key in key.pem",
    ),
    "no PEM": (
        lambda pki: pem(pki, key=pki.signer("rsa2048").pkcs12("secret")),
        keys.KeyMissing,
        "there is no private key in key.pem",
    ),
    "no certificate": (
        lambda pki: pem(pki, certificates=b""),
        keys.KeyMissing,
        "there is no certificate with the key in key.pem",
    ),
    "a damaged key": (
        lambda pki: pem(pki, key=damaged(pki.signer("rsa2048").key_pem)),
        keys.KeyUnreadable,
        "key.pem is damaged",
    ),
    "a damaged certificate": (
        lambda pki: pem(
            pki, certificates=damaged(pki.signer("rsa2048").certificate_path.read_bytes())
        ),
        keys.KeyUnreadable,
        "a certificate beside key.pem cannot be read",
    ),
    "another's certificate": (
        lambda pki: pem(pki, certificates=pki.signer("p256").certificate_path.read_bytes()),
        keys.KeyMismatch,
        "the key in key.pem belongs to none of the certificates beside it",
    ),
    "Ed25519": (
        lambda pki: pem(pki, key=a_key(Ed25519PrivateKey.generate())),
        keys.KeyUnsupported,
        "the key in key.pem is of the kind Ed25519",
    ),
    "RSA 1024": (
        lambda pki: pem(pki, key=a_key(a_short_key())),
        keys.KeyUnsupported,
        "the key in key.pem is too short: RSA 1024",
    ),
    "P-521": (
        lambda pki: pem(pki, key=a_key(ec.generate_private_key(ec.SECP521R1()))),
        keys.KeyUnsupported,
        "the key in key.pem is of the kind secp521r1",
    ),
}


@pytest.mark.parametrize(("read", "error", "words"), REFUSED.values(), ids=REFUSED)
def test_a_key_that_cannot_be_used_is_refused_with_its_reason(pki, read, error, words):
    """Each trouble has an error of its own kind, a sentence that names the file, and a hint."""
    with pytest.raises(error) as caught:
        read(pki)
    assert words in str(caught.value)
    assert caught.value.hint


def test_junk_is_refused_and_never_escapes(pki):
    """Whatever bytes a file holds, the answer is one of ours."""
    good = pki.signer("p256").pkcs12("secret")
    for cut in range(1, len(good), 97):
        for content in (good[:cut], good[:cut] + b"\xa5" * (len(good) - cut)):
            with pytest.raises(keys.KeyUnavailable):
                keys.from_pkcs12(content, "secret", name="a.p12")


def issued(subject, issuer, key, by, *, named=True):
    """Return a certificate (DER) of one name for another's key; ``named`` by key identifiers."""
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begun)
        .not_valid_after(begun + timedelta(days=365))
    )
    if named:
        mine = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        theirs = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key())
        built = built.add_extension(mine, critical=False).add_extension(theirs, critical=False)
    return built.sign(by, SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("turned", [True, False])
def test_of_two_issuers_of_one_name_the_one_that_signed_is_sent_along(named, turned):
    """An authority that renews its key keeps its name: nobody could follow the other's chain."""
    root, older, newer, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(4))
    leaf = issued("Seal", "Issuing", own, newer, named=named)
    signed = issued("Issuing", "Root", newer, root, named=named)
    other = issued("Issuing", "Root", older, root, named=named)

    held = [leaf, other, signed] if turned else [leaf, signed, other]
    assert keys.chain_of(leaf, held) == (signed,)


def test_where_no_issuer_can_be_checked_the_key_identifier_decides():
    """What is not known to be false is sent along: who verifies may know more."""
    stranger, older, newer, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(4))
    leaf = x509.load_der_x509_certificate(issued("Seal", "Issuing", own, newer))
    broken = leaf.public_bytes(Encoding.DER)[:-1] + b"\0"
    named, other = (issued("Issuing", "Root", key, stranger) for key in (newer, older))

    assert keys.chain_of(broken, [other, named]) == (named,)
    assert keys.chain_of(broken, [other]) == (other,)
