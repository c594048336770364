"""
What the outbox says of what lies in it: drops that can be taken, and why the rest cannot yet.

Values only; `edge_node.adapters.outbox` finds them, `edge_node.adapters.claims` takes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from edge_node.domain.errors import Transient
from edge_node.protocol.handoff.words import same_name

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from edge_node.domain.message import Message

SHEET_ENDINGS: Final = (".json", ".yaml", ".yml")
PACKAGE_ENDING: Final = ".edxml"
BARE_ENDINGS: Final = (".pdf", ".docx", ".xlsx", ".pptx")
ERROR_ENDINGS: Final = (".error.json", ".error.txt")  # ours, beside a drop refused in place
UNFINISHED_ENDINGS: Final = (".tmp", ".part", ".partial", ".filepart", ".crdownload")


class DropChanged(Transient):
    """A drop is not any more what the scan saw; the next scan looks again."""


class DropHeld(Transient):
    """A drop may not be moved; it stays, and the scans say why, until its rights change."""


class Style(StrEnum):
    """How the software hands over a document."""

    BUNDLE = "bundle"  # a folder with document.json and the files it names
    SIDECAR = "sidecar"  # X.json beside the files it names
    PACKAGE = "package"  # X.edxml, ready to be sent
    BARE = "bare"  # a file whose name a rule of the config knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """
    Something that can be taken out of the outbox, with all that belongs to it.

    ``files[0]`` is the sheet (document.json, X.json), the X.edxml or the bare file. ``fault``
    says why it cannot be sent, and is taken all the same; ``secret`` that it must be refused in
    place, without a copy being made. Thousands may wait to be taken: none holds a path of its own.
    """

    style: Style
    name: str  # of the folder, or of the sheet without its ending
    outbox: Path
    files: tuple[str, ...]  # by their names
    fault: Message | None = None
    secret: bool = False
    size: int = 0  # bytes of all its files
    urgency: int = 0  # as the sheet says, or the rule for bare files

    @property
    def anchor(self) -> Path:
        """What a person would point at: the folder, or the sheet, package or bare file."""
        return self.outbox / (self.name if self.style is Style.BUNDLE else self.files[0])

    @property
    def members(self) -> tuple[Path, ...]:
        """Where its files lie."""
        home = self.anchor if self.style is Style.BUNDLE else self.outbox
        return tuple(home / file for file in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something in the outbox that is not taken, why, and since when (our clock, seconds)."""

    place: str
    why: Message
    since: float
    hint: Message | None = None

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(self.place)


_Ready = TypeVar("_Ready")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan(Generic[_Ready]):
    """
    What a look at a folder found; what has been ready longest comes first.

    ``next_look`` is when time alone may change the answer, by our clock in seconds.
    """

    ready: tuple[_Ready, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    next_look: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """
    A drop that is ours: `claims/<id>/<name>/`, on which nobody else can lay a hand.

    ``files`` are the regular files beside the sheet, by name; a bare file is sheet and file in
    one, a package its sheet. ``fault`` says why it cannot be sent as it is.
    """

    id: str
    style: Style
    name: str
    folder: Path
    sheet: Path
    files: tuple[Path, ...]
    fault: Message | None = None

    def named(self, name: str) -> Path | None:
        """Return the file a sheet calls so, however the disk composes its accents, if it came."""
        exact = next((file for file in self.files if file.name == name), None)
        return exact or next((file for file in self.files if same_name(file.name, name)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxSettings:
    """How long is long enough, and which bare files are documents."""

    quiet: timedelta = timedelta(seconds=2)
    settle_timeout: timedelta = timedelta(minutes=10)
    bare_grace: timedelta = timedelta(minutes=10)
    rules: Sequence[re.Pattern[str]] = ()  # for the whole name, composed (NFC)
    urgencies: Sequence[int] = ()  # of what each rule knows; 0 where there are fewer


def is_untouchable(name: str) -> bool:
    """Tell whether the name says that the file is unfinished, hidden or our own."""
    return name.startswith((".", "~")) or name.lower().endswith(_NEVER)


def ending_of(name: str, endings: tuple[str, ...]) -> str | None:
    """Return which of the endings the name has, as it is written there."""
    lowered = name.lower()
    if not lowered.endswith(endings):  # nearly always: ten thousand names are asked in a scan
        return None
    return next(name[-len(end) :] for end in endings if lowered.endswith(end))


_NEVER: Final = UNFINISHED_ENDINGS + ERROR_ENDINGS
