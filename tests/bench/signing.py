"""
`python tests/bench/signing.py`: what a signature costs, beside the bare work measured in turn.

Bare is what nobody can leave out: a raw RSA-2048 signature, the SHA-256 of the file, and reading
and writing it twice. Every round measures each kind once, so that a busy machine slows all alike;
compare the ratios of the medians. Then a PDF of 100 MB: how large the children get.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parent.parent))

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from pki import Pki
from signatories import signing
from signed_pdfs import of_size

from edge_node.adapters.durable import part_of
from edge_node.adapters.growing import Growing
from edge_node.adapters.pens import Errand, PdfPen
from edge_node.domain.signing import Level, SigningWish

if TYPE_CHECKING:
    from collections.abc import Callable

_KEY: Final = "rsa2048"
_MOST: Final = {"preparer": 150, "opener": 220}  # megabytes, over a PDF of 100 MB


def main() -> None:
    """Measure and print."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--rounds", type=int, default=200)
    wanted.add_argument("--kilobytes", type=int, default=100)
    wanted.add_argument("--large", type=int, default=100, help="megabytes; 0 for none")
    told = wanted.parse_args()
    with tempfile.TemporaryDirectory(prefix="edge-node-bench-") as home:
        folder = Path(home)
        (folder / "pki").mkdir()
        pki = Pki(folder / "pki")
        try:
            with signing(pki, folder) as desk:
                _speed(desk, told.rounds, told.kilobytes)
            if told.large:
                with signing(pki, folder) as desk:
                    _size(desk, told.large)
        finally:
            pki.close()


def _speed(desk, rounds: int, kilobytes: int) -> None:
    source, target = desk.folder / "document.pdf", desk.folder / "signed.pdf"
    source.write_bytes(of_size(kilobytes << 10, 1))
    signatory = desk.signatory(_KEY)
    wish = SigningWish(level=Level.B_B)
    kinds: dict[str, Callable[[], None]] = {
        "bare": lambda: _bare(desk, source, target),
        "drafted, signed, filled": lambda: _made(desk, source, target, wish),
        "all, verified and durable": lambda: signatory.sign(source, target, wish),
    }
    took: dict[str, list[float]] = {name: [] for name in kinds}
    for turn in range(rounds + 10):
        for name, work in kinds.items():
            begun = time.perf_counter()
            work()
            if turn >= 10:  # children and caches are warm by then
                took[name].append(time.perf_counter() - begun)
    floor = statistics.median(took["bare"])
    best = min(took["bare"])
    _tell(f"a PDF of {kilobytes} kB, RSA-2048, no time-stamp, {rounds} rounds")
    for name, times in took.items():
        middle, least = statistics.median(times), min(times)
        figures = f"{middle * 1000:8.2f} ms {middle / floor:6.1f} x bare"
        _tell(f"  {name:28} {figures}   at best {least * 1000:.2f} ms {least / best:.1f} x")


def _bare(desk, source: Path, target: Path) -> None:
    digest = sha256(source.read_bytes()).digest()
    key = desk.pki.signer(_KEY).key
    signature = key.sign(digest, padding.PKCS1v15(), Prehashed(SHA256()))
    target.write_bytes(source.read_bytes() + signature)
    target.with_suffix(".copy").write_bytes(source.read_bytes())


def _made(desk, source: Path, target: Path, wish: SigningWish) -> None:
    """Do what a signature without a time-stamp takes, across the children."""
    key = desk.key(_KEY)
    errand = Errand(
        key=key,
        facts=key.facts(),
        at=datetime.now(UTC),
        wish=wish,
        preparer=desk.preparer,
        stamps=desk.stamps(),
    )
    with part_of(target) as part, source.open("rb") as file:
        growing = Growing(part)
        growing.take(file)
        PdfPen(errand, growing).sign()
        part.path.replace(target)


def _size(desk, megabytes: int) -> None:
    source, target = desk.folder / "large.pdf", desk.folder / "large-signed.pdf"
    source.write_bytes(of_size(megabytes << 20, 1))
    begun = time.perf_counter()
    desk.signatory(_KEY).sign(source, target, SigningWish(level=Level.B_LTA))
    seconds = time.perf_counter() - begun
    _tell(f"a PDF of {megabytes} MB, B-LTA: {seconds:.1f} s")
    children = {
        "preparer": desk.preparer.pid,
        "opener": desk.opener.pid,
        "signer": desk.key(_KEY).pid,
        "this program": os.getpid(),
    }
    for name, pid in children.items():
        bound = f" of {_MOST[name]}" if name in _MOST else ""
        _tell(f"  {name:28} {_peak(pid)} MB{bound}")


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024


if __name__ == "__main__":
    main()
