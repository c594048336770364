"""Which key signs is remembered; passwords are read late, and wrong PINs told once."""

from __future__ import annotations

import json
import stat
from hashlib import sha256

import needs
import pytest

from edge_node.adapters.own_keys import (
    Generations,
    KeysUnsound,
    OwnKey,
    OwnKeys,
    Role,
)
from edge_node.adapters.signing_key import KeyTrouble, OnToken, Pkcs12Place
from edge_node.domain.errors import UnknownItem
from edge_node.notary.child import Reason
from edge_node.notary.raw import fits, public_key

DIGEST = sha256(b"a document").digest()
NAMES = ("old", "new", "third")


@pytest.fixture
def opened():
    """Close whatever a test opens."""
    every = []
    yield every.append
    for keys in every:
        keys.close()


@pytest.fixture
def keys(tmp_path, opened):
    """Give the keys of a configuration, by their names, none of which is really there."""

    def keys(*names):
        places = [OwnKey(name=name, place=Pkcs12Place(path=tmp_path / name)) for name in names]
        made = OwnKeys(places, tmp_path)
        opened(made)
        return made

    return keys


def on_disk(folder, signer, *, mode=0o600):
    """Lay a key and its password down; return it as configured."""
    (folder / "key.p12").touch(mode=0o600)
    (folder / "key.p12").write_bytes(signer.pkcs12("quá bí mật"))
    (folder / "password").write_text("quá bí mật\n")
    (folder / "password").chmod(mode)
    place = Pkcs12Place(path=folder / "key.p12")
    return OwnKey(name="seal", place=place, password_file=str(folder / "password"))


def test_the_first_key_signs_until_somebody_says_otherwise(keys):
    """A fresh node has no state, and needs none."""
    assert keys(*NAMES).generations() == Generations(active="old")


def test_what_was_staged_and_activated_is_known_to_whoever_comes_next(keys, tmp_path):
    """Another process, or the same after a power cut, finds the same roles; nobody else reads."""
    keys(*NAMES).stage("new")
    assert [keys(*NAMES).role(name) for name in NAMES] == [Role.ACTIVE, Role.STAGED, Role.SPARE]

    assert keys(*NAMES).activate("new") == "old"
    assert [keys(*NAMES).role(name) for name in NAMES] == [Role.FORMER, Role.ACTIVE, Role.SPARE]
    assert stat.S_IMODE((tmp_path / "signing.json").stat().st_mode) == 0o600


def test_a_running_node_sees_that_another_key_took_over(keys):
    """What asks for the key that signs asks each time; what has begun keeps its key."""
    running = keys(*NAMES)
    begun = running.key()
    keys(*NAMES).activate("new")

    assert (begun.name, running.key().name) == ("old", "new")
    assert running.key("old") is begun


def test_the_former_key_can_be_gone_back_to(keys):
    """Forward and back, and the one that is next stays next."""
    ours = keys(*NAMES)
    ours.activate("new")
    ours.stage("third")
    assert ours.activate("old") == "new"

    assert ours.generations() == Generations(active="old", staged="third", former=("new",))


def test_the_key_that_signs_is_not_made_the_next(keys):
    """It would be nothing new."""
    ours = keys(*NAMES)
    ours.stage("old")
    ours.activate("old")

    assert ours.generations() == Generations(active="old")


@pytest.mark.parametrize("ask", ["key", "stage", "activate", "role"])
def test_a_name_that_nobody_configured_is_refused(keys, ask):
    """The sentence says which, and where the names are."""
    with pytest.raises(UnknownItem, match=r"no key seal in signing\.keys") as caught:
        getattr(keys(*NAMES), ask)("seal")
    assert "cert show" in str(caught.value.hint)


def test_a_state_that_names_a_key_nobody_configured_stops_signing(keys):
    """The first of the list does not take its place unasked; activating another one mends it."""
    keys(*NAMES).activate("third")
    fewer = keys("old", "new")
    for ask in (fewer.key, fewer.generations, lambda: fewer.stage("new")):
        with pytest.raises(KeysUnsound, match=r"third, is not in signing\.keys"):
            ask()

    fewer.activate("new")
    assert fewer.generations() == Generations(active="new", former=("old",))


def test_former_keys_may_go_for_good(keys):
    """Once its certificate has run out, a key is taken out of the configuration."""
    keys(*NAMES).activate("new")
    keys(*NAMES).stage("third")

    assert keys("new").generations() == Generations(active="new")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"active": 1}', '{"active": "", "staged": "", "former": []}', "\0"]
)
def test_a_state_that_is_none_stops_signing(keys, tmp_path, text):
    """No guess is made which key signs."""
    (tmp_path / "signing.json").write_text(text)
    with pytest.raises(KeysUnsound, match=r"signing\.json is not as it was written"):
        keys(*NAMES).key()


def test_nothing_signs_without_keys(keys):
    """The sentence names the place in the configuration."""
    with pytest.raises(KeysUnsound, match="no key to sign with") as caught:
        keys().key()
    assert "signing.keys" in str(caught.value.hint)


def test_a_key_signs_with_the_password_of_its_file(pki, tmp_path, opened):
    """Which is read when the key is opened, and not before."""
    signer = pki.signer("agency")
    keys = OwnKeys([on_disk(tmp_path, signer)], tmp_path)
    opened(keys)
    key = keys.key()
    (tmp_path / "password").write_text("quá bí mật\n")

    assert key.facts().certificate == signer.certificate
    assert fits(public_key(signer.certificate), key.sign(DIGEST), DIGEST, "sha256")


