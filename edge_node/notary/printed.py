"""What is printed on the first page of a file that a stranger wrote: the opener's answer."""

from __future__ import annotations

import os
import sys
from typing import Final

from edge_node.domain.secrecy import Printed, Seen
from edge_node.notary.formats import SEARCHED, Format, format_of
from edge_node.notary.mapped import drawing, reading
from edge_node.notary.told_printed import HEAD, tell_printed
from edge_node.notary.wire import Fields, Garbled, Packet

_PDF: Final = "edge_node.notary.pdf.printed"
_OFFICE: Final = "edge_node.notary.ooxml.printed"
LIBRARIES: Final = (_PDF, _OFFICE)
_WITH_CANVAS: Final = 2


def answer(packet: Packet) -> Packet:
    """Return what page 1 says: one file, and a second one to draw in, where that is wished for."""
    Fields.of(packet.body, packet.blobs, ("ask",))
    if not 1 <= len(packet.files) <= _WITH_CANVAS:
        raise Garbled("files")
    file, *canvas = packet.files
    return tell_printed(_printed(file, canvas[0] if canvas else None))


def picture(packet: Packet) -> Packet:
    """Return how page 1 of a PDF looks: one file, and a second one to draw in."""
    Fields.of(packet.body, packet.blobs, ("ask",))
    if len(packet.files) != _WITH_CANVAS:
        raise Garbled("files")
    file, canvas = packet.files
    size = os.fstat(file).st_size
    if not size or format_of(os.pread(file, SEARCHED, 0)) is not Format.PDF:
        return tell_printed(Printed(seen=Seen.OTHER))
    room = os.fstat(canvas).st_size
    with reading(file, size) as address, drawing(canvas, room) as ground:
        pdf = sys.modules[_PDF]
        return tell_printed(pdf.pictured(address, size, pdf.Canvas(ground + HEAD, room - HEAD)))


def _printed(file: int, canvas: int | None) -> Printed:
    size = os.fstat(file).st_size
    if not size:
        return Printed(seen=Seen.BROKEN)
    kind = format_of(os.pread(file, SEARCHED, 0))
    if kind is Format.PDF:
        return _printed_pdf(file, size, canvas)
    if kind is Format.OFFICE:
        with os.fdopen(file, "rb", closefd=False) as source:
            source.seek(0)  # the place in it is shared with whoever wrote it
            told: Printed = sys.modules[_OFFICE].printed(source)
            return told
    return Printed(seen=Seen.OTHER)


def _printed_pdf(file: int, size: int, canvas: int | None) -> Printed:
    pdf = sys.modules[_PDF]
    with reading(file, size) as address:
        told: Printed
        if canvas is None:
            told = pdf.printed(address, size, None)
            return told
        room = os.fstat(canvas).st_size
        with drawing(canvas, room) as ground:
            told = pdf.printed(address, size, pdf.Canvas(ground + HEAD, room - HEAD))
            return told
