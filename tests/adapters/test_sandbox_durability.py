"""A sandbox keeps what it answered for, through restarts and kills, and is made with care."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sandbox_world import EDOC, NOW, Caller, a_package

from edge_node.domain.errors import AlreadyRunning, ConfigError
from edge_node.protocol import vxp
from edge_node.sandbox.serve import running, serve
from edge_node.sandbox.settings import (
    SETTINGS_FILE,
    HashFile,
    Options,
    Reencode,
    init_sandbox,
    read_settings,
)
from edge_node.sandbox.store import doubles, forget_since

AGENCIES = [("H99.1", "Một"), ("H99.2", "Hai")]


def callers(url, settings):
    return [
        Caller(url=url, code=member.code, secret=member.secret)
        for member in settings.members.values()
    ]


@contextmanager
def a_process(folder):
    """Run the sandbox as a developer would, in a process of its own."""
    command = [sys.executable, "-m", "edge_node.sandbox", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_a_restart_changes_nothing(tmp_path):
    """Items, their states, their bytes and the directory outlive the server."""
    settings = init_sandbox(tmp_path, AGENCIES)
    with running(tmp_path) as url:
        sender, receiver = callers(url, settings)
        for number in range(3):
            sender.send(a_package("H99.1", "H99.2", document_id=f"D{number}"))
        sender.ask(vxp.register_agency(code="H99.1.1", name="Phòng", parent="H99.1"))
        items = receiver.received()
        receiver.acknowledge(items[0]["docId"])
        before = everything(sender, receiver, items)

    with running(tmp_path) as url:
        sender, receiver = callers(url, settings)
        assert everything(sender, receiver, items) == before
        assert [one["docId"] for one in receiver.received()] == [one["docId"] for one in items[1:]]


def everything(sender, receiver, items):
    return (
        receiver.received(),
        [receiver.call(vxp.fetch(item["docId"], vxp.Method.DOWNLOAD)) for item in items],
        sender.ask(vxp.sent_list(EDOC)),
        sender.ask(vxp.units()),
    )


def test_a_killed_sandbox_keeps_what_it_answered_for(tmp_path):
    """After `kill -9` right behind the answer, the receiver gets the package all the same."""
    settings = init_sandbox(tmp_path, AGENCIES)
    with a_process(tmp_path) as (process, url):
        doc_id = callers(url, settings)[0].send(a_package("H99.1", "H99.2"))["DocId"]
        process.kill()
        process.wait()

    with running(tmp_path) as url:
        sender, receiver = callers(url, settings)
        (row,) = sender.ask(vxp.sent_list(EDOC, doc_id))["data"]
        (item,) = receiver.received()
        assert row["receiverDocId"] == item["docId"]
        status, package = receiver.call(vxp.fetch(item["docId"], vxp.Method.DOWNLOAD))
        assert (status, package[:5]) == (200, b"<?xml")


def test_a_crash_between_two_steps_is_tidied_up(tmp_path):
    """What was accepted but not shelved is shelved; what never was accepted goes."""
    settings = init_sandbox(tmp_path, AGENCIES)
    with running(tmp_path) as url:
        doc_id = callers(url, settings)[0].send(a_package("H99.1", "H99.2"))["DocId"]
    accepted = tmp_path / "packages" / f"{doc_id}.edxml"
    accepted.rename(tmp_path / "incoming" / accepted.name)
    (tmp_path / "incoming" / "half.edxml").write_bytes(b"<edXML")

    with running(tmp_path):
        assert accepted.exists()
        assert list((tmp_path / "incoming").iterdir()) == []


def test_a_refused_package_leaves_nothing_behind(tmp_path):
    """Neither a file nor a row remains of what was refused, large or small."""
    settings = init_sandbox(tmp_path, AGENCIES)
    with running(tmp_path) as url:
        sender, _ = callers(url, settings)
        for size in (1, 2_000_000):
            sender.send(a_package("H99.1", "H99.none", pdf=b"x" * size))
        files = [path for name in ("incoming", "packages") for path in (tmp_path / name).iterdir()]
        assert files == []
        assert sender.ask(vxp.sent_list(EDOC))["data"] == []


def test_a_signal_ends_it_quietly(tmp_path):
    """SIGTERM is no failure: the process says nothing more and ends with 0."""
    init_sandbox(tmp_path, AGENCIES)
    with a_process(tmp_path) as (process, url):
        assert url.startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_doubles_can_be_read_while_it_runs_and_after(tmp_path):
    """The count of doubles needs no server and disturbs none."""
    settings = init_sandbox(tmp_path, AGENCIES)
    with running(tmp_path) as url:
        sender, _ = callers(url, settings)
        assert doubles(tmp_path) == ()
        for _ in range(3):
            sender.send(a_package("H99.1", "H99.2"))
        assert [double.sends for double in doubles(tmp_path)] == [3]
    assert [double.sends for double in doubles(tmp_path)] == [3]


def test_an_axis_can_come_back_from_an_older_state(tmp_path):
    """What was accepted and said since a moment is gone, bytes and all; what was before is not."""
    settings = init_sandbox(tmp_path, AGENCIES, options=Options(clock=NOW))
    with running(tmp_path) as url:
        sender, receiver = callers(url, settings)
        old = sender.send(a_package("H99.1", "H99.2", document_id="old"))["DocId"]
    later = NOW + timedelta(minutes=1)
    text = (tmp_path / SETTINGS_FILE).read_text()
    (tmp_path / SETTINGS_FILE).write_text(text.replace(NOW.isoformat(), later.isoformat()))
    with running(tmp_path) as url:
        sender, receiver = callers(url, settings)
        new = sender.send(a_package("H99.1", "H99.2", document_id="new"))["DocId"]
        for item in receiver.received():
            assert receiver.acknowledge(item["docId"])["ErrorCode"] == "0"
        with pytest.raises(AlreadyRunning):
            forget_since(tmp_path, later)

    assert forget_since(tmp_path, later) == (new,)
    with running(tmp_path) as url:
        sender, receiver = callers(url, settings)
        assert [row["senderDocId"] for row in sender.sent()] == [old]
        (item,) = receiver.received()
        assert item["status"] == "initial"
        assert receiver.package(item["docId"])
    assert [path.stem for path in (tmp_path / "packages").iterdir()] == [old]
    assert forget_since(tmp_path, later) == ()


def test_a_folder_is_served_once(tmp_path):
    """Two servers on one folder would tidy each other's packages away."""
    init_sandbox(tmp_path, AGENCIES)
    with running(tmp_path), pytest.raises(AlreadyRunning), running(tmp_path):
        pass


