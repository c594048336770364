"""The tale of a path: which folder of the exchange it lies in decides who tells it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from shlex import quote
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.disk import disk_errors
from edge_node.adapters.exchange import IDENTITY_FILE
from edge_node.adapters.filing import is_there, read_paper
from edge_node.adapters.inbox import TAKEN
from edge_node.adapters.ledger import Inbound, Ledger, Outbound
from edge_node.domain.errors import FolderMissing, UnknownItem
from edge_node.domain.explanation import Cure, Sentence, Tale
from edge_node.domain.message import Message, say
from edge_node.node.explaining.outbox import in_outbox
from edge_node.node.explaining.statuses import in_statuses, plain
from edge_node.node.explaining.whereabouts import by_its_id, claimed, in_a_filed_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge_node.node.explaining.around import Around

_FILED: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "queued": say("drops that were taken in and wait to be sent"),
        "sent": say("drops the axis has accepted, a folder for each day"),
        "failed": say(
            "drops that were refused or given up, a folder for each day; error.txt beside each"
            " says why"
        ),
    }
)


def of_a_path(around: Around, path: Path) -> Tale:
    """Return the tale of what lies, or lay, in a place; AccessDenied, DiskTrouble."""
    root = around.exchange.root
    with disk_errors(path):
        if path != root and root not in path.parents:
            return _elsewhere(around, path)
        try:
            around.exchange.check(around.config.agency.code)
        except FolderMissing as error:
            return _away(around, path, error)
        inner = path.relative_to(root).parts
        return _inside(around, path, inner[0] if inner else "")


def _inside(around: Around, path: Path, room: str) -> Tale:
    if room in {"", "outbox"}:
        return in_outbox(around, path if room else around.exchange.outbox)
    if room in _FILED:
        return _in_filed(around, path, room)
    if room == "inbox":
        return _in_inbox(around, path)
    if room == "statuses":
        return in_statuses(around, path)
    if room == "receipts":
        return _in_receipts(around, path)
    words = say("the node looks at nothing of that name in its exchange folder")
    return plain(path, "no-place", words, _to_the_outbox(around, path))


def _in_filed(around: Around, path: Path, room: str) -> Tale:
    if path == around.exchange.root / room:
        return plain(path, room, _FILED[room])
    return in_a_filed_folder(around, path)


# ── the exchange folder is away, or it is another place ──────────────────────────────────────────


def _away(around: Around, path: Path, error: FolderMissing) -> Tale:
    words = say("the exchange folder is not there as it should be: {reason}", reason=error.message)
    safe = say(
        "the node takes nothing in and hands nothing over until it is back; what it has already"
        " is safe"
    )
    mount = Cure(
        words=say("see what is mounted there"),
        command=f"findmnt --target {quote(str(around.exchange.root))}",
    )
    hint = [Cure(words=error.hint)] if error.hint else []
    return Tale(
        about=Message("{path}", {"path": str(path)}),
        path=str(path),
        sentences=(
            Sentence(fact="exchange-away", words=words),
            Sentence(fact="waits", words=safe),
        ),
        cures=(*hint, mount, Cure(words=say("look it over"), command="edge-node doctor")),
        facts={"place": "away"},
    )


def _elsewhere(around: Around, path: Path) -> Tale:
    claims = around.claims
    if claims in path.parents:
        item = path.relative_to(claims).parts[0]
        return by_its_id(around, item, path) or claimed(around, item, path)
    root = around.exchange.root
    owner = _owner_of(path)
    if owner:
        words = say(
            "this is the exchange folder of {owner}, not of {agency}: this node never looks there",
            owner=owner,
            agency=around.config.agency.code,
        )
        cure = Cure(
            words=say("ask the node of that agency"),
            command=f"edge-node -c CONFIG explain {quote(str(path))}",
        )
        return plain(path, "foreign-folder", words, cure)
    if not os.path.lexists(path):
        words = say("nothing lies there")
        look = Cure(words=say("see what was taken in"), command="edge-node list --out")
        return plain(path, "not-there", words, look)
    words = say(
        "this lies outside of the exchange folder {path}: nobody looks there", path=str(root)
    )
    return plain(path, "outside", words, _to_the_outbox(around, path))


def _owner_of(path: Path) -> str:
    """Return whose exchange folder a path lies in; '' where it lies in none."""
    for place in (path, *path.parents):
        with suppress(OSError, ValueError, AttributeError):
            return str(json.loads((place / IDENTITY_FILE).read_bytes()).get("agency", ""))
    return ""


def _to_the_outbox(around: Around, path: Path) -> Cure:
    outbox = quote(str(around.exchange.outbox))
    words = say("if it is to be sent, move it into the outbox, whole")
    return Cure(words=words, command=f"mv {quote(str(path))} {outbox}/")


# ── what came in, and what the software and the node tell each other ─────────────────────────────


def _in_inbox(around: Around, path: Path) -> Tale:
    inbox = around.exchange.inbox
    if path == inbox:
        words = say("documents that came, until the document software takes them; all of them by")
        cure = Cure(words=say("list them"), command="edge-node list --in --state delivered")
        return plain(path, "inbox", words, cure)
    folder = inbox / path.relative_to(inbox).parts[0]
    if folder.name.startswith("."):
        item = folder.name.strip(".").partition(".")[0]
        words = say("it is still being filled, and comes into sight when it is whole")
        sentence = Sentence(fact="being-filled", words=words)
        return by_its_id(around, item, path, sentence) or plain(path, "being-filled", words)
    sheet = read_paper(folder / "document.json")
    item = str(sheet.get("id", "")) if sheet else ""
    first = []
    if is_there(folder / TAKEN):
        words = say("the software has marked it as taken; its folder may be removed")
        first.append(Sentence(fact="marked-taken", words=words))
    tale = by_its_id(around, item, path, *first) if item else None
    if tale is not None:
        return tale
    words = say(
        "nothing there says which document it is: it was not laid there by this node, or somebody"
        " has changed it"
    )
    return plain(path, "not-ours", words)


def _in_receipts(around: Around, path: Path) -> Tale:
    paper = read_paper(path)
    about = str(paper.get("document_id", "")) if paper else ""
    words = say(
        "this is a receipt: the node tells the document software what became of a document; the"
        " software removes it once it has read it"
    )
    first = Sentence(fact="receipt", words=words)
    for found in _sent_as(around, about) if about else ():
        tale = by_its_id(around, found, path, first)
        if tale is not None:
            return tale
    return plain(path, "receipt", words)


def _sent_as(around: Around, document_id: str) -> list[str]:
    """Return the id of the document that goes by a DocumentId, where one does."""
    with suppress(UnknownItem):
        found = Ledger(around.file).find(document_id)
        if isinstance(found, Inbound | Outbound):
            return [found.id]
    return []
