"""
What bears a grade of secrecy is not carried: it stays where it was dropped, or comes no further.

Who looks is somebody else's child process (`Grades`); a look says a grade or none, and what could
not be looked at. Grades that a drop's own sheet tells are read with the sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import DropRefused
from edge_node.domain.message import say
from edge_node.domain.receipt import ReasonCode
from edge_node.domain.signing import DoorAction
from edge_node.flows.objections import Objection
from edge_node.protocol.handoff import SecretRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_node.domain.envelope import Incoming
    from edge_node.domain.message import Message
    from edge_node.domain.secrecy import Look
    from edge_node.flows.folders import Drop
    from edge_node.flows.ports import Grades
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

    def see(self, drop: Drop) -> tuple[Message, ...]:
        """
        Return what is to be warned of.

        SecretRefused where a grade is printed on a file, `Unseen`; Transient where the drop is
        not any more what was seen, and Outage where nobody can look at all.
        """
        looks = [
            look
            for path in drop.members
            for look in self.grades.grades(path, limits=self.limits, by_machine=True)
        ]
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

    def __call__(self, package: edxml.DocumentPackage, _: Incoming) -> Objection | None:
        """Return the objection; what nobody can look at is none."""
        if self.action is DoorAction.DELIVER:
            return None
        looks = (
            look
            for file in package.files
            for look in self.grades.grades(file.path, limits=self.limits)
        )
        found = next((look for look in looks if look.grade), None)
        if found is None:
            return None
        return Objection(
            action=self.action,
            code=ReasonCode.SECRET_CONTENT,
            reason=_marked(found),
            hint=_RELEASE,
        )


def _marked(look: Look) -> Message:
    return say("{file} is marked {grade}", file=look.file, grade=(look.grade or "").upper())


def _unseen(look: Look, why: Message | None) -> Message:
    return say(
        "{file}: nobody could see whether a grade of secrecy is printed on its first page: {why}",
        file=look.file,
        why=why,
    )


_RELEASE: Final = say("`edge-node release ID` hands it over all the same, with a warning")
