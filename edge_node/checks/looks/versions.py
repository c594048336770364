"""The versions of what the node is made of: old enough to miss something, or good."""

from __future__ import annotations

import platform
import sqlite3
import ssl
from typing import TYPE_CHECKING, Final

from edge_node import __version__
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, good
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding

# STRICT tables came with 3.37 (sqlite.org, "STRICT Tables"); RETURNING is older.
_SQLITE: Final = (3, 37, 0)


def versions() -> dict[str, str]:
    """Return the name and the version of each part."""
    return {
        "edge-node": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "openssl": ssl.OPENSSL_VERSION,
        "kernel": platform.release(),
    }


def _look(situation: Situation) -> Iterator[Finding]:
    del situation  # it is the same for every node of this machine
    found = versions()
    if sqlite3.sqlite_version_info < _SQLITE:
        yield bad(
            "versions.sqlite",
            say(
                "SQLite {version} is too old: the queue needs {least}",
                version=found["sqlite"],
                least=".".join(map(str, _SQLITE)),
            ),
            say("install a newer libsqlite3, such as that of Debian 12"),
            version=found["sqlite"],
        )
    told = say(
        "edge-node {own}, Python {python}, SQLite {sqlite}, {openssl}",
        own=found["edge-node"],
        python=found["python"],
        sqlite=found["sqlite"],
        openssl=found["openssl"],
    )
    yield good("versions", told, **found)


CHECK: Final = Check(id="versions", rank=90, look=_look)
