"""What the node once wrote beside a drop or a file it did not take: read again, and told."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Final

from edge_node.adapters.filing import read_paper
from edge_node.domain.explanation import Cure, Sentence
from edge_node.domain.message import Message, say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SHOWN: Final = 8  # problems in one tale; the paper has them all


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What an error.json says; ``earlier`` is the document it repeats, '' for none."""

    sentences: tuple[Sentence, ...] = ()
    cures: tuple[Cure, ...] = ()
    earlier: str = ""


def refusal_beside(paper: Path) -> Refusal:
    """
    Return what a paper says of why something was not taken; nothing where there is none.

    Its sentences are in the language they were written in: that of the agency.
    """
    told = read_paper(paper)
    if told is None:
        return Refusal()
    problems = told.get("problems")
    listed = problems if isinstance(problems, list) else []
    texts = [each for each in listed if isinstance(each, str)]
    sentences = [Sentence(fact="refused-because", words=_quoted(_text(told, "message")))]
    sentences += [Sentence(fact="problem", words=_listed(each)) for each in texts[:_SHOWN]]
    if len(texts) > _SHOWN:
        more = say("and {count} more: {file}", count=len(texts) - _SHOWN, file=str(paper))
        sentences.append(Sentence(fact="problem", words=more))
    return Refusal(
        sentences=tuple(sentences),
        cures=tuple(_cures(told)),
        earlier=_text(told, "duplicate_of"),
    )


def _cures(told: dict[str, object]) -> Iterator[Cure]:
    if _text(told, "hint"):
        yield Cure(words=_quoted(_text(told, "hint")))
    if earlier := _text(told, "duplicate_of"):
        yield Cure(
            words=say("see what became of the one that was sent before"),
            command=f"edge-node explain {quote(earlier)}",
        )


def _text(told: dict[str, object], name: str) -> str:
    value = told.get(name)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _listed(text: str) -> Message:
    # It begins with the name of a field, which no sentence may write with a capital.
    return Message("- {words}", {"words": text})


def _quoted(text: str) -> Message:
    return Message("{words}", {"words": text})
