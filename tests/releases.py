"""
What a release leaves on a disk: one whole data folder of it, kept in `tests/data/released`.

    .venv/bin/python tests/releases.py 0.1.0

makes it, with this code and by the sandbox: an agency whose documents stand in every state both
ways, with a journal, its heads, canaries, waybills, a witness and a directory (`life_before`). It
is made once, when the version is released; `tests/flows/test_released.py` opens all there are with
the present code.
"""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import sys
import tarfile
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from builders import T0
from flows_world import Desk, a_config, a_world
from gate import a_gate
from life_before import life_before

from edge_node import __version__
from edge_node.adapters.queue import Queue
from edge_node.adapters.schema import MIGRATIONS
from edge_node.adapters.schema_standing import SET
from edge_node.config import RecallBy
from edge_node.domain.directory import AgencyList

RELEASED = Path(__file__).parent / "data" / "released"
EXAMPLE = Path(__file__).parent.parent / "config.example.yaml"
MOST = 400_000  # bytes: it stays in the repository for good
SQL = "select name, sql from sqlite_master where sql is not null order by type, name"


@dataclass(frozen=True, kw_only=True)
class Released:
    """One release's data folder, unpacked, and what was known of it."""

    version: str
    home: Path
    facts: dict[str, Any]


def versions() -> list[str]:
    """Return the releases there are data folders of, the oldest first."""
    found = (path.name.removesuffix(".tar.gz") for path in RELEASED.glob("*.tar.gz"))
    return sorted(found, key=lambda version: [int(part) for part in version.split(".")])


def unpacked(version: str, folder: Path) -> Released:
    """Lay a release's data folder into ``folder``."""
    with tarfile.open(RELEASED / f"{version}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    facts = json.loads((folder / "facts.json").read_bytes())
    return Released(version=version, home=folder / "home", facts=facts)


def a_desk_of(released: Released, world: Any, **sections: Any) -> Desk:
    """Sit down before a released data folder, on another axis that knows the same agencies."""
    code = released.facts["code"]
    secret = world.member(code).secret_file
    settings = a_config(code, released.home, world.url, secret, sections)
    return Desk(config=settings, now=T0 + timedelta(seconds=released.facts["seconds"]))


def tables(connection: sqlite3.Connection, *, most: int) -> list[list[str]]:
    """Return the tables and what belongs to them, as the first ``most`` migrations made them."""
    assert len(applied(connection)) == most
    return [[name, " ".join(sql.split())] for name, sql in connection.execute(SQL)]


def applied(connection: sqlite3.Connection) -> list[str]:
    """Return the migrations a queue has."""
    sql = "select name from _sqlite_migrations where migration_set = ? order by id"
    return [name for (name,) in connection.execute(sql, (SET,))]


def made_by_us(folder: Path, migrations: int) -> list[list[str]]:
    """Return the tables as the first so many migrations of this code make them."""
    later = MIGRATIONS[migrations:]  # which would be applied with them
    del MIGRATIONS[migrations:]
    try:
        Queue(folder / "ours.db").close()
    finally:
        MIGRATIONS.extend(later)
    with closing(sqlite3.connect(folder / "ours.db")) as db:
        return tables(db, most=migrations)


# ── making one ───────────────────────────────────────────────────────────────────────────────────


def pending(world: Any, code: str) -> list[dict[str, str]]:
    """Return what the axis offers an agency and was not told to be done."""
    sql = (
        "select d.doc_id, d.message_type, s.sender from deliveries d join sends s on s.id = d.send"
        " where d.receiver = ? and d.status <> 'done'"
    )
    return [dict(row) for row in world.rows(sql, code)]


def snapshot(version: str, folder: Path) -> bytes:
    """Return a data folder of this code as a tar.gz."""
    home = folder / "home"
    with a_world(folder / "world", size=12) as world, a_gate(world.url) as gate:
        code = next(iter(world.settings.members))
        secret = world.member(code).secret_file
        sections = {
            "canary": {"every": timedelta(hours=1)},
            "recall": {"by": RecallBy.DOCUMENT},
            "directory": {"lists": tuple(AgencyList)},
        }
        next(world._codes)
        us = Desk(config=a_config(code, home, gate.url, secret, sections))
        us.node.set_up()
        us.node.prepare()
        us = life_before(world, gate, us, folder)
        facts = seen(us) | {
            "version": version,
            "code": code,
            "seconds": (us.now - T0).total_seconds(),
            "pending": pending(world, code),
        }
        us.node.close()
    with closing(sqlite3.connect(home / "queue.db")) as db:
        facts |= {"migrations": applied(db), "tables": tables(db, most=len(MIGRATIONS))}
    return packed(folder, facts)


def seen(desk: Any) -> dict[str, Any]:
    """Return what can be seen of the node's documents."""
    out = desk.ledger.outbound(limit=99)
    rows = desk.queue.file.rows("select id, message, state, axis_id from incoming order by id")
    (journal,) = desk.queue.file.rows("select count(*) as events, max(id) as last from events")
    return {
        "out": {each.name: [str(fate.state) for fate in each.fates] for each in out},
        "in": rows,
        "inbox": sorted(each["document_id"] for each in desk.letters()),
        "events": journal["events"],
        "heads": desk.queue.file.rows("select count(*) as heads from heads")[0]["heads"],
    }


def packed(folder: Path, facts: dict[str, Any]) -> bytes:
    """Return the folder as a tar.gz that says nothing of the machine it was made on."""
    (folder / "facts.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1))
    text = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=text, mode="wb", mtime=0, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in ("facts.json", "home", "home.witness"):
            archive.add(folder / name, name, filter=_nobodys)
        archive.add(EXAMPLE, EXAMPLE.name, filter=_nobodys)
    return text.getvalue()


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if member.name.endswith(".lock") or member.name.startswith("home/building"):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def main(version: str) -> None:
    """Make the snapshot of a version; one that is there is not made again."""
    target = RELEASED / f"{version}.tar.gz"
    if version != __version__:
        raise SystemExit(f"this is {__version__}, not {version}")
    if target.exists():
        raise SystemExit(
            f"{target} is there: a release has one, for good (git rm it if it is none)"
        )
    with tempfile.TemporaryDirectory() as folder:
        data = snapshot(version, Path(folder))
    if len(data) > MOST:
        raise SystemExit(f"{len(data)} bytes are too many")
    RELEASED.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    print(target, len(data))  # noqa: T201 - a script


if __name__ == "__main__":
    main(*sys.argv[1:])
