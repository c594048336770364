"""The folders: that they are there and ours, who may get at them, and where they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters.account import ENTER, READ, WRITE
from edge_node.adapters.disk import disk_errors
from edge_node.adapters.exchange import Exchange
from edge_node.adapters.mounts import foreign_filesystem, mount_of
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, broken_by, good, warn
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding

_ALL: Final = READ + WRITE + ENTER
_OTHERS: Final = 0o007


def _look(situation: Situation) -> Iterator[Finding]:
    folders = situation.config.folders
    yield from _data(folders.data, situation)
    exchange = Exchange(folders.exchange)
    try:
        exchange.check(situation.config.agency.code)
    except EdgeNodeError as error:
        yield broken_by("folders.exchange", error, about=str(folders.exchange))
        return
    why = say("the exchange folder is there and whole: {path}", path=str(folders.exchange))
    yield good("folders.exchange", why, about=str(folders.exchange))
    yield from _rights(exchange, situation)
    yield _rename(situation)


def _data(data: Path, situation: Situation) -> Iterator[Finding]:
    try:
        with disk_errors(data):
            open_to_others = data.stat().st_mode & _OTHERS
            usable = situation.account.may(data, _ALL)
    except EdgeNodeError as error:
        yield broken_by("folders.data", error, about=str(data))
        return
    kind = foreign_filesystem(data, mountinfo=situation.mountinfo)
    if kind is not None:
        yield bad(
            "folders.network",
            say("{path} lies on a share ({kind}): the queue cannot", path=str(data), kind=kind),
            say("put folders.data on a disk of this machine; the exchange folder may be a share"),
            about=str(data),
        )
    if open_to_others:
        why = say("everybody on this machine may look into {path}", path=str(data))
        yield warn("folders.data", why, say("chmod o-rwx {path}", path=str(data)), about=str(data))
    elif not usable:
        yield _closed("folders.data", data, situation)
    else:
        yield good(
            "folders.data",
            say("the data folder is the node's alone: {path}", path=str(data)),
            about=str(data),
        )


def _rights(exchange: Exchange, situation: Situation) -> Iterator[Finding]:
    amiss = False
    for path, _shared in exchange.parts():
        with disk_errors(path):
            open_to_others = path.stat().st_mode & _OTHERS
            usable = situation.account.may(path, _ALL)
        if not usable:
            amiss = True
            yield _closed("folders.rights", path, situation)
        if open_to_others:
            amiss = True
            why = say("everybody on this machine may look into {path}", path=str(path))
            yield warn(
                "folders.rights", why, say("chmod o-rwx {path}", path=str(path)), about=str(path)
            )
    if not amiss:
        why = say(
            "the node, as {name}, may work in every folder of the exchange",
            name=situation.account.name,
        )
        yield good("folders.rights", why)


def _closed(check: str, path: Path, situation: Situation) -> Finding:
    name = situation.account.name
    return bad(
        check,
        say("the account {name} of the node may not write in {path}", name=name, path=str(path)),
        say(
            "chown {name} {path}, or give its group the right: chmod g+rwx {path}",
            name=name,
            path=str(path),
        ),
        about=str(path),
    )


def _rename(situation: Situation) -> Finding:
    """Compare the mounts, as the node has them; nothing is renamed for it."""
    folders = situation.config.folders
    one, other = (
        mount_of(path, mountinfo=situation.mountinfo) for path in (folders.exchange, folders.data)
    )
    about = str(folders.exchange)
    if one == other:
        why = say("exchange and data lie on one mount: a drop is taken in by a rename")
        return good("folders.rename", why, about=about)
    return warn(
        "folders.rename",
        say(
            "{exchange} and {data} lie on two mounts: every drop is copied instead of renamed",
            exchange=about,
            data=str(folders.data),
        ),
        say("put both on one file system, and name one folder above both in ReadWritePaths="),
        about=about,
    )


CHECK: Final = Check(id="folders", rank=30, look=_look)
