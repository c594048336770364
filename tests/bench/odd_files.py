"""
What becomes of every odd file, and what it costs: a line each, and the most at the end.

    python tests/bench/odd_files.py [PART OF A NAME...]

By the same children, with the same limits, as `edge-node verify` and `edge-node sign` use. Memory
is the most a child held until then; one that has grown is replaced, as at work.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])  # `odd_files` is the list there, not this file

import odd_files  # noqa: E402 - from there
from odd_world import World, peak  # noqa: E402
from pki import Pki  # noqa: E402
from signatories import signing  # noqa: E402

from edge_node.domain.errors import NotSignable  # noqa: E402
from edge_node.domain.signing import Level, SigningWish  # noqa: E402


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What came of one file."""

    name: str
    did: str  # verify or sign
    outcome: str
    sentence: str
    seconds: float
    memory: int  # bytes

    def __str__(self) -> str:
        """Return the line of the table."""
        cost = f"{self.seconds:6.2f} s {self.memory >> 20:4} MB"
        return f"{self.name[:36]:36} {self.did:6} {self.outcome:42} {cost}  {self.sentence}"


def main(*parts: str) -> None:
    """Make, verify and sign those whose names hold one of ``parts``, or all."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="edge-node-odd-") as home:
        pki = Pki(Path(home))
        try:
            for row in _rows(pki, Path(home), parts):
                rows.append(row)
                print(row, flush=True)  # noqa: T201 - what it is for
        finally:
            pki.close()
    _sum_up(rows)


def _rows(pki, home, parts):
    folder = home / "files"
    folder.mkdir()
    world = World(pki, home)
    with signing(pki, folder) as desk:
        for odd in odd_files.ODD:
            if parts and not any(part in odd.name for part in parts):
                continue
            path = odd.write(world, home)
            yield _verified(desk, path)
            yield _signed(desk, path, folder / "target")
            path.unlink()


def _verified(desk, path):
    begun = time.monotonic()
    found = desk.examiner().look(path, now=datetime.now(UTC)).verdict
    outcome = " ".join([found.verdict, found.sub.name if found.sub else "-"])
    return _row(path, "verify", outcome, str(found.why), begun, desk.opener)


def _signed(desk, path, target):
    begun = time.monotonic()
    try:
        desk.signatory("p384").sign(path, target, SigningWish(level=Level.B_B))
    except NotSignable as error:
        said = f"{error.message}; {error.hint}"
        return _row(path, "sign", "refused", said, begun, desk.preparer)
    target.unlink()
    return _row(path, "sign", "signed", "", begun, desk.preparer)


def _row(path, did, outcome, sentence, begun, child):
    return Row(
        name=ascii(path.name)[1:-1],
        did=did,
        outcome=outcome,
        sentence=sentence,
        seconds=time.monotonic() - begun,
        memory=peak(child.pid),
    )


def _sum_up(rows):
    for key, count in sorted(Counter((row.did, row.outcome) for row in rows).items()):
        print(f"{count:5} {' '.join(key)}")  # noqa: T201 - what it is for
    for did in ("verify", "sign"):
        mine = [row for row in rows if row.did == did]
        slowest = max(mine, key=lambda row: row.seconds)
        largest = max(mine, key=lambda row: row.memory)
        print(f"slowest to {did}: {slowest.name}, {slowest.seconds:.1f} s")  # noqa: T201
        print(f"most memory to {did}: {largest.name}, {largest.memory >> 20} MB")  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
