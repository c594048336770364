"""Where a drop has gone that does not lie in the outbox any more, and what lies elsewhere."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from shlex import quote
from typing import TYPE_CHECKING, Final

from edge_node.adapters.filing import ERRORS, STATUS, days_of, is_there, read_paper
from edge_node.adapters.history import History
from edge_node.adapters.ledger import Ledger
from edge_node.domain.called_events import DROP_REFUSED
from edge_node.domain.errors import UnknownItem
from edge_node.domain.explanation import Cure, Sentence, Tale
from edge_node.domain.item import ItemId
from edge_node.domain.message import Message, say, thaw
from edge_node.domain.signing import SigningPolicy
from edge_node.node.explaining.around import hindrance
from edge_node.node.explaining.items import tale_of
from edge_node.node.explaining.papers import refusal_beside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_node.node.explaining.around import Around

_DAYS: Final = 60  # so many days with drops are looked through, the newest first
_NUMBERED: Final = 9


def taken_away(around: Around, path: Path) -> Tale:
    """Return the tale of what was dropped under a name and is gone from the outbox."""
    names = dict.fromkeys((path.name, path.stem, path.parent.name))
    for item, name in _claims(around):
        if name in names:
            return _claimed(around, path, item)
    for folder in _filed(around, list(names)):
        return in_a_filed_folder(around, folder, told_of=path)
    words = say("nothing lies there, and nothing of that name was taken in lately")
    look = Cure(words=say("see what was taken in"), command="edge-node list --out")
    return Tale(
        about=Message("{path}", {"path": str(path)}),
        path=str(path),
        sentences=(Sentence(fact="not-there", words=words),),
        cures=(look,),
        facts={"place": "nowhere"},
    )


def in_a_filed_folder(around: Around, path: Path, *, told_of: Path | None = None) -> Tale:
    """Return the tale of what lies in queued/, sent/ or failed/, by the papers beside it."""
    folder = next((each for each in (path, *path.parents) if _has_papers(each)), None)
    root = around.exchange.root
    if folder is None or root not in folder.parents:
        words = say("there are no papers of the node beside it: nobody knows what it is")
        return Tale(
            about=Message("{path}", {"path": str(path)}),
            path=str(path),
            sentences=(Sentence(fact="no-papers", words=words),),
            facts={"place": "unknown"},
        )
    where = say("its folder lies in {path}", path=str(folder.relative_to(root)))
    here = Sentence(fact="lies-in", words=where)
    paper = read_paper(folder / STATUS)
    item = str(paper.get("id", "")) if paper else ""
    if item:
        with suppress(UnknownItem):
            return tale_of(around, item).after(here, path=str(told_of or path))
    return _refused(around, folder, here, told_of or path)


def by_its_id(around: Around, item: str, path: Path, *first: Sentence) -> Tale | None:
    """Return the tale of an item a file names, told of that file; None where nobody knows it."""
    with suppress(UnknownItem):
        Ledger(around.file).find(item)
        return tale_of(around, item).after(*first, path=str(path))
    return None


def _refused(around: Around, folder: Path, here: Sentence, path: Path) -> Tale:
    told = refusal_beside(folder / ERRORS[0])
    words = say("it was not taken in, and never left")
    outbox = around.exchange.outbox
    again = Cure(
        words=say("once it is corrected, drop it again"),
        command=f"mv {quote(str(folder))} {quote(str(outbox))}/",
    )
    return Tale(
        about=say("the drop {name}, refused", name=folder.name),
        path=str(path),
        sentences=(Sentence(fact="refused-drop", words=words), *told.sentences, here),
        cures=(*told.cures, again),
        facts={
            "place": "failed",
            "folder": str(folder.relative_to(around.exchange.root)),
            "duplicate_of": told.earlier,
        },
    )


def _claimed(around: Around, path: Path, item: str) -> Tale:
    """Return the tale of a drop that was claimed and is not in the queue yet."""
    if (tale := by_its_id(around, item, path)) is not None:
        return tale
    return claimed(around, item, path)


def claimed(around: Around, item: str, path: Path) -> Tale:
    """Return the tale of a drop that lies in the claims: what keeps it from the queue."""
    words = say(
        "it was taken out of the outbox and is safe in the node's own folder, but it is not in the"
        " queue yet: it is being read, looked into or signed"
    )
    sentences = [Sentence(fact="claimed", words=words)]
    cures: list[Cure] = []
    kept = hindrance(around, "intake")
    if kept is not None:
        sentences += kept.sentences
        cures += kept.cures
        if around.running and around.config.signing.documents is not SigningPolicy.NEVER:
            look = say("try the key it is to be signed with")
            cures.append(Cure(words=look, command="edge-node cert check"))
    else:
        soon = say("nothing keeps it: it goes on by itself within a few minutes")
        sentences.append(Sentence(fact="goes-on", words=soon))
    return Tale(
        about=say("the drop {name}, being taken in as {id}", name=path.name, id=item),
        item=item,
        path=str(path),
        sentences=tuple(sentences),
        cures=tuple(cures),
        facts={"place": "claims", "id": item},
    )


def refused_drop(around: Around, item: str) -> Tale | None:
    """Return the tale of a drop that was refused under an id; None where none was."""
    for happening in History(around.file).of(ItemId(item)):
        words = thaw(happening.text)
        if happening.event != DROP_REFUSED or words is None:
            continue
        folder = around.exchange.root / str(words.values["folder"])
        if _has_papers(folder):
            return in_a_filed_folder(around, folder)
        sentences = [
            Sentence(fact="refused-drop", words=say("it was not taken in, and never left")),
            Sentence(fact="refused-because", words=words, at=happening.at),
            Sentence(fact="not-there", words=say("its folder is not there any more")),
        ]
        return Tale(
            about=say("the drop {name}, refused", name=folder.name),
            path=str(folder),
            sentences=tuple(sentences),
            facts={"place": "nowhere"},
        )
    return None


def claim_of(around: Around, prefix: str) -> tuple[str, Path] | None:
    """Return the one claim whose id begins so, and where its drop came from."""
    found = [(item, name) for item, name in _claims(around) if item.startswith(prefix)]
    if len(found) != 1:
        return None
    item, name = found[0]
    return item, around.exchange.outbox / name


def _claims(around: Around) -> Iterator[tuple[str, str]]:
    """Yield the claims there are: id, and what was dropped under which name."""
    with suppress(OSError):  # it is the node's own folder: who may not look in there sees none
        for home in sorted(around.claims.iterdir()):
            if not home.name.startswith(".") and home.is_dir():
                for drop in home.iterdir():
                    if not drop.name.startswith("."):
                        yield home.name, drop.name


def _filed(around: Around, names: list[str]) -> Iterator[Path]:
    """Yield where something of such a name lies, the newest day first."""
    exchange = around.exchange
    wanted = [name for each in names for name in (each, *_numbered(each))]
    places = [exchange.queued]
    for root in (exchange.sent, exchange.failed):
        places += islice(days_of(root), _DAYS) if is_there(root) else ()
    newest = sorted(places[1:], key=lambda place: place.parts[-3:], reverse=True)
    for place in (places[0], *newest):
        for name in reversed(wanted):
            if is_there(place / name):
                yield place / name


def _numbered(name: str) -> Iterator[str]:
    return (f"{name} ({number})" for number in range(2, _NUMBERED))


def _has_papers(folder: Path) -> bool:
    return any(is_there(folder / paper) for paper in (STATUS, ERRORS[0]))
