"""
What speaks against handing a document over, other than its signatures.

An objection says what is done about it and, where the document goes back to its sender, why. What
is made of signatures is `door`'s affair; both end in the same return.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_node.domain.errors import PackageUnreadable
from edge_node.domain.message import say
from edge_node.domain.receipt import ReasonCode
from edge_node.domain.record import reason_of
from edge_node.domain.signing import DoorAction

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from edge_node.domain.document import Document
    from edge_node.domain.envelope import Incoming
    from edge_node.domain.message import Message
    from edge_node.protocol import edxml

_AGAIN: Final = say("the package is kept as it came; ask the sender to send it again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """
    Why a document is not simply handed over, and what is done about it.

    DELIVER and WARN let it in, WARN with the reason among its warnings; REFUSE tells its sender
    the code and the reason with status 02. ``unfit``: where it is kept, it counts as unreadable,
    and the axis is told so as configured.
    """

    action: DoorAction
    code: ReasonCode
    reason: Message
    hint: Message | None = None
    unfit: bool = False

    @property
    def lets_in(self) -> bool:
        """Tell whether it is handed over all the same."""
        return self.action in {DoorAction.DELIVER, DoorAction.WARN}

    def kept(self) -> Message:
        """Return the reason as it is kept for a person, with what he can do."""
        if self.action is DoorAction.REFUSE:
            return self.reason
        return reason_of(PackageUnreadable(self.reason, hint=self.hint))


# Whoever looks for something that speaks against a document; None where nothing does.
Objects: TypeAlias = "Callable[[edxml.DocumentPackage, Incoming], Objection | None]"


def wrong_recipient(
    document: Document,
    codes: Collection[str],
    action: DoorAction,
    *,
    further: Callable[[], Collection[str]] = tuple,
) -> Objection | None:
    """
    Return what speaks against a document that names receivers, and none of our ``codes``.

    ``further`` is asked only then: codes the directory of agencies has for us. Such a document is
    let in, with the advice to name them in the configuration.
    """
    named = {receiver.code for receiver in document.receivers}
    if not named or not named.isdisjoint(codes):
        return None
    ours = named.intersection(further())
    if ours:
        return Objection(
            action=DoorAction.WARN,
            code=ReasonCode.WRONG_RECIPIENT,
            reason=say(
                "it is for {codes}, by the directory another code of this agency:"
                " add it to agency.aliases",
                codes=", ".join(sorted(ours)),
            ),
        )
    return Objection(
        action=action,
        code=ReasonCode.WRONG_RECIPIENT,
        reason=say("the package is for {codes}, not for us", codes=", ".join(sorted(named))),
        hint=say("if one of these is a code of ours, add it to agency.aliases"),
        unfit=True,
    )


def incomplete(package: edxml.DocumentPackage, action: DoorAction) -> Objection | None:
    """
    Return what speaks against a document that lacks files it names.

    Manifests of some senders are careless: unless such is returned by policy, it is handed over
    with a warning, as the reader of packages gives it.
    """
    if not package.missing or action is not DoorAction.REFUSE:
        return None
    names = ", ".join(package.missing)
    reason = say("the package names files that are not in it: {names}", names=names)
    return Objection(action=action, code=ReasonCode.INTEGRITY_FAILED, reason=reason)


def damaged(error: edxml.PackageDamaged, action: DoorAction) -> Objection:
    """Return what speaks against a document of which only the header could be read."""
    return Objection(
        action=action,
        code=ReasonCode.INTEGRITY_FAILED,
        reason=error.message,
        hint=error.hint or _AGAIN,
        unfit=True,
    )