def test_a_wrong_password_is_answered_alike_each_time(pki, tmp_path, opened):
    """Whoever asks, and however often: where the right one is to be written."""
    key = on_disk(tmp_path, pki.signer("p256"))
    (tmp_path / "password").write_text("khác\n")
    keys = OwnKeys([key], tmp_path)
    opened(keys)

    told = []
    for _ in range(2):
        with pytest.raises(KeyTrouble, match="the password does not open") as caught:
            keys.key().facts()
        told.append(str(caught.value.hint))
    place = f"{tmp_path}/password"
    hint = f"write the right password into {place} (signing.keys: password_file of seal)"
    assert told == [hint, hint]


def test_a_certificate_is_known_for_ours_once_its_key_was_open(pki, tmp_path, opened):
    """Without opening it again, and also when another key has taken its place."""
    first = OwnKeys([on_disk(tmp_path, pki.signer("p256"))], tmp_path)
    opened(first)
    ours = sha256(pki.signer("p256").certificate).hexdigest()
    assert first.certificates() == {ours}  # opened, since nobody knew it

    gone = OwnKeys([OwnKey(name="seal", place=Pkcs12Place(path=tmp_path / "gone"))], tmp_path)
    opened(gone)
    assert gone.certificates() == {ours}

    second = OwnKeys([on_disk(tmp_path, pki.signer("p384"))], tmp_path)
    opened(second)
    second.key().facts()
    assert second.certificates() == {ours, sha256(pki.signer("p384").certificate).hexdigest()}


def test_a_key_that_cannot_be_opened_is_no_reason_to_know_nothing(keys):
    """Whoever asks would take the agency's own signature for another's."""
    with pytest.raises(KeyTrouble):
        keys(*NAMES).certificates()


def test_a_credential_of_systemd_opens_a_key(pki, tmp_path, opened):
    """Its folder is looked for when the key is opened."""
    key = on_disk(tmp_path, pki.signer("p256"))
    named = OwnKey(name="seal", place=key.place, password_file="credential:password")
    with_folder = OwnKeys([named], tmp_path, environ={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    without = OwnKeys([named], tmp_path, environ={})
    opened(with_folder)
    opened(without)

    assert with_folder.key().facts().algorithm == "ecdsa-p256-sha256"
    with pytest.raises(KeyTrouble, match="systemd hands over no credentials"):
        without.key().facts()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"mode": 0o644}, "everybody on this machine may read the secret"),
        ({"password": ""}, "does not hold a secret"),
        ({"password": "\udcff\udcfd"}, "is not written in UTF-8"),
        ({"password": "\udcff\udcfe"}, "is written in UTF-16"),
    ],
)
def test_a_password_that_lies_badly_is_not_used(pki, tmp_path, opened, told, words):
    """An outage with a sentence: what is signed waits until it is mended."""
    key = on_disk(tmp_path, pki.signer("p256"), mode=told.get("mode", 0o600))
    text = told.get("password", "quá bí mật").encode(errors="surrogateescape")
    (tmp_path / "password").write_bytes(text)
    keys = OwnKeys([key], tmp_path)
    opened(keys)

    with pytest.raises(KeyTrouble, match=words) as caught:
        keys.key().facts()
    assert caught.value.hint is not None


@pytest.fixture(scope="module")
def token(pki, tmp_path_factory):
    needs.program("softhsm2-util", "softhsm2")
    return pki.softhsm(tmp_path_factory.mktemp("token"), "p256")


def on_token(token, folder, pin):
    (folder / "pin").write_text(pin)
    (folder / "pin").chmod(0o600)
    place = OnToken(module=token.module, label=token.label)
    return OwnKey(
        name="token",
        place=place,
        password_file=str(folder / "pin"),
        environment=token.environment,
    )


def test_a_key_on_a_token_signs_beside_one_in_a_file(pki, token, tmp_path, opened):
    """Two generations at work at once, each in a child of its own."""
    keys = OwnKeys(
        [on_disk(tmp_path, pki.signer("agency")), on_token(token, tmp_path, token.pin)], tmp_path
    )
    opened(keys)
    file, card = keys.key("seal"), keys.key("token")

    assert fits(public_key(pki.signer("p256").certificate), card.sign(DIGEST), DIGEST, "sha256")
    assert fits(public_key(pki.signer("agency").certificate), file.sign(DIGEST), DIGEST, "sha256")
    assert file.pid != card.pid
    keys.close()


def test_a_pin_that_was_refused_is_told_to_no_token_again(token, tmp_path, opened):
    """Not by another process either, until somebody has written another one."""
    key = on_token(token, tmp_path, "000000")
    for words in ("edge refused the PIN", "refused before", "refused before"):
        keys = OwnKeys([key], tmp_path)
        opened(keys)
        with pytest.raises(KeyTrouble, match=words) as caught:
            keys.key().facts()
        assert caught.value.reason is Reason.WRONG_SECRET
    assert "000000" not in (tmp_path / "refused-pins.json").read_text()

    keys = OwnKeys([on_token(token, tmp_path, token.pin)], tmp_path)
    opened(keys)
    assert keys.key().facts().algorithm == "ecdsa-p256-sha256"


def test_without_knowing_what_was_refused_no_token_is_told_anything(token, tmp_path, opened):
    """The try that nobody remembers may be the last one the token allows."""
    (tmp_path / "refused-pins.json").write_text("[")
    keys = OwnKeys([on_token(token, tmp_path, "999999")], tmp_path)
    opened(keys)
    with pytest.raises(KeyTrouble, match=r"refused-pins\.json is not as it was written"):
        keys.key().facts()


def test_the_state_is_plain_to_read(keys, tmp_path):
    """Whoever looks into the folder understands it."""
    keys(*NAMES).activate("new")
    assert json.loads((tmp_path / "signing.json").read_text()) == {
        "active": "new",
        "staged": "",
        "former": ["old"],
    }
