"""
The doctor's rounds, made on request by a thread of their own; what was found last is kept.

They take seconds (servers are asked), so that no page waits for them.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge_node.checks.rounds import make_rounds

if TYPE_CHECKING:
    from pathlib import Path

    from edge_node.checks.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known: since when (None: never), and whether somebody looks right now."""

    findings: tuple[Finding, ...] = ()
    at: datetime | None = None
    looking: bool = False


class Rounds:
    """Made one at a time."""

    def __init__(self, config_file: Path) -> None:
        """Look at the node of a configuration; nothing yet."""
        self._config_file = config_file
        self._lock = threading.Lock()
        self._found: tuple[Finding, ...] = ()
        self._at: datetime | None = None
        self._thread: threading.Thread | None = None

    @property
    def standing(self) -> Standing:
        """What is known by now."""
        with self._lock:
            return Standing(findings=self._found, at=self._at, looking=self._thread is not None)

    def begin(self) -> None:
        """Look anew, unless somebody does."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="rounds", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Wait until nobody looks any more."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _look(self) -> None:
        begun = datetime.now(UTC)
        found: list[Finding] = []
        try:
            found.extend(make_rounds(self._config_file, now=begun, environ=os.environ))
        finally:
            with self._lock:
                self._found, self._at, self._thread = tuple(found), begun, None
