"""
Reads a drop's sheet just far enough to know what belongs to it and whether it may be copied.

What the sheet says of the document is read later, from the claim, by whoever packs it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_node.adapters.drops import is_untouchable
from edge_node.domain.message import say
from edge_node.protocol.handoff import peek
from edge_node.protocol.handoff.files import MAX_BYTES, is_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from edge_node.domain.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """
    What a sheet names, and what is wrong with it.

    ``flaw`` may mend itself while somebody is still writing, ``fault`` will not.
    """

    files: tuple[str, ...] = ()
    secret: bool = False
    urgency: int = 0
    flaw: Message | None = None
    fault: Message | None = None


def read_sheet(path: Path) -> Sheet:
    """Read a document.json or sidecar; OSError when it cannot be opened."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        return Sheet(fault=say("{sheet} is larger than 1 MB", sheet=path.name))
    if not data.strip():
        return Sheet(flaw=say("{sheet} is empty", sheet=path.name))
    seen = peek(data, path.name)
    if seen is None:
        return Sheet(flaw=say("{sheet} cannot be read: it is cut off or broken", sheet=path.name))
    if not seen.complete and not seen.secret:
        nothing = say("{sheet} does not describe a whole document", sheet=path.name)
        return (
            Sheet(files=seen.files, flaw=nothing) if is_yaml(path.name) else Sheet(fault=nothing)
        )
    return Sheet(
        files=seen.files,
        secret=seen.secret,
        urgency=seen.urgency,
        fault=_fault_in(seen.files, path.name),
    )


def _fault_in(names: tuple[str, ...], sheet: str) -> Message | None:
    for name in names:
        if "/" in name or "\0" in name or is_untouchable(name):
            return say(
                "{file}, named in {sheet}, is no name for a file of a drop", file=name, sheet=sheet
            )
    return None
