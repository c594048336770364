"""The folder of authorities that are believed: what may enter it, and what is made of it."""

from __future__ import annotations

import hashlib
import os
import stat
from datetime import timedelta

import needs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from pki import BEGUN, ENDS
from signed_pdfs import NOW

from edge_node.adapters.anchors import (
    AnchorRefused,
    Anchors,
    AnchorsUnsound,
    certificates_in,
    chosen,
    demand_authority,
)
from edge_node.adapters.steps import Step, listening
from edge_node.domain.errors import UnknownItem

DAY = timedelta(days=1)


@pytest.fixture
def anchors(tmp_path):
    return Anchors(tmp_path / "data" / "trust")


def the_anchor(pki, name):
    (anchor,) = certificates_in(pki.signer(name).certificate)
    return anchor


def added(anchors, pki, *names):
    for name in names:
        anchors.add(the_anchor(pki, name))


def self_issued(signed_by=None):
    """Return an authority's certificate that names itself as issuer, signed by whichever key."""
    own = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Two keys")])
    builder = x509.CertificateBuilder(name, name, own.public_key(), 7, BEGUN, ENDS)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    return builder.sign(signed_by or own, hashes.SHA256()).public_bytes(Encoding.DER)


def test_what_root_adds_the_node_can_read(anchors, pki):
    """A command given as root leaves all to the node's own user; root may add and list on."""
    needs.root()
    data = anchors.folder.parent
    data.mkdir()
    os.chown(data, 4321, 4321)
    added(anchors, pki, "root-1", "root-2")

    assert {path.stat().st_uid for path in (anchors.folder, *anchors.folder.iterdir())} == {4321}
    assert len(anchors.pinned().roots) == 2


def test_what_a_third_user_wrote_is_believed_by_nobody(anchors, pki):
    """Root believes itself and the node, no others."""
    needs.root()
    added(anchors, pki, "root-1")
    (path,) = anchors.folder.iterdir()
    os.chown(anchors.folder.parent, 4321, 4321)
    os.chown(path, 4322, 4322)
    with pytest.raises(AnchorsUnsound, match="others than this node may write"):
        anchors.pinned()


def test_two_generations_of_roots_are_believed_at_once(anchors, pki):
    """Roots and intermediates lie in one folder and are told apart by what they are."""
    added(anchors, pki, "issuing-2", "root-2", "issuing-1", "root-1")

    pinned = anchors.pinned()

    assert set(pinned.roots) == set(pki.roots)
    assert set(pinned.intermediates) == set(pki.intermediates)


def test_nobody_is_believed_where_nobody_was_added(anchors):
    """A folder that is not there is an empty one, and looking makes none."""
    assert anchors.pinned().roots == ()
    assert not anchors.folder.exists()


@pytest.mark.parametrize("form", ["DER", "PEM", "PKCS7"])
def test_a_certificate_is_read_in_the_forms_authorities_publish(pki, form):
    """PEM, DER and PKCS #7 lead to the same certificate."""
    der = pki.signer("root-1").certificate
    one = x509.load_der_x509_certificate(der)
    written = {
        "DER": der,
        "PEM": one.public_bytes(Encoding.PEM),
        "PKCS7": pkcs7.serialize_certificates([one], Encoding.DER),
    }

    (anchor,) = certificates_in(written[form])

    assert (anchor.der, anchor.root) == (der, True)
    assert anchor.facts.fingerprint == hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x30\x82", b"-----BEGIN CERTIFICATE-----"])
def test_what_is_no_certificate_is_refused(content):
    """Whatever a download left in the file, the answer is a sentence."""
    with pytest.raises(AnchorRefused, match="holds no certificate"):
        certificates_in(content)


@pytest.mark.parametrize(
    ("name", "now", "problems"),
    [
        ("rsa2048", NOW, ["basicConstraints", "keyUsage"]),
        ("ocsp", NOW, ["basicConstraints", "keyUsage"]),
        ("root-1", ENDS + DAY, ["it ran out on 2045-01-01"]),
        ("root-1", BEGUN - DAY, ["it is not valid before 2020-01-01"]),
        ("expired", NOW, ["basicConstraints", "keyUsage", "ran out on 2024-01-01"]),
    ],
)
def test_what_cannot_be_an_authority_is_refused_with_every_reason(pki, name, now, problems):
    """A signer's own certificate, or one out of its time, never becomes somebody to believe."""
    with pytest.raises(AnchorRefused) as caught:
        demand_authority(the_anchor(pki, name), now=now)

    assert len(caught.value.problems) == len(problems)
    for problem, words in zip(caught.value.problems, problems, strict=True):
        assert words in str(problem)


