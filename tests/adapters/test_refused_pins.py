"""A PIN that a token refused, or did not live to answer, is told once, whatever is restarted."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import subprocess
import sys
import threading
from contextlib import suppress

import needs
import pytest

from edge_node.adapters.hiring import ChildMissing, CutOff, Ending, Lost
from edge_node.adapters.lock import alone_with
from edge_node.adapters.own_keys import REFUSED, OwnKey, OwnKeys
from edge_node.adapters.refused_pins import RefusedPins
from edge_node.adapters.signing_key import KeyTrouble, OnToken
from edge_node.domain.message import say
from edge_node.notary.child import Reason

HERE = OnToken(module="/usr/lib/driver.so", label="edge")
WRONG = "000000"


@pytest.fixture(scope="module")
def token(pki, tmp_path_factory):
    needs.program("softhsm2-util", "softhsm2")
    needs.program("pkcs11-tool", "opensc")
    return pki.softhsm(tmp_path_factory.mktemp("token"), "p256", "agency", "rsa2048")


@pytest.fixture
def started(tmp_path):
    """Start a node with some keys on its data folder; all of them are closed at the end."""
    every = []

    def started(*keys, environ=None):
        every.append(OwnKeys(keys, tmp_path, environ=environ or {}))
        return every[-1]

    yield started
    for keys in every:
        keys.close()


@pytest.fixture
def refused(tmp_path):
    return RefusedPins(tmp_path / REFUSED)


def a_key(token, folder, pin, *, name="token", password_file="", environment=None, **place):
    """Return a key on a token as configured, its PIN laid down in a file of its own."""
    if not password_file:
        (folder / f"{name}.pin").write_text(pin)
        (folder / f"{name}.pin").chmod(0o600)
    return OwnKey(
        name=name,
        place=OnToken(
            **{"module": token.module, "label": token.label, "key_label": "p256"} | place
        ),
        password_file=password_file or str(folder / f"{name}.pin"),
        environment=environment or token.environment,
    )


def said(key):
    """Return what a key says to being opened."""
    with pytest.raises(KeyTrouble) as caught:
        key.facts()
    assert caught.value.reason is Reason.WRONG_SECRET
    return str(caught.value)


def test_keys_on_one_token_tell_it_a_wrong_pin_once(token, tmp_path, started):
    """By whichever of its names they know it, and though each has a file of its own for it."""
    places = [
        {"key_label": "p256"},
        {"key_label": "agency", "serial": token.serial},
        {"key_label": "rsa2048", "label": "", "serial": token.serial},
    ]
    named = [(f"key{number}", place) for number, place in enumerate(places)]
    keys = started(*(a_key(token, tmp_path, WRONG, name=name, **place) for name, place in named))

    first, *others = (said(keys.key(name)) for name, _ in named)
    assert "edge refused the PIN" in first
    assert all("refused before" in one for one in others)

    right = started(a_key(token, tmp_path, token.pin, key_label="agency"))
    assert right.key().facts().algorithm == "rsa-pkcs1-sha256"
    assert not (tmp_path / REFUSED).exists()  # the token, too, counts from the beginning


def test_a_wrong_pin_of_systemd_is_told_once_though_each_start_makes_a_new_file(
    token, tmp_path, started
):
    """What was refused is known by what it is, and not by the file it lay in."""
    heard = []
    for start in range(3):
        folder = tmp_path / f"credentials-{start}"
        folder.mkdir()
        (folder / "pin").write_text(WRONG)
        (folder / "pin").chmod(0o400)
        key = a_key(token, tmp_path, "", password_file="credential:pin")
        heard.append(said(started(key, environ={"CREDENTIALS_DIRECTORY": str(folder)}).key()))

    assert ["refused before" in one for one in heard] == [False, True, True]
    assert WRONG not in (tmp_path / REFUSED).read_text()
    assert stat.S_IMODE((tmp_path / REFUSED).stat().st_mode) == 0o600


def test_a_pin_to_which_no_token_answered_is_told_once_until_a_person_says_so(
    token, tmp_path, started
):
    """The child is lost while the token has its PIN; the hint names the file that remembers it."""
    os.mkfifo(tmp_path / "settings")  # the driver reads it, and does not come back
    hanging = a_key(
        token, tmp_path, token.pin, environment={"SOFTHSM2_CONF": str(tmp_path / "settings")}
    )
    key = started(hanging).key()
    heard = []

    def ask():
        with pytest.raises(KeyTrouble) as caught:
            key.facts()
        heard.append(str(caught.value))

    asking = threading.Thread(target=ask)
    asking.start()
    with (tmp_path / "settings").open("wb"):  # it is open once the driver reads
        os.kill(key.pid, signal.SIGKILL)
        asking.join()
    assert "the program that holds the key ended" in heard[0]

    sound = a_key(token, tmp_path, token.pin)
    for _ in range(2):
        with pytest.raises(KeyTrouble, match="or not answered: it is not told again") as caught:
            started(sound).key().facts()
    assert str(tmp_path / REFUSED) in str(caught.value.hint)

    (tmp_path / REFUSED).unlink()
    assert key.pid is None
    assert started(sound).key().facts().algorithm == "ecdsa-p256-sha256"


def test_a_pin_is_written_down_before_it_is_told(refused):
    """A program that dies in the middle leaves it, for those that come after it."""
    body = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from edge_node.adapters.refused_pins import RefusedPins\n"
        "from edge_node.adapters.signing_key import OnToken\n"
        "place = OnToken(module='/usr/lib/driver.so', label='edge')\n"
        "with RefusedPins(Path(sys.argv[1])).telling(place, '000000', 'pin'): os._exit(9)\n"
    )
    command = [sys.executable, "-c", body, str(refused.path)]
    ran = subprocess.run(command, env=os.environ, check=False)
    assert ran.returncode == 9

    with pytest.raises(KeyTrouble, match="refused before"), refused.telling(HERE, WRONG, "pin"):
        pytest.fail("it was told again")
    with refused.telling(HERE, "123456", "pin"):
        pass  # another one may be told


def lost():
    trouble = KeyTrouble(say("gone"), Reason.UNFORESEEN)
    trouble.__cause__ = Lost(Ending.CRASHED)
    return trouble


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (KeyTrouble(say("no"), Reason.WRONG_SECRET), False),
        (KeyTrouble(say("locked"), Reason.LOCKED), False),
        (KeyTrouble(say("it fell over"), Reason.UNFORESEEN), False),
        (lost(), False),
        (CutOff(say("the node is ending")), False),
        (KeyboardInterrupt(), False),
        (KeyTrouble(say("no token"), Reason.TOKEN_MISSING), True),
        (KeyTrouble(say("no such key"), Reason.KEY_MISSING), True),
        (ChildMissing(say("nobody was asked")), True),
    ],
    ids=repr,
)
def test_only_what_told_nobody_or_was_heard_may_be_told_again(refused, error, again):
    """Whatever else ends it leaves the PIN refused."""
    with suppress(BaseException), refused.telling(HERE, WRONG, "pin"):
        raise error

    told = []
    with suppress(KeyTrouble), refused.telling(HERE, WRONG, "pin"):
        told.append(True)
    assert bool(told) is again


@pytest.mark.parametrize(
    ("other", "apart"),
    [
        (OnToken(module="/usr/lib/driver.so", label="edge", key_label="another key"), False),
        (OnToken(module="/usr/lib/driver.so", serial="4711"), False),
        (OnToken(module="/usr/lib/../lib/driver.so"), False),
        (OnToken(module="/usr/lib/driver.so", label="another"), True),
        (OnToken(module="/usr/lib/other.so", label="edge"), True),
    ],
)
def test_what_one_token_refused_another_may_take(refused, other, apart):
    """They are two only where something that was named tells them apart."""
    with suppress(KeyTrouble), refused.telling(HERE, WRONG, "pin"):
        raise KeyTrouble(say("no"), Reason.WRONG_SECRET)

    told = []
    with suppress(KeyTrouble), refused.telling(other, WRONG, "pin"):
        told.append(True)
    assert bool(told) is apart


def test_who_would_tell_waits_for_who_is_telling(refused):
    """The daemon and a command, or two lanes, open one token: the second hears what came of it."""
    heard = []

    def then():
        with refused.telling(HERE, "123456", "pin"):
            heard.append("told, too")

    second = threading.Thread(target=then)
    with refused.telling(HERE, "123456", "pin"):
        second.start()
        lock = refused.path.with_name(f"{REFUSED}.lock")
        with lock.open("rb") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        heard.append("told")
    second.join()
    assert heard == ["told", "told, too"]


def test_a_pin_that_a_token_took_and_refuses_later_is_remembered(refused):
    """Some keys want it at each signature."""
    with refused.telling(HERE, WRONG, "pin") as told:
        pass
    refused.note(told)
    refused.note(told)

    with pytest.raises(KeyTrouble, match="refused before"), refused.telling(HERE, WRONG, "pin"):
        pytest.fail("it was told again")


def test_where_nothing_can_be_remembered_nothing_is_told(tmp_path):
    """It would be told again by whoever comes next."""
    (tmp_path / "data").write_text("a file")
    nowhere = RefusedPins(tmp_path / "data" / REFUSED)
    with pytest.raises(KeyTrouble) as caught, nowhere.telling(HERE, WRONG, "pin"):
        pytest.fail("it was told")
    assert caught.value.hint is not None


@pytest.mark.parametrize("text", ["[", "{}", '["x"]', '[{"pin": "x"}]', "\udcff"])
def test_a_file_that_is_not_ours_lets_nothing_be_told(refused, text):
    """What was refused is not known then; the hint says what to look at."""
    refused.path.write_bytes(text.encode(errors="surrogateescape"))
    unsound = pytest.raises(KeyTrouble, match="not as it was written")
    with unsound as caught, refused.telling(HERE, WRONG, "pin"):
        pytest.fail("it was told")
    assert "remove that file" in str(caught.value.hint)


def test_roles_are_changed_one_after_the_other(tmp_path, started):
    """What two programs remember at once is both there afterwards."""
    keys = [OwnKey(name=name, place=HERE) for name in ("old", "new", "third")]
    staging = threading.Thread(target=lambda: started(*keys).stage("new"))
    started(*keys).activate("old")
    state = tmp_path / "signing.json"
    with alone_with(state):
        staging.start()
        state.write_text('{"active": "third", "staged": "", "former": ["old"]}')
    staging.join()

    known = started(*keys).generations()
    assert (known.active, known.staged, known.former) == ("third", "new", ("old",))


def test_what_root_remembers_is_the_nodes(tmp_path, started):
    """A command given as root leaves nothing that the node itself cannot read."""
    needs.root()
    os.chown(tmp_path, 4321, 4321)
    started(OwnKey(name="old", place=HERE), OwnKey(name="new", place=HERE)).activate("new")
    with suppress(KeyTrouble), RefusedPins(tmp_path / REFUSED).telling(HERE, WRONG, "pin"):
        raise KeyTrouble(say("no"), Reason.WRONG_SECRET)

    owners = {path.name: path.stat().st_uid for path in tmp_path.iterdir()}
    assert set(owners) == {
        "signing.json",
        "signing.json.lock",
        "refused-pins.json",
        "refused-pins.json.lock",
    }
    assert set(owners.values()) == {4321}
