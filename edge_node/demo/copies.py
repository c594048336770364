"""
Whether a file that arrived is the one that was sent, and whether a signature came on top.

A signature is added behind a PDF, whose own bytes stay what they were; to an Office file it adds
parts. So what was handed over is found again in what arrived, without asking anybody. What the
signature is worth is not found out here.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_OFFICE: Final = frozenset({".docx", ".xlsx", ".pptx"})
_SIGNATURES: Final = "_xmlsignatures/"
# What names the other parts, and so has to name those of a signature, too.
_NAMING: Final = frozenset({"[Content_Types].xml", "_rels/.rels"})

Part: TypeAlias = tuple[str, int, int]  # name, CRC-32, bytes


class Likeness(StrEnum):
    """What a file is to the one that was sent."""

    SAME = "same"  # byte for byte
    SIGNED = "signed"  # all of it, with something behind it: for a PDF, see the verdict
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A file as it was handed over."""

    size: int  # bytes
    digest: str  # SHA-256, hex
    parts: frozenset[Part] = frozenset()  # of an Office file

    @classmethod
    def of(cls, path: Path) -> Original:
        """Look at a file before it is handed over."""
        size = path.stat().st_size
        return cls(size=size, digest=_digest(path, size), parts=_parts(path))

    def likeness(self, path: Path) -> Likeness:
        """Return what the file at ``path`` is to this one."""
        size = path.stat().st_size
        if size >= self.size and _digest(path, self.size) == self.digest:
            return Likeness.SAME if size == self.size else Likeness.SIGNED
        parts = _parts(path)
        new, gone = parts - self.parts, self.parts - parts
        signs = any(name.startswith(_SIGNATURES) for name, *_ in new)
        rest = {name for name, *_ in new | gone if not name.startswith(_SIGNATURES)}
        return Likeness.SIGNED if signs and rest <= _NAMING else Likeness.OTHER


def matched(originals: Sequence[Original], paths: Sequence[Path]) -> dict[Path, Likeness] | None:
    """Return what each of the files is to an original of its own; None where one fits none."""
    left = list(originals)
    found: dict[Path, Likeness] = {}
    for path in paths:
        for original in left:
            likeness = original.likeness(path)
            if likeness is not Likeness.OTHER:
                found[path] = likeness
                left.remove(original)
                break
    return found if not left and len(found) == len(paths) else None


def _digest(path: Path, size: int) -> str:
    """Return the SHA-256 of the first ``size`` bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while size and (piece := file.read(min(size, 1 << 20))):
            digest.update(piece)
            size -= len(piece)
    return digest.hexdigest()


def _parts(path: Path) -> frozenset[Part]:
    if path.suffix not in _OFFICE:
        return frozenset()
    try:
        with zipfile.ZipFile(path) as package:
            found = package.infolist()
    except zipfile.BadZipFile:
        return frozenset()
    return frozenset((part.filename, part.CRC, part.file_size) for part in found)
