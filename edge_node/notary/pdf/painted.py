"""
Where something is painted on a page, as boxes: text, lines, surfaces, pictures, annotations.

Nothing is rendered. What follows the operators is `edge_node.notary.pdf.painter`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyhanko.pdf_utils import generic

from edge_node.notary.pdf.acts import ACTS
from edge_node.notary.pdf.operators import Undrawable
from edge_node.notary.pdf.painter import LARGEST, Painter
from edge_node.notary.pdf.sheets import Box, inherited, overlays, rectangle, sheet

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN: Final = 2  # the flag of an annotation that is not shown


def painted(page: generic.DictionaryObject, *, within: Box | None = None) -> list[Box]:
    """
    Return where the page is painted, in its own coordinates; only what touches ``within``.

    Raises `operators.Undrawable`, and what damaged pages raise.
    """
    shown = sheet(page).box
    painter = Painter(ACTS, page=shown, within=within)
    resources = inherited(page, "/Resources")
    if not isinstance(resources, generic.DictionaryObject):
        resources = generic.DictionaryObject()
    painter.follow(_content(page), resources)
    for left, bottom, right, top in _annotations(page):
        painter.note((left, bottom, right, top))
    return painter.boxes


def _content(page: generic.DictionaryObject) -> bytes:
    if "/Contents" not in page:
        return b""
    held = page["/Contents"]
    streams = list(held) if isinstance(held, generic.ArrayObject) else [held]
    content = b"\n".join(one.get_object().data for one in streams)
    if len(content) > LARGEST:
        raise Undrawable(len(content))
    return content


def _annotations(page: generic.DictionaryObject) -> Iterable[Box]:
    for annotation in overlays(page):
        flags = int(annotation["/F"]) if "/F" in annotation else 0
        if "/Rect" in annotation and not flags & HIDDEN:
            left, bottom, right, top = rectangle(annotation["/Rect"])
            if left < right and bottom < top:
                yield left, bottom, right, top
