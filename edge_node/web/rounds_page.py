"""The doctor: what was found last, and a button to look anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.checks.finding import Health
from edge_node.web.replies import go_to, page

if TYPE_CHECKING:
    from starlette.responses import Response

    from edge_node.web.asked import Asked
    from edge_node.web.desk import Desk


def show(desk: Desk, asked: Asked) -> Response:
    """Show what is known, the worst first."""
    standing = desk.rounds.standing
    order = {Health.BAD: 0, Health.WARN: 1, Health.UNKNOWN: 2, Health.GOOD: 3}
    findings = sorted(standing.findings, key=lambda each: order[each.health])
    return page(desk, asked, "doctor.html", standing=standing, findings=findings)


def begin(desk: Desk, asked: Asked) -> Response:
    """Look anew; nobody waits for it here."""
    del asked
    desk.rounds.begin()
    return go_to("/doctor")
