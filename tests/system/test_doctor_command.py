"""`edge-node doctor`: beside a running daemon and without one, for people and for programs."""

from __future__ import annotations

import json

import pytest
from system_world import on_a_terminal, until


@pytest.fixture
def tidy(office):
    """Give a node whose folders nobody else may look into, and of which there is an archive."""
    (office.home / "data").chmod(0o700)
    archives = {"folder": str(office.home / "archives"), "unencrypted": True}
    office.configure(backup={"archives": archives})
    assert office.command("backup").returncode == 0
    return office


def findings(answer):
    return {line["check"]: line for line in map(json.loads, answer.stdout.splitlines())}


def test_a_node_at_work_is_in_order_but_for_whom_to_believe(tidy):
    """Its exit status is that of the worst; each finding is a line."""
    with tidy.running() as node:
        node.says("running")
        answer = tidy.command("doctor", "--json")
        found = findings(answer)
        shown, whole = tidy.command("doctor"), tidy.command("doctor", "--all")

    assert (answer.returncode, answer.stderr) == (1, "")
    states = {check: line["state"] for check, line in found.items()}
    assert {check for check, state in states.items() if state != "good"} == {"trust.anchors"}
    assert {"node.running", "axis.connection", "axis.clock", "queue.integrity"} <= states.keys()
    assert found["node.running"]["measured"]["process"] == node.process.pid
    cure = "    → add the roots of the authorities you trust: edge-node trust add FILE"
    used, *lines = shown.stdout.splitlines()
    assert used.startswith("✓ on the disks, in MB: queue ")
    assert lines[1] == cure
    assert lines[2].startswith("✓ in order: configuration, secret, clock, axis, ")
    assert len(lines) == 4
    assert cure in whole.stdout.splitlines()
    assert whole.stdout.splitlines()[0].startswith("✓ the configuration can be used: ")
    assert len(whole.stdout.splitlines()) == len(found) + 2


def test_offline_it_asks_nobody(tidy):
    """What can only be found by asking is not looked into."""
    tidy.configure(url="http://127.0.0.1:9")
    answer = tidy.command("doctor", "--offline", "--json")

    assert answer.returncode == 1
    assert not any(check.startswith("axis.") for check in findings(answer))


def test_without_a_daemon_it_looks_all_the_same_and_changes_nothing(tidy):
    """No folder, no queue and no lock is made by looking."""
    before = sorted(tidy.home.rglob("*"))
    found = findings(tidy.command("doctor", "--json"))

    assert found["node.running"]["state"] == "warn"
    assert sorted(tidy.home.rglob("*")) == before


def test_what_is_broken_ends_with_two(tidy):
    """And each cure stands below its line, within eighty columns."""
    tidy.secret = tidy.home / "secret"
    tidy.secret.write_text("SECRET\n")
    tidy.secret.chmod(0o644)
    tidy.configure(url="http://127.0.0.1:9")
    answer = tidy.command("doctor")
    shown = tidy.command("doctor", "--json")
    bad = {check for check, line in findings(shown).items() if line["state"] == "bad"}

    assert answer.returncode == shown.returncode == 2
    assert bad == {"secret.axis", "axis.connection"}
    assert f"    → chmod o-rwx {tidy.secret}" in answer.stdout.splitlines()
    assert answer.stdout.splitlines()[-1].endswith("2 broken")
    assert "SECRET\n" not in answer.stdout + answer.stderr


def test_a_configuration_that_cannot_be_used_is_the_one_finding(tidy):
    """With its line; nothing else could be looked for."""
    tidy.config.write_text(tidy.config.read_text() + "axsi: {}\n")
    answer = tidy.command("doctor")

    assert (answer.returncode, answer.stderr) == (2, "")
    assert answer.stdout.startswith("✗ ")
    assert "axsi" in answer.stdout


def test_its_help_says_what_the_exit_status_means(tidy):
    """For whoever calls it from a timer."""
    said = tidy.command("doctor", "--help", COLUMNS="200").stdout
    assert "exit status 0" in said


def test_it_fits_a_screen_of_eighty_columns(tidy):
    """Sentences are broken below themselves."""
    lines = on_a_terminal("-c", tidy.config, "doctor")
    assert max(map(len, lines)) <= 80


def test_what_runs_beside_it_is_not_disturbed(tidy, other):
    """A document goes its way while somebody looks."""
    with tidy.running() as ours, other.running():
        ours.says("running")
        document = tidy.drop(1, other)
        for _ in range(2):
            tidy.command("doctor")
        until(lambda: other.inbox() == [document])
    assert "paused" not in ours.words
