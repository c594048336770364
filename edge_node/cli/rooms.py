"""
Which module each command lives in: only that of the command that was asked for is loaded.

The order is that of `edge-node --help`. A test compares the table with what each module hangs up.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typer._click.core import Command

# What is hidden is among them: it is called by the node itself.
ROOMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "service": ("run", "once", "trial", "sandbox", "demo"),
        "listing": ("list",),
        "inspect": ("show", "log", "status", "config", "schema"),
        "explain": ("explain",),
        "waiting": ("ages", "next"),
        "agencies": ("agencies",),
        "deadlines": ("deadlines",),
        "alarms": ("alarms", "send-alarms"),
        "doctor": ("doctor",),
        "lint": ("lint",),
        "send": ("send",),
        "registers": ("register",),
        "report": ("report", "report-month"),
        "repair": ("resend", "release", "adopt"),
        "halting": ("hold", "cancel", "expire", "requeue"),
        "recalling": ("recall",),
        "statuses": ("set-status", "refuse"),
        "setting_up": ("setup",),
        "setup": ("init",),
        "recover": ("recover",),
        "retention": ("retention",),
        "backup": ("backup", "backup-due", "restore"),
        "trust": ("trust",),
        "verify": ("verify",),
        "cert": ("cert",),
        "sign": ("sign",),
        "completion": ("completion",),
        "journal": ("journal",),
        "evidence": ("evidence",),
        "web": ("web",),
    }
)
ROOM_OF: Final[Mapping[str, str]] = MappingProxyType(
    {command: room for room, commands in ROOMS.items() for command in commands}
)


def commands_of(room: str) -> dict[str, Command]:
    """Return the commands a module of this package hangs up, loaded now."""
    part = typer.Typer(rich_markup_mode=None, add_completion=False)
    import_module(f"edge_node.cli.{room}").register(part)
    # Of one command alone typer makes no group by itself.
    return dict(typer.main.get_group(part).commands)
