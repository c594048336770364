"""
An archive of a node opened, unpacked into a folder, and looked through: all there, and sound.

Nothing in it is believed. What becomes of the folder is left to others.
"""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.adapters import durable
from edge_node.adapters.age import MAGIC, ArchiveUnsound, decrypting, read_identities
from edge_node.adapters.archive_format import ABOUT, CONFIGURATION, DATA, WITNESS, unpack
from edge_node.adapters.journal import Journal
from edge_node.adapters.kept_heads import KeptHeads
from edge_node.adapters.reading import ReadingFile
from edge_node.adapters.soundness import demand_sound
from edge_node.domain.errors import NotAllowed, QueueOlder
from edge_node.domain.message import say
from edge_node.node.possessions import databases

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from edge_node.adapters.archive_format import Unpacked
    from edge_node.domain.message import Message

FORMAT: Final = 1
# What moves a cursor, turns the line around or is no letter at all.
_MOVES: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_COUNTS: Final = """
select (select count(*) from documents) as documents,
       (select count(*) from incoming where message = 'edoc') as arrivals,
       (select count(*) from work where lane = 'push') as waiting,
       (select count(*) from events) as events
"""
# Packages of what is still to be sent: without them it cannot be.
_WANTED: Final = """
select distinct digest from envelopes
 where digest <> '' and message = 'edoc' and id in (select item from work where lane = 'push')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an archive says of itself."""

    agency: str
    made: str  # 2026-11-22T08:00:00+07:00
    version: str  # of the release that made it
    config_folder: str  # where the configuration lay
    files: tuple[tuple[str, str, bool], ...]  # member, path or credential, whether it is secret
    left_out: tuple[str, ...]  # files the configuration names that are not in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What an archive holds, all of it read and compared."""

    archive: Path
    about: About
    encrypted: bool
    members: int
    size: int  # bytes of all of them
    counts: Mapping[str, int] = field(default_factory=dict)  # empty: of an older release
    problems: tuple[Message, ...] = ()  # what was wrong when it was made


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacking:
    """One archive, and the file of the private key to it."""

    archive: Path
    identity: Path | None

    def all(self, room: Path) -> Rehearsed:
        """
        Unpack all of it into a folder that is new, and look through what came out.

        Raises ArchiveUnsound, WrongKey, NotAllowed, QueueDamaged, QueueNewer, DiskTrouble.
        """
        about, unpacked = self._unpack(room)
        queue = room / DATA / "queue.db"
        if not queue.is_file():
            raise ArchiveUnsound(
                say("there is no queue in the archive"),
                hint=say("take another copy of it, or the archive of another day"),
            )
        demand_sound(queue)
        for database in databases(room / DATA):
            if database != queue:
                _demand_sound(database)
        found = Rehearsed(
            archive=self.archive,
            about=about,
            encrypted=self._is_encrypted,
            members=unpacked.members,
            size=unpacked.size,
        )
        try:
            counts, problems = _contents(queue, room)
        except QueueOlder:  # its tables are brought up once it is put back
            return found
        return replace(found, counts=counts, problems=(*_altered(unpacked), *problems))

    def configuration(self, room: Path) -> About:
        """Unpack the configuration alone, though all is read and compared; raises likewise."""
        about, _ = self._unpack(room, but=(f"{DATA}/", f"{WITNESS}/"))
        return about

    def _unpack(self, room: Path, *, but: tuple[str, ...] = ()) -> tuple[About, Unpacked]:
        said: list[About] = []
        with self._opened() as stream:
            unpacked = unpack(
                stream,
                room,
                take=lambda name: not name.startswith(but),
                first=lambda text: said.append(_about(text)),
            )
        return said[0], unpacked

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        """Give the stream of members, decrypted where the archive is encrypted."""
        with durable.disk_errors(self.archive), self.archive.open("rb") as file:
            if not self._is_encrypted:
                yield file
                return
            if self.identity is None:
                raise NotAllowed(
                    say("{path} is encrypted", path=durable.shown(self.archive)),
                    hint=say("--key FILE names the file of the private key"),
                )
            with decrypting(file, read_identities(self.identity)) as stream:
                yield stream

    @property
    def _is_encrypted(self) -> bool:
        with durable.disk_errors(self.archive), self.archive.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC


def strange() -> ArchiveUnsound:
    """Return the error for an archive that says of itself what none of ours says."""
    return ArchiveUnsound(
        say("{name} does not belong into an archive of edge-node", name=ABOUT),
        hint=say("do not restore it unless you know who made it; `edge-node backup` did not"),
    )


def _about(text: bytes) -> About:
    """Read what an archive says of itself; ArchiveUnsound, NotAllowed where it is a newer one."""
    try:
        told = json.loads(text)
        form = int(told["format"])
        about = About(
            agency=_shown(told["agency"]),
            made=_shown(told["made"]),
            version=_shown(told["version"]),
            config_folder=_shown(told["config_folder"]),
            files=tuple(
                (str(each["member"]), _shown(each["path"]), bool(each["secret"]))
                for each in told["files"]
            ),
            left_out=tuple(_shown(each) for each in told["left_out"]),
        )
    except (ArithmeticError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise strange() from error
    if form != FORMAT:
        raise NotAllowed(
            say("the archive was made by edge-node {version}", version=about.version),
            hint=say("restore it with that release, or a newer one"),
        )
    files = [f"{CONFIGURATION}/files/{number}" for number in range(1, len(about.files) + 1)]
    if [member for member, _, _ in about.files] != files:
        raise strange()
    return about


def _shown(told: object) -> str:
    """Return words of whoever made the archive as people can be shown them."""
    return _MOVES.sub("\N{REPLACEMENT CHARACTER}", str(told))


def _contents(queue: Path, room: Path) -> tuple[Mapping[str, int], Sequence[Message]]:
    file = ReadingFile(queue)
    try:
        counts = {name: int(value) for name, value in (file.row(_COUNTS, {}) or {}).items()}
        kept = KeptHeads(room / WITNESS).all()
        fault = Journal(file).verify(outside=kept).fault
        wanted = [str(row["digest"]) for row in file.rows(_WANTED, {})]
    finally:
        file.close()
    packages = room / DATA / "spool" / "packages"
    missing = [each for each in wanted if not (packages / each[:2] / each[2:]).is_file()]
    problems: list[Message] = []
    if fault is not None:
        problems.append(say("the journal in it does not hold: see `edge-node journal verify`"))
    if missing:
        problems.append(
            say("packages of documents to be sent that are not in it: {count}", count=len(missing))
        )
    return counts, problems


def _altered(unpacked: Unpacked) -> Iterator[Message]:
    if unpacked.altered:
        count = unpacked.altered
        yield say("packages that were damaged when it was made: {count}", count=count)


def _demand_sound(database: Path) -> None:
    try:
        with closing(sqlite3.connect(database)) as connection:
            (words,) = connection.execute("pragma quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        words = str(error)
    if words != "ok":
        raise ArchiveUnsound(
            say("{name} in the archive is not a sound database", name=database.name),
            hint=say("take another copy of it, or the archive of another day"),
        )
