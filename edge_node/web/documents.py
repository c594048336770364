"""The list of documents, newest first: by words with or without marks, direction and state."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from edge_node.adapters.database import moment, stamp
from edge_node.adapters.ledger import Outbound
from edge_node.catalogue import tell as _tell
from edge_node.domain.called import STATES, WORST_FIRST
from edge_node.domain.errors import UnknownItem
from edge_node.domain.wanted import Wanted
from edge_node.web.replies import page
from edge_node.web.ways import ITEM

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.responses import Response

    from edge_node.adapters.ledger import Inbound
    from edge_node.domain.item import ItemId
    from edge_node.web.asked import Asked
    from edge_node.web.desk import Desk

_MOST: Final = 50
_OUT, _IN = "out", "in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the list; ``states`` are those at its receivers, each once, the worst first."""

    id: ItemId
    out: bool
    created: datetime
    agency: str
    name: str
    others: int
    code: str
    subject: str
    states: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the list is to show."""

    text: str = ""
    way: str = ""
    state: str = ""
    partner: str = ""
    until: datetime | None = None

    @property
    def address(self) -> str:
        """The same as the query of an address, without how far back it is."""
        asked = {"q": self.text, "way": self.way, "state": self.state, "partner": self.partner}
        return urlencode({name: value for name, value in asked.items() if value})


def show(desk: Desk, asked: Asked) -> Response:
    """Show the documents somebody asks for."""
    way, state = asked.word("way"), asked.word("state")
    wish = Wish(
        text=asked.word("q")[:200],
        way=way if way in {_OUT, _IN} else "",
        state=state if state in STATES else "",
        partner=asked.word("partner")[:60],
        until=_until(asked.word("until")),
    )
    found = _found(desk, asked, wish)
    shown, more = found[:_MOST], len(found) > _MOST
    return page(
        desk,
        asked,
        "documents.html",
        wish=wish,
        entries=[entry(desk, item) for item in shown],
        more=more,
        # (What came in the same millisecond may be shown twice, and is not left out.)
        older=stamp(shown[-1].created) if more else 0,
        states=tuple(STATES),
    )


def entry(desk: Desk, item: Outbound | Inbound) -> Entry:
    """Return the line of one document."""
    if isinstance(item, Outbound):
        first = item.fates[0]
        states = dict.fromkeys(sorted((fate.state for fate in item.fates), key=_gravity))
        return Entry(
            id=item.id,
            out=True,
            created=item.created,
            agency=first.receiver,
            name=first.name or desk.called(first.receiver),
            others=len(item.fates) - 1,
            code=item.code,
            subject=item.subject,
            states=tuple(map(str, states)),
            status=first.status if len(item.fates) == 1 else "",
        )
    return Entry(
        id=item.id,
        out=False,
        created=item.created,
        agency=item.sender,
        name=desk.called(item.sender),
        others=0,
        code=item.code,
        subject=item.subject,
        states=(item.state,),
        status=item.status,
    )


def _until(written: str) -> datetime | None:
    """Return the moment a link to older ones names; None for anything else."""
    return moment(int(written)) if re.fullmatch(r"[0-9]{1,14}", written) else None


def _gravity(state: str) -> int:
    return WORST_FIRST.index(state) if state in WORST_FIRST else len(WORST_FIRST)


def _found(desk: Desk, asked: Asked, wish: Wish) -> list[Outbound | Inbound]:
    """Return one document more than a page shows; one whose id was typed, and no other."""
    if ITEM.fullmatch(wish.text):
        with suppress(UnknownItem):
            return [desk.ledger.find(wish.text)]
    wanted = Wanted(
        outgoing=wish.way != _IN,
        incoming=wish.way != _OUT,
        state=wish.state,
        partner=wish.partner,
        until=wish.until,
        text=wish.text,
    )
    tell = partial(_tell, language=asked.language)
    found = desk.ledger.search(wanted, limit=_MOST + 1, tell=tell)
    return found[: _MOST + 1]
