"""The command `evidence`: which file it writes, what it refuses, how it says what is missing."""

from __future__ import annotations

import json
import stat
import zipfile

import pytest
from builders import T0, US, a_document, a_new_document
from journals import anchor, meddle
from system_world import edge_node

from edge_node.adapters.queue import Queue
from edge_node.config import load, starter

ITEM = "o000000001"


@pytest.fixture
def office(tmp_path):
    """Give the configuration of a node that took in one document, whose package is lost."""
    config = tmp_path / "config.yaml"
    known = {"code": US, "name": "Sở Nội vụ", "url": "http://127.0.0.1:9"}
    secret = str(tmp_path / "secret")
    config.write_text(starter(**known, secret_file=secret, data=tmp_path / "data"), "utf-8")
    path = load(config).folders.queue
    path.parent.mkdir(parents=True)
    queue = Queue(path)
    queue.outgoing.add(a_new_document(ITEM, document=a_document()), now=T0)
    anchor(queue.file)
    queue.close()
    return config, queue.file


def evidence(office, *arguments, **environ):
    return edge_node("-c", office[0], "evidence", *arguments, **environ)


def test_it_writes_one_file_and_says_what_is_missing(office, tmp_path):
    """Readable to its owner alone: documents are in it. A beginning of the id suffices."""
    path = tmp_path / "out.zip"
    answer = evidence(office, "o00", "-o", path)
    assert answer.returncode == 0
    assert answer.stdout == f"{path}: 8 files, 1 events of the document in the journal\n"
    assert "not in it: the spool has no package" in answer.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert zipfile.ZipFile(path).testzip() is None
    assert sorted(each.name for each in tmp_path.iterdir() if "out" in each.name) == ["out.zip"]


def test_it_says_it_in_the_readers_language(office, tmp_path):
    """What is missing, as in the file itself."""
    answer = evidence(office, ITEM, "-o", tmp_path / "out.zip", EDGE_NODE_LANG="vi")
    assert "không còn trong kho của nút" in answer.stderr


def test_what_is_there_is_not_overwritten_unasked(office, tmp_path):
    """Evidence least of all."""
    path = tmp_path / "out.zip"
    path.write_text("before")
    answer = evidence(office, ITEM, "-o", path)
    assert answer.returncode == 1
    assert path.read_text() == "before"
    assert evidence(office, ITEM, "-o", path, "--force").returncode == 0


def test_a_journal_that_does_not_hold_ends_with_1_and_is_written(office, tmp_path):
    """Whoever runs it from a script must not overlook that."""
    meddle(office[1], "update events set note = 'x'")
    path = tmp_path / "out.zip"
    answer = evidence(office, ITEM, "-o", path, "--json")
    assert answer.returncode == 1
    told = json.loads(answer.stdout)
    assert (told["journal_holds"], told["item"]) == (False, ITEM)
    assert zipfile.ZipFile(path).testzip() is None


def test_an_unknown_document_leaves_no_file(office, tmp_path):
    """And the error says how to find the id."""
    answer = evidence(office, "x", "-o", tmp_path / "out.zip")
    assert answer.returncode == 1
    assert not (tmp_path / "out.zip").exists()
