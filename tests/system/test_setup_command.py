"""The command that sets an instance up, by a file of answers."""

from __future__ import annotations

import re
import shutil
import stat
from pathlib import Path

import pytest
from at_terminal import ME, SECRET
from system_world import edge_node

from edge_node.config import load


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def everything(folder):
    """Return every file below a folder with what is in it."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# -- by a file ---------------------------------------------------------------------------------


def test_a_file_of_answers_sets_an_instance_up(set_up, etc):
    """Configuration, secret and folders are there, each for whom it is; nobody sees the secret."""
    answer = set_up()
    assert (answer.returncode, answer.stderr) == (0, "")
    instance = etc / "h37-02-03"  # after the code
    config = load(instance / "config.yaml")

    assert (config.agency.code, config.agency.name) == ("H37.02.03", "Ủy ban nhân dân xã Mẫu")
    assert config.axis.secret_file == "credential:axis-secret"
    assert (instance / "axis-secret").read_text() == SECRET + "\n"
    assert {path.name: mode(path) for path in instance.iterdir()} == {
        "config.yaml": 0o640,
        "axis-secret": 0o600,
    }
    assert (mode(etc), mode(instance)) == (0o750, 0o750)
    assert mode(config.folders.data.parent) == 0o751
    assert config.folders.queue.exists()
    assert (config.folders.exchange / "outbox").is_dir()
    assert SECRET not in answer.stdout


def test_it_ends_with_what_the_doctor_finds_and_three_commands(set_up, etc):
    """The doctor has the secret at hand, as the service has it; the commands can be copied."""
    lines = set_up().stdout.splitlines()
    assert "What the doctor finds:" in lines
    assert [line for line in lines if "in order: " in line and " secret," in line]

    assert lines[-4].endswith("Next:")
    for line, command in zip(lines[-3:], ("status", "list", "run"), strict=True):
        assert line.endswith(f"-c {etc}/h37-02-03/config.yaml {command}")
    assert edge_node("-c", etc / "h37-02-03" / "config.yaml", "status").returncode == 0


def test_it_says_how_archives_begin_until_they_are_wanted(set_up, etc):
    """The doctor names the command that makes their key; who has archives is not told again."""
    assert "edge-node backup --new-key" in set_up().stdout
    config = etc / "h37-02-03" / "config.yaml"
    with config.open("a") as sheet:
        sheet.write("backup: {archives: {folder: archives, unencrypted: true}}\n")
    assert "--new-key" not in set_up().stdout


def test_every_problem_of_the_answers_is_named_at_once(set_up, etc, answers, tmp_path):
    """What is written wrongly, and what this machine minds; nothing is written then."""
    answers["agency"]["code"] = "xã Mẫu"
    answers["axis"] |= {"url": "http://example.vn", "secrte_file": "x"}
    (tmp_path / "secret").chmod(0o644)
    answers |= {"name": "xã mẫu", "software_user": "no-such-user"}
    answers["folders"]["data"] = "data"
    answers["certificate"] = {"pkcs12": "nowhere.p12"}
    answer = set_up()

    assert (answer.returncode, answer.stdout) == (1, "")
    *problems, hint = answer.stderr.splitlines()
    key = re.compile(r"edge-node: \S+\.yaml:\d+: (?:no such key )?([\w.]+)")
    assert sorted(key.match(line)[1] for line in problems) == [
        "agency.code",
        "axis.secret_file",
        "axis.secrte_file",
        "axis.url",
        "certificate.pkcs12",
        "folders.data",
        "name",
        "software_user",
    ]
    assert hint == "hint: mend the file with the answers; docs/install.md shows a whole one"
    assert not etc.exists()


def test_a_secret_in_place_of_its_file_is_not_shown(set_up, answers):
    """Somebody wrote the secret itself where its place belongs."""
    answers["axis"]["secret_file"] = f"~{SECRET}"
    answer = set_up()
    assert answer.returncode == 1
    assert SECRET not in answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("typed", "code"), [(SECRET + "\n", 0), (SECRET, 0), ("", 1), (f"{SECRET}\nmore\n", 1)]
)
def test_the_secret_may_come_by_stdin(set_up, answers, etc, typed, code):
    """One line of it; anything else is not taken for a secret, and leaves nothing."""
    answers["axis"]["secret_file"] = "stdin"
    answer = set_up("--name", "xa-mau", typed=typed)
    assert answer.returncode == code
    assert SECRET not in answer.stdout + answer.stderr
    kept = etc / "xa-mau" / "axis-secret"
    assert (kept.read_text() if kept.exists() else None) == (None if code else SECRET + "\n")


def test_a_key_is_laid_where_the_node_finds_it(set_up, answers, etc, tmp_path):
    """It and its password are the node's alone; so are certificates of the axis kept."""
    for name, text in (("seal.pfx", "key"), ("password", "pw\n"), ("ca.pem", "ca")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    answers["certificate"] = {
        "pkcs12": "seal.pfx",
        "password_file": "password",
        "stamp_server": "https://tsa.example.vn",
    }
    answers["axis"] |= {"ca_file": str(tmp_path / "ca.pem"), "system_id": "TB-01"}
    assert set_up().returncode == 0

    config = load(etc / "h37-02-03" / "config.yaml")
    (key,) = config.signing.keys
    assert (key.name, key.pkcs12.read_text()) == ("seal", "key")
    assert [server.url for server in config.stamps.servers] == ["https://tsa.example.vn"]
    assert Path(key.password_file).read_text() == "pw\n"
    assert (mode(key.pkcs12), mode(Path(key.password_file))) == (0o600, 0o600)
    assert (config.axis.ca_file.read_text(), config.axis.system_id) == ("ca", "TB-01")


def test_a_key_without_a_server_for_time_stamps_signs_without_them(set_up, answers, etc, tmp_path):
    """And one without a password is opened without."""
    (tmp_path / "seal.p12").write_bytes(b"key")
    answers["certificate"] = {"pkcs12": "seal.p12"}
    assert set_up().returncode == 0
    signing = load(etc / "h37-02-03" / "config.yaml").signing
    assert (str(signing.level), signing.keys[0].password_file) == ("B-B", "")


@pytest.mark.parametrize(
    "around", [("\ufeff", "\r\n"), (" ", " \n")], ids=["mark of Notepad", "spaces"]
)
@pytest.mark.parametrize("stdin", [False, True])
def test_what_stands_unseen_around_a_secret_is_no_part_of_it(
    set_up, answers, etc, tmp_path, around, stdin
):
    """The axis would deny it, and nobody could see why."""
    text = SECRET.join(around)
    (tmp_path / "secret").write_bytes(text.encode())
    if stdin:
        answers["axis"]["secret_file"] = "stdin"
    assert set_up(typed=text).returncode == 0
    assert (etc / "h37-02-03" / "axis-secret").read_text() == SECRET + "\n"


def test_a_folder_that_is_shared_does_not_hold_the_nodes_own(set_up, answers, etc, tmp_path):
    """It is said of the answers, which are there, rather than of what was to be written."""
    answers["folders"]["data"] = answers["folders"]["exchange"] + "/data"
    answer = set_up()
    assert answer.returncode == 1
    assert f"{tmp_path}/answers.yaml:" in answer.stderr
    assert "folders.exchange: must not hold folders.data" in answer.stderr
    assert not etc.exists()


@pytest.mark.parametrize("name", ["xã", "-x", "a/b", "..", "a" * 41])
def test_an_instance_has_a_name_systemd_can_carry(set_up, etc, name):
    """Letters, digits and dashes."""
    answer = set_up(f"--name={name}")
    assert answer.returncode == 1
    assert "letters, digits and dashes" in answer.stderr
    assert not etc.exists()


# -- once more ---------------------------------------------------------------------------------


def test_a_second_run_says_what_is_there_and_changes_nothing(set_up, etc):
    """With the file, and without it: nothing is asked."""
    assert set_up().returncode == 0
    before = everything(etc)
    again = set_up()
    assert again.returncode == 0
    assert again.stdout.startswith(f"there already: {etc}/h37-02-03/config.yaml\n")
    assert "written" not in again.stdout
    for named in ((), ("--name", "h37-02-03")):
        asked = edge_node("setup", "--etc", etc, "--user", ME, *named)
        assert (asked.returncode, asked.stderr) == (0, "")
        assert asked.stdout.startswith(f"there already: {etc}/h37-02-03/config.yaml\n")
    assert everything(etc) == before


def test_a_configuration_is_replaced_only_by_force_and_kept(set_up, etc, answers):
    """Otherwise it is said in what the answers differ."""
    assert set_up().returncode == 0
    config = etc / "h37-02-03" / "config.yaml"
    with config.open("a") as file:
        file.write("limits: {free_files: 1}\n")  # somebody's own work
    before = config.read_bytes()
    answers["agency"]["name"] = "Ủy ban nhân dân phường Mẫu"

    left = set_up()
    assert left.returncode == 0
    assert "the answers differ in: agency.name (see --force)" in left.stderr
    assert config.read_bytes() == before

    assert set_up("--force").returncode == 0
    assert load(config).agency.name == "Ủy ban nhân dân phường Mẫu"
    (copy,) = config.parent.glob("config.*.yaml")
    assert (copy.read_bytes(), mode(copy)) == (before, 0o640)
    after = everything(etc)
    assert "written" not in set_up("--force").stdout
    assert everything(etc) == after


def test_no_agency_takes_the_place_of_another(set_up, etc, answers):
    """An instance is that of one code."""
    assert set_up("--name", "xa-mau").returncode == 0
    before = everything(etc)
    answers["agency"]["code"] = "H37.02.04"
    answer = set_up("--name", "xa-mau")
    assert answer.returncode == 1
    assert "the instance xa-mau is that of H37.02.03" in answer.stderr
    assert everything(etc) == before


def test_no_two_instances_have_a_folder_together(set_up, etc, answers):
    """Both would take the same drops; it is said whose it is."""
    assert set_up("--name", "xa-mau").returncode == 0
    answers["folders"]["data"] += "-2"
    answer = set_up("--name", "xa-khac")
    assert answer.returncode == 1
    exchange = answers["folders"]["exchange"]
    assert f"{exchange} is a folder of the instance xa-mau" in answer.stderr
    assert not (etc / "xa-khac").exists()


@pytest.mark.parametrize("inside", ["exchange/outbox", "data/x", "", "ln/exchange"])
def test_no_folder_of_an_instance_lies_in_or_around_anothers(
    set_up, etc, answers, tmp_path, inside
):
    """Drops of one would be taken by the other, or its queue be shared; links hide nothing."""
    assert set_up("--name", "xa-mau").returncode == 0
    (tmp_path / "ln").symlink_to(tmp_path / "state")
    wanted = tmp_path / inside if inside.startswith("ln") else tmp_path / "state" / inside
    answers["folders"] = {"data": str(tmp_path / "data-2"), "exchange": str(wanted)}
    answer = set_up("--name", "xa-khac")
    assert answer.returncode == 1
    assert "of the instance xa-mau lie in one another" in answer.stderr
    assert not (etc / "xa-khac").exists()


def test_another_secret_in_the_answers_is_said(set_up, etc, tmp_path):
    """Somebody mends a wrong secret in the answers, and believes that it was taken."""
    assert set_up().returncode == 0
    (tmp_path / "secret").write_text("another\n")
    left = set_up()
    assert left.returncode == 0
    place = etc / "h37-02-03" / "axis-secret"
    assert f"! the secret in {place} is another: replace it there" in left.stderr
    assert "another" not in place.read_text()

    (tmp_path / "secret").write_text(SECRET + " \n")
    assert set_up().stderr == ""


def test_a_secret_that_the_axis_denies_is_to_be_put_where_it_lies(set_up, answers, axis, etc):
    """The doctor names the file, rather than what systemd hands out."""
    answers["axis"]["url"] = axis.url
    answers["agency"]["code"] = axis.codes[0]
    told = set_up("--name", "xa-mau").stdout
    assert f"into {etc}/xa-mau/axis-secret; is axis.system_id right?" in told


# -- half-way ----------------------------------------------------------------------------------


def test_what_fails_half_way_leaves_nothing(set_up, etc, tmp_path):
    """A file lies where the folders are to be; without it the same command does its work."""
    (tmp_path / "state").write_text("in the way")
    answer = set_up()
    assert answer.returncode == 1
    assert str(tmp_path / "state") in answer.stderr
    assert everything(etc) == {}
    assert answer.stderr.count("edge-node: ") == 1
    assert not (etc / "h37-02-03").exists()

    (tmp_path / "state").unlink()
    assert set_up().returncode == 0


def test_force_that_fails_half_way_leaves_what_was_there(set_up, etc, answers):
    """The exchange folder that is wanted now belongs to another agency."""
    assert set_up().returncode == 0
    before = everything(etc)
    answers["agency"]["code"] = "H37.02.04"
    answers["folders"]["data"] += "-2"
    answer = set_up("--force", "--name", "h37-02-03")
    assert answer.returncode == 1
    assert "the exchange folder of H37.02.03" in answer.stderr
    assert everything(etc) == before
    what, hint = answer.stderr.splitlines()  # said by the child, and told as our own
    assert what.startswith("edge-node: the folders cannot be made: ")
    assert (what + hint).count("edge-node: ") == (what + hint).count("hint: ") == 1
    assert hint.endswith(f"; it is {ME} who makes them")


@pytest.mark.parametrize("lost", ["state", "state/exchange"])
def test_a_second_run_finishes_what_is_lacking(set_up, etc, tmp_path, lost):
    """The first one was killed once it had written its files, or somebody removed a folder."""
    assert set_up().returncode == 0
    shutil.rmtree(tmp_path / lost)
    answer = edge_node("setup", "--name", "h37-02-03", "--etc", etc, "--user", ME)
    assert answer.returncode == 0
    assert f"made: {tmp_path}/state/exchange" in answer.stdout
    assert (tmp_path / "state" / "exchange" / "outbox").is_dir()


def test_a_user_that_is_not_there_is_named(set_up, etc):
    """With the command that makes it."""
    answer = set_up(user="no-such-user")
    assert answer.returncode == 1
    assert "this machine has no user no-such-user" in answer.stderr
    assert "useradd --system" in answer.stderr
    assert not etc.exists()
