"""Paths as a person wrote them on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.adapters.disk import FileGone, shown
from edge_node.domain.message import say

if TYPE_CHECKING:
    from pathlib import Path


def demand_there(path: Path) -> None:
    """Refuse a path behind which there is nothing: it was mistyped rather than lost; FileGone."""
    try:
        path.lstat()
    except FileNotFoundError as error:
        raise FileGone(
            say("{path} is not there", path=shown(path)), hint=say("check the path")
        ) from error
    except OSError:
        return  # whoever opens it says what stands against that
