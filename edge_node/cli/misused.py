"""
What the library that reads the command line minds, in the reader's language.

It says so in English only, and of most it tells no more than its sentence: the sentence is known
again here. One nobody here knows is told as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import Message, say

if TYPE_CHECKING:
    import typer

    from edge_node.domain.errors import EdgeNodeError

_VALUE: Final = re.compile(r"invalid value for (?P<name>.+?): (?P<why>.+)", re.DOTALL)
_KNOWN: Final = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"no such option: (?P<name>\S+)", say("no such option: {name}")),
        (
            r"no such option: (?P<name>\S+) \(Possible options: (?P<others>.+)\)",
            say("no such option: {name}. Did you mean {others}?"),
        ),
        (r"no such command '(?P<name>.+?)'", say("no such command '{name}'")),
        (
            r"no such command '(?P<name>.+?)'\. Did you mean (?P<others>.+)\?",
            say("no such command '{name}'. Did you mean {others}?"),
        ),
        (r"missing argument '(?P<name>[^']+)'", say("missing argument '{name}'")),
        (
            r"missing argument '(?P<name>[^']+)'\. Choose from:\s+(?P<others>(?s:.+))",
            say("missing argument '{name}': one of {others}"),
        ),
        (r"'(?P<text>.*)' is not one of (?P<others>.+)", say("'{text}' is not one of {others}")),
        (r"missing option '(?P<name>.+)'", say("missing option '{name}'")),
        (r"missing command", say("missing command")),
        (
            r"option '(?P<name>.+)' requires an argument",
            say("option '{name}' requires an argument"),
        ),
        (
            r"got unexpected extra argument\(s\) \((?P<others>.+)\)",
            say("nothing is known to do with {others}"),
        ),
        (
            r"Input should be greater than or equal to (?P<least>\S+)",
            say("expected {least} or more"),
        ),
        (r"Input should be less than or equal to (?P<most>\S+)", say("expected {most} or less")),
        (r"Input should be a valid (?:integer|number)\b.*", say("expected a number")),
        (
            r"'(?P<text>.*)' does not match the formats '%Y-%m-%d', '%d/%m/%Y'",
            say("expected a date like 2026-11-21 or 21/11/2026, got '{text}'"),
        ),
    )
)


def misused(error: typer.TyperException) -> EdgeNodeError:
    """Return what is wrong with the command line, in our form."""
    # The words before it are of the library that compares values, and say nothing.
    words = error.format_message().rstrip(".").replace("Value error, ", "")
    reason = words[:1].lower() + words[1:]
    return NotAllowed(
        say("the command line is wrong: {reason}", reason=_said(reason)), hint=_help(error)
    )


def _said(reason: str) -> Message | str:
    value = _VALUE.fullmatch(reason)
    if value:
        return say("invalid value for {name}: {why}", name=value["name"], why=_said(value["why"]))
    for pattern, words in _KNOWN:
        if found := pattern.fullmatch(reason):
            # What there is to choose from stands a line each, where there is little room.
            values = {name: " ".join(text.split()) for name, text in found.groupdict().items()}
            return Message(words.template, values)
    return reason


def _help(error: typer.TyperException) -> Message:
    context = getattr(error, "ctx", None)
    _, _, command = context.command_path.partition(" ") if context else ("", "", "")
    command = command.removeprefix("-m edge_node").strip()
    if not command:
        return say("edge-node --help, or: edge-node COMMAND --help")
    return say("`{command} --help` shows what there is", command=f"edge-node {command}")
