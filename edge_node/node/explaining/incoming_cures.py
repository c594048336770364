"""What a person can do about what came in, as it stands: the commands in full."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.beside import standing_of
from edge_node.domain.change import ChangeState
from edge_node.domain.explanation import Cure
from edge_node.domain.lifecycle import Receiving
from edge_node.domain.message import say
from edge_node.domain.receipt import Status
from edge_node.domain.record import hint_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge_node.adapters.ledger import Inbound
    from edge_node.domain.message import Message
    from edge_node.node.explaining.around import Around

_SPOKEN_OF: Final = frozenset({Receiving.DELIVERED, Receiving.TAKEN})
_STEPS: Final[Mapping[Status, Message]] = MappingProxyType(
    {
        Status.REGISTERED: say("tell its sender that it was entered here"),
        Status.ASSIGNED: say("tell its sender that somebody was given it"),
        Status.IN_PROGRESS: say("tell its sender that it is worked on"),
        Status.FINISHED: say("tell its sender that it is done"),
    }
)


def cures_of(around: Around, item: Inbound) -> Iterator[Cure]:
    """Yield what applies to exactly this state."""
    if (hint := hint_in(item.reason)) is not None:
        yield Cure(words=hint)
    if any(change.state is ChangeState.ASKED for change in item.requests):
        yield from _answers(item)
    match item.state:
        case Receiving.QUARANTINED | Receiving.RETURNED if item.removed:
            yield Cure(words=say("if it is needed after all, ask its sender to send it again"))
        case Receiving.QUARANTINED:
            yield from _aside(around, item)
        case Receiving.RETURNED:
            yield Cure(
                words=say("if it is to be handed over all the same, though its sender was told"),
                command=f"edge-node release {item.id} --force",
            )
        case Receiving.REPEATED:
            yield Cure(words=say("nothing has to be done: look at the one that came first"))
        case Receiving.PARKED:
            yield from _parked(item)
        case Receiving.RECEIVED | Receiving.ACKNOWLEDGED:
            yield Cure(words=say("nothing has to be done: it goes on by itself"))
    if item.message == "edoc" and item.state in _SPOKEN_OF:
        yield from _statuses(around, item)


def _aside(around: Around, item: Inbound) -> Iterator[Cure]:
    row = around.queue.arrived(item.id)
    if row is not None and not row["digest"]:
        yield Cure(
            words=say(
                "it was too large to be fetched: raise limits.package in the configuration, and it"
                " is fetched by itself"
            )
        )
        return
    yield Cure(
        words=say("if it is to be handed over all the same, as it is"),
        command=f"edge-node release {item.id}",
    )
    if item.message == "edoc" and item.sender and (item.document_id or item.code):
        yield Cure(
            words=say("if its sender is to be told that it is not taken, and why"),
            command=f'edge-node refuse {item.id} --reason-code OTHER --note "..."',
        )
    elif item.message == "edoc":
        yield Cure(
            words=say("nothing in it says which document it is: call the sender, if you know him")
        )


def _answers(item: Inbound) -> Iterator[Cure]:
    yield Cure(
        words=say("agree to what its sender asks; of a recall everything here is destroyed then"),
        command=f"edge-node set-status {item.id} 15",
    )
    yield Cure(
        words=say("or do not agree, and say why"),
        command=f'edge-node set-status {item.id} 16 --note "..."',
    )


def _parked(item: Inbound) -> Iterator[Cure]:
    yield Cure(
        words=say(
            "see whether a document of that name was sent from here, and to {sender}",
            sender=item.sender,
        ),
        command="edge-node list --out --limit 50",
    )
    yield Cure(
        words=say(
            "if it was sent by another program of the agency, nothing has to be done; if {sender}"
            " has got another code, enter it in the directory of agencies",
            sender=item.sender,
        ),
        command=f"edge-node agencies show {item.sender}",
    )


def _statuses(around: Around, item: Inbound) -> Iterator[Cure]:
    row = around.queue.arrived(item.id)
    if row is None:
        return
    standing = standing_of(around.file, row)
    allowed = standing.allowed()
    steps = [status for status in allowed if status in _STEPS and status != item.status]
    for status in steps[:1] + [each for each in steps[1:] if each is Status.FINISHED]:
        yield Cure(words=_STEPS[status], command=f"edge-node set-status {item.id} {status}")
    if Status.REFUSED in allowed:
        yield Cure(
            words=say("return it to its sender, and say why"),
            command=f'edge-node refuse {item.id} --reason-code OTHER --note "..."',
        )
