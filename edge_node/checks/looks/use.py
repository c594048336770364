"""What the node takes up on its disks, by kind: what grows, before it has to be asked what did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters.disk_use import kinds, used
from edge_node.checks.check import Check
from edge_node.checks.finding import DISK_USE, Finding, Health
from edge_node.domain.message import say
from edge_node.domain.retention import in_megabytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Measured


def _look(situation: Situation) -> Iterator[Finding]:
    folders = situation.config.folders
    found = used(kinds(folders.data, folders.backups, folders.exchange))
    told = {
        kind: f"{'' if one.whole else '≥ '}{in_megabytes(one.size)}" for kind, one in found.items()
    }
    measured: dict[str, Measured] = {f"{kind}_bytes": one.size for kind, one in found.items()}
    measured |= {f"{kind}_files": one.files for kind, one in found.items()}
    measured["not_counted_whole"] = ", ".join(kind for kind, one in found.items() if not one.whole)
    yield Finding(
        check=DISK_USE,
        health=Health.GOOD,
        why=say(
            "on the disks, in MB: queue {queue}, packages {packages}, waybills {waybills},"
            " evidence {evidence}, directory {directory}, backups {backups}; inbox {inbox},"
            " sent {sent}, failed {failed}, receipts {receipts}",
            **told,
        ),
        measured=measured,
    )


CHECK: Final = Check(id="disk-use", rank=41, look=_look)