def test_other_machines_are_not_served_unasked(tmp_path):
    """A sandbox listens on the loopback device alone unless somebody says otherwise."""
    init_sandbox(tmp_path, AGENCIES)
    for host in ("0.0.0.0", "192.0.2.1", "example.org"):  # noqa: S104 - refused, that is the point
        with pytest.raises(ConfigError, match="other machines"):
            serve(tmp_path, host=host, ready=pytest.fail)


def test_secrets_stay_secret(tmp_path):
    """Each agency has its own, in a file only its owner reads; none is shown anywhere."""
    settings = init_sandbox(tmp_path, AGENCIES)
    secrets = {member.secret for member in settings.members.values()}
    assert len(secrets) == 2
    for member in settings.members.values():
        assert stat.S_IMODE(member.secret_file.stat().st_mode) == 0o600
        assert member.secret.decode() not in repr(settings)
        assert member.secret not in (tmp_path / SETTINGS_FILE).read_bytes()


def test_settings_come_back_as_they_were_chosen(tmp_path):
    """What `init_sandbox` writes, `read_settings` reads."""
    options = Options(reencode=Reencode.ALWAYS, hash_file=HashFile.SDK, max_package=7)
    assert init_sandbox(tmp_path, AGENCIES, options=options) == read_settings(tmp_path)
    assert read_settings(tmp_path).options == options


def test_a_sandbox_is_not_made_twice(tmp_path):
    """A second one would change the secrets of the first."""
    init_sandbox(tmp_path, AGENCIES)
    with pytest.raises(ConfigError, match="already"):
        init_sandbox(tmp_path, AGENCIES)


def test_every_problem_of_the_settings_is_named(tmp_path):
    """Wrong keys, codes, files and options are told all at once, each with its place."""
    (tmp_path / "open").write_text("secret")
    (tmp_path / "open").chmod(0o644)
    (tmp_path / SETTINGS_FILE).write_text(
        """
        agencies:
          - {code: H99.1, name: Một, secret_file: open}
          - {code: H99.1, name: Hai, secret_file: missing, colour: red}
          - {code: "no code", name: 3, secret_file: open}
        options: {reencode: perhaps, max_package: much, clock: noon, speed: 1}
        """
    )
    with pytest.raises(ConfigError) as caught:
        read_settings(tmp_path)
    problems = "\n".join(str(problem) for problem in caught.value.problems)
    for place in (
        "agencies[0].secret_file",
        "agencies[1].secret_file",
        "agencies[1]: expected one of",
        "agencies[2].name",
        "not an agency code: 'no code'",
        "H99.1 is there twice",
        "options.reencode",
        "options.max_package",
        "options.clock",
        "options: expected one of",
    ):
        assert place in problems
    assert "secret'" not in problems
