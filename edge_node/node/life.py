"""The life of a node: made ready, kept, and let go; and what is done outside of its lanes."""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

from edge_node.adapters.disk import AccessDenied, disk_errors
from edge_node.adapters.exchange import ForeignFolder
from edge_node.adapters.pauses import Pauses
from edge_node.adapters.safekeeping import YOUNG, Safekeeping, demand_usable
from edge_node.adapters.strays import Strays
from edge_node.adapters.upgrading import upgrade
from edge_node.adapters.witness import Witness
from edge_node.domain.actor import THE_NODE, Actor
from edge_node.domain.directory import DirectoryUnusable
from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import FolderMissing
from edge_node.node.lanes import Lanes, Plan
from edge_node.node.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from edge_node.adapters.sends import Held
    from edge_node.adapters.watcher import Watcher
    from edge_node.domain.envelope import Digest
    from edge_node.domain.recovery import Recovery
    from edge_node.flows.recall import RecallOrder
    from edge_node.flows.resend import Resend

log = logging.getLogger(__name__)

# What resend, adopt and release give work to.
_RUNG_BY_COMMANDS: Final = ("push", "deliver", "report", "trial")


@dataclass(kw_only=True)
class Node(Parts):
    """One agency's node."""

    _watcher: Watcher | None = field(default=None, init=False)

    @cached_property
    def safekeeping(self) -> Safekeeping:
        """What keeps the queue from being lost."""
        return Safekeeping(
            queue=self.queue,
            pauses=Pauses(self.queue.file),
            backups=self.backups,
            waybills=self.waybills,
            every=self.config.backup.every,
            keep=self.config.backup.keep,
        )

    def set_up(self) -> None:
        """Make every folder and the queue, for a node that is new."""
        data = self.config.folders.data
        with disk_errors(data):
            # The software goes through it where the exchange folder lies in it, by the group.
            data.mkdir(mode=0o750, parents=True, exist_ok=True)
        self.exchange.create(self.config.agency.code)
        self.spool.create()
        self.sends.compare(now=self.clock())
        self._let_read()
        self.queue.close()  # it is there now; nothing in it is touched, a daemon may be at work

    def _let_read(self) -> None:
        """Let the group of readers look into what the node keeps, where one is configured."""
        if not self.config.access.readers:
            return
        from edge_node.adapters.access import let_read  # noqa: PLC0415 - few configure one

        folders = self.config.folders
        let_read(
            self.config.access.readers,
            data=folders.data,
            queue=folders.queue,
            spool=folders.spool,
            exchange=folders.exchange,
        )

    def prepare(self) -> None:
        """
        Make ready for work, on behalf of the only process that works here.

        Where the exchange folder is away (a share that is not mounted, or does not answer) what
        needs no folder works all the same; that of another agency is an error, ForeignFolder.
        """
        is_here = self._exchange_is_here()
        demand_usable(self.config.folders.queue, self.backups, self.waybills)
        self._bring_up()
        self.spool.create()
        self.waybills.create()
        self.spool.sweep()
        self.filing().sweep()
        if is_here:
            self.exchange.sweep()
            self.inbox().sweep()
        now = self.clock()
        self.sends.compare(now=now)
        self._let_read()
        crashes = self.config.limits.crashes
        self.queue.free_all(now=now, ask_after=self.config.push.retry_first, crashes=crashes)
        self.queue.sweep(now=now, ceiling=self.config.push.retry_ceiling, crashes=crashes)
        self._take_in_strays(now, queued=self.exchange.queued if is_here else None)
        if is_here:
            self._learn_at_start(now)
        else:
            self.queue.learning.put_off(whole=False)
        held = self.sends.held()
        _say_if_held(held)
        if held is None:  # an older state of the queue does not name all that is ours
            self.spool.sweep_packages(self.queue.names_package, before=now - YOUNG)

    def _bring_up(self) -> None:
        """Bring what an older release left up to this one; the directory is fetched anew."""
        upgrade(self.config.folders.queue, self.backups, now=self.clock())
        try:
            if self.directory.begin_anew():
                log.warning("the directory of agencies is of another version, and fetched anew")
        except DirectoryUnusable as error:
            seen = {"error": str(error), "hint": str(error.hint or "")}
            log.warning("the directory of agencies cannot be used", extra=seen)

    def _exchange_is_here(self) -> bool:
        """Tell whether the exchange folder is there; ForeignFolder where it is another's."""
        try:
            self.exchange.check(self.config.agency.code)
        except ForeignFolder:
            raise
        except FolderMissing as error:
            # Each flow that needs it looks again with every turn, and rests until it is there.
            seen = {"error": str(error), "hint": str(error.hint or "")}
            log.warning("the exchange folder is away", extra=seen)
            return False
        return True

    def _take_in_strays(self, now: datetime, *, queued: Path | None) -> None:
        """Have the queue know again what was forgotten when an older state of it was put back."""
        strays = Strays(
            queue=self.queue,
            waybills=self.waybills,
            queued=queued,
            claims=self.claims,
            has_package=self._has_package,
        )
        found = strays.find()
        if found or found.doubtful:
            self.sends.pause(now=now)  # any of it may have been sent since
        if found:
            self.sends.doubt(up_to=found.newest_arrival)  # first: it is not found a second time
            strays.take_in(found, now=now)
        for folder in found.doubtful:
            seen = {"path": str(folder)}
            log.error("not known here any more, and it may have been sent", extra=seen)

    def _learn_at_start(self, now: datetime) -> None:
        """Learn what the exchange folder knows; where it cannot be read, drops wait until then."""
        try:
            self._miss_nothing_sent(now)
            self.learn(again=bool(self.unread()))
        except (FolderMissing, AccessDenied) as error:
            self.queue.learning.put_off(whole=True)
            seen = {"error": str(error), "hint": str(error.hint or "")}
            log.error("the exchange folder cannot be read", extra=seen)  # noqa: TRY400 - that says it all

    def _miss_nothing_sent(self, now: datetime) -> None:
        """Pause sending where the queue does not know what was sent last: it is an older one."""
        if not (self.queue.learning.due or self._knows_what_was_sent_last()):
            log.error("the queue does not know what lies in sent/")
            self.sends.pause(now=now)

    def _has_package(self, digest: Digest) -> bool:
        return self.spool.path(digest).is_file()

    def lanes(self) -> dict[str, Plan]:
        """Return the flows by the thread they share; each thread has its own connections."""
        return Lanes(self).all()

    def resend(self) -> Resend:
        """Return what puts a document back into the queue."""
        from edge_node.flows.resend import Resend  # noqa: PLC0415 - only where it is used

        return Resend(queue=self.queue.outgoing, repacking=self.repacking())

    def recall_order(self) -> RecallOrder:
        """Return what has a document back."""
        from edge_node.node.changing import recall_order  # noqa: PLC0415 - only where it is used

        return recall_order(self)

    def recover(self, *, offline: bool, actor: Actor = THE_NODE) -> Recovery:
        """
        Rebuild a queue that was lost; ``offline``: without asking the axis what it has.

        What is done to documents meanwhile bears the name of ``actor`` in the journal.
        """
        from edge_node.adapters.rebuilding import Rebuilding, Sources  # noqa: PLC0415 - only here
        from edge_node.flows.asking import Asking  # noqa: PLC0415
        from edge_node.flows.recover import Recover  # noqa: PLC0415

        def asking() -> Asking:
            message, unsure = MessageType.DOCUMENT, rebuilding.queue.unsure
            return Asking(message=message, queue=unsure, axis=self.axis(), clock=self.clock)

        sources = Sources(
            queue=self.config.folders.queue,
            backups=self.backups,
            waybills=self.waybills,
            witness=Witness(self.config.folders.witness),
            has_package=self._has_package,
        )
        rebuilding = Rebuilding(sources, now=self.clock(), actor=actor)
        try:
            return Recover(queue=rebuilding, asking=None if offline else asking).turn(self.clock())
        finally:
            rebuilding.abandon()
            self.hang_up()

    @contextmanager
    def watching(self, ring: Callable[[str], None]) -> Iterator[None]:
        """Ring the lane whose folder changes, for as long as the block lasts."""
        from edge_node.adapters.watcher import Watcher  # noqa: PLC0415 - 62 ms

        lanes = {
            self._bell: _RUNG_BY_COMMANDS,  # first: of the others one may hang
            self.exchange.outbox: ("intake",),
            self.exchange.statuses: ("report",),
        }
        with disk_errors(self._bell):
            self._bell.mkdir(mode=0o700, exist_ok=True)

        def ring_all(folder: Path) -> None:
            for lane in lanes[folder]:
                ring(lane)

        self._watcher = Watcher(tuple(lanes), ring_all, polling=self.polls)
        self._watcher.start()
        for folder in lanes:
            ring_all(folder)  # what came after the lanes' first look, before anybody listened
        try:
            yield
        finally:
            self._watcher.stop()
            self._watcher = None

    @property
    def watcher(self) -> Watcher | None:
        """Who listens at the folders while this node works; None while nobody does."""
        return self._watcher

    @property
    def _bell(self) -> Path:
        """A folder of our own in which commands let a node at work know of what they did."""
        return self.config.folders.data / "bell"

    def ring(self) -> None:
        """Have a node that works beside us look at once; without it, it looks at its upkeep."""
        with suppress(OSError):  # none ever watched here, or it is somebody else's folder
            rung = self._bell / "rung"
            rung.unlink(missing_ok=True)
            rung.touch()

    def scan_interval(self) -> timedelta:
        """Return how often the outbox is looked through whether or not anything rings."""
        intake = self.config.intake
        return intake.poll_every if self.polls else intake.scan_every

    def upkeep(
        self,
        *,
        clock_set_by: timedelta = timedelta(),
        follow: Callable[[timedelta], None] = lambda _: None,
    ) -> None:
        """
        Do what has to be done from time to time.

        Where somebody set the machine's clock ``follow`` moves ours by as much (`Queue`).
        """
        ceiling, crashes = self.config.push.retry_ceiling, self.config.limits.crashes
        self.queue.file.demand_unharmed()
        if clock_set_by:
            now = self.clock() + clock_set_by
            self.queue.clock_was_set(now=now, by=clock_set_by, follow=follow)
        self.queue.sweep(now=self.clock(), ceiling=ceiling, crashes=crashes)
        if self._watcher is not None:
            self._watcher.check()

    def forget_statements(self) -> None:
        """Throw out what authorities said of certificates and nobody needs any more."""
        from edge_node.node.trusting import forget_statements  # noqa: PLC0415 - once a day

        forget_statements(self.config, now=self.clock())

    def hang_up(self) -> None:
        """Cut every connection to the axis, and end every child, whoever is waiting on it."""
        for axis in self.axes:
            axis.close()
        for alone in self.children:
            alone.end()
        for looking in self.lookings:
            looking.close()
        for sealing in self.sealings:
            sealing.close()

    def close(self) -> None:
        """Let go of what this thread holds."""
        self.hang_up()
        if "queue" in self.__dict__:  # it is not opened to be closed
            self.queue.close()
        if "directory" in self.__dict__:
            self.directory.close()


def _say_if_held(held: Held | None) -> None:
    if held is not None:
        seen = {"sent_here": held.counted, "sent_in_all": held.witnessed}
        log.error("sending is paused: this data folder may be an older state", extra=seen)
