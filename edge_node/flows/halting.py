"""Keep back, withdraw or give up a document that has not reached its receivers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edge_node.domain.change import Overtaken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from edge_node.domain.envelope import Envelope, Stored
    from edge_node.domain.halting import Halt, HaltPlan
    from edge_node.domain.item import ItemId
    from edge_node.flows.resend import Repacking


class Waiting(Protocol):
    """What waits in the queue, as people halt it."""

    def plan(self, item: ItemId, halt: Halt, to: Sequence[str]) -> HaltPlan:
        """Return what it comes to as it stands."""
        ...

    def halt(self, plan: HaltPlan, packages: Mapping[ItemId, Stored], *, now: datetime) -> None:
        """Do what was planned; Overtaken."""
        ...


class Carrying(Protocol):
    """Which envelope is meant."""

    def carrying(self, envelope: ItemId) -> Envelope:
        """Return an envelope by its id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltOrder:
    """One call, one document; to whom it may go on all the same it goes on."""

    queue: Waiting
    envelopes: Carrying
    repacking: Repacking

    def halt(self, item: ItemId, halt: Halt, to: Sequence[str], *, now: datetime) -> HaltPlan:
        """Halt it for these receivers, without ``to`` for all it can be done to; NotAllowed."""
        while True:
            plan = self.queue.plan(item, halt, to)
            packages = {
                envelope: self.repacking.package_for(self.envelopes.carrying(envelope), others)
                for envelope, others in plan.rest
            }
            try:
                self.queue.halt(plan, packages, now=now)
            except Overtaken:
                continue
            return plan
