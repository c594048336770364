"""
The instances on a machine: where each has its configuration, its secret and its folders.

What is laid for a new one is written whole or not at all, with the owner it is to have, and taken
back where a later step fails. What stands in the files is not known here, nor who runs the node.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters.durable import disk_errors, part_of, sweep, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from edge_node.adapters.local_users import Owner

ETC: Final = Path("/etc/edge-node")
# The name systemd hands the secret over by: LoadCredential= of the unit.
SECRET: Final = "axis-secret"  # noqa: S105 - a name, not the secret
_CONFIG: Final = "config.yaml"
_OWN_PLACES: Final = (Path("/var/lib/edge-node"), Path("/srv/edge-node"))
_ROOTS: Final = 0o755  # as folders of the system are, whatever the umask
_PASSED_THROUGH: Final = 0o751  # others pass, to the folders whose rights let them
_GROUP_ENTERS: Final = 0o750
_MEMORY: Final = Path("/run")  # no disk ever has what lies there
# ProtectHome= and PrivateTmp= of the unit.
_HIDDEN: Final = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108 - nothing is written there
_SHARED_ROOT: Final = 0o2750  # as the exchange folder gives it to itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file that is to be: what is in it, whose it is, and who may read it."""

    path: Path
    content: bytes
    mode: int
    user: int
    group: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance by its name; ``etc`` is where all of them have their configurations."""

    name: str
    etc: Path = ETC

    @property
    def folder(self) -> Path:
        """Where its configuration and its secrets lie."""
        return self.etc / self.name

    @property
    def config_file(self) -> Path:
        """Its configuration; written last, so that where it is everything else is, too."""
        return self.folder / _CONFIG

    @property
    def secret_file(self) -> Path:
        """Root's file with the secret; systemd hands it to the service."""
        return self.folder / SECRET

    @property
    def unit(self) -> str:
        """What systemd calls it; empty for one that lies where the service does not look."""
        return f"edge-node@{self.name}" if self.etc == ETC else ""

    @property
    def state(self) -> Path:
        """Where its folders are unless somebody wants otherwise; the service may write there."""
        return _OWN_PLACES[0] / self.name

    @property
    def is_there(self) -> bool:
        """Whether it has a configuration."""
        with disk_errors(self.config_file):
            return self.config_file.exists()

    def elsewhere(self, folders: Iterable[Path]) -> tuple[Path, ...]:
        """Return those folders the service may not write in as it is shipped."""
        places = [place / self.name for place in _OWN_PLACES]
        return tuple(
            folder
            for folder in folders
            if not any(folder.is_relative_to(place) for place in places)
        )

    def hides(self, folder: Path) -> bool:
        """Whether the service as it is shipped does not see that folder at all."""
        return bool(self.unit) and any(folder.is_relative_to(place) for place in _HIDDEN)

    def copies_config(self, mark: str) -> Path:
        """Return where the configuration is kept that another takes the place of."""
        return self.folder / f"config.{mark}.yaml"


def instances(etc: Path = ETC) -> list[Instance]:
    """Return the instances there are, by name."""
    with disk_errors(etc):
        found = sorted(path.parent.name for path in etc.glob(f"*/{_CONFIG}"))
    return [Instance(name=name, etc=etc) for name in found]


@contextmanager
def laid(instance: Instance, sheets: Iterable[Sheet], *, group: int) -> Iterator[None]:
    """
    Write the files of an instance in this order; an exception in the block takes them back.

    What was there before is there again then. Raises what `disk_errors` raises.
    """
    with ExitStack() as undo:
        for folder in (instance.etc, instance.folder):
            make_folder(folder, undo, mode=_GROUP_ENTERS, user=os.geteuid(), group=group)
        sweep(instance.folder)  # what one that was killed had begun to write
        for sheet in sheets:
            _remember(sheet.path, undo)
            put(sheet)
        yield
        undo.pop_all()


