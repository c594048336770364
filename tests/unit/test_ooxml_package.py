from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from functools import partial

import office
import pytest
from effort import calls_in
from office import a_docx, changed, edited, in_large_form, opened, streamed

from edge_node.notary.ooxml import relationships
from edge_node.notary.ooxml.archive import Archive, PackageUnsound
from edge_node.notary.ooxml.package import Package

TYPES = "[Content_Types].xml"


def read(content):
    return Package.read(io.BytesIO(content))


def read_whole(content):
    package = read(content)
    for part in package.parts.values():
        for _ in package.chunks(part):
            pass
        package.related(part.name)


def refused(content):
    """Return the sentence with which a file is refused."""
    with pytest.raises(PackageUnsound) as caught:
        read_whole(content)
    assert caught.value.hint is None or str(caught.value.hint)
    return str(caught.value)


def test_a_package_is_its_parts_with_their_kinds():
    """By name or by extension, whatever the case of either."""
    package = read(a_docx())

    document = package.parts["/word/document.xml"]
    assert document.name == "/word/document.xml"
    assert document.content_type.endswith("wordprocessingml.document.main+xml")
    assert package.parts["/docprops/thumbnail.jpeg"].content_type == "image/jpeg"
    assert package.content(document) == opened(a_docx())["word/document.xml"]


def with_folders(content):
    return changed(content, {"word/": b"", "[trash]/0000.dat": b"\0" * 9})


@pytest.mark.parametrize("form", [streamed, in_large_form, with_folders])
def test_forms_that_honest_writers_use_are_read(form):
    """Streams, the form for large files, folders, and the room that Office keeps in [trash]."""
    package = read(form(a_docx()))

    assert package.parts.keys() == read(a_docx()).parts.keys()
    for part in package.parts.values():
        assert b"".join(package.chunks(part)) == opened(a_docx())[part.name[1:]]


def bomb():
    """Pack 200 MB of zeros, which DEFLATE makes a thousandth of."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sheet.xml", bytes(200 << 20))
    return target.getvalue()


def of_many():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number in range(20_001):
            archive.writestr(f"{number}", b"")
    return target.getvalue()


def of_many_claimed():
    content = bytearray(a_docx())
    content[-10:-6] = struct.pack("<L", 1 << 30)
    return bytes(content)


def telling_otherwise(content):
    """Have the last record tell of one entry, whatever the record for large files tells."""
    return content[:-14] + struct.pack("<2H", 1, 1) + content[-10:]


def led_astray(content):
    """Lead to another record for large files than the one that is there."""
    place = content.rindex(b"PK\6\7") + 8
    return content[:place] + bytes(8) + content[place + 8 :]


def lying(content, name="word/document.xml", *, by=-8):
    """Have both headers of an entry claim fewer bytes than it unpacks to."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo(name).file_size
    old, new = struct.pack("<L", size), struct.pack("<L", size + by)
    assert content.count(old) == 2
    return content.replace(old, new)


def flagged(content):
    """Mark the first entry as encrypted in the list of entries."""
    place = content.rindex(b"PK\1\2", 0, content.index(b"PK\1\2") + 4)
    return content[: place + 8] + bytes([content[place + 8] | 1]) + content[place + 9 :]


def packed_by(method):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("word/document.xml", b"x" * 100)
    return target.getvalue()


def with_a_gap(content):
    """Put bytes between the last entry and the list of entries, and say so rightly."""
    mark, disk, first, here, count, size, offset, note = struct.unpack("<4s4H2LH", content[-22:])
    end = struct.pack("<4s4H2LH", mark, disk, first, here, count, size, offset + 9, note)
    return content[:offset] + b"n" * 9 + content[offset:-22] + end


def with_another_name():
    """Give an entry a second name in the field that Info-ZIP reads (0x7075)."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        entry = zipfile.ZipInfo("word/document.xml")
        entry.extra = struct.pack("<2HBL", 0x7075, 6, 1, 0) + b"x"
        archive.writestr(entry, b"<x/>")
    return target.getvalue()


def lengths(content, name="word/document.xml"):
    """Return both lengths of an entry as its headers hold them, and others."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.getinfo(name)
    held = (entry.compress_size, entry.file_size)
    return struct.pack("<2L", *held), struct.pack("<2L", held[0], held[1] + 1)


def behind_a_script():
    """Put a script before a ZIP whose headers rightly say where everything is."""
    target = io.BytesIO(b"#!/bin/sh\n")
    target.seek(0, io.SEEK_END)
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("word/document.xml", b"<x/>")
    return target.getvalue()


