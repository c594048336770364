"""What a person can do about a document on its way out, as it stands: the commands in full."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Final

from edge_node.domain.change import ChangeState
from edge_node.domain.document import BusinessKind
from edge_node.domain.explanation import Cure, some
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import say, thaw
from edge_node.domain.record import axis_words_in, hint_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge_node.adapters.circumstances import Due
    from edge_node.adapters.ledger import Outbound
    from edge_node.domain.fate import Fate
    from edge_node.domain.message import Message
    from edge_node.node.explaining.around import Around

_WAITS: Final = frozenset({Sending.QUEUED, Sending.UNSURE})
_ENDED: Final = frozenset({Sending.REFUSED, Sending.DEAD, Sending.HELD})
_THERE: Final = frozenset({Sending.ACCEPTED, Sending.DELIVERED})
_KEPT_BACK: Final = "a person keeps it back"  # as `adapters.halting` words it
_UNKNOWN_RECEIVER: Final = "18"  # as provinces' guides give the codes; see vxp_verdicts


def cures_of(around: Around, item: Outbound, dues: Sequence[Due]) -> Iterator[Cure]:
    """Yield what applies to exactly this state."""
    refused = [fate for fate in item.fates if fate.state is Sending.REFUSED]
    kept = [fate for fate in item.fates if is_kept_back(fate)]
    ended = [fate for fate in item.fates if fate.state in _ENDED and fate not in kept]
    if refused:
        yield from _refused(around, item, refused)
    if kept:
        yield Cure(words=say("let it go"), command=f"edge-node release {item.id}")
    if ended:
        yield from _hints(ended)
        yield _again(item) if item.removed else _resend(item, ended)
    states = {fate.state for fate in item.fates}
    if states & _WAITS:
        yield from _while_it_waits(around, item, dues)
        return
    unheard = [f.receiver for f in item.fates if f.state in _THERE and not f.status]
    if unheard:
        yield Cure(words=say("if nothing is heard, call {who}", who=some(unheard)))
    if _may_be_asked_back(item):
        yield _recall(item, say("if it has to come back"))


def is_kept_back(fate: Fate) -> bool:
    """Tell whether a person keeps it here, and nobody doubts whether it left."""
    why = thaw(fate.reason)
    return fate.state is Sending.HELD and why is not None and why.template == _KEPT_BACK


def _while_it_waits(around: Around, item: Outbound, dues: Sequence[Due]) -> Iterator[Cure]:
    if not dues:
        yield Cure(
            words=say("nothing is planned for it any more: have somebody look over the queue"),
            command="edge-node doctor",
        )
    if any(due.due > around.now and due.leased is None for due in dues):
        now = say("it goes by itself; if it is to be tried now")
        yield Cure(words=now, command=f"edge-node requeue {item.id}")
    if any(fate.state is Sending.QUEUED for fate in item.fates):
        hold = say("if it should stay here until somebody lets it go")
        yield Cure(words=hold, command=f"edge-node hold {item.id}")
        drop = say("if it should not leave at all")
        yield Cure(words=drop, command=f"edge-node cancel {item.id}")
    else:
        yield _recall(item, say("if it should not have left"))


def _refused(around: Around, item: Outbound, fates: Sequence[Fate]) -> Iterator[Cure]:
    codes = {axis_words_in(thaw(fate.reason))[0] for fate in fates}
    if _UNKNOWN_RECEIVER not in codes:
        return
    units = {fate.receiver: around.parts.directory.unit(fate.receiver) for fate in fates}
    for fate in fates:
        unit = units[fate.receiver]
        if unit is not None and unit.successor:
            yield Cure(
                words=say(
                    "{code} was taken over by {successor}: write to that one",
                    code=fate.receiver,
                    successor=unit.successor,
                )
            )
    # The axis refuses a package for all of them: it is the one nobody knows that is wrong.
    strange = next((fate for fate in fates if units[fate.receiver] is None), fates[0])
    yield Cure(
        words=say("find the right code of the receiver"),
        command=f"edge-node agencies search {quote(strange.name or strange.receiver)}",
    )
    if item.folder:
        folder, outbox = around.exchange.root / item.folder, around.exchange.outbox
        yield Cure(
            words=say("then correct the code in its document.json and drop it again"),
            command=f"cp -r {quote(str(folder))} {quote(str(outbox))}/",
        )


def _hints(fates: Sequence[Fate]) -> Iterator[Cure]:
    for reason in dict.fromkeys(fate.reason for fate in fates):
        why = thaw(reason)
        hint = hint_in(why)
        if hint is not None and axis_words_in(why)[0] != _UNKNOWN_RECEIVER:
            yield Cure(words=hint)


def _again(item: Outbound) -> Cure:
    codes = ", ".join(fate.receiver for fate in item.fates if fate.state in _ENDED)
    words = say("to send it again, drop its original into the outbox, for {codes}", codes=codes)
    return Cure(words=words)


def _resend(item: Outbound, ended: Sequence[Fate]) -> Cure:
    only = "" if len(ended) == len(item.fates) else "".join(f" --to {e.receiver}" for e in ended)
    words = say("once the cause is mended, send it again, under the same name to the axis")
    if all(fate.state is Sending.HELD for fate in ended):
        words = say("if they do not have it, send it again")
    return Cure(words=words, command=f"edge-node resend {item.id}{only}")


def _recall(item: Outbound, words: Message) -> Cure:
    return Cure(words=words, command=f'edge-node recall {item.id} --reason "..."')


def _may_be_asked_back(item: Outbound) -> bool:
    if item.kind == BusinessKind.RECALL:
        return False
    open_ = any(change.state is ChangeState.ASKED for change in item.requests)
    return not open_ and any(fate.state in _THERE for fate in item.fates)
