"""PDFs whose objects are odd: how they are written, packed and encrypted."""

from __future__ import annotations

import base64
import zlib

import odd_pdfs as pdf
from odd_world import Odd, odds


def _repeatedly(count, pack, data):
    for _ in range(count):
        data = pack(data)
    return data


def _zeros(megabytes, head=b""):
    packer = zlib.compressobj(1)
    parts = [packer.compress(head), *(packer.compress(bytes(1 << 20)) for _ in range(megabytes))]
    return b"".join(parts) + packer.flush()


def _damaged(data):
    packed = bytearray(zlib.compress(data))
    packed[len(packed) // 2] ^= 0xFF
    return bytes(packed)


def _of_filters(names, pack):
    return pdf.packed({}, pack=pack, named=b"/Filter" + names)


def _links(count, *, closed):
    """Return objects each of which is only a reference to the next."""
    last = b"10 0 R" if closed else b"<<>>"
    chain = {number: b"%d 0 R" % (number + 1) for number in range(10, 10 + count)}
    return chain | {10 + count: last}


OBJECTS = (
    *odds(
        {
            "object-twice.pdf: one object twice": lambda _: pdf.of({}).replace(
                b"4 0 obj", b"3 0 obj"
            ),
            "object-open.pdf: no endobj": lambda _: pdf.of({}).replace(b"endobj", b"endxxx"),
            "object-bare.pdf: objects without a header": lambda _: pdf.of({}).replace(
                b" 0 obj", b" 0 xxx"
            ),
            "wide-array.pdf: an array of 50 000 numbers in the catalogue": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/X[" + b"7 " * 50_000 + b"]>>"}
            ),
            "string-long.pdf: a string of 1 MB": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/X(" + b"x" * (1 << 20) + b")>>"}
            ),
            "name-long.pdf: a name of 200 000 letters": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/" + b"N" * 200_000 + b" 0>>"}
            ),
            "length-minus.pdf: a stream of -1 bytes": lambda _: pdf.of(
                {4: pdf.stream(b"q Q", length=b"-1")}
            ),
            "length-huge.pdf: a stream of 10^15 bytes": lambda _: pdf.of(
                {4: pdf.stream(b"q Q", length=b"1" + b"0" * 15)}
            ),
            "length-none.pdf: a stream without a length": lambda _: pdf.of(
                {4: b"<<>>\nstream\nq Q\nendstream"}
            ),
            "length-itself.pdf: a stream whose length is itself": lambda _: pdf.of(
                {4: pdf.stream(b"q Q", length=b"4 0 R")}
            ),
            "length-ring.pdf: lengths that are each other's": lambda _: pdf.packed(
                {4: pdf.stream(b"q", length=b"5 0 R"), 5: pdf.stream(b"q", length=b"4 0 R")}
            ),
            "stream-open.pdf: no endstream": lambda _: pdf.of({4: b"<</Length 3>>\nstream\nq Q"}),
        },
        signs=True,
    ),
    *odds(
        {
            "object-other.pdf: the table leads to another object": lambda _: pdf.of({}).replace(
                b"2 0 obj", b"8 0 obj"
            ),
            "object-itself.pdf: a catalogue that is a reference to itself": lambda _: pdf.of(
                {1: b"1 0 R"}
            ),
            "object-chain.pdf: a form behind 3 000 references": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R>>"} | _links(3000, closed=False)
            ),
            "object-ring.pdf: a form behind a ring of references": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R>>"} | _links(30, closed=True)
            ),
            "deep-arrays.pdf: 200 000 arrays in one another": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/X " + b"[" * 200_000 + b"]" * 200_000 + b">>"}
            ),
            "deep-dictionaries.pdf: 50 000 dictionaries in one another": lambda _: pdf.of(
                {
                    1: b"<</Type/Catalog/Pages 2 0 R/X "
                    + b"<</Y " * 50_000
                    + b"0"
                    + b">>" * 50_000
                    + b">>"
                }
            ),
            "deep-open.pdf: 200 000 arrays that never end": lambda _: pdf.of({1: b"[" * 200_000}),
            "number-long.pdf: a number of 6 000 digits": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/X " + b"9" * 6000 + b">>"}
            ),
            "number-odd.pdf: numbers no reader agrees on": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/X[+-1 --2 .5. 1e9 . -]>>"}
            ),
            "string-open.pdf: a string that never ends": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/X(((((>>"}
            ),
            "string-octal.pdf: octal escapes beyond a byte": lambda _: pdf.of(
                {1: rb"<</Type/Catalog/Pages 2 0 R/X(\777\9\0\))>>"}
            ),
            "hex-odd.pdf: a hexadecimal string of other letters": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/X<xyz>>>"}
            ),
            "name-zeros.pdf: zeros in names": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/A#00B/#zz/#00 7>>"}
            ),
            "word-unknown.pdf: a word that PDF does not know": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 2 0 R/X tru/Y nil>>"}
            ),
            "zeros-between.pdf: zeros for blanks": lambda _: pdf.of(
                {1: b"<</Type\0/Catalog\0/Pages\x002\x000\0R>>"}
            ),
            "key-twice.pdf: /Pages twice": lambda _: pdf.of(
                {1: b"<</Type/Catalog/Pages 77 0 R/Pages 2 0 R>>"}
            ),
            "key-number.pdf: numbers for keys": lambda _: pdf.of({1: b"<<1 2 3 4>>"}),
            "holder-huge.pdf: a stream of 10^9 objects": lambda _: pdf.packed(
                {}, told=b"/N 1000000000/First 30"
            ),
            "holder-minus.pdf: a stream of objects that begins at -9": lambda _: pdf.packed(
                {}, told=b"/N 3/First -9"
            ),
            "holder-none.pdf: a stream of objects that says nothing": lambda _: pdf.packed(
                {}, told=b" "
            ),
            "holder-extends.pdf: a stream of objects that extends itself": lambda _: pdf.packed(
                {}, told=b"/N 3/First 15/Extends 5 0 R"
            ),
        }
    ),
)

