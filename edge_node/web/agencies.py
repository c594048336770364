"""The directory of agencies: found by code or by name, with or without marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import UnknownItem
from edge_node.domain.message import say
from edge_node.web.replies import page

if TYPE_CHECKING:
    from starlette.responses import Response

    from edge_node.web.asked import Asked
    from edge_node.web.desk import Desk

_MOST: Final = 30


def show(desk: Desk, asked: Asked) -> Response:
    """Show the best matches for what somebody typed."""
    text = asked.word("q")[:200]
    known = desk.config.folders.directory.exists()
    found = desk.node.directory.search(text, limit=_MOST) if text and known else []
    synced = desk.node.directory.synced() if known else None
    return page(desk, asked, "agencies.html", q=text, found=found, synced=synced)


def show_one(desk: Desk, asked: Asked) -> Response:
    """Show all that is known of one agency."""
    code = asked.params["code"]
    known = desk.config.folders.directory.exists()
    unit = desk.node.directory.unit(code) if known else None
    if unit is None:
        raise UnknownItem(say("{code} is not in the directory of agencies", code=code))
    return page(
        desk,
        asked,
        "agency.html",
        unit=unit,
        parent=desk.called(unit.parent),
        successor=desk.called(unit.successor),
    )
