"""The tale of a document on its way out: how it stands at each receiver, why, and until when."""

from __future__ import annotations

import stat
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.removed import on_which_day
from edge_node.domain.change import ChangeState
from edge_node.domain.deadlines import Duty, Open
from edge_node.domain.document import BusinessKind
from edge_node.domain.explanation import (
    Part,
    Sentence,
    Tale,
    lasting,
    on_paper,
    once,
    shortened,
    some,
)
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import Message, say, thaw
from edge_node.domain.record import axis_words_in, hint_in
from edge_node.domain.standing import named
from edge_node.node.explaining.happened import told
from edge_node.node.explaining.outgoing_cures import cures_of, is_kept_back
from edge_node.node.explaining.terms import OVER, terms_told
from edge_node.node.explaining.trying import all_waits, tries_told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from edge_node.adapters.circumstances import Due, Event, Try
    from edge_node.adapters.ledger import Outbound
    from edge_node.domain.change import Change
    from edge_node.domain.fate import Fate
    from edge_node.node.explaining.around import Around

# A sheet older than that was not written for this drop.
_LATELY: Final = timedelta(days=7)
_WAITS: Final = frozenset({Sending.QUEUED, Sending.UNSURE})
_ENDED: Final = frozenset({Sending.REFUSED, Sending.DEAD, Sending.HELD})
_THERE: Final = frozenset({Sending.ACCEPTED, Sending.DELIVERED})
_STANDS: Final[Mapping[Sending, Message]] = MappingProxyType(
    {
        Sending.QUEUED: say("it waits here, safe on disk, to be sent to {who}"),
        Sending.UNSURE: say(
            "it was sent to {who} and no answer came: before it is sent again the axis is asked"
            " whether it has it"
        ),
        Sending.ACCEPTED: say("the axis holds it for {who}, who has not said yet that it came"),
        Sending.DELIVERED: say("it came to {who}, and nobody there has said anything yet"),
        Sending.REFUSED: say("the axis refused it for {who}: {reason}"),
        Sending.DEAD: say("sending it to {who} was given up: {reason}"),
        Sending.HELD: say(
            "nobody can tell whether {who} got it, and it is not sent twice by itself: {reason}"
        ),
        Sending.RECALLED: say("it was taken back from {who}"),
    }
)
# A try tells what these say, as long as it was at the same moment.
_BY_A_TRY: Final = frozenset(
    {"queued", "accepted", "refused", "dead", "held", "unsure", "report accepted"}
    | {"report refused", "report dead", "report held", "report unsure", "report queued"}
)


def outgoing(around: Around, item: Outbound) -> Tale:
    """Return the whole story of a document that went out, or is to."""
    dues = around.queue.waiting(item.id)
    tries = around.queue.tries(item.id)
    kept = all_waits(around, dues)
    return Tale(
        about=_about(item),
        item=item.id,
        sentences=(
            *_past(around, item, tries),
            *_now(around, item),
            *kept.sentences,
            *terms_told(around, _duties(around, item)),
        ),
        cures=once((*kept.cures, *cures_of(around, item, dues))),
        facts=_facts(item, tries, dues),
    )


def _about(item: Outbound) -> Message:
    receivers = [fate.receiver for fate in item.fates]
    return say(
        "document {code} of {day}, sent out to {receivers}: {subject}",
        code=item.code,
        day=on_paper(item.promulgated),
        receivers=some(receivers),
        subject=shortened(item.subject),
    )


# ── the past ─────────────────────────────────────────────────────────────────────────────────────


def _past(around: Around, item: Outbound, tries: Sequence[Try]) -> list[Sentence]:
    taken_in = [*_written(around, item), _taken_in(around, item)]
    odd = [
        Sentence(
            fact="noted",
            words=say("noted then: {warning}", warning=warning),
            part=Part.PAST,
            at=item.created,
        )
        for warning in around.queue.odd(item.id)
    ]
    events = list(_news(around.queue.events(item.id), tries, item.created))
    # What stands below in full is not said twice.
    ended = (thaw(fate.reason) for fate in item.fates if fate.state in _ENDED)
    below = {str(why) for why in ended if why is not None}
    later = [*told(events, outgoing=True), *tries_told(around, tries, below=below)]
    return [*taken_in, *odd, *sorted(later, key=lambda each: each.at or item.created)]


def _written(around: Around, item: Outbound) -> Iterator[Sentence]:
    """Yield when its sheet was last written, where it still lies there and tells."""
    folder = around.exchange.root / item.folder
    sheets = ("document.json", "document.yaml", f"{item.name}.json", f"{item.name}.yaml")
    for name in sheets if item.folder else ():
        with suppress(OSError):
            status = (folder / name).lstat()
            at = datetime.fromtimestamp(status.st_mtime, UTC)
            if stat.S_ISREG(status.st_mode) and item.created - _LATELY < at <= item.created:
                words = say("its sheet {file} was written for the last time", file=name)
                yield Sentence(fact="written", words=words, part=Part.PAST, at=at)
            return


