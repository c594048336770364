"""The commands that say what would become of a drop, hand one in, and rehearse that."""

from __future__ import annotations

import hashlib
import json

import pytest
from dropping import a_sheet, lay
from flows_world import LETTER
from foreseen import everything_in
from gate import a_gate
from packages import read
from system_world import an_office, on_a_terminal

PAGE = LETTER.read_bytes()


def a_drop(folder, *to, **sheet):
    """Lay a good drop down somewhere."""
    named = {"to": [office.code for office in to], "date": "2026-11-21"} | sheet
    return lay(folder, {"document.json": a_sheet("a.pdf", **named), "a.pdf": PAGE})


def test_a_good_drop_is_read_out_and_would_be_sent(office, other, tmp_path):
    """Exit 0, every field, and the last line says it; the drop and the node are as before."""
    drop = a_drop(tmp_path / "12", other, priority="khẩn")
    before = everything_in(drop, office.home)
    answer = office.command("lint", drop)

    assert (answer.returncode, answer.stderr) == (0, "")
    lines = answer.stdout.splitlines()
    assert lines[-1] == "it would be sent"
    for words in ("12/UBND-VP", "Công văn", "khẩn", other.code, "a.pdf, pdf, ", "not signed"):
        assert words in answer.stdout
    assert everything_in(drop, office.home) == before


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_bad_drop_is_told_with_places_and_cures(office, other, tmp_path, language):
    """Exit 1; in the reader's language, and no line is wider than a terminal."""
    drop = a_drop(tmp_path / "12", to=["???"], typ="x")
    (drop / "a.pdf").unlink()
    answer = office.command("lint", drop, EDGE_NODE_LANG=language)
    assert answer.returncode == 1
    for place in ("to[0]", "typ", "a.pdf"):
        assert place in answer.stdout
    if language == "en":
        assert answer.stdout.splitlines()[-1] == "it would be refused"
        cures = [line for line in answer.stdout.splitlines() if line.startswith("cure ")]
        assert len(cures) == len(set(cures))

    good = a_drop(tmp_path / "13", other, subject="V/v thử nghiệm gửi, nhận văn bản " * 9)
    for order in (("lint", drop), ("lint", good), ("send", "--dry-run", good)):
        lines = on_a_terminal("-c", office.config, *order, EDGE_NODE_LANG=language)
        assert len(lines) > 9
        assert max(map(len, lines)) <= 80


def test_a_folder_of_drops_is_told_one_by_one(office, other, tmp_path):
    """As JSON a line each; the exit code is that of the worst."""
    a_drop(tmp_path / "drops", other)
    (tmp_path / "drops" / "document.json").rename(tmp_path / "drops" / "12.json")
    (tmp_path / "drops" / "x.pdf").write_bytes(PAGE)
    answer = office.command("lint", tmp_path / "drops", "--json")
    told = [json.loads(line) for line in answer.stdout.splitlines()]

    assert answer.returncode == 1
    assert [(each["style"], each["outlook"]) for each in told] == [
        ("sidecar", "sent"),
        (None, "stays"),
    ]
    assert told[0]["attachments"][0]["sha256"] == hashlib.sha256(PAGE).hexdigest()
    assert office.command("lint", tmp_path / "drops").stdout.splitlines()[-1] == (
        "1 of 2 would be sent, 1 would not"
    )


def test_a_path_with_nothing_behind_it_is_said(office, tmp_path):
    """Mistyped, or empty."""
    (tmp_path / "empty").mkdir()
    for path, words in (("nowhere", "is not there"), ("empty", "could be a document")):
        answer = office.command("lint", tmp_path / path)
        assert answer.returncode == 1
        assert words in answer.stderr


def test_a_dry_run_shows_the_request_and_makes_none(tmp_path, axis, other):
    """Not one call reaches the axis, and the secret is nowhere in what is shown."""
    with a_gate(axis.url) as gate:
        office = an_office(tmp_path / "office", axis, url=gate.url)
        drop = a_drop(tmp_path / "12", other)
        before = everything_in(drop, office.home)
        kept = tmp_path / "kept.edxml"
        shown = office.command("send", "--dry-run", drop, "--output", kept)
        told = json.loads(office.command("send", "--dry-run", drop, "--json").stdout)
        assert everything_in(drop, office.home) == before
        assert gate.calls == []

    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.splitlines()[-2:] == ["nothing was sent", "it would be sent"]
    assert f"POST {gate.url}/sendEdoc" in shown.stdout
    assert f"XroadVnpt-from: {office.code}" in shown.stdout
    assert "XroadVnpt-hash-header: ********" in shown.stdout
    secret = axis.secret(office.code).read_text().strip()
    assert secret
    assert secret not in shown.stdout + json.dumps(told)
    package = read(kept.read_bytes(), lay(tmp_path / "room", {}))
    assert (package.document.code, package.files[0].path.read_bytes()) == ("12/UBND-VP", PAGE)
    assert kept.stat().st_size + 2 == told["requests"][0]["size"]


def test_what_would_be_refused_is_neither_packed_nor_handed_in(office, tmp_path):
    """Of a secret not even a copy is made."""
    drop = a_drop(tmp_path / "12", to=["H99.9"], secrecy="mật")
    for order in (("send", drop), ("send", "--dry-run", drop)):
        answer = office.command(*order)
        assert answer.returncode == 1
        assert "it would not be taken: it would stay where it lies" in answer.stdout
        assert "POST" not in answer.stdout
    assert list((office.exchange / "outbox").iterdir()) == []


def test_a_drop_that_is_handed_in_arrives(office, other, tmp_path):
    """Whole, at once, and the original stays; how to follow it is said."""
    drop = a_drop(tmp_path / "12", other)
    answer = office.command("send", drop)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert str(office.exchange / "outbox" / "12") in answer.stdout
    assert "edge-node explain" in answer.stdout

    again = office.command("send", office.exchange / "outbox" / "12")
    assert (again.returncode, "lies in the outbox already" in again.stderr) == (1, True)
    assert office.command("once").returncode == other.command("once").returncode == 0
    assert len(other.inbox()) == 1
    assert drop.is_dir()
    assert "was sent before" in office.command("send", drop).stdout


def test_options_that_say_nothing_together_are_refused(office, other, tmp_path):
    """Nothing is kept of what is sent for good, nor overwritten unasked."""
    drop = a_drop(tmp_path / "12", other)
    kept = tmp_path / "kept.edxml"
    kept.write_bytes(b"older")
    for order in (("send", drop, "-o", kept), ("send", "--dry-run", drop, "-o", kept)):
        assert office.command(*order).returncode == 1
    assert kept.read_bytes() == b"older"
