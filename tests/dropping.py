"""Builders of what document software drops: files that look whole, and folders of them."""

import json
from datetime import timedelta

from edge_node.adapters.drops import OutboxSettings
from edge_node.adapters.outbox import Outbox

PDF = b"%PDF-1.7\nsome pages\n%%EOF\n"
DOCX = b"PK\x03\x04 some parts PK\x05\x06" + bytes(18)
EDXML = b'<?xml version="1.0"?><x:edXML xmlns:x="urn:x">\xe2\x80\xa6</x:edXML>\n'
QUIET, TIMEOUT, GRACE = 2.0, 600.0, 900.0
PAPERS = {"error.json": b"{}", "error.txt": b"Khong gui duoc.\n"}


def an_outbox(tmp_path, **changes):
    """Build an outbox and its claims under one folder."""
    settings = {
        "quiet": timedelta(seconds=QUIET),
        "settle_timeout": timedelta(seconds=TIMEOUT),
        "bare_grace": timedelta(seconds=GRACE),
    }
    (tmp_path / "outbox").mkdir(exist_ok=True)
    return Outbox(tmp_path / "outbox", tmp_path / "claims", OutboxSettings(**settings | changes))


def a_sheet(*files, **changes):
    """Return the bytes of a document.json that names these files."""
    values = {
        "schema": 1,
        "number": "12",
        "notation": "UBND-VP",
        "date": "2026-11-21",
        "type": "Công văn",
        "subject": "V/v họp",
        "to": ["H37.02"],
        "attachments": [{"file": file} for file in files],
    }
    return json.dumps(values | changes, ensure_ascii=False).encode()


def lay(folder, files):
    """Write these files, by name, into a folder that is made where it is missing."""
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def contents(folder):
    """Return the names of all that lies in a folder, in order."""
    return sorted(path.name for path in folder.iterdir())


def names(paths):
    """Return the bare names."""
    return [path.name for path in paths]


def why(scan):
    """Return what a scan says of each waiting thing, by its name."""
    return {waiting.path.name: str(waiting.why) for waiting in scan.waiting}