def _taken_in(around: Around, item: Outbound) -> Sentence:
    if around.now - item.created > _LATELY:  # who knows what was configured then
        words = say("it was taken in from the outbox, where it was called {name}", name=item.name)
        return Sentence(fact="taken-in", words=words, part=Part.PAST, at=item.created)
    words = say(
        "it was taken in from the outbox, where it was called {name}, once nothing of it had"
        " changed for {quiet}",
        name=item.name,
        quiet=lasting(around.config.intake.quiet),
    )
    return Sentence(fact="taken-in", words=words, part=Part.PAST, at=item.created)


def _news(events: Sequence[Event], tries: Sequence[Try], created: datetime) -> Iterator[Event]:
    """Yield what neither the beginning nor a try says already."""
    tried = {each.at for each in tries}
    for event in events:
        if event.event == Sending.QUEUED and event.at == created:
            continue
        if event.event not in _BY_A_TRY or event.at not in tried or event.actor:
            yield event


# ── how it stands ────────────────────────────────────────────────────────────────────────────────


def _now(around: Around, item: Outbound) -> Iterator[Sentence]:
    groups: dict[tuple[str, str, str], list[Fate]] = {}
    for fate in item.fates:
        groups.setdefault((str(fate.state), fate.status, fate.reason), []).append(fate)
    for fates in groups.values():
        yield from _standing(fates)
    if not item.folder:
        yield Sentence(fact="being-filed", words=say("its folder is still to be put in its place"))
    if item.removed:
        yield Sentence(fact="payload-removed", words=on_which_day(item.removed))
    for change in item.requests:
        if change.state is ChangeState.ASKED:
            yield _asked(around, change)


def _standing(fates: Sequence[Fate]) -> Iterator[Sentence]:
    state, status = fates[0].state, fates[0].status
    who, why = some([fate.receiver for fate in fates]), thaw(fates[0].reason)
    kept_back = is_kept_back(fates[0])
    words = _how_it_stands(state, status, who, why, kept_back=kept_back)
    yield Sentence(fact="kept-back" if kept_back else str(state), words=words)
    code, text = axis_words_in(why)
    if state in _ENDED and (code or text) and text not in str(why):
        words = say("in the axis's own words: {text} (code {code})", text=text, code=code)
        yield Sentence(fact="axis-words", words=words)


def _how_it_stands(
    state: Sending, status: str, who: Message, why: Message | None, *, kept_back: bool
) -> Message:
    if kept_back:
        return say("a person keeps it back: it does not leave for {who}", who=who)
    if state in _THERE and status:
        return say("{who} has it, and says: {status}", who=who, status=named(status))
    reason = why or say("nobody wrote down why")
    return Message(_STANDS[state].template, {"who": who, "reason": reason})


def _asked(around: Around, change: Change) -> Sentence:
    asked = {
        BusinessKind.RECALL: say("to give it back"),
        BusinessKind.UPDATE: say("to change it"),
        BusinessKind.REPLACE: say("to take another in its place"),
    }
    words = say(
        "{agency} was asked {what} {when}, and has not answered",
        agency=change.agency,
        what=asked.get(change.kind, ""),
        when=around.time(change.created),
    )
    return Sentence(fact="asked", words=words)


# ── what comes ───────────────────────────────────────────────────────────────────────────────────


def _duties(around: Around, item: Outbound) -> Iterator[Open]:
    """Yield what is open at each receiver."""
    if item.kind == BusinessKind.RECALL and not item.fates:
        return
    due, urgency, _ = around.queue.particulars(item.id)
    day = date.fromisoformat(item.promulgated) if item.promulgated else None
    for fate in item.fates:
        for duty, since, on in _open_at(item, fate, day, due):
            yield Open(
                duty=duty,
                item=item.id,
                since=since,
                agency=fate.receiver,
                day=on,
                urgency=urgency,
                state=str(fate.state),
            )


def _open_at(
    item: Outbound, fate: Fate, day: date | None, due: str
) -> Iterator[tuple[Duty, datetime, date | None]]:
    if fate.state in _WAITS or fate.state in _ENDED:
        yield Duty.DISPATCH, item.created, day
    elif fate.state in _THERE and not fate.status:
        yield Duty.UNHEARD, fate.at or item.created, None
    if due and fate.state in _THERE and fate.status not in OVER:
        yield Duty.REPLY, item.created, date.fromisoformat(due)


def _facts(item: Outbound, tries: Sequence[Try], dues: Sequence[Due]) -> dict[str, object]:
    return {
        "direction": "out",
        "id": item.id,
        "document_id": item.document_id,
        "code": item.code,
        "folder": item.folder,
        "taken_in": item.created,
        "receivers": [
            {
                "code": fate.receiver,
                "state": str(fate.state),
                "status": fate.status,
                "reason": thaw(fate.reason),
                "hint": hint_in(thaw(fate.reason)),
            }
            for fate in item.fates
        ],
        "attempts": len(tries),
        "next_try": min((due.due for due in dues), default=None),
    }
