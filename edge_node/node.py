"""
One node, built from one configuration; the only place where flows and adapters meet.

Nothing is opened before it is needed: a command that only reads the queue loads neither the HTTP
client nor the watcher.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import new_id
from edge_node.adapters.exchange import Exchange
from edge_node.adapters.queue import Queue
from edge_node.adapters.spool import Spool
from edge_node.catalogue import tell
from edge_node.config import Unreadable, Watch
from edge_node.domain.envelope import ItemId, Lane, MessageType
from edge_node.domain.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from edge_node.adapters.axis import VxpAxis
    from edge_node.adapters.drops import OutboxSettings
    from edge_node.adapters.filing import Filing
    from edge_node.adapters.inbox import Inbox
    from edge_node.adapters.watcher import Watcher
    from edge_node.config import Config
    from edge_node.flows.intake import Packing
    from edge_node.flows.ports import Flow
    from edge_node.flows.resend import Resend
    from edge_node.protocol import edxml


# A command that runs beside us has entered by then what it stored.
_YOUNG: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The flows that share a thread, and what to let go of when it ends."""

    flows: Sequence[Flow]
    close: Callable[[], None]


@dataclass(kw_only=True)
class Node:
    """The parts of one agency's node, joined."""

    config: Config
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    _watcher: Watcher | None = field(default=None, init=False)

    @cached_property
    def queue(self) -> Queue:
        """The queue; opening it brings its schema up to date."""
        self.config.folders.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Queue(self.config.folders.queue)

    @cached_property
    def exchange(self) -> Exchange:
        """The folders shared with the document software."""
        return Exchange(self.config.folders.exchange)

    @cached_property
    def spool(self) -> Spool:
        """Our own folder of packages."""
        return Spool(self.config.folders.spool)

    def set_up(self) -> None:
        """Make every folder and the queue, for a node that is new."""
        self.exchange.create(self.config.agency.code)
        self.spool.create()
        self.queue.close()  # it is there now; nothing in it is touched, a daemon may be at work

    def prepare(self) -> None:
        """Make ready for work, on behalf of the only process that works here."""
        self.exchange.check(self.config.agency.code)
        self.spool.create()
        self.spool.sweep()
        self._inbox().sweep()
        now = self.clock()
        self.queue.free_all(now=now, ask_after=self.config.push.retry_first)
        self.spool.sweep_packages(self.queue.names_package, before=now - _YOUNG)

    def lanes(self) -> dict[str, Plan]:
        """Return the flows by the thread they share; each thread has its own connections."""
        return {
            "intake": self._plan([self._intake()]),
            "push": self._push_lane(),
            "pull": self._pull_lane(),
            "deliver": self._plan(self._local()),
            "report": self._report_lane(),
        }

    def resend(self) -> Resend:
        """Return what puts a document back into the queue."""
        from edge_node.flows.resend import Resend  # noqa: PLC0415 - only where it is used

        return Resend(
            queue=self.queue.outgoing,
            spool=self.spool,
            limits=self._limits,
            manifest_content_type=self.config.package.manifest_content_type.value,
        )

    @contextmanager
    def watching(self, ring: Callable[[str], None]) -> Iterator[None]:
        """Ring the lane whose folder changes, for as long as the block lasts."""
        from edge_node.adapters.watcher import Watcher  # noqa: PLC0415 - 62 ms

        lanes = {self.exchange.outbox: "intake", self.exchange.statuses: "report"}
        self._watcher = Watcher(
            tuple(lanes), lambda folder: ring(lanes[folder]), polling=self._polls
        )
        self._watcher.start()
        try:
            yield
        finally:
            self._watcher.stop()
            self._watcher = None

    def scan_interval(self) -> timedelta:
        """Return how often the outbox is looked through whether or not anything rings."""
        intake = self.config.intake
        return intake.poll_every if self._polls else intake.scan_every

    def upkeep(self) -> None:
        """Do what has to be done from time to time."""
        self.queue.sweep(now=self.clock(), ceiling=self.config.push.retry_ceiling)
        if self._watcher is not None:
            self._watcher.check()

    def hang_up(self) -> None:
        """Cut every connection to the axis, whoever is waiting on it."""
        for axis in self._axes:
            axis.close()

    def close(self) -> None:
        """Let go of what this thread holds."""
        self.hang_up()
        self.queue.close()

    # ── the lanes ────────────────────────────────────────────────────────────────────────────

    def _plan(self, flows: Sequence[Flow]) -> Plan:
        return Plan(flows=flows, close=self.queue.close)

    def _push_lane(self) -> Plan:
        return self._plan([self._push(MessageType.DOCUMENT, Lane.PUSH, self._axis())])

    def _pull_lane(self) -> Plan:
        from edge_node.flows.pull import Acknowledge, Pull  # noqa: PLC0415 - only for work

        axis = self._axis()
        acknowledge = Acknowledge(
            queue=self.queue.arriving,
            due=self.queue.next_due,
            axis=axis,
            retry=self._retry,
            lease=self.config.push.lease,
            answer_fail=self._answer_fail,
        )
        pull = Pull(
            queue=self.queue.arriving,
            spool=self.spool,
            axis=axis,
            package_limit=self.config.limits.package,
            answer_fail=self._answer_fail,
        )
        return self._plan([acknowledge, pull])

    def _report_lane(self) -> Plan:
        from edge_node.adapters.status_folder import StatusFolder  # noqa: PLC0415 - only for work
        from edge_node.flows.report import Confirm, TakeStatuses  # noqa: PLC0415

        axis = self._axis()
        take = TakeStatuses(
            check=self._check,
            folder=StatusFolder(self.exchange, self._settling()),
            queue=self.queue.outgoing,
            arriving=self.queue.arriving,
            agency=self.config.agency.organization,
            tell=self._tell,
            clock=time.monotonic,
        )
        push = self._push(MessageType.STATUS, Lane.REPORT, axis)
        return self._plan([take, push, Confirm(queue=self.queue.outgoing, axis=axis)])

    def _local(self) -> Sequence[Flow]:
        from edge_node.adapters.receipts import Receipts  # noqa: PLC0415 - only for work
        from edge_node.flows.apply import Apply  # noqa: PLC0415
        from edge_node.flows.deliver import Deliver, NoteTaken  # noqa: PLC0415
        from edge_node.flows.tell import File, Notify  # noqa: PLC0415

        config, queue = self.config, self.queue
        inbox = self._inbox()
        deliver = Deliver(
            queue=queue.arriving,
            due=queue.next_due,
            spool=self.spool,
            inbox=inbox,
            agency=config.agency.organization,
            codes=self._codes,
            limits=self._limits,
            tell=self._tell,
            receipts=config.report.receipts,
            answer_fail=self._answer_fail,
            retry=self._retry,
        )
        apply = Apply(
            queue=queue.arriving,
            due=queue.next_due,
            limits=self._limits,
            answer_fail=self._answer_fail,
        )
        file = File(
            check=self._check, paperwork=queue.paperwork, filing=self._filing(), tell=self._tell
        )
        notify = Notify(
            check=self._check,
            history=queue.history,
            receipts=Receipts(self.exchange),
            tell=self._tell,
        )
        taken = NoteTaken(
            queue=queue.arriving,
            inbox=inbox,
            clock=time.monotonic,
            every=self.config.report.every,
        )
        return [deliver, apply, file, notify, taken]

    def _intake(self) -> Flow:
        from edge_node.adapters.outbox import Outbox  # noqa: PLC0415 - only for work
        from edge_node.flows.intake import Intake  # noqa: PLC0415

        return Intake(
            check=self._check,
            outbox=Outbox(self.exchange.outbox, self._claims, self._settling()),
            filing=self._filing(),
            spool=self.spool,
            queue=self.queue.outgoing,
            packing=self._packing(),
            tell=self._tell,
            clock=time.monotonic,
            new_id=lambda: ItemId(new_id("o")),
        )

    # ── the parts ────────────────────────────────────────────────────────────────────────────

    def _push(self, message: MessageType, lane: Lane, axis: VxpAxis) -> Flow:
        from edge_node.flows.push import Push  # noqa: PLC0415 - only for work

        return Push(
            message=message,
            lane=lane,
            queue=self.queue.outgoing,
            due=self.queue.next_due,
            spool=self.spool,
            axis=axis,
            retry=self._retry,
            clock=self.clock,
            lease=self.config.push.lease,
        )

    def _packing(self) -> Packing:
        from edge_node.flows.bare import order_for  # noqa: PLC0415 - only for work
        from edge_node.flows.intake import Packing  # noqa: PLC0415
        from edge_node.protocol.handoff import OrderSettings  # noqa: PLC0415

        config = self.config
        settings = OrderSettings(
            document_types=config.package.document_types,
            type_detail=config.package.type_detail,
            steering=config.package.steering_type,
            place=config.package.place,
        )
        return Packing(
            agency=config.agency.organization,
            codes=self._codes,
            order=settings,
            bare=partial(
                order_for,
                rules=config.intake.rules,
                sender=config.agency.organization,
                settings=settings,
            ),
            limits=self._limits,
            manifest_content_type=config.package.manifest_content_type.value,
        )

    def _settling(self) -> OutboxSettings:
        from edge_node.adapters.drops import OutboxSettings  # noqa: PLC0415 - only for work

        intake = self.config.intake
        return OutboxSettings(
            quiet=intake.quiet,
            settle_timeout=intake.settle_timeout,
            bare_grace=intake.bare_grace,
            rules=[rule.match for rule in intake.rules],
        )

    def _axis(self) -> VxpAxis:
        from edge_node.adapters.axis import VxpAxis  # noqa: PLC0415 - 70 ms
        from edge_node.adapters.secret import read_secret, secret_path  # noqa: PLC0415

        section = self.config.axis
        axis = VxpAxis(
            url=section.url,
            system_id=section.system_id,
            secret=read_secret(secret_path(section.secret_file, os.environ)),
            ca_file=section.ca_file,
            connect_timeout=section.connect_timeout,
            total_timeout=section.total_timeout,
            hash_file_style=section.hash_file,
            fetch=section.fetch,
            to_header=section.to_header,
            clock=self.clock,
        )
        self._axes.append(axis)
        return axis

    @cached_property
    def _axes(self) -> list[VxpAxis]:
        return []

    @property
    def _claims(self) -> Path:
        return self.config.folders.spool / "claims"

    def _filing(self) -> Filing:
        from edge_node.adapters.filing import Filing  # noqa: PLC0415 - only for work

        return Filing(self.exchange, self._claims)

    def _check(self) -> None:
        self.exchange.recognise(self.config.agency.code)

    def _inbox(self) -> Inbox:
        from edge_node.adapters.inbox import Inbox  # noqa: PLC0415 - only for work

        return Inbox(self.exchange, self.config.agency.code)

    @property
    def _polls(self) -> bool:
        from edge_node.adapters.mounts import is_remote  # noqa: PLC0415 - only for work

        watch = self.config.intake.watch
        return watch is Watch.POLLING or (watch is Watch.AUTO and is_remote(self.exchange.root))

    @property
    def _codes(self) -> frozenset[str]:
        return frozenset({self.config.agency.code, *self.config.agency.aliases})

    @property
    def _answer_fail(self) -> bool:
        return self.config.pull.unreadable is Unreadable.FAIL

    @property
    def _retry(self) -> RetryPolicy:
        push = self.config.push
        return RetryPolicy(
            first=push.retry_first, ceiling=push.retry_ceiling, attempts=push.attempts
        )

    @property
    def _limits(self) -> edxml.Limits:
        from edge_node.protocol import edxml  # noqa: PLC0415 - only for work

        limits = self.config.limits
        return edxml.Limits(
            package=limits.package,
            attachment=limits.attachment,
            attachments=limits.attachments,
            total=limits.unpacked,
        )

    @property
    def _tell(self) -> Callable[..., str]:
        return partial(tell, language=self.config.language)
