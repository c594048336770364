"""`edge-node setup` where an instance is there already, and the answers want it otherwise."""

from __future__ import annotations

import shutil

import pytest
from at_terminal import SECRET

from edge_node.config import load

OTHERWISE = {
    "axis.url": {"axis": {"url": "https://axis.example.vn"}},
    "axis.system_id": {"axis": {"system_id": "TB-02"}},
    "axis.ca_file": {"axis": {"ca_file": "another"}},
    "certificate.pkcs12": {"certificate": {"pkcs12": "another"}},
    "certificate.stamp_server": {"certificate": {"stamp_server": "https://tsa2.example.vn"}},
}


def everything(*folders):
    """Return every file below the folders with what is in it."""
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in paths}


@pytest.fixture
def with_a_key(tmp_path, answers):
    """Have the answers name a key, its password, and certificates of the axis."""
    texts = {
        "seal.p12": "inside-the-seal",
        "password": "open sesame",
        "ca.pem": "ca",
        "another": "other",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    answers["axis"] |= {"ca_file": str(tmp_path / "ca.pem"), "system_id": "TB-01"}
    answers["certificate"] = {
        "pkcs12": "seal.p12",
        "password_file": "password",
        "stamp_server": "https://tsa.example.vn",
    }


@pytest.mark.parametrize("key", OTHERWISE)
@pytest.mark.usefixtures("with_a_key")
def test_it_is_said_in_what_the_answers_differ(set_up, answers, etc, tmp_path, key):
    """Each key that is not as somebody wants it, by its name alone: nothing of a key is shown."""
    assert set_up().returncode == 0
    before = everything(etc)
    for section, values in OTHERWISE[key].items():
        answers[section] |= values
    answers["axis"]["ca_file"] = str(tmp_path / answers["axis"]["ca_file"])
    left = set_up()

    assert left.returncode == 0
    words = f"! left as it is, though the answers differ in: {key} (see --force)\n"
    assert left.stderr == words
    assert everything(etc) == before
    for private in ("inside-the-seal", "open sesame", SECRET):
        assert private not in left.stdout + left.stderr


@pytest.mark.usefixtures("with_a_key")
def test_files_of_the_answers_may_lie_elsewhere_by_then(set_up, answers, tmp_path):
    """What is in them is compared; a key the answers no longer name is nobody's wish."""
    assert set_up().returncode == 0
    shutil.move(tmp_path / "seal.p12", tmp_path / "moved.p12")
    shutil.move(tmp_path / "ca.pem", tmp_path / "moved.pem")
    answers["certificate"]["pkcs12"] = "moved.p12"
    answers["axis"]["ca_file"] = str(tmp_path / "moved.pem")
    assert set_up().stderr == ""
    del answers["certificate"]
    assert set_up().stderr == ""


@pytest.mark.usefixtures("with_a_key")
def test_what_the_answers_no_longer_say_of_the_axis_is_said(set_up, answers):
    """Left out means the agency's code, and the machine's own certificates."""
    assert set_up().returncode == 0
    del answers["axis"]["system_id"], answers["axis"]["ca_file"]
    assert "differ in: axis.system_id, axis.ca_file (see --force)" in set_up().stderr


def test_a_system_called_after_the_code_is_called_as_one_that_is_not_named(set_up, answers):
    """Saying what goes without saying is no difference."""
    assert set_up().returncode == 0
    answers["axis"]["system_id"] = answers["agency"]["code"]
    assert set_up().stderr == ""


# -- by force ----------------------------------------------------------------------------------


@pytest.mark.parametrize("link", [False, True])
def test_no_agency_is_put_onto_the_queue_of_another_by_force(set_up, answers, etc, tmp_path, link):
    """What waits there would leave in its name, and its receipts come to the other's software."""
    assert set_up("--name", "xa-mau").returncode == 0
    state = tmp_path / "state"
    before = everything(etc, state)
    answers["agency"]["code"] = "H37.02.04"
    answers["folders"]["exchange"] += "-2"
    if link:
        (tmp_path / "ln").symlink_to(state)
        answers["folders"]["data"] = str(tmp_path / "ln" / "data")
    answer = set_up("--name", "xa-mau", "--force")

    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        "edge-node: the instance xa-mau is that of H37.02.03",
        "hint: give this one a name of its own: --name NAME",
    ]
    assert everything(etc, state) == before
    assert not (state / "exchange-2").exists()


def test_by_force_another_agency_gets_folders_of_its_own(set_up, answers, etc):
    """The name of an instance may be given away; what belongs to the agency before stays."""
    assert set_up("--name", "xa-mau").returncode == 0
    answers["agency"]["code"] = "H37.02.04"
    answers["folders"] = {name: f"{path}-2" for name, path in answers["folders"].items()}
    assert set_up("--name", "xa-mau", "--force").returncode == 0
    assert load(etc / "xa-mau" / "config.yaml").agency.code == "H37.02.04"


def test_by_force_a_configuration_nobody_can_read_is_replaced(set_up, etc):
    """Whose it was cannot be told from it; it is kept beside."""
    assert set_up("--name", "xa-mau").returncode == 0
    config = etc / "xa-mau" / "config.yaml"
    config.write_text("agency: {")
    assert set_up("--name", "xa-mau", "--force").returncode == 0
    assert load(config).agency.code == "H37.02.03"
    assert [path.read_text() for path in config.parent.glob("config.*.yaml")] == ["agency: {"]


def test_only_folders_that_were_not_there_are_said_to_be_made(set_up, answers):
    """Whoever reads that the node's own folder was made believes that an empty queue is in it."""
    first = set_up()
    folders = answers["folders"]
    assert f"made: {folders['data']}\nmade: {folders['exchange']}\n" in first.stdout
    folders["exchange"] += "-2"
    again = set_up("--force")
    assert again.returncode == 0
    assert [line for line in again.stdout.splitlines() if line.startswith("made: ")] == [
        f"made: {folders['exchange']}"
    ]


def test_folders_made_for_nothing_are_taken_back(set_up, answers, etc, tmp_path):
    """The exchange folder is another agency's: the new one leaves no folder behind."""
    assert set_up().returncode == 0
    shutil.rmtree(etc)  # nobody knows whose its folders are, but for the exchange folder
    answers["agency"]["code"] = "H37.02.04"
    answers["folders"]["data"] = str(tmp_path / "other" / "place" / "data")
    answer = set_up()
    assert answer.returncode == 1
    assert "is the exchange folder of H37.02.03, not of H37.02.04" in answer.stderr
    assert not (tmp_path / "other").exists()
    assert not etc.exists()
