"""The tale of a file in `statuses/`: whether it was taken, refused, or is still waiting."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from edge_node.adapters.drops import ERROR_ENDINGS, ending_of
from edge_node.adapters.filing import is_there, read_paper
from edge_node.adapters.one_look import by_its_own_word
from edge_node.adapters.status_folder import StatusFolder
from edge_node.domain.explanation import Cure, Sentence, Tale, once
from edge_node.domain.message import Message, say
from edge_node.node.explaining.around import hindrance
from edge_node.node.explaining.outbox_cures import cures_for
from edge_node.node.explaining.papers import refusal_beside
from edge_node.node.explaining.whereabouts import by_its_id
from edge_node.node.explaining.writing import is_unfinished, unfinished_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edge_node.node.explaining.around import Around


def in_statuses(around: Around, path: Path) -> Tale:
    """Return the tale of a status file; FolderMissing, AccessDenied, DiskTrouble."""
    exchange = around.exchange
    if exchange.statuses_failed in path.parents:
        return _refused(around, path)
    if exchange.statuses_done in path.parents:
        return _taken(around, path)
    if not is_there(path):
        for home, tale in ((exchange.statuses_failed, _refused), (exchange.statuses_done, _taken)):
            if is_there(home / path.name):
                return tale(around, home / path.name)
        words = say("nothing lies there, nor in statuses/done or statuses/failed")
        return plain(path, "not-there", words)
    return _waits(around, path)


def plain(path: Path, fact: str, words: Message, *cures: Cure) -> Tale:
    """Return the tale of a path of which there is one thing to say."""
    return _tale(path, [Sentence(fact=fact, words=words)], cures)


def _refused(around: Around, path: Path) -> Tale:
    ending = ending_of(path.name, ERROR_ENDINGS)
    stem = path.name[: -len(ending)] if ending else path.stem
    told = refusal_beside(path.with_name(f"{stem}.error.json"))
    first = Sentence(
        fact="status-refused", words=say("this status was refused, and told to nobody")
    )
    cures = list(told.cures)
    if ending is None:
        place = f"{quote(str(path))} {quote(str(around.exchange.statuses))}/"
        again = say("correct it, and lay it into statuses/ again")
        cures.append(Cure(words=again, command=f"mv {place}"))
    return _tale(path, [first, *told.sentences], cures)


def _taken(around: Around, path: Path) -> Tale:
    words = say("this status was taken, and is told to the document's sender")
    first = Sentence(fact="status-taken", words=words)
    paper = read_paper(path) or {}
    for key in ("id", "document_id"):
        about = paper.get(key)
        tale = by_its_id(around, str(about), path, first) if about else None
        if tale is not None:
            return tale
    return _tale(path, [first], ())


def _waits(around: Around, path: Path) -> Tale:
    parts = around.parts
    sightings = by_its_own_word(parts.exchange.statuses, around.age)
    scan = StatusFolder(parts.exchange, parts.settling(), sightings=sightings).scan(around.age)
    why = next((each.why for each in scan.waiting if each.path == path), None)
    if why is not None and is_unfinished(why):
        return _tale(path, *unfinished_file(around, path, why))
    if why is not None:
        words = say("the node has left it there: {reason}", reason=why)
        return _tale(path, [Sentence(fact="waits", words=words)], cures_for(around, path, why))
    if path not in scan.ready:
        words = say("the node passes over what is called like this, and what is a folder")
        return plain(path, "name-ignored", words)
    kept = hindrance(around, "statuses")
    if kept is not None:
        return _tale(path, kept.sentences, kept.cures)
    return plain(path, "ready", say("it is complete, and is read within a minute"))


def _tale(path: Path, sentences: Sequence[Sentence], cures: Sequence[Cure]) -> Tale:
    return Tale(
        about=Message("{path}", {"path": str(path)}),
        path=str(path),
        sentences=tuple(sentences),
        cures=once(cures),
        facts={"place": sentences[0].fact},
    )
