"""Which other daemons run on this machine, and on which configuration each was started."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROC: Final = Path("/proc")
_NAMES: Final = frozenset({"edge-node", "edge_node"})
_OPTIONS: Final = ("-c", "--config")
_USUAL: Final = "/etc/edge-node/config.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherNode:
    """A process that runs a node."""

    process: int
    config_file: Path


def daemons(*, proc: Path = PROC) -> Iterator[OtherNode]:
    """Yield every process of this machine that was started as `edge-node run`."""
    for place in proc.glob("[0-9]*"):
        with suppress(OSError, ValueError):
            words = (place / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            asked = _asked(words)
            if asked is not None and "run" in asked:
                here = (place / "cwd").readlink()
                named = _named(asked) or _environ(place) or _USUAL
                yield OtherNode(process=int(place.name), config_file=here / named)


def _asked(words: Sequence[str]) -> Sequence[str] | None:
    """Return what edge-node was asked for; None where it is another program."""
    for number, word in enumerate(words[:4]):
        if os.path.basename(word) in _NAMES:  # noqa: PTH119 - a word, and no path yet
            return words[number + 1 :]
    return None


def _named(asked: Sequence[str]) -> str:
    for number, word in enumerate(asked[:-1]):
        if word in _OPTIONS:
            return asked[number + 1]
        if word.startswith("--config="):
            return word.partition("=")[2]
    return ""


def _environ(place: Path) -> str:
    with suppress(OSError):
        told = (place / "environ").read_bytes().decode("utf-8", "replace").split("\0")
        return next(
            (one.partition("=")[2] for one in told if one.startswith("EDGE_NODE_CONFIG=")), ""
        )
    return ""
