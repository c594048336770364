"""PDFs whose frame is odd: header, cross-references, trailers."""

from __future__ import annotations

import odd_pdfs as pdf
from odd_world import odds


def _chain(count):
    """Revise a PDF so many times, changing nothing."""
    made = pdf.of({})
    for _ in range(count):
        made = pdf.appended(made, {})
    return made


def _two_loops():
    """Return two revisions, each of which claims to come after the other."""
    made = pdf.appended(pdf.of({}), {}, previous=0)
    return made.replace(b"/Prev 0>>", b"/Prev %d>>" % pdf.start_of(made), 1)


def _beside_itself():
    made = pdf.of({}, trailer=b"/XRefStm 000000")
    return made.replace(b"000000>>", b"%06d>>" % pdf.start_of(made))


def _previous_itself():
    made = pdf.of({}, trailer=b"/Prev 000000")
    return made.replace(b"000000>>", b"%06d>>" % pdf.start_of(made))


HEADERS = (
    *odds(
        {
            "header-only.pdf: its first line only": lambda _: b"%PDF-1.7\n",
            "header-and-end.pdf: first and last line": lambda _: b"%PDF-1.7\n%%EOF\n",
            "header-cut.pdf: a header cut off": lambda _: b"%PDF-",
            "header-later.pdf: mail headers before": lambda w: b"X: y\r\n" + w.pdf,
            "header-mark.pdf: a byte order mark": lambda w: b"\xef\xbb\xbf" + w.pdf,
            "header-far.pdf: 2 000 blanks before": lambda w: b" " * 2000 + w.pdf,
            "header-zero.pdf: a zero before": lambda w: b"\0" + w.pdf,
            "header-small.pdf: %pdf": lambda w: w.pdf.replace(b"%PDF", b"%pdf"),
            "version-none.pdf: a version of letters": lambda _: pdf.of({}, version=b"x.y"),
            "extensions.pdf: nonsense as extensions": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/Extensions[1]>>"}
            ),
            "as-text.pdf: line ends doubled by a transfer as text": lambda w: w.pdf.replace(
                b"\n", b"\r\n"
            ),
            "as-utf8.pdf: bytes turned into UTF-8": lambda w: w.pdf.decode("latin-1").encode(),
        }
    ),
    *odds(
        {
            "version-9.pdf: version 9.9": lambda _: pdf.of({}, version=b"9.9"),
            "version-1.0.pdf: version 1.0": lambda _: pdf.of({}, version=b"1.0"),
            "version-2.0.pdf: PDF 2.0": lambda _: pdf.of({}, version=b"2.0"),
            "version-long.pdf: a version of 500 digits": lambda _: pdf.of(
                {}, version=b"1." + b"7" * 500
            ),
            "version-catalog.pdf: a nonsense version in the catalogue": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/Version/Latest>>"}
            ),
            "version-array.pdf: an array as version": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/Version[1 7]>>"}
            ),
            "returns-only.pdf: lines that end in CR only": lambda _: pdf.of({}).replace(
                b"\n", b"\r"
            ),
            "seven-bits.pdf: the eighth bit lost": lambda w: bytes(one & 127 for one in w.pdf),
            "twice.pdf: the same PDF twice in one file": lambda w: w.pdf + w.pdf,
        },
        signs=True,
    ),
)

