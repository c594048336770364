"""
How a signature is to show, and what it is drawn with, on its way from parent to child.

    parent  body["look"] = tell_look(sight, blobs)
    child   shown = look_for(source, read_look(body["look"], packet.blobs), at=moment)

A font and a picture travel as bytes: the child opens nothing by name. What draws is read in
beforehand, as `LIBRARIES` says; nothing of it is imported with this module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.domain.errors import Outage
from edge_node.domain.looks import Showing
from edge_node.domain.signing import LookKind
from edge_node.notary.wire import Fields, Garbled

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.domain.message import Message
    from edge_node.notary.pdf.signing import Look
    from edge_node.notary.told import Blobs
    from edge_node.notary.wire import Plain

LIBRARIES: Final = (
    "encodings.mac_roman",
    "edge_node.notary.pdf.appearance",
    "edge_node.notary.pdf.signing",
    "fontTools.ttLib.tables._c_m_a_p",
    "fontTools.ttLib.tables._g_l_y_f",
    "fontTools.ttLib.tables._h_e_a_d",
    "fontTools.ttLib.tables._h_h_e_a",
    "fontTools.ttLib.tables._h_m_t_x",
    "fontTools.ttLib.tables._l_o_c_a",
    "fontTools.ttLib.tables._m_a_x_p",
    "fontTools.ttLib.tables._n_a_m_e",
    "fontTools.ttLib.tables._p_o_s_t",
)
LARGEST_FONT: Final = 32 << 20  # bytes; those with Chinese letters have 20 MB
LARGEST_SEAL: Final = 8 << 20
LINES: Final = 10
WIDEST: Final = 500.0  # millimetres

_LOOK: Final = ("kind", "lines", "beside", "needed", "font", "seal", "width", "height")
_STEP: Final = 100  # to the millimetre: what a length is told in


class PictureUnfit(Outage):
    """The image of the seal, or the font, cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How a signature is to show, and what that is drawn with."""

    showing: Showing
    font: bytes = field(default=b"", repr=False)  # TrueType, for a text
    seal: bytes = field(default=b"", repr=False)  # PNG with a transparent ground
    width: float = 0.0  # millimetres: the seal's real size
    height: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is drawn for a signature; without it, ``unseen`` says why where that was asked for."""

    look: Look | None = None
    unseen: Message | None = None


def tell_look(sight: Sight | None, blobs: Blobs) -> Plain:
    """Return it as JSON says it; font and picture are added to ``blobs``."""
    if sight is None or sight.showing.kind is LookKind.NONE:
        return None
    return {
        "kind": sight.showing.kind,
        "lines": list(sight.showing.lines),
        "beside": sight.showing.beside,
        "needed": sight.showing.needed,
        "font": blobs.add(sight.font),
        "seal": blobs.add(sight.seal),
        "width": round(sight.width * _STEP),
        "height": round(sight.height * _STEP),
    }


def read_look(value: Plain, blobs: tuple[bytes, ...]) -> Sight | None:
    """Return what `tell_look` told; `Garbled` for anything else."""
    if value is None:
        return None
    told = Fields.of(value, blobs, _LOOK)
    font, seal = told.blob("font"), told.blob("seal")
    if len(font) > LARGEST_FONT or len(seal) > LARGEST_SEAL:
        raise Garbled("look")
    most = round(WIDEST * _STEP)
    return Sight(
        showing=Showing(
            kind=told.one_of("kind", LookKind),
            lines=told.list_of("lines", LINES, lambda one: Fields({"line": one}).text("line")),
            beside=told.text("beside"),
            needed=told.flag("needed"),
        ),
        font=font,
        seal=seal,
        width=told.number("width", 0, most) / _STEP,
        height=told.number("height", 0, most) / _STEP,
    )


def look_for(source: BinaryIO, sight: Sight | None, *, at: datetime) -> Shown:
    """
    Find where on the pages of ``source`` a signature shows, and draw it; ``at`` is its time.

    Where there is no place for it: `NotSignable` if it is needed, else the reason in ``unseen``.
    `NotSignable` where the file cannot be read, `PictureUnfit` for a font or picture that cannot
    be used.
    """
    from edge_node.notary.pdf import appearance  # noqa: PLC0415 - the parent reads none of it

    if sight is None or sight.showing.kind is LookKind.NONE:
        return Shown()
    try:
        return Shown(look=appearance.drawn(source, sight, at=at))
    except appearance.NoPlace as error:
        if sight.showing.needed:
            raise
        return Shown(unseen=error.message)
