"""What is looked at in a drop before it is claimed."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from edge_node.protocol.handoff import Peek, peek
from edge_node.protocol.handoff.words import is_unclassified, same_name

DATA = Path(__file__).parents[1] / "data" / "handoff"


@pytest.mark.parametrize("name", ["document.json", "document.yaml"])
def test_a_whole_drop_names_its_files(name):
    """The names say what must have settled before the drop is taken."""
    assert peek((DATA / name).read_bytes(), name) == Peek(
        files=("12-UBND-VP.pdf", "phu-luc.xlsx"), secret=False, complete=True, urgency=1
    )


@pytest.mark.parametrize(
    ("priority", "urgency"),
    [("khẩn", 1), ("HOẢ TỐC", 3), (4, 4), (0, 0), (9, 0), (True, 0), ("gấp", 0), ([], 0)],
)
def test_how_urgent_it_is_can_be_seen_before_it_is_claimed(priority, urgency):
    """What no list knows is wrong, which whoever reads the drop will say; here it is usual."""
    drop = json.dumps({"priority": priority}).encode()
    assert peek(drop, "x.json").urgency == urgency


@pytest.mark.parametrize("length", [0, 1, 40, 700])
def test_half_a_json_file_is_no_file_yet(length):
    """Somebody is still writing it."""
    assert peek((DATA / "document.json").read_bytes()[:length], "document.json") is None


def test_half_a_yaml_file_is_not_complete():
    """Cut off YAML is often YAML still: it is whole when it has all that a drop needs."""
    whole = (DATA / "document.yaml").read_bytes()

    for cut in range(0, whole.index(b"attachments"), 50):
        seen = peek(whole[:cut], "document.yaml")
        assert seen is None or not seen.complete
    assert peek(whole, "document.yaml").complete
    recall = whole[: whole.index(b"attachments")].replace(b"kind: new", b"kind: recall")
    assert peek(recall, "document.yaml").complete


def test_what_is_not_an_object_names_nothing():
    """A list is no drop, and will not become one by waiting for its files."""
    assert peek(b"[]", "document.json") == Peek(files=(), secret=False, complete=False)
    assert peek(b"# nothing yet\n", "document.yaml") is None


def test_nonsense_among_the_attachments_is_left_to_the_reader():
    """A peek never fails; it takes the names it can find, each once."""
    attachments = ["a.pdf", {"file": "b.pdf"}, {"file": 3}, {}, 7, None, "", "a.pdf"]
    drop = json.dumps({"attachments": attachments}).encode()
    assert peek(drop, "x.json").files == ("a.pdf", "b.pdf")
    assert peek(b'{"attachments": "a.pdf"}', "x.json").files == ()


def test_names_match_however_the_disk_composes_them():
    """A Mac writes Phụ lục.pdf in pieces, the document software in one."""
    composed = unicodedata.normalize("NFC", "Phụ lục.pdf")
    pieces = unicodedata.normalize("NFD", composed)
    assert composed != pieces
    assert same_name(composed, pieces)
    for written, on_disk in ((composed, pieces), (pieces, composed), (pieces, pieces)):
        seen = peek(json.dumps({"attachments": [written]}).encode(), "x.json")
        assert seen.files == (written,)
        assert same_name(written, on_disk)
        assert not same_name(written, "phu luc.pdf")


@pytest.mark.parametrize(
    ("secrecy", "secret"), [('"Mật"', True), ("1", True), ('"thường"', False), ("null", False)]
)
def test_a_grade_is_seen_before_anything_is_copied(secrecy, secret):
    """State secrets are refused where they lie."""
    assert peek(f'{{"secrecy": {secrecy}}}'.encode(), "x.json").secret is secret
    assert is_unclassified(json.loads(secrecy)) is not secret


def test_a_second_grade_does_not_hide_the_first():
    """Of two grades the stricter one might be meant."""
    assert peek('{"secrecy": "mật", "secrecy": "thường"}'.encode(), "x.json").secret
