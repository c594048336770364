"""
What bears a grade of secrecy is not carried: it stays where it was dropped, or comes no further.

Who looks is somebody else's child process (`Grades`); a look says a grade or none, and what could
not be looked at. Grades that a drop's own sheet tells are read with the sheet.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import DropRefused
from edge_node.domain.message import say
from edge_node.domain.receipt import ReasonCode
from edge_node.domain.secrecy import Look
from edge_node.domain.signing import DoorAction
from edge_node.flows.objections import Objection
from edge_node.protocol.handoff import SecretRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from edge_node.domain.envelope import Incoming
    from edge_node.domain.message import Message
    from edge_node.flows.desk_ports import Grades
    from edge_node.flows.folders import Drop
    from edge_node.protocol import edxml


class Unseen(DropRefused):
    """Nobody could see whether a grade is printed on a file, and then it may not leave."""

    def __init__(self, unseen: Iterable[Message]) -> None:
        """Name the files."""
        super().__init__(
            say("nobody can tell whether the document bears a grade of secrecy"),
            unseen,
            hint=say(
                "drop files whose first page has text that can be read; or have whoever runs the "
                "node change intake.secrecy_unchecked, and drop it into the outbox again"
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OnLeaving:
    """Looks at drops while they still lie where they were dropped."""

    grades: Grades
    limits: edxml.Limits
    refuses_unseen: bool = False  # a file that nobody could look at stays as well
    clock: Callable[[], float] = time.monotonic

    def see(self, drop: Drop) -> tuple[Message, ...]:
        """
        Return what is to be warned of.

        SecretRefused where a grade is printed on a file, `Unseen`; Transient where the drop is
        not any more what was seen, and Outage where nobody can look at all.
        """
        look = partial(self.grades.grades, limits=self.limits, by_machine=True)
        looks = list(_in_time(drop.members, look, self.clock))
        if marked := [_marked(look) for look in looks if look.grade]:
            raise SecretRefused(marked)
        unseen = tuple(_unseen(look, look.unread) for look in looks if look.unread)
        if unseen and self.refuses_unseen:
            raise Unseen(unseen)
        return unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class OnArrival:
    """Says what speaks against a document that came in with a grade printed on it."""

    grades: Grades
    action: DoorAction
    limits: edxml.Limits
    clock: Callable[[], float] = time.monotonic

    def __call__(self, package: edxml.DocumentPackage, _: Incoming) -> Objection | None:
        """Return the objection; what nobody can look at is none."""
        if self.action is DoorAction.DELIVER:
            return None
        look = partial(self.grades.grades, limits=self.limits)
        looks = _in_time((file.path for file in package.files), look, self.clock)
        found = next((look for look in looks if look.grade), None)
        if found is None:
            return None
        return Objection(
            action=self.action,
            code=ReasonCode.SECRET_CONTENT,
            reason=_marked(found),
            hint=_RELEASE,
        )


def _in_time(
    files: Iterable[Path], look: Callable[[Path], Sequence[Look]], clock: Callable[[], float]
) -> Iterator[Look]:
    """Yield what looks come to; files for which no time is left count as not looked at."""
    ends = clock() + _PATIENCE
    for path in files:
        yield from look(path) if clock() < ends else (Look(file=path.name, unread=_NO_TIME),)


def _marked(look: Look) -> Message:
    return say("{file} is marked {grade}", file=look.file, grade=(look.grade or "").upper())


def _unseen(look: Look, why: Message | None) -> Message:
    return say(
        "{file}: nobody could see whether a grade of secrecy is printed on its first page: {why}",
        file=look.file,
        why=why,
    )


# So long, in seconds, the files of one document are looked at: others wait meanwhile.
_PATIENCE: Final = 120.0
_NO_TIME: Final = say("looking at the files before it took all the time there was")
_RELEASE: Final = say("`edge-node release ID` hands it over all the same, with a warning")
