"""Archives of the whole node: wanted, encrypted to keys that are keys, and not too old."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.age import demand_recipients
from edge_node.adapters.archives import Archives
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, broken_by, good, warn
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding

_HOUR: Final = timedelta(hours=1)


def _look(situation: Situation) -> Iterator[Finding]:
    section = situation.config.backup.archives
    if section.folder is None:
        yield warn(
            "backup.archives",
            say("no archive of this node is made"),
            say("set `backup.archives.folder`: a lost disk takes queue and copies along"),
        )
        return
    yield _openable(situation)
    about = str(section.folder)
    try:
        newest = next(
            iter(Archives(folder=section.folder, agency=situation.config.agency.code).all()), None
        )
    except EdgeNodeError as error:
        yield broken_by("backup.archives", error, about=about)
        return
    cure = say("edge-node backup says what keeps it from being made")
    if newest is None:
        yield warn("backup.archives", say("no archive lies there yet"), cure, about=about)
        return
    when = f"{in_vietnam(newest.at):%d/%m/%Y %H:%M}"
    if situation.now - newest.at > 2 * section.every + _HOUR:
        words = say("the last archive of this node was made at {when}", when=when)
        yield warn("backup.archives", words, cure, about=about)
        return
    words = say("the last archive was made at {when}", when=when)
    yield good("backup.archives", words, about=about, size=newest.size)


def _openable(situation: Situation) -> Finding:
    """Look at the keys archives are encrypted to."""
    section = situation.config.backup.archives
    if not section.recipients and not section.unencrypted:
        return bad(
            "backup.recipients",
            say("there is no public key to encrypt archives to"),
            say(
                "`edge-node backup --new-key FILE` makes a pair of keys; put the public one"
                " into `backup.archives.recipients`, and keep FILE away from this machine"
            ),
        )
    try:
        demand_recipients(section.recipients)
    except EdgeNodeError as error:
        return broken_by("backup.recipients", error)
    if section.recipients:
        words = say("archives are encrypted to {count} keys", count=len(section.recipients))
        return good("backup.recipients", words)
    return good("backup.recipients", say("archives are not encrypted, as configured"))


CHECK: Final = Check(id="backup", rank=53, look=_look)
