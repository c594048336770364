"""
`make bench`: how fast documents travel, beside a bare pipeline measured in the same minutes.

A burst of documents goes from node A's outbox over the test axis to node B's inbox, all three in
processes of their own, over HTTP on the loopback device. In turn with it the same files go through
`bare.py`. Figures of a shared machine are noisy: compare the ratio.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import product
import report
from bare import Bare, pipeline
from letters import letters

if TYPE_CHECKING:
    from collections.abc import Sequence

_GIGABYTE: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for."""

    documents: int
    rounds: int
    singles: int
    idle: float
    seed: int
    as_json: bool
    large: int
    fetch: str
    folder: Path | None


def main() -> None:
    """Measure and print."""
    wanted = _wanted(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="edge-node-bench-", dir=wanted.folder) as home:
        if wanted.large:
            _large(wanted, Path(home))
        else:
            _usual(wanted, Path(home))


def _usual(wanted: Wanted, home: Path) -> None:
    bursts: list[product.Burst] = []
    floors: list[Bare] = []
    with product.staged(home / "product") as stage:
        product.burst(stage, 5, series="KHOI", seed=wanted.seed)  # everything is loaded now
        for turn in range(1, wanted.rounds + 1):
            _say(f"round {turn} of {wanted.rounds}: {wanted.documents} documents")
            bursts.append(
                product.burst(stage, wanted.documents, series=f"DOT{turn}", seed=wanted.seed)
            )
            floors.append(_bare(wanted, home / f"bare-{turn}", f"DOT{turn}"))
        _say(f"{wanted.singles} single documents")
        waits = product.singles(stage, wanted.singles, series="DON", seed=wanted.seed)
        peaks = product.peaks(stage)
        _say(f"{wanted.idle:.0f} seconds of nothing")
        idle = product.idle(stage, wanted.idle)
    results = report.Results(
        bursts=bursts,
        floors=floors,
        waits=waits,
        peaks=peaks,
        idle=idle,
        configuration=product.HURRY,
    )
    if wanted.as_json:
        sys.stdout.write(json.dumps(report.figures(results), indent=2) + "\n")
    else:
        sys.stdout.write(report.table(results))


def _bare(wanted: Wanted, home: Path, series: str) -> Bare:
    sent = letters(
        home / "desk", wanted.documents, to=product.RECEIVER, series=series, seed=wanted.seed
    )
    return pipeline(home, [one.attachment for one in sent])


def _large(wanted: Wanted, home: Path) -> None:
    _say(f"one attachment of {wanted.large:,} bytes, fetched with {wanted.fetch}")
    result = product.huge(home, wanted.large, fetch=wanted.fetch, seed=wanted.seed)
    if wanted.as_json:
        sys.stdout.write(json.dumps(asdict(result), indent=2) + "\n")
    else:
        sys.stdout.write(report.large_table(result))


def _say(what: str) -> None:
    sys.stderr.write(f"bench: {what}\n")


def _wanted(arguments: Sequence[str]) -> Wanted:
    parser = argparse.ArgumentParser(prog="bench.py", description=__doc__)
    add = parser.add_argument
    add("--documents", type=int, default=300, metavar="N", help="in each burst (300)")
    add("--rounds", type=int, default=3, metavar="K", help="bursts, each beside a bare one (3)")
    add("--singles", type=int, default=40, metavar="N", help="sent one after the other (40)")
    add("--idle", type=float, default=20.0, metavar="SECONDS", help="of doing nothing (20)")
    add("--seed", type=int, default=20261121, help="of the documents' bytes")
    add("--json", action="store_true", dest="as_json", help="end with one JSON object")
    add(
        "--large",
        type=int,
        nargs="?",
        const=_GIGABYTE,
        default=0,
        metavar="BYTES",
        help="instead: one attachment of that many bytes (1 GB)",
    )
    add("--fetch", choices=("downloadEdoc", "getEdoc"), default="downloadEdoc", help="for --large")
    add("--dir", type=Path, dest="folder", help="work below this folder: its disk is measured")
    return Wanted(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    main()
