"""Archives of the whole node: wanted, encrypted to keys that are keys, and of the last days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.age import demand_recipients
from edge_node.adapters.archives import CARRIED, HINDERED, Archives
from edge_node.adapters.carrying import demand_there
from edge_node.checks.asking import rows_of
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, broken_by, good, warn
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say, thaw
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding

_HOUR: Final = timedelta(hours=1)
# Nobody knows how old such a one is, and those made after it are named later still.
_AHEAD: Final = say(
    "see that the clock is right; then move what is named after the future into another folder,"
    " and make an archive: edge-node backup"
)
_MARKS: Final = "select name, value from marks where name between 'archives.' and 'archives.~'"


def _look(situation: Situation) -> Iterator[Finding]:
    section = situation.config.backup.archives
    if section.folder is None:
        yield warn(
            "backup.archives",
            say("no archive of this node is made: a lost disk takes queue and copies along"),
            say(
                "edge-node backup --new-key FILE makes the keys; then set"
                " `backup.archives.folder` and `recipients`"
            ),
        )
        return
    yield _openable(situation)
    yield from _carried(situation)
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
    if newest.at > situation.now + _HOUR:
        words = say(
            "the last archive is named after a moment that has not come: {when}", when=when
        )
        yield warn("backup.archives", words, _AHEAD, about=about)
        return
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


def _carried(situation: Situation) -> Iterator[Finding]:
    """Look at the program that carries archives elsewhere, and at what it did."""
    section = situation.config.backup.archives
    by = section.carry.by
    if by is None:
        return
    try:
        demand_there(by)
    except EdgeNodeError as error:
        yield broken_by("backup.carried", error)
        return
    rows = rows_of(situation.config.folders.queue, _MARKS) or []
    marks = {str(name): str(value) for name, value in rows}
    hindered, last = thaw(marks.get(HINDERED, "")), marks.get(CARRIED)
    if hindered is not None:
        words = say(
            "archives are not carried elsewhere by {program}: {reason}",
            program=str(by),
            reason=hindered,
        )
        cure = say("it is tried again each hour; docs/backup.md says what the program needs")
        yield warn("backup.carried", words, cure)
        return
    if last is None:
        words = say("no archive was carried elsewhere yet")
        yield warn("backup.carried", words, say("the node does it within an hour of making one"))
        return
    at = datetime.fromisoformat(last)
    when = f"{in_vietnam(at):%d/%m/%Y %H:%M}"
    if at > situation.now + _HOUR:
        words = say(
            "the last archive carried elsewhere is named after a moment that has not come: {when}",
            when=when,
        )
        yield warn("backup.carried", words, _AHEAD)
        return
    if situation.now - at > 2 * section.every + _HOUR:
        words = say("the last archive carried elsewhere is of {when}", when=when)
        yield warn("backup.carried", words, say("the log of the service says why"))
        return
    words = say(
        "the archive of {when} was carried elsewhere by {program}", when=when, program=str(by)
    )
    yield good("backup.carried", words)


CHECK: Final = Check(id="backup", rank=53, look=_look)
