"""What a check finds: a thing that was looked at, how it stands, why, and the cure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from edge_node.domain.errors import EdgeNodeError
    from edge_node.domain.message import Message

Measured = int | float | str
# Told wherever people ask, though nothing is wrong with it: what a node takes up.
DISK_USE: Final = "disk-use"


class Health(StrEnum):
    """How a thing stands."""

    GOOD = "good"
    UNKNOWN = "unknown"  # it could not be looked into
    WARN = "warn"  # it works, and somebody should see to it
    BAD = "bad"  # it is broken: something does not work, or will not be right


_WORST_LAST: Final = tuple(Health)
_NOTHING: Final[Mapping[str, Measured]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's; ``check`` is its id for machines and never changes."""

    check: str
    health: Health
    why: Message
    cure: Message | None = None
    about: str = ""  # which key, folder or file, where there may be several
    measured: Mapping[str, Measured] = field(default_factory=lambda: _NOTHING)


def good(check: str, why: Message, *, about: str = "", **measured: Measured) -> Finding:
    """Return that a thing is as it should be."""
    return Finding(check=check, health=Health.GOOD, why=why, about=about, measured=measured)


def warn(
    check: str, why: Message, cure: Message | None, *, about: str = "", **measured: Measured
) -> Finding:
    """Return that somebody should see to a thing, and how."""
    health = Health.WARN
    return Finding(check=check, health=health, why=why, cure=cure, about=about, measured=measured)


def bad(
    check: str, why: Message, cure: Message | None, *, about: str = "", **measured: Measured
) -> Finding:
    """Return that a thing is broken, and what mends it."""
    health = Health.BAD
    return Finding(check=check, health=health, why=why, cure=cure, about=about, measured=measured)


def unknown(check: str, why: Message, cure: Message | None = None, *, about: str = "") -> Finding:
    """Return that a thing could not be looked into."""
    return Finding(check=check, health=Health.UNKNOWN, why=why, cure=cure, about=about)


def broken_by(check: str, error: EdgeNodeError, *, about: str = "") -> Finding:
    """Return that a thing is broken, in the words of the error that says so."""
    return bad(check, error.message, error.hint, about=about)


def worst(findings: Iterable[Finding]) -> Health:
    """Return how the worst of them stands; GOOD where there is none."""
    return max((each.health for each in findings), key=_WORST_LAST.index, default=Health.GOOD)
