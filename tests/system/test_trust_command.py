"""The commands about whom to believe, and the one that says what signatures are worth."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import stat
import subprocess
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from signed_pdfs import a_pdf, sign
from system_world import EDGE_NODE, edge_node, environment, on_a_terminal

USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
    "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip
HEAVY = {"pyhanko", "lxml", "asn1crypto", "httpx", "cryptography"}


@pytest.fixture
def config(tmp_path):
    """Give a configuration whose node may ask this machine about certificates."""
    assert edge_node("init", tmp_path / "home").returncode == 0
    config = tmp_path / "home" / "config.yaml"
    with config.open("a") as file:
        file.write("trust: {private: [127.0.0.0/8], timeout: 20s}\n")
    return config


def fingerprint(pki, name):
    return hashlib.sha256(pki.signer(name).certificate).hexdigest()


def trust(config, *arguments, **environ):
    return edge_node("-c", config, "trust", *arguments, **environ)


def add(config, pki, name):
    path = pki.signer(name).certificate_path
    return trust(config, "add", path, "--fingerprint", fingerprint(pki, name))


@pytest.fixture
def trusting(config, pki):
    """Give a configuration with both generations of roots pinned."""
    assert add(config, pki, "root-1").returncode == add(config, pki, "root-2").returncode == 0
    return config


@pytest.fixture
def signed(tmp_path, pki):
    """Give signed files by the name of who signed; the servers tell this machine's time."""

    def signed(*names, level="B-T"):
        paths = [tmp_path / f"{name}.pdf" for name in names]
        for name, path in zip(names, paths, strict=True):
            path.write_bytes(sign(a_pdf(), pki, name, level=level, at=datetime.now(UTC)))
        return paths

    return signed


def test_an_authority_is_believed_once_its_fingerprint_is_given(config, pki):
    """The certificate is shown, kept for us alone, listed, shown again, and taken out."""
    answer = add(config, pki, "root-2")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "Cơ quan chứng thực số gốc G2" in answer.stdout
    assert answer.stdout.endswith("believed from now on\n")
    assert add(config, pki, "root-2").stdout.endswith("believed already\n")

    (path,) = (config.parent / "data" / "trust").iterdir()
    assert (path.stem, stat.S_IMODE(path.stat().st_mode)) == (fingerprint(pki, "root-2"), 0o600)
    head, row = trust(config, "list").stdout.splitlines()
    assert head.split() == ["FINGERPRINT", "KIND", "UNTIL", "SUBJECT"]
    assert re.fullmatch(r"[0-9a-f]{16}  root  2045-01-01  Cơ quan chứng thực số gốc G2", row)

    (listed,) = map(json.loads, trust(config, "list", "--json").stdout.splitlines())
    assert (listed["fingerprint"], listed["root"]) == (fingerprint(pki, "root-2"), True)
    shown = trust(config, "show", row.split()[0])
    assert shown.stdout.endswith(path.read_text())

    assert trust(config, "remove", row.split()[0]).stdout == (
        "believed no longer: Cơ quan chứng thực số gốc G2\n"
    )
    answer = trust(config, "list")
    assert (answer.stdout, answer.stderr) == (
        "",
        "nobody is believed yet: edge-node trust add FILE\n",
    )


def test_a_name_steers_no_terminal_when_it_goes(config, tmp_path):
    """An authority may call itself what it pleases; it is told as everywhere else."""
    der = authority("\x1b[2JCA\u202e")
    (tmp_path / "ca.crt").write_bytes(der)
    mark = hashlib.sha256(der).hexdigest()
    assert trust(config, "add", tmp_path / "ca.crt", "--fingerprint", mark).returncode == 0
    told = trust(config, "remove", mark[:16]).stdout
    assert "CA" in told
    assert told.rstrip("\n").isprintable()


