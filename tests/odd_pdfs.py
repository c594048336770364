"""
PDFs written by hand, byte by byte, so that any of it can be wrong.

    of({})                                  a sound page
    of({1: b"<</Type/Catalog>>"})           the same with another catalogue; None leaves one out
    of({}, start=b"7", version=b"9.9")      the same with another frame
    packed({5: b"<<>>"}, pack=zlib.compress, named=b"/FlateDecode")
                                            all but streams in a stream of objects
    stream(b"q Q", b"/Filter/ASCIIHexDecode", length=b"-1")
"""

from __future__ import annotations

import re

PAGE = {
    1: b"<</Type/Catalog/Pages 2 0 R>>",
    2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>/Contents 4 0 R>>",
    4: b"<</Length 3>>\nstream\nq Q\nendstream",
}
TABLE = re.compile(rb"startxref\s+(\d+)")


def stream(data, more=b"", *, length=None):
    """Return the body of an object that is a stream."""
    told = b"%d" % len(data) if length is None else length
    return b"<<%s/Length %s>>\nstream\n%s\nendstream" % (more, told, data)


def of(
    changes,
    *,
    version=b"1.7",
    trailer=b"",
    root=b"1 0 R",
    size=None,
    start=None,
    row=b"%010d %05d n \n",
    shift=0,
):
    """Return a PDF with a table; ``changes`` replaces, adds (number: body) or drops objects."""
    objects = {number: body for number, body in (PAGE | changes).items() if body is not None}
    out = bytearray(b"%PDF-" + version + b"\n%\xe2\xe3\xcf\xd3\n")
    rows = bytearray(b"xref\n0 1\n0000000000 65535 f \n")
    for number, body in objects.items():
        rows += b"%d 1\n" % number + row % (len(out) + shift, 0)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    told = b"%d" % len(out) if start is None else start
    many = b"%d" % (max(objects) + 1) if size is None else size
    rows += b"trailer\n<</Size %s/Root %s%s>>\nstartxref\n%s\n%%%%EOF\n" % (
        many, root, trailer, told,
    )  # fmt: skip
    return bytes(out + rows)


def packed(changes, *, pack=bytes, named=b"", told=b"", table=b"", rows=None):
    """
    Return a PDF whose objects are in a stream, and whose cross-reference is one.

    ``pack`` and ``named`` are the filter of the former and how it is called, ``told`` replaces
    what it tells of itself (/N and /First), ``table`` and ``rows`` what the latter does (/W and
    /Index) and holds.
    """
    objects = {number: body for number, body in (PAGE | changes).items() if body is not None}
    inner = {n: body for n, body in objects.items() if b"stream\n" not in body}
    head, held = bytearray(), bytearray()
    for number, body in inner.items():
        head += b"%d %d " % (number, len(held))
        held += body + b" "
    holder = max(objects) + 1
    outer = {n: body for n, body in objects.items() if n not in inner}
    outer[holder] = stream(
        pack(bytes(head + held)),
        b"/Type/ObjStm" + (told or b"/N %d/First %d" % (len(inner), len(head))) + named,
    )
    out = bytearray(b"%PDF-1.7\n")
    places = {number: (2, holder, index) for index, number in enumerate(inner)}
    for number, body in outer.items():
        places[number] = (1, len(out), 0)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    places[holder + 1] = (1, start, 0)
    lines = b"".join(
        bytes([kind]) + where.to_bytes(4, "big") + index.to_bytes(2, "big")
        for kind, where, index in (places.get(n, (0, 0, 0)) for n in range(holder + 2))
    )
    body = stream(
        lines if rows is None else rows,
        b"/Type/XRef/Size %d/Root 1 0 R" % (holder + 2) + (table or b"/W[1 4 2]"),
    )
    out += b"%d 0 obj\n" % (holder + 1) + body + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def starting_at(pdf, text):
    """Say that the cross-reference begins elsewhere."""
    return TABLE.sub(b"startxref\n" + text, pdf)


def start_of(pdf):
    """Return where the last cross-reference begins."""
    return int(TABLE.findall(pdf)[-1])


def appended(pdf, objects, *, trailer=b"", previous=None):
    """Append a revision by hand: a table with objects (number: body)."""
    out, rows = bytearray(pdf), bytearray(b"xref\n0 0\n")
    for number, body in objects.items():
        rows += b"%d 1\n%010d 00000 n \n" % (number, len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    before = start_of(pdf) if previous is None else previous
    rows += b"trailer\n<</Size 999/Root 1 0 R/Prev %d%s>>\n" % (before, trailer)
    return bytes(out + rows) + b"startxref\n%d\n%%%%EOF\n" % len(out)


def hybrid(pdf):
    """Append what makes a file hybrid: a table whose trailer points to a stream beside it."""
    start = start_of(pdf)
    root = re.search(rb"/Root (\d+) 0 R", pdf)[1]
    at = len(pdf)
    beside = (
        b"900 0 obj\n<</Type /XRef /Size 901 /W [1 4 1] /Index [900 1] /Root %s 0 R "
        b"/Length 6>>\nstream\n%s\nendstream\nendobj\n"
        % (root, b"\x01" + at.to_bytes(4, "big") + b"\x00")
    )
    return (
        pdf
        + beside
        + (
            b"xref\n0 0\ntrailer\n<</Size 901 /Root %s 0 R /Prev %d /XRefStm %d>>\n"
            b"startxref\n%d\n%%%%EOF\n" % (root, start, at, at + len(beside))
        )
    )


def of_pages(count, *, each=b"/MediaBox[0 0 595 842]/Resources<<>>"):
    """Return a PDF of so many pages, each without content, in a tree of two storeys."""
    objects = {3: None, 4: None}
    branches = range(0, count, 100)
    first = 10 + len(branches)
    for number, begin in enumerate(branches, start=10):
        leaves = range(first + begin, first + min(begin + 100, count))
        kids = b" ".join(b"%d 0 R" % leaf for leaf in leaves)
        objects[number] = b"<</Type/Pages/Parent 2 0 R/Kids[%s]/Count %d>>" % (kids, len(leaves))
        objects |= dict.fromkeys(leaves, b"<</Type/Page/Parent %d 0 R%s>>" % (number, each))
    kids = b" ".join(b"%d 0 R" % (10 + one) for one in range(len(branches)))
    objects[2] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count)
    return of(objects)
