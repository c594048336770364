"""Office files whose ZIP is odd: entries, names, headers, lengths, bombs."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from odd_world import Odd, odds
from office import (
    END_RECORD,
    a_docx,
    changed,
    edited,
    in_large_form,
    opened,
    packed,
    streamed,
)

TYPES = "[Content_Types].xml"
DOCUMENT = "word/document.xml"
HUNDRED = 100 << 20


def ended(content, **told):
    """Write over the record at the end: disk, first, here, count, size, offset, note."""
    names = ("mark", "disk", "first", "here", "count", "size", "offset", "note")
    fields = dict(zip(names, END_RECORD.unpack(content[-22:]), strict=True)) | told
    return content[:-22] + END_RECORD.pack(*fields.values())


def flagged(content, bit=1):
    """Set a flag of the first entry in the list of entries."""
    place = content.rindex(b"PK\1\2", 0, content.index(b"PK\1\2") + 4)
    return content[: place + 8] + bytes([content[place + 8] | bit]) + content[place + 9 :]


def with_a_gap(content):
    """Put bytes between the last entry and the list of entries, and say so rightly."""
    offset = END_RECORD.unpack(content[-22:])[6]
    return ended(content[:offset] + b"n" * 9 + content[offset:], offset=offset + 9)


def lying(content, name=DOCUMENT, *, by=-8):
    """Have both headers of an entry claim fewer bytes than it unpacks to."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo(name).file_size
    return content.replace(struct.pack("<L", size), struct.pack("<L", size + by))


def of_another_sum(content, name=DOCUMENT):
    """Have both headers of an entry tell another check sum."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        told = archive.getinfo(name).CRC
    return content.replace(struct.pack("<L", told), struct.pack("<L", told ^ 1))


def doubled(content, name, other):
    """Add a second entry of the same name, as one archiver after another does."""
    target = io.BytesIO(content)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(name)
        archive.filelist, listed = [], archive.filelist  # which would warn
        archive.NameToInfo.clear()
        archive.writestr(entry, other, zipfile.ZIP_DEFLATED)
        archive.filelist = [*listed, *archive.filelist]
    return target.getvalue()


def by(method, parts=None):
    """Pack by a method; the first entry is what office files begin with."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, one in (parts or opened(a_docx())).items():
            archive.writestr(zipfile.ZipInfo(name), one, method)
    return target.getvalue()


def of_kind(name, attributes, content=b"../../etc/passwd"):
    """Add an entry with a file's mode of Unix."""
    target = io.BytesIO(a_docx())
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(name)
        entry.create_system, entry.external_attr = 3, attributes << 16
        archive.writestr(entry, content)
    return target.getvalue()


def with_extra(extra, *, name="word/extra.xml"):
    """Add an entry with an extra field."""
    target = io.BytesIO(a_docx())
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(name)
        entry.extra = extra
        archive.writestr(entry, b"<x/>")
    return target.getvalue()


def knowing(content, ending):
    """Tell of what kind parts of that ending are."""
    row = f'<Default Extension="{ending}" ContentType="application/octet-stream"/>'
    return edited(content, TYPES, "<Override", f"{row}<Override")


def bomb(megabytes, name="word/media/zeros.bin"):
    """Add a part of zeros, which DEFLATE makes a thousandth of."""
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    target = io.BytesIO(knowing(a_docx(), "bin"))
    with (
        zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(info, "w", force_zip64=True) as entry,
    ):
        for _ in range(megabytes):
            entry.write(bytes(1 << 20))
    return target.getvalue()


