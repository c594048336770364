"""
What is drawn onto a page for a signature, put upright where the page is shown turned.

Drawn by operators of our own: a library that makes whole documents would cost the child that
draws 20 MB and a third of its start. The two drawings are `edge_node.notary.pdf.lettering` and
`edge_node.notary.pdf.sealing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pyhanko.pdf_utils import layout
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.stamp import StaticStampStyle

if TYPE_CHECKING:
    from pyhanko.pdf_utils.content import PdfResources
    from pyhanko.pdf_utils.writer import BasePdfFileWriter


class Drawing(Protocol):
    """Something to be drawn, in any document and as often as one likes."""

    @property
    def width(self) -> float:
        """How wide it is, in points."""

    @property
    def height(self) -> float:
        """How high."""

    def draw(self, writer: BasePdfFileWriter, resources: PdfResources) -> bytes:
        """Add what it needs to a document, name it in ``resources``, return the operators."""


def style(drawing: Drawing, turned: int) -> StaticStampStyle:
    """Return what pyHanko draws it by, new for every document: a style keeps all it drew in."""
    return StaticStampStyle(
        background=_Upright(drawing, turned),
        background_opacity=1.0,
        background_layout=layout.SimpleBoxLayoutRule(
            x_align=layout.AxisAlignment.ALIGN_MID, y_align=layout.AxisAlignment.ALIGN_MID
        ),
        border_width=0,
    )


class _Upright(PdfContent):
    """A drawing on a page that is shown turned clockwise by so many degrees."""

    def __init__(self, drawing: Drawing, turned: int) -> None:
        width, height = drawing.width, drawing.height
        across = turned % 180 != 0
        box = layout.BoxConstraints(
            width=height if across else width,
            height=width if across else height,
        )
        super().__init__(box=box)
        self._drawing = drawing
        self._matrix = {
            0: (1, 0, 0, 1, 0, 0),
            90: (0, 1, -1, 0, height, 0),
            180: (-1, 0, 0, -1, width, height),
            270: (0, -1, 1, 0, 0, width),
        }[turned]

    def render(self) -> bytes:
        """Take the drawing into the document, and return the operators that show it."""
        drawn = self._drawing.draw(self._ensure_writer, self.resources)
        return b"%g %g %g %g %g %g cm %s" % (*self._matrix, drawn)
