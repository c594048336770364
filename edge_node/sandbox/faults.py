"""
The faults of one sandbox at work: which rules stand, how often each struck, and what it hit.

Kept in memory, for as long as the sandbox is served. To be used from any number of threads: a
test sets rules from its own while the axis answers on others. What a struck fault does is done
elsewhere: on the wire by `faults_wire`, in the meaning of calls by `faults_axis`.
"""

from __future__ import annotations

from collections import deque
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Final

from edge_node.sandbox.faults_rules import as_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from edge_node.sandbox.faults_rules import Fault, Rule, Stage

_KEPT: Final = 10_000  # strikes remembered; older ones go, their numbers are not used again
_NAMED: Final = 100  # docIds named in one strike: a list may have any number of rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """
    One call on its way through a sandbox with faults.

    ``receivers`` are the agencies it is meant for: those a package names, or the caller where it
    asks for what is its own. ``document_id`` is the package's own id, ``doc_id`` the axis's, ""
    where the call names none.
    """

    call: str
    caller: str
    message: str = ""
    receivers: tuple[str, ...] = ()
    document_id: str = ""
    doc_id: str = ""
    skew: timedelta = timedelta(0)


# The call at work in this task or thread; None where no rule concerns it.
PASSING: Final[ContextVar[Passing | None]] = ContextVar("passing", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """
    One time a fault struck: which rule, and which call it hit.

    ``number`` runs from 1 for as long as the sandbox is served. ``doc_ids`` are the items hit as
    far as they are known: of a send that was processed the docId it was taken under, of a list
    the rows that were touched.
    """

    number: int
    rule: Rule
    passing: Passing
    doc_ids: tuple[str, ...] = ()

    def plain(self) -> dict[str, object]:
        """Return the strike as the control call shows it."""
        return {
            "number": self.number,
            "fault": str(self.rule.fault),
            "rule": self.rule.plain(),
            "call": self.passing.call,
            "caller": self.passing.caller,
            "message": self.passing.message,
            "receivers": list(self.passing.receivers),
            "documentId": self.passing.document_id,
            "docIds": list(self.doc_ids),
        }


@dataclass(slots=True, eq=False)
class Standing:
    """A rule that stands: how many calls it has met, and how many of them it struck."""

    rule: Rule
    met: int = 0
    struck: int = 0
    held: dict[str, int] = field(default_factory=dict)  # docId to the lists it is still kept from

    @property
    def is_spent(self) -> bool:
        """Whether the rule has struck as often as it may."""
        return self.rule.times is not None and self.struck >= self.rule.times

    def meets(self) -> bool:
        """Count a call that fits; True if it is to be struck."""
        self.met += 1
        turn = self.met - self.rule.skip - 1
        if self.is_spent or turn < 0 or turn % self.rule.every:
            return False
        self.struck += 1
        return True


class Faults:
    """The rules that stand, to be set, cleared and looked at while the sandbox is served."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        """Begin with these rules, none of which has struck."""
        self._lock = Lock()
        self._number = 0
        self._strikes: deque[Strike] = deque(maxlen=_KEPT)
        self._standing = tuple(map(Standing, rules))

    def set(self, *rows: Mapping[str, object]) -> None:
        """Put rules in the place of those that stand, each written as in a file; ConfigError."""
        self.replace(as_rules({"faults": [dict(row) for row in rows]}, source="faults"))

    def replace(self, rules: Iterable[Rule]) -> None:
        """Put rules in the place of those that stand; what struck before stays on record."""
        with self._lock:
            self._standing = tuple(map(Standing, rules))

    def clear(self) -> None:
        """Let the axis behave; what struck stays on record."""
        self.replace(())

    @property
    def standing(self) -> tuple[Standing, ...]:
        """The rules that stand, with how often each struck."""
        return self._standing

    @property
    def strikes(self) -> tuple[Strike, ...]:
        """What struck since the sandbox is served, oldest first; 10 000 at most."""
        with self._lock:
            return tuple(self._strikes)

    def concern(self, call: str, caller: str) -> bool:
        """Tell whether any rule may strike this caller's calls of this method."""
        return any(
            call in one.rule.calls and one.rule.caller in {"", caller} and not one.is_spent
            for one in self._standing
        )

    def fitting(
        self, passing: Passing, of: Fault | Stage, *, any_receiver: bool = False
    ) -> list[Standing]:
        """
        Return the rules of a fault or a stage that fit a call, in the order they were given.

        Nothing is counted yet: `hits` does, once it is sure that the fault would change anything.
        ``any_receiver`` leaves it to the asker to look at the receiver.
        """
        return [
            one
            for one in self._standing
            if of in {one.rule.fault, one.rule.stage}
            and _fits(one.rule, passing, any_receiver=any_receiver)
            and not one.is_spent
        ]

    def accepted(self, doc_id: str) -> None:
        """Take note of a package for the rules that hold it back from the lists to come."""
        for one in self._standing:
            if one.rule.lists:
                one.held[doc_id] = one.rule.lists

    def hits(self, one: Standing, passing: Passing, doc_ids: Sequence[str] = ()) -> bool:
        """Count the call; put on record and return True if the rule strikes it."""
        with self._lock:
            if not one.meets():
                return False
            self._number += 1
            named = tuple(doc_ids[:_NAMED]) or ((passing.doc_id,) if passing.doc_id else ())
            strike = Strike(number=self._number, rule=one.rule, passing=passing, doc_ids=named)
            self._strikes.append(strike)
            return True


def _fits(rule: Rule, passing: Passing, *, any_receiver: bool) -> bool:
    return (
        passing.call in rule.calls
        and rule.caller in {"", passing.caller}
        and rule.message in {"", passing.message}
        and (any_receiver or rule.receiver in {"", *passing.receivers})
    )
