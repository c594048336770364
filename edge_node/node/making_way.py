"""
What lies where an archive is to be put back, moved into one folder beside it.

Not only the data: a log of SQLite left beside a database is read into whatever takes its name,
and a copy of the queue made before is one `edge-node recover` would build on. So both go as well.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.mounts import mount_of
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say
from edge_node.node.possessions import ASIDE, kept_apart, outside

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from edge_node.adapters.backup import Backups
    from edge_node.config import Config

QUEUE: Final = "queue.db"
_OF_SQLITE: Final = re.compile(r".+\.db-(wal|shm|journal)", re.DOTALL)
_COPIES: Final = "backups"  # what the folder of the copies is called among what was moved


def demand_free(config: Config, backups: Backups, *, force: bool) -> None:
    """Make sure that nothing is in the way, or that all of it can go where ``force`` says so."""
    lying = [*_there(config), *_copies(backups)]
    if lying and not force:
        raise NotAllowed(
            say(
                "{path} is not empty: {name} lies there",
                path=str(lying[0].parent),
                name=lying[0].name,
            ),
            hint=say("--force moves what is there aside, into a folder beside it"),
        )
    for path in lying:
        _demand_movable(path)


def make_way(config: Config, backups: Backups, queue: Path, *, now: datetime) -> Path | None:
    """
    Move what is there into a folder beside it, and return that; None where nothing is there.

    ``queue`` is the one that is to come. A copy of it takes the place of those that are there:
    whoever loses it builds on the same life. They go last, so that a node which is started in
    between knows that its queue is gone.
    """
    there, copies = sorted(_there(config), key=_queue_first), _copies(backups)
    aside = _aside(config, [*there, *copies])
    for path in there:
        durable.private_folder(aside)
        durable.move(path, _place(aside, path, config))
    durable.private_folder(backups.folder)
    own = backups.make(queue, keep=len(copies) + 1, now=now)
    for path in _copies(backups):
        if path != own.path:
            durable.private_folder(aside / _COPIES)
            durable.move(path, _place(aside, path, config))
    return aside if there or copies else None


def _there(config: Config) -> list[Path]:
    """Return what lies in the data folder that an archive would take the place of."""
    others = outside(config)
    with durable.disk_errors(config.folders.data):
        return sorted(
            path
            for path in config.folders.data.iterdir()
            if (_OF_SQLITE.fullmatch(path.name) or not kept_apart(path.name))
            and not any(other.is_relative_to(path.resolve()) for other in others)
        )


def _copies(backups: Backups) -> list[Path]:
    backups.demand_answer()
    with durable.disk_errors(backups.folder):
        return [each.path for each in (*backups.all(), *backups.kept())]


def _demand_movable(path: Path) -> None:
    """Make sure that nothing is mounted there: the kernel does not let that be moved."""
    if not path.is_symlink() and mount_of(path) != mount_of(path.parent):
        raise NotAllowed(
            say("{path} is a mount point, and cannot be moved aside", path=str(path)),
            hint=say(
                "unmount it and give the same command again: what it holds stays on its disk; what"
                " was put back can be moved to a larger disk afterwards"
            ),
        )


def _aside(config: Config, lying: list[Path]) -> Path:
    """Name the folder: a new one, or that of a restore cut off, so that all lies together."""
    data, number = config.folders.data, 1
    while (aside := data / f"{ASIDE}{number}").exists():
        number += 1
    begun = data / f"{ASIDE}{number - 1}"
    if begun.is_dir() and data / QUEUE not in lying:
        with durable.disk_errors(begun):
            if not any(os.path.lexists(_place(begun, path, config)) for path in lying):
                return begun
    return aside


def _place(aside: Path, path: Path, config: Config) -> Path:
    return (aside if path.parent == config.folders.data else aside / _COPIES) / path.name


def _queue_first(path: Path) -> tuple[bool, bool]:
    """Put the spool last: while nothing else is there, a node says that its queue was lost."""
    return path.name == "spool", not path.name.startswith(QUEUE)
