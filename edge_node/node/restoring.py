"""
A node put back from an archive: rehearsed in a folder that goes again, or done.

An archive is unpacked beside the data it is to become, all of it read and compared. Only then
what lies there is moved aside and the new moved in, the queue last: a node without it, that has
worked before, does not start. What is put back sends nothing: the queue bears the mark of a copy,
the witness is raised to the higher of the two counts and never lowered, and sending waits for
`edge-node adopt`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.archive_format import DATA, WITNESS
from edge_node.adapters.lock import locked
from edge_node.adapters.witness import Witness
from edge_node.config import load
from edge_node.domain.errors import NotAllowed, QueueOlder
from edge_node.domain.message import say
from edge_node.node.configuring import Configuring, Written
from edge_node.node.life import Node
from edge_node.node.possessions import ASIDE, kept_apart, outside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.config import Config
    from edge_node.domain.actor import Actor
    from edge_node.node.unpacking import About, Rehearsed, Unpacking

_QUEUE: Final = "queue.db"
_OF_QUEUE: Final = (f"{_QUEUE}-wal", f"{_QUEUE}-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back, and what is left for a person to do."""

    found: Rehearsed
    data: Path
    aside: Path | None  # where the data lies that was there before
    configuration: Written  # nothing where there was one
    exchange: Path | None  # the exchange folder, where it is not there


@dataclass(frozen=True, slots=True)
class Restoring:
    """Puts one archive back."""

    unpacking: Unpacking

    def rehearse(self, below: Path | None = None) -> Rehearsed:
        """
        Unpack the archive into a folder that goes again; return what is in it.

        ``below``: where that folder is made, which wants as much room as the archive. Raises as
        `Unpacking.all` does.
        """
        place = below or Path(tempfile.gettempdir())
        with durable.disk_errors(place):
            room = Path(tempfile.mkdtemp(prefix="edge-node-restore-", dir=place))
        try:
            return self.unpacking.all(room)
        finally:
            shutil.rmtree(room, ignore_errors=True)

    def restore(self, config_file: Path, *, force: bool, actor: Actor) -> Restored:
        """
        Put the archive back where the configuration says, or where its own says if there is none.

        ``force``: what lies in the data folder is moved aside first. Raises as `rehearse` does,
        AlreadyRunning while a node works there, NotAllowed where there is data.
        """
        written = Written()
        with self._configuration(config_file.absolute()) as (config, own):
            data = config.folders.data
            _make(data)
            with (
                durable.disk_errors(data),
                locked(data),
                Witness(config.folders.witness).locked(),
            ):
                _demand_empty(config, force=force)
                with durable.room(data) as room:
                    found = self.unpacking.all(room)
                    _demand_agency(found.about, config)
                    _hand_over(room, data)
                    durable.sync_tree(room)
                    aside = _set_aside(config)
                    _move_in(room, config)
                if own is not None:
                    written = own.write((data.stat().st_uid, data.stat().st_gid))
                _pause(config, actor)
                for path in data.iterdir():  # locks, and what SQLite has made
                    if path.is_file() or path == aside:
                        _give(path, data)
        exchange = config.folders.exchange
        return Restored(
            found=found,
            data=data,
            aside=aside,
            configuration=written,
            exchange=None if exchange.is_dir() else exchange,
        )

    @contextmanager
    def _configuration(self, file: Path) -> Iterator[tuple[Config, Configuring | None]]:
        """Give the configuration that counts, and the archive's own where it is to be put back."""
        if file.exists():
            yield load(file), None
            return
        durable.private_folder(file.parent)
        with durable.room(file.parent) as room:
            about = self.unpacking.configuration(room)
            own = Configuring(room=room, about=about, target=file)
            yield own.read(), own


def _make(data: Path) -> None:
    """Make the data folder where there is none, as a new node does."""
    if data.is_dir():
        return
    durable.private_folder(data)
    with durable.disk_errors(data):
        # The software goes through it where the exchange folder lies in it, by the group.
        data.chmod(0o750)


