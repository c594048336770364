"""The tale of what lies in the outbox and was not taken: which rule keeps it there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from shlex import quote
from typing import TYPE_CHECKING, Final

from edge_node.adapters.account import ENTER, READ, WRITE, Account
from edge_node.adapters.drops import (
    ERROR_ENDINGS,
    UNFINISHED_ENDINGS,
    Style,
    ending_of,
    is_untouchable,
)
from edge_node.adapters.filing import is_there
from edge_node.adapters.one_look import by_its_own_word
from edge_node.adapters.outbox import Outbox
from edge_node.adapters.ripeness import denied
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.explanation import Cure, Part, Sentence, Tale, lasting, once
from edge_node.domain.message import Message, say
from edge_node.node.explaining.around import hindrance
from edge_node.node.explaining.outbox_cures import cures_for, unfinished
from edge_node.node.explaining.papers import refusal_beside
from edge_node.node.explaining.whereabouts import taken_away
from edge_node.node.explaining.writing import is_unfinished, unfinished_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edge_node.adapters.drops import Drop, Scan, Waiting
    from edge_node.node.explaining.around import Around

_GOES_WITH: Final = "it goes with {sheet}, which waits"
_REFUSED_THERE: Final = "it is refused where it lies, see {file}"
_LONG: Final = timedelta(minutes=10)
_SHOWN: Final = 12  # of what waits, in the tale of the whole outbox
# What a drop takes in the data folder, as intake reckons.
_ROOM_FOR_A_BYTE: Final = 2.4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one look at the outbox found, by the clock of the files."""

    scan: Scan[Drop]
    age: float

    def waiting(self, path: Path) -> Waiting | None:
        """Return why something waits: the file itself, or the folder it lies in."""
        by_path = {each.path: each for each in self.scan.waiting}
        return next((by_path[place] for place in (path, *path.parents) if place in by_path), None)

    def ready(self, path: Path) -> Drop | None:
        """Return the drop that something belongs to and that can be taken."""
        for drop in self.scan.ready:
            if path == drop.anchor or path in drop.members or drop.anchor in path.parents:
                return drop
        return None


def in_outbox(around: Around, path: Path) -> Tale:
    """Return why something in the outbox lies there; FolderMissing, AccessDenied, DiskTrouble."""
    outbox = around.exchange.outbox
    if path == outbox:
        return _all_of_it(around)
    if not is_there(path):
        return taken_away(around, path)
    below = path.relative_to(outbox).parts
    ignored = next((name for name in below if is_untouchable(name)), None)
    return _lies_there(around, path) if ignored is None else _ignored(around, path, ignored)


def _lies_there(around: Around, path: Path) -> Tale:
    look = _look(around)
    waiting, drop = look.waiting(path), look.ready(path)
    if drop is not None and (refused := _not_for_the_node(around, drop)) is not None:
        return _waits(path, refused, _unchanged(around, path), cures_for(around, path, refused))
    if waiting is not None:
        return _waiting(around, path, waiting, look)
    if drop is not None:
        return _ready(around, path, drop, look)
    words = say("no rule says anything of it: it may have come or gone in this moment")
    again = Cure(words=say("look once more"), command=f"edge-node explain {quote(str(path))}")
    return _tale(path, [Sentence(fact="unknown", words=words)], [again])


def _look(around: Around) -> _Look:
    parts = around.parts
    sightings = by_its_own_word(parts.exchange.outbox, around.age)
    outbox = Outbox(parts.exchange.outbox, parts.claims, parts.settling(), sightings=sightings)
    return _Look(scan=outbox.scan(around.age), age=around.age)


# ── what waits ───────────────────────────────────────────────────────────────────────────────────


def _waiting(around: Around, path: Path, waiting: Waiting, look: _Look) -> Tale:
    sheet = ""
    if waiting.why.template == _GOES_WITH:
        sheet = str(waiting.why.values["sheet"])
        waiting = look.waiting(around.exchange.outbox / sheet) or waiting
    if waiting.why.template == _REFUSED_THERE:
        return _refused_there(around, path, waiting)
    with_it = []
    if sheet:
        words = say("it belongs to {sheet}, and waits with it", sheet=sheet)
        with_it.append(Sentence(fact="goes-with", words=words))
    if is_unfinished(waiting.why):
        sentences, cures = unfinished_file(around, waiting.path, waiting.why)
        return _tale(path, [*with_it, *sentences], cures)
    unchanged = timedelta(seconds=max(0.0, look.age - waiting.since))
    cures = cures_for(around, waiting.path, waiting.why)
    return _waits(path, waiting.why, unchanged, cures, with_it)


def _waits(
    path: Path,
    why: Message,
    unchanged: timedelta,
    cures: Sequence[Cure],
    before: Sequence[Sentence] = (),
) -> Tale:
    words = say("the node has left it there: {reason}", reason=why)
    sentences = [*before, Sentence(fact="waits", words=words)]
    words = say("nothing of it has changed for {span}", span=lasting(unchanged))
    if unchanged >= _LONG:
        words = say("{what}: by itself this will hardly mend", what=words)
    sentences.append(Sentence(fact="unchanged", words=words))
    return _tale(path, sentences, cures)


def _refused_there(around: Around, path: Path, waiting: Waiting) -> Tale:
    paper = around.exchange.outbox / str(waiting.why.values["file"])
    told = refusal_beside(paper.with_name(paper.name.removesuffix(".txt") + ".json"))
    words = say("the node does not take it, and has left it there, of which no copy was made")
    sentences = [Sentence(fact="refused-there", words=words), *told.sentences]
    again = Cure(words=say("once it is changed or touched, it is looked at anew"))
    return _tale(path, sentences, [*told.cures, again])


