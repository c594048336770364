"""What the configuration says of signing is whole, or refused with the reason."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from edge_node.config import SigningKeySection, load
from edge_node.domain.errors import ConfigError
from edge_node.domain.signing import Level, LookKind, SigningPolicy, Unsigned

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"
REQUIRED = """\
agency: {code: H37.02, name: A}
axis: {url: https://ltvb.example.gov.vn, secret_file: secret}
folders: {data: data}
"""
STAMPED = "stamps: {servers: [{url: https://tsa.vn}]}\n"


def read(folder, text):
    path = folder / "config.yaml"
    path.write_text(REQUIRED + text, encoding="utf-8")
    return load(path).signing


def problems(folder, text):
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def test_nothing_is_signed_where_nothing_is_said(tmp_path):
    """An agency that signs elsewhere configures nothing, not even a time-stamp authority."""
    signing = read(tmp_path, "")

    assert (signing.documents, signing.unsigned) == (SigningPolicy.NEVER, Unsigned.ALLOW)
    assert (signing.level, signing.keys, signing.look.kind) == (Level.B_T, (), LookKind.NONE)


def test_three_kinds_of_keys_are_read(tmp_path):
    """In a file, in two, or on a token; where they lie is told from the configuration's folder."""
    text = """\
signing:
  documents: require-signer-first
  level: B-LTA
  look: {kind: seal, seal: seal.png, width: 36, height: 36.5}
  keys:
    - {name: a, pkcs12: a.p12, password_file: a.password}
    - {name: b, pem: b.key, certificates: /etc/b.pem}
    - {name: c, module: /lib/c.so, serial: 0012, key_id: 01A2, environment: {C_CONF: /etc/c},
       password_file: "credential:pin"}
"""
    signing = read(tmp_path, STAMPED + text)
    first, second, third = signing.keys

    assert (first.pkcs12, first.password_file) == (
        tmp_path / "a.p12",
        str(tmp_path / "a.password"),
    )
    assert (second.pem, second.certificates) == (tmp_path / "b.key", Path("/etc/b.pem"))
    assert (third.module, third.serial, third.key_id) == (Path("/lib/c.so"), "0012", "01a2")
    assert dict(third.environment) == {"C_CONF": "/etc/c"}
    assert third.password_file == "credential:pin"
    assert (signing.look.width, signing.look.height) == (36.0, 36.5)


@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
@pytest.mark.parametrize("revocation", ["never", "if_possible"])
def test_evidence_is_promised_only_where_it_is_demanded(tmp_path, level, revocation):
    """Else a signature would be called what it is not; without keys nobody promises anything."""
    others = f"stamps: {{servers: [{{url: 'http://a'}}]}}\ntrust: {{revocation: {revocation}}}\n"
    signing = f"level: {level}, keys: [{{name: a, pem: a}}]"
    (problem,) = problems(tmp_path, f"signing: {{{signing}}}\n{others}")
    found = f"trust.revocation: must be required, because signatures of level {level} hold the"
    assert problem.startswith(f"config.yaml:6: {found}")
    assert read(tmp_path, f"signing: {{level: {level}}}\n{others}").level == level
    assert read(tmp_path, f"signing: {{{signing.replace(level, 'B-T')}}}\n{others}").keys


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{documents: sometimes}", "one of never, if-unsigned, always, require-signer-first"),
        ("{unsigned: perhaps}", "signing.unsigned: expected one of allow, warn, refuse"),
        ("{level: B-X}", "signing.level: expected one of B-B, B-T, B-LT, B-LTA, found 'B-X'"),
        ("{keys: a.p12}", "signing.keys: expected a list"),
        ("{keys: [{pkcs12: a}]}", "signing.keys[0].name: missing, expected a name of letters"),
        ("{keys: [{name: con dấu, pkcs12: a}]}", "expected a name of letters, digits, dots, -"),
        ("{keys: [{name: ../a, pkcs12: a}]}", "expected a name of letters, digits, dots, - and _"),
        ("{keys: [{name: a, module: a, key_id: 1}]}", "expected bytes in hexadecimal such as"),
        (
            "{level: B-B, keys: [{name: a, module: a, password_file: a, environment: {1: a}}]}",
            "expected the name of an env",
        ),
        (
            "{level: B-B, keys: [{name: a, pkcs12: a, pasword_file: b}]}",
            "the nearest is signing.keys[0].pass",
        ),
        ("{look: {kind: stamp}}", "signing.look.kind: expected one of none, seal, text"),
        ("{look: {width: 3cm}}", "signing.look.width: expected a length in millimetres such as"),
        (
            "{look: {widht: 3}}",
            "no such key signing.look.widht, the nearest is signing.look.width",
        ),
        # Between keys:
        (
            "{level: B-B, keys: [{name: a}]}",
            "signing.keys[0]: expected one of pkcs12, pem, module",
        ),
        (
            "{level: B-B, keys: [{name: a, pkcs12: a, pem: b}]}",
            "signing.keys[0]: expected one of pkcs12, pem, module",
        ),
        (
            "{level: B-B, keys: [{name: a, pkcs12: a, certificates: b}]}",
            "signing.keys[0].certificates: only together with pem",
        ),
        (
            "{level: B-B, keys: [{name: a, pem: a, key_label: b}]}",
            "signing.keys[0].key_label: only together with module",
        ),
        (
            "{level: B-B, keys: [{name: a, module: a}]}",
            "signing.keys[0].password_file: missing: a token is opened by its PIN",
        ),
        (
            "{level: B-B, keys: [{name: a, pem: a}, {name: A, pem: b}]}",
            "signing.keys[1].name: the name of signing.keys[0], too",
        ),
        (
            "{documents: always}",
            "signing.keys: missing, and signing.documents asks for signatures",
        ),
        (
            "{keys: [{name: a, pem: a}]}",
            "stamps.servers: missing: signatures of level B-T have a time-stamp",
        ),
        ("{look: {kind: seal, seal: a, width: 3}}", "signing.look.height: missing, and signing"),
        ("{look: {kind: seal, width: 3, height: 3}}", "signing.look.seal: missing, and signing"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(tmp_path, text, found):
    """One problem, in the line of the section, in words."""
    (problem,) = problems(tmp_path, f"signing: {text}\n")

    assert problem.startswith("config.yaml:4: ")
    assert found in problem


def test_a_password_that_stands_where_its_place_belongs_is_not_shown(tmp_path):
    """Whoever writes the PIN itself does not find it in a log."""
    key = '{name: a, pkcs12: a, password_file: "credential:1234 5678"}'
    (problem,) = problems(tmp_path, f"signing: {{level: B-B, keys: [{key}]}}\n")

    assert "signing.keys[0].password_file: expected the path of the file" in problem
    assert "1234" not in problem


def test_the_keys_the_example_shows_work(tmp_path):
    """Each kind is shown, and together they have everything a key can have."""
    text = EXAMPLE.read_text(encoding="utf-8")
    shown = re.findall(r"^  # (\[\{name: (?:.*[^\]]\n  # )?.*\])$", text, re.MULTILINE)
    text = text.replace("  servers: []", "  servers: [{url: https://tsa.vn}]")
    keys = []
    for each in shown:
        path = tmp_path / "config.yaml"
        path.write_text(
            text.replace("  keys: []", "  keys: " + each.replace("\n  # ", " ")), encoding="utf-8"
        )
        keys += load(path).signing.keys

    assert len(keys) == 4
    assert all(any(getattr(key, one.name) for key in keys) for one in fields(SigningKeySection))
