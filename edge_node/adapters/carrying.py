"""
Finished archives carried elsewhere by a program that is on this machine: rclone or restic.

It is started with words of ours alone, by no shell, and is not asked to remove anything there.
What was not carried yet is known by marks, so that whoever asks need not look into the folder;
when it is tried again is the affair of whoever calls.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.archives import CARRIED, HINDERED, WAITS, is_waiting, last_carried
from edge_node.adapters.programs import ProgramFailed, run_program
from edge_node.adapters.secret import read_secret, secret_path
from edge_node.config.choices import Carrier
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import freeze, say
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from edge_node.adapters.archives import Archive, Archives
    from edge_node.adapters.marks import Marks
    from edge_node.config.backup import CarrySection

_WITHIN: Final = 6 * 3600.0  # seconds; ten gigabytes on a line of 4 Mbit/s


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrying:
    """Carries the archives of one agency."""

    section: CarrySection
    archives: Archives
    marks: Marks
    environ: Mapping[str, str]

    @property
    def is_due(self) -> bool:
        """Whether somebody is to carry, and there is what he has not carried."""
        return self.section.by is not None and is_waiting(self.marks)

    def carry(self, now: datetime) -> Iterator[Path]:
        """
        Carry what waits, the oldest first, and yield each that is there.

        Raises ProgramFailed, SecretUnusable or DiskTrouble: the rest waits, and a mark says why.
        """
        try:
            while (archive := self._next(now)) is not None:
                self._bring(archive.path)
                self.marks.put(CARRIED, iso(archive.at))
                yield archive.path
        except EdgeNodeError as error:
            self.marks.put(HINDERED, freeze(error.message))
            raise
        self.marks.remove(WAITS, HINDERED)

    def _next(self, now: datetime) -> Archive | None:
        """Return the oldest that came after the last one carried; at first only the newest."""
        there, last = self.archives.all(), last_carried(self.marks)
        # A mark from the future says that the clock was set, and nothing of what was carried.
        if last is None or (last > now and not any(each.at >= last for each in there)):
            return next(iter(there), None)
        return next((each for each in reversed(there) if each.at > last), None)

    def _bring(self, path: Path) -> None:
        assert self.section.by is not None  # noqa: S101 - nobody is asked to carry otherwise
        demand_there(self.section.by)
        command, more = _WAYS[self.section.by](self, path)
        try:
            run_program(command, within=_WITHIN, environ={**self.environ, **more})
        except ProgramFailed as error:
            # The address may hold a password, and programs repeat it.
            reason = error.reason
            if isinstance(reason, str):
                reason = reason.replace(self._to, "…")
            words = say("{program} failed: {reason}", program=command[0], reason=reason)
            raise ProgramFailed(words, reason=reason, hint=error.hint) from None

    @property
    def _to(self) -> str:
        """Where to, which the configuration demands of whoever has a program named."""
        return self.section.to or ""

    def by_rclone(self, path: Path) -> tuple[list[str], dict[str, str]]:
        """Return the words that copy a file under its own name, and verify it there."""
        config = self.section.config or ""
        words = ["rclone", "copy", "--quiet", "--no-traverse", f"--config={config}"]
        asking = "--ask-password=false"  # there is nobody to ask
        return [*words, asking, "--", str(path), self._to], {}

    def by_restic(self, path: Path) -> tuple[list[str], dict[str, str]]:
        """Return the words that make a snapshot of a file; others see no address in them."""
        password = secret_path(self.section.password_file or "", self.environ)
        read_secret(password)  # it says what is wrong with it
        words = ["restic", "backup", "--quiet", "--no-cache"]
        named = [f"--host={self.archives.agency}", "--tag=edge-node", "--", str(path)]
        told = {"RESTIC_REPOSITORY": self._to, "RESTIC_PASSWORD_FILE": str(password)}
        return [*words, *named], told


_WAYS: Final = {Carrier.RCLONE: Carrying.by_rclone, Carrier.RESTIC: Carrying.by_restic}


def demand_there(carrier: Carrier) -> None:
    """Make sure that the program is on this machine; ProgramFailed."""
    if shutil.which(carrier) is None:
        words = say("{program} is not on this machine", program=str(carrier))
        hint = say(
            "apt install {program}, or empty backup.archives.carry.by", program=str(carrier)
        )
        raise ProgramFailed(words, reason=words, hint=hint)
