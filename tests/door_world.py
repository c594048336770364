"""
What comes to the door of an agency that believes in `tests/pki.py`, and what is told of it.

    arrives(desk, FILES["tampered"](pki))       a document with one attachment, up to the door
    verification(desk), statuses(desk)          what the software, and its sender, is told
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_network

from office import a_docx, packed
from packages import b64, holding
from signed_pdfs import a_pdf, sign
from tampered_pdfs import flipped_content

from edge_node.adapters.anchors import Anchors, certificates_in
from edge_node.config import IncomingSection
from edge_node.protocol import edxml

DOCUMENT_ID = "H99.1,2026/03/05,12/UBND-VP"  # of what arrives
_LOOPBACK = {"private": (ip_network("127.0.0.0/8"),)}


def an_office(world, pki, gate, rules):
    """Set up an agency whose time is that of the infrastructure's servers."""
    door = {"incoming": IncomingSection(**rules)}
    desk = world.desk(url=gate.url, trust=_LOOPBACK, door=door)
    for root in pki.roots:
        Anchors(desk.config.trusted).add(*certificates_in(root))
    desk.now = datetime.now(UTC)
    return desk


def bring(world, desk, files, change):
    """Have a document come in with these attachments, and stop before the door."""
    package = holding(*((name, b64(content)) for name, content in files))
    sender = list(world.settings.members)[-1]  # whom no test has for its desk
    package = package.replace(b">H99.1<", f">{sender}<".encode())
    package = package.replace(b">H99.2<", f">{desk.code}<".encode())
    world.put(desk.code, change(package))
    desk.turn("pull", "acknowledge")


@cache
def signed(pki, name="person"):
    return sign(a_pdf(), pki, name, level="B-T", at=datetime.now(UTC))


def cut_off(pki):
    """Return a signed PDF that breaks off within its signature."""
    pdf = signed(pki)
    return pdf[: pdf.index(b"/ByteRange") + 100]


@cache
def a_bomb():
    """Return an office file that unpacks to a thousand times its size."""
    return packed({"[Content_Types].xml": b"", "word/document.xml": bytes(80 << 20)})


FILES = {
    "valid": lambda pki: ("a.pdf", signed(pki)),
    "unsigned": lambda _: ("a.pdf", a_pdf()),
    "unsigned office": lambda _: ("a.docx", a_docx()),
    "text": lambda _: ("a.txt", b"Kinh gui"),
    "picture": lambda _: ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(2000)),
    "archive": lambda _: ("a.zip", packed({"a.txt": b"a", "b.txt": b"b"})),
    "tampered": lambda pki: ("a.pdf", flipped_content(signed(pki))),
    "revoked": lambda pki: ("a.pdf", signed(pki, "revoked")),
    "expired": lambda pki: ("a.pdf", signed(pki, "expired")),
    "stranger": lambda pki: ("a.pdf", signed(pki, "stranger")),
    "unasked": lambda pki: ("a.pdf", signed(pki, "unlisted")),
    "torn": lambda _: ("a.pdf", b"%PDF-1.7\nsome pages\n%%EOF\n"),
    "cut off": lambda pki: ("a.pdf", cut_off(pki)),
    "bomb": lambda _: ("a.docx", a_bomb()),
}


def incoming(desk):
    (item,) = desk.ledger.inbound(limit=9)
    return item


def verification(desk):
    """Return what is told of the one attachment of the one document in the inbox."""
    (folder,) = desk.inbox
    told = json.loads((folder / "verification.json").read_bytes())
    (file,) = told["attachments"]
    return told, file


def statuses(desk):
    """Return the codes and descriptions of what was told of the one document, in order."""
    sql = "select status, body from envelopes where message = 'status' order by created, id"
    rows = desk.queue.file.rows(sql, {})
    read = (edxml.read_header(io.BytesIO(row["body"]), limits=edxml.Limits()) for row in rows)
    return [(row["status"], one.message.note) for row, one in zip(rows, read, strict=True)]
