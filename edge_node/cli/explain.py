"""The command that tells the whole story of one document or file: explain."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson
from edge_node.domain.explanation import Part
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.cli.seat import Seat
    from edge_node.domain.explanation import Cure, Sentence, Tale
    from edge_node.domain.message import Message
    from edge_node.node.explaining import Around

_TITLES: Final[Mapping[Part, Message]] = MappingProxyType(
    {
        Part.PAST: say("What happened"),
        Part.NOW: say("How it stands"),
        Part.AHEAD: say("What comes next"),
    }
)
_CAN_DO: Final = say("What you can do")


def register(app: typer.Typer) -> None:
    """Hang the command into the root command."""
    app.command(help=here("Tell the whole story of a document or file, and what you can do."))(
        explain
    )


def explain(
    ctx: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="ID|PATH",
            help=here("An id as `edge-node list` shows it, or a file or folder."),
        ),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Tell what happened to one document or file, how it stands, why, and what can be done."""
    from edge_node.node import explaining  # noqa: PLC0415 - it loads the queue

    seat: Seat = ctx.obj
    around = _around(seat)
    tale = explaining.explain(around, what)
    if as_json:
        typer.echo(json.dumps(_values(tale, seat), ensure_ascii=False))
    else:
        _tell(tale, around, seat)


def _around(seat: Seat) -> Around:
    from edge_node.adapters.lock import holder  # noqa: PLC0415 - it loads the queue
    from edge_node.adapters.service_unit import unit_for, unit_of  # noqa: PLC0415
    from edge_node.node.explaining import Around  # noqa: PLC0415

    data, shared = seat.folders
    try:
        process = holder(data)
        running = process is not None
    except PermissionError:  # whoever may not ask takes it for at work
        process, running = None, True
    unit = unit_of(process) if process else unit_for(seat.config_file)
    return Around(
        settings=lambda: seat.config,
        shared=shared,
        file=seat.reading,
        now=datetime.now(UTC),
        age=time.time(),
        running=running,
        process=process,
        unit=unit,
    )


# ── on a screen ──────────────────────────────────────────────────────────────────────────────────


def _tell(tale: Tale, around: Around, seat: Seat) -> None:
    from edge_node.cli.columns import print_after  # noqa: PLC0415 - only here
    from edge_node.cli.values import told  # noqa: PLC0415 - it loads the queue

    print_after("", _sentence(told(tale.about)))
    if tale.item:
        print_after("", tale.item)
    for part, title in _TITLES.items():
        sentences = tale.of(part)
        if sentences:
            typer.echo(f"\n{told(title)}")
        for each in sentences:
            print_after(_head(each, around), _sentence(told(each.words)))
    if tale.cures:
        typer.echo(f"\n{told(_CAN_DO)}")
    for cure in tale.cures:
        ends = ":" if cure.command else "."
        print_after("  ", _sentence(told(cure.words), ends))
        if cure.command:
            typer.echo(f"      {_command(cure, seat)}")


def _head(sentence: Sentence, around: Around) -> str:
    """Return when it happened, before what is told of the past."""
    from edge_node.cli.values import told  # noqa: PLC0415 - it loads the queue

    if sentence.part is not Part.PAST or sentence.at is None:
        return "  "
    return f"  {told(around.time(sentence.at)):<16}  "


def _sentence(text: str, ends: str = ".") -> str:
    """Return the text as people write a sentence: one line, its first letter large, its end."""
    line = " ".join(text.split()).rstrip(".:")
    if ends == "." and (line.endswith(("!", "?", "…")) or _is_a_path(line.rpartition(" ")[2])):
        ends = ""
    return line[:1].upper() + line[1:] + ends


def _is_a_path(word: str) -> bool:
    """Tell whether a word is to be copied: nobody would know that a dot is not of it."""
    return word.startswith("/")


def _command(cure: Cure, seat: Seat) -> str:
    """Return a command as it is to be typed here: with the configuration it needs."""
    from shlex import quote  # noqa: PLC0415 - only here

    from edge_node.cli.app import config_file  # noqa: PLC0415 - that module hangs this one

    program, _, rest = cure.command.partition(" ")
    usual = seat.config_file == config_file(os.environ) or rest.startswith("schema ")
    if program != "edge-node" or usual:
        return cure.command
    return f"{program} -c {quote(str(seat.config_file))} {rest}"


# ── as values ────────────────────────────────────────────────────────────────────────────────────


def _values(tale: Tale, seat: Seat) -> dict[str, object]:
    from edge_node.cli.values import fields_of, told  # noqa: PLC0415 - it loads the queue

    plain = fields_of(tale)
    return {
        "about": told(tale.about),
        "id": tale.item,
        "path": tale.path,
        "facts": plain["facts"],
        "sentences": plain["sentences"],
        "cures": [
            {"words": told(each.words), "command": _command(each, seat) if each.command else ""}
            for each in tale.cures
        ],
    }
