"""
How parent and opener speak of what is printed on a page: a grade or none, and never the text.

The page's picture comes in a file of the parent's own, `HEAD` bytes into it, one byte a pixel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.domain.secrecy import Grade, Printed, Seen
from edge_node.notary.wire import Fields, Garbled, Packet

if TYPE_CHECKING:
    from edge_node.notary.wire import Plain

HEAD: Final = 64  # bytes before the picture, for whoever reads it to say its size in
PIXELS: Final = 9 << 20  # that there is room for: A3 with 200 dots an inch, A4 with more
_SIDE: Final = 1 << 15  # pixels


def tell_printed(printed: Printed) -> Packet:
    """Say it to the parent."""
    size: Plain = None if printed.size is None else list(printed.size)
    body: dict[str, Plain] = {
        "seen": printed.seen.value,
        "grade": None if printed.grade is None else printed.grade.value,
        "size": size,
    }
    return Packet(body=body)


def read_printed(packet: Packet) -> Printed:
    """Return what a child said; `Garbled` where it makes no sense."""
    told = Fields.of(packet.body, packet.blobs, ("seen", "grade", "size"))
    return Printed(
        seen=told.one_of("seen", Seen),
        grade=told.maybe("grade", lambda name: told.one_of(name, Grade)),
        size=told.maybe("size", lambda _: _size(told)),
    )


def _size(told: Fields) -> tuple[int, int]:
    sides = told.list_of("size", 2, _side)
    if len(sides) != 2 or sides[0] * sides[1] > PIXELS:  # noqa: PLR2004 - across and down
        raise Garbled("size")
    return sides[0], sides[1]


def _side(value: Plain) -> int:
    return Fields({"side": value}).number("side", 1, _SIDE)
