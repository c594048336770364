"""
The doctor's rounds: every check at once, each within its own time, told in their order.

One that raises, or does not end in time, is a finding like others. What it had found until then
counts. Threads that are left behind hold nothing that anybody waits for.
"""

from __future__ import annotations

import logging
import pkgutil
import threading
import time
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Final

from edge_node.adapters.account import Account
from edge_node.adapters.disk import disk_errors
from edge_node.adapters.lock import holder
from edge_node.checks import looks
from edge_node.checks.check import Check, Situation
from edge_node.checks.finding import bad, good, unknown
from edge_node.config import load
from edge_node.domain.errors import ConfigError, EdgeNodeError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from edge_node.checks.finding import Finding
    from edge_node.config import Config

log = logging.getLogger(__name__)

CONFIGURATION: Final = "configuration"
_LONGEST: Final = 200  # characters of what a library says


def all_checks() -> tuple[Check, ...]:
    """Return the checks there are, one of each module of `looks`, in the order they are told."""
    names = sorted(found.name for found in pkgutil.iter_modules(looks.__path__))
    modules = (import_module(f"{looks.__name__}.{name}") for name in names)
    checks: list[Check] = [module.CHECK for module in modules]
    return tuple(sorted(checks, key=lambda check: check.rank))


def make_rounds(
    config_file: Path,
    *,
    now: datetime,
    environ: Mapping[str, str],
    checks: Sequence[Check] | None = None,
    offline: bool = False,
    login: bool = False,
) -> Iterator[Finding]:
    """
    Yield all that is found; without a configuration that can be used, its problems only.

    ``offline``: nobody outside of this machine is asked. ``login``: each token is told its PIN.
    """
    try:
        config = load(config_file)
    except ConfigError as error:
        for problem in error.problems or (error.message,):
            yield bad(CONFIGURATION, problem, error.hint)
        return
    yield good(CONFIGURATION, say("the configuration can be used: {file}", file=str(config_file)))
    situation = situation_of(config, now, environ, config_file=config_file, login=login)
    wanted = (each for each in checks or all_checks() if not (offline and each.outward))
    begun = [_Looking(check, situation) for check in wanted]
    for each in begun:
        each.start()
    for each in begun:
        yield from each.findings()


def situation_of(
    config: Config,
    now: datetime,
    environ: Mapping[str, str],
    *,
    config_file: Path,
    login: bool = False,
) -> Situation:
    """Return what a configuration's node is looked at by, at work or not."""
    data = config.folders.data
    try:
        process = holder(data)
    except OSError:  # somebody else's folder: the look into it says so
        process = None
    return Situation(
        config=config,
        now=now,
        environ=environ,
        process=process,
        account=Account.of(data, process),
        config_file=config_file,
        login=login,
    )


@dataclass(slots=True)
class _Looking:
    """A check at work."""

    check: Check
    situation: Situation
    _found: list[Finding] = field(default_factory=list)
    _failed: Exception | None = None
    _done: threading.Event = field(default_factory=threading.Event)
    _ends: float = 0.0

    def start(self) -> None:
        self._ends = time.monotonic() + self.check.within.total_seconds()
        threading.Thread(target=self._look, name=self.check.id, daemon=True).start()

    def findings(self) -> Iterator[Finding]:
        """Yield what was found once the look is over, or its time."""
        done = self._done.wait(max(0.0, self._ends - time.monotonic()))
        yield from tuple(self._found)
        if not done:
            yield self._unseen(
                say("not done in {seconds} s", seconds=round(self.check.within.total_seconds()))
            )
        elif self._failed is not None:
            yield self._unseen(_reason(self._failed), self._failed)

    def _look(self) -> None:
        try:
            with disk_errors():
                for finding in self.check.look(self.situation):
                    self._found.append(finding)
        except Exception as error:  # whatever it is, the others are told all the same
            log.debug("a check failed", exc_info=error, extra={"check": self.check.id})
            self._failed = error
        finally:
            self._done.set()

    def _unseen(self, reason: object, error: Exception | None = None) -> Finding:
        why = say("{check} could not be looked into: {reason}", check=self.check.id, reason=reason)
        hint = error.hint if isinstance(error, EdgeNodeError) else None
        return unknown(
            self.check.id, why, hint or say("look again, or tell whoever maintains this node")
        )


def _reason(error: Exception) -> object:
    if isinstance(error, EdgeNodeError):
        return error.message
    return f"{type(error).__name__} {error}".strip()[:_LONGEST]
