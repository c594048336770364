"""What would become of a drop, told to a person and as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.disk import shown
from edge_node.adapters.lying import WORDS
from edge_node.catalogue import here
from edge_node.cli.drop_facts import attachment_facts, document_facts, receiver_facts
from edge_node.cli.values import fields_of, told
from edge_node.cli.verdicts import heading
from edge_node.cli.written import second
from edge_node.domain.message import say
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from edge_node.adapters.lying import Lying
    from edge_node.domain.message import Message
    from edge_node.flows.foretelling import Foretold, Problem


class Outlook(StrEnum):
    """What would become of a drop if nobody touched it any more."""

    SENT = "sent"
    WAITS = "waits"  # it would be sent once something is over that is no fault of it
    REFUSED = "refused"
    STAYS = "stays"  # it is not even taken out of the outbox


_OUTLOOKS: Final[Mapping[Outlook, Message]] = MappingProxyType(
    {
        Outlook.SENT: say("it would be sent"),
        Outlook.WAITS: say("it would not be sent now: it would wait until that is over"),
        Outlook.REFUSED: say("it would be refused"),
        Outlook.STAYS: say("it would not be taken: it would stay where it lies"),
    }
)


_MINUTE: Final = 60  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """A drop where it lies, what was read from it, and what there is to say."""

    lying: Lying
    told: Foretold
    problems: tuple[Problem, ...]
    uncompared: tuple[Message, ...] = ()
    in_outbox: bool = True

    @property
    def outlook(self) -> Outlook:
        """What would become of it."""
        if self.lying.drop is None or self.told.secret:
            return Outlook.STAYS
        if any(not each.passes for each in self.problems):
            return Outlook.REFUSED
        return Outlook.WAITS if self.problems else Outlook.SENT


def last_word(prospects: Sequence[Prospect]) -> str:
    """Return the sentence on what would become of all of it."""
    if len(prospects) == 1:
        return told(_OUTLOOKS[prospects[0].outlook])
    sent = sum(each.outlook is Outlook.SENT for each in prospects)
    return told(
        say(
            "{sent} of {all} would be sent, {others} would not",
            sent=sent,
            all=len(prospects),
            others=len(prospects) - sent,
        )
    )


# ── for people ───────────────────────────────────────────────────────────────────────────────


def facts(prospect: Prospect) -> Iterator[tuple[str, str]]:
    """Yield what there is to tell, a name and the words beside it."""
    lying, foretold = prospect.lying, prospect.told
    yield here("lies at"), shown(lying.path)
    if lying.drop is not None:
        yield here("handed over as"), told(WORDS[lying.drop.style])
        yield here("would be taken"), _when(prospect)
    elif lying.why is not None:
        yield here("not taken"), told(lying.why)
        yield here("cure"), told(lying.hint) if lying.hint else ""
    if lying.refused is not None:
        yield here("refused before"), _refused_before(lying.refused.name)
    if foretold.order is not None and not foretold.secret:
        yield from document_facts(foretold.order)
        yield from receiver_facts(foretold)
    yield from attachment_facts(foretold)
    yield here("secrecy"), _secrecy(prospect)
    yield from _signing(foretold)
    yield from _recall(foretold)
    for cure, problems in groupby(prospect.problems, key=_hint):
        for problem in problems:
            yield here("problem"), told(problem.what)
        yield here("cure"), cure
    yield from _lines(here("warning"), foretold.warnings)
    yield from _lines(here("not compared"), prospect.uncompared)


def _when(prospect: Prospect) -> str:
    lying = prospect.lying
    if lying.after is None:
        return ""
    span = _span(lying.after)
    words = say("once nothing has changed for {span}", span=span)
    if not prospect.in_outbox:
        words = say("in the outbox, once nothing has changed for {span}", span=span)
    why = say("{when}: {why}", when=words, why=lying.why) if lying.why else words
    if lying.changed is None:
        return told(why)
    last = second(lying.changed)
    return told(say("{when} (last changed {moment})", when=why, moment=last))


def _span(span: timedelta) -> Message:
    seconds = span.total_seconds()
    if seconds >= _MINUTE and not seconds % _MINUTE:
        return say("{minutes} min", minutes=int(seconds) // _MINUTE)
    return say("{seconds} s", seconds=f"{seconds:g}")


def _refused_before(paper: str) -> str:
    return told(
        say(
            "it was refused where it lies, see {file}; nobody looks again before it changes",
            file=shown(PurePath(paper).name),
        )
    )


def _secrecy(prospect: Prospect) -> str:
    foretold = prospect.told
    if prospect.lying.drop is None or foretold.secret:
        return ""
    if foretold.unseen:
        return told(say("no grade was found, but not every file could be looked at"))
    return told(say("no grade is printed on a first page"))


def _signing(foretold: Foretold) -> Iterator[tuple[str, str]]:
    foreseen = foretold.signatures
    if foreseen is None:
        return
    files = ", ".join(foreseen.wanted)
    words = say("{policy}: {files} would be signed", policy=foreseen.policy.value, files=files)
    if not files:
        words = say("{policy}: nothing would be signed here", policy=foreseen.policy.value)
    yield here("signing"), told(words)


def _recall(foretold: Foretold) -> Iterator[tuple[str, str]]:
    plan = foretold.recall
    if plan is None:
        return
    yield (
        here("recall"),
        told(
            say(
                "asked: {asked}; stopped, as it has not left for them: {stopped}",
                asked=", ".join(plan.asked) or "-",
                stopped=", ".join(plan.stopped) or "-",
            )
        ),
    )


def _lines(title: str, messages: Iterable[Message]) -> Iterator[tuple[str, str]]:
    for message in messages:
        yield title, told(message)


# ── for programs ─────────────────────────────────────────────────────────────────────────────


def values(prospect: Prospect) -> dict[str, object]:
    """Return the same as plain values."""
    lying, foretold = prospect.lying, prospect.told
    order, foreseen = foretold.order, foretold.signatures
    return {
        "path": shown(lying.path),
        "style": lying.drop.style.value if lying.drop else None,
        "outlook": prospect.outlook.value,
        "taken_after": None if lying.after is None else lying.after.total_seconds(),
        "changed": iso(lying.changed) if lying.changed else None,
        "waits_for": told(lying.why) if lying.why else "",
        "hint": told(lying.hint) if lying.hint else "",
        "refused_before": lying.refused.name if lying.refused else "",
        "secret": foretold.secret,
        "document": fields_of(order.document) if order else None,
        "ref": order.ref if order else "",
        "resend": order.resend if order else False,
        "attachments": [] if foretold.secret else list(_files(foretold)),
        "receivers": list(_receivers(foretold)),
        "signing": foreseen.policy.value if foreseen else None,
        "recall": fields_of(foretold.recall) if foretold.recall else None,
        "problems": [fields_of(each) | {"hint": _hint(each)} for each in prospect.problems],
        "warnings": [told(each) for each in foretold.warnings],
        "uncompared": [told(each) for each in prospect.uncompared],
    }


def _hint(problem: Problem) -> str:
    return told(problem.hint) if problem.hint else ""


def _files(foretold: Foretold) -> Iterator[dict[str, object]]:
    foreseen = foretold.signatures
    for each in foretold.files:
        verdict = foreseen.verdicts.get(each.named.file) if foreseen else None
        yield {
            "file": each.named.file,
            "role": each.named.role,
            "description": each.named.description,
            "kind": each.kind.value,
            "size": each.stored.size,
            "sha256": each.stored.digest,
            "verdict": verdict.verdict.value if verdict else None,
            "signatures": heading(verdict) if verdict else "",
            "signed_here": foreseen is not None and each.named.file in foreseen.wanted,
        }


def _receivers(foretold: Foretold) -> Iterator[dict[str, object]]:
    for each in foretold.receivers:
        unit = each.unit
        yield {
            "code": each.organization.code,
            "name": each.organization.name or (unit.name if unit else ""),
            "known": unit is not None and unit.gone is None,
            "successor": unit.successor if unit else "",
        }