@contextmanager
def lent(instance: Instance, owner: Owner) -> Iterator[Path]:
    """Give a folder with the secret as systemd hands it to the service; it is gone at the end."""
    with disk_errors(instance.secret_file):
        place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="edge-node.", dir=place) as made:
            folder, own = Path(made), {"user": owner.user, "group": owner.group}
            if instance.secret_file.exists():
                content = instance.secret_file.read_bytes()
                put(Sheet(path=folder / SECRET, content=content, mode=0o400, **own))
            os.chown(folder, owner.user, owner.group)
            yield folder


def put(sheet: Sheet) -> None:
    """Write a file, seen whole or not at all, and durably; an older one is replaced."""
    with disk_errors(sheet.path), part_of(sheet.path) as part:
        part.file.write(sheet.content)
        part.become(sheet.path, mode=sheet.mode)
        # What only its owner may read was given to the folder's: it may be somebody else's yet.
        os.fchown(part.file.fileno(), sheet.user, sheet.group)
        os.fsync(part.file.fileno())


def make_folder(path: Path, undo: ExitStack, *, mode: int, user: int, group: int) -> bool:
    """
    Make a folder where there is none; tell whether there was none. Parents are root's.

    ``undo`` removes what was made here, as far as nothing is in it.
    """
    with disk_errors(path):
        if path.is_dir():
            return False
        make_folder(path.parent, undo, mode=_ROOTS, user=os.geteuid(), group=os.getegid())
        path.mkdir(mode=0o700)
        undo.callback(_remove_folder, path)
        give_folder(path, mode=mode, user=user, group=group)
        sync_folder(path.parent)
    return True


def give_folder(path: Path, *, mode: int, user: int, group: int) -> None:
    """
    Give a folder to whom it is for; never what a link leads to.

    The folder around it may be the software's, whose user could put a link in its place meanwhile
    and have root give away what is not the node's. Raises what `disk_errors` raises.
    """
    with disk_errors(path):
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fchown(handle, user, group)
            os.fchmod(handle, mode)  # after it: a change of owner may take the group's bit away
        finally:
            os.close(handle)


def make_room(folder: Path, owner: Owner, undo: ExitStack, *, shared: bool = False) -> None:
    """
    See to it that the node's user can make a folder, or have it, where somebody wants it.

    The folder it is to lie in becomes that user's where there is none, and where it is a disk
    somebody has mounted for it; where it is another's, the folder itself is made for the user.
    ``undo`` removes what was made, as far as nothing is in it.
    """
    beside = {"user": owner.user, "group": owner.group}
    if make_folder(folder.parent, undo, mode=_PASSED_THROUGH, **beside):
        undo.callback(_remove_folder, folder)  # the user's own work
        return
    with disk_errors(folder.parent):
        if _is_new_disk(folder.parent):
            os.chown(folder.parent, owner.user, owner.group)
            folder.parent.chmod(_PASSED_THROUGH)
        theirs = folder.parent.stat().st_uid == owner.user
    if not theirs:
        make_folder(folder, undo, mode=_SHARED_ROOT if shared else _GROUP_ENTERS, **beside)


def _is_new_disk(folder: Path) -> bool:
    """Tell whether a disk is mounted there that belongs to nobody yet, as mkfs leaves it."""
    return (
        folder.is_mount()
        and folder.stat().st_uid == 0
        and {path.name for path in folder.iterdir()} <= {"lost+found"}
    )


def _remember(path: Path, undo: ExitStack) -> None:
    """Have ``undo`` restore what lies there now, or that nothing does."""
    with disk_errors(path):
        try:
            seen, content = path.stat(), path.read_bytes()
        except FileNotFoundError:
            undo.callback(path.unlink, missing_ok=True)
            return
    before = Sheet(
        path=path,
        content=content,
        mode=seen.st_mode & 0o7777,
        user=seen.st_uid,
        group=seen.st_gid,
    )
    undo.callback(put, before)


def _remove_folder(path: Path) -> None:
    with suppress(OSError):  # somebody has put something in it: then it stays
        path.rmdir()
