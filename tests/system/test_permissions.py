"""
Who on the machine gets at what of a node that was set up, and where its secrets are found.

The node works as whoever runs the tests, with that user's group: nobody is somebody who is in no
group of it, and the document software somebody who is in that one.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import needs
import pytest
import yaml
from dropping import a_sheet
from system_world import DAY, EDGE_NODE, PDF, QUICK, edge_node, environment, running, until

PAGES = ("docs/security.md", "docs/security.vi.md")
ROOT = Path(__file__).parents[2]
ME = pwd.getpwuid(os.geteuid())
NOBODY = 65534
PASSWORD = "Mật-khẩu-của-khóa-2026"
# Folders the document software writes in; where it finds its own drops again, it may as well.
OPEN = {"outbox", "inbox", "receipts", "statuses"}

# Laid beside the program: notes which programs are started, with what words and surroundings.
HOOK = """
import os, sys
def heard(event, words):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
        with open(os.environ["HEARD"], "a") as file:
            file.write(repr((event, words, dict(os.environ))) + "\\n")
sys.addaudithook(heard)
"""


@dataclass
class Machine:
    """A folder that stands for a machine with one instance, and what was said on it."""

    home: Path
    said: str = ""

    @property
    def etc(self):
        """Where configurations lie."""
        return self.home / "etc" / "edge-node"

    @property
    def state(self):
        """Where the folders of the instance lie."""
        return self.home / "var" / "lib" / "edge-node" / "xa-mau"

    @property
    def config(self):
        """What its node is configured by."""
        return self.etc / "xa-mau" / "config.yaml"

    @property
    def heard(self):
        """The file with what programs were started with."""
        return self.home / "heard"

    def does(self, *arguments, code=0):
        """Run a command about its node, as the service has its credentials; keep what it says."""
        answer = edge_node("-c", self.config, *arguments, **self.surroundings())
        self.said += answer.stdout + answer.stderr
        assert answer.returncode == code, answer.stderr
        return answer

    def surroundings(self):
        """Return the credentials as systemd hands them over, and what the hook wants to know."""
        return {
            "CREDENTIALS_DIRECTORY": str(self.etc / "xa-mau"),
            "PYTHONPATH": str(self.home / "hook"),
            "HEARD": str(self.heard),
        }

    def drop(self, number, to):
        """Drop a document as software of the node's group does."""
        building = self.home / f"{number}-UBND-VP"
        building.mkdir()
        (building / "van-ban.pdf").write_bytes(PDF)
        fields = {"number": str(number), "date": DAY.isoformat(), "to": [to]}
        (building / "document.json").write_bytes(a_sheet("van-ban.pdf", **fields))
        building.chmod(0o770)
        building.rename(self.state / "exchange" / "outbox" / building.name)


@pytest.fixture(scope="module")
def machine(axis):
    """Set an instance up, send and receive, archive and put back; give what it has come to."""
    needs.root()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as made:
        here = Machine(Path(made))
        here.home.chmod(0o755)
        (here.home / "hook").mkdir()
        (here.home / "hook" / "sitecustomize.py").write_text(HOOK)
        here.heard.touch()
        code, other = axis.codes.pop(), axis.codes.pop()
        _set_up(here, axis, code)
        with running(here.home / "log", "-c", here.config, "run", **here.surroundings()) as node:
            node.says("running")
            here.drop(1, code)
            here.drop(2, other)
            here.drop(3, "H00.99")
            exchange = here.state / "exchange"
            until(lambda: list(exchange.glob("inbox/[!.]*/document.json")))
            until(lambda: len(list(exchange.glob("sent/*/*/*/*"))) == 2)
            until(lambda: list(exchange.glob("failed/*/*/*/*/error.json")))
            here.does("backup")
            node.says("running")
        here.said += (here.home / "log").read_text()
        yield here


