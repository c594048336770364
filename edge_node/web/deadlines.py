"""What is to be done until when, the most pressing first."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.deadlines import ALARMING, Duty, Stage
from edge_node.node.pressing import pressing
from edge_node.web.attention import told_term
from edge_node.web.replies import page

if TYPE_CHECKING:
    from starlette.responses import Response

    from edge_node.web.asked import Asked
    from edge_node.web.desk import Desk

_AHEAD: Final = timedelta(days=30)
_MOST: Final = 200


def show(desk: Desk, asked: Asked) -> Response:
    """Show what is open; `late`: only what is late, or nearly; `others`: what others owe us."""
    only_late, others = bool(asked.word("late")), bool(asked.word("others"))
    found = pressing(
        desk.node,
        now=asked.now,
        ahead=_AHEAD,
        most=_MOST,
        # (What receivers owe us nobody is alarmed of, and there may be very much of it.)
        duties=(Duty.REPLY,) if others else ALARMING,
    )
    if only_late:
        found = [each for each in found if each[0].stage(asked.now) is not Stage.AHEAD]
    terms = [told_term(term, thing, asked.now) for term, thing in found[:_MOST]]
    return page(
        desk,
        asked,
        "deadlines.html",
        terms=terms,
        late=only_late,
        others=others,
        more=len(found) > _MOST,
    )
