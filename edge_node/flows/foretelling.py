"""
What would become of a drop, found out by the very steps that take one in, none of them taken.

Everything that speaks against it is gathered, wherever one step alone would have stopped. Nothing
is claimed, signed, packed or entered. Of a state secret nothing else is told, as anywhere.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from edge_node.domain.change import CHANGES
from edge_node.domain.directory import DirectoryUnusable
from edge_node.domain.document import BusinessKind
from edge_node.domain.errors import DropRefused, EdgeNodeError, Permanent, WithProblems
from edge_node.domain.message import say
from edge_node.domain.order import Order
from edge_node.flows.dropped import cure_of, is_package
from edge_node.flows.leaving import demand_no
from edge_node.flows.numbering import numbering
from edge_node.flows.packing import mark_of
from edge_node.protocol.handoff import SecretRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from edge_node.domain.change import RecallPlan
    from edge_node.domain.directory import Unit
    from edge_node.domain.document import Organization
    from edge_node.domain.message import Message
    from edge_node.flows.dropped import Dropped
    from edge_node.flows.folders import Claimed, Drop
    from edge_node.flows.leaving import Leaving
    from edge_node.flows.packing import Packing
    from edge_node.flows.secrecy import OnLeaving
    from edge_node.flows.seen import Foreseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """
    Something that keeps a drop from being sent, and what mends it.

    ``passes``: it lies in the moment and not in the drop, which would wait until it is over.
    """

    what: Message
    hint: Message | None = None
    passes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One receiver as the drop names it, and as the directory knows it; None for unknown."""

    organization: Organization
    unit: Unit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What was read from a drop, and what speaks against sending it."""

    secret: bool = False  # nothing else is told of it then
    order: Order | None = None  # None where it cannot be read
    files: tuple[Leaving, ...] = ()
    receivers: tuple[Reached, ...] = ()
    signatures: Foreseen | None = None  # None where nobody came to look
    recall: RecallPlan | None = None
    unseen: tuple[Message, ...] = ()  # files on which nobody could look for a grade of secrecy
    warnings: tuple[Message, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class Problems:
    """What speaks against a drop, as it is come across."""

    all: list[Problem] = field(default_factory=list)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note what is raised in the block, every single problem of it, and go on after it."""
        try:
            yield
        except EdgeNodeError as error:
            self.note(error)

    def note(self, error: EdgeNodeError) -> None:
        """Note an error with its cure; what is no fault of the drop passes."""
        single = error.problems if isinstance(error, WithProblems) else ()
        passes = not isinstance(error, Permanent)
        self.all += [
            Problem(what=what, hint=error.hint, passes=passes)
            for what in single or (error.message,)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretelling:
    """Says what would become of one drop after the other."""

    packing: Packing
    secrecy: OnLeaving

    def of(self, drop: Drop, lying: Claimed, *, now: datetime) -> Foretold:
        """Return what would become of a drop; ``lying`` is what it would be if it were claimed."""
        problems = Problems()
        try:
            unseen = self._graded(drop, problems)
        except SecretRefused as error:
            problems.note(error)
            return Foretold(secret=True, problems=tuple(problems.all))
        with ExitStack() as rooms:
            try:
                order, files = self._read(lying, problems, rooms)
            except SecretRefused as error:
                problems.note(error)
                return Foretold(secret=True, problems=tuple(problems.all))
            told = Foretold(order=order, files=tuple(files))
            if order is not None:
                told = self._judged(told, order, problems, now, as_it_is=is_package(lying))
        return replace(
            told,
            unseen=unseen,
            warnings=(*told.warnings, *unseen),
            problems=tuple(problems.all),
        )

    def _graded(self, drop: Drop, problems: Problems) -> tuple[Message, ...]:
        """Return on which files nobody could look for a grade; SecretRefused where one is."""
        if drop.secret:
            raise SecretRefused
        try:
            return self.secrecy.see(drop)
        except SecretRefused:
            raise
        except EdgeNodeError as error:
            problems.note(error)
            return error.problems if isinstance(error, WithProblems) else ()

    # ── what it says ─────────────────────────────────────────────────────────────────────────

    @property
    def _reads(self) -> Dropped:
        return self.packing.reads

    def _read(
        self, lying: Claimed, problems: Problems, rooms: ExitStack
    ) -> tuple[Order | None, list[Leaving]]:
        """Return the order a drop gives, and its files; SecretRefused."""
        if is_package(lying):
            return self._package(lying, problems, rooms)
        order: Order | None = None
        try:
            order = self._reads.order_of(lying)
        except SecretRefused:
            raise
        except EdgeNodeError as error:
            problems.note(error)
        named = self._reads.named_in(lying) if order is None else order.files
        files: list[Leaving] = []
        with problems.noting():
            files, against = self._reads.files_of(lying, named)
            _demand_none(say("the attachments cannot be sent"), against)
        return order, files

    def _package(
        self, lying: Claimed, problems: Problems, rooms: ExitStack
    ) -> tuple[Order | None, list[Leaving]]:
        """Return likewise what a ready-made package says; its files lie in a room of ours."""
        order: Order | None = None
        files: list[Leaving] = []
        with problems.noting():
            room = rooms.enter_context(self.packing.spool.room())
            with lying.sheet.open("rb") as source:
                package = self._reads.opened(source, room)
            order = Order(document=package.document, files=(), warnings=package.warnings)
            files, against = self._reads.unpacked(package)
            _demand_none(say("the package cannot be sent"), against)
        return order, files

    # ── what is said of it ───────────────────────────────────────────────────────────────────

    def _judged(
        self, told: Foretold, order: Order, problems: Problems, now: datetime, *, as_it_is: bool
    ) -> Foretold:
        document = order.document
        complete = as_it_is or len(told.files) == len(order.files)
        if complete:  # else nobody knows what the document is
            with problems.noting():
                self.packing.demand_new(order, mark_of(document, told.files))
        warnings, refusal = self.packing.receivers.judge(order, now=now)
        if refusal is not None:
            problems.note(refusal)
        foreseen = self._signatures(order, told.files, problems, now, as_it_is=as_it_is)
        return replace(
            told,
            receivers=tuple(map(self._reached, document.receivers)),
            signatures=foreseen,
            recall=self._recall(order, problems),
            warnings=(
                *order.warnings,
                *warnings,
                *numbering(document, self._reads.order.types, self.packing.queue),
                *(foreseen.warnings if foreseen else ()),
                *self._older(order),
            ),
        )

    def _signatures(
        self,
        order: Order,
        files: Sequence[Leaving],
        problems: Problems,
        now: datetime,
        *,
        as_it_is: bool,
    ) -> Foreseen | None:
        foreseen: Foreseen | None = None
        signatures = self.packing.signatures
        with problems.noting():
            foreseen = signatures.foresee(order, files, now=now, as_it_is=as_it_is)
            with problems.noting():
                demand_no(foreseen.problems)
            if foreseen.wanted:
                signatures.demand_order(order)
        return foreseen

    def _reached(self, receiver: Organization) -> Reached:
        try:
            unit = self.packing.receivers.agencies.unit(receiver.code)
        except DirectoryUnusable:
            unit = None
        return Reached(organization=receiver, unit=unit)

    def _recall(self, order: Order, problems: Problems) -> RecallPlan | None:
        plan: RecallPlan | None = None
        if order.document.business.kind is BusinessKind.RECALL:
            with problems.noting():
                plan = self.packing.recalling.queue.plan(order.document)
        return plan

    def _older(self, order: Order) -> Sequence[Message]:
        changes = order.document.business.kind in CHANGES
        return self.packing.recalling.warnings(order.document) if changes else ()


def _demand_none(whole: Message, problems: Sequence[Message]) -> None:
    if problems:
        raise DropRefused(whole, problems, hint=cure_of(problems))
