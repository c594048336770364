"""
A node put back from an archive: rehearsed in a folder that goes again, or done.

An archive is unpacked beside the data it is to become, all of it read and compared. Only then
what lies there is moved aside (`making_way`) and the new moved in, the queue last: a node without
it, that has worked before, does not start. What is put back sends nothing: the queue bears the
mark of a copy, the witness is raised to the higher of the two counts and never lowered, and
sending waits for `edge-node adopt`.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge_node.adapters import durable
from edge_node.adapters.archive_format import DATA, WITNESS
from edge_node.adapters.lock import locked
from edge_node.adapters.upgrading import upgrade
from edge_node.adapters.witness import Witness
from edge_node.config import load
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say
from edge_node.node.configuring import Configuring, Written, make_folder
from edge_node.node.life import Node
from edge_node.node.making_way import QUEUE, demand_free, make_way
from edge_node.node.possessions import kept_apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.config import Config
    from edge_node.domain.actor import Actor
    from edge_node.node.unpacking import About, Rehearsed, Unpacking


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
        _sweep_rooms(place)
        with durable.room(place) as room:
            return self.unpacking.all(room)

    def restore(self, config_file: Path, *, force: bool, actor: Actor) -> Restored:
        """
        Put the archive back where the configuration says, or where its own says if there is none.

        ``force``: what is there, copies of the queue too, is moved aside first. Raises as
        `rehearse` does, AlreadyRunning while a node works there, NotAllowed where there is data.
        """
        with self._configuration(config_file.absolute()) as (config, own):
            data, witness = config.folders.data, config.folders.witness
            _make(data)
            try:
                with durable.disk_errors(data), locked(data), Witness(witness).locked():
                    return self._put_back(config, own, force=force, actor=actor)
            finally:
                _leave_to_the_node(config)

    def _put_back(
        self, config: Config, own: Configuring | None, *, force: bool, actor: Actor
    ) -> Restored:
        data, exchange = config.folders.data, config.folders.exchange
        with closing(Node(config=config)) as node:
            demand_free(config, node.backups, force=force)
            _sweep_rooms(data)
            with durable.room(data) as room:
                found = self.unpacking.all(room)
                _demand_agency(found.about, config)
                _hand_over(room / DATA, data)  # the room itself is its maker's, who sweeps it
                durable.sync_tree(room)
                queue = room / DATA / QUEUE
                aside = make_way(config, node.backups, queue, now=node.clock())
                _move_in(room, config)
            written = Written()
            if own is not None:
                written = own.write((data.stat().st_uid, data.stat().st_gid))
            _pause(node, actor)
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
        make_folder(file.parent)
        _sweep_rooms(file.parent)
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


def _spool_first(path: Path) -> tuple[bool, bool]:
    return path.name == QUEUE, path.name != "spool"


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


def _pause(node: Node, actor: Actor) -> None:
    """Enter at once that sending waits, and who put the archive back, of whatever release."""
    upgrade(node.config.folders.queue, node.backups, now=node.clock())
    with node.queue.file.acting(actor):
        node.sends.compare(now=node.clock())


def _sweep_rooms(folder: Path) -> None:
    """Remove what was unpacked there by somebody who was killed over it."""
    durable.sweep(folder, of=())


def _leave_to_the_node(config: Config) -> None:
    """Let it open what root has made for it: locks, the witness, and what SQLite lays down."""
    data, witness = config.folders.data, config.folders.witness
    files = [path for path in data.iterdir() if path.is_file()]
    for path in filter(os.path.lexists, (witness, *witness.rglob("*"), *files)):
        with suppress(durable.FileGone):  # a node may be at work: that is why it was refused
            _give(path, data)


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
