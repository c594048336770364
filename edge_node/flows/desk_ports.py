"""
What the flows ask of whoever looks into files and signs them.

Each method's words stand with the adapter that fulfils it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from edge_node.domain.envelope import Digest
    from edge_node.domain.message import Message
    from edge_node.domain.secrecy import Look
    from edge_node.domain.signature import FileVerdict
    from edge_node.domain.signing import Act, SigningWish
    from edge_node.protocol.edxml import Limits


class Looked(Protocol):
    """What was found in a file, and what could not be had to be surer."""

    @property
    def verdict(self) -> FileVerdict: ...
    @property
    def notes(self) -> Sequence[Message]: ...


class Examines(Protocol):
    """Who finds out what the signatures in a file are worth."""

    def look(self, path: Path, *, now: datetime, within: timedelta) -> Looked: ...
    def rely_on(self, evidence: Iterable[str]) -> None: ...
    def tidy(self) -> None: ...


class Grades(Protocol):
    """Who looks whether a grade of secrecy is printed on a file, or on those in a package."""

    def grades(
        self, path: Path, *, limits: Limits, by_machine: bool = False
    ) -> Sequence[Look]: ...


class Signs(Protocol):
    """Who puts the agency's signature on a copy of a file."""

    def sign(
        self, source: Path, target: Path, wish: SigningWish, *, digest: Digest | None = None
    ) -> Act: ...
    def own_certificates(self) -> frozenset[str]: ...
    def tidy(self) -> None: ...