def _ignored(around: Around, path: Path, name: str) -> Tale:
    if ending_of(name, ERROR_ENDINGS):
        told = refusal_beside(path.with_name(path.name.removesuffix(".txt") + ".json"))
        return _tale(
            path,
            [
                Sentence(
                    fact="our-note",
                    words=say("the node wrote this itself, about what it has left in the outbox"),
                ),
                *told.sentences,
            ],
            told.cures,
        )
    if name.startswith((".", "~")):
        words = say(
            "names that begin with a dot or a tilde are hidden, or a program's own: nobody takes"
            " {name}",
            name=name,
        )
    else:
        words = say(
            "a name that ends in {endings} says that somebody is still writing: nobody takes"
            " {name}",
            endings=", ".join(UNFINISHED_ENDINGS),
            name=name,
        )
    unchanged = say("nothing of it has changed for {span}", span=lasting(_unchanged(around, path)))
    sentences = [
        Sentence(fact="name-ignored", words=words),
        Sentence(fact="unchanged", words=unchanged),
    ]
    return _tale(path, sentences, unfinished(path, name))


# ── what can be taken ────────────────────────────────────────────────────────────────────────────


def _ready(around: Around, path: Path, drop: Drop, look: _Look) -> Tale:
    sentences: list[Sentence] = []
    cures: list[Cure] = []
    if drop.secret:
        words = say("its sheet calls it secret: it is not taken, and no copy is made of it")
        sentences.append(Sentence(fact="secret", words=words))
        cures.append(Cure(words=say("take it away: it may not go this way")))
    elif drop.fault is not None:
        words = say(
            "it cannot be sent as it is, and is put into failed/: {reason}", reason=drop.fault
        )
        sentences.append(Sentence(fact="faulty", words=words))
        cures += cures_for(around, drop.anchor, drop.fault)
    else:
        words = say("it is complete, and can be taken in")
        sentences.append(Sentence(fact="ready", words=words))
    kept = hindrance(around, "intake")
    room = _no_room(around, drop)
    if kept is not None:
        sentences += kept.sentences
        cures += kept.cures
    elif room is not None:
        words = say("there is no room for it: {reason}", reason=room.message)
        sentences.append(Sentence(fact="no-room", words=words))
        cures += [Cure(words=room.hint)] if room.hint else []
        cures.append(Cure(words=say("look over the disks"), command="edge-node doctor"))
    else:
        sentences.append(_soon(look, drop))
    return _tale(path, sentences, cures)


def _soon(look: _Look, drop: Drop) -> Sentence:
    before = look.scan.ready.index(drop)
    words = say("it is taken in within a minute")
    if before:
        words = say("it is taken in when its turn comes: {count} lie before it", count=before)
    return Sentence(fact="its-turn", words=words, part=Part.AHEAD)


def _no_room(around: Around, drop: Drop) -> EdgeNodeError | None:
    try:
        around.parts.room.for_new(int(drop.size * _ROOM_FOR_A_BYTE))
    except EdgeNodeError as error:
        return error
    return None


def _not_for_the_node(around: Around, drop: Drop) -> Message | None:
    """Return why the node's own account may not take a drop, where root looks in its place."""
    if os.geteuid() != 0:
        return None
    account = Account.of(around.config.folders.data, around.process)
    if drop.style is Style.BUNDLE and not account.may(drop.anchor, READ | WRITE | ENTER):
        return denied(drop.anchor)
    return next((denied(path) for path in drop.members if not account.may(path, READ)), None)


# ── all of it ────────────────────────────────────────────────────────────────────────────────────


def _all_of_it(around: Around) -> Tale:
    look = _look(around)
    outbox = around.exchange.outbox
    waiting = sorted(look.scan.waiting, key=lambda each: each.since)
    sentences = [
        Sentence(
            fact="counts",
            words=say(
                "what can be taken in: {ready}; what waits for something: {waiting}",
                ready=len(look.scan.ready),
                waiting=len(waiting),
            ),
        )
    ]
    for each in waiting[:_SHOWN]:
        words = say("it leaves {name}: {reason}", name=each.path.name, reason=each.why)
        sentences.append(Sentence(fact="waits", words=words))
    cures: list[Cure] = []
    kept = hindrance(around, "intake") if look.scan.ready else None
    if kept is not None:
        sentences += kept.sentences
        cures += kept.cures
    if waiting:
        first = quote(str(waiting[0].path))
        cures.append(Cure(words=say("more of one of them"), command=f"edge-node explain {first}"))
    return Tale(
        about=say("the outbox {path}", path=str(outbox)),
        path=str(outbox),
        sentences=tuple(sentences),
        cures=tuple(cures),
        facts={
            "ready": [drop.name for drop in look.scan.ready],
            "waiting": [
                {
                    "path": each.place,
                    "why": each.why,
                    "since": datetime.fromtimestamp(each.since, UTC),
                }
                for each in waiting
            ],
        },
    )


def _tale(path: Path, sentences: Sequence[Sentence], cures: Sequence[Cure]) -> Tale:
    return Tale(
        about=say("in the outbox, not taken in: {name}", name=path.name),
        path=str(path),
        sentences=tuple(sentences),
        cures=once(cures),
        facts={"place": "outbox", "reasons": [each.fact for each in sentences]},
    )


def _unchanged(around: Around, path: Path) -> timedelta:
    return timedelta(seconds=max(0.0, around.age - path.lstat().st_ctime))
