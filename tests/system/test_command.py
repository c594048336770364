"""The command line: what it writes, what it refuses, and how it says so."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from system_world import EDGE_NODE, edge_node, environment, until

from edge_node.cli.app import config_file
from edge_node.config import load
from edge_node.domain.envelope import AxisId, Digest, Listed, MessageType, Stored
from edge_node.domain.message import say
from edge_node.node import Node
from edge_node.protocol.handoff import SCHEMA_NAMES

# What a command that only looks has no use for, and would wait for.
HEAVY = {"httpx", "pyhanko", "lxml", "starlette", "uvicorn", "watchdog", "apscheduler"}

SPEAKS = [
    (["--bogus"], 2, "the command line is wrong: no such option: --bogus"),
    (["lst"], 2, "the command line is wrong: no such command 'lst'. Did you mean 'list'?"),
    (["show"], 2, "the command line is wrong: missing argument 'ID'"),
    (["-c", "nowhere.yaml", "list"], 1, "nowhere.yaml: No such file or directory"),
    (["-c", "/", "status"], 1, "/: Is a directory"),
    (["schema", "a"], 2, "the command line is wrong: invalid value for NAME: no schema is called"),
    (["init", "new", "--code", "H 1"], 1, "not an agency code: 'H 1'"),
    (["init", "/dev/null/new"], 1, "a file lies where /dev/null/new needs a folder"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "code", "words"), SPEAKS, ids=str)
def test_what_goes_wrong_is_said_in_one_form(arguments, code, words, tmp_path, monkeypatch):
    """Two lines on stderr, nothing on stdout; exit 2 when the command line is at fault."""
    monkeypatch.chdir(tmp_path)
    answer = edge_node(*arguments)
    assert (answer.returncode, answer.stdout) == (code, "")
    complaint, hint = answer.stderr.splitlines()
    assert complaint.startswith(f"edge-node: {words}")
    assert hint.startswith("hint: ")
    assert not any(tmp_path.iterdir())


def test_what_there_is_to_choose_from_is_told_on_one_line():
    """The library writes a line for each."""
    answer = edge_node("register")
    complaint, _ = answer.stderr.splitlines()
    assert complaint.endswith("missing argument 'REGISTER': one of outgoing, incoming, follow-up")


def test_an_argument_that_may_be_left_out_stands_in_one_pair_of_brackets():
    """The library sets them around its name."""
    assert "cert check [OPTIONS] [NAME]\n" in edge_node("cert", "check", "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--bogus"], "không có tùy chọn --bogus"),
        (["lst"], "không có lệnh 'lst'. Có phải 'list'?"),
        (["show"], "thiếu 'ID'"),
        (["recall", "o"], "thiếu tùy chọn '--reason'"),
        (["list", "--state"], "tùy chọn '--state' cần kèm một giá trị"),
        (["list", "--limit", "0"], "giá trị của '--limit' / '-n' không hợp lệ: cần số từ 1"),
        (["journal", "export", "--from", "x"], "giá trị của '--from' không hợp lệ: cần ngày"),
        (["schema", "x"], "giá trị của NAME không hợp lệ: không có lược đồ nào tên x"),
        (["journal", "verify", "--head", "x"], "giá trị của --head không hợp lệ: cần ID:CHAIN"),
        (["journal"], "thiếu tên lệnh con"),
        (["status", "a"], "thừa tham số: a"),
    ],
    ids=str,
)
def test_a_wrong_command_line_is_told_in_vietnamese(arguments, words):
    """The library says it in English only; the hint names the command that was meant."""
    answer = edge_node(*arguments, EDGE_NODE_LANG="vi")
    complaint, hint = answer.stderr.splitlines()
    assert answer.returncode == 2
    assert complaint.startswith(f"edge-node: dòng lệnh sai: {words}")
    assert "--help" in hint
    if arguments[0] in {"show", "recall", "journal", "status"}:
        assert f"`edge-node {arguments[0]}" in hint


def test_where_no_configuration_is_found_another_may_be_named(tmp_path):
    """Who only verifies a file may have none in the usual place."""
    answer = edge_node("-c", tmp_path / "nowhere.yaml", "verify", "letter.pdf")

    assert "edge-node --config FILE" in answer.stderr
    assert "edge-node init DIR" in answer.stderr


def test_all_that_is_wrong_with_a_configuration_is_said_at_once(tmp_path):
    """A line a problem, each with its place, in the reader's language; then one hint."""
    file = tmp_path / "config.yaml"
    file.write_text("agency: {code: H99.01, nme: x}\naxis: {url: ftp://x}\npull: {every: soon}\n")
    for language, expected in (("en", "expected"), ("vi", "cần")):
        answer = edge_node("-c", file, "config", EDGE_NODE_LANG=language)
        assert (answer.returncode, answer.stdout) == (1, "")
        *problems, _ = answer.stderr.splitlines()
        places = [line.split(": ")[1] for line in problems]
        assert places == [f"{file}:{line}" for line in (1, 1, 1, 2, 2, 3)]
        assert expected in problems[-1]
        assert "pull.every" in problems[-1]