def authority(name):
    """Return the certificate of a root that bears a name."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = dict.fromkeys(USAGES, False) | {"key_cert_sign": True}
    builder = (
        x509.CertificateBuilder(called, called, key.public_key(), 1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2045, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


def test_nobody_is_believed_unless_a_person_confirms(config, pki):
    """Without a terminal to ask at, the fingerprint has to be on the command line."""
    answer = trust(config, "add", pki.signer("root-1").certificate_path)
    complaint, hint = answer.stderr.splitlines()

    assert answer.returncode == 1
    assert re.search(r"^kind of certificate +root$", answer.stdout, re.MULTILINE)
    assert complaint == "edge-node: nobody confirmed the fingerprint: nothing was changed"
    assert hint.endswith(f"--fingerprint {fingerprint(pki, 'root-1')}")
    assert not (config.parent / "data" / "trust").exists()


@pytest.mark.parametrize(
    ("typed", "code", "kept"),
    [(b"y\n", 0, 1), ("có\n".encode(), 0, 1), (b"\n", 1, 0), (b"n\n", 1, 0), (b"\x04", 1, 0)],
)
def test_at_a_terminal_the_fingerprint_is_asked_about(config, pki, typed, code, kept):
    """Whoever only presses Enter has not said yes."""
    ours, theirs = pty.openpty()
    path = pki.signer("root-1").certificate_path
    with subprocess.Popen(
        [*EDGE_NODE, "-c", str(config), "trust", "add", str(path)],
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        os.write(ours, typed)
        assert process.wait(60) == code
        assert b"Traceback" not in process.stderr.read()
    os.close(ours)
    os.close(theirs)

    folder = config.parent / "data" / "trust"
    assert (len(list(folder.iterdir())) if folder.exists() else 0) == kept


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("person", "Nguyễn Thị Thùy Dương cannot be believed as an authority"),
        ("nothing", "the file holds no certificate"),
        ("nowhere", "nowhere is not there"),
    ],
)
def test_what_cannot_be_believed_is_refused_in_words(config, pki, tmp_path, name, words):
    """A signer's certificate, something else, or nothing."""
    (tmp_path / "nothing").write_bytes(b"<html>")
    known = name in pki.signers
    path = pki.signer(name).certificate_path if known else tmp_path / name
    mark = fingerprint(pki, name) if known else ""

    answer = trust(config, "add", path, "--fingerprint", mark)

    assert (answer.returncode, answer.stdout) == (1, "")
    assert words in answer.stderr.splitlines()[0]
    assert "\nhint: " in answer.stderr


def test_a_mistyped_path_is_called_one(config, tmp_path):
    """Nobody moved or removed anything."""
    answer = trust(config, "add", tmp_path / "nowhere" / "root.crt")

    assert answer.stderr.splitlines() == [
        f"edge-node: {tmp_path / 'nowhere' / 'root.crt'} is not there",
        "hint: check the path",
    ]


def test_signatures_are_judged_and_told(trusting, signed):
    """Exit 0 if every file is VALID; who signed, when, by which chain, and what is known."""
    (sound,) = signed("person")
    answer = edge_node("-c", trusting, "verify", sound)
    assert (answer.returncode, answer.stderr) == (0, "")
    told = dict(re.findall(r"^(\S[a-z -]*?)  +(.*)$", answer.stdout, re.MULTILINE))

    assert told["file"] == str(sound)
    assert told["verdict"] == "valid (VALID)"
    assert told["signature"] == "Signature (PAdES-B-T)"
    assert told["signer"] == "Nguyễn Thị Thùy Dương"
    assert told["stamped"].endswith("(by Time tsa)")
    assert told["chain"].endswith("Chính phủ G2 < Cơ quan chứng thực số gốc G2")
    assert (told["covers"], told["revocation"]) == ("the whole file", "not revoked")
    assert told["algorithm"] == "rsa2048-sha256"


def test_one_file_that_is_not_valid_is_enough_for_exit_1(trusting, signed, tmp_path):
    """Every file is told of all the same, also after one that is not there."""
    sound, revoked = signed("person", "revoked")
    unsigned = tmp_path / "plain.pdf"
    unsigned.write_bytes(a_pdf())
    files = [tmp_path / "nowhere.pdf", revoked, unsigned, sound]
    answer = edge_node("-c", trusting, "verify", "--json", *files)
    told = [json.loads(line) for line in answer.stdout.splitlines()]

    assert answer.returncode == 1
    assert f"edge-node: {files[0]} is not there\nhint: check the path\n" in answer.stderr
    assert [(one["file"], one["verdict"], one["sub"]) for one in told] == [
        (str(revoked), "INVALID", "REVOKED"),
        (str(unsigned), "INDETERMINATE", None),
        (str(sound), "VALID", None),
    ]
    assert [one["indication"] for one in told] == [
        "TOTAL-FAILED",
        "INDETERMINATE",
        "TOTAL-PASSED",
    ]
    (signature,) = told[0]["signatures"]
    assert signature["signer"]["subject"] == "Signer revoked"
    assert "was revoked on 2025-06-01" in told[0]["why"]


