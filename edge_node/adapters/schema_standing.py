"""
Which schema a queue has, beside the one this release wants; and the tables of a new one.

A migration that stands in the file and not in `schema.MIGRATIONS` was made by a newer release:
such a queue is neither read nor written here. One that lacks a migration is changed by nobody but
the node itself, when it starts (`upgrading`): a command must not do so beneath a running node.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node import __version__
from edge_node.adapters.schema import MIGRATIONS
from edge_node.adapters.service_unit import to_restart, to_start, unit_of
from edge_node.adapters.steps import Step, passing
from edge_node.domain.errors import QueueNewer, QueueOlder
from edge_node.domain.message import say

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from edge_node.domain.message import Message

SET: Final = "edge_node"  # what our migrations go by in the file
VERSION: Final = "version"  # among the marks: which release wrote the tables as they are
_THERE: Final = "pragma table_info({table})"
_APPLIED: Final = "select name from _sqlite_migrations where migration_set = :ours order by id"
_WRITTEN_BY: Final = "select value from marks where name = :name"
_SIGN: Final = "insert or replace into marks (name, value) values (:name, :value)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The migrations a file has; which of them nobody here knows, and which it lacks."""

    applied: tuple[str, ...]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def number(self) -> int:
        """How many migrations made the tables what they are; 0 for a file without any."""
        return len(self.applied)


def standing(connection: sqlite3.Connection) -> Standing:
    """Return how the tables of a file stand to this release."""
    ours = tuple(migration.__name__ for migration in MIGRATIONS)
    applied: tuple[str, ...] = ()
    if connection.execute(_THERE.format(table="_sqlite_migrations")).fetchone():
        applied = tuple(str(name) for (name,) in connection.execute(_APPLIED, {"ours": SET}))
    return Standing(
        applied=applied,
        unknown=tuple(name for name in applied if name not in ours),
        missing=tuple(name for name in ours if name not in applied),
    )


def demand_known(connection: sqlite3.Connection, path: Path) -> Standing:
    """Make sure that no newer release wrote the file at ``path``; QueueNewer."""
    found = standing(connection)
    if found.unknown:
        written_by = release_of(connection)
        raise QueueNewer(newer_words(str(path), written_by), hint=newer_hint(written_by))
    return found


def demand_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Make sure that the tables are those of this release; QueueNewer, QueueOlder."""
    if demand_known(connection, path).missing:
        raise QueueOlder(older_words(str(path)), hint=to_bring_up(path.parent))


def newer_words(path: str, written_by: str) -> Message:
    """Say that a newer release wrote a queue; ``written_by`` '' where nobody knows which."""
    if written_by:
        return say(
            "the queue {path} was written by edge-node {version}, and this is only {ours}",
            path=path,
            version=written_by,
            ours=__version__,
        )
    return say(
        "the queue {path} was written by a newer version of edge-node than this one ({ours})",
        path=path,
        ours=__version__,
    )


def newer_hint(written_by: str) -> Message:
    """Say what can be done about it."""
    if written_by:
        return say(
            "install edge-node {version} or a later one; or go back to the copy made before the"
            " upgrade: edge-node recover",
            version=written_by,
        )
    return say(
        "install the newer version again; or go back to the copy made before the upgrade:"
        " edge-node recover"
    )


def older_words(path: str) -> Message:
    """Say that a queue has not been brought up to this release yet."""
    return say(
        "the queue {path} is still that of an older version: the node brings it up to {ours}"
        " when it starts",
        path=path,
        ours=__version__,
    )


def make(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables in a file that has none; of several who try one does."""
    if standing(connection).applied:
        return
    connection.execute("begin immediate")
    try:
        if not standing(connection).applied:
            apply(connection)
        with passing(Step.COMMIT, path):
            connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise


def apply(connection: sqlite3.Connection) -> None:
    """Apply the migrations that are missing, inside the transaction that is open."""
    from sqlite_utils import Database  # noqa: PLC0415 - whoever only reads waits for no library
    from sqlite_utils.migrations import Migrations  # noqa: PLC0415 - likewise

    ours = Migrations(SET)
    for migration in MIGRATIONS:
        ours()(migration)
    ours.apply(Database(connection, execute_plugins=False))
    connection.execute(_SIGN, {"name": VERSION, "value": __version__})


def release_of(connection: sqlite3.Connection) -> str:
    """Return which release made the tables what they are; '' where the file does not say."""
    if not connection.execute(_THERE.format(table="marks")).fetchone():
        return ""
    row = connection.execute(_WRITTEN_BY, {"name": VERSION}).fetchone()
    return str(row[0]) if row else ""


def to_bring_up(data: Path) -> Message:
    """Say how the queue in a data folder is brought up to this release."""
    from edge_node.adapters.lock import holder  # noqa: PLC0415 - hardly ever

    process = holder(data)
    return to_start("") if process is None else to_restart(unit_of(process))
