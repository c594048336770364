"""
What whoever maintains a node needs to see of it from afar, in pieces, redacted.

Counts, versions, limits, mounts, the configuration and the end of the log; no document, no
subject, no name, no secret. It is the operator who hands it on, and who can read it first.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.inotify_use import inotify_use
from edge_node.adapters.mounts import filesystem, mount_of
from edge_node.adapters.secret import read_secret, secret_path
from edge_node.checks.asking import rows_of
from edge_node.checks.looks.versions import versions
from edge_node.checks.redacting import Redactor, free_texts, masked
from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from edge_node.checks.check import Situation
    from edge_node.config import Config

_LINES: Final = 500  # of the log
_WITHIN: Final = timedelta(seconds=10)
_KNOWN: Final = 20_000  # subjects and names that are looked for in the log
_COUNTS: Final[Mapping[str, str]] = {
    "outgoing": "select state, count(*) from fates group by state",
    "incoming": "select message || ' ' || state, count(*) from incoming group by message, state",
    "envelopes": "select message || ' ' || state, count(*) from envelopes group by message, state",
    "work": "select lane, count(*) from work group by lane",
    "pauses": "select what, 1 from pauses",
    "migrations": "select name, 1 from _sqlite_migrations where migration_set = 'edge_node'",
}
_PRIVATE: Final = (
    "select subject, name, sender from documents order by created desc limit :most",
    "select subject, arrival_number, arrival_unit from incoming order by created desc limit :most",
    "select name, '', '' from fates order by at desc limit :most",
    "select author, signer, position from particulars limit :most",
)
_LIMITS: Final = ("NOFILE", "NPROC", "AS", "CORE", "FSIZE")


def redactor(config: Config, environ: Mapping[str, str]) -> Redactor:
    """Return what masks all that is known to be private of this node."""
    own = {config.agency.code, *config.agency.aliases}
    words = [*free_texts(config), *_secrets(config, environ), *_of_documents(config)]
    return Redactor.of(word for word in words if word not in own)


def pieces(situation: Situation) -> Iterator[tuple[str, object]]:
    """Yield the name and the content of each piece: values of JSON, or text; not redacted yet."""
    config = situation.config
    yield "configuration.json", masked(config)
    yield "versions.json", versions()
    yield "queue.json", _counts(config)
    yield "disk.json", _disks(situation)
    yield "limits.json", _limits(situation)
    yield "journal.txt", _journal(situation)


def _secrets(config: Config, environ: Mapping[str, str]) -> Iterator[str]:
    places = [config.axis.secret_file]
    places += [key.password_file for key in config.signing.keys]
    places += [server.password_file for server in config.stamps.servers]
    for place in filter(None, places):
        with suppress(EdgeNodeError):  # one that cannot be read got into nothing that is gathered
            yield read_secret(secret_path(place, environ)).decode("utf-8", "replace")


def _of_documents(config: Config) -> Iterator[str]:
    """Yield what documents are about and who had a hand in them, as far as the queue knows."""
    for sql in _PRIVATE:
        for row in rows_of(config.folders.queue, sql, {"most": _KNOWN}) or ():
            yield from (str(word) for word in row if word)


def _counts(config: Config) -> dict[str, dict[str, object]]:
    return {
        name: {str(what): count for what, count in rows_of(config.folders.queue, sql) or ()}
        for name, sql in _COUNTS.items()
    }


def _disks(situation: Situation) -> dict[str, dict[str, object]]:
    folders = situation.config.folders
    places = {"data": folders.data, "exchange": folders.exchange, "backups": folders.backups}
    return {name: _disk(path, situation) for name, path in places.items()}


def _disk(path: Path, situation: Situation) -> dict[str, object]:
    try:
        disk, status = os.statvfs(path), path.stat()
    except OSError as error:
        return {"trouble": error.strerror}
    return {
        "kind": filesystem(path, mountinfo=situation.mountinfo),
        "mount": mount_of(path, mountinfo=situation.mountinfo),
        "free_bytes": disk.f_bavail * disk.f_frsize,
        "bytes": disk.f_blocks * disk.f_frsize,
        "free_files": disk.f_favail,
        "read_only": bool(disk.f_flag & os.ST_RDONLY),
        "mode": oct(status.st_mode & 0o7777),
        "owner": status.st_uid == situation.account.user,
    }


def _limits(situation: Situation) -> dict[str, object]:
    use = inotify_use(situation.account.user)
    found: dict[str, object] = {
        f"inotify_{name}": getattr(use, name)
        for name in ("watches", "instances", "most_watches", "most_instances", "most_queued")
    }
    pid = situation.process or os.getpid()
    for name in _LIMITS:
        try:
            found[name] = list(resource.prlimit(pid, getattr(resource, f"RLIMIT_{name}")))
        except OSError as error:  # somebody else's process
            found[name] = error.strerror
    return found


def _journal(situation: Situation) -> str:
    """Return the end of the service's log; what kept it from being read, where it cannot be."""
    if not situation.unit:
        return "no service of systemd is known\n"
    asked = ["journalctl", "-u", situation.unit, "-n", str(_LINES), "-o", "short-iso"]
    try:
        answer = subprocess.run(  # noqa: S603 - our own words, and a unit's name
            [*asked, "--no-pager", "--quiet"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_WITHIN.total_seconds(),
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"{type(error).__name__}\n"
    return _without_drops(answer.stdout.decode("utf-8", "replace"), situation.config)


def _without_drops(text: str, config: Config) -> str:
    """Take out what lies in the exchange folder: drops are named by people."""
    root = re.escape(str(config.folders.exchange))
    return re.sub(rf"({root}/[a-z]+/)[^\n]*", r"\1***", text)
