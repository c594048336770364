"""The flows by the thread they share, each joined with the parts it works on."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from edge_node.adapters.database import new_id
from edge_node.config import Unsure
from edge_node.domain.envelope import Lane, MessageType
from edge_node.domain.item import ItemId
from edge_node.node import changing, doors, knowing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_node.adapters.inbox import Inbox
    from edge_node.adapters.line import Line
    from edge_node.flows.canary import Homing
    from edge_node.flows.intake import Intake
    from edge_node.flows.ports import Flow
    from edge_node.flows.report import TakeStatuses
    from edge_node.node.desks import Looking
    from edge_node.node.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    The flows that share a thread.

    ``let_go`` frees what the thread had in hand when a turn was cut off (``unforeseen``: by a
    mistake of ours, which may be the item's doing); ``close`` lets go of all at its end.
    """

    flows: Sequence[Flow]
    let_go: Callable[[bool], None]
    close: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Lanes:
    """One node's flows."""

    parts: Parts

    def all(self) -> dict[str, Plan]:
        """Return the flows by the thread they share; each thread has its own connections."""
        lanes = {
            "intake": self._plan([self.intake(), *self._canary()], Lane.INTAKE),
            "push": self._push_lane(),
            "pull": self._pull_lane(),
            "deliver": self._deliver_lane(),
            "report": self._report_lane(),
            **self._directory_lane(),
        }
        return lanes | ({"trial": self._plan([self.trial()])} if self.parts.command else {})

    def _plan(self, flows: Sequence[Flow], *claimed: Lane) -> Plan:
        """Plan flows that share a thread, the only one that claims from these lanes."""
        crashes = self.parts.config.limits.crashes
        let_go = partial(self.parts.queue.let_go, claimed, crashes=crashes)
        return Plan(
            flows=flows,
            let_go=lambda unforeseen: let_go(counts=unforeseen),
            close=self.parts.close_files,
        )

    def _directory_lane(self) -> dict[str, Plan]:
        """Return what keeps the directory of agencies, where the axis is to be asked for one."""
        if not self.parts.config.directory.lists:
            return {}
        return {"directory": self._plan([knowing.synchronise(self.parts)])}

    def _push_lane(self) -> Plan:
        push = self._push(MessageType.DOCUMENT, Lane.PUSH, self.parts.axis())
        return self._plan(push, Lane.PUSH)

    def _pull_lane(self) -> Plan:
        from edge_node.flows.acknowledge import Acknowledge  # noqa: PLC0415 - only for work
        from edge_node.flows.disbelief import Disbelief  # noqa: PLC0415
        from edge_node.flows.look_back import LookBack  # noqa: PLC0415
        from edge_node.flows.pull import Pull  # noqa: PLC0415

        axis = self.parts.axis()
        acknowledge = Acknowledge(
            queue=self.parts.queue.arriving,
            due=self.parts.queue.next_due,
            axis=axis,
            retry=self.parts.retry,
            lease=self.parts.config.push.lease,
            answer_fail=self.parts.answer_fail,
        )
        look_back = LookBack(
            queue=self.parts.queue.arriving,
            marks=self.parts.queue.marks,
            axis=axis,
            every=self.parts.config.pull.look_back_every,
            overlap=self.parts.config.pull.overlap,
        )
        pull = Pull(
            queue=self.parts.queue.arriving,
            room=self.parts.room,
            spool=self.parts.spool,
            axis=axis,
            package_limit=self.parts.config.limits.package,
            limits=self.parts.limits,
            look_back=look_back,
            disbelief=Disbelief(marks=self.parts.queue.marks),
            answer_fail=self.parts.answer_fail,
            homing=self._homing(),
        )
        return self._plan([acknowledge, pull], Lane.ACKNOWLEDGE)

    def _report_lane(self) -> Plan:
        from edge_node.flows.report import Confirm  # noqa: PLC0415 - only for work

        axis = self.parts.axis()
        push = self._push(MessageType.STATUS, Lane.REPORT, axis)
        queue = self.parts.queue
        confirm = Confirm(queue=queue.outgoing, unsure=queue.unsure, axis=axis)
        flows = [self._take_statuses(), *push, confirm]
        return self._plan(flows, Lane.REPORT, Lane.STATUSES)

    def _take_statuses(self) -> TakeStatuses:
        from edge_node.adapters.status_folder import StatusFolder  # noqa: PLC0415 - only for work
        from edge_node.flows.in_hand import InHand  # noqa: PLC0415
        from edge_node.flows.report import TakeStatuses  # noqa: PLC0415

        queue = self.parts.queue
        return TakeStatuses(
            check=self.parts.check,
            folder=StatusFolder(self.parts.exchange, self.parts.settling()),
            give=self.parts.give(),
            in_hand=InHand(stranded=queue.statuses),
            tell=self.parts.tell,
            clock=time.monotonic,
        )

    def _deliver_lane(self) -> Plan:
        looking = self.parts.looking()
        plan = self._plan(self._local(looking), Lane.DELIVER, Lane.APPLY, Lane.DESTROY)

        def close() -> None:
            looking.close()
            plan.close()

        return replace(plan, close=close)

    def _local(self, looking: Looking) -> Sequence[Flow]:
        inbox = self.parts.inbox()
        return [
            changing.destroy(self.parts, inbox),
            self._deliver(looking, inbox),
            self._apply(inbox),
            self._deadlines(),
            *self._telling(),
            self._note_taken(inbox),
        ]

    def _deliver(self, looking: Looking, inbox: Inbox) -> Flow:
        from edge_node.flows.deliver import Deliver  # noqa: PLC0415 - only for work
        from edge_node.flows.door import Door  # noqa: PLC0415

        config, queue = self.parts.config, self.parts.queue
        return Deliver(
            queue=queue.arriving,
            requests=queue.requests,
            due=queue.next_due,
            room=self.parts.room,
            spool=self.parts.spool,
            inbox=inbox,
            door=Door(examines=looking, rules=config.door.incoming),
            sends=self.parts.sends,
            agency=config.agency.organization,
            codes=self.parts.codes,
            limits=self.parts.limits,
            tell=self.parts.tell,
            receipts=config.report.receipts,
            answer_fail=self.parts.answer_fail,
            retry=self.parts.retry,
            same_agency=self.parts.same_agency,
            objects=[doors.secret_content(self.parts, looking)],
            homing=self._homing(),
        )

    def _apply(self, inbox: Inbox) -> Flow:
        from edge_node.flows.apply import Apply  # noqa: PLC0415 - only for work

        return Apply(
            queue=self.parts.queue.arriving,
            asked_back=changing.asked_back(self.parts, inbox),
            due=self.parts.queue.next_due,
            limits=self.parts.limits,
            answer_fail=self.parts.answer_fail,
            same_agency=self.parts.same_agency,
        )

    def _telling(self) -> Sequence[Flow]:
        """Return what lays papers before the document software."""
        from edge_node.adapters.receipts import Receipts  # noqa: PLC0415 - only for work
        from edge_node.flows.tell import File, Notify  # noqa: PLC0415

        file = File(
            check=self.parts.check,
            paperwork=self.parts.queue.paperwork,
            filing=self.parts.filing(),
            tell=self.parts.tell,
        )
        notify = Notify(
            check=self.parts.check,
            history=self.parts.queue.history,
            receipts=Receipts(self.parts.exchange),
            tell=self.parts.tell,
        )
        return [file, notify]

    def _note_taken(self, inbox: Inbox) -> Flow:
        from edge_node.flows.taken import NoteTaken  # noqa: PLC0415 - only for work

        return NoteTaken(
            queue=self.parts.queue.arriving,
            inbox=inbox,
            clock=time.monotonic,
            every=self.parts.config.report.every,
        )

    def _homing(self) -> Homing:
        from edge_node.adapters.canaries import Canaries, is_canary_id  # noqa: PLC0415 - for work
        from edge_node.flows.canary import Homing  # noqa: PLC0415 - only for work

        return Homing(
            canaries=Canaries(self.parts.queue.file),
            spool=self.parts.spool,
            limits=self.parts.limits,
            codes=self.parts.codes,
            is_canary_id=is_canary_id,
        )

    def _canary(self) -> Sequence[Flow]:
        """Return what sends documents to ourselves, where that is wanted."""
        config = self.parts.config
        if config.canary.every is None:
            return []
        from edge_node.adapters.canaries import Canaries, canary_id  # noqa: PLC0415 - for work
        from edge_node.flows.canary import Canary  # noqa: PLC0415 - only for work

        canary = Canary(
            canaries=Canaries(self.parts.queue.file),
            spool=self.parts.spool,
            sends=self.parts.sends,
            agency=config.agency.organization,
            axis=config.axis.url,
            every=config.canary.every,
            new_id=canary_id,
            manifest_content_type=config.package.manifest_content_type.value,
        )
        return [canary]

    def _deadlines(self) -> Flow:
        from edge_node.adapters.alarms import Alarms  # noqa: PLC0415 - only for work
        from edge_node.flows.deadlines import Deadlines  # noqa: PLC0415
        from edge_node.node.terms import rules  # noqa: PLC0415

        section = self.parts.config.deadlines
        return Deadlines(
            alarms=Alarms(self.parts.queue.file),
            rules=rules(self.parts.config),
            every=section.every,
            forget_after=section.forget_after,
        )

    def trial(self) -> Flow:
        """Return what tries suspects alone, in children."""
        from edge_node.adapters.alone import Alone  # noqa: PLC0415 - only for work
        from edge_node.flows.trial import Trial  # noqa: PLC0415

        alone = Alone(self.parts.command)
        self.parts.children.append(alone)
        return Trial(
            queue=self.parts.queue.trials,
            arriving=self.parts.queue.arriving,
            outgoing=self.parts.queue.outgoing,
            files={Lane.INTAKE: self.intake(), Lane.STATUSES: self._take_statuses()},
            alone=alone,
            retry=self.parts.retry,
            clock=self.parts.clock,
            lease=self.parts.config.push.lease,
            answer_fail=self.parts.answer_fail,
        )

    def intake(self) -> Intake:
        """Return what takes drops in."""
        from edge_node.adapters.outbox import Outbox  # noqa: PLC0415 - only for work
        from edge_node.flows.intake import Intake  # noqa: PLC0415

        looking = self.parts.looking()
        return Intake(
            check=self.parts.check_and_learn,
            room=self.parts.room,
            outbox=Outbox(self.parts.exchange.outbox, self.parts.claims, self.parts.settling()),
            filing=self.parts.filing(),
            queue=self.parts.queue.outgoing,
            stranded=self.parts.queue.stranded,
            packing=self.parts.packing(looking),
            journal=self.parts.queue.history,
            secrecy=doors.secrecy(self.parts, looking),
            tell=self.parts.tell,
            clock=time.monotonic,
            new_id=lambda: ItemId(new_id("o")),
        )

    def _push(self, message: MessageType, lane: Lane, axis: Line) -> Sequence[Flow]:
        """Return what offers envelopes to the axis, and what asks about them while none may go."""
        from edge_node.flows.asking import Asking  # noqa: PLC0415 - only for work
        from edge_node.flows.push import Doubt, Push  # noqa: PLC0415
        from edge_node.flows.recheck import Recheck  # noqa: PLC0415

        config, queue = self.parts.config.push, self.parts.queue
        asking = Asking(message=message, queue=queue.unsure, axis=axis, clock=self.parts.clock)
        push = Push(
            message=message,
            lane=lane,
            queue=queue.outgoing,
            due=queue.next_due,
            spool=self.parts.spool,
            axis=axis,
            asking=asking,
            sends=self.parts.sends,
            retry=self.parts.retry,
            doubt=Doubt(resend=config.unsure is Unsure.RESEND, after=config.unsure_after),
            clock=self.parts.clock,
            lease=config.lease,
        )
        recheck = Recheck(
            message=message,
            lane=lane,
            queue=queue.outgoing,
            due=queue.next_due,
            asking=asking,
            sends=self.parts.sends,
            retry=self.parts.retry,
            lease=config.lease,
        )
        return [push, recheck]
