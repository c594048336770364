"""
A queue brought up to this release: copied first, then changed in one transaction.

Only whoever holds the data folder's lock does this, before any work begins. The copy
(`Backups.before_upgrade`) stands outside of the rotation, so that one can go back. The tables and
what stands in them change together or not at all: cut off anywhere, the next start begins again;
a migration that fails leaves the file as it was.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node import __version__
from edge_node.adapters.database import Transaction, disk_trouble
from edge_node.adapters.disk import disk_errors
from edge_node.adapters.history import note
from edge_node.adapters.in_hand import InHand
from edge_node.adapters.pulse import beat_while_at_it
from edge_node.adapters.schema_standing import apply, demand_known
from edge_node.adapters.steps import Step, passing
from edge_node.domain.actor import THE_NODE
from edge_node.domain.errors import EdgeNodeError, NoRoom, QueueDamaged, QueueHeld, UpgradeFailed
from edge_node.domain.item import ItemId
from edge_node.domain.journal import UPGRADED
from edge_node.domain.message import freeze, say

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from edge_node.adapters.backup import Backup, Backups

log = logging.getLogger(__name__)

_BUSY: Final = 20.0  # seconds
_MB: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """What a queue was before, what it is now (how many migrations), and where its copy lies."""

    before: int
    after: int
    copy: Backup


def free_space(folder: Path) -> int:
    """Return the free bytes on the disk of a folder, which need not be there yet."""
    while not folder.exists():
        folder = folder.parent
    with disk_errors(folder):
        return shutil.disk_usage(folder).free


def upgrade(
    queue: Path,
    backups: Backups,
    *,
    now: datetime,
    free: Callable[[Path], int] = free_space,
) -> Upgraded | None:
    """
    Bring a queue of an older release up to this one; None where there was nothing to do.

    Raises NoRoom where the copy or the change does not fit on the disk, UpgradeFailed where the
    change could not be made, QueueNewer, and what `Backups.make` raises; then the queue is as it
    was.
    """
    if not queue.exists() or not queue.stat().st_size:
        return None
    with disk_trouble(queue), closing(_connect(queue)) as connection:
        found = demand_known(connection, queue)
        size = _size(connection)
    if not (found.applied and found.missing):
        return None
    backups.demand_answer()
    _demand_room(queue, backups.folder, size, free)
    copy = backups.before_upgrade(queue, schema=found.number, now=now)
    after = _change(queue, copy, now=now)
    seen = {"schema": after, "before": found.number, "version": __version__}
    log.warning("the queue was brought up to this version", extra=seen | {"copy": str(copy.path)})
    return Upgraded(before=found.number, after=after, copy=copy)


def bring_up(copy: Path) -> None:
    """Bring a copy nobody works with up to this release; QueueNewer, UpgradeFailed."""
    with disk_trouble(copy), closing(_connect(copy)) as connection:
        found = demand_known(connection, copy)
    if found.applied and found.missing:
        _change(copy, None, now=None)


def _change(queue: Path, copy: Backup | None, *, now: datetime | None) -> int:
    try:
        with disk_trouble(queue), closing(_connect(queue)) as connection:
            return _apply(connection, queue, now=now)
    except (QueueDamaged, QueueHeld):
        raise
    except Exception as error:
        said = error.message if isinstance(error, EdgeNodeError) else str(error)
        raise UpgradeFailed(
            say(
                "the queue {path} could not be brought up to edge-node {version} and is as it"
                " was: {error}",
                path=str(queue),
                version=__version__,
                error=said,
            ),
            hint=say(
                "if the disk is full, free some space and start the node again; else install the"
                " version before again: it works with this queue; a copy lies at {copy}",
                copy=str(copy.path) if copy else "-",
            ),
        ) from error


def _apply(connection: sqlite3.Connection, queue: Path, *, now: datetime | None) -> int:
    """
    Apply what is missing, and see that every row still belongs to one that is there.

    The journal says so, but that of a copy (``now`` is None).
    """
    before = demand_known(connection, queue).number
    connection.execute("pragma synchronous = full")
    connection.execute("pragma secure_delete = on")
    # As SQLite asks for where tables are made anew; what a migration broke is looked for below.
    connection.execute("pragma foreign_keys = off")
    connection.execute("begin immediate")
    try:
        apply(connection)
        _demand_whole(connection)
        number = demand_known(connection, queue).number
        if now is not None:
            _note(connection, before, number, now=now)
        with passing(Step.COMMIT, queue):
            connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise
    return number


def _note(connection: sqlite3.Connection, before: int, after: int, *, now: datetime) -> None:
    words = say(
        "tables brought from {before} to {after} by edge-node {version}",
        before=before,
        after=after,
        version=__version__,
    )
    transaction = Transaction(connection, InHand(), THE_NODE)
    note(transaction, ItemId("queue"), UPGRADED, now=now, text=freeze(words))


def _demand_whole(connection: sqlite3.Connection) -> None:
    orphans = connection.execute("pragma foreign_key_check").fetchall()
    if orphans:
        raise sqlite3.IntegrityError(f"rows without what they belong to: {len(orphans)}")


def _demand_room(queue: Path, backups: Path, size: int, free: Callable[[Path], int]) -> None:
    """Make sure that the copy fits, and the change, which may write every page once more."""
    coming = {queue.parent: size, backups: size}
    if _disk(queue.parent) == _disk(backups):
        coming = {queue.parent: 2 * size}
    for folder, needed in coming.items():
        there = free(folder)
        if there < needed:
            raise NoRoom(
                say(
                    "the queue cannot be brought up to edge-node {version}: on the disk of"
                    " {path} {missing} MB are missing ({needed} MB are needed, {free} MB free)",
                    version=__version__,
                    path=str(folder),
                    missing=_megabytes(needed - there),
                    needed=_megabytes(needed),
                    free=there // _MB,
                ),
                hint=say("free space there and start the node again; nothing was changed"),
            )


def _disk(folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    return folder.stat().st_dev


def _megabytes(size: int) -> int:
    return -(-size // _MB)


def _size(connection: sqlite3.Connection) -> int:
    """Return how large the database is, with what its log holds beyond the file."""
    (pages,) = connection.execute("pragma page_count").fetchone()
    (page,) = connection.execute("pragma page_size").fetchone()
    return int(pages) * int(page)


def _connect(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY, isolation_level=None)
    beat_while_at_it(connection)
    return connection