TABLES = (
    *odds(
        {
            "startxref-none.pdf: no startxref": lambda w: w.pdf.replace(
                b"startxref", b"startxxxx"
            ),
            "startxref-zero.pdf: startxref 0": lambda w: pdf.starting_at(w.pdf, b"0"),
            "startxref-wrong.pdf: startxref into the middle": lambda w: pdf.starting_at(
                w.pdf, b"77"
            ),
            "startxref-minus.pdf: startxref -1": lambda _: pdf.of({}, start=b"-1"),
            "startxref-huge.pdf: startxref of 6 000 digits": lambda _: pdf.of(
                {}, start=b"9" * 6000
            ),
            "startxref-far.pdf: startxref behind the end": lambda _: pdf.of({}, start=b"99999999"),
            "startxref-64.pdf: startxref beyond 64 bits": lambda _: pdf.of(
                {}, start=b"99999999999999999999"
            ),
            "startxref-words.pdf: startxref in words": lambda _: pdf.of({}, start=b"here"),
            "end-cut.pdf: cut off in the middle": lambda w: w.pdf[: len(w.pdf) // 2],
            "end-cut-late.pdf: the last 30 bytes lost": lambda w: w.pdf[:-30],
            "end-zeros.pdf: 3 000 zeros behind": lambda w: w.pdf + bytes(3000),
            "end-doubled.pdf: the last line twice": lambda w: w.pdf + b"%%EOF\n",
            "table-none.pdf: no table": lambda _: pdf.of({}).replace(b"xref\n0 1", b"xxxx\n0 1"),
            "table-shifted.pdf: all offsets wrong by one": lambda _: pdf.of({}, shift=1),
            "table-far.pdf: all offsets behind the end": lambda _: pdf.of({}, shift=90000),
            "table-minus.pdf: offsets below zero": lambda _: pdf.of({}, row=b"-%09d %05d n \n"),
            "table-rows-words.pdf: rows of words": lambda _: pdf.of(
                {}, row=b"offset%d gener%d n \n"
            ),
            "table-free.pdf: every object free": lambda _: pdf.of({}, row=b"%010d %05d f \n"),
            "table-count.pdf: a table of 2 000 000 000 rows": lambda _: pdf.of({}).replace(
                b"xref\n0 1\n", b"xref\n0 2000000000\n"
            ),
            "table-negative.pdf: a table of -5 rows": lambda _: pdf.of({}).replace(
                b"xref\n0 1\n", b"xref\n0 -5\n"
            ),
            "table-number-huge.pdf: an object number of 5 000 digits": lambda _: pdf.of(
                {}
            ).replace(b"xref\n0 1\n", b"xref\n%s 1\n" % (b"9" * 5000)),
            "size-none.pdf: no /Size": lambda _: pdf.of({}).replace(b"/Size 5", b"/Sixe 5"),
            "size-zero.pdf: /Size 0": lambda _: pdf.of({}, size=b"0"),
            "size-minus.pdf: /Size -1": lambda _: pdf.of({}, size=b"-1"),
            "size-huge.pdf: /Size 10^18": lambda _: pdf.of({}, size=b"1" + b"0" * 18),
            "size-name.pdf: /Size /Large": lambda _: pdf.of({}, size=b"/Large"),
            "root-none.pdf: no /Root": lambda _: pdf.of({}).replace(b"/Root", b"/Rxxt"),
            "root-number.pdf: a number as /Root": lambda _: pdf.of({}, root=b"42"),
            "root-missing.pdf: /Root leads nowhere": lambda _: pdf.of({}, root=b"77 0 R"),
            "root-page.pdf: /Root leads to a page": lambda _: pdf.of({}, root=b"3 0 R"),
            "root-direct.pdf: the catalogue stands in the trailer": lambda _: pdf.of(
                {}, root=b"<</Type/Catalog/Pages 2 0 R>>"
            ),
            "root-generation.pdf: /Root of another generation": lambda _: pdf.of(
                {}, root=b"1 7 R"
            ),
            "id-odd.pdf: one number as /ID": lambda _: pdf.of({}, trailer=b"/ID[7]"),
            "id-empty.pdf: an empty /ID": lambda _: pdf.of({}, trailer=b"/ID[]"),
            "id-number.pdf: a number as /ID": lambda _: pdf.of({}, trailer=b"/ID 7"),
            "previous-itself.pdf: /Prev leads to itself": lambda _: _previous_itself(),
            "previous-round.pdf: two tables, each before the other": lambda _: _two_loops(),
            "previous-minus.pdf: /Prev -5": lambda _: pdf.of({}, trailer=b"/Prev -5"),
            "previous-far.pdf: /Prev behind the end": lambda _: pdf.of(
                {}, trailer=b"/Prev 9999999"
            ),
            "previous-words.pdf: a string as /Prev": lambda _: pdf.of({}, trailer=b"/Prev(x)"),
            "hybrid-itself.pdf: /XRefStm leads to the table": lambda _: _beside_itself(),
            "widths-zero.pdf: /W [0 0 0]": lambda _: pdf.packed({}, table=b"/W[0 0 0]"),
            "widths-huge.pdf: /W of 2 000 000 000 bytes": lambda _: pdf.packed(
                {}, table=b"/W[1 2000000000 2]"
            ),
            "widths-minus.pdf: /W below zero": lambda _: pdf.packed({}, table=b"/W[-1 4 -2]"),
            "widths-two.pdf: /W of two numbers": lambda _: pdf.packed({}, table=b"/W[1 4]"),
            "widths-names.pdf: /W of names": lambda _: pdf.packed({}, table=b"/W[/a/b/c]"),
            "index-huge.pdf: /Index of 2^31 objects": lambda _: pdf.packed(
                {}, table=b"/W[1 4 2]/Index[0 2147483647]"
            ),
            "index-odd.pdf: /Index of three numbers": lambda _: pdf.packed(
                {}, table=b"/W[1 4 2]/Index[0 1 2]"
            ),
            "rows-lost.pdf: a stream of rows cut off": lambda _: pdf.packed({}, rows=bytes(9)),
            "rows-unknown.pdf: rows of an unknown kind": lambda _: pdf.packed(
                {}, rows=b"\x09" * 49
            ),
        }
    ),
    *odds(
        {
            "end-text.pdf: a line of text behind": lambda w: w.pdf + b"sent by post\n",
            "table-rows-short.pdf: rows of 19 bytes": lambda _: pdf.of({}, row=b"%010d %05d n\n"),
            "table-numbers.pdf: object numbers of ten digits": lambda _: pdf.of(
                {4294967290: b"<<>>"}
            ),
            "info-odd.pdf: a number as /Info": lambda _: pdf.of({}, trailer=b"/Info 7"),
            "previous-2000.pdf: 2 000 revisions": lambda _: _chain(2000),
            "hybrid.pdf: a table and a stream, as Word writes them": lambda w: pdf.hybrid(w.pdf),
            "table-stream.pdf: objects in a stream": lambda _: pdf.packed({}),
        },
        signs=True,
    ),
)

FILES = (*HEADERS, *TABLES)
