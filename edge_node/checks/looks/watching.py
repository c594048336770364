"""
Whether the kernel can tell the node of drops: inotify, and how much of it is left.

A node that is not told looks by itself (`intake.scan_every`): drops are taken in later, not lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters.inotify_use import inotify_use
from edge_node.adapters.mounts import is_remote
from edge_node.checks.check import Check
from edge_node.checks.finding import good, warn
from edge_node.config import Watch
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.adapters.inotify_use import InotifyUse
    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding
    from edge_node.domain.message import Message

# Folders the node watches: outbox, statuses, and its own bell; a restart needs an instance more.
_WATCHES: Final = 8
_INSTANCES: Final = 1
_QUEUED: Final = 1024  # a copy of a thousand files into the outbox at once


def _look(situation: Situation) -> Iterator[Finding]:
    config = situation.config
    exchange = config.folders.exchange
    if config.intake.watch is Watch.POLLING:
        yield good("watching", say("the exchange folder is looked through by the clock"))
        return
    if config.intake.watch is Watch.AUTO and is_remote(exchange, mountinfo=situation.mountinfo):
        yield good(
            "watching",
            say("{path} is a share: it is looked through by the clock", path=str(exchange)),
        )
        return
    yield _left(inotify_use(situation.account.user), situation)


def _left(use: InotifyUse, situation: Situation) -> Finding:
    name = situation.account.name
    at_work = situation.process is not None  # then its own are among them
    instances, watches = (0, 0) if at_work else (_INSTANCES, _WATCHES)
    if use.most_instances is not None and use.instances + max(instances, 1) > use.most_instances:
        return _short(
            say(
                "no inotify instance is left for {name}: {used} of {most} are in use",
                name=name,
                used=use.instances,
                most=use.most_instances,
            ),
            "max_user_instances",
            max(2 * use.most_instances, 512),
            use,
        )
    if use.most_watches is not None and use.watches + max(watches, 1) > use.most_watches:
        return _short(
            say(
                "no inotify watch is left for {name}: {used} of {most} are in use",
                name=name,
                used=use.watches,
                most=use.most_watches,
            ),
            "max_user_watches",
            max(2 * use.most_watches, 524_288),
            use,
        )
    if use.most_queued is not None and use.most_queued < _QUEUED:
        return _short(
            say("the kernel keeps only {most} events of folders", most=use.most_queued),
            "max_queued_events",
            16_384,
            use,
        )
    why = say(
        "drops are seen at once: {used} of {most} inotify instances are in use",
        used=use.instances,
        most=use.most_instances or "?",
    )
    return good("watching", why, instances=use.instances, watches=use.watches)


def _short(why: Message, key: str, value: int, use: InotifyUse) -> Finding:
    cure = say(
        "sysctl fs.inotify.{key}={value}, kept by a file in /etc/sysctl.d; or intake.watch:"
        " polling; drops are taken in later, not lost",
        key=key,
        value=value,
    )
    return warn("watching", why, cure, instances=use.instances, watches=use.watches)


CHECK: Final = Check(id="watching", rank=32, look=_look)