def _set_up(here, axis, code):
    key = edge_node("backup", "--new-key", here.home / "backup-key", "--json")
    files = {"secret": axis.secret(code).read_text(), "pw": PASSWORD + "\n", "seal.p12": "no key"}
    for name, text in files.items():
        (here.home / name).write_text(text)
        (here.home / name).chmod(0o600)
    answers = {
        "name": "xa-mau",
        "agency": {"code": code, "name": "Ủy ban nhân dân xã Mẫu"},
        "axis": {"url": axis.url, "secret_file": "secret"},
        "folders": {
            "data": str(here.state / "data"),
            "exchange": str(here.state / "exchange"),
        },
        "certificate": {"pkcs12": "seal.p12", "password_file": "pw"},
    }
    (here.home / "answers.yaml").write_text(yaml.safe_dump(answers, allow_unicode=True))
    answer = subprocess.run(
        [
            *(*EDGE_NODE, "setup", "--answers", here.home / "answers.yaml"),
            *("--etc", here.etc, "--user", ME.pw_name),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        env=environment(**here.surroundings()),
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    here.said += answer.stdout + answer.stderr + key.stdout + key.stderr
    archives = {
        "folder": str(here.state / "archives"),
        "recipients": [json.loads(key.stdout)["recipient"]],
    }
    more = QUICK | {"backup": {"archives": archives}, "web": {"enabled": True}}
    text = here.config.read_text()
    text = re.sub(r"^signing:.*?(?=^\S|\Z)", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^stamps:.*?(?=^\S|\Z)", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = [f"{name}: {json.dumps(keys)}" for name, keys in more.items()]
    here.config.write_text("\n".join([text, *lines]) + "\n")
    token = edge_node("-c", here.config, "web", "token")
    assert token.returncode == 0, token.stderr


def as_somebody(user, groups, *folders):
    """Return what a user may read below folders, and what that user may write, by its path."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups(groups)
            os.setgid(user)
            os.setuid(user)
            seen = [
                [str(path), os.access(path, os.R_OK), os.access(path, os.W_OK)]
                for folder in folders
                for home, _, names in os.walk(folder)
                for path in (Path(home), *(Path(home, name) for name in names))
            ]
            os.write(writing, json.dumps(seen).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        seen = json.loads(told.read())
    os.waitpid(child, 0)
    return (
        {Path(path) for path, read, _ in seen if read},
        {Path(path) for path, _, write in seen if write},
    )


def test_nobody_else_on_the_machine_sees_anything_of_a_node(machine):
    """A user in no group of it: neither configuration nor data nor the exchange folder."""
    assert as_somebody(NOBODY, [], machine.etc, machine.state) == (set(), set())
    known = [*machine.etc.rglob("*"), *machine.state.rglob("*")]  # whose names are told
    read, written = as_somebody(NOBODY, [], *known)
    assert (read, written) == (set(), set())


def test_the_document_software_gets_at_the_exchange_folder_alone(machine):
    """By the group it shares: beside that only the configuration, in which no secret stands."""
    exchange = machine.state / "exchange"
    known = [*machine.etc.rglob("*"), *machine.state.rglob("*")]
    read, written = as_somebody(NOBODY, [ME.pw_gid], *known, *(path.parent for path in known))

    apart = {path for path in read if not path.is_relative_to(exchange)}
    files = {path for path in apart if not path.is_dir()}
    assert files == {machine.config}
    assert apart - files <= {
        machine.etc,
        machine.etc / "xa-mau",
        machine.state,
        machine.state / "data",  # names, of what it cannot open
    }
    outside = {path for path in written if not path.is_relative_to(exchange)}
    assert outside == set()
    # Beside its own folders, what it has dropped itself: filed as it was, with its rights.
    ours = {
        path
        for path in written
        if path.relative_to(exchange).parts[0] not in OPEN and not _dropped(path, exchange)
    }
    assert ours == set()
    assert exchange / "outbox" in written
    assert not written & {exchange, exchange / "sent", exchange / "failed", exchange / "queued"}


def _dropped(path, exchange):
    """Tell whether that is a drop, or a file of one: below the folder of its day."""
    return len(path.relative_to(exchange).parts) > 4


@pytest.mark.parametrize("page", PAGES)
def test_the_page_says_what_the_rights_are(machine, page):
    """Each path in the table has that mode, and all that lies in these folders is in the table."""
    row = re.compile(r"^\| `(/(?:etc|var)/[^`]+)` \| [^|]+ \| (\d{4}) \|", re.MULTILINE)
    told = dict(row.findall((ROOT / page).read_text("utf-8")))
    assert len(told) > 20
    found = {}
    for path in told:
        there = sorted(machine.home.glob(path.strip("/")))
        assert there, f"{path} is not there"
        modes = {stat.S_IMODE(one.stat().st_mode) for one in there}
        found[path] = ", ".join(f"{mode:04o}" for mode in modes)
    assert found == told

    named = {one for path in told for one in machine.home.glob(path.strip("/"))}
    tops = (machine.etc / "xa-mau", machine.state, machine.state / "data")
    passing = {".db-wal", ".db-shm", ".db-journal"}
    there = {path for top in tops for path in top.iterdir() if path.suffix not in passing}
    assert {path for path in there if path not in named} == set()


def test_a_secret_lies_in_its_file_and_nowhere_else(machine):
    """Neither in another file, nor in what is said, nor in how programs are started."""
    own, token = machine.etc / "xa-mau", machine.state / "data" / "web-token"
    private = (machine.home / "backup-key").read_text().splitlines()[-1]
    secrets = {
        (own / "axis-secret").read_text().strip(): own / "axis-secret",
        PASSWORD: own / "seal-password",
        token.read_text().strip(): token,
        private: None,
    }
    files = {
        path: path.read_bytes()
        for folder in (machine.etc, machine.state)
        for path in folder.rglob("*")
        if path.is_file()
    }
    heard = machine.heard.read_text()
    assert "edge_node" in heard  # the hook is there, and programs were started
    for secret, home in secrets.items():
        assert len(secret) > 20
        holding = {path for path, content in files.items() if secret.encode() in content}
        assert holding == ({home} if home else set())
        assert secret not in machine.said
        assert secret not in heard


def test_a_key_that_does_not_open_is_not_shown(machine, tmp_path):
    """Whatever is wrong with an archive's key, it is said without what stands in its file."""
    [archive, *_] = sorted((machine.state / "archives").glob("*.tar.age"))
    other = edge_node("backup", "--new-key", tmp_path / "other")
    assert other.returncode == 0
    private = (tmp_path / "other").read_text().splitlines()[-1]
    broken = tmp_path / "broken"
    broken.write_text(private[:-3] + "\n")
    broken.chmod(0o600)
    for key in (tmp_path / "other", broken):
        answer = machine.does("restore", "--check", archive, "--key", key, code=1)
        for said in (answer.stdout, answer.stderr, machine.heard.read_text()):
            assert private[:-3] not in said
    shown = tmp_path / "shown"
    shown.write_text(private + "\n")
    shown.chmod(0o644)
    assert (
        "everybody" in machine.does("restore", "--check", archive, "--key", shown, code=1).stderr
    )


def test_a_restored_secret_is_as_private_as_it_was(machine, tmp_path):
    """Also where everybody may write into what root makes: the umask of the shell is not asked."""
    [archive, *_] = sorted((machine.state / "archives").glob("*.tar.age"))
    config = tmp_path / "etc" / "config.yaml"
    before = os.umask(0)
    try:
        answer = edge_node(
            *("-c", config, "restore", "--key", machine.home / "backup-key", "--force", archive)
        )
    finally:
        os.umask(before)
    # The same folders: the running node is gone, so they are free to be put back.
    assert answer.returncode == 0, answer.stderr
    loose = {
        str(path): oct(path.stat().st_mode)
        for folder in (config.parent, machine.state / "data", machine.state / "data.witness")
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink() and path.stat().st_mode & 0o007
    }
    assert loose == {}
    secret = config.parent / "axis-secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
