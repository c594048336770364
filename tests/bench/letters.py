"""
What the bench sends: folders with a document.json and one file that looks like a PDF.

The same seed gives the same bytes, whichever machine it runs on.
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DAY: Final = date(2026, 11, 21)
_SMALLEST: Final = 50_000
_LARGEST: Final = 200_000
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One drop, still beside the outbox: its folder, its one attachment and that one's SHA-256."""

    folder: Path
    attachment: Path
    sha256: str


def letters(place: Path, count: int, *, to: str, series: str, seed: int) -> list[Letter]:
    """Write drops of 50 to 200 kB below ``place``; ``series`` keeps them apart from others."""
    dice = random.Random(f"{seed} {series}")  # noqa: S311 - the same bytes every time
    return [
        letter(
            place,
            number,
            to=to,
            series=series,
            size=dice.randint(_SMALLEST, _LARGEST),
            seed=dice.getrandbits(64),
        )
        for number in range(1, count + 1)
    ]


def letter(place: Path, number: int, *, to: str, series: str, size: int, seed: int) -> Letter:
    """Write one drop whose attachment has ``size`` bytes."""
    folder = place / f"{number}-{series}"
    folder.mkdir(parents=True)
    attachment = folder / f"{number}-{series}.pdf"
    digest = hashlib.sha256()
    with attachment.open("wb") as file:
        for piece in _like_a_pdf(size, seed):
            digest.update(piece)
            file.write(piece)
    sheet = {
        "schema": 1,
        "number": str(number),
        "notation": series,
        "date": _DAY.isoformat(),
        "type": "Công văn",
        "subject": f"V/v đo tốc độ, văn bản số {number}/{series}",
        "to": [to],
        "attachments": [{"file": attachment.name}],
        "ref": f"{series}-{number}",
    }
    (folder / "document.json").write_text(json.dumps(sheet, ensure_ascii=False), encoding="utf-8")
    return Letter(folder=folder, attachment=attachment, sha256=digest.hexdigest())


def _like_a_pdf(size: int, seed: int) -> Iterator[bytes]:
    """Give the bytes of a file that begins and ends like a PDF, with noise between."""
    head, tail = b"%PDF-1.7\n", b"\n%%EOF\n"
    dice = random.Random(seed)  # noqa: S311 - likewise
    yield head
    left = size - len(head) - len(tail)
    while left:
        piece = dice.randbytes(min(left, _BLOCK))
        left -= len(piece)
        yield piece
    yield tail
