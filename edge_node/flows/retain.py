"""
Remove the payloads of what has been finished for long enough; or only say which these are.

First it is entered that a payload goes, with what it weighs and by which rule; then its files go;
then it is entered that nothing is left. Cut off in between, the rest goes the next time. While
sending is paused, or the exchange folder is still to be read, the queue may be an older one that
does not know what somebody needs: nothing goes then.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import EdgeNodeError, NotAllowed, QueueDamaged
from edge_node.domain.message import say
from edge_node.domain.retention import Amount, Kept, Share
from edge_node.domain.time import in_vietnam
from edge_node.flows.rest import STOPS_ALL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from edge_node.domain.retention import Payload, Periods
    from edge_node.flows.retention_ports import PayloadFiles, PayloadRows

    _Loose = tuple[Path, Amount, datetime]

log = logging.getLogger(__name__)

_FILES_AT_ONCE: Final = 500  # receipts, or refused drops


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """What one turn removed; ``more``: whether another turn may find more."""

    shares: tuple[Share, ...]
    more: bool
    hindered: tuple[EdgeNodeError, ...] = ()


@dataclass(slots=True, kw_only=True)
class Retain:
    """One turn removes some payloads; `foresee` says of all of them what they come to."""

    rows: PayloadRows
    files: PayloadFiles
    periods: Periods
    paused: Callable[[], bool]
    clock_is_off: Callable[[], bool]
    alone: Callable[[], AbstractContextManager[None]]  # one turn at a time, in whatever program
    ending: Callable[[], bool]  # asked between two of them: the rest is another turn's
    _said: set[str] = field(default_factory=set, init=False)

    def foresee(self, now: datetime) -> tuple[Share, ...]:
        """Return what would go now, of each kind that has a period; nothing is changed."""
        told = _Told(self.periods)
        if self.periods:
            self.files.check()
        for payload in self.rows.due(self.periods, now=now):
            told.add(payload.kept, self.files.weigh(payload), payload.ended)
        for kind, found in ((Kept.FAILED, self._refused(now)), (Kept.RECEIPTS, self._old(now))):
            for _, amount, at in found:
                told.add(kind, amount, at)
        return told.shares

    def turn(self, now: datetime, *, limit: int) -> Turned:
        """
        Remove up to ``limit`` payloads, and some files of which the queue has no row.

        NotAllowed while sending is paused or the clock is off; FolderMissing, DiskTrouble where
        nothing can be done.
        What one alone hinders is said, and hinders no other.
        """
        if self.paused():
            raise NotAllowed(
                say("nothing is removed while sending is paused or the exchange folder is unread"),
                hint=say("`edge-node status` says why; an older queue may not know what it needs"),
            )
        if self.clock_is_off():
            raise NotAllowed(
                say("nothing is removed while the clock is off: nobody knows how old anything is"),
                hint=say("set the clock; `edge-node status` says by how much it is off"),
            )
        self.files.check()
        with self.alone():
            return self._turn(now, limit)

    def _turn(self, now: datetime, limit: int) -> Turned:
        told, hindered = _Told(self.periods), list(self._finish(now))
        found = list(islice(self.rows.due(self.periods, now=now), limit))
        for payload in takewhile(self._goes_on, found):
            hindered += self._go(payload, told, now)
        refused = self._remove_refused(told, hindered, now)
        receipts = self._remove_receipts(told, hindered, now)
        for share in told.shares:
            if share.count:
                log.info(
                    "payloads removed",
                    extra={"kept": str(share.kind), "count": share.count, **_size(share.amount)},
                )
        return Turned(
            shares=told.shares,
            more=len(found) == limit or refused or receipts or self.ending(),
            hindered=tuple(hindered),
        )

    def _goes_on(self, _: object) -> bool:
        return not self.ending()

    def _finish(self, now: datetime) -> Iterator[EdgeNodeError]:
        """Remove what an earlier turn began to."""
        for payload in takewhile(self._goes_on, self.rows.begun()):
            yield from self._remove(payload, now)

    def _go(self, payload: Payload, told: _Told, now: datetime) -> Iterator[EdgeNodeError]:
        """Enter that one goes, and remove it."""
        with self._minding(payload.item) as errors:
            amount = self.files.weigh(payload)
            begun = self.rows.begin(payload, amount, self.periods, now=now)
            if begun is not None:
                told.add(begun.kept, amount, begun.ended)
                yield from self._remove(begun, now)
        yield from errors

    def _remove(self, payload: Payload, now: datetime) -> Iterator[EdgeNodeError]:
        with self._minding(payload.item) as errors:
            if self.files.remove(payload, self.rows.is_named, now):
                self.rows.end(payload.item)
        yield from errors

    @contextmanager
    def _minding(self, item: str) -> Iterator[list[EdgeNodeError]]:
        """Say once what hinders one, and keep it for the end; "" for all that have no id."""
        errors: list[EdgeNodeError] = []
        try:
            yield errors
        except (*STOPS_ALL, QueueDamaged):
            raise
        except EdgeNodeError as error:
            if item not in self._said:
                seen = {"item": item, "error": error.message.template}
                log.warning("a payload cannot be removed", extra=seen)
            self._said.add(item)
            errors.append(error)
        else:
            self._said.discard(item)

    # ── what the queue has no row of ─────────────────────────────────────────────────────────

    def _refused(self, now: datetime) -> Iterator[_Loose]:
        if Kept.FAILED in self.periods.of:
            before = in_vietnam(self.periods.before(Kept.FAILED, now)).date()
            for folder, day, amount in self.files.refused(before):
                yield folder, amount, day

    def _old(self, now: datetime) -> Iterator[_Loose]:
        if Kept.RECEIPTS in self.periods.of:
            before = in_vietnam(self.periods.before(Kept.RECEIPTS, now)).date()
            for path, day, amount in self.files.receipts(before):
                yield path, amount, day

    def _remove_refused(self, told: _Told, hindered: list[EdgeNodeError], now: datetime) -> bool:
        """Remove some drops that were never taken in; tell whether there may be more."""
        found = list(islice(self._refused(now), _FILES_AT_ONCE))
        gone = self._rid(found, self.files.remove_refused, hindered)
        if gone:
            words = say(
                "drops that were never taken in: {count}; files: {files}, bytes: {size}",
                count=len(gone),
                **_size(_sum(gone)),
            )
            self.rows.note(words, now=now)
        told.add_all(Kept.FAILED, gone)
        return bool(gone) and len(found) == _FILES_AT_ONCE

    def _remove_receipts(self, told: _Told, hindered: list[EdgeNodeError], now: datetime) -> bool:
        """Remove some receipts nobody deleted; tell whether there may be more."""
        found = list(islice(self._old(now), _FILES_AT_ONCE))
        gone = self._rid(found, self.files.remove_receipt, hindered)
        if gone:
            words = say(
                "receipts nobody deleted: {count}; bytes: {size}",
                count=len(gone),
                size=_sum(gone).size,
            )
            self.rows.note(words, now=now)
        told.add_all(Kept.RECEIPTS, gone)
        return bool(gone) and len(found) == _FILES_AT_ONCE

    def _rid(
        self,
        found: list[_Loose],
        remove: Callable[[Path], None],
        hindered: list[EdgeNodeError],
    ) -> list[_Loose]:
        """Remove each of them that can be, and return those."""
        gone: list[_Loose] = []
        for each in takewhile(self._goes_on, found):
            with self._minding("") as errors:
                remove(each[0])
                gone.append(each)
            hindered += errors
        return gone


class _Told:
    """What was counted so far, by kind."""

    def __init__(self, periods: Periods) -> None:
        """Begin with nothing of each kind that has a period."""
        self._shares = {kind: Share(kind=kind) for kind in Kept if kind in periods.of}

    def add(self, kind: Kept | None, amount: Amount, at: datetime) -> None:
        """Count one more."""
        if kind is None:
            return
        self._shares[kind] += Share(kind=kind, count=1, amount=amount, oldest=at)

    def add_all(self, kind: Kept, gone: Iterable[_Loose]) -> None:
        """Count what has no row."""
        for _, amount, at in gone:
            self.add(kind, amount, at)

    @property
    def shares(self) -> tuple[Share, ...]:
        """What it comes to."""
        return tuple(self._shares.values())


def _sum(found: Iterable[_Loose]) -> Amount:
    return sum((amount for _, amount, _ in found), Amount())


def _size(amount: Amount) -> dict[str, int]:
    return {"files": amount.files, "size": amount.size}
