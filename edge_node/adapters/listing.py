"""
One folder as one look sees it: its files by name, and what is no file of anybody's drop.

Hidden, unfinished and our own names are passed over; links, sockets and the like are named.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_node.adapters.disk import shown
from edge_node.adapters.drops import is_untouchable
from edge_node.domain.message import say
from edge_node.protocol.handoff.words import nfc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from edge_node.adapters.settle import Sighting
    from edge_node.domain.message import Message


@dataclass(slots=True)
class Listing:
    """What lies in a folder; ``odd`` are the entries nobody can take, each with the reason."""

    files: list[Sighting] = field(default_factory=list)
    folders: list[Sighting] = field(default_factory=list)
    odd: list[tuple[Sighting, Message]] = field(default_factory=list)

    def find(self, names: Iterable[str]) -> tuple[list[Sighting], list[str]]:
        """Return the files that go by these names, and the names no file goes by."""
        exact = {file.name: file for file in self.files}
        composed = {nfc(file.name): file for file in self.files if not file.name.isascii()}
        found: dict[str, Sighting] = {}
        missing = []
        for name in names:
            file = exact.get(name) or composed.get(nfc(name))
            if file is None:
                missing.append(name)
            else:
                found[file.name] = file
        return list(found.values()), missing


def list_folder(folder: str | Path, see: Callable[[os.DirEntry[str]], Sighting]) -> Listing:
    """Look at all entries of a folder once; OSError when it cannot be read."""
    listing = Listing()
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_untouchable(entry.name):
                continue
            try:
                _enter(listing, entry, see(entry))
            except FileNotFoundError:  # gone between the two calls
                continue
    return listing


def _enter(listing: Listing, entry: os.DirEntry[str], seen: Sighting) -> None:
    if why := oddness(entry):
        listing.odd.append((seen, why))
    elif entry.is_file(follow_symlinks=False):
        listing.files.append(seen)
    else:
        listing.folders.append(seen)


def oddness(entry: os.DirEntry[str]) -> Message | None:
    """Return why something in a folder can be no part of a drop; None where it can."""
    if not _is_text(entry.name):
        return say("the name {name} is not UTF-8", name=shown(entry.name))
    if entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False):
        return None
    if entry.is_symlink():
        return say("it is a symbolic link; links are never followed")
    return say("it is no regular file")


def _is_text(name: str) -> bool:
    try:
        return name.isascii() or bool(name.encode("utf-8"))
    except UnicodeEncodeError:
        return False
