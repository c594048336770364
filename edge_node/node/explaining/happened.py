"""What the journal says of a document, told in sentences; those that say the same are one."""

from __future__ import annotations

from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.called_events import named_doer
from edge_node.domain.explanation import Part, Sentence, some
from edge_node.domain.message import Message, say, thaw
from edge_node.domain.retention import REMOVED
from edge_node.domain.standing import SPOKEN, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from edge_node.adapters.circumstances import Event

# By the event: of a document that went out, at the agencies it is for.
_OUT: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "queued": say("it was put back into the queue for {who}"),
        "accepted": say("the axis has it for {who}"),
        "delivered": say("it came to {who}"),
        "refused": say("the axis refused it for {who}"),
        "dead": say("sending it to {who} was given up"),
        "held": say("it was held for {who} until a person decides"),
        "unsure": say("nobody knows whether the axis has it for {who}"),
        "recalled": say("it was taken back from {who}"),
        "late": say("it was late for {who}"),
        "requeued": say("it was to be tried at once for {who}"),
        "sent anew": say("it was sent anew to {who}, as another document"),
        REMOVED: say("what was here of it was removed by retention"),
    }
)
# Of one that came in.
_IN: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "received": say("it was fetched from the axis and is safe here"),
        "acknowledged": say("the axis was told that we have it"),
        "delivered": say("it was laid into the inbox"),
        "taken": say("the document software took it out of the inbox"),
        "repeated": say("it turned out to be what came before"),
        "quarantined": say("it was set aside for a person"),
        "returned": say("it was returned to its sender with status 02"),
        "parked": say("it was kept until the document it is about turns up"),
        "recalled": say("it was given back to its sender"),
        "warned": say("somebody should look at it"),
        "registered": say("it was entered in our register"),
        "destroying": say("what we have of it is being destroyed"),
        "destroyed": say("what we had of it was destroyed"),
        "late": say("it was late"),
        "requeued": say("it was to be tried at once"),
        "sent anew": say("it was sent anew, as another document"),
        REMOVED: say("what was here of it was removed by retention"),
    }
)
_ASKED: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "recall asked": say("{who} asked to have it back"),
        "update asked": say("{who} sent a change of it"),
        "replace asked": say("{who} sent another in its place"),
    }
)
_REPORTS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "report accepted": say("{who} can read our status {status} at the axis"),
        "report refused": say("the axis refused our status {status} to {who}"),
        "report dead": say("sending our status {status} to {who} was given up"),
        "report held": say("nobody knows whether {who} got our status {status}"),
        "report unsure": say("no answer came to our status {status} to {who}"),
        "report recalled": say("our status {status} to {who} was stopped"),
        "report queued": say("our status {status} to {who} waits to be sent again"),
    }
)
_AS_IT_IS: Final = Message("{event}", {"event": ""})  # one nobody here knows
# Their words are the peer's own, as they were written; the others keep a sentence of ours.
_QUOTED: Final = frozenset({"status", *_ASKED})


def told(events: Iterable[Event], *, outgoing: bool) -> Iterator[Sentence]:
    """Yield a sentence for each thing that happened, oldest first."""
    for _, group in groupby(events, key=_mark):
        alike = list(group)
        first = alike[0]
        words = _words(first, [each.agency for each in alike if each.agency], outgoing=outgoing)
        yield Sentence(
            fact=first.event.replace(" ", "-"),
            words=_by_whom(words, first),
            part=Part.PAST,
            at=first.at,
        )


def _mark(event: Event) -> tuple[object, ...]:
    return (event.at, event.event, event.status, event.text, event.actor)


def _words(event: Event, agencies: Sequence[str], *, outgoing: bool) -> Message:
    who, why = some(agencies), _why(event)
    status = named(event.status)
    if event.event == "signed" and why is not None:
        return say("it was signed: {act}", act=why)
    if event.event == "given":
        words = say("we gave status {status} to {who}", status=status, who=who)
    elif event.event == "status":
        words = say("{who} says: {status}", who=who, status=status)
    elif event.event in _REPORTS:
        words = _filled(_REPORTS[event.event], who=who, status=event.status)
    elif event.event in _ASKED:
        words = _filled(_ASKED[event.event], who=who)
    else:
        known = _OUT if outgoing and agencies else _IN
        words = _filled(known.get(event.event, _AS_IT_IS), who=who, event=event.event)
    return words if why is None else say("{what}: {reason}", what=words, reason=why)


def _filled(words: Message, **values: object) -> Message:
    return Message(words.template, {**words.values, **values})


def _why(event: Event) -> Message | None:
    if event.event in _QUOTED:
        quoted = " ".join(event.text.split())
        return Message("{words}", {"words": quoted}) if quoted else None
    words = thaw(event.text)
    return None if words is None else named_doer(words)


def _by_whom(words: Message, event: Event) -> Message:
    # Of a status of ours it is said already who gave it.
    if not event.actor or (event.event == SPOKEN and not event.why):
        return words
    if not event.why:
        return say("{what}, by {who}", what=words, who=event.actor)
    return say("{what}, by {who}, because: {why}", what=words, who=event.actor, why=event.why)
