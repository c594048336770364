"""
A node that only rehearses: it knows what the node knows, and leaves nothing behind.

It works whether or not a node runs here, or ever did: without a queue it compares with nothing,
and says so. All that would be written goes into a room that is gone at the end. One thing is kept:
a PIN that a token refused is never told to it again.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from edge_node.adapters.claims import as_it_lies
from edge_node.adapters.directory import Directory
from edge_node.adapters.durable import disk_errors, room
from edge_node.adapters.lying import denied_to
from edge_node.adapters.queue import Queue
from edge_node.adapters.reading import ReadingFile
from edge_node.adapters.safekeeping import demand_not_lost
from edge_node.adapters.spool import Spool
from edge_node.adapters.statements import Statements
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say
from edge_node.flows.dropped import AGAIN
from edge_node.flows.foretelling import Foretelling, Foretold, Problem, Problems
from edge_node.flows.intake import room_for
from edge_node.node import doors
from edge_node.node.desks import Looking, Sealing
from edge_node.node.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_node.adapters.drops import Drop
    from edge_node.adapters.examining import Examiner
    from edge_node.adapters.lying import Lying
    from edge_node.config import Config
    from edge_node.domain.item import ItemId
    from edge_node.domain.message import Message
    from edge_node.flows.packing import Packing
    from edge_node.node import trusting


@dataclass(kw_only=True)
class Rehearsing(Parts):
    """The parts of a node, those that keep anything replaced; ``aside`` is a room of ours."""

    aside: Path
    uncompared: list[Message] = field(default_factory=list)

    @cached_property
    def queue(self) -> Queue:
        """The queue as it is; an empty one, with a word on it, where there is none to be had."""
        folders = self.config.folders
        try:
            with disk_errors(folders.queue):
                demand_not_lost(folders.queue, self.backups, self.waybills)
                if folders.queue.exists():
                    return self._as_it_is(folders.queue)
            self.uncompared.append(
                say(
                    "no node has worked in {path} yet: nothing was compared with what was sent",
                    path=str(folders.data),
                )
            )
        except EdgeNodeError as error:
            self.uncompared.append(
                say("nothing was compared with what was sent: {why}", why=error.message)
            )
        return Queue(self.aside / "queue.db", same=self.same_agency)

    def _as_it_is(self, path: Path) -> Queue:
        """Return the queue, opened to be read only; any error that reading it has, at once."""
        file = ReadingFile(path)
        file.row("select id from documents limit 1")
        return Queue(path, file=file, same=self.same_agency)

    @cached_property
    def directory(self) -> Directory:
        """The directory of agencies, which is not made where it is missing."""
        known = self.config.folders.directory
        return Directory(known if known.exists() else self.aside / "directory.db")

    @cached_property
    def spool(self) -> Spool:
        """A spool of our own."""
        spool = Spool(self.aside / "spool")
        spool.create()
        return spool

    def looking(self) -> Looking:
        """Return whoever looks into files, and keeps aside what authorities say."""
        looking = Looking(self.config, briefed=self._looks_aside)
        self.lookings.append(looking)
        return looking

    def sealing(self, looking: Looking) -> Sealing | None:
        """Return whoever signs, with the real key; None where there is none."""
        if not self.config.signing.keys:
            return None
        sealing = Sealing(self.config, looking, clock=self.clock, briefed=self._seals_aside)
        self.sealings.append(sealing)
        return sealing

    def packing(self, looking: Looking | None = None) -> Packing:
        """Return how drops are read and packed, signed copies and fingerprints kept aside."""
        packing = super().packing(looking)
        return replace(packing, recognise=_forget)

    def _looks_aside(self, there: trusting.Looking) -> trusting.Looking:
        return replace(there, examiner=self._kept_aside(there.examiner))

    def _seals_aside(self, there: trusting.Sealing) -> trusting.Sealing:
        signatory = there.signatory
        fetcher = replace(signatory.appraiser.fetcher, statements=self._statements)
        signatory = replace(
            signatory,
            examiner=self._kept_aside(signatory.examiner),
            appraiser=replace(signatory.appraiser, fetcher=fetcher),
        )
        return replace(there, signatory=signatory)

    def _kept_aside(self, examiner: Examiner) -> Examiner:
        return replace(examiner, fetcher=replace(examiner.fetcher, statements=self._statements))

    @property
    def _statements(self) -> Statements:
        return Statements(self.aside / "evidence", self.config.folders.evidence)

    def foretold(self, lying: Lying) -> Foretold:
        """Return what would become of what lies there; every problem, nothing done."""
        drop = lying.drop
        if drop is None:
            return Foretold()
        told = self.foretelling.of(drop, as_it_lies(drop), now=self.clock())
        if told.secret:
            return told
        problems = Problems([*self._denied(drop), *_of_files(lying, told)])
        if self.config.folders.data.exists():
            with problems.noting():
                signs = self.foretelling.packing.signatures.may_sign
                self.room.for_new(room_for(drop.size, signs=signs))
        return replace(told, problems=tuple(problems.all))

    def _denied(self, drop: Drop) -> list[Problem]:
        """Return what the node's own user may not take of a drop, where we are somebody else."""
        data = self.config.folders.data
        if drop.outbox != self.exchange.outbox.absolute() or not data.exists():
            return []
        return [Problem(what=each) for each in denied_to(drop, data.stat().st_uid)]

    @cached_property
    def eyes(self) -> Looking:
        """Whoever looks into files here."""
        return self.looking()

    @cached_property
    def foretelling(self) -> Foretelling:
        """What says what would become of a drop."""
        return Foretelling(packing=self.packing(self.eyes), secrecy=doors.secrecy(self, self.eyes))

    def close(self) -> None:
        """End every child, and close what is open."""
        for looking in self.lookings:
            looking.close()
        for sealing in self.sealings:
            sealing.close()
        for name in ("queue", "directory"):
            if name in self.__dict__:
                getattr(self, name).close()


@contextmanager
def rehearsing(
    config: Config, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[Rehearsing]:
    """Give a node that rehearses; at the end nothing of it is left."""
    with _room(config) as aside:
        node = Rehearsing(config=config, aside=aside, clock=clock)
        try:
            yield node
        finally:
            node.close()


@contextmanager
def _room(config: Config) -> Iterator[Path]:
    """Give a folder nobody else looks into: on the node's own disk, if we are its user."""
    ours = config.folders.spool / "tmp"
    if os.access(ours, os.W_OK | os.X_OK) and ours.stat().st_uid == os.geteuid():
        with room(ours) as aside:
            yield aside
        return
    with tempfile.TemporaryDirectory(prefix="edge-node-") as folder:
        yield Path(folder)


def _of_files(lying: Lying, told: Foretold) -> list[Problem]:
    """Return what is wrong with a drop and its files; of what is said twice, what intake says."""
    fault = lying.drop.fault if lying.drop else None
    said = [*([fault] if fault else []), *(flaw for flaw in lying.flaws if flaw != fault)]
    known = {name for each in said for name in _names_in(each)}
    others = (
        each
        for each in told.problems
        if set(each.what.values) != {"file"} or each.what.values["file"] not in known
    )
    return [*(Problem(what=each, hint=AGAIN) for each in said), *others]


def _names_in(said: Message) -> list[str]:
    files = str(said.values.get("files", "")).split(", ")
    return [str(said.values.get("file", "")), *files]


def _forget(item: ItemId, fingerprint: str) -> None:
    """Enter nothing: what was recognised is recognised again by whoever works here."""
