"""The command that sets an instance up, by a file of answers and by a person at a terminal."""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import select
import shutil
import stat
import struct
import subprocess
import termios
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from system_world import EDGE_NODE, edge_node, environment

from edge_node.config import load

SECRET = "axis-secret-0123456789"
ME = pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture
def etc(tmp_path):
    """Give the folder for configurations; there is none yet."""
    return tmp_path / "etc" / "edge-node"


@pytest.fixture
def answers(tmp_path):
    """Give what a file of answers says, the secret beside it."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    return {
        "agency": {"code": "H37.02.03", "name": "Ủy ban nhân dân xã Mẫu"},
        "axis": {"url": "http://127.0.0.1:9", "secret_file": "secret"},
        "folders": {
            "data": str(tmp_path / "state" / "data"),
            "exchange": str(tmp_path / "state" / "exchange"),
        },
    }


@pytest.fixture
def set_up(tmp_path, etc, answers):
    """Give the command with a file of answers, as they are then."""

    def set_up(*arguments, user=ME, typed=None):
        file = tmp_path / "answers.yaml"
        file.write_text(yaml.safe_dump(answers, allow_unicode=True))
        return subprocess.run(
            [*EDGE_NODE, "setup", "--answers", file, "--etc", etc, "--user", user, *arguments],
            input=typed if typed is not None else "",
            capture_output=True,
            text=True,
            timeout=180,
            env=environment(),
            check=False,
        )

    return set_up


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


# -- half-way ----------------------------------------------------------------------------------


def test_what_fails_half_way_leaves_nothing(set_up, etc, tmp_path):
    """A file lies where the folders are to be; without it the same command does its work."""
    (tmp_path / "state").write_text("in the way")
    answer = set_up()
    assert answer.returncode == 1
    assert str(tmp_path / "state") in answer.stderr
    assert everything(etc) == {}
    assert not (etc / "h37-02-03").exists()

    (tmp_path / "state").unlink()
    assert set_up().returncode == 0


def test_force_that_fails_half_way_leaves_what_was_there(set_up, etc, answers):
    """The exchange folder that is wanted now belongs to another agency."""
    assert set_up().returncode == 0
    before = everything(etc)
    answers["agency"]["code"] = "H37.02.04"
    answer = set_up("--force", "--name", "h37-02-03")
    assert answer.returncode == 1
    assert "the exchange folder of H37.02.03" in answer.stderr
    assert everything(etc) == before


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


# -- by a person -------------------------------------------------------------------------------


@dataclass
class Person:
    """Somebody at a terminal: reads what is asked, and types."""

    terminal: int
    process: subprocess.Popen
    shown: str = ""
    read: int = 0

    def sees(self, text, within=120):
        """Wait for a text behind all that was waited for before."""
        deadline = time.monotonic() + within
        while (at := self.shown.find(text, self.read)) < 0:
            more = self._more(deadline - time.monotonic())
            assert more, f"no {text!r} came: {self.shown[self.read :]!r}"
            self.shown += more
        self.read = at + len(text)

    def answers(self, question, typed=""):
        """Type an answer, and Enter, once a question is asked."""
        self.sees(question)
        self.sees(": ")  # what is typed before a secret is asked for is thrown away
        os.write(self.terminal, f"{typed}\n".encode())

    def ends(self):
        """Read to the end; return the exit status."""
        while more := self._more():
            self.shown += more
        return self.process.wait(60)

    def _more(self, within=120):
        if not select.select([self.terminal], [], [], max(within, 0))[0]:
            return ""
        try:
            return os.read(self.terminal, 1 << 16).decode("utf-8", "replace").replace("\r\n", "\n")
        except OSError:  # Linux says EIO once the other side has closed it
            return ""


@contextmanager
def person(etc, *arguments, **environ):
    """Give somebody who has typed `edge-node setup` at a terminal of their own."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    with subprocess.Popen(
        ["setsid", "--ctty", *EDGE_NODE, "setup", "--etc", etc, "--user", ME, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(COLUMNS="100", **environ),
    ) as process:
        os.close(theirs)
        try:
            yield Person(ours, process)
        finally:
            process.kill()
            os.close(ours)


