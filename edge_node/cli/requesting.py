"""What lists and sheets tell of recalls, updates and replacements, and of what is linked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.adapters.ledger import Inbound
from edge_node.catalogue import here
from edge_node.cli.values import told
from edge_node.cli.written import minute
from edge_node.domain.called_events import LINKS, LINKS_BACK, REQUEST_STATES, REQUESTS
from edge_node.domain.change import ChangeState
from edge_node.domain.document import BusinessKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.adapters.ledger import Outbound
    from edge_node.domain.change import Change, Link


def kind_word(kind: str) -> str:
    """Return what a document is about another one; '' for one that stands for itself."""
    if kind == BusinessKind.NEW:
        return ""
    message = REQUESTS.get(kind)
    return told(message) if message else kind


def mark_of(item: Outbound | Inbound) -> str:
    """Return what a list shows beside the state of a document a request is open about."""
    open_ = [each for each in item.requests if each.state is ChangeState.ASKED]
    return f"{told(REQUESTS[open_[0].kind])}?" if open_ else ""


def facts_of(item: Outbound | Inbound) -> Iterator[tuple[str, str]]:
    """Yield what a sheet tells of requests and links."""
    title = here("request")
    for change in item.requests:
        yield title, _change(change)
        title = ""
    title = here("linked")
    for link in item.links:
        yield title, _link(link, item)
        title = ""


def end_of(item: Outbound | Inbound) -> Iterator[tuple[str, str]]:
    """Yield what a sheet tells of a document that was destroyed, or not kept for ever."""
    if item.removed:
        yield (
            here("payload"),
            here("removed by retention {when}").format(when=minute(item.removed)),
        )
    if not isinstance(item, Inbound) or item.tombstone is None:
        return
    yield here("destroyed"), minute(item.tombstone.at)
    for words in item.tombstone.destroyed:
        yield "", told(words)
    title = here("what remains")
    for words in item.tombstone.remains:
        yield title, told(words)
        title = ""


def _change(change: Change) -> str:
    who = "→" if change.asked_by_us else "←"
    state = told(REQUEST_STATES[change.state])
    if change.state is not ChangeState.ASKED:
        state += f" {minute(change.at)}"
    words = f"{told(REQUESTS[change.kind])} {who} {change.agency} ({change.carrier}),"
    words += f" {minute(change.created)}: {change.reason} · {state}"
    return f"{words}: {change.note}" if change.note else words


def _link(link: Link, item: Outbound | Inbound) -> str:
    if link.item == item.id:
        named = link.document_id or f"{link.organ} {link.code}"
        other = link.older or here("not here")
        return f"{told(LINKS[link.kind])} {named} ({other})"
    return f"{told(LINKS_BACK[link.kind])} {link.item}"