def test_what_bears_no_signature_is_called_that(trusting, tmp_path):
    """In words at the top; the terms of the standard are for programs, and stay."""
    (tmp_path / "plain.pdf").write_bytes(a_pdf())
    (tmp_path / "letter.txt").write_text("Kính gửi")
    (tmp_path / "folder").mkdir()
    files = [tmp_path / name for name in ("plain.pdf", "letter.txt", "folder")]

    told = edge_node("-c", trusting, "verify", *files).stdout
    read = edge_node("-c", trusting, "verify", "--json", *files).stdout

    assert re.findall(r"^verdict +(.*)$", told, re.MULTILINE) == [
        "not signed",
        "not checked",
        "nobody can tell (INDETERMINATE)",
    ]
    assert "it is no regular file" in told
    assert "mistake of ours" not in told
    assert [json.loads(line)["sub"] for line in read.splitlines()] == [None, "CUSTOM", "CUSTOM"]


def test_a_name_of_any_bytes_is_told(trusting, tmp_path):
    """Files come from old Windows disks, too."""
    path = tmp_path / os.fsdecode(b"c\xf4ng v\xe3n.pdf")
    path.write_bytes(a_pdf())

    for more in ([], ["--json"]):
        answer = edge_node("-c", trusting, "verify", *more, path)
        assert "c\ufffdng v\ufffdn.pdf" in answer.stdout
        assert "Traceback" not in answer.stderr


def test_what_could_not_be_asked_comes_with_what_to_do(config, pki, signed):
    """A server in one's own network is not asked unless that is allowed, and this is said."""
    add(config, pki, "root-2")
    add(config, pki, "issuing-2")
    text = config.read_text("utf-8")
    config.write_text(text.replace("private: [127.0.0.0/8]", "private: []"), "utf-8")

    answer = edge_node("-c", config, "verify", *signed("person", level="B-B"))
    read = edge_node("-c", config, "verify", "--json", *signed("person", level="B-B"))

    assert "lies in a network that is not public" in answer.stdout
    assert re.search(
        r"^hint +if it may be asked, name its network in", answer.stdout, re.MULTILINE
    )
    assert "trust.private" in json.loads(read.stdout)["hints"][0]


def test_certificates_are_told_by_both_their_digests(trusting, pki, signed):
    """SHA-1 is what Windows calls the thumbprint, and people compare it."""
    shown = trust(trusting, "show", fingerprint(pki, "root-2")).stdout
    (thumbprint,) = re.findall(r"^SHA-1 +([0-9a-f]{40})$", shown, re.MULTILINE)
    root = x509.load_der_x509_certificate(pki.signer("root-2").certificate)
    assert root.fingerprint(SHA1()).hex() == thumbprint  # noqa: S303 - as Windows does

    told = edge_node("-c", trusting, "verify", *signed("person")).stdout
    for digest in ("sha1", "sha256"):
        assert hashlib.new(digest, pki.signer("person").certificate).hexdigest() in told


def test_nobody_is_valid_before_somebody_is_believed(config, signed):
    """A fresh node trusts nobody, and says what to do."""
    answer = edge_node("-c", config, "verify", *signed("person"))

    assert answer.returncode == 1
    assert "nobody can tell (INDETERMINATE, NO_CERTIFICATE_CHAIN_FOUND)" in answer.stdout
    assert "hint: nobody is believed yet: edge-node trust add FILE" in answer.stderr


def test_verdicts_fit_a_terminal(trusting, signed):
    """Nothing is wider than 80 columns, and nothing is lost."""
    lines = on_a_terminal("-c", trusting, "verify", *signed("revoked"))

    assert max(map(len, lines)) <= 80
    assert "PAdES-B-T" in " ".join(lines)


def test_the_configuration_shows_what_is_asked_of_signatures(config):
    """Networks and all, with every default."""
    shown = json.loads(edge_node("-c", config, "config", "--json").stdout)

    assert shown["trust"]["private"] == ["127.0.0.0/8"]
    assert (shown["trust"]["revocation"], shown["stamps"]["timeout"]) == ("required", "3m")


def test_the_large_libraries_are_loaded_for_verifying_only():
    """Whoever lists documents does not wait for ASN.1 and PDF."""
    ask = f"import sys, edge_node.cli.app; sys.exit(bool({HEAVY!r} & set(sys.modules)))"

    assert subprocess.run([*EDGE_NODE[:1], "-P", "-c", ask], check=False).returncode == 0
