"""What the door kept out is let in by a person, tried in a process of its own."""

from __future__ import annotations

import json

import pytest

from edge_node.config import load
from edge_node.node import Node


@pytest.fixture
def strict(office, other):
    """Set up an agency that lets nothing in but what is surely signed, and one that sends it."""

    def strict(action):
        office.configure(door={"incoming": {"indeterminate": action, "unsigned": action}})
        document = other.drop(12, office)
        assert other.command("once").returncode == 0
        assert office.command("once").returncode == 0
        assert office.inbox() == []
        return document

    return strict


def told(office):
    """Return what is told of the signatures of the one document in the inbox, and its warnings."""
    (folder,) = (office.exchange / "inbox").glob("[!.]*")
    papers = [folder / name for name in ("verification.json", "document.json")]
    verification, letter = (json.loads(paper.read_bytes()) for paper in papers)
    return verification, letter["warnings"]


def statuses(office):
    """Return the codes of what was told of what came in, in order."""
    node = Node(config=load(office.config))
    rows = node.queue.file.rows(
        "select status from envelopes where message = 'status' order by created, id"
    )
    found = [row["status"] for row in rows]
    node.close()
    return found


def state(office):
    (item,) = office.told("list", "--in")
    return item["id"], item["state"]


def test_what_the_door_kept_is_released_and_arrives(strict, office):
    """Its child looks into it again, tells what it found, and hands it over all the same."""
    document = strict("quarantine")
    item, held = state(office)
    assert (held, statuses(office)) == ("quarantined", [])

    assert office.command("release", item).stdout == f"released: {item}\n"
    assert "tried alone" in office.command("once").stderr
    assert office.inbox() == [document]
    verification, warnings = told(office)
    (file,) = verification["attachments"]
    assert (verification["released"], file["action"]) == (True, "quarantine")
    assert len(warnings) == 2
    assert statuses(office) == ["01"]


def test_what_was_returned_is_let_in_only_by_force(strict, office):
    """The sender was told 02; with `--force` the agency takes it, and its sender hears 01."""
    document = strict("refuse")
    item, returned = state(office)
    assert (returned, statuses(office)) == ("returned", ["02"])
    refused = office.command("release", item)
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert office.command("once").returncode == 0
    assert office.inbox() == []

    assert office.command("release", item, "--force").returncode == 0
    assert office.command("once").returncode == 0
    assert office.inbox() == [document]
    assert told(office)[0]["released"]
    assert statuses(office) == ["02", "01"]
