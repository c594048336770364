"""
What can be done about a drop that is not taken, by the reason the scan gives.

The reasons are the scan's own sentences (`adapters.outbox`, `ripeness`, `listing`): here each is
met with what the person who dropped it can do.
"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Final

from edge_node.adapters.account import group_name
from edge_node.adapters.drops import UNFINISHED_ENDINGS, ending_of
from edge_node.domain.explanation import Cure, lasting
from edge_node.domain.message import Message, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from edge_node.node.explaining.around import Around

    Answer = Callable[[Around, Path, Mapping[str, object]], Iterator[Cure]]


def cures_for(around: Around, path: Path, why: Message) -> list[Cure]:
    """Return what can be done about something that waits for this reason."""
    while isinstance(why.values.get("trouble"), Message):  # what may mend itself for a while
        why = why.values["trouble"]
    answer = ANSWERS.get(why.template)
    return [] if answer is None else list(answer(around, path, why.values))


def unfinished(path: Path, name: str) -> list[Cure]:
    """Return what can be done about a name nobody takes."""
    ending = ending_of(name, UNFINISHED_ENDINGS)
    if ending is None or path.name != name:
        return [Cure(words=say("give it another name, if it is meant to be sent"))]
    whole = path.with_name(name[: -len(ending)])
    return [
        Cure(
            words=say("if nobody writes to it any more, give it its name"),
            command=f"mv {quote(str(path))} {quote(str(whole))}",
        )
    ]


def _no_rule(_: Around, path: Path, __: Mapping[str, object]) -> Iterator[Cure]:
    yield Cure(
        words=say(
            "lay a file {sheet} beside it that describes the document; what stands in it, tells",
            sheet=f"{path.stem}.json",
        ),
        command="edge-node schema document",
    )
    yield Cure(
        words=say(
            "or have whoever runs the node add a rule for such names: intake.rules; those there"
            " are, are shown by"
        ),
        command="edge-node config",
    )


def _missing(_: Around, path: Path, values: Mapping[str, object]) -> Iterator[Cure]:
    folder = path if path.is_dir() else path.parent
    yield Cure(
        words=say(
            "put {files} there by exactly that name, or correct the name in {sheet}; what lies"
            " there, tells",
            files=values["files"],
            sheet=values["sheet"],
        ),
        command=f"ls -l {quote(str(folder))}",
    )


def _no_sheet(_: Around, __: Path, ___: Mapping[str, object]) -> Iterator[Cure]:
    yield Cure(
        words=say(
            "write a document.json into the folder, last of all; what stands in it, tells",
        ),
        command="edge-node schema document",
    )


def _denied(around: Around, path: Path, values: Mapping[str, object]) -> Iterator[Cure]:
    group = group_name(around.exchange.outbox.stat().st_gid)
    place = quote(str(path))
    yield Cure(
        words=say("let the node's group get at {file}", file=values["file"]),
        command=f"chgrp -R {group} {place} && chmod -R g+rwX {place}",
    )


def _torn(_: Around, __: Path, values: Mapping[str, object]) -> Iterator[Cure]:
    yield Cure(
        words=say("open {file} to see whether it is whole, and copy it again", file=values["file"])
    )


def _broken_sheet(_: Around, __: Path, values: Mapping[str, object]) -> Iterator[Cure]:
    words = say("correct {sheet}; what stands in it, tells", sheet=values["sheet"])
    yield Cure(words=words, command="edge-node schema document")


def _link(_: Around, path: Path, __: Mapping[str, object]) -> Iterator[Cure]:
    place = quote(str(path))
    yield Cure(
        words=say("put the file itself in its place"),
        command=f'cp --remove-destination "$(readlink -f {place})" {place}',
    )


def _odd(_: Around, path: Path, values: Mapping[str, object]) -> Iterator[Cure]:
    file = quote(str(path / str(values["file"])))
    words = say("take {file} out of the folder", file=values["file"])
    yield Cure(words=words, command=f"mv {file} {quote(str(path.parent.parent))}/")


def _grace(around: Around, _: Path, __: Mapping[str, object]) -> Iterator[Cure]:
    grace = lasting(around.config.intake.bare_grace)
    yield Cure(words=say("wait: without a sidecar it is taken {grace} after it came", grace=grace))


# By the sentence of the scan.
ANSWERS: Final[Mapping[str, Answer]] = {
    "no sidecar names it, and no rule of the configuration knows its name": _no_rule,
    "{files}, named in {sheet}, is missing": _missing,
    "the folder holds no document.json yet": _no_sheet,
    "the node may not take {file}: it belongs to {owner} with mode {mode}; let its group "
    "read it, and write to it where it is a folder": _denied,
    "the node may not look at {file}": _denied,
    "{file} is not complete: {flaw}": _torn,
    "{sheet} is empty": _broken_sheet,
    "{sheet} cannot be read: it is cut off or broken": _broken_sheet,
    "{sheet} does not describe a whole document": _broken_sheet,
    "{sheet} is larger than 1 MB": _broken_sheet,
    "it is a symbolic link; links are never followed": _link,
    "it holds {file}: {why}": _odd,
    "a sidecar may still come for it; after that it is taken by the rule": _grace,
}