A85 = b"/ASCII85Decode"
FILTERS = (
    *odds(
        {
            "flate.pdf: Flate, as it should be": lambda _: _of_filters(
                b"/FlateDecode", zlib.compress
            ),
            "flate-chain.pdf: packed 100 times": lambda _: _of_filters(
                b"[" + b"/FlateDecode " * 100 + b"]",
                lambda data: _repeatedly(100, zlib.compress, data),
            ),
            "flate-then-more.pdf: bytes behind the end of Flate": lambda _: _of_filters(
                b"/FlateDecode", lambda data: zlib.compress(data) + b"more"
            ),
            "predictor-array.pdf: parameters that fit no filter": lambda _: _of_filters(
                b"/FlateDecode/DecodeParms[1 2 3]", zlib.compress
            ),
            "ascii85.pdf: ASCII85, as it should be": lambda _: _of_filters(
                A85, lambda data: base64.a85encode(data) + b"~>"
            ),
            "pictures.pdf: contents by every filter for pictures": lambda _: pdf.of(
                {4: pdf.stream(b"\0\1", b"/Filter[/JBIG2Decode/JPXDecode/DCTDecode]")}
            ),
            "file-beside.pdf: objects in a file beside": lambda _: _of_filters(
                b"/FlateDecode/F(/etc/passwd)", zlib.compress
            ),
        },
        signs=True,
    ),
    *odds(
        {
            "flate-bomb.pdf: a stream that unpacks to 200 MB": lambda _: _of_filters(
                b"/FlateDecode", lambda data: _zeros(200, data)
            ),
            "flate-bomb-twice.pdf: 200 MB, packed twice": lambda _: _of_filters(
                b"[/FlateDecode/FlateDecode]", lambda data: zlib.compress(_zeros(200, data), 9)
            ),
            "flate-damaged.pdf: Flate with a byte changed": lambda _: _of_filters(
                b"/FlateDecode", _damaged
            ),
            "flate-cut.pdf: Flate cut off": lambda _: _of_filters(
                b"/FlateDecode", lambda data: zlib.compress(data)[:-9]
            ),
            "flate-none.pdf: Flate that is none": lambda _: _of_filters(b"/FlateDecode", bytes),
            "predictor-wide.pdf: a predictor of 10^9 columns": lambda _: _of_filters(
                b"/FlateDecode/DecodeParms<</Predictor 12/Columns 1000000000>>", zlib.compress
            ),
            "predictor-minus.pdf: a predictor of -1 columns": lambda _: _of_filters(
                b"/FlateDecode/DecodeParms<</Predictor 12/Columns -1>>", zlib.compress
            ),
            "predictor-none.pdf: a predictor of no columns": lambda _: _of_filters(
                b"/FlateDecode/DecodeParms<</Predictor 12/Columns 0>>", zlib.compress
            ),
            "predictor-picture.pdf: a predictor for pictures (TIFF)": lambda _: _of_filters(
                b"/FlateDecode/DecodeParms<</Predictor 2/Columns 4>>", zlib.compress
            ),
            "predictor-unknown.pdf: an unknown predictor": lambda _: _of_filters(
                b"/FlateDecode/DecodeParms<</Predictor 99>>", zlib.compress
            ),
            "lzw.pdf: LZW that is none": lambda _: _of_filters(b"/LZWDecode", bytes),
            "lzw-bomb.pdf: 8 MB of LZW zeros": lambda _: _of_filters(
                b"/LZWDecode", lambda _: bytes(8 << 20)
            ),
            "run-length.pdf: RunLength that is none": lambda _: _of_filters(
                b"/RunLengthDecode", bytes
            ),
            "run-length-bomb.pdf: RunLength of 400 MB": lambda _: _of_filters(
                b"[/FlateDecode/RunLengthDecode]",
                lambda _: zlib.compress(b"\x81\x00" * 3_200_000, 1),
            ),
            "ascii85-damaged.pdf: ASCII85 with letters it has not": lambda _: _of_filters(
                A85, lambda _: b"}}}{{{~>"
            ),
            "ascii85-beyond.pdf: ASCII85 beyond 32 bits": lambda _: _of_filters(
                A85, lambda _: b"uuuuu" * 50 + b"~>"
            ),
            "hex-damaged.pdf: ASCIIHex of other letters": lambda _: _of_filters(
                b"/ASCIIHexDecode", lambda _: b"nothing here>"
            ),
            "picture-jbig2.pdf: objects in a JBIG2 picture": lambda _: _of_filters(
                b"/JBIG2Decode", bytes
            ),
            "picture-jpx.pdf: objects in a JPEG 2000 picture": lambda _: _of_filters(
                b"/JPXDecode", bytes
            ),
            "picture-dct.pdf: objects in a JPEG picture": lambda _: _of_filters(
                b"/DCTDecode", bytes
            ),
            "picture-fax.pdf: objects in a fax": lambda _: _of_filters(b"/CCITTFaxDecode", bytes),
            "filter-unknown.pdf: a filter nobody knows": lambda _: _of_filters(
                b"/SecretDecode", bytes
            ),
            "filter-number.pdf: a number for a filter": lambda _: _of_filters(b" 42", bytes),
            "filter-nested.pdf: filters in one another": lambda _: _of_filters(
                b"[[[/FlateDecode]]]", zlib.compress
            ),
            "filter-crypt.pdf: encrypted objects in a file that is not": lambda _: _of_filters(
                b"/Crypt/DecodeParms<</Name/Own>>", bytes
            ),
        }
    ),
)

