"""
Which service of systemd a node is, as far as the machine shows it, and how to start and stop it.

Where nobody can tell, the sentence says which command does.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.domain.message import say

if TYPE_CHECKING:
    from edge_node.domain.message import Message

PROC: Final = Path("/proc")
_SERVICE: Final = re.compile(r"/([^/\n]+)\.service(?:/|$)", re.MULTILINE)
_ALIEN: Final = re.compile(r"(?:user@\d+|user-runtime-dir@.*|docker|containerd|ssh.*|cron)")
# Where docs/install.md puts the configuration of an instance.
_INSTALLED: Final = Path("/etc/edge-node")


def unit_of(process: int, *, proc: Path = PROC) -> str:
    """Return the service a process runs in, without `.service`; '' where it runs in none."""
    try:
        told = (proc / str(process) / "cgroup").read_text("utf-8", "replace")
    except OSError:
        return ""
    services = [name for name in _SERVICE.findall(told) if not _ALIEN.fullmatch(name)]
    return services[-1] if services else ""


def unit_for(config_file: Path, *, installed: Path = _INSTALLED) -> str:
    """Return the service that a configuration belongs to by its place; '' for any other place."""
    path = config_file.absolute()
    if path.name == "config.yaml" and path.parent.parent == installed:
        return f"edge-node@{path.parent.name}"
    return ""


def to_start(unit: str) -> Message:
    """Say how a node is started; ``unit`` '' where nobody knows its service."""
    if unit:
        return say("start it: systemctl start {unit}", unit=unit)
    return say("start its service; its name: systemctl list-units --all 'edge-node*'")


def to_stop(unit: str, process: int) -> Message:
    """Say how a node at work is stopped."""
    if unit:
        return say("stop it first: systemctl stop {unit}", unit=unit)
    return say("stop it first: kill {process}", process=process)


def to_restart(unit: str) -> Message:
    """Say how a node is started anew."""
    if unit:
        return say("restart it: systemctl restart {unit}", unit=unit)
    return say("stop it and start it again")
