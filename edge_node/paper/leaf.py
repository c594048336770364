"""A PDF that is drawn page by page, with fonts brought along and none that nobody embeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from edge_node.paper import fonts

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas


def leaves(out: BinaryIO, size: tuple[float, float], *, title: str, author: str) -> Canvas:
    """Begin a PDF on ``out``, which stays open; ``size`` is width and height in points."""
    from reportlab.pdfgen import canvas  # noqa: PLC0415 - 100 ms, only where one is drawn

    fonts.register()
    begun = canvas.Canvas(
        out,
        pagesize=size,
        pageCompression=1,
        lang="vi",
        # Otherwise Helvetica, which nobody embeds. (The stubs take the name for a number.)
        initialFontName=fonts.REGULAR,  # type: ignore[arg-type]
    )
    begun.setTitle(title)
    begun.setAuthor(author)
    begun.setCreator("edge-node")
    return begun
