"""
Have a document back because a person says so: the drop the document software would have made.

It is laid into the claims and taken in like any other, so that a crash in between loses nothing,
and it is filed where people look for what was sent.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.domain.called import standings
from edge_node.domain.change import ChangeState, Overtaken
from edge_node.domain.document import BusinessKind
from edge_node.domain.errors import EdgeNodeError, NotAllowed
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import say
from edge_node.domain.names import safe_name
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from edge_node.domain.change import RecallPlan
    from edge_node.domain.document import AgencyCode, Document
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message
    from edge_node.flows.change_ports import Asking, OwnDrops
    from edge_node.flows.packing import Packing
    from edge_node.flows.ports import Outgoing

# A request that ended so never reached its receiver: it may be made again.
_LOST: Final = frozenset({Sending.REFUSED, Sending.DEAD})
_LONGEST_NAME: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallOrder:
    """One call, one document; of a request to several each is answered for itself."""

    queue: Outgoing
    asking: Asking
    drops: OwnDrops
    packing: Packing
    tell: Callable[[Message], str]
    new_id: Callable[[], ItemId]

    def recall(
        self, item: ItemId, reason: str, to: Sequence[str], *, now: datetime
    ) -> tuple[ItemId, RecallPlan]:
        """
        Stop a document where it has not left, ask for it where it has; without ``to`` everywhere.

        Returns our id of the request, and what it came to. NotAllowed where there is nothing to
        be had back, or it was asked for before.
        """
        document = self.asking.document(item)
        if document.business.kind is BusinessKind.RECALL:
            raise NotAllowed(
                say("{id} is itself a recall", id=item),
                hint=say("what it asks for cannot be taken back by the axis: call the receivers"),
            )
        if not reason.strip():
            raise NotAllowed(
                say("a recall needs a reason"), hint=say("say with --reason why it is wanted back")
            )
        chosen = self._chosen(item, to)
        order = self._order(document, reason, chosen, now)
        request = self.new_id()
        name = safe_name(f"recall-{document.code}".replace("/", "-"), limit=_LONGEST_NAME)
        claimed = self.drops.begin(request, name, json.dumps(order, ensure_ascii=False).encode())
        while True:
            try:
                new = self.packing.pack(claimed, now=now)
                # Two clicks at once: what the other one asked is seen here, or overtakes us.
                self._chosen(item, chosen)
                self.queue.add(new, now=now)
            except Overtaken:
                continue
            except EdgeNodeError:
                self.drops.abandon(request)
                raise
            assert new.recall is not None  # noqa: S101 - that is what the order says
            return request, new.recall.plan

    def _chosen(self, item: ItemId, to: Sequence[str]) -> tuple[AgencyCode, ...]:
        fates = self.queue.fates(item)
        states = {fate.receiver: fate.state for fate in fates}
        asked = self._asked(item)
        for code in to:
            if code not in states:
                raise NotAllowed(
                    say("the document is not for {code}", code=code),
                    hint=say("its receivers: {codes}", codes=", ".join(states)),
                )
        wanted = [code for code in states if not to or code in to]
        free = [code for code in wanted if _may_be_asked(code, states[code], asked)]
        if not free or (to and len(free) < len(wanted)):
            told = standings((code, _standing(code, states[code], asked)) for code in wanted)
            raise NotAllowed(
                say("nothing to recall ({states})", states=told),
                hint=say("`edge-node show {id}` tells what was asked and answered", id=item),
            )
        return tuple(free)

    def _asked(self, item: ItemId) -> set[str]:
        """Return who has been asked for it, and may still answer."""
        return {
            each.agency
            for each in self.asking.of(item)
            if each.item == item
            and each.asked_by_us
            and each.kind is BusinessKind.RECALL
            and each.state is ChangeState.ASKED
            and not any(
                fate.receiver == each.agency and fate.state in _LOST
                for fate in self.queue.fates(each.carrier)
            )
        }

    def _order(
        self, document: Document, reason: str, to: Sequence[AgencyCode], now: datetime
    ) -> dict[str, object]:
        # Of what is only known by its papers nobody knows the date any more.
        day = document.promulgated or in_vietnam(now).date()
        subject = say("recall of {code}", code=document.code)
        return {
            "schema": 1,
            "document_id": str(uuid.uuid4()),
            "number": document.number,
            "notation": document.notation,
            "date": day.isoformat(),
            "type": document.type.name,
            "subject": self.tell(subject),
            "to": list(to),
            "business": {
                "kind": str(BusinessKind.RECALL),
                "document_id": document.document_id,
                "reason": reason,
            },
            "resend": True,
        }


def _may_be_asked(code: str, state: Sending, asked: set[str]) -> bool:
    return state is not Sending.RECALLED and code not in asked


def _standing(code: str, state: Sending, asked: set[str]) -> Message | str:
    return say("asked already") if code in asked else state
