"""A person has a document back, another answers: what `recall`, `show` and `log` say of it."""

from __future__ import annotations

import re

import pytest
from system_world import on_a_terminal


@pytest.fixture
def asked(office, other):
    """Have a document sent back and forth until its receiver is asked for it: its ids."""
    office.drop(12, other)
    turn(office, other)
    (sent,) = office.told("list", "--out")
    answer = office.command("recall", sent["id"], "--reason", "Sai nơi nhận [1]")
    assert answer.stdout.startswith(f"asked for {sent['id']}: {other.code}, by o")
    turn(office, other)
    (got,) = [
        each for each in other.told("list", "--in") if each["document_id"] == sent["document_id"]
    ]
    return sent["id"], got["id"]


def turn(*offices):
    for each in offices:
        assert each.command("once").returncode == 0


@pytest.mark.parametrize(("status", "note"), [("15", ""), ("16", "Đã giải quyết xong")])
def test_a_recall_is_told_in_the_story_of_both(office, other, asked, status, note):
    """The reason stands there as it was written, on either side, whatever was answered."""
    ours, theirs = asked
    assert other.command("set-status", theirs, status, "--note", note).returncode == 0
    turn(other, office)

    for desk, item, agency in ((office, ours, other), (other, theirs, office)):
        story = desk.command("log", item)
        assert f"asked back  {agency.code}  Sai nơi nhận [1]" in story.stdout, story.stderr
        (line,) = [line for line in desk.told("log", item) if line["event"] == "recall asked"]
        assert line["text"] == "Sai nơi nhận [1]"
    assert f"recall → {other.code}" in office.command("show", ours).stdout
    # A folder is named where there is one: what was given back is gone.
    folder = re.search(r"^folder +inbox/", other.command("show", theirs).stdout, re.MULTILINE)
    assert bool(folder) is (status == "16")


@pytest.mark.usefixtures("asked")
def test_the_request_itself_is_called_what_it_is(other):
    """In the reader's language, beside the document it is about."""
    (request,) = [each["id"] for each in other.told("list", "--in") if each["kind"] == "recall"]
    sheet = other.command("show", request, EDGE_NODE_LANG="vi").stdout
    assert re.search(r"^nghiệp vụ +thu hồi$", sheet, re.MULTILINE)


def test_what_was_asked_fits_a_terminal(office, other):
    """However many are asked; no word is torn at the edge."""
    office.drop(13, other)
    turn(office, other)
    (sent,) = office.told("list", "--out")
    lines = on_a_terminal(
        "-c", office.config, "recall", sent["id"], "--reason", "Nhầm", columns=60
    )
    assert len(lines) > 1
    assert max(map(len, lines)) <= 60
    assert "they answer with status 15 or 16" in " ".join(lines)