def test_a_file_that_is_no_configuration_is_named(tmp_path):
    """Broken YAML and other bytes are refused with the place and not with a traceback."""
    file = tmp_path / "config.yaml"
    for content in (b"agency: [", b"agency: \xff", b"- a\n- b\n", b""):
        file.write_bytes(content)
        answer = edge_node("-c", file, "status")
        assert (answer.returncode, answer.stdout) == (1, "")
        assert answer.stderr.startswith(f"edge-node: {file}:")
        assert "Traceback" not in answer.stderr


def test_the_configuration_is_looked_for_in_etc_and_then_by_the_environment(tmp_path):
    """The command line first, then the usual place, then EDGE_NODE_CONFIG."""
    usual, named = tmp_path / "usual.yaml", {"EDGE_NODE_CONFIG": "/srv/named.yaml"}
    assert config_file({}, usual) == usual
    assert config_file(named, usual) == Path("/srv/named.yaml")
    usual.touch()
    assert config_file(named, usual) == usual


def test_the_environment_names_the_configuration(office):
    """Without --config, and with nothing in /etc, EDGE_NODE_CONFIG is read."""
    answer = edge_node("config", EDGE_NODE_CONFIG=str(office.config))
    assert answer.stdout.startswith(f"# {office.config}\n")


def test_what_config_prints_is_a_configuration_again(office, tmp_path):
    """Every default is shown in the form the file takes it in."""
    office.configure(limits={"package": "1536MB"}, push={"retry_ceiling": "36h"})
    shown = office.command("config").stdout
    copy = tmp_path / "copy.yaml"
    copy.write_text(shown)
    again = edge_node("-c", copy, "config")
    assert again.stderr == ""
    assert again.stdout.splitlines()[1:] == shown.splitlines()[1:]
    assert "\n  retry_ceiling: 36h\n" in shown


def test_looking_at_a_node_that_is_not_there_makes_nothing(office):
    """A command that only looks says that there is no queue, and leaves the disk alone."""
    office.config.write_text(office.config.read_text().replace('/data"', '/none"'))
    before = sorted(office.home.rglob("*"))
    for command in (["status"], ["list"], ["resend", "o"]):
        answer = office.command(*command)
        assert (answer.returncode, answer.stdout) == (1, "")
        assert answer.stderr.splitlines() == [
            f"edge-node: no node has worked in {office.home}/none yet",
            "hint: check folders.data; `edge-node init` makes what the configuration names",
        ]
    assert sorted(office.home.rglob("*")) == before


