"""
What a node has that an archive of it must hold: files of its data folder, and what it is told by.

Databases are not among the files: whoever copies one asks it for a whole state. What is left out
is what can be made anew (locks, bells, copies of copies), what is unfinished, and the exchange
folder, which is the software's as much as ours. What opens the place archives are carried to is
never in one; where nothing is encrypted, keys and secrets are left out, too. What is left out
though the configuration names it is told.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters.disk import disk_errors, shown
from edge_node.adapters.own_keys import REFUSED
from edge_node.adapters.secret import SecretUnusable, secret_path
from edge_node.config import kinds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge_node.config import Config

# What old data is called that `restore --force` has moved aside.
ASIDE: Final = "before-restore-"
_ANEW: Final = frozenset({"bell", "telling", "trial", "lost+found"})
_KEYS: Final = frozenset({"pkcs12", "pem", "key"})  # keys of the configuration that name a key
_NOT_OURS: Final = frozenset(
    {"module", "folders", "backup", "reports"}
)  # of the machine, or outside
_MOST: Final = 16 << 20  # bytes of one file the configuration names: a seal, a list, a key
_CREDENTIAL: Final = "credential:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A file the configuration names: as it is written there, and where it lies."""

    spec: str
    path: Path | None  # None: nobody hands it to us
    secret: bool


def is_database(path: Path) -> bool:
    """Tell whether a file at the top of the data folder is a database of ours."""
    return path.suffix == ".db"


def databases(data: Path) -> list[Path]:
    """Return the databases at the top of the data folder, the queue first."""
    with disk_errors(data):
        found = sorted(path for path in data.iterdir() if is_database(path) and path.is_file())
    return sorted(found, key=lambda path: path.name != "queue.db")


def files_of(config: Config, *, secrets: bool) -> Iterator[Path]:
    """Yield the files of the data folder, but for databases."""
    data, hidden = config.folders.data, _hidden(config, secrets=secrets)
    for path in _walk(data, data, outside(config)):
        if not path.is_symlink() and not _is_one_of(hidden, path):
            yield path


def not_taken(config: Config, *, secrets: bool) -> list[str]:
    """
    Return what is in no archive though it might be missed, beside what `named_by` tells of.

    Links in the data folder, what the configuration names there, and what archives are carried by.
    """
    data, hidden = config.folders.data, _hidden(config, secrets=secrets)
    named, links = set(_named_within(config)), set()
    for path in _walk(data, data, outside(config)):
        if path.is_symlink():
            links.add(path)
        elif not _is_one_of(hidden, path):
            named.discard(path)
    return sorted({*_carried_by(config), *(shown(path) for path in named | links)})


def _hidden(config: Config, *, secrets: bool) -> frozenset[Path]:
    """Return, resolved, the files that are in no archive wherever they lie."""
    hidden = _carried_by(config)
    if not secrets:
        hidden += [spec for spec, secret in _specs(config) if secret]
        hidden += [config.web_token, str(config.folders.data / REFUSED)]
    return frozenset(Path(spec).resolve() for spec in hidden)


def _is_one_of(hidden: frozenset[Path], path: Path) -> bool:
    # A spool has a million files, and to resolve each takes long.
    return any(path.name == each.name for each in hidden) and path.resolve() in hidden


def _carried_by(config: Config) -> list[str]:
    carry = config.backup.archives.carry
    return [str(spec) for spec in (carry.config, carry.password_file) if spec is not None]


def _named_within(config: Config) -> Iterator[Path]:
    """Yield the files of the data folder the configuration names; those of a folder one by one."""
    for spec in (*(spec for spec, _ in _specs(config)), config.web_token):
        path = Path(spec)
        if path.is_relative_to(config.folders.data) and os.path.lexists(path):
            yield from _files_at(path)


def _files_at(path: Path) -> list[Path]:
    """Return the files of a folder, but of none in it; or the path, which is none."""
    found = sorted(path.iterdir()) if _is_folder(path) else [path]
    return [each for each in found if not _is_folder(each)]


def outside(config: Config) -> frozenset[Path]:
    """Return, resolved, the folders that are no part of the data though they may lie in it."""
    folders, archives = config.folders, config.backup.archives.folder
    named = (folders.exchange, folders.backups, folders.witness, archives)
    return frozenset(path.resolve() for path in named if path is not None)


def kept_apart(name: str) -> bool:
    """Tell whether what goes by that name at the top of the data folder is in no archive."""
    return (
        name in _ANEW
        or name.startswith((".", ASIDE))
        or name.endswith(".lock")
        # The rest of a queue a newer release left goes with it.
        or (name.endswith(("-wal", "-shm", "-journal")) and ".db.newer-" not in name)
        or ".db.damaged-" in name
    )


def _walk(folder: Path, top: Path, elsewhere: frozenset[Path]) -> Iterator[Path]:
    with disk_errors(folder):
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except FileNotFoundError:
            return
    for entry in entries:
        path = Path(entry.path)
        if kept_apart(entry.name) or (folder == top and is_database(path)):
            continue
        # A spool may lie on a larger disk; no other link is followed, as nobody knows where to.
        if entry.is_dir(follow_symlinks=path == top / "spool"):
            if path != top / "spool" / "tmp" and path.resolve() not in elsewhere:
                yield from _walk(path, top, elsewhere)
        elif entry.is_symlink():
            if path.resolve() not in elsewhere:
                yield path
        elif entry.is_file():
            yield path


def named_by(config: Config, environ: Mapping[str, str]) -> list[Named]:
    """Return the files the configuration names, each once; those of a folder one by one."""
    found: dict[str, Named] = {}
    for spec, secret in _specs(config):
        if spec.startswith(_CREDENTIAL):
            try:
                path = secret_path(spec, environ)
            except SecretUnusable:
                found[spec] = Named(spec=spec, path=None, secret=True)
                continue
            found[spec] = Named(spec=spec, path=path, secret=True)
            continue
        path = Path(spec)
        if path.is_relative_to(config.folders.data):
            continue  # it is among the files of that
        for each in _files_at(path):
            found[str(each)] = Named(spec=shown(each), path=each, secret=secret)
    return list(found.values())


def content_of(named: Named) -> bytes | None:
    """Return what such a file holds; None where it cannot be read, or is no file for us."""
    if named.path is None:
        return None
    try:
        with named.path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST:
                return None
            return file.read()
    except OSError:
        return None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _specs(section: object) -> Iterator[tuple[str, bool]]:
    assert is_dataclass(section)  # noqa: S101 - every section is one
    for entry in fields(section):
        if entry.name in _NOT_OURS:
            continue
        value = getattr(section, entry.name)
        shape = entry.metadata.get("shape")
        if is_dataclass(value):
            yield from _specs(value)
        elif isinstance(value, tuple):
            for each in value:
                if is_dataclass(each) and any("shape" in item.metadata for item in fields(each)):
                    yield from _specs(each)
        elif value and shape in (kinds.path, kinds.secret_place):
            yield str(value), shape is kinds.secret_place or entry.name in _KEYS
