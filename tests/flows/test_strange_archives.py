"""Archives by whoever had the public key: what they say of themselves is not believed."""

from __future__ import annotations

import json

import pytest

from edge_node.adapters.age import ArchiveUnsound
from edge_node.adapters.archive_format import ABOUT, ArchiveWriter
from edge_node.node.unpacking import Unpacking

OURS = {
    "format": 1,
    "agency": "H99.1",
    "made": "2026-11-22T08:00:00+07:00",
    "version": "0.1.0",
    "config_folder": "/etc/edge-node",
    "files": [],
    "left_out": [],
}


def about(path, text):
    """Write an archive that says this of itself, and have it read."""
    with path.open("wb") as out:
        writer = ArchiveWriter(out, at=0)
        writer.add(ABOUT, text.encode())
        writer.finish()
    room = path.with_name("room")
    return Unpacking(archive=path, identity=None).configuration(room)


STRANGE = {
    "no JSON": "x",
    "nothing of it": "{}",
    "a list": "[]",
    "a form without end": json.dumps(OURS | {"format": float("inf")}),
    "a form that is no number": json.dumps(OURS | {"format": float("nan")}),
    "a form of many digits": json.dumps(OURS).replace('"format": 1', f'"format": {"9" * 9999}'),
    "files that are none": json.dumps(OURS | {"files": 1}),
    "a file of another place": json.dumps(
        OURS | {"files": [{"member": "data/queue.db", "path": "/x", "secret": False}]}
    ),
    "depths": "[" * 100_000,
}


@pytest.mark.parametrize("what", STRANGE)
def test_what_none_of_ours_says_is_refused_in_words(tmp_path, what):
    """Whatever stands there, nobody is shown a traceback."""
    with pytest.raises(ArchiveUnsound, match="does not belong"):
        about(tmp_path / "archive", STRANGE[what])


def test_its_words_write_nothing_on_the_terminal_but_words(tmp_path):
    """No cursor is moved, no line turned around, and what is no letter is not printed as one."""
    evil = "\x1b[2Jall is well\u202e\ud800\r\n"
    files = [{"member": "configuration/files/1", "path": evil, "secret": True}]
    said = OURS | {"version": evil, "made": evil, "left_out": [evil], "files": files}
    found = about(tmp_path / "archive", json.dumps(said))
    for text in (found.version, found.made, *found.left_out, found.files[0][1]):
        assert text == "�[2Jall is well����"
