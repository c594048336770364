"""The story of a drop that waits to be signed: a real key, a real token, a real authority."""

from __future__ import annotations

import re
import socket
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from explaining import both, commands, explained, facts, on_the_board
from flows_world import LETTER, a_sheet
from signing_world import BY, an_agency

from edge_node.config import SigningKeySection, StampServer
from edge_node.domain.signing import SigningPolicy

NOBODY = "http://127.0.0.1:9/tsa"
PATIENCE = timedelta(seconds=1)


def secret(tmp_path, text):
    """Write a password down; return where."""
    path = tmp_path / "password"
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def in_file(pki, tmp_path, name="agency"):
    """Return a key in a PKCS #12 file."""
    path = tmp_path / "seal.p12"
    path.touch(mode=0o600)
    path.write_bytes(pki.signer(name).pkcs12("secret"))
    return SigningKeySection(name="seal", pkcs12=path, password_file=secret(tmp_path, "secret"))


def on_token(pki, tmp_path, *, pin="", label="edge"):
    """Return a key on a token of SoftHSM, looked for under a label."""
    token = pki.softhsm(tmp_path / "token", "agency")
    return SigningKeySection(
        name="seal",
        module=Path(token.module),
        token=label,
        environment=token.environment,
        password_file=secret(tmp_path, pin or token.pin),
    )


def of_two(pki, _):
    """Return one signer's key with another's certificate."""
    return SigningKeySection(
        name="seal",
        pem=pki.signer("p256").key_path,
        certificates=pki.signer("p384").certificate_path,
    )


def waiting(world, pki, key, url=""):
    """Drop a document at an agency that signs with a key; return what is told of it."""
    desk = an_agency(
        world,
        pki,
        signing={"documents": SigningPolicy.ALWAYS, "keys": (key,), **BY},
        stamps={
            "servers": (StampServer(url=url or pki.tsa_url),),
            "tries": 1,
            "timeout": PATIENCE,
        },
    )
    desk.drop("12", {"12.pdf": LETTER.read_bytes()}, **a_sheet("12.pdf", to=world.desk().code))
    on_the_board(desk, "intake", "intake")
    tale = explained(desk, desk.outbox / "12")
    assert facts(tale) == ["claimed", "resting", "tried-again"]
    assert explained(desk, tale.item).facts == tale.facts
    return tale


KEYS = {
    "wrong PIN": (
        lambda pki, path: on_token(pki, path, pin="000000"),
        "the token edge refused the PIN; that PIN is not told to it again",
        "write the right PIN into the password_file of this key",
    ),
    "token gone": (
        lambda pki, path: on_token(pki, path, label="gone"),
        "the token gone is not there",
        "plug it in; those that are seen: pkcs11-tool --module .*softhsm.* --list-token-slots",
    ),
    "key not matching": (
        of_two,
        "belongs to none of the certificates beside it",
        "name the certificate that was issued for this key",
    ),
    "certificate expired": (
        lambda pki, path: in_file(pki, path, "expired"),
        "ran out",
        "have a new certificate issued, name its key in signing.keys",
    ),
}


@pytest.mark.parametrize("trouble", KEYS)
def test_a_drop_waits_for_the_key_and_says_why(world, pki, tmp_path, trouble):
    """Asked by its name in the outbox, where it does not lie any more, or by its id."""
    key, why, cure = KEYS[trouble]
    tale = waiting(world, pki, key(pki, tmp_path))
    english, _ = both(tale)
    assert re.search(why, english), english
    assert re.search(cure, english), english
    assert commands(tale) == ["edge-node doctor", "edge-node cert check"]


def test_a_drop_waits_for_a_time_stamp_server_that_is_down(world, pki, tmp_path):
    """Which one, and that nobody listens there."""
    english, _ = both(waiting(world, pki, in_file(pki, tmp_path), NOBODY))
    assert f"no time-stamp could be had ({NOBODY}: cannot reach 127.0.0.1" in english
    assert "check the network and the firewall" in english


def test_a_drop_waits_for_a_time_stamp_server_that_is_slower_than_stamps_timeout(
    world, pki, tmp_path
):
    """Somebody takes the call and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/tsa"
        english, _ = both(waiting(world, pki, in_file(pki, tmp_path), url))
    assert f"no time-stamp could be had ({url}:" in english
