"""
The configuration of an archive put where there is none: the sheet, and the files it names.

An archive does not say which files of a machine are written: everything comes to lie in the
folder of the configuration, and what is there already stays.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.config import load
from edge_node.node.archiving import CONFIG
from edge_node.node.unpacking import strange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.config import Config
    from edge_node.node.unpacking import About

_CREDENTIAL: Final = "credential:"
_ELSEWHERE: Final = "elsewhere"
_OPEN: Final = 0o640
_SECRET: Final = 0o600
_ENTERED: Final = 0o750


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Files that were written, the sheet first; and where those lie that belong elsewhere."""

    files: tuple[Path, ...] = ()
    elsewhere: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuring:
    """The configuration unpacked in ``room``, which is to be the file ``target``."""

    room: Path
    about: About
    target: Path  # absolute

    def read(self) -> Config:
        """Return what it says where it is to lie; ConfigError."""
        # Paths in it may be relative to its folder.
        beside = self.target.with_name(f".{self.target.name}.restored")
        with durable.disk_errors(beside):
            beside.write_bytes(self._content(CONFIG))
            try:
                return load(beside)
            finally:
                beside.unlink()

    def write(self, owner: tuple[int, int]) -> Written:
        """
        Write the files it names, and then the sheet; ``owner`` (user and group) is the node's.

        Secrets of systemd remain root's own, other secrets become the node's, and the rest is
        readable to the group of the folder.
        """
        written: list[Path] = []
        elsewhere: dict[str, Path] = {}
        for member, spec, secret in self.about.files:
            path = self._place(spec)
            if os.path.lexists(path):
                continue
            make_folder(path.parent)
            self._write(path, member, secret=secret)
            if secret and not spec.startswith(_CREDENTIAL):
                _give(path, *owner)
            written.append(path)
            if path.is_relative_to(self.target.parent / _ELSEWHERE):
                elsewhere[spec] = path
        self._write(self.target, CONFIG, secret=False)
        return Written(files=(self.target, *written), elsewhere=elsewhere)

    def _write(self, path: Path, member: str, *, secret: bool) -> None:
        durable.write(path, self._content(member), mode=_SECRET if secret else _OPEN)
        if not secret:
            _give(path, -1, self.target.parent.stat().st_gid)

    def _content(self, member: str) -> bytes:
        path = self.room / member
        if not path.is_file():
            raise strange()
        with durable.disk_errors(path):
            return path.read_bytes()

    def _place(self, spec: str) -> Path:
        here, was = self.target.parent, Path(self.about.config_folder)
        if spec.startswith(_CREDENTIAL):
            return here / _plain(spec.removeprefix(_CREDENTIAL))
        path = Path(spec)
        if path.is_relative_to(was):
            return here / _plain(str(path.relative_to(was)))
        return here / _ELSEWHERE / _plain(str(path).lstrip("/"))


def make_folder(path: Path) -> None:
    """
    Make a folder, and those above it, where there is none, as the one they lie in is owned.

    Its group may enter: by it the node comes to what root's folders hold for it.
    """
    with durable.disk_errors(path):
        for missing in reversed([one for one in (path, *path.parents) if not one.is_dir()]):
            missing.mkdir(mode=0o700, exist_ok=True)
            handle = os.open(missing, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if os.geteuid() == 0:
                    above = missing.parent.stat()
                    os.fchown(handle, above.st_uid, above.st_gid)
                os.fchmod(handle, _ENTERED)  # whatever the umask is
            finally:
                os.close(handle)


def _plain(name: str) -> str:
    """Return a relative path without steps out of its folder; ArchiveUnsound."""
    if Path(name).is_absolute() or ".." in Path(name).parts or name in {"", "."} or "\0" in name:
        raise strange()
    return name


def _give(path: Path, user: int, group: int) -> None:
    if os.geteuid() == 0:
        with durable.disk_errors(path):
            os.chown(path, user, group, follow_symlinks=False)
