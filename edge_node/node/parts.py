"""
The parts of one agency's node, made when they are first asked for.

Nothing is opened before it is needed: a command that only reads the queue loads neither the HTTP
client nor the watcher. What is done with the parts is `lanes`' and `life`'s affair.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING

from edge_node.adapters.answering import Answering
from edge_node.adapters.backup import Backups
from edge_node.adapters.directory import Directory
from edge_node.adapters.exchange import Exchange
from edge_node.adapters.headroom import Headroom, Marks
from edge_node.adapters.queue import Queue
from edge_node.adapters.safekeeping import demand_not_lost
from edge_node.adapters.sends import Sends
from edge_node.adapters.spool import Spool
from edge_node.adapters.waybills import Waybills
from edge_node.adapters.witness import Witness
from edge_node.catalogue import tell
from edge_node.config import Unreadable, Watch
from edge_node.domain.breaker import Circuit
from edge_node.domain.errors import FolderMissing
from edge_node.domain.retry import RetryPolicy
from edge_node.node import knowing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from edge_node.adapters.alone import Alone
    from edge_node.adapters.axis import VxpAxis
    from edge_node.adapters.clock_watch import ClockWatch
    from edge_node.adapters.drops import OutboxSettings
    from edge_node.adapters.filing import Filing
    from edge_node.adapters.inbox import Inbox
    from edge_node.adapters.line import Line, Upstream
    from edge_node.adapters.shelves import Shelves
    from edge_node.config import Config
    from edge_node.domain.item import ItemId
    from edge_node.flows.give import Give
    from edge_node.flows.packing import Packing
    from edge_node.flows.resend import Repacking
    from edge_node.node.desks import Looking, Sealing
    from edge_node.protocol import edxml
    from edge_node.protocol.vxp_verdicts import Verdicts

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Parts:
    """What one node is made of, by its configuration."""

    config: Config
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    monotonic: Callable[[], float] = time.monotonic
    command: Sequence[str] = ()  # what starts this program on this configuration, for trials
    only: ItemId | None = None  # work on this item, suspected or not, and on no other

    @cached_property
    def queue(self) -> Queue:
        """The queue; QueueDamaged if it was lost, QueueOlder before `prepare` brought it up."""
        folders = self.config.folders
        folders.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        demand_not_lost(folders.queue, self.backups, self.waybills)
        return Queue(folders.queue, self.waybills, only=self.only, same=self.same_agency)

    @cached_property
    def exchange(self) -> Exchange:
        """The folders shared with the document software."""
        return Exchange(self.config.folders.exchange, self.answering)

    @cached_property
    def answering(self) -> Answering:
        """Whether the exchange folder answers."""
        return Answering(self.config.folders.exchange)

    @cached_property
    def spool(self) -> Spool:
        """Our own folder of packages."""
        return Spool(self.config.folders.spool)

    @property
    def waybills(self) -> Waybills:
        """What is known of each item outside of the queue."""
        return Waybills(self.config.folders.spool / "items")

    @property
    def backups(self) -> Backups:
        """Copies of the queue."""
        return Backups(self.config.folders.backups, self._copies_answer)

    @cached_property
    def _copies_answer(self) -> Answering:
        return Answering(self.config.folders.backups)

    @cached_property
    def directory(self) -> Directory:
        """The directory of agencies, in a file of its own."""
        return Directory(self.config.folders.directory)

    def same_agency(self, code: str) -> frozenset[str]:
        """Return every code the agency of this code is known to go by."""
        return self._codes_known(code)

    @cached_property
    def _codes_known(self) -> Callable[[str], frozenset[str]]:
        from edge_node.node.knowing import same_agency  # noqa: PLC0415 - only for work

        return same_agency(self)  # one for all: it says once that it cannot be asked

    def close_files(self) -> None:
        """Close what this thread has open of the queue and of the directory."""
        self.queue.close()
        self.directory.close()

    @cached_property
    def sends(self) -> Sends:
        """How much was sent, and whether sending is paused."""
        return Sends(self.queue.file, Witness(self.config.folders.witness))

    @cached_property
    def upstream(self) -> Upstream:
        """What all lanes know of the axis: whether it is down, and when it is probed."""
        from edge_node.adapters.line import Upstream  # noqa: PLC0415 - only for work

        section = self.config.axis
        circuit = Circuit(
            first=section.probe_first.total_seconds(),
            ceiling=section.probe_ceiling.total_seconds(),
        )
        return Upstream(circuit, clock=self.clock, monotonic=self.monotonic)

    @cached_property
    def clock_watch(self) -> ClockWatch:
        """What all lanes hear of the axis's clock."""
        from edge_node.adapters.clock_watch import ClockWatch  # noqa: PLC0415 - only for work

        return ClockWatch(self.config.axis.clock_tolerance)

    def axis(self) -> Line:
        """Return a line to the axis of its own, for one thread."""
        from edge_node.adapters.line import Line  # noqa: PLC0415 - only for work

        axis = self.wire()
        self.axes.append(axis)
        return Line(axis, self.upstream)

    def wire(self) -> VxpAxis:
        """Return what makes the calls of the axis; nothing is opened before the first one."""
        from edge_node.adapters.axis import VxpAxis  # noqa: PLC0415 - 70 ms
        from edge_node.adapters.secret import read_secret, secret_path  # noqa: PLC0415

        section = self.config.axis
        return VxpAxis(
            url=section.url,
            system_id=section.system_id,
            secret=read_secret(secret_path(section.secret_file, os.environ)),
            ca_file=section.ca_file,
            connect_timeout=section.connect_timeout,
            total_timeout=section.total_timeout,
            probe_timeout=section.probe_timeout,
            hash_file_style=section.hash_file,
            fetch=section.fetch,
            to_header=section.to_header,
            clock=self.clock,
            verdicts=self.verdicts,
            watch=self.clock_watch,
        )

    @property
    def verdicts(self) -> Verdicts:
        """What the axis's answers mean, as configured."""
        from edge_node.protocol.vxp_verdicts import Meaning, Verdicts  # noqa: PLC0415 - only here

        codes = self.config.axis.codes.items()
        return Verdicts(codes={code: Meaning(meaning.value) for code, meaning in codes})

    @cached_property
    def axes(self) -> list[VxpAxis]:
        """Every line there is, to be cut at the end."""
        return []

    @cached_property
    def children(self) -> list[Alone]:
        """What tries suspects alone, to be ended at the end."""
        return []

    @cached_property
    def lookings(self) -> list[Looking]:
        """Whoever looks into files, a lane each; their children are ended at the end."""
        return []

    def looking(self) -> Looking:
        """Return whoever looks into files for one lane."""
        from edge_node.node.desks import Looking  # noqa: PLC0415 - only for work

        self.lookings.append(Looking(self.config))
        return self.lookings[-1]

    @cached_property
    def sealings(self) -> list[Sealing]:
        """Whoever signs, a lane each; their children are ended at the end."""
        return []

    def sealing(self, looking: Looking) -> Sealing | None:
        """Return whoever signs for one lane; None where no key is configured."""
        from edge_node.node.desks import Sealing  # noqa: PLC0415 - only for work

        if not self.config.signing.keys:
            return None
        self.sealings.append(Sealing(self.config, looking, clock=self.clock))
        return self.sealings[-1]

    @property
    def claims(self) -> Path:
        """Where drops lie that are being taken in."""
        return self.config.folders.spool / "claims"

    def filing(self) -> Filing:
        """Return where taken-in drops are filed."""
        from edge_node.adapters.filing import Filing  # noqa: PLC0415 - only for work

        return Filing(self.exchange, self.claims)

    def check(self) -> None:
        """FolderMissing unless it is our exchange folder that is there."""
        self.exchange.recognise(self.config.agency.code)

    def inbox(self) -> Inbox:
        """Return where incoming documents wait for the software."""
        from edge_node.adapters.inbox import Inbox  # noqa: PLC0415 - only for work

        return Inbox(self.exchange, self.config.agency.code)

    @property
    def room(self) -> Headroom:
        """How much disk and memory is left."""
        folders, limits = self.config.folders, self.config.limits
        return Headroom(
            data=folders.data,
            exchange=folders.exchange,
            marks=Marks(
                space=limits.free_space, files=limits.free_files, memory=limits.free_memory
            ),
            answers=self.answering.demand,
        )

    def settling(self) -> OutboxSettings:
        """Return how a drop is known to be complete."""
        from edge_node.adapters.drops import OutboxSettings  # noqa: PLC0415 - only for work

        intake = self.config.intake
        return OutboxSettings(
            quiet=intake.quiet,
            settle_timeout=intake.settle_timeout,
            bare_grace=intake.bare_grace,
            rules=[rule.match for rule in intake.rules],
            urgencies=[rule.priority for rule in intake.rules],
        )

    @property
    def polls(self) -> bool:
        """Whether the exchange folder has to be polled; one that is silent is somebody else's."""
        from edge_node.adapters.mounts import is_remote  # noqa: PLC0415 - only for work

        watch = self.config.intake.watch
        if watch is Watch.AUTO:
            try:
                self.answering.demand()
            except FolderMissing:
                return True
            return is_remote(self.exchange.root)
        return watch is Watch.POLLING

    @property
    def codes(self) -> frozenset[str]:
        """Every code this agency goes by."""
        return frozenset({self.config.agency.code, *self.config.agency.aliases})

    @property
    def answer_fail(self) -> bool:
        """Whether the axis hears of what cannot be read."""
        return self.config.pull.unreadable is Unreadable.FAIL

    @property
    def retry(self) -> RetryPolicy:
        """When to try again."""
        push = self.config.push
        return RetryPolicy(
            first=push.retry_first, ceiling=push.retry_ceiling, attempts=push.attempts
        )

    @property
    def limits(self) -> edxml.Limits:
        """How large a package may be, and what is in it."""
        from edge_node.protocol import edxml  # noqa: PLC0415 - only for work

        limits = self.config.limits
        return edxml.Limits(
            package=limits.package,
            attachment=limits.attachment,
            attachments=limits.attachments,
            total=limits.unpacked,
        )

    @property
    def tell(self) -> Callable[..., str]:
        """Puts sentences into the language of the agency."""
        return partial(tell, language=self.config.language)

    def give(self) -> Give:
        """Return what gives a status of a document that came, for whomever."""
        from edge_node.flows.give import Give  # noqa: PLC0415 - only for work

        agency = self.config.agency.organization
        receipts = self.config.report.receipts
        return Give(queue=self.queue.speaking, sends=self.sends, agency=agency, receipts=receipts)

    def repacking(self) -> Repacking:
        """Return what makes a package for fewer receivers."""
        from edge_node.flows.resend import Repacking  # noqa: PLC0415 - only where it is used

        return Repacking(
            spool=self.spool,
            limits=self.limits,
            manifest_content_type=self.config.package.manifest_content_type.value,
        )

    def packing(self, looking: Looking | None = None) -> Packing:
        """Return how drops are read and packed, and looked into by whom."""
        from edge_node.flows.packing import Packing  # noqa: PLC0415 - only for work
        from edge_node.node import changing, doors  # noqa: PLC0415

        return Packing(
            reads=doors.dropped(self),
            spool=self.spool,
            queue=self.queue.outgoing,
            manifest_content_type=self.config.package.manifest_content_type.value,
            filed=self.shelves.drop,
            recognise=self.queue.learning.recognise,
            signatures=doors.signatures(self, looking or self.looking()),
            receivers=knowing.receivers(self),
            recalling=changing.recalling(self),
        )

    @property
    def shelves(self) -> Shelves:
        """Where drops lie with their papers."""
        from edge_node.adapters.shelves import Shelves  # noqa: PLC0415 - only for work

        return Shelves(self.exchange)

    def learn(self, *, again: bool = False) -> None:
        """
        Have the queue know what only the exchange folder knows, where that is still open.

        ``again``: though it was done, because a person may have mended what could not be read.
        """
        if not (again or self.queue.learning.due):
            return
        if self.queue.learning.looks_first and self._knows_what_was_sent_last():
            self.queue.learning.all_known()
            return
        from edge_node.flows.learn import Learn  # noqa: PLC0415 - hardly ever

        now = self.clock()
        learn = Learn(
            shelves=self.shelves,
            filing=self.filing(),
            queue=self.queue.learning,
            packing=self.packing(),
        )
        learnt = learn.turn(now)
        if learnt.documents:
            # Who forgot these may have forgotten more: what was received, what waits.
            self.sends.pause(now=now)
        self.queue.learning.finish(learnt)
        seen = {"documents": learnt.documents, "held": learnt.held, "news": learnt.news}
        log.warning("the exchange folder was read", extra=seen | {"unread": len(learnt.unread)})

    def _knows_what_was_sent_last(self) -> bool:
        papers = (filed.papers for filed in self.shelves.newest())
        return all(self.queue.learning.holds(each.id) for each in papers if each)

    def unread(self) -> tuple[str, ...]:
        """Return which folders of documents nobody knows and nobody can read, and still lie."""
        folders = self.queue.learning.unread()
        return tuple(folder for folder in folders if self.shelves.lies(folder))

    def check_and_learn(self) -> None:
        """FolderMissing as `check`; what was to be learnt is learnt before anything is taken."""
        self.check()
        self.learn()
