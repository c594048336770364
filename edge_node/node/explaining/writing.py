"""A file that somebody has not done with: one story of who has it open, since when, how far."""

from __future__ import annotations

from datetime import timedelta
from shlex import quote
from typing import TYPE_CHECKING, Final

from edge_node.adapters.half_written import born, growth_of
from edge_node.adapters.one_look import writers_of
from edge_node.domain.explanation import Cure, Sentence, lasting
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edge_node.adapters.half_written import Growth
    from edge_node.adapters.one_look import Writer
    from edge_node.domain.message import Message
    from edge_node.node.explaining.around import Around

# As the scan (`adapters.ripeness`) words it.
UNFINISHED: Final = frozenset(
    {"{file} is still changing", "{file} is open for writing in another program"}
)
_LONG: Final = timedelta(minutes=10)  # no copy within a house takes longer
_SHOWN: Final = 2  # programs


def is_unfinished(why: Message) -> bool:
    """Tell whether somebody is at work on what waits for this reason."""
    return why.template in UNFINISHED


def unfinished_file(around: Around, path: Path, why: Message) -> tuple[list[Sentence], list[Cure]]:
    """Return what there is to say of a drop whose file is not done, and what can be done."""
    file = _meant(path, str(why.values["file"]))
    name, writers, growth = why.values["file"], writers_of(file), growth_of(file)
    lying = _lying(around, file)
    words = say("the node has left it there: {reason}", reason=why)
    sentences = [Sentence(fact="waits", words=words)]
    sentences += [Sentence(fact="open-in", words=_opened(name, each)) for each in writers[:_SHOWN]]
    if growth is not None:
        sentences.append(Sentence(fact="growth", words=_size(around, name, growth)))
    if lying >= _LONG:
        since = around.time(around.now - lying)
        words = say("it has lain there since {when}, for {span}", when=since, span=lasting(lying))
        sentences.append(Sentence(fact="lies-since", words=words))
    return sentences, list(_cures(around, file, writers, long=lying >= _LONG))


def _meant(path: Path, name: str) -> Path:
    """Return the file a reason names: in the folder that was dropped, or beside the sheet."""
    file = (path if path.is_dir() else path.parent) / name
    return file if file.exists() else path


def _lying(around: Around, file: Path) -> timedelta:
    since = born(file)
    if since is None:
        return timedelta()
    return max(timedelta(), timedelta(seconds=around.age - since.timestamp()))


def _opened(name: object, writer: Writer) -> Message:
    return say(
        "the program {program} (process {process}, account {user}) has {file} open for writing",
        program=writer.program,
        process=writer.process,
        user=writer.user,
        file=name,
    )


def _size(around: Around, name: object, growth: Growth) -> Message:
    if growth.grows:
        return say(
            "while this was looked at, {file} grew from {before} to {after} bytes",
            file=name,
            before=growth.before,
            after=growth.after,
        )
    idle = timedelta(seconds=max(0.0, around.age - growth.written.timestamp()))
    return say(
        "there are {size} bytes in {file}, last written to {span} ago",
        file=name,
        size=growth.after,
        span=lasting(idle),
    )


def _cures(around: Around, file: Path, writers: Sequence[Writer], *, long: bool) -> Iterator[Cure]:
    quiet = lasting(around.config.intake.quiet)
    yield Cure(
        words=say(
            "wait until it is written: it is taken once nobody has it open and nothing of it has"
            " changed for {quiet}",
            quiet=quiet,
        )
    )
    for writer in writers[:_SHOWN]:
        yield Cure(
            words=say(
                "have {user} save and close it in {program} (process {process})",
                user=writer.user,
                program=writer.program,
                process=writer.process,
            ),
            command=f"ps -f -p {writer.process}",
        )
        if long:
            words = say("if that program hangs, end it, and drop the document again")
            yield Cure(words=words, command=f"kill {writer.process}")
    if not writers:
        yield Cure(
            words=say("close it in the program that has it open; on this machine that is told by"),
            command=f"fuser -v {quote(str(file))}",
        )
