"""
What lies beside a drop that failed: `error.json` for software, `error.txt` for a clerk.

The words come from the error; ``tell`` says them in the reader's language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import (
    DropRefused,
    EdgeNodeError,
    Outage,
    PackageUnreadable,
    Permanent,
    StatusRefused,
    Transient,
    WithProblems,
)
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import say, thaw
from edge_node.domain.record import axis_words_in, hint_in
from edge_node.domain.time import iso
from edge_node.protocol.handoff.acts import act_values
from edge_node.protocol.handoff.files import dump
from edge_node.protocol.handoff.order import SecretRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from edge_node.domain.message import Message
    from edge_node.domain.record import Dossier
    from edge_node.domain.signing import Act

DUPLICATE: Final = "duplicate"


class NobodyReached(WithProblems, Permanent):
    """
    No receiver of a document has it or will have it: each was refused, or given up.

    ``code`` and ``text`` are the axis's own words, where it was the axis that said no.
    """

    def __init__(
        self,
        message: Message,
        problems: Iterable[Message],
        *,
        hint: Message,
        axis_words: tuple[str, str],
    ) -> None:
        """Say what happened at each receiver, and what the axis said of it."""
        super().__init__(message, problems, hint=hint)
        self.code, self.text = axis_words


class RefusedForAll(NobodyReached):
    """The axis said no for every receiver."""


# Words software may rely on, whatever our classes are called; the first that fits is told.
CODES: Final[tuple[tuple[type[EdgeNodeError], str], ...]] = (
    (SecretRefused, "secret"),
    (DropRefused, "drop-refused"),
    (StatusRefused, "status-refused"),
    (RefusedForAll, "axis-refused"),
    (NobodyReached, "given-up"),
    (PackageUnreadable, "package-unreadable"),
    (Transient, "given-up"),
    (Outage, "given-up"),
    (EdgeNodeError, "refused"),
)
_TOLD: Final = 3  # problems that fit in a line a clerk reads; error.json has them all
_WHAT_NOW: Final = say("mend the document and drop it again, or ask whoever runs the node")


def error_code(error: EdgeNodeError, *, duplicate_of: str | None = None) -> str:
    """Return the word of `error.json` for what went wrong."""
    if duplicate_of is not None:
        return DUPLICATE
    return next(code for kind, code in CODES if isinstance(error, kind))


def error_json(
    error: EdgeNodeError,
    *,
    tell: Callable[[Message], str],
    at: datetime,
    name: str,
    duplicate_of: str | None = None,
    acts: Sequence[Act] = (),
) -> bytes:
    """
    Return the error.json of the drop ``name``.

    ``duplicate_of`` is the document sent before; ``acts`` are the signatures of ours that were
    made of the drop, though it never left.
    """
    values: dict[str, object] = {
        "schema": 1,
        "at": iso(at),
        "name": name,
        "error": error_code(error, duplicate_of=duplicate_of),
        "message": tell(error.message),
        "problems": [tell(problem) for problem in _problems(error)],
        "hint": tell(error.hint or _WHAT_NOW),
    }
    if isinstance(error, NobodyReached) and error.code:
        values |= {"axis_code": error.code, "axis_text": error.text}
    if duplicate_of is not None:
        values["duplicate_of"] = duplicate_of
    if acts:
        values["signatures"] = [act_values(act, tell) for act in acts]
    return dump(values)


def error_text(
    error: EdgeNodeError, tell: Callable[[Message], str], acts: Sequence[Act] = ()
) -> str:
    """Return the lines of error.txt: what is wrong, what to do, and what was signed in vain."""
    problems = _problems(error)
    told = [tell(problem) for problem in problems[:_TOLD]]
    if len(problems) > _TOLD:
        told.append(tell(say("and {count} more", count=len(problems) - _TOLD)))
    wrong = tell(error.message) + (": " + "; ".join(told) if told else "")
    lines = [wrong, tell(error.hint or _WHAT_NOW)]
    if acts:
        lines.append(tell(_signed(acts)))
    return "".join(f"{_line(line)}\n" for line in lines)


def error_papers(
    error: EdgeNodeError,
    *,
    tell: Callable[[Message], str],
    at: datetime,
    name: str,
    duplicate_of: str | None = None,
    acts: Sequence[Act] = (),
) -> dict[str, bytes]:
    """Return both papers by the names they have beside a drop; a clerk's begins with a BOM."""
    told = error_json(error, tell=tell, at=at, name=name, duplicate_of=duplicate_of, acts=acts)
    return {"error.json": told, "error.txt": error_text(error, tell, acts).encode("utf-8-sig")}


def failure_of(dossier: Dossier) -> NobodyReached:
    """Return what is to be told of a taken-in drop that reached no receiver."""
    reasons = [thaw(fate.reason) for fate in dossier.fates]
    told = [
        say("{code}: {reason}", code=fate.receiver, reason=reason or str(fate.state))
        for fate, reason in zip(dossier.fates, reasons, strict=True)
    ]
    again = say("once the cause is mended, send it again: edge-node resend {id}", id=dossier.id)
    if all(fate.state is Sending.RECALLED for fate in dossier.fates):
        taken_back = say("the document was taken back before it left")
        hint = say("if it is to be sent after all, drop it into the outbox again")
        return NobodyReached(taken_back, told, hint=hint, axis_words=("", ""))
    hint = next(filter(None, map(hint_in, reasons)), again)
    words = next((words for words in map(axis_words_in, reasons) if words[0]), ("", ""))
    if all(fate.state is Sending.REFUSED for fate in dossier.fates):
        refused = say("the axis refused the document")
        return RefusedForAll(refused, told, hint=hint, axis_words=words)
    given_up = say("sending the document was given up")
    return NobodyReached(given_up, told, hint=hint, axis_words=words)


def _signed(acts: Sequence[Act]) -> Message:
    files = ", ".join(act.file for act in acts)
    return say("signed all the same, and not sent: {files}; see the folder signed", files=files)


def _problems(error: EdgeNodeError) -> tuple[Message, ...]:
    return error.problems if isinstance(error, WithProblems) else ()


def _line(sentence: str) -> str:
    line = " ".join(sentence.split())
    return line[:1].upper() + line[1:] + ("" if line.endswith((".", "!", "?")) else ".")
