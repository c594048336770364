"""What became of files that were to be signed, told to a person and as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_node.adapters.disk import shown
from edge_node.catalogue import here
from edge_node.cli.columns import print_facts
from edge_node.cli.values import fields_of, told
from edge_node.cli.written import second
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_node.domain.message import Message
    from edge_node.domain.signing import Act, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one file: an act and where its result lies, or why there is none."""

    source: Path
    target: Path | None = None
    act: Act | None = None
    why: Message | None = None
    hint: Message | None = None
    wished: Level | None = None

    @property
    def note(self) -> Message | None:
        """Why the signature is less than was wished for."""
        if self.act is None or self.wished in {None, self.act.level}:
            return None
        return say(
            "no {level}: an Office file gets a time-stamp and no more", level=str(self.wished)
        )


def outcome_values(outcome: Outcome) -> dict[str, object]:
    """Return what became of a file as plain values."""
    act = {} if outcome.act is None else fields_of(outcome.act)
    act.pop("stored", None)  # whoever has the file has that
    return act | {
        "file": shown(outcome.source),
        "signed": outcome.act is not None,
        "to": shown(outcome.target) if outcome.target else "",
        "why": told(outcome.why) if outcome.why else "",
        "hint": told(outcome.hint) if outcome.hint else "",
        "note": told(outcome.note) if outcome.note else "",
    }


def outcome_sheet(outcome: Outcome) -> None:
    """Print what became of a file."""
    print_facts(_facts(outcome))


def _facts(outcome: Outcome) -> Iterator[tuple[str, str]]:
    act, result = outcome.act, say("signed") if outcome.act else say("not signed")
    yield here("file"), shown(outcome.source)
    yield here("result"), told(result)
    yield here("why"), told(outcome.why) if outcome.why else ""
    yield here("hint"), told(outcome.hint) if outcome.hint else ""
    if act is None or outcome.target is None:
        return
    yield here("lies in"), shown(outcome.target)
    yield here("level"), str(act.level)
    yield here("note"), told(outcome.note) if outcome.note else ""
    yield here("signer"), here("{subject} (key {key})").format(subject=act.subject, key=act.key)
    by = here("by {authority}").format(authority=act.stamped_by)
    yield here("stamped"), f"{second(act.stamped_at)} ({by})" if act.stamped_at else ""
    yield here("does not show"), told(act.unseen) if act.unseen else ""
    yield here("ordered by"), act.operator
    yield here("grounds"), act.basis
