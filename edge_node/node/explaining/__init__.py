"""
Tell the whole story of one document, or of one file in the exchange folder.

    tale = explain(around, "o1a2b3c4d")
    tale = explain(around, "/srv/edge-node/exchange/outbox/12")

Nothing is changed, and nobody is asked: what the queue, the folders and the board say is put into
sentences, whoever shows them. Below `checks` and `cli`, so that the web page tells the same tale.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import UnknownItem
from edge_node.domain.message import say
from edge_node.node.explaining.around import Around
from edge_node.node.explaining.items import tale_of

if TYPE_CHECKING:
    from edge_node.domain.explanation import Tale

# Of these somebody may well name what does not lie there any more.
_ROOMS: Final = frozenset({"outbox", "queued", "sent", "failed", "inbox", "statuses", "receipts"})

__all__ = ["Around", "explain", "tale_of"]


def explain(around: Around, what: str) -> Tale:
    """
    Return the tale of an id (or its beginning, or a DocumentId), or of a path.

    A relative path may be one of this folder, of the exchange folder or of its outbox.
    UnknownItem where nothing goes by it; FolderMissing, AccessDenied, DiskTrouble.
    """
    path = _path(around, what)
    if path is not None:
        from edge_node.node.explaining.places import of_a_path  # noqa: PLC0415 - it loads the scan

        return of_a_path(around, path)
    try:
        return tale_of(around, what)
    except UnknownItem as error:
        from edge_node.node.explaining.whereabouts import (  # noqa: PLC0415 - hardly ever
            claim_of,
            claimed,
            refused_drop,
        )

        claim = claim_of(around, what)
        if claim is not None:
            return claimed(around, *claim)
        refused = refused_drop(around, what)
        if refused is not None:
            return refused
        hint = say(
            "give an id as `edge-node list` shows it, or the path of a file or folder, such as"
            " {path}",
            path=str(around.exchange.outbox / "..."),
        )
        raise UnknownItem(error.message, hint=hint) from error


def _path(around: Around, what: str) -> Path | None:
    """Return the path that is meant; None where it is an id."""
    exchange = around.exchange
    given = Path(what)
    if what.startswith(("/", ".")) or os.path.lexists(given):
        return given.absolute()
    for home in (exchange.root, exchange.outbox):
        if os.path.lexists(home / given):
            return home / given
    if "/" in what and given.parts[0] in _ROOMS:
        return exchange.root / given
    return None
