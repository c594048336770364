"""
Lines of text in a TrueType font, of which a document gets the letters that are in them.

pyHanko's own text comes out twice as wide in fonts with 2 048 units to the em, which those of the
Times kind are: the widths here are told in thousandths, as ISO 32000-2, 9.7.4.3 has them.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fontTools.ttLib import TTFont  # type: ignore[import-untyped] # it ships no types
from fontTools.ttLib.tables._g_l_y_f import Glyph  # type: ignore[import-untyped] # likewise
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from edge_node.domain.errors import NotSignable
from edge_node.domain.message import say
from edge_node.notary.fences import FOREIGN
from edge_node.notary.pdf.looks import PictureUnfit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyhanko.pdf_utils.content import PdfResources
    from pyhanko.pdf_utils.writer import BasePdfFileWriter

SIZE: Final = 10.0  # points: of the letters
BASE: Final = 9.5  # points from the top of a line to the foot of its letters
LEADING: Final = 12.0  # points: from line to line
POSTSCRIPT_NAME: Final = (6, 3, 1, 0x409)  # as Windows has it, in English; others need codecs
EM: Final = 1000  # in which a PDF tells widths
KEPT: Final = frozenset({"head", "hhea", "maxp", "hmtx", "loca", "glyf"})  # 9.9.1, table 124
SYMBOLIC: Final = 4  # the flag of fonts whose letters have numbers of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Lettering:
    """Lines of text, each ending at the right edge."""

    lines: tuple[str, ...]
    face: Face

    @classmethod
    def of(cls, lines: Sequence[str], font: bytes) -> Lettering:
        """
        Set lines in a font.

        `PictureUnfit` where it cannot be used, `NotSignable` where it lacks a letter.
        """
        try:
            face = Face.of(font, "".join(lines))
        except MemoryError:
            raise
        except FOREIGN as error:
            raise PictureUnfit(
                say("the font for the text of signatures cannot be used"),
                hint=say("install fonts-liberation2, or name another TrueType font"),
            ) from error
        lacking = sorted({letter for line in lines for letter in line} - face.glyphs.keys())
        if lacking:
            raise NotSignable(
                say("the font has no letter for {letters}", letters=" ".join(lacking)),
                hint=say("name a TrueType font that has all letters of Vietnamese"),
            )
        return cls(lines=tuple(lines), face=face)

    @property
    def width(self) -> float:
        """The width of the longest line, in points."""
        return max(map(self._long, self.lines))

    @property
    def height(self) -> float:
        """The height of all lines, in points."""
        return LEADING * len(self.lines)

    def draw(self, writer: BasePdfFileWriter, resources: PdfResources) -> bytes:
        """Embed the letters, and return the operators that write the lines."""
        resources.font["/Letters"] = self.face.embedded(writer)
        told = [b"q 0 g BT /Letters %g Tf" % SIZE]
        for number, line in enumerate(self.lines):
            left = self.width - self._long(line)
            foot = self.height - LEADING * number - BASE
            codes = b"".join(b"%04x" % self.face.glyphs[one].code for one in line)
            told.append(b"1 0 0 1 %.3f %.3f Tm <%s> Tj" % (left, foot, codes))
        return b" ".join([*told, b"ET Q"])

    def _long(self, line: str) -> float:
        return sum(self.face.glyphs[one].width for one in line) * SIZE / EM


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter of a font: its number there, and its width in thousandths of an em."""

    code: int
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """A font, as far as a text needs it. Measures are thousandths of an em."""

    name: str
    glyphs: Mapping[str, Letter]
    program: bytes  # a TrueType file with these letters only, under their numbers
    box: tuple[int, int, int, int]
    ascent: int
    descent: int

    @classmethod
    def of(cls, font: bytes, text: str) -> Face:
        """Take the letters of ``text`` that are in a font; raises what unusable ones raise."""
        with TTFont(io.BytesIO(font), lazy=True, recalcBBoxes=False, recalcTimestamp=False) as own:
            units = own["head"].unitsPerEm
            named = own.getBestCmap()
            used = {one: named[ord(one)] for one in text if ord(one) in named}
            glyphs = {
                letter: Letter(code=own.getGlyphID(name), width=own["hmtx"][name][0] * EM / units)
                for letter, name in used.items()
            }
            head, heights = own["head"], own["hhea"]
            box = (head.xMin, head.yMin, head.xMax, head.yMax)
            return cls(
                name=_name(own, text),
                glyphs=glyphs,
                box=tuple(one * EM // units for one in box),
                ascent=heights.ascent * EM // units,
                descent=heights.descent * EM // units,
                program=_reduced(own, set(used.values())),
            )

    def embedded(self, writer: BasePdfFileWriter) -> generic.IndirectObject:
        """Add the font to a document."""
        name = pdf_name("/" + self.name)
        program = _stream(self.program)
        program["/Length1"] = generic.NumberObject(len(self.program))
        descriptor = _dictionary(
            Type=pdf_name("/FontDescriptor"),
            FontName=name,
            Flags=generic.NumberObject(SYMBOLIC),
            FontBBox=_numbers(self.box),
            ItalicAngle=generic.NumberObject(0),
            Ascent=generic.NumberObject(self.ascent),
            Descent=generic.NumberObject(self.descent),
            CapHeight=generic.NumberObject(self.ascent),
            StemV=generic.NumberObject(80),
            FontFile2=writer.add_object(program),
        )
        inner = _dictionary(
            Type=pdf_name("/Font"),
            Subtype=pdf_name("/CIDFontType2"),
            BaseFont=name,
            CIDSystemInfo=_dictionary(
                Registry=generic.TextStringObject("Adobe"),
                Ordering=generic.TextStringObject("Identity"),
                Supplement=generic.NumberObject(0),
            ),
            FontDescriptor=writer.add_object(descriptor),
            CIDToGIDMap=pdf_name("/Identity"),
            W=self._widths(),
        )
        font = _dictionary(
            Type=pdf_name("/Font"),
            Subtype=pdf_name("/Type0"),
            BaseFont=name,
            Encoding=pdf_name("/Identity-H"),
            DescendantFonts=generic.ArrayObject([writer.add_object(inner)]),
            ToUnicode=writer.add_object(_stream(self._meaning())),
        )
        added: generic.IndirectObject = writer.add_object(font)
        return added

    def _widths(self) -> generic.ArrayObject:
        told = generic.ArrayObject()
        for letter in sorted({*self.glyphs.values()}, key=lambda one: one.code):
            told.append(generic.NumberObject(letter.code))
            told.append(generic.ArrayObject([generic.FloatObject(f"{letter.width:.3f}")]))
        return told

    def _meaning(self) -> bytes:
        """Say which letters they are, for whoever copies or searches the text (9.10.3)."""
        meant = {letter.code: one for one, letter in self.glyphs.items()}
        rows = [
            b"<%04x> <%s>" % (code, one.encode("utf-16-be").hex().encode())
            for code, one in sorted(meant.items())
        ]
        parts = [rows[first : first + 100] for first in range(0, len(rows), 100)]
        told = [b"%d beginbfchar\n%s\nendbfchar" % (len(one), b"\n".join(one)) for one in parts]
        return MEANING % b"\n".join(told)


MEANING: Final = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def /CMapType 2 def
1 begincodespacerange <0000> <ffff> endcodespacerange
%s
endcmap CMapName currentdict /CMap defineresource pop end end"""


def _reduced(font: TTFont, used: set[str]) -> bytes:
    """Return the font with the outlines of these letters, and of what they are composed of."""
    glyphs, widths = font["glyf"], font["hmtx"]
    waiting, kept = {".notdef", *used}, set[str]()
    while waiting:
        name = waiting.pop()
        kept.add(name)
        glyphs[name].removeHinting()  # the program it would call is left out
        waiting |= set(glyphs[name].getComponentNames(glyphs)) - kept
    for name in font.getGlyphOrder():
        if name not in kept:
            glyphs.glyphs[name] = Glyph()
            widths.metrics[name] = (0, 0)
    for table in set(font.keys()) - KEPT:
        if table != "GlyphOrder":
            del font[table]
    out = io.BytesIO()
    font.save(out, reorderTables=False)
    return out.getvalue()


def _name(font: TTFont, text: str) -> str:
    """Return the name of the font with six letters before it, as its parts have them (9.9.2)."""
    record = font["name"].getName(*POSTSCRIPT_NAME)
    told = record.toUnicode() if record else ""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    tag = "".join(chr(ord("A") + number // 26**place % 26) for place in range(6))
    return f"{tag}+{re.sub('[^A-Za-z0-9-]', '', told) or 'Font'}"


def _stream(content: bytes) -> generic.StreamObject:
    stream = generic.StreamObject(stream_data=content)
    stream.compress()
    return stream


def _dictionary(**entries: generic.PdfObject) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(f"/{key}"): one for key, one in entries.items()})


def _numbers(values: Sequence[int]) -> generic.ArrayObject:
    return generic.ArrayObject(map(generic.NumberObject, values))
