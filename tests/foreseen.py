"""
What lint and a dry run say, without a process of its own.

    prospect, = foreseen(desk.config, path, now=desk.now)
    prospect.outlook, words(prospect)
    with a_dry_run(desk.config, path, now=desk.now) as rehearsed: ...
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime

from edge_node.adapters.lying import lying, place_of
from edge_node.cli.lint import prospect_of
from edge_node.node.dry_run import rehearse
from edge_node.node.rehearsing import rehearsing


def foreseen(config, path, *, now=None):
    """Return what would become of each drop at a path."""
    with rehearsing(config, clock=lambda: now or datetime.now(UTC)) as node:
        return [prospect_of(node, each) for each in at(config, node, path)]


@contextmanager
def a_dry_run(config, path, *, now=None):
    """Give what came of the dry run of one drop, as long as its package is there."""
    with rehearsing(config, clock=lambda: now or datetime.now(UTC)) as node:
        (one,) = at(config, node, path)
        yield rehearse(node, one)


def at(config, node, path):
    """Return what lies at a path."""
    place = place_of(path, outbox=config.folders.exchange.absolute() / "outbox")
    return list(lying(place, node.settling()))


def words(prospect):
    """Return the problems as a person reads them."""
    return [str(problem.what) for problem in prospect.problems]


def everything_in(*folders):
    """Return all that lies in folders, names and bytes; SQLite's own files beside a base not."""
    return {
        path: path.read_bytes() if path.is_file() else None
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if not path.name.endswith(("-wal", "-shm"))
    }


def words_of(rehearsed):
    """Return, likewise, what a dry run came across."""
    return [str(problem.what) for problem in rehearsed.problems]
