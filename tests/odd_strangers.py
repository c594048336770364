"""Files that are not what their names say, or nothing at all, and names that are odd."""

from __future__ import annotations

import base64
import gzip
import io
import random
import struct
import tarfile
import zipfile
import zlib

import office
from odd_world import Odd, odds

RTF = rb"{\rtf1\ansi{\fonttbl{\f0 Times;}}\f0 K\u237?nh g\u7917?i}"
HTML = "<!DOCTYPE html><html><head><title>404</title></head><body>Không tìm thấy</body></html>"
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
XDP = (
    b'<?xml version="1.0"?><xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">'
    b'<template xmlns="http://www.xfa.org/schema/xfa-template/2.5/"/></xdp:xdp>'
)


def _png():
    def chunk(kind, data):
        return (
            struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        )

    head = struct.pack(">2L5B", 1, 1, 8, 0, 0, 0, 0)
    rows = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(b"\0\0")), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(rows)


def _noise(count):
    return random.Random(5).randbytes(count)  # noqa: S311 - the same noise every time


def _message(world):
    body = base64.encodebytes(world.pdf)
    return b"From: a@example.vn\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body


def _enveloping(world):
    """Wrap a PDF in a CMS, as signing programs that know no PDF do (.p7m)."""
    from asn1crypto import cms

    content = {"content_type": "data", "content": world.pdf}
    signed = {
        "version": "v1", "digest_algorithms": [], "encap_content_info": content,
        "signer_infos": [],
    }  # fmt: skip
    return cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()


def _tar(world):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("letter.pdf")
        member.size = len(world.pdf)
        archive.addfile(member, io.BytesIO(world.pdf))
    return out.getvalue()


def _zip(parts, *, stored=()):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            way = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), content, way)
    return out.getvalue()


def _open_document(kind):
    return _zip(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}".encode(),
            "content.xml": b"<office:document-content xmlns:office='urn:x'/>",
            "META-INF/manifest.xml": b"<manifest:manifest xmlns:manifest='urn:y'/>",
        },
        stored=("mimetype",),
    )


def _book():
    parts = {"mimetype": b"application/epub+zip", "META-INF/container.xml": b"<container/>"}
    return _zip(parts, stored=("mimetype",))


def _program(kind):
    return {
        "windows": b"MZ\x90\0"
        + bytes(56)
        + struct.pack("<L", 64)
        + b"PE\0\0\x64\x86"
        + bytes(200),
        "linux": b"\x7fELF\2\1\1" + bytes(200),
        "script": b"#!/bin/sh\nrm -rf /\n",
    }[kind]


def _compound(stream):
    """Return the head of a compound file (MS-CFB) with the name of a stream in it."""
    head = COMPOUND + bytes(16) + struct.pack("<4H", 0x3E, 3, 0xFFFE, 9)
    return head.ljust(512, b"\0") + bytes(512) + stream.encode("utf-16-le").ljust(512, b"\0")


NO_PDF = (
    *odds(
        {
            "no-bytes.pdf: zero bytes": lambda _: b"",
            "one-byte.pdf: one byte": lambda _: b"%",
            "blank-lines.pdf: line ends only": lambda _: b"\r\n" * 40,
            "zeros.pdf: 5 000 zeros": lambda _: bytes(5000),
            "ones.pdf: 5 000 bytes 0xFF, as erased flash": lambda _: b"\xff" * 5000,
            "noise.pdf: random bytes": lambda _: _noise(50_000),
            "web-page.pdf: an HTML page": lambda _: HTML.encode(),
            "web-page-16.pdf: an HTML page in UTF-16": lambda _: HTML.encode("utf-16"),
            "web-page-about-pdf.pdf: an HTML page that says %PDF- near its start": lambda _: (
                HTML.replace("404", "%PDF-1.7").encode()
            ),
            "rich-text.pdf: an RTF document": lambda _: RTF,
            "picture.pdf: a PNG picture": lambda _: _png(),
            "photo.pdf: the start of a JPEG picture": lambda _: (
                b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(500)
            ),
            "fax.pdf: the start of a TIFF": lambda _: b"II*\0\x08\0\0\0" + bytes(99),
            "windows.pdf: a Windows program": lambda _: _program("windows"),
            "linux.pdf: a Linux program": lambda _: _program("linux"),
            "script.pdf: a shell script": lambda _: _program("script"),
            "xml.pdf: an XML file": lambda _: b"<?xml version='1.0'?><x/>",
            "form.xdp.pdf: an XML form of Adobe's (XDP)": lambda _: XDP,
            "answers.pdf: form data (FDF)": lambda _: b"%FDF-1.2\n1 0 obj\n<<>>\n",
            "postscript.pdf: PostScript": lambda _: (
                b"%!PS-Adobe-3.0\n/Helvetica findfont 12 scalefont setfont showpage\n"
            ),
            "mail.pdf: a mail with a PDF in base64": _message,
            "packed.pdf: a PDF under gzip": lambda w: gzip.compress(w.pdf, mtime=0),
            "archive.pdf: a PDF in a tar archive": _tar,
            "enveloped.pdf: a PDF wrapped in a CMS (.p7m)": _enveloping,
            "base64.pdf: a PDF in base64": lambda world: base64.encodebytes(world.pdf),
        }
    ),
)

