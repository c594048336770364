"""
The support archive: a tar.gz, the same bytes for the same content, readable to its owner alone.

Written to a file that was not there; what goes into it is `gathering`'s affair.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

_TOP: Final = "edge-node-support"
_PRIVATE: Final = 0o600


def write_archive(path: Path, pieces: Mapping[str, object], *, now: datetime) -> None:
    """Write the pieces in the order of their names, texts as they are and values as JSON."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as squeezed,
        tarfile.open(fileobj=squeezed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted(pieces):
            _add(archive, f"{_TOP}/{name}", _written(pieces[name]), now)
    durable.write(path, packed.getvalue(), mode=_PRIVATE)


def _add(archive: tarfile.TarFile, name: str, content: bytes, now: datetime) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = len(content), int(now.timestamp()), _PRIVATE
    archive.addfile(entry, io.BytesIO(content))


def _written(piece: object) -> bytes:
    if isinstance(piece, str):
        return piece.encode()
    return json.dumps(piece, ensure_ascii=False, indent=1).encode() + b"\n"
