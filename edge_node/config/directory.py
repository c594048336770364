"""The keys about the directory of agencies: where it comes from, and what it is good for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.config import kinds
from edge_node.config.kinds import Kind, Unfit
from edge_node.config.shapes import Many
from edge_node.config.shapes import key as _key
from edge_node.domain.directory import AgencyList, Distrust
from edge_node.domain.message import say

if TYPE_CHECKING:
    from pathlib import Path

    from edge_node.config.sheet import Scalar

_SAYING: Final = (Distrust.WARN, Distrust.REFUSE)


def _read_saying(scalar: Scalar, _: Path) -> Distrust:
    if scalar.text not in _SAYING:
        raise Unfit
    return Distrust(scalar.text)


_MERGED: Final = Kind(say("one of {choices}", choices=", ".join(_SAYING)), _read_saying)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectorySection:
    """The directory of agencies."""

    # Which lists the axis is asked for; what it does not have is noted, and spoils no other.
    lists: tuple[AgencyList, ...] = field(
        default=tuple(AgencyList), metadata=_key(Many(kinds.one_of(AgencyList)))
    )
    # How many levels of codes `qd20` is asked for: H37 is of level 1, H37.02.02 of level 3.
    levels: int = field(default=4, metadata=_key(kinds.whole(1, 9)))
    # How often.
    every: timedelta = field(default=timedelta(days=1), metadata=_key(kinds.duration))
    # From when on a directory is too old to say who is not in it.
    stale_after: timedelta = field(default=timedelta(days=7), metadata=_key(kinds.duration))
    # A receiver that is not in it, or not any more.
    unknown: Distrust = field(default=Distrust.WARN, metadata=_key(kinds.one_of(Distrust)))
    # A receiver that another unit took over from.
    merged: Distrust = field(default=Distrust.WARN, metadata=_key(_MERGED))
