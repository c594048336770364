"""What a check is, and what it is given to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edge_node.adapters.service_unit import unit_for, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from edge_node.adapters.account import Account
    from edge_node.checks.finding import Finding
    from edge_node.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The node that is looked at, and from where."""

    config: Config
    now: datetime
    environ: Mapping[str, str]
    process: int | None  # the daemon that works on its folders; None if there is none
    account: Account  # the node's own, whoever looks
    config_file: Path | None = None
    login: bool = False  # whether somebody wants each token told its PIN, once

    @property
    def unit(self) -> str:
        """The service of systemd it is; '' where nobody can tell."""
        own = "" if self.process is None else unit_of(self.process)
        return own or ("" if self.config_file is None else unit_for(self.config_file))

    @property
    def mountinfo(self) -> Path:
        """What the node itself has mounted: a service sees other mounts than a shell does."""
        own = Path(f"/proc/{self.process}/mountinfo")
        try:
            own.read_bytes()
        except OSError:
            return Path("/proc/self/mountinfo")
        return own


class Look(Protocol):
    """What a check does: look, and change nothing."""

    def __call__(self, situation: Situation) -> Iterator[Finding]:
        """Yield what is found, the sooner the better: what was yielded counts in any case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing to look into; ``id`` is said where the look itself fails."""

    id: str
    rank: int  # the lower, the earlier it is told
    look: Look
    within: timedelta = timedelta(seconds=10)
    outward: bool = False  # asks somebody outside of this machine
