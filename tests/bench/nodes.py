"""
A test axis and nodes as processes of their own, as the demo runs them, with the bench's settings.

What they are to do is the caller's affair; when the block ends they are stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.demo import stage
from edge_node.sandbox.settings import Options, Reencode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

Axis = stage.Axis
Running = stage.Actor


def an_axis(
    folder: Path, codes: Sequence[str], *, max_package: int
) -> AbstractContextManager[Axis]:
    """Run a test axis for these agencies; it passes attachments on as they came."""
    options = Options(reencode=Reencode.NEVER, max_package=max_package)
    return stage.an_axis(folder, [(code, f"Đơn vị {code}") for code in codes], options)


def a_node(
    home: Path, axis: Axis, code: str, *, settings: str = "", fetch: str = "downloadEdoc"
) -> AbstractContextManager[Running]:
    """Run a node; ``settings`` are sections of YAML that differ from the defaults."""

    def revised(text: str) -> str:
        return text.replace("axis:\n", f"axis:\n  fetch: {fetch}\n") + settings

    return stage.a_node(home, axis, code, f"Đơn vị {code}", revise=revised)