def _demand_agency(about: About, config: Config) -> None:
    if about.agency != config.agency.code:
        raise NotAllowed(
            say(
                "the archive is of {other}, the configuration of {code}",
                other=about.agency,
                code=config.agency.code,
            ),
            hint=say("name the configuration it belongs to: edge-node -c FILE restore …"),
        )


def _demand_empty(config: Config, *, force: bool) -> None:
    there = _there(config)
    if there and not force:
        raise NotAllowed(
            say(
                "{path} is not empty: {name} lies there",
                path=str(config.folders.data),
                name=there[0].name,
            ),
            hint=say("--force moves what is there aside, into a folder beside it"),
        )


def _there(config: Config) -> list[Path]:
    """Return what lies in the data folder that an archive would take the place of."""
    others = outside(config)
    with durable.disk_errors(config.folders.data):
        return sorted(
            path
            for path in config.folders.data.iterdir()
            if (path.name in _OF_QUEUE or not kept_apart(path.name))
            and not any(other.is_relative_to(path.resolve()) for other in others)
        )


def _set_aside(config: Config) -> Path | None:
    """Move what is there into a folder beside it, the queue first and the spool last."""
    there = _there(config)
    if not there:
        return None
    aside = _aside(config.folders.data, there)
    with durable.disk_errors(aside):
        aside.mkdir(mode=0o700, exist_ok=True)
    # While nothing but the spool is there, a node says that its queue was lost.
    for path in sorted(there, key=_queue_first):
        durable.move(path, aside / path.name)
    return aside


def _aside(data: Path, there: list[Path]) -> Path:
    """Name the folder: a new one, or that of a restore cut off, so that all lies together."""
    number = 1
    while (aside := data / f"{ASIDE}{number}").exists():
        number += 1
    begun = data / f"{ASIDE}{number - 1}"
    names = {path.name for path in there}
    if begun.is_dir() and _QUEUE not in names:
        with durable.disk_errors(begun):
            if not names & {path.name for path in begun.iterdir()}:
                return begun
    return aside


def _queue_first(path: Path) -> tuple[bool, bool]:
    return path.name == "spool", not path.name.startswith(_QUEUE)


def _spool_first(path: Path) -> tuple[bool, bool]:
    return path.name == _QUEUE, path.name != "spool"


def _move_in(room: Path, config: Config) -> None:
    data, witness = config.folders.data, config.folders.witness
    # The spool first: once it is there again, a node without its queue says that it was lost.
    for path in sorted((room / DATA).iterdir(), key=_spool_first):
        if not kept_apart(path.name):  # such as a log somebody put beside a database
            durable.move(path, data / path.name)
    there, kept = Witness(witness), Witness(room / WITNESS)
    counts = [count for count in (there.count(), kept.count()) if count is not None]
    if counts and max(counts) != there.count():
        there.begin(max(counts))
    heads = room / WITNESS / "heads"
    if heads.is_file() and not (witness / "heads").exists():
        durable.write(witness / "heads", heads.read_bytes(), mode=0o600)
    _hand_over(witness, data)


def _pause(config: Config, actor: Actor) -> None:
    """Enter at once that sending waits, and who put the archive back."""
    with closing(Node(config=config)) as node, suppress(QueueOlder):  # else its start does
        file = node.queue.file
        with file.acting(actor):
            node.sends.compare(now=node.clock())


def _hand_over(folder: Path, data: Path) -> None:
    """Give all there is in a folder to whoever the data folder belongs to."""
    _give(folder, data)
    for path in folder.rglob("*"):
        _give(path, data)


def _give(path: Path, data: Path) -> None:
    """Give what root has made to whoever the data folder belongs to."""
    if os.geteuid() != 0:
        return
    with durable.disk_errors(path):
        owner = data.stat()
        if path.lstat().st_uid == 0 != owner.st_uid:
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
