"""What the doctor finds of the node's own: what rests, what was set aside, lists, the service."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import needs
import pytest
from directories import agencies, fill
from doctor_world import Paper
from keys_world import Agency
from pki_plan import AGENCY_CODE

from edge_node.adapters.account import Account
from edge_node.adapters.directory import Directory
from edge_node.adapters.lock import locked
from edge_node.adapters.pauses import Pause, Pauses
from edge_node.adapters.queue import Queue
from edge_node.checks.check import Situation
from edge_node.checks.finding import Health
from edge_node.checks.looks import confinement, trial
from edge_node.config import load
from edge_node.domain.message import say

NOW = datetime.now(UTC)
HARDENED = {
    "LoadState": "loaded",
    "User": "edge-node",
    "UnitFileState": "enabled",
    "NRestarts": "0",
} | {name: max(wanted) for name, wanted in confinement._WANTED.items()}


@pytest.fixture
def node(tmp_path):
    return Paper(tmp_path)


@pytest.fixture
def queue(node):
    opened = Queue(node.data / "queue.db")
    yield opened
    opened.close()


# ── what rests, what was set aside ───────────────────────────────────────────────────────────────


def test_what_rests_is_told_while_somebody_is_at_work(node, queue):
    """In the words it stopped by; of a daemon that is no more it means nothing."""
    pause = Pause(what="push", since=NOW, until=None, reason=say("the key is not there"))
    Pauses(queue.file).put(pause)
    with locked(node.data):
        at_work = node.finds("resting")["node.resting"]
    alone = node.finds("resting")

    assert at_work.health is Health.BAD
    assert "the key is not there" in str(at_work.why)
    assert set(alone) == {"configuration"}


def entered(queue, table, **values):
    with queue.file.transaction() as transaction:
        transaction.insert(table, values)


@pytest.mark.parametrize(
    ("state", "check"), [("quarantined", "aside.quarantined"), ("parked", "aside.parked")]
)
def test_what_was_set_aside_is_counted_and_the_first_is_named(node, queue, state, check):
    """With commands that can be typed as they stand."""
    for number in (2, 3):
        entered(
            queue,
            "incoming",
            id=f"i22222222{number}",
            axis_id=f"a{number}",
            message="edoc",
            sender="H37.09",
            digest="00",
            size=1,
            state=state,
            created=1,
            at=1,
        )
    every = node.finds("aside")

    assert every[check].health is Health.WARN
    assert every[check].measured == {"count": 2}
    assert "edge-node show i222222222 " in str(every[check].cure)


def a_held_fate(transaction, *, kept):
    """Enter a document that is held, for one receiver."""
    item = dict.fromkeys(
        ["document_id", "sender", "number", "notation", "promulgated", "type", "subject", "kind"],
        "",
    )
    item |= dict.fromkeys(["ref", "fingerprint", "name", "folder", "warnings"], "")
    transaction.insert("documents", item | {"id": "o222222222", "created": 1})
    envelope = dict.fromkeys(["message", "sender", "receivers", "digest"], "")
    envelope |= {"id": "e222222222", "item": "o222222222", "size": 1, "state": "held"}
    transaction.insert("envelopes", envelope | {"urgency": 0, "created": 1})
    fate = {"item": "o222222222", "receiver": "H37.09", "name": "", "envelope": "e222222222"}
    transaction.insert("fates", fate | {"state": "held", "kept": kept, "at": 1})


@pytest.mark.parametrize(
    ("kept", "check", "command"),
    [(1, "aside.kept", "edge-node release"), (0, "aside.held", "edge-node resend")],
)
def test_what_a_person_keeps_back_is_not_taken_for_sent(node, queue, kept, check, command):
    """It is let go; only what may have left is a matter of asking the receiver."""
    with queue.file.transaction() as transaction:
        a_held_fate(transaction, kept=kept)
    every = node.finds("aside")

    assert [name for name in every if name.startswith("aside")] == [check]
    assert command in str(every[check].cure)


def test_that_nothing_was_set_aside_is_good(node):
    """One line for all of it."""
    assert node.finds("aside")["aside"].health is Health.GOOD


# ── the directory ────────────────────────────────────────────────────────────────────────────────


def listed(node, *, ago):
    """Read a list of one agency, so long ago."""
    directory = Directory(node.data / "directory.db")
    fill(directory, agencies(3), now=NOW - ago)
    directory.close()


def test_lists_that_are_old_or_were_never_read_are_found(node):
    """By the age the configuration names; who nobody asks for is not missed."""
    node.told["directory"] = {"lists": ["agencies"]}
    assert node.finds("directory")["directory.age"].health is Health.WARN
    listed(node, ago=timedelta(hours=1))
    assert node.finds("directory")["directory.age"].health is Health.GOOD
    later = node.finds("directory", now=NOW + timedelta(days=8))["directory.age"]
    assert (later.health, later.measured["days"]) == (Health.WARN, 8)
    node.told["directory"] = {"lists": []}
    assert "directory.age" not in node.finds("directory")


def test_a_damaged_directory_is_found(node):
    """It can be fetched again: the command says how."""
    listed(node, ago=timedelta())
    (node.data / "directory.db").write_bytes(b"something else altogether" * 400)
    finding = node.finds("directory")["directory.file"]

    assert finding.health is Health.BAD
    assert "edge-node agencies sync" in str(finding.cure)


# ── the service ──────────────────────────────────────────────────────────────────────────────────


def serviced(node, folder, monkeypatch, **told):
    """Return what is found where systemd tells this of the service."""
    folder.mkdir(exist_ok=True)
    program = folder / "systemctl"
    lines = "\n".join(f"{name}={value}" for name, value in (HARDENED | told).items())
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{lines}\nEND\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    situation = Situation(
        config=load(node.config),
        now=NOW,
        environ={},
        process=None,
        account=Account.of(node.data, None),
        config_file=Path("/etc/edge-node/xa-mau/config.yaml"),
    )
    return {one.check: one for one in confinement.CHECK.look(situation)}


@pytest.mark.parametrize(
    ("told", "check", "health"),
    [
        ({}, "service.sandbox", Health.GOOD),
        ({"ProtectSystem": "full"}, "service.sandbox", Health.WARN),
        ({"NoNewPrivileges": "no"}, "service.sandbox", Health.WARN),
        ({"User": ""}, "service.user", Health.BAD),
        ({"LoadState": "not-found"}, "service", Health.BAD),
        ({"NRestarts": "7"}, "service.restarts", Health.WARN),
        ({"UnitFileState": "disabled"}, "service.boot", Health.WARN),
    ],
)
def test_a_service_that_may_more_than_shipped_is_found(
    node, tmp_path, monkeypatch, told, check, health
):
    """By what systemd shows of it; each with what to type."""
    every = serviced(node, tmp_path / "bin", monkeypatch, **told)

    assert every[check].health is health
    assert (every[check].cure is None) is (health is Health.GOOD)


def test_a_node_that_is_no_service_is_no_finding(node):
    """It was started by hand."""
    assert node.finds("confinement")["service"].health is Health.GOOD


# ── trial signatures ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def agency(tmp_path, pki):
    return Agency(tmp_path, pki, code=AGENCY_CODE).believe()


@pytest.fixture
def token(tmp_path, pki):
    needs.program("softhsm2-util", "softhsm2")
    return pki.softhsm(tmp_path / "token", "agency")


def tried(agency, *, login):
    config = load(agency.config)
    account = Account.of(agency.data, None)
    situation = Situation(config=config, now=NOW, environ={}, process=None, account=account)
    (finding,) = trial.CHECK.look(replace(situation, login=login))
    return finding


def test_a_token_signs_a_trial_only_where_somebody_asks_for_it(agency, token):
    """Told its PIN once; without that, the way to have it done is named."""
    agency.has(agency.token(token))
    unasked, asked = tried(agency, login=False), tried(agency, login=True)

    assert "edge-node doctor --login" in str(unasked.why)
    assert (unasked.health, asked.health) == (Health.GOOD, Health.GOOD)
    assert "signed a trial" in str(asked.why)


def test_a_wrong_pin_is_told_once(agency, token):
    """However often somebody asks: what a token refused is not told again."""
    agency.has(agency.token(token, pin="000000"))
    answers = [tried(agency, login=True) for _ in range(12)]

    assert {one.health for one in answers} == {Health.BAD}
    assert "000000" not in f"{answers}"
    agency.secret("token", token.pin)
    assert tried(agency, login=True).health is Health.GOOD