def test_a_person_is_asked_and_answers(etc, tmp_path):
    """What cannot be meant is asked for again; the secret is not shown; Enter takes the usual."""
    with person(etc) as clerk:
        clerk.answers("Address of the axis", "http://example.vn")
        clerk.sees("expected an https address")
        clerk.answers("Address of the axis", "http://127.0.0.1:9")
        clerk.answers("The secret the axis gave you", "")
        clerk.sees("nothing was typed")
        clerk.answers("The secret the axis gave you", SECRET)
        clerk.answers("The agency's code, or words", "H37.02.03")
        clerk.answers("The agency's name", "Ủy ban nhân dân xã Mẫu")
        clerk.answers("What the instance is called", "xã")
        clerk.sees("expected a name of letters, digits and dashes")
        clerk.answers("[h37-02-03]", "xa-mau")
        clerk.sees("[/var/lib/edge-node/xa-mau/exchange]")
        clerk.answers("", str(tmp_path / "state" / "exchange"))
        clerk.answers("The node's own folder", str(tmp_path / "state" / "data"))
        clerk.answers("User of the document software", "no-such-user")
        clerk.sees("this machine has no such user")
        clerk.answers("User of the document software")
        clerk.answers("The agency's key with its certificate", "/nowhere/seal.p12")
        clerk.sees("cannot be read: No such file or directory")
        clerk.answers("The agency's key with its certificate")
        clerk.sees("H37.02.03  Ủy ban nhân dân xã Mẫu")
        assert not etc.exists()  # nothing before it is agreed to
        clerk.answers("Set it up so? [Y/n]", "y")
        assert clerk.ends() == 0
    assert SECRET not in clerk.shown
    assert "Next:" in clerk.shown
    assert (etc / "xa-mau" / "axis-secret").read_text() == SECRET + "\n"
    assert load(etc / "xa-mau" / "config.yaml").agency.code == "H37.02.03"


def test_an_agency_is_found_by_its_name(etc, tmp_path, axis):
    """In the directory of the axis, once its address and the secret are known."""
    code = axis.codes.pop()
    secret = axis.secret(code).read_text().strip()
    with person(etc) as clerk:
        clerk.answers("Address of the axis", axis.url)
        clerk.answers("The secret the axis gave you", secret)
        clerk.answers("The agency's code, or words", "không ai cả")
        clerk.answers("the name the axis knows this system by", code)
        clerk.sees("no agency has such a code or such words in its name")
        clerk.answers("or other words", f"đơn vị {code}")
        clerk.sees(f"1  {code}  Đơn vị {code}")
        clerk.answers("Its number here", "1")
        clerk.sees(f"[Đơn vị {code}]")
        clerk.answers("", "")
        clerk.answers("What the instance is called", "don-vi")
        clerk.answers("Folder shared with", str(tmp_path / "state" / "exchange"))
        clerk.answers("The node's own folder", str(tmp_path / "state" / "data"))
        clerk.answers("User of the document software")
        clerk.answers("The agency's key with its certificate")
        clerk.answers("Set it up so?")
        assert clerk.ends() == 0
    config = load(etc / "don-vi" / "config.yaml")
    assert (config.agency.code, config.agency.name) == (code, f"Đơn vị {code}")
    assert secret not in clerk.shown


def test_a_directory_that_cannot_be_read_is_not_needed(etc, axis):
    """It is said why, and the code is asked for."""
    with person(etc) as clerk:
        clerk.answers("Address of the axis", axis.url)
        clerk.answers("The secret the axis gave you", "wrong")
        clerk.answers("The agency's code, or words", "xã Mẫu")
        clerk.answers("the name the axis knows this system by", axis.codes[0])
        clerk.sees("edge-node: ")
        clerk.answers("The agency's code", "H37.02.03")
        clerk.sees("The agency's name")


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_who_goes_away_leaves_nothing(etc, key):
    """In the middle of the questions."""
    with person(etc) as clerk:
        clerk.answers("Address of the axis", "http://127.0.0.1:9")
        clerk.answers("The secret the axis gave you", SECRET)
        clerk.sees("The agency's code, or words of its name to look it up: ")
        os.write(clerk.terminal, key.encode())
        assert clerk.ends() == 1
    assert "it was broken off" in clerk.shown
    assert "Traceback" not in clerk.shown
    assert not etc.exists()


def test_a_person_is_asked_nothing_twice(etc, set_up):
    """What is there is said; another agency is set up only by whoever wants one."""
    assert set_up("--name", "xa-mau").returncode == 0
    with person(etc) as clerk:
        clerk.sees("there already:")
        clerk.sees("/xa-mau/config.yaml")
        clerk.sees("Next:")
        clerk.answers("Set up another agency on this machine? [y/N]", "")
        assert clerk.ends() == 0
    assert "Address of the axis" not in clerk.shown

    with person(etc) as clerk:
        clerk.answers("Set up another agency on this machine?", "y")
        clerk.answers("Address of the axis", "http://127.0.0.1:9")
        clerk.answers("The secret the axis gave you", SECRET)
        clerk.answers("The agency's code", "H37.02.04")
        clerk.answers("The agency's name", "Xã khác")
        clerk.answers("What the instance is called", "xa-mau")
        clerk.sees("there is an instance xa-mau already")


def test_where_nobody_can_be_asked_it_says_so(etc):
    """A service or a script has no terminal."""
    answer = edge_node("setup", "--etc", etc, "--user", ME)
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        "edge-node: there is nobody to ask: this is not a terminal",
        "hint: give the answers in a file: edge-node setup --answers FILE",
    ]
