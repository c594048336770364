"""
Faults in what calls mean: an axis that lists, remembers, refuses and forwards wrongly on purpose.

Without a rule that concerns the call at work it is the axis as it is. A fault strikes only where
it changes something: a list without rows is neither reordered nor counted as such.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from edge_node.domain.message import say
from edge_node.sandbox.axis import Axis
from edge_node.sandbox.faults import PASSING
from edge_node.sandbox.faults_package import damaged
from edge_node.sandbox.faults_rules import Fault
from edge_node.sandbox.refusals import Code, Refused

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from edge_node.sandbox.directory import Fields
    from edge_node.sandbox.draft import Draft
    from edge_node.sandbox.faults import Faults, Passing, Standing
    from edge_node.sandbox.params import Params
    from edge_node.sandbox.settings import Settings

_IN_PACKAGES = (
    Fault.CORRUPT_BASE64,
    Fault.SWAP_CONTENT_TYPE,
    Fault.DROP_BUSSINESS,
    Fault.HALF_PACKAGE,
)


class FaultyAxis(Axis):
    """The axis, with rules that may strike its calls."""

    def __init__(self, settings: Settings, faults: Faults) -> None:
        """Open the sandbox as `Axis` does; its clock is skewed for the calls a rule skews."""
        self._faults = faults
        super().__init__(settings, now=self._skewed)

    def send(self, caller: str, params: Params, draft: Draft) -> Fields:
        """Accept a package, unless its receiver is to be refused; perhaps forget it at once."""
        if passing := PASSING.get():
            self._refuse_receiver(passing)
        fields = super().send(caller, params, draft)
        self._faults.accepted(draft.doc_id)
        if passing and self._struck(passing, Fault.FORGET_SENT, draft.doc_id):
            self._store.leave_out(draft.doc_id)
        return fields

    def package(self, caller: str, params: Params) -> Path:
        """Return the file of one delivery, perhaps damaged; perhaps it is done by that."""
        path = super().package(caller, params)
        if passing := PASSING.get():
            path = self._damaged(passing, path)
            doc_id = self._delivery(caller, params)["doc_id"]
            if self._struck(passing, Fault.ACKNOWLEDGE_ON_READ, doc_id):
                self._note_done(doc_id)
        return path

    def _skewed(self) -> datetime:
        passing = PASSING.get()
        return self.settings.options.now() + (passing.skew if passing else timedelta(0))

    def _struck(self, passing: Passing, fault: Fault, *doc_ids: str) -> bool:
        """Tell whether a fault strikes these items of the call at work."""
        struck = [
            self._faults.hits(one, passing, doc_ids)
            for one in self._faults.fitting(passing, fault)
        ]
        return any(struck)

    def _refuse_receiver(self, passing: Passing) -> None:
        for one in self._faults.fitting(passing, Fault.REFUSE_RECEIVER):
            if self._faults.hits(one, passing):
                message = say("not configured or wrong code: {codes}", codes=one.rule.receiver)
                raise Refused(Code(one.rule.code), message)

    def _note_status(self, doc_id: str, status: str, note: str) -> None:
        passing = PASSING.get()
        if not passing or not self._struck(passing, Fault.FORGET_ACKNOWLEDGEMENT, doc_id):
            super()._note_status(doc_id, status, note)

    def _note_done(self, doc_id: str) -> None:
        self._store.update_status(doc_id, status="done", note="", now=self._now())

    def _damaged(self, passing: Passing, path: Path) -> Path:
        for fault in _IN_PACKAGES:
            for one in self._faults.fitting(passing, fault):
                if one.rule.where == "answer":
                    continue
                worse = damaged(path, one.rule)
                if worse is not None and self._faults.hits(one, passing):
                    path = worse
        return path

    def _listed(self, caller: str, params: Params) -> list[sqlite3.Row]:
        rows = super()._listed(caller, params)
        passing = PASSING.get()
        if passing is None:
            return rows
        dated = params.is_dated()
        if not dated:
            rows = self._offered_again(passing, rows, params)
        rows = self._skipped(passing, rows, dated=dated)
        rows = self._in_disorder(passing, rows)
        if not dated and rows and self._struck(passing, Fault.ACKNOWLEDGE_ON_READ, *_ids(rows)):
            for doc_id in set(_ids(rows)):
                self._note_done(doc_id)
        return rows

    def _offered_again(
        self, passing: Passing, rows: list[sqlite3.Row], params: Params
    ) -> list[sqlite3.Row]:
        for one in self._faults.fitting(passing, Fault.OFFER_AFTER_DONE):
            all_rows = self._store.not_failed(passing.caller, params.message())
            again = [row["doc_id"] for row in all_rows if row["again"]]
            if again and self._faults.hits(one, passing, again):
                return all_rows
        return rows

    def _skipped(
        self, passing: Passing, rows: list[sqlite3.Row], *, dated: bool
    ) -> list[sqlite3.Row]:
        """Hide the newest items of a list: so many, or those of so many seconds."""
        for one in self._faults.fitting(passing, Fault.SKIP_DAYS):
            if dated and not one.rule.dated:
                continue
            shown = rows[: -one.rule.items] if one.rule.items else self._aged(rows, "created", one)
            hidden = _ids(rows)[len(shown) :]
            if hidden and self._faults.hits(one, passing, hidden):
                rows = shown
        return rows

    def _in_disorder(self, passing: Passing, rows: list[sqlite3.Row]) -> list[sqlite3.Row]:
        for fault in (Fault.REORDER, Fault.DUPLICATE_LISTING):
            for one in self._faults.fitting(passing, fault, any_receiver=True):
                touched = [row for row in rows if one.rule.receiver in {"", row["receiver"]}]
                changes = len(touched) > 1 if fault is Fault.REORDER else bool(touched)
                if changes and self._faults.hits(one, passing, _ids(touched)):
                    rows = rows[::-1] if fault is Fault.REORDER else _twice(rows, touched)
        return rows

    def _sent(self, caller: str, params: Params) -> list[sqlite3.Row]:
        rows = super()._sent(caller, params)
        passing = PASSING.get()
        if passing is None:
            return rows
        for one in self._faults.fitting(passing, Fault.LIST_LATE, any_receiver=True):
            rows = self._late(passing, rows, one)
        return self._in_disorder(passing, rows)

    def _late(self, passing: Passing, rows: list[sqlite3.Row], one: Standing) -> list[sqlite3.Row]:
        """Hold rows back from so many lists they would have been in, or for so many seconds."""
        rule = one.rule
        concerned = [row for row in rows if rule.receiver in {"", row["receiver"]}]
        if rule.lists:
            late = [row for row in concerned if one.held.get(row["doc_id"], 0) > 0]
        else:
            aged = self._aged(concerned, "at", one)
            late = [row for row in concerned if row not in aged]
        if not late or not self._faults.hits(one, passing, _ids(late)):
            return rows
        for doc_id in set(_ids(late)) & one.held.keys():
            one.held[doc_id] -= 1
        return [row for row in rows if row not in late]

    def _aged(self, rows: list[sqlite3.Row], stamp: str, one: Standing) -> list[sqlite3.Row]:
        """Return the rows that are older than the rule's seconds, by the axis's clock."""
        latest = self._now() - timedelta(seconds=one.rule.seconds)
        return [row for row in rows if datetime.fromisoformat(row[stamp]) <= latest]


def _ids(rows: Sequence[sqlite3.Row]) -> list[str]:
    """Return the docIds of rows: the receiver's of what it has, the sender's of what it sent."""
    return [row["doc_id"] for row in rows]


def _twice(rows: list[sqlite3.Row], touched: list[sqlite3.Row]) -> list[sqlite3.Row]:
    return [row for one in rows for row in ([one, one] if one in touched else [one])]
