"""The command that tells the whole story: on a screen, in both languages, and as JSON."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from system_world import an_axis, an_office, environment, on_a_terminal, until

COMMAND = (sys.executable, "-X", "importtime", "-m", "edge_node")


@pytest.fixture(scope="module")
def axis(tmp_path_factory):
    with an_axis(tmp_path_factory.mktemp("axis"), agencies=4) as axis:
        yield axis


@pytest.fixture(scope="module")
def office(axis, tmp_path_factory):
    """Set up an office that sent one letter to nobody there is, and ended."""
    office = an_office(tmp_path_factory.mktemp("offices"), axis)
    office.drop(1, office, to=["H01.77"])
    with office.running():
        until(lambda: office.lies_in("failed"))
    return office


def test_a_refused_document_is_told_on_one_screen(office):
    """What happened, how it stands, what can be done: all of it in sight."""
    (item,) = [each["id"] for each in office.told("list")]
    for language, title in (("en", "What you can do"), ("vi", "")):
        lines = on_a_terminal("-c", office.config, "explain", item, EDGE_NODE_LANG=language)
        told = [line for line in lines if not line.lstrip().startswith(("edge-node", "cp", "mv"))]
        assert max(map(len, told)) <= 80
        assert len(lines) <= 30
        assert title in "\n".join(lines)
        assert any(f"explain {item}" not in line and item in line for line in lines)


def test_commands_to_copy_name_the_configuration_they_need(office):
    """Where it is not the usual one, whoever copies a command would act on another node."""
    (item,) = [each["id"] for each in office.told("list")]
    answer = office.command("explain", item)
    assert f"edge-node -c {office.config} resend {item}" in answer.stdout
    (told,) = office.told("explain", item)
    assert f"edge-node -c {office.config} resend {item}" in [c["command"] for c in told["cures"]]


def test_as_json_it_is_facts(office):
    """Words for software beside those for people, moments in Vietnam's time."""
    (item,) = [each["id"] for each in office.told("list")]
    (told,) = office.told("explain", item)
    assert (told["id"], told["facts"]["direction"]) == (item, "out")
    assert [each["state"] for each in told["facts"]["receivers"]] == ["refused"]
    facts = [each["fact"] for each in told["sentences"]]
    assert {"taken-in", "refused"} <= set(facts)
    assert told["sentences"][0]["at"].endswith("+07:00")
    json.dumps(told)


def test_a_path_is_told_from_anywhere(office):
    """A drop that was left, by its whole path or by its name; the node stands still."""
    path = office.exchange / "outbox" / "vb den.pdf"
    path.write_bytes(b"%PDF-1.7\n%%EOF\n")
    for what in (path, "vb den.pdf", "outbox/vb den.pdf"):
        answer = office.command("explain", what)
        assert (answer.returncode, answer.stderr) == (0, "")
        assert "No sidecar" not in answer.stdout
        assert "no sidecar names it" in answer.stdout


def test_a_name_nobody_knows_says_what_may_be_asked(office):
    """An id, or a path."""
    answer = office.command("explain", "khong-co")
    assert answer.returncode == 1
    assert "no document goes by khong-co" in answer.stderr
    assert str(office.exchange / "outbox") in answer.stderr


def test_nothing_heavy_is_loaded_to_tell_of_a_document(office):
    """No flow, no HTTP client, no watcher, no child's library: the queue is read."""
    (item,) = [each["id"] for each in office.told("list")]
    answer = subprocess.run(
        [*COMMAND, "-c", office.config, "explain", item],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in answer.stderr.splitlines()}
    heavy = {"httpx", "watchdog", "sqlite_utils", "lxml", "pyhanko", "asn1crypto"}
    assert "edge_node.node.explaining.outgoing" in loaded
    assert loaded & (heavy | {"edge_node.node.lanes", "edge_node.adapters.outbox"}) == set()
