"""What `status` says while something rests: since when, what is safe, and when it is tried."""

from __future__ import annotations

import re
import shutil
import socket
from datetime import datetime

import pytest
from rich.cells import cell_len
from system_world import an_office, on_a_terminal, until

from edge_node.config import load

NOBODY = "http://127.0.0.1:{port}"


@pytest.fixture
def nobody():
    """Give an address where nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return NOBODY.format(port=taken.getsockname()[1])


def test_status_says_since_when_the_axis_is_away_and_what_is_safe(tmp_path, axis, nobody, other):
    """In both languages, on a narrow screen and in JSON; a dead node rests from nothing."""
    office = an_office(tmp_path, axis, url=nobody)
    with office.running() as node:
        for number in ("1", "2", "3"):
            office.drop(number, other)
        node.says("taken in", times=3)
        node.says("axis unreachable ")
        until(lambda: office.told("status")[0]["safe"] == 3)
        [standing] = office.told("status")
        [pause] = standing["pauses"]
        assert pause["what"] == "axis"
        assert pause["reason"].startswith("cannot reach the axis")
        assert pause["hint"].startswith("check axis.url")
        assert datetime.fromisoformat(pause["since"]) < datetime.fromisoformat(pause["until"])

        shown = on_a_terminal("-c", office.config, "status", columns=80)
        sentence = " ".join(line.strip() for line in shown)
        assert re.search(
            r"attention +axis unreachable since \d\d:\d\d, 3 documents safe on disk,"
            r" next probe \d\d:\d\d cannot reach the axis: .* check axis.url",
            sentence,
        )
        vietnamese = on_a_terminal("-c", office.config, "status", EDGE_NODE_LANG="vi")
        for lines in (shown, vietnamese):
            assert max(map(cell_len, lines)) <= 80
        assert any(re.search(r"\d\d:\d\d, 3 ", line) for line in vietnamese)

        node.kill()
        [standing] = office.told("status")
        assert (standing["running"], standing["pauses"], standing["safe"]) == (False, [], 3)


def test_status_says_what_waits_for_a_person_and_names_the_command(office, other):
    """What may have been sent, and what nobody can read, after all else was lost."""
    office.drop(1, other)
    assert office.command("once").returncode == 0
    folders = load(office.config).folders
    [paper] = (folders.exchange / "sent").glob("*/*/*/*/status.json")
    paper.write_text(paper.read_text().replace('"accepted"', '"unsure"'))
    lost = paper.parent.with_name("lost")
    lost.mkdir()
    for folder in (folders.data, folders.witness):
        for path in [path for path in folder.iterdir() if path != folders.exchange]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert office.command("once").returncode == 0

    [standing] = office.told("status")
    assert standing["held"] == 1
    assert standing["unread"] == [str(lost.relative_to(folders.exchange))]
    sentence = " ".join(office.command("status").stdout.split())
    assert "wait for a person: 1: edge-node list --out --state held" in sentence
    assert "papers cannot be read: 1: edge-node status --json" in sentence
    [line] = office.told("list", "--out", "--state", "held")
    assert line["fates"][0]["reason"].startswith("the queue was an older state")
