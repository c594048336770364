"""
The service of an instance, as systemd keeps it: enabled, started, and allowed where it must write.

Whether it does its work then is the doctor's affair (`edge_node.checks`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters.durable import disk_errors, write
from edge_node.adapters.programs import ProgramFailed, run_program
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterable

BOOTED: Final = Path("/run/systemd/system")  # sd_booted(3)
_UNITS: Final = Path("/etc/systemd/system")


def is_booted() -> bool:
    """Tell whether systemd runs this machine."""
    return BOOTED.is_dir()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service; ``units`` is where an administrator's own settings of units lie."""

    unit: str
    units: Path = _UNITS

    @property
    def is_enabled(self) -> bool:
        """Whether it starts with the machine."""
        return self._says("is-enabled")

    @property
    def is_active(self) -> bool:
        """Whether it is ready: a start that still goes on is not."""
        return self._says("is-active")

    def enable(self) -> None:
        """Have it start with the machine."""
        run_program(("systemctl", "enable", "--quiet", self.unit))

    def start(self, *, anew: bool = False) -> None:
        """
        Start it, or start it anew, and return once it says that it is ready.

        Raises ProgramFailed where it ends instead; systemd goes on trying.
        """
        try:
            run_program(("systemctl", "restart" if anew else "start", self.unit))
        except ProgramFailed as error:
            raise ProgramFailed(
                error.message,
                reason=error.reason,
                hint=say(
                    "journalctl -u {unit} -n 30 says why; it is tried again by itself",
                    unit=self.unit,
                ),
            ) from error

    def allow(self, folders: Iterable[Path]) -> bool:
        """Let it write in these folders, too; tell whether that is new."""
        path = self.units / f"{self.unit}.service.d" / "folders.conf"
        lines = "".join(f"ReadWritePaths={_quoted(folder)}\n" for folder in folders)
        if not lines:
            return False
        text = f"# Written by edge-node setup.\n[Service]\n{lines}".encode()
        with disk_errors(path):
            if path.exists() and path.read_bytes() == text:
                return False
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        write(path, text, mode=0o644)
        run_program(("systemctl", "daemon-reload"))
        return True

    def _says(self, asked: str) -> bool:
        try:
            run_program(("systemctl", asked, "--quiet", self.unit), within=30)
        except ProgramFailed:
            return False
        return True


def _quoted(path: Path) -> str:
    """Return a path as a unit file has it (systemd.syntax(7), systemd.unit(5), specifiers)."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"'
