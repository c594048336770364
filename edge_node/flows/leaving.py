"""
What may leave, by what the signatures in it are worth, and by whether there are any.

Who finds out what they are worth has a child process for it (`Examines`); what each finding leads
to stands in the configuration. What is signed here is `signing`'s affair.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import DropRefused, Outage, Transient
from edge_node.domain.message import say
from edge_node.domain.signature import FileVerdict, Verdict
from edge_node.domain.signing import DoorAction, Unsigned
from edge_node.flows.finding import NO_TIME, finding, is_broken, is_unsigned
from edge_node.flows.rest import STOPS_ALL
from edge_node.protocol.content import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from edge_node.domain.envelope import Stored
    from edge_node.domain.message import Message
    from edge_node.domain.order import NamedFile
    from edge_node.flows.desk_ports import Examines

# What looking into all files of a drop may take, in seconds; most of it is asking about
# certificates.
_PATIENCE: Final = 300.0
_STRICTNESS: Final = (DoorAction.DELIVER, DoorAction.WARN, DoorAction.REFUSE)
_OF_UNSIGNED: Final[Mapping[Unsigned, DoorAction]] = MappingProxyType(
    {
        Unsigned.ALLOW: DoorAction.DELIVER,
        Unsigned.WARN: DoorAction.WARN,
        Unsigned.REFUSE: DoorAction.REFUSE,
    }
)


class SigningWaits(Transient):
    """A drop cannot be seen through until ``outage`` is over; others may not need what is out."""

    def __init__(self, outage: Outage) -> None:
        """Say what the outage says."""
        super().__init__(outage.message, hint=outage.hint)
        self.outage = outage


class NotKnownYet(Outage):
    """Nobody could be asked what a signature is worth, and so the document may not leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A file on its way out: what the order calls it, where it lies and what it is."""

    named: NamedFile
    path: Path
    stored: Stored
    kind: Kind

    @property
    def counts(self) -> bool:
        """Whether it is of a kind that bears signatures."""
        return self.kind is not Kind.OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What is odd about a document, and what keeps it from leaving, by the file."""

    warnings: tuple[Message, ...] = ()
    problems: Mapping[str, Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """Looks into what is to leave, and says what is to be done with it."""

    examines: Examines
    invalid: DoorAction = DoorAction.REFUSE
    indeterminate: DoorAction = DoorAction.WARN
    unsigned: Unsigned = Unsigned.ALLOW
    clock: Callable[[], float] = time.monotonic

    @property
    def may_object(self) -> bool:
        """Whether anything could come of looking."""
        objections = (self.invalid, self.indeterminate, _OF_UNSIGNED[self.unsigned])
        return any(action is not DoorAction.DELIVER for action in objections)

    def look(self, files: Sequence[Leaving], *, now: datetime) -> dict[str, FileVerdict]:
        """Return the verdict on each file that may bear signatures, by its name; SigningWaits."""
        ends = self.clock() + _PATIENCE
        verdicts = {}
        for each in files:
            if each.counts:
                left = timedelta(seconds=max(0.0, ends - self.clock()))
                verdicts[each.named.file] = self._verdict(each, left, now)
        return verdicts

    def weigh(
        self, verdicts: Mapping[str, FileVerdict], bare: set[str], *, demanded: bool = False
    ) -> Opinion:
        """
        Return what follows from the verdicts; ``bare`` are the files nobody signs here.

        Where a signature is ``demanded``, none of them leaves without one and without a word.
        """
        warnings: list[Message] = []
        problems: dict[str, Message] = {}
        unsigned = _OF_UNSIGNED[self.unsigned]
        if demanded:
            unsigned = max(unsigned, DoorAction.WARN, key=_STRICTNESS.index)
        for file, verdict in verdicts.items():
            action = self._action(verdict, unsigned if file in bare else DoorAction.DELIVER)
            if action is DoorAction.REFUSE:
                problems[file] = finding(file, verdict)
            elif action is DoorAction.WARN:
                warnings.append(finding(file, verdict))
        return Opinion(warnings=tuple(warnings), problems=problems)

    def beyond_signing(self, files: Sequence[Leaving]) -> Opinion:
        """Return what follows for those of these files that nobody can sign, but is to."""
        words = {
            each.named.file: say(
                "{file}: the document itself is to be signed, and a file of this kind cannot be",
                file=each.named.file,
            )
            for each in files
            if not each.counts
        }
        if self.unsigned is Unsigned.REFUSE:
            return Opinion(problems=words)
        return Opinion(warnings=tuple(words.values()), problems={})

    def rely_on(self, verdicts: Mapping[str, FileVerdict]) -> None:
        """Keep for good what these verdicts relied on."""
        if verdicts:
            self.examines.rely_on(digest for one in verdicts.values() for digest in one.relied_on)

    def _verdict(self, file: Leaving, within: timedelta, now: datetime) -> FileVerdict:
        if not within:
            return NO_TIME
        with waiting():
            return self.examines.look(file.path, now=now, within=within).verdict

    def _action(self, verdict: FileVerdict, unsigned: DoorAction) -> DoorAction:
        if is_unsigned(verdict):
            return unsigned
        action = DoorAction.DELIVER
        if verdict.verdict is not Verdict.VALID:
            action = self.invalid if is_broken(verdict) else self.indeterminate
        # What cannot be read may show traces of a signature: anybody could have put them there.
        if verdict.shows_signature:
            return action
        return max(action, unsigned, key=_STRICTNESS.index)


def demand_no(problems: Mapping[str, Message]) -> None:
    """Refuse what may not leave, every file of it named."""
    if problems:
        raise DropRefused(
            say("the document cannot leave with the signatures it bears, or lacks"),
            problems.values(),
            hint=say("have it signed anew, or ask whoever runs the node what is demanded here"),
        )


@contextmanager
def waiting() -> Iterator[None]:
    """Have one drop wait, and no other, for what it alone may need."""
    try:
        yield
    except STOPS_ALL:
        raise
    except Outage as error:
        raise SigningWaits(error) from error
