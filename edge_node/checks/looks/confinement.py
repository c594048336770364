"""The service as systemd runs it: whether it is held to what a node needs, and nothing else."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.checks.check import Check
from edge_node.checks.finding import bad, good, unknown, warn
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding

_SYSTEMCTL: Final = "systemctl"
_WITHIN: Final = timedelta(seconds=8)
# What the unit we ship says, as `systemctl show` writes it; what is not named may differ.
_WANTED: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "NoNewPrivileges": frozenset({"yes"}),
        "ProtectSystem": frozenset({"strict"}),
        "ProtectHome": frozenset({"yes", "tmpfs"}),
        "PrivateTmp": frozenset({"yes", "disconnected"}),
        "PrivateDevices": frozenset({"yes"}),
        "ProtectKernelTunables": frozenset({"yes"}),
        "ProtectKernelModules": frozenset({"yes"}),
        "ProtectControlGroups": frozenset({"yes", "private", "strict"}),
        "RestrictNamespaces": frozenset({"yes"}),
        "MemoryDenyWriteExecute": frozenset({"yes"}),
        "LockPersonality": frozenset({"yes"}),
    }
)
_ASKED: Final = ("LoadState", "ActiveState", "UnitFileState", "User", "NRestarts")
_ROOT: Final = frozenset({"", "root", "0"})
_RESTARTS: Final = 5
# What a token on USB, or a smart-card service, needs is more than a node alone.
_FOR_TOKENS: Final = frozenset({"PrivateDevices", "MemoryDenyWriteExecute"})


def _look(situation: Situation) -> Iterator[Finding]:
    unit = situation.unit
    if not unit:
        yield good("service", say("the node is no service of systemd here"))
        return
    told = _shown(unit)
    if told is None:
        yield unknown(
            "service",
            say("systemctl does not tell of the service {unit}", unit=unit),
            say("on the node's own machine: systemctl status {unit}", unit=unit),
            about=unit,
        )
        return
    if told.get("LoadState") != "loaded":
        yield bad(
            "service",
            say("systemd knows no service {unit}", unit=unit),
            say("put edge-node@.service into /etc/systemd/system, then: systemctl daemon-reload"),
            about=unit,
        )
        return
    yield from _confined(
        unit, told, tokens=any(key.module for key in situation.config.signing.keys)
    )
    yield from _kept(unit, told)


def _shown(unit: str) -> dict[str, str] | None:
    """Return the properties of a service; None where systemd does not answer."""
    asked = ",".join((*_WANTED, *_ASKED))
    try:
        answer = subprocess.run(  # noqa: S603 - our own words, and a unit's name from the kernel
            [_SYSTEMCTL, "show", f"{unit}.service", f"--property={asked}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_WITHIN.total_seconds(),
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    pairs = (line.partition("=") for line in answer.stdout.splitlines())
    return {name: value for name, _, value in pairs}


def _confined(unit: str, told: Mapping[str, str], *, tokens: bool) -> Iterator[Finding]:
    if told.get("User", "") in _ROOT:
        yield bad(
            "service.user",
            say("the service {unit} works as root", unit=unit),
            say("systemctl edit {unit}: [Service] User=edge-node; then restart it", unit=unit),
            about=unit,
        )
    loose = [
        name
        for name, wanted in _WANTED.items()
        if told.get(name, "yes") not in wanted and not (tokens and name in _FOR_TOKENS)
    ]
    if loose:
        yield warn(
            "service.sandbox",
            say(
                "the service {unit} may do more than it needs: {names}",
                unit=unit,
                names=", ".join(loose),
            ),
            say(
                "take them over from the edge-node@.service that is shipped; see:"
                " systemd-analyze security {unit}",
                unit=unit,
            ),
            about=unit,
        )
    else:
        yield good("service.sandbox", say("the service {unit} is confined as shipped", unit=unit))


def _kept(unit: str, told: Mapping[str, str]) -> Iterator[Finding]:
    restarts = int(told.get("NRestarts") or 0)
    if restarts >= _RESTARTS:
        yield warn(
            "service.restarts",
            say("systemd has restarted {unit} {count} times", unit=unit, count=restarts),
            say("see why: journalctl -u {unit} -p warning -n 50", unit=unit),
            about=unit,
            restarts=restarts,
        )
    if told.get("UnitFileState") == "disabled":
        yield warn(
            "service.boot",
            say("the service {unit} does not start with the machine", unit=unit),
            say("systemctl enable {unit}", unit=unit),
            about=unit,
        )


CHECK: Final = Check(id="service", rank=85, look=_look)