def with_more_packed():
    """Leave bytes behind the end of what an entry unpacks to, within its packed length."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(b"<x/>") + packer.flush() + b"hidden"
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(TYPES, opened(a_docx())[TYPES])
        archive.writestr("word/document.xml", packed)
    content = bytearray(target.getvalue())
    for mark, method, lengths_at in ((b"PK\3\4", 8, 14), (b"PK\1\2", 10, 16)):
        start = content.rindex(mark)
        struct.pack_into("<H", content, start + method, zipfile.ZIP_DEFLATED)
        told = (zlib.crc32(b"<x/>"), len(packed), 4)
        struct.pack_into("<3L", content, start + lengths_at, *told)
    return bytes(content)


def named(name):
    return changed(a_docx(), {name: b"x"})


def renamed(content):
    """Give the first entry another name in its own header than in the list of entries."""
    return content.replace(TYPES.encode(), b"[Content_Typez].xml", 1)


DIRTY = {
    "a bomb": (bomb, "unpacks to more than an office file should"),
    "many entries": (of_many, "unpacks to more than"),
    "a list that is said to be large": (of_many_claimed, "unpacks to more than"),
    "fewer bytes than it has": (lambda: lying(a_docx()), "/word/document.xml cannot be unpacked"),
    "more bytes than it has": (lambda: lying(a_docx(), by=8), "cannot be unpacked"),
    "two records of its end": (
        lambda: telling_otherwise(in_large_form(a_docx())),
        "its end tells of two lists of entries",
    ),
    "a record of its end that is elsewhere": (
        lambda: led_astray(in_large_form(a_docx())),
        "its end tells of two lists of entries",
    ),
    "fewer entries than it has": (
        lambda: telling_otherwise(a_docx()),
        "its list of entries is longer or shorter than it says",
    ),
    "encrypted": (lambda: flagged(a_docx()), "the file is encrypted"),
    "bzip2": (lambda: packed_by(zipfile.ZIP_BZIP2), "by a method that office files do not use"),
    "lzma": (lambda: packed_by(zipfile.ZIP_LZMA), "by a method that office files do not use"),
    "a script before": (behind_a_script, "bytes before its beginning"),
    "more packed than is used": (with_more_packed, "/word/document.xml cannot be unpacked"),
    "a comment that is not there": (
        lambda: a_docx()[:-2] + b"\x05\x00",
        "its end is missing, or there are bytes after it",
    ),
    "a gap": (lambda: with_a_gap(a_docx()), "entries overlap, or there are bytes between them"),
    "two names": (lambda: renamed(a_docx()), "called by two names"),
    "upwards": (lambda: named("word/../../etc/passwd"), "no part .* may be called"),
    "upwards by escape": (lambda: named("word/%2E%2E/x"), "no part .* may be called"),
    "a hidden slash": (lambda: named("word%2Fx.xml"), "no part .* may be called"),
    "an absolute name": (lambda: named("/x.xml"), "no part .* may be called"),
    "a backslash": (lambda: named("word\\x.xml"), "no part .* may be called"),
    "a question": (lambda: named("word/x.xml?ContentType=a"), "no part .* may be called"),
    "a control": (lambda: named("word/x\t.xml"), "no part .* may be called"),
    "an escaped escape": (lambda: named("word/x%2541.xml"), "no part .* may be called"),
    "a piece": (lambda: named("word/document.xml/[0].piece"), "no part .* may be called"),
    "Vietnamese": (lambda: named("word/ảnh.png"), "by two names, or by one beyond ASCII"),
    "another name beside": (with_another_name, "by two names, or by one beyond ASCII"),
    "other lengths in its own header": (
        lambda: a_docx().replace(*lengths(a_docx()), 1),
        "an entry's two headers differ",
    ),
    "a folder with content": (lambda: named("word/"), "no part .* may be called"),
    "no kinds": (lambda: changed(a_docx(), {TYPES: None}), "is not a readable"),
    "kinds that are none": (
        lambda: changed(a_docx(), {TYPES: b"<x/>"}),
        "does not tell the kinds",
    ),
    "a kind told twice": (
        lambda: edited(
            a_docx(),
            TYPES,
            "</Types>",
            '<Override PartName="/WORD/document.xml" ContentType="a/b"/></Types>',
        ),
        "does not tell the kinds",
    ),
    "relationships that are none": (
        lambda: changed(a_docx(), {"word/_rels/document.xml.rels": b"<x/>"}),
        "does not hold relationships",
    ),
    "a relationship with more to it": (
        lambda: edited(
            a_docx(), "word/_rels/document.xml.rels", ' Id="rId1"', ' Id="rId1" Other="x"'
        ),
        "does not hold relationships",
    ),
    "entities": (
        lambda: changed(
            a_docx(),
            {
                TYPES: b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
                b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
                b"&b;</Types>"
            },
        ),
        "holds a document type declaration",
    ),
    "a deep tree": (
        lambda: changed(a_docx(), {TYPES: b"<x>" * 5000 + b"</x>" * 5000}),
        "is not well-formed XML",
    ),
    "a tree too large": (
        lambda: changed(a_docx(), {TYPES: b"<x>" + b" " * (17 << 20) + b"</x>"}),
        "is too large",
    ),
}


@pytest.mark.parametrize("how", DIRTY)
def test_what_is_not_tidy_is_refused_with_the_reason(how):
    """Each of these has been used to show one reader another document, or to fill its memory."""
    make, sentence = DIRTY[how]
    assert re.search(sentence, refused(make()))


def test_bytes_come_in_pieces_however_well_they_were_packed():
    """A sheet that unpacks to hundreds of times its size is never held whole."""
    content = changed(a_docx(), {"word/media/image1.bmp": b"\0" * (32 << 20)})
    archive = Archive.read(io.BytesIO(content))
    entry = next(one for one in archive.entries if one.name.endswith("bmp"))

    pieces = [len(one) for one in archive.unpacked(entry)]

    assert sum(pieces) == 32 << 20
    assert max(pieces) <= 1 << 18


def test_no_more_is_unpacked_than_was_announced():
    """Its bounds were asked of what the list of entries says, which a stranger wrote."""
    name = "word/media/image1.bmp"
    content = bytearray(changed(a_docx(), {name: b"\0" * (32 << 20)}))
    at = content.index(b"PK\1\2", content.index(b"PK\1\2"))
    while content[at + 46 :][: len(name)] != name.encode():
        at = content.index(b"PK\1\2", at + 4)
    (local,) = struct.unpack_from("<L", content, at + 42)
    for offset in (at + 24, local + 22):
        struct.pack_into("<L", content, offset, 1000)
    archive = Archive.read(io.BytesIO(bytes(content)))
    entry = next(one for one in archive.entries if one.name == name)

    with pytest.raises(PackageUnsound, match="cannot be unpacked to what was put in"):
        next(archive.unpacked(entry))


def test_a_list_of_ten_thousand_kinds_is_read_in_a_moment():
    """Each row is compared with those before it, and not with every one of them."""

    def rows_read(count: int) -> None:
        rows = "".join(f'<Override PartName="/p{n}" ContentType="a/b"/>' for n in range(count))
        content = edited(a_docx(), TYPES, "</Types>", f"{rows}</Types>")
        assert len(read(content).types.overrides) > count

    assert calls_in(partial(rows_read, 10_000)) < 12 * calls_in(partial(rows_read, 1000))


@pytest.mark.parametrize(
    ("source", "target", "part"),
    [
        ("/", "word/document.xml", "/word/document.xml"),
        ("/", "/word/document.xml", "/word/document.xml"),
        ("/word/document.xml", "styles.xml", "/word/styles.xml"),
        ("/word/document.xml", "../customXml/item1.xml", "/customXml/item1.xml"),
        ("/word/document.xml", "./media/image%201.png", "/word/media/image%201.png"),
        ("/word/document.xml", "../../../x.xml", "/x.xml"),
        ("/word/document.xml", "..\\x.xml", "/x.xml"),
        ("/xl/sheet.xml", "other.xml#Sheet!A1", "/xl/other.xml"),
    ],
)
def test_a_relationship_leads_where_office_follows_it(source, target, part):
    """From the folder of its source, up and down; escapes are left to whoever compares."""
    one = relationships.Relationship(id="rId1", type="t", target=target)
    assert relationships.resolve(source, one) == part


def test_what_is_signed_of_relationships_is_the_standards_form():
    """Ordered by id, TargetMode told, nothing between them, and escaped as canonical XML is."""
    content = office.related(("rId2", "t", "b"), ("rId10", "t", "a&amp;b&#10;"))
    read_back = relationships.read(content, "/_rels/.rels")

    assert (
        relationships.transformed(read_back)
        == (
            f'<Relationships xmlns="{relationships.NAMESPACE}">'
            '<Relationship Id="rId10" Target="a&amp;b&#xA;" TargetMode="Internal" Type="t">'
            "</Relationship>"
            '<Relationship Id="rId2" Target="b" TargetMode="Internal" Type="t"></Relationship>'
            "</Relationships>"
        ).encode()
    )
    assert relationships.blanks_between(content, "/_rels/.rels") == 3
    assert relationships.read(relationships.write(read_back), "x") == read_back
