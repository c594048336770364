"""Files as real software makes and names them, all the way: equal bytes under any name."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from pathlib import Path

import pytest
from flows_world import DOCUMENTS, a_sheet

from edge_node.daemon import turn_once

MADE = Path(__file__).parent.parent / "data" / "documents"
REAL = sorted(
    path for folder in (MADE, DOCUMENTS) for path in folder.iterdir() if path.suffix != ".md"
)
LONG = "Báo cáo tổng kết công tác văn thư lưu trữ " * 3
NAMES = {
    "NFC": unicodedata.normalize("NFC", "Quyết định số 5.pdf"),
    "NFD": unicodedata.normalize("NFD", "Quyết định số 5.pdf"),
    "255 bytes": "ế" * 83 + "a.pdf",
    "reserved": "CON.pdf",
    "characters Windows forbids": 'a:b*c?"d<e>f|.pdf',
    "right to left": "báo\u202ecáo\u2067.pdf",
    "Hebrew": "דוח שנתי.pdf",
    "trailing dots and spaces": "công văn . .pdf",
    "long": LONG[:120] + ".pdf",
}


def exchange(world, name, content):
    """Send one file of that name and return the folder it arrived in."""
    sender, receiver = world.desk(), world.desk()
    sender.drop("drop", {name: content}, **a_sheet(name, to=receiver.code))
    assert turn_once(sender.node) == []
    assert turn_once(receiver.node) == []
    (folder,) = (receiver.exchange / "inbox").iterdir()
    return folder


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_what_real_software_makes_arrives_as_it_was(world, path):
    """PDFs of every version and office files come out with the digest they went in with."""
    content = path.read_bytes()
    folder = exchange(world, path.name, content)
    assert sha256((folder / path.name).read_bytes()) == sha256(content)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_file_may_be_called_anything_the_disk_allows(world, name):
    """It arrives under a safe name, and document.json still knows what its sender called it."""
    content = (DOCUMENTS / "77-QD-UBND.pdf").read_bytes()
    folder = exchange(world, name, content)

    sheet = json.loads((folder / "document.json").read_text(encoding="utf-8"))
    (attachment,) = sheet["attachments"]
    assert attachment["original"] == unicodedata.normalize("NFC", name)
    safe = folder / attachment["file"]
    assert sha256(safe.read_bytes()) == attachment["sha256"] == sha256(content)
    assert len(attachment["file"]) <= 120
    assert not set(attachment["file"]) & set('\\/:*?"<>|\u202e\u2067')
