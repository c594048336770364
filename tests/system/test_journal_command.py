"""The command `journal`: what it says of a journal that holds and of one that does not."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from builders import T0, US
from journals import DAY, A, happen, meddle, some_days
from system_world import edge_node

from edge_node.adapters.database import QueueFile
from edge_node.config import load, starter
from edge_node.tools import verify_journal


@pytest.fixture
def office(tmp_path):
    """Give the configuration of a node with three days of events."""
    config = tmp_path / "config.yaml"
    known = {"code": US, "name": "Sở Nội vụ", "url": "http://127.0.0.1:9"}
    secret = str(tmp_path / "secret")
    config.write_text(starter(**known, secret_file=secret, data=tmp_path / "data"), "utf-8")
    queue = load(config).folders.queue
    queue.parent.mkdir(parents=True)
    file = QueueFile(queue)
    some_days(file, 3)
    file.close()
    return config, queue


def journal(office, *arguments):
    return edge_node("-c", office[0], "journal", *arguments)


def broken(office):
    meddle(QueueFile(office[1]), "update events set note = 'x' where id = 5")


def test_a_journal_that_holds_is_said_to(office):
    """With its end, to be compared with what others kept."""
    answer = journal(office, "verify")
    assert (answer.returncode, answer.stderr) == (0, "")
    first, last = answer.stdout.splitlines()
    assert first == "the journal holds: 9 events, 3 heads, 0 with a time-stamp"
    assert last.startswith("9:")


def test_where_it_is_broken_the_event_is_named(office):
    """Exit 1, and what can be done."""
    broken(office)
    answer = journal(office, "verify")
    assert answer.returncode == 1
    words = "edge-node: the journal is broken at event 5: it was altered, or does not follow"
    assert answer.stderr.startswith(words)
    assert "hint: " in answer.stderr
    told = journal(office, "verify", "--json")
    assert told.returncode == 1
    assert json.loads(told.stdout)["fault"] == {"id": 5, "kind": "altered"}


def test_an_export_is_verified_by_the_tool(office, tmp_path):
    """Of some days as of all."""
    path = tmp_path / "journal.jsonl"
    answer = journal(office, "export", "--from", "2026-11-22", "--to", "22/11/2026", "-o", path)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == f"{path}: 3 events up to 6, 2 heads\n"
    tool = [sys.executable, verify_journal.__file__, path]
    assert subprocess.run(tool, capture_output=True, check=False).returncode == 0
    assert "--force" in journal(office, "export", "-o", path).stderr
    assert journal(office, "export", "-o", path, "--force").returncode == 0
    shown = journal(office, "export").stdout.splitlines()[1:-1]  # which say when it was made
    assert shown == path.read_text("utf-8").splitlines()[1:-1]


def test_the_head_says_who_vouches_for_how_much(office):
    """And how many events nobody vouches for yet."""
    file = QueueFile(office[1])
    happen(file, A, now=T0 + 3 * DAY)
    file.close()
    lines = journal(office, "head").stdout.splitlines()
    assert lines[0].startswith("10:")
    assert lines[1].startswith("last head, of 2026-11-23: 9:")
    assert lines[2] == "events since: 1"
    assert json.loads(journal(office, "head", "--json").stdout)["head"]["event"] == 9
