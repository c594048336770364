"""
Archives of a whole node, made while it works: what goes in, in which order, and what is kept.

The order keeps it of one piece. First the heads of the journal kept outside, then the databases,
each as it stands at one moment, then the files: a package or a waybill that comes meanwhile is
more than the queue tells of, which is what a restored node finds out by itself, and one that goes
is of something finished. The witness is read after the queue: it is never behind.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from edge_node import __version__
from edge_node.adapters import durable
from edge_node.adapters.archive_format import (
    ABOUT,
    CONFIGURATION,
    DATA,
    WITNESS,
    ArchiveWriter,
    is_plain,
)
from edge_node.adapters.archives import LAST, WAITS, Archives, archive_is_due
from edge_node.adapters.backup import copy_of_database, copy_of_queue
from edge_node.adapters.carrying import Carrying
from edge_node.adapters.marks import Marks
from edge_node.adapters.secret import HANDED_OVER
from edge_node.adapters.soundness import demand_sound
from edge_node.domain.errors import NeverWorked, NoRoom, NotAllowed, QueueOlder
from edge_node.domain.message import say
from edge_node.domain.time import iso
from edge_node.node.possessions import Named, content_of, databases, files_of, named_by, not_taken
from edge_node.node.unpacking import FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from edge_node.config import Config
    from edge_node.node.parts import Parts

log = logging.getLogger(__name__)

CONFIG: Final = f"{CONFIGURATION}/config.yaml"
_OF_WITNESS: Final = ("heads", "sends")
_MEMBER: Final = 1024  # bytes a member costs beyond its own, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An archive that was made."""

    path: Path
    at: datetime
    size: int  # bytes
    sha256: str
    members: int
    left_out: tuple[str, ...]  # files the configuration names that are not in it
    encrypted: bool
    removed: tuple[Path, ...]  # older ones


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """What goes in beside the data folder, read before anything is written."""

    about: bytes
    configuration: Mapping[str, bytes]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Archiving:
    """Makes archives of one node."""

    parts: Parts
    config_file: Path
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def due(self, now: datetime) -> bool:
        """Whether the configuration wants an archive made now."""
        section = self._config.backup.archives
        marks = Marks(self.parts.queue.file)
        return section.folder is not None and archive_is_due(marks, section.every, now)

    def make(self, folder: Path | None = None) -> Made:
        """
        Make an archive in ``folder``, or where the configuration says, and remove older ones.

        Raises NotAllowed where it is to be neither encrypted nor open, or nobody said where;
        NoRoom, DiskTrouble or QueueDamaged where it cannot be; then nothing of it remains.
        """
        section, now = self._config.backup.archives, self.parts.clock()
        self._demand_possible(folder)
        place = folder or section.folder
        assert place is not None  # noqa: S101 - `_demand_possible` has seen to it
        archives = Archives(folder=place, agency=self._config.agency.code)
        with durable.disk_errors(place):
            place.parent.stat()  # no more than the folder is made: a share may not be mounted
            durable.private_folder(place)
            durable.sweep(place)
        path = archives.next(now, encrypted=bool(section.recipients))
        with ExitStack() as stack:
            stack.enter_context(durable.disk_errors(place))
            copies = stack.enter_context(self._copies())
            content = self._content(now)
            self._demand_room(place, copies)
            part = stack.enter_context(durable.part_of(path))
            out = _Hashing(part.file)
            with sealed(cast("BinaryIO", out), section.recipients) as inside:
                members = self._write(inside, content, copies, at=now)
            part.become(path, mode=0o600)
        removed: list[Path] = []
        if folder is None:
            removed = archives.prune(section.keep)
            with suppress(QueueOlder):  # before an upgrade: whoever starts the node makes another
                marks = Marks(self.parts.queue.file)
                marks.put(WAITS, path.name)
                marks.put(LAST, iso(now))
        return Made(
            path=path,
            at=now,
            size=out.size,
            sha256=out.digest.hexdigest(),
            members=members,
            left_out=content.left_out,
            encrypted=bool(section.recipients),
            removed=tuple(removed),
        )

    def carry(self) -> list[Path]:
        """Have what waits carried elsewhere, if it is to be; raises what `Carrying.carry` does."""
        section = self._config.backup.archives
        if section.folder is None:
            return []
        carrying = Carrying(
            section=section.carry,
            archives=Archives(folder=section.folder, agency=self._config.agency.code),
            marks=Marks(self.parts.queue.file),
            environ=self._environ,
        )
        return list(carrying.carry(self.parts.clock())) if carrying.is_due else []

    @property
    def _environ(self) -> Mapping[str, str]:
        """What systemd hands over; who is no service finds it where the unit takes it from."""
        return {HANDED_OVER: str(self.config_file.absolute().parent), **self.environ}

    @property
    def _config(self) -> Config:
        return self.parts.config

    def _demand_possible(self, folder: Path | None) -> None:
        section = self._config.backup.archives
        if not self._config.folders.queue.exists():
            _ = self.parts.queue  # says so where it was lost
            raise NeverWorked(self._config.folders.data)
        if folder is None and section.folder is None:
            raise NotAllowed(
                say("nobody said where archives are to lie"),
                hint=say("set `backup.archives.folder`, or: edge-node backup --to FOLDER"),
            )
        if section.recipients:
            from edge_node.adapters.age import demand_recipients  # noqa: PLC0415 - it loads age

            demand_recipients(section.recipients)
        elif not section.unencrypted:
            raise NotAllowed(
                say("there is no public key to encrypt archives to"),
                hint=say(
                    "`edge-node backup --new-key FILE` makes a pair of keys; put the public one"
                    " into `backup.archives.recipients`, and keep FILE away from this machine"
                ),
            )

    @contextmanager
    def _copies(self) -> Iterator[Path]:
        """Give a private folder with a copy of each database, which is gone at the end."""
        folders = self._config.folders
        with durable.disk_errors(folders.backups):
            durable.private_folder(folders.backups)
        with durable.room(folders.backups) as room:
            self._copy_witness(room, ("heads",))
            for database in databases(folders.data):
                copy = room / database.name
                if database == folders.queue:
                    copy_of_queue(database, copy)
                    demand_sound(copy)
                else:
                    copy_of_database(database, copy)
            self._copy_witness(room, ("sends",))
            yield room

    def _copy_witness(self, room: Path, names: Sequence[str]) -> None:
        for name in names:
            path = self._config.folders.witness / name
            with durable.disk_errors(path):
                if path.is_file():
                    (room / name).write_bytes(path.read_bytes())

    def _content(self, now: datetime) -> _Content:
        config, secrets = self._config, bool(self._config.backup.archives.recipients)
        with durable.disk_errors(self.config_file):
            configuration = {CONFIG: self.config_file.read_bytes()}
        files: list[dict[str, object]] = []
        left_out = not_taken(config, secrets=secrets)
        for named in named_by(config, self._environ):
            data = content_of(named) if secrets or not named.secret else None
            if data is None:
                left_out.append(named.spec)
                continue
            member = f"{CONFIGURATION}/files/{len(files) + 1}"
            configuration[member] = data
            files.append(_described(named, member))
        about = {
            "format": FORMAT,
            "version": __version__,
            "agency": str(config.agency.code),
            "made": iso(now),
            "config_folder": str(self.config_file.absolute().parent),
            "files": files,
            "left_out": left_out,
            "secrets": secrets,
        }
        text = json.dumps(about, ensure_ascii=False, indent=1)
        return _Content(
            about=f"{text}\n".encode(), configuration=configuration, left_out=tuple(left_out)
        )

    def _demand_room(self, place: Path, copies: Path) -> None:
        """Make sure that the archive leaves what must stay free; NoRoom."""
        needed = sum(path.stat().st_size + _MEMBER for path in copies.iterdir())
        for path in self._files():
            try:
                needed += path.stat().st_size + _MEMBER
            except FileNotFoundError:
                continue
        room = os.statvfs(place)
        least = self._config.limits.free_space
        if room.f_bavail * room.f_frsize < needed + least:
            raise NoRoom(
                say(
                    "an archive of {size} MB does not fit into {path}, where {least} MB must stay"
                    " free",
                    size=needed >> 20,
                    path=str(place),
                    least=least >> 20,
                ),
                hint=say("free space there, keep fewer archives, or choose another folder"),
            )

    def _files(self) -> Iterator[Path]:
        return files_of(self._config, secrets=bool(self._config.backup.archives.recipients))

    def _write(self, out: BinaryIO, content: _Content, copies: Path, *, at: datetime) -> int:
        writer = ArchiveWriter(out, at=int(at.timestamp()))
        writer.add(ABOUT, content.about)
        for name, data in content.configuration.items():
            writer.add(name, data)
        for path in sorted(copies.iterdir()):
            folder = WITNESS if path.name in _OF_WITNESS else DATA
            writer.add_file(f"{folder}/{path.name}", path)
        data_folder = self._config.folders.data
        for path in self._files():
            name = f"{DATA}/{path.relative_to(data_folder).as_posix()}"
            if is_plain(name):
                writer.add_file(name, path)  # or it was finished with meanwhile
            else:
                log.warning("a file is not put into the archive", extra={"path": str(path)})
        writer.finish()
        return writer.members


@contextmanager
def sealed(out: BinaryIO, recipients: Sequence[str]) -> Iterator[BinaryIO]:
    """Give what to write to so that it comes to ``out`` encrypted, where there are keys."""
    if not recipients:
        yield out
        return
    from edge_node.adapters.age import encrypting  # noqa: PLC0415 - it loads age

    with encrypting(out, recipients) as inside:
        yield inside


def _described(named: Named, member: str) -> dict[str, object]:
    return {"member": member, "path": named.spec, "secret": named.secret}


class _Hashing:
    """A file to write to that hashes and counts what goes to it."""

    def __init__(self, file: BinaryIO) -> None:
        self.digest = hashlib.sha256()
        self.size = 0
        self._file = file

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()
