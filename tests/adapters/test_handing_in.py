"""A drop that lies anywhere comes into the outbox at once, or not at all."""

from __future__ import annotations

import hashlib
import json

import pytest
from dropping import EDXML, PDF, a_sheet, contents, lay

from edge_node.adapters import steps
from edge_node.adapters.drops import Drop, DropChanged, Style
from edge_node.adapters.durable import NameTaken
from edge_node.adapters.handing_in import hand_in


@pytest.fixture
def outbox(tmp_path):
    folder = tmp_path / "outbox"
    folder.mkdir(mode=0o2770)
    return folder


def a_drop(home, style, name, *files):
    return Drop(style=style, name=name, outbox=home, files=files)


def given(outbox, drop):
    """Hand it in; return where it lies, beside nothing else."""
    place = hand_in(drop, outbox, seen={})
    assert [name for name in contents(outbox) if name.startswith(".")] == []
    return place


def test_a_folder_comes_as_a_folder_with_what_its_sheet_names(outbox, tmp_path):
    """The group may read and move it; the original stays."""
    home = lay(tmp_path / "12", {"document.json": a_sheet("a.pdf"), "a.pdf": PDF, "x": b"other"})
    place = given(outbox, a_drop(tmp_path, Style.BUNDLE, "12", "document.json", "a.pdf"))

    assert (place.name, contents(place)) == ("12", ["a.pdf", "document.json"])
    assert place.stat().st_mode & 0o7777 == 0o2770
    assert {path.stat().st_mode & 0o777 for path in place.iterdir()} == {0o660}
    assert contents(home) == ["a.pdf", "document.json", "x"]


def test_loose_files_come_as_a_folder_since_only_that_appears_at_once(outbox, tmp_path):
    """The sheet becomes its document.json."""
    home = lay(tmp_path / "home", {"12.json": a_sheet("a.pdf"), "a.pdf": PDF})
    place = given(outbox, a_drop(home, Style.SIDECAR, "12", "12.json", "a.pdf"))

    assert contents(place) == ["a.pdf", "document.json"]
    assert json.loads((place / "document.json").read_bytes())["number"] == "12"


def test_a_name_that_is_taken_gets_a_number_but_a_bare_file_keeps_its_own(outbox, tmp_path):
    """A rule reads what a bare file is called."""
    lay(outbox, {"12.edxml": b"older", "13.pdf": b"older"})
    lay(tmp_path / "home", {"12.edxml": EDXML, "13.pdf": PDF})
    home = tmp_path / "home"
    assert given(outbox, a_drop(home, Style.PACKAGE, "12", "12.edxml")).name == "12 (2).edxml"
    with pytest.raises(NameTaken):
        given(outbox, a_drop(home, Style.BARE, "13", "13.pdf"))
    assert (outbox / "13.pdf").read_bytes() == b"older"


def test_what_was_changed_since_it_was_looked_at_is_not_handed_in(outbox, tmp_path):
    """Nobody has looked whether that is a secret."""
    home = lay(tmp_path / "home", {"13.pdf": PDF})
    seen = {home / "13.pdf": hashlib.sha256(b"another").hexdigest()}
    with pytest.raises(DropChanged):
        hand_in(a_drop(home, Style.BARE, "13", "13.pdf"), outbox, seen=seen)
    assert contents(outbox) == []


class Cut(BaseException):
    """The power goes."""


@pytest.mark.parametrize("style", [Style.SIDECAR, Style.PACKAGE])
def test_cut_off_at_any_step_it_is_there_whole_or_not_to_be_seen(outbox, tmp_path, style):
    """Each fsync and each rename may be the last thing that happens."""
    home = lay(tmp_path / "home", {"12.json": a_sheet("a.pdf"), "a.pdf": PDF, "12.edxml": EDXML})
    files = ("12.json", "a.pdf") if style is Style.SIDECAR else ("12.edxml",)
    for last in range(1, 40):
        left = iter(range(last))

        def cut(*_, left=left):
            if next(left, None) is None:
                raise Cut

        with steps.listening(cut):
            try:
                hand_in(a_drop(home, style, "12", *files), outbox, seen={})
            except Cut:
                pass
            else:
                break
        seen = [name for name in contents(outbox) if not name.startswith(".")]
        for name in seen:
            whole = outbox / name
            assert whole.is_file() or contents(whole) == ["a.pdf", "document.json"]
            whole.rename(tmp_path / f"taken-{last}")
    else:
        raise AssertionError("it never came to its end")
