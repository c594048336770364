"""
Everything that can go wrong, sorted by what to do next and not by the library it came from.

    EdgeNodeError
    ├── Transient   the moment is wrong: defer this item          AxisBusy, AxisSilent,
    │                                                             AxisUnclear
    ├── Permanent   this item is wrong: park it for a person      AxisRefused, DropRefused,
    │                                                             StatusRefused, PackageTooLarge,
    │                                                             PackageUnreadable, NotSignable
    ├── Outage      no such work can be done now: pause the flow, AxisUnreachable, AxisDenied,
    │               spend nobody's attempt                        FolderMissing, DiskTrouble,
    │                                                             QueueHeld, QueueDamaged, NoRoom
    └── ConfigError, IllegalTransition, LeaseLost, UnknownItem, NotAllowed, AlreadyRunning,
        UpgradeFailed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from edge_node.domain.message import Message


class EdgeNodeError(Exception):
    """Base of every error this package raises on purpose."""

    def __init__(self, message: Message, *, hint: Message | None = None) -> None:
        """Say what happened; ``hint`` says what a person can do about it."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class Transient(EdgeNodeError):
    """The moment is wrong: defer this item and go on with the next."""


class Permanent(EdgeNodeError):
    """This item is wrong: park it for a person and go on with the next."""


class Outage(EdgeNodeError):
    """No work of this kind can be done now: pause the flow and spend nobody's attempt."""


class AxisBusy(Transient):
    """The axis answered that it cannot take this now; it has not taken it."""


class AxisSilent(Transient):
    """Something was sent and no answer came: the axis may or may not have it."""


class AxisAnswered(EdgeNodeError):
    """The axis answered no; ``code`` and ``text`` are its own words, raw."""

    def __init__(
        self, message: Message, *, code: str = "", text: str = "", hint: Message | None = None
    ) -> None:
        """Keep the axis's own error code and text beside our sentence."""
        super().__init__(message, hint=hint)
        self.code = code
        self.text = text


class AxisUnclear(AxisAnswered, Transient):
    """The axis answered no by a code nobody here knows."""


class AxisRefused(AxisAnswered, Permanent):
    """The axis answered no, and will again."""


class AxisUnreachable(Outage):
    """Nothing left us: no connection to the axis could be made."""


class AxisDenied(Outage):
    """The axis does not accept our credentials: no call can succeed until a person mends it."""


class FolderMissing(Outage):
    """A folder that should be there is not, or is not the one it was (an unmounted share)."""


class DiskTrouble(Outage):
    """The disk cannot take what must be written (full, read-only, failing)."""


class QueueHeld(Outage):
    """Somebody else is writing to the queue, and does not end."""


class QueueDamaged(Outage):
    """The file of the queue is not sound: nothing may be written into it any more."""


class QueueNewer(QueueDamaged):
    """A newer release wrote the queue: what is new in it is not known here."""


class NoRoom(Outage):
    """There is less disk or memory left than must be kept free: nothing new is taken in."""


class WithProblems(EdgeNodeError):
    """An error that found several things wrong and names every one of them."""

    def __init__(
        self, message: Message, problems: Iterable[Message] = (), *, hint: Message | None = None
    ) -> None:
        """Say what is wrong as a whole, and each single problem in ``problems``."""
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class DropRefused(WithProblems, Permanent):
    """A drop of the document software cannot be sent as it is."""


class StatusRefused(WithProblems, Permanent):
    """A status file of the document software cannot be reported as it is."""


class PackageTooLarge(Permanent):
    """The axis has a package for us that is larger than this node takes."""


class PackageUnreadable(Permanent):
    """The bytes of a package cannot be read as edXML, or hold something unsafe."""


class NotSignable(Permanent):
    """A file cannot be signed as it is, or a signature would break something in it."""


class ConfigError(WithProblems):
    """The configuration cannot be used; ``problems`` names each reason."""


class IllegalTransition(EdgeNodeError):
    """The life of this item does not allow this event in its present state."""


class LeaseLost(EdgeNodeError):
    """Somebody else works on this item by now, or it has been settled already."""


class UnknownItem(EdgeNodeError):
    """No document goes by that id."""


class NotAllowed(EdgeNodeError):
    """What a person asked for cannot be done in the item's present state."""


class QueueOlder(NotAllowed):
    """The queue was not brought up to this release yet; the node does that when it starts."""


class NeverWorked(NotAllowed):
    """No node has worked with that data folder yet: there is nothing to look at or act on."""

    def __init__(self, data: Path) -> None:
        """Name the folder, and what the configuration may have wrong."""
        super().__init__(
            say("no node has worked in {path} yet", path=str(data)),
            hint=say("check folders.data; `edge-node init` makes what the configuration names"),
        )


class NotResendable(NotAllowed):
    """A receiver has the document, or will have it without anybody's doing."""

    def __init__(self, receiver: str, state: str) -> None:
        """Say how the document stands at that receiver."""
        from edge_node.domain.called import STATES  # noqa: PLC0415 - it knows of these errors

        super().__init__(
            say("{code} is {state}", code=receiver, state=STATES.get(state, state)),
            hint=say("only what was refused, held or given up is sent again"),
        )


class UpgradeFailed(EdgeNodeError):
    """The queue could not be brought up to this release; it is as it was."""


class AlreadyRunning(EdgeNodeError):
    """Another daemon works on the same data folder."""
