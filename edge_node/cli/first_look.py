"""
The directory of agencies, read from the axis before there is a node: to find one's own code in.

A node that works nowhere reads it, into a folder that is gone afterwards.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import BadAgencyCode, agency_code
from edge_node.domain.errors import EdgeNodeError, NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.adapters.directory import Directory

_ROOMY: Final = Path("/var/tmp")  # noqa: S108 - in a folder of our own; /tmp may be memory
_NOBODY: Final = "H00"  # speaks for no agency: what is configured here never sends


@contextmanager
def agencies_on(url: str, *, system_id: str, secret: bytes) -> Iterator[Directory]:
    """
    Give the directory as the axis has it now, for as long as the block lasts.

    Raises what a call to the axis raises where no list could be read.
    """
    place = _ROOMY if _ROOMY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="edge-node-setup.", dir=place) as made:
        yield from _read(Path(made), url, system_id, secret)


def _read(room: Path, url: str, system_id: str, secret: bytes) -> Iterator[Directory]:
    from edge_node.config import load, starter  # noqa: PLC0415 - only for work
    from edge_node.node import Node  # noqa: PLC0415
    from edge_node.node.knowing import synchronise  # noqa: PLC0415

    handle = os.open(room / "secret", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
    (room / "data").mkdir()
    config = room / "config.yaml"
    text = starter(
        code=_code(system_id),
        name=system_id,
        url=url,
        secret_file=str(room / "secret"),
        data=room / "data",
        system_id=system_id,
    )
    config.write_text(text, encoding="utf-8")
    node = Node(config=load(config))
    with closing(node):
        flow = synchronise(node)
        outcomes = [flow.see_to(which, now=node.clock()) for which in flow.lists]
        if not node.directory.count():
            raise next(
                (each for each in outcomes if isinstance(each, EdgeNodeError)),
                NotAllowed(say("the axis has no directory of agencies")),
            )
        yield node.directory


def _code(system_id: str) -> str:
    try:
        return agency_code(system_id)
    except BadAgencyCode:
        return _NOBODY