def test_an_authority_in_force_is_accepted(pki):
    """Root or intermediate, of either generation."""
    for name in ("root-1", "root-2", "issuing-1", "issuing-2"):
        demand_authority(the_anchor(pki, name), now=NOW)


def test_only_a_signature_of_its_own_makes_a_root():
    """A certificate that names itself as issuer but was signed by an older key is no root."""
    (own,) = certificates_in(self_issued())
    (older,) = certificates_in(self_issued(signed_by=ec.generate_private_key(ec.SECP256R1())))

    assert (own.root, older.root) == (True, False)


def test_of_a_bundle_one_is_named_by_its_fingerprint(pki):
    """Several certificates in one file are never believed wholesale."""
    found = certificates_in(pki.ca_path.read_bytes())
    wanted = hashlib.sha256(pki.roots[1]).hexdigest()

    with pytest.raises(AnchorRefused, match="2 certificates") as caught:
        chosen(found)

    assert any(wanted in str(problem) for problem in caught.value.problems)
    spoken = ":".join(wanted[at : at + 2] for at in range(0, 64, 2)).upper()
    assert chosen(found, spoken).der == pki.roots[1]


def test_another_fingerprint_than_the_confirmed_one_is_refused(pki):
    """The whole fingerprint counts: a beginning could be forged."""
    found = certificates_in(pki.roots[0])
    whole = found[0].facts.fingerprint

    for fingerprint in ("0" * 64, whole[:16], whole[:-1] + "z"):
        with pytest.raises(AnchorRefused, match="no certificate in the file has that"):
            chosen(found, fingerprint)


def test_what_is_added_is_ours_alone_and_durable(anchors, pki):
    """The folder and its files are private, and the file is synced before it has its name."""
    steps = []
    with listening(lambda step, *_: steps.append(step)):
        assert anchors.add(the_anchor(pki, "root-1"))
    (path,) = anchors.folder.iterdir()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(anchors.folder.stat().st_mode) == 0o700
    assert steps.index(Step.SYNC) < steps.index(Step.RENAME) < steps.index(Step.SYNC_FOLDER)
    assert path.name == f"{the_anchor(pki, 'root-1').facts.fingerprint}.pem"
    assert not anchors.add(the_anchor(pki, "root-1"))


def test_an_authority_is_believed_no_longer_once_removed(anchors, pki):
    """It is found by the beginning of its fingerprint, and the folder is synced."""
    added(anchors, pki, "root-1", "root-2")
    fingerprint = hashlib.sha256(pki.roots[0]).hexdigest()
    steps = []

    with listening(lambda step, *_: steps.append(step)):
        gone = anchors.remove(fingerprint[:10])

    assert gone.der == pki.roots[0]
    assert anchors.pinned().roots == (pki.roots[1],)
    assert steps[-1] is Step.SYNC_FOLDER


@pytest.mark.parametrize("fingerprint", ["", "ab", "f" * 64, "../x"])
def test_a_fingerprint_nobody_has_names_nobody(anchors, pki, fingerprint):
    """Nor does one too short to tell."""
    added(anchors, pki, "root-1")

    with pytest.raises(UnknownItem):
        anchors.find(fingerprint)


def _another_content(path, pki):
    path.write_bytes(pki.signer("stranger-root").certificate_path.read_bytes())


def _open_to_all(path, _):
    path.chmod(0o666)


def _open_folder(path, _):
    path.parent.chmod(0o777)


def _a_stray_file(path, pki):
    (path.parent / "evil.pem").write_bytes(
        pki.signer("stranger-root").certificate_path.read_bytes()
    )


def _a_link(path, _):
    elsewhere = path.parent.parent / "elsewhere.pem"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def _damaged(path, _):
    path.write_bytes(b"")


@pytest.mark.parametrize(
    "harm", [_another_content, _open_to_all, _open_folder, _a_stray_file, _a_link, _damaged]
)
def test_nobody_is_believed_while_the_folder_is_not_as_we_left_it(anchors, pki, harm):
    """Whoever could write there could make any signature hold: it is an outage, with a hint."""
    added(anchors, pki, "root-1")
    (path,) = anchors.folder.iterdir()
    harm(path, pki)

    with pytest.raises(AnchorsUnsound) as caught:
        anchors.pinned()

    assert caught.value.hint is not None


def test_what_a_crash_left_while_adding_harms_nobody(anchors, pki):
    """A hidden part is passed over, and swept by the next addition."""
    added(anchors, pki, "root-1")
    left = anchors.folder / ".x.pem.0123abcd.part"
    left.write_bytes(b"half")

    assert len(anchors.all()) == 1
    added(anchors, pki, "root-2")
    assert not left.exists()
