"""
Puts a drop that lies anywhere into the outbox, as software does that knows how: all at once.

It is copied under a name the scan passes over, made durable, and renamed; the original stays as
it is. Loose files that belong together go in as a folder: only that appears in one moment.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from itertools import chain, count
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.disk import shown
from edge_node.adapters.drops import DropChanged, Style
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

    from edge_node.adapters.drops import Drop
    from edge_node.domain.envelope import Digest

# As the contract of the exchange folder asks of software: the node's group reads and moves.
_FOLDER: Final = 0o2770
_FILE: Final = 0o660
_CHUNK: Final = 1 << 18


def hand_in(drop: Drop, outbox: Path, *, seen: Mapping[Path, Digest]) -> Path:
    """
    Copy a drop into the outbox, whole or not at all; return where it lies there.

    ``seen`` are the digests of files as somebody has looked at them. Raises DropChanged where one
    is another by now, NameTaken where a bare file's name is (a rule reads it), and what
    `disk_errors` raises.
    """
    if drop.style in (Style.BUNDLE, Style.SIDECAR):
        return _as_folder(drop, outbox, seen)
    source = drop.members[0]
    target = outbox / source.name
    if drop.style is Style.PACKAGE:
        target = _free(outbox, drop.name, source.suffix)
    with durable.disk_errors(target), durable.part_of(target) as part:
        _copy(source, part.file, seen.get(source))
        _share(part.file.fileno(), outbox, _FILE)
        durable.sync_file(part.path)
        durable.move(part.path, target)
    return target


def _as_folder(drop: Drop, outbox: Path, seen: Mapping[Path, Digest]) -> Path:
    target = _free(outbox, drop.name, "")
    with durable.building(target, mode=_FOLDER) as part:
        handle = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _share(handle, outbox, 0o700)  # `building` opens it to others, once it is whole
        finally:
            os.close(handle)
        for number, source in enumerate(drop.members):
            sheet = number == 0 and drop.style is Style.SIDECAR
            name = f"document{source.suffix.lower()}" if sheet else source.name
            with (part / name).open("xb") as copy:
                _copy(source, copy, seen.get(source))
                _share(copy.fileno(), outbox, _FILE)
    return target


def _free(outbox: Path, name: str, ending: str) -> Path:
    """Return a name nothing goes by, numbered where it must be."""
    numbered = (f"{name} ({number}){ending}" for number in count(2))
    names = chain([f"{name}{ending}"], numbered)
    return next(outbox / each for each in names if not os.path.lexists(outbox / each))


def _copy(source: Path, copy: BinaryIO, digest: Digest | None) -> None:
    hashed = hashlib.sha256()
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with durable.disk_errors(source), os.fdopen(os.open(source, flags), "rb") as original:
        while chunk := original.read(_CHUNK):
            hashed.update(chunk)
            copy.write(chunk)
    copy.flush()
    if digest is not None and hashed.hexdigest() != digest:
        raise DropChanged(
            say("{file} changed while it was looked at", file=shown(source.name)),
            hint=say("wait until whoever writes it is done, and try again"),
        )


def _share(handle: int, outbox: Path, mode: int) -> None:
    """Let the group of the outbox have it, and its owner where we are root."""
    durable.hand_over(handle, outbox)
    with suppress(PermissionError):  # not a member of that group: it stays as it is
        os.fchown(handle, -1, outbox.stat().st_gid)
    os.fchmod(handle, mode)