NO_OFFICE = (
    *odds(
        {
            "no-bytes.docx: zero bytes": lambda _: b"",
            "one-byte.xlsx: one byte": lambda _: b"P",
            "mark-only.docx: the first four bytes of a ZIP": lambda _: b"PK\3\4",
            "empty-zip.docx: a ZIP without entries": lambda _: b"PK\5\6" + bytes(18),
            "web-page.docx: an HTML page": lambda _: HTML.encode(),
            "rich-text.docx: an RTF document": lambda _: RTF,
            "rows.csv.xlsx: a CSV file": lambda _: b"a;b\n1;2\n",
            "old.doc: a Word file before 2007": lambda _: _compound("WordDocument"),
            "old.xls: an Excel file before 2007": lambda _: _compound("Workbook"),
            "locked.docx: a Word file with a password: encrypted in a compound file": lambda _: (
                _compound("EncryptedPackage")
            ),
            "compound-head.xls: the mark of old files only": lambda _: COMPOUND,
            "letter.odt: an OpenDocument text": lambda _: _open_document("text"),
            "sheet.ods: an OpenDocument sheet": lambda _: _open_document("spreadsheet"),
            "book.epub: an EPUB book": lambda _: _book(),
            "program.jar: a Java program": lambda _: _zip(
                {"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\n"}
            ),
            "program.apk: an Android program": lambda _: _zip(
                {"AndroidManifest.xml": b"\3\0\x08\0", "classes.dex": b"dex\n035"}
            ),
            "files.zip: a ZIP of a PDF and a letter": lambda w: _zip(
                {"a.pdf": w.pdf, "b.docx": w.docx}
            ),
            "drawing.vsdx: an office file of another kind (Visio)": lambda w: office.edited(
                w.docx,
                "[Content_Types].xml",
                "vnd.openxmlformats-officedocument.wordprocessingml.document.main",
                "vnd.ms-visio.drawing.main",
            ),
            "old-word-2003.xml: a Word 2003 document in one XML file": lambda _: (
                b'<?xml version="1.0"?><?mso-application progid="Word.Document"?><w/>'
            ),
        }
    ),
)

MISNAMED = (
    *odds(
        {
            "letter.docx.pdf: a letter of Word's named as PDF": lambda w: w.docx,
            "letter.pdf.docx: a PDF named as a letter": lambda w: w.pdf,
            "no-ending: a PDF without an ending": lambda w: w.pdf,
            "-rf.pdf: named like an option": lambda w: w.pdf,
            "two\nlines.pdf: a line end in its name": lambda w: w.pdf,
            "a\x1b[31mred.pdf: a terminal's order in its name": lambda w: w.pdf,
            "Công văn số 101 - hỏa tốc.pdf: a Vietnamese name": lambda w: w.pdf,
            "Письмо.docx: a Cyrillic name": lambda w: w.docx,
            "Cu\u0302\u0301ng.pdf: a name of letters and marks apart (NFD)": lambda w: w.pdf,
            "fdp.\u202egpj.pdf: a name that turns its reading round": lambda w: w.pdf,
            "📄.pdf: a picture for a name": lambda w: w.pdf,
            "%s{0}{x}%(a)s.pdf: a name that looks like a template": lambda w: w.pdf,
            "a:b*c?d|e.pdf: a name that Windows cannot have": lambda w: w.pdf,
            ".hidden.pdf: a hidden name": lambda w: w.pdf,
        },
        signs=True,
    ),
    Odd(
        name=b"caf\xe9\xff.pdf".decode("utf-8", "surrogateescape"),
        what="a name that is no UTF-8",
        make=lambda w: w.pdf,
        signs=True,
    ),
    Odd(name="x" * 251 + ".pdf", what="a name of 255 bytes", make=lambda w: w.pdf, signs=True),
)
FILES = (*NO_PDF, *NO_OFFICE, *MISNAMED)
