"""
Reads the file of rules about alarms, every problem named at once; or returns those built in.

    rules:
      - name: axis-down
        watch: axis
        longer_than: 15m
        severity: urgent
        to: [duty]

What is watched, and how, is `edge_node.domain.alarms`' affair.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.config import kinds
from edge_node.config.kinds import Kind, Unfit
from edge_node.config.reading import load_sheet
from edge_node.config.rules import Breach
from edge_node.config.shapes import Many, Section
from edge_node.config.shapes import key as _key
from edge_node.domain.alarms import BUILT_IN, DUTIES, Rule, Severity, Watched
from edge_node.domain.deadlines import Stage
from edge_node.domain.expiry import THRESHOLDS
from edge_node.domain.lifecycle import Receiving, Sending
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from edge_node.config.sheet import Scalar

# In which nothing is to stay for long; in the others it may stay for ever.
STATES: Final = (
    Sending.QUEUED,
    Sending.UNSURE,
    Sending.HELD,
    Sending.ACCEPTED,
    Receiving.RECEIVED,
    Receiving.ACKNOWLEDGED,
)
_MOST_DAYS: Final = max(THRESHOLDS)  # nobody looks at certificates sooner
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}"
_SHOWN: Final = ", ".join(STATES)


def _word(scalar: Scalar, _: Path) -> str:
    if not re.fullmatch(_NAME, scalar.text):
        raise Unfit
    return scalar.text


def _state(scalar: Scalar, _: Path) -> str:
    if scalar.text not in STATES:
        raise Unfit
    return scalar.text


def _stage(scalar: Scalar, _: Path) -> Stage:
    if scalar.text not in {Stage.SOON, Stage.LATE}:
        raise Unfit
    return Stage(scalar.text)


word: Final = Kind(say("a name of letters, digits, dots and strokes"), _word)
state: Final = Kind(say("one of {choices}", choices=_SHOWN), _state)
stage: Final = Kind(say("soon or late"), _stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSection:
    """One rule."""

    name: str = field(metadata=_key(word))
    watch: Watched = field(metadata=_key(kinds.one_of(Watched)))
    severity: Severity = field(default=Severity.WARNING, metadata=_key(kinds.one_of(Severity)))
    # How long it has to last before it is told.
    longer_than: timedelta = field(default=timedelta(), metadata=_key(kinds.wait))
    # Names of the file with URLs; none: all of them.
    to: tuple[str, ...] = field(default=(), metadata=_key(Many(word)))
    # Whether it waits for the end of quiet hours; unless it is urgent when left out.
    quiet: bool | None = field(default=None, metadata=_key(kinds.truth))
    digest_only: bool = field(default=False, metadata=_key(kinds.truth))
    # Whether it is told that it is over.
    recovery: bool = field(default=True, metadata=_key(kinds.truth))
    # For what has a deadline.
    stage: Stage | None = field(default=None, metadata=_key(stage))
    # For `state`.
    state: str = field(default="", metadata=_key(state))
    # For `certificate`.
    days: tuple[int, ...] = field(default=(), metadata=_key(Many(kinds.whole(1, _MOST_DAYS))))
    # For `disk`, in bytes, and for `inodes`.
    below: int = field(default=0, metadata=_key(kinds.size))
    files: int = field(default=0, metadata=_key(kinds.whole(1, 100_000_000)))

    @property
    def rule(self) -> Rule:
        """The rule it stands for."""
        return Rule(
            name=self.name,
            watch=self.watch,
            severity=self.severity,
            longer_than=self.longer_than,
            to=self.to,
            quiet=self.quiet,
            digest_only=self.digest_only,
            recovery=self.recovery,
            stage=self.stage or Stage.LATE,
            state=self.state,
            days=self.days or THRESHOLDS,
            below=self.below,
            files=self.files,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """The file: a list of rules and nothing else."""

    rules: tuple[RuleSection, ...] = field(metadata=_key(Many(Section(RuleSection))))


def alarm_rules(path: Path | None) -> tuple[Rule, ...]:
    """Return the rules a file holds, or those built in; ConfigError with every problem it has."""
    if path is None:
        return BUILT_IN
    return tuple(each.rule for each in load_sheet(path, RuleFile, _breaches).rules)


# Which keys only some of what is watched has a use for, and which of them it must have.
_BELONGS: Final[Mapping[str, frozenset[Watched]]] = MappingProxyType(
    {
        "stage": frozenset(DUTIES),
        "state": frozenset({Watched.STATE}),
        "days": frozenset({Watched.CERTIFICATE}),
        "below": frozenset({Watched.DISK}),
        "files": frozenset({Watched.INODES}),
    }
)
_NEEDED: Final = frozenset({"state", "below", "files"})


def _breaches(values: Mapping[str, object]) -> Iterator[Breach]:
    seen: dict[str, str] = {}
    for at, rule in values.items():
        if not isinstance(rule, RuleSection):
            continue
        if rule.name in seen:
            yield Breach(
                (f"{at}.name", at), say("the name of {other}, too", other=seen[rule.name])
            )
        seen.setdefault(rule.name, at)
        for key, of in _BELONGS.items():
            if getattr(rule, key) and rule.watch not in of:
                yield Breach(
                    (f"{at}.{key}", at),
                    say("only together with watch: {watched}", watched=", ".join(sorted(of))),
                )
            elif key in _NEEDED and rule.watch in of and not getattr(rule, key):
                yield Breach(
                    (f"{at}.{key}", at),
                    say("missing, and this is what {watched} is about", watched=str(rule.watch)),
                )