LOCKED = (
    *odds(
        {
            "locked-clear-title.pdf: encrypted but for its description": lambda w: w.qpdf(
                w.pdf, "--encrypt", "", "o", "256", "--cleartext-metadata", "--"
            ),
        },
        signs=True,
    ),
    *odds(
        {
            "locked-unknown.pdf: encrypted in a way nobody knows": lambda _: pdf.of(
                {9: b"<</Filter/Own/V 77>>"}, trailer=b"/Encrypt 9 0 R/ID[(a)(a)]"
            ),
            "locked-public.pdf: encrypted for certificates, of which none is there": lambda _: (
                pdf.of(
                    {9: b"<</Filter/Adobe.PubSec/SubFilter/adbe.pkcs7.s5/V 4/Recipients[]>>"},
                    trailer=b"/Encrypt 9 0 R/ID[(a)(a)]",
                )
            ),
            "locked-half.pdf: encrypted, and the keys cut short": lambda _: pdf.of(
                {9: b"<</Filter/Standard/V 2/R 3/O(x)/U(y)/P -1/Length 128>>"},
                trailer=b"/Encrypt 9 0 R/ID[(a)(a)]",
            ),
            "locked-nowhere.pdf: /Encrypt leads nowhere": lambda _: pdf.of(
                {}, trailer=b"/Encrypt 77 0 R"
            ),
            "locked-number.pdf: a number as /Encrypt": lambda _: pdf.of({}, trailer=b"/Encrypt 7"),
            "locked-itself.pdf: /Encrypt is the catalogue": lambda _: pdf.of(
                {}, trailer=b"/Encrypt 1 0 R/ID[(a)(a)]"
            ),
        }
    ),
    *(
        Odd(
            name=f"locked-{whose}-{bits}.pdf",
            what=f"a password of its {whose}, {bits} bits",
            make=lambda w, user=user, bits=bits: w.qpdf(w.pdf, *_locking(user, bits)),
            signs=not user and bits != "256-r5",  # a form that only one version of Acrobat wrote
        )
        for whose, user in (("user", "user"), ("owner", ""))
        for bits in ("40", "128", "128-aes", "256", "256-r5")
    ),
)


def _locking(user, bits):
    length, _, form = bits.partition("-")
    forms = {"aes": ("--use-aes=y",), "r5": ("--force-R5",), "": ()}
    weak = ("--allow-weak-crypto",) if length != "256" else ()
    return (*weak, "--encrypt", user, "owner", length, *forms[form], "--")


FILES = (*OBJECTS, *FILTERS, *LOCKED)