def test_a_new_node_is_made_by_one_command(tmp_path):
    """`init` writes a private configuration and secret, makes the folders, and says what next."""
    answer = edge_node("init", tmp_path / "a", "--code", "H37.02", "--name", 'Xã "Mẫu": #1')
    config = tmp_path / "a" / "config.yaml"
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.splitlines() == [
        f"configuration: {config}",
        f"exchange folder: {tmp_path}/a/exchange",
        f"next: edge-node --config {config} run",
    ]
    for private in (config, tmp_path / "a" / "secret"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert (tmp_path / "a" / "exchange" / "outbox").is_dir()

    status = edge_node("-c", config, "status").stdout.splitlines()
    assert status[0].split(maxsplit=1) == ["agency", 'H37.02 Xã "Mẫu": #1']
    assert status[2].split() == ["node", "stopped"]


def test_what_is_there_is_not_written_over_but_completed(tmp_path):
    """A second `init` refuses; without a folder it makes what an existing configuration names."""
    assert edge_node("init", tmp_path / "a").returncode == 0
    config = tmp_path / "a" / "config.yaml"
    written = config.read_bytes()

    again = edge_node("init", tmp_path / "a", "--code", "H37.03")
    assert again.returncode == 1
    assert again.stderr.splitlines() == [
        f"edge-node: {config} exists already",
        f"hint: to make the folders it names: edge-node --config {config} init",
    ]
    assert config.read_bytes() == written

    (tmp_path / "a" / "exchange" / "receipts").rmdir()
    assert edge_node("-c", config, "init").returncode == 0
    assert (tmp_path / "a" / "exchange" / "receipts").is_dir()


def test_a_new_configuration_that_cannot_be_used_is_not_left_behind(tmp_path):
    """The same command, corrected, can be given again."""
    refused = edge_node("init", tmp_path / "a", "--axis", "ftp://axis")
    assert refused.returncode == 1
    assert "axis.url: expected an https address" in refused.stderr
    assert edge_node("init", tmp_path / "a", "--axis", "https://axis").returncode == 0


def test_a_refused_document_is_sent_again_when_a_person_says_so(office):
    """`resend` names the document and the receivers, and the next turn sends it once more."""
    office.drop(1, office, to=["H98.999"])
    assert office.command("once").returncode == 0
    [document] = office.told("list", "--state", "refused")

    answer = office.command("resend", document["id"][:4])
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == f"queued again: {document['id']} for H98.999\n"
    assert [fate["state"] for fate in office.told("show", document["id"])[0]["fates"]] == [
        "queued"
    ]

    assert office.command("once").returncode == 0
    story = [line["event"] for line in office.told("log", document["id"])]
    assert story == ["queued", "attempt", "refused", "queued", "attempt", "refused"]


# The command as it is, but for its patience with whoever holds the queue: 20 s there.
IMPATIENT = """
from datetime import timedelta
from edge_node.adapters.database import QueueFile
from edge_node.cli.app import main
QueueFile.__init__.__kwdefaults__["busy"] = timedelta(milliseconds=300)
main()
"""


def test_what_was_returned_to_its_sender_is_released_only_by_force(office):
    """Without it the command says what was done, and what can be; then it is as with any other."""
    listed = Listed(
        axis_id=AxisId("a"),
        message=MessageType.DOCUMENT,
        sender="H99.1",
        receiver="",
        status="",
        created="",
    )
    package = Stored(digest=Digest("ab" * 32), size=1)
    with closing(Node(config=load(office.config))) as node:
        item = node.queue.arriving.set_aside(listed, package, say("x"), now=node.clock())
        with node.queue.file.transaction() as transaction:
            transaction.execute("update incoming set state = 'returned', door = 'barred'", {})

    complaint, hint = office.command("release", item).stderr.splitlines()
    assert complaint == f"edge-node: {item} was returned: its sender has been told status 02"
    assert hint.startswith("hint: ask the sender to send it again")
    assert hint.endswith(f"edge-node release {item} --force")
    assert office.command("list", "--state", "returned", "--json").stdout.count(item) == 1
    assert office.command("release", item, "--force").stdout == f"released: {item}\n"


def all_there_is(office):
    """Return every row of an office's queue, and every other file of its folders."""
    with closing(sqlite3.connect(office.home / "data" / "queue.db")) as queue:
        rows = list(queue.iterdump())
    files = (path for path in office.home.rglob("*") if path.is_file())
    return rows, {file: file.read_bytes() for file in files if "queue.db" not in file.name}


def test_what_cannot_be_entered_because_the_queue_is_held_is_said_and_not_done(office):
    """Another process writes, and does not end: exit 1, who it is, and nothing has changed."""
    office.drop(1, office, to=["H98.999"])
    assert office.command("once").returncode == 0
    [document] = office.told("list", "--state", "refused")
    before = all_there_is(office)

    arguments = ["-c", str(office.config), "resend", document["id"]]
    with closing(sqlite3.connect(office.home / "data" / "queue.db", isolation_level=None)) as us:
        us.execute("begin immediate")
        answer = subprocess.run(
            [sys.executable, "-c", IMPATIENT, *arguments],
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
        )
    assert (answer.returncode, answer.stdout) == (1, "")
    complaint, hint = answer.stderr.splitlines()
    queue = office.home / "data" / "queue.db"
    assert complaint == f"edge-node: another process holds the queue {queue}"
    assert hint == f"hint: let it end; if it hangs, `fuser -v {queue}` names it"
    assert all_there_is(office) == before

    assert office.command("resend", document["id"]).returncode == 0
    assert all_there_is(office) != before


def test_every_schema_is_named_and_printed():
    """`schema --help` knows all of them."""
    told = " ".join(edge_node("schema", "--help").stdout.split())
    assert [name for name in SCHEMA_NAMES if name not in told] == []
    assert edge_node("schema", "receipt").stdout.startswith("{\n")


def test_without_a_command_the_help_is_shown():
    """It goes to stderr, because nothing was done: exit 2. Asked for, it is a result: exit 0."""
    bare = edge_node()
    assert (bare.returncode, bare.stdout) == (2, "")
    asked = edge_node("--help")
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, bare.stderr, "")


@pytest.mark.parametrize("command", ["--help", "status", "list", "config"])
def test_commands_that_only_look_load_nothing_heavy(office, command):
    """Neither the HTTP client nor the watcher, the scheduler, the server or a parser of PDF."""
    loaded = loaded_by(office, command)
    assert "typer" in loaded
    assert loaded & HEAVY == set()
    if command == "--help":
        assert "sqlite_utils" not in loaded


def test_a_node_with_nothing_to_look_into_loads_nothing_that_reads_documents(office):
    """All its lanes turn, and what signatures are read by stays in children nobody started."""
    loaded = loaded_by(office, "once")
    assert "httpx" in loaded
    assert loaded & {"pyhanko", "pyhanko_certvalidator", "lxml", "cryptography", "asn1crypto"} == (
        set()
    )


def loaded_by(office, command):
    """Return the packages a command imports."""
    looked = subprocess.run(
        [sys.executable, "-X", "importtime", *EDGE_NODE[1:], "-c", str(office.config), command],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    return {
        line.rpartition("|")[2].strip().partition(".")[0] for line in looked.stderr.splitlines()
    }


def test_a_break_at_the_keyboard_ends_a_command_quietly(tmp_path):
    """Ctrl-C is no error to explain."""
    log = tmp_path / "words"
    with log.open("w") as words:
        process = subprocess.Popen(
            [*EDGE_NODE, "sandbox", str(tmp_path / "axis"), "--port", "0"],
            stdout=words,
            stderr=words,
            env=environment(),
        )
    until(log.read_text)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) in {0, 130}
    assert "Traceback" not in log.read_text()