def overlapping(count):
    """Return a ZIP whose entries share their bytes (Fifield, "A better zip bomb", 2019)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    kernel = packer.compress(bytes(8 << 20)) + packer.flush()
    told = (zlib.crc32(bytes(8 << 20)), len(kernel), 8 << 20)
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0x21, *told, 1, 0) + b"a" + kernel
    rows = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0x21, *told, 1, 0, 0, 0, 0, 0, 0)
        + b"a"
        for _ in range(count)
    )
    return local + rows + END_RECORD.pack(b"PK\5\6", 0, 0, count, count, len(rows), len(local), 0)


def nested(depth):
    """Put an office file into another, and so on."""
    made = bomb(1)
    for _ in range(depth):
        made = changed(knowing(a_docx(), "docx"), {"word/embeddings/inner.docx": made})
    return made


def of_many(count):
    """Return an office file of so many parts, each listed by its ending."""
    parts = opened(knowing(a_docx(), "part"))
    return packed(parts | {f"word/media/p{one}.part": b"x" for one in range(count)})


def _stored_hundred(_, path):
    """Write a letter with a picture of 100 MB that is not packed."""
    parts = opened(knowing(a_docx(), "bin"))
    with zipfile.ZipFile(path, "w") as archive:
        for name, one in parts.items():
            archive.writestr(zipfile.ZipInfo(name), one, zipfile.ZIP_DEFLATED)
        with archive.open(zipfile.ZipInfo("word/media/large.bin"), "w") as entry:
            for _ in range(HUNDRED >> 20):
                entry.write(bytes(1 << 20))


def _named(name, content=b"x"):
    return lambda w: changed(w.docx, {name: content})


TIDY = (
    *odds(
        {
            "streamed.docx: lengths after each entry": lambda w: streamed(w.docx),
            "large-form.docx: ZIP64 throughout": lambda w: in_large_form(w.docx),
            "stored.docx: no entry packed": lambda _: by(zipfile.ZIP_STORED),
            "folders.docx: entries for folders, and Office's [trash]": lambda w: changed(
                w.docx, {"word/": b"", "[trash]/0000.dat": b"\0" * 9}
            ),
            "parts-10000.docx: 10 000 parts": lambda _: of_many(10_000),
            "symbolic-link.docx: an entry that is a symbolic link": lambda _: of_kind(
                "word/link.xml", 0o120777
            ),
            "device.docx: an entry that is a device": lambda _: of_kind("word/null.xml", 0o020666),
            "extra-time.docx: times in an extra field": lambda _: with_extra(
                struct.pack("<2HBL", 0x5455, 5, 1, 0)
            ),
            "nested-20.docx: letters in letters, 20 deep": lambda _: nested(20),
        },
        signs=True,
    ),
    Odd(
        name="stored-hundred.docx",
        what="a part of 100 MB, not packed",
        put=_stored_hundred,
        signs=True,
    ),
)

DIRTY = (
    *odds(
        {
            "note.docx: a note of the archiver at the end": lambda w: (
                ended(w.docx, note=4) + b"note"
            ),
            "note-none.docx: a note that is not there": lambda w: ended(w.docx, note=5),
            "before.docx: a script before the ZIP": lambda w: b"#!/bin/sh\n" + w.docx,
            "behind.docx: bytes behind the ZIP": lambda w: w.docx + b"more",
            "zeros-behind.docx: zeros behind the ZIP": lambda w: w.docx + bytes(4096),
            "twice.docx: the same ZIP twice in one file": lambda w: w.docx + w.docx,
            "gap.docx: bytes between the entries": lambda w: with_a_gap(w.docx),
            "cut-half.docx: cut off in the middle": lambda w: w.docx[: len(w.docx) // 2],
            "cut-end.docx: the last bytes lost": lambda w: w.docx[:-10],
            "list-cut.docx: the list of entries cut short": lambda w: w.docx[:-200] + w.docx[-22:],
            "list-gone.docx: only the end of the ZIP": lambda w: w.docx[-22:],
            "list-far.docx: a list behind the end": lambda w: ended(w.docx, offset=0x7FFFFFFF),
            "list-many.docx: a list of 60 000 entries, it says": lambda w: ended(
                w.docx, here=60_000, count=60_000
            ),
            "list-few.docx: a list of one entry, it says": lambda w: ended(
                w.docx, here=1, count=1
            ),
            "list-large.docx: a list of 1 GB, it says": lambda w: ended(w.docx, size=1 << 30),
            "volumes.docx: the second of two volumes": lambda w: ended(w.docx, disk=1, first=1),
            "large-form-odd.docx: ZIP64 whose record is not there": lambda w: in_large_form(
                w.docx
            ).replace(b"PK\6\6", b"PK\6\5"),
            "large-form-two.docx: two records of the end, of two lists": lambda w: ended(
                in_large_form(w.docx), count=1, here=1
            ),
            "large-form-elsewhere.docx: a record of the end that is elsewhere": lambda w: (
                _led_astray(w.docx)
            ),
            "large-form-half.docx: ZIP64 without a record": lambda w: ended(
                w.docx, count=0xFFFF, here=0xFFFF, size=0xFFFFFFFF, offset=0xFFFFFFFF
            ),
            "same-twice.docx: two parts of one name": lambda w: doubled(w.docx, DOCUMENT, b"<x/>"),
            "same-by-case.docx: two parts of one name but for case": _named("WORD/Document.xml"),
            "name-absolute.docx: an absolute name": _named("/etc/passwd"),
            "name-up.docx: a name upwards": _named("word/../../etc/passwd"),
            "name-up-escaped.docx: a name upwards, escaped": _named("word/%2E%2E/x"),
            "name-slash.docx: a slash, escaped": _named("word%2Fdocument.xml"),
            "name-backslash.docx: a backslash": _named("word\\x.xml"),
            "name-question.docx: a question mark": _named("word/x.xml?a"),
            "name-line.docx: a line end in a name": _named("word/x\n.xml"),
            "name-vietnamese.docx: a Vietnamese name": _named("word/ảnh.png"),
            "name-empty.docx: no name": _named(""),
            "name-long.docx: a name of 60 000 letters": _named("word/" + "x" * 60_000),
            "name-other.docx: another name in the entry's own header": lambda w: w.docx.replace(
                TYPES.encode(), b"[Content_Typez].xml", 1
            ),
            "name-beside.docx: another name in an extra field": lambda _: with_extra(
                struct.pack("<2HBL", 0x7075, 6, 1, 0) + b"x"
            ),
            "extra-cut.docx: an extra field cut off": lambda _: with_extra(b"\x01\x00\xff\xff"),
            "piece.docx: a part in pieces": _named("word/document.xml/[0].piece"),
            "folder-full.docx: a folder with content": _named("word/"),
            "locked-entry.docx: an entry with a password": lambda w: flagged(w.docx),
            "locked-strong.docx: a list of entries that is encrypted": lambda w: flagged(
                w.docx, 0x40
            ),
            "sum-wrong.docx: wrong check sums": lambda w: of_another_sum(w.docx),
            "lengths-short.docx: lengths too small": lambda w: lying(w.docx),
            "lengths-long.docx: lengths too large": lambda w: lying(w.docx, by=8),
            "packed-damaged.docx: a byte of what is packed changed": lambda w: _flipped(w.docx),
            "bzip2.docx: packed by bzip2": lambda _: by(zipfile.ZIP_BZIP2),
            "lzma.docx: packed by LZMA": lambda _: by(zipfile.ZIP_LZMA),
            "method-unknown.docx: packed by a method nobody knows": lambda _: _method(77),
            "bomb-200.docx: 200 MB of zeros": lambda _: bomb(200),
            "bomb-overlapping.docx: 1 000 entries over the same 8 MB": lambda _: overlapping(1000),
            "bomb-kinds.docx: a list of kinds of 40 MB": lambda w: changed(
                w.docx, {TYPES: b"<x>" + b" " * (40 << 20) + b"</x>"}
            ),
            "entries-30000.docx: 30 000 entries": lambda _: by(
                zipfile.ZIP_STORED, {f"{one}": b"" for one in range(30_000)}
            ),
        }
    ),
    *odds(
        {
            "name-drive.docx: a drive of Windows": _named("C:/x.xml"),
            "bomb-60.docx: 60 MB of zeros": lambda _: bomb(60),
        },
        signs=True,
    ),
)


def _led_astray(content):
    """Have the locator of ZIP64 lead to another record than the one that is there."""
    made = in_large_form(content)
    offset = made.rindex(b"PK\6\7") + 8
    return made[:offset] + bytes(8) + made[offset + 8 :]


def _method(number):
    """Tell a method in both headers of a letter's entries that nobody has."""
    made = bytearray(a_docx())
    for mark, place in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        start = made.find(mark)
        while start >= 0:
            struct.pack_into("<H", made, start + place, number)
            start = made.find(mark, start + 4)
    return bytes(made)


def _flipped(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.getinfo(DOCUMENT)
    place = entry.header_offset + 30 + len(DOCUMENT) + entry.compress_size // 2
    return content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]


FILES = (*TIDY, *DIRTY)
