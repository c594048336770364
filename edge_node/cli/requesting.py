"""What lists and sheets tell of recalls, updates and replacements, and of what is linked."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.catalogue import here
from edge_node.cli.values import told
from edge_node.domain.change import ChangeState
from edge_node.domain.document import BusinessKind
from edge_node.domain.message import say
from edge_node.domain.time import in_vietnam

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from edge_node.adapters.ledger import Inbound, Outbound
    from edge_node.domain.change import Change, Link
    from edge_node.domain.message import Message

_KINDS: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "reply": say("answers"),
        "recall": say("recalls"),
        "update": say("changes"),
        "replace": say("replaces"),
        "anew": say("sends anew"),
    }
)
_KINDS_BACK: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "reply": say("is answered by"),
        "recall": say("is recalled by"),
        "update": say("is changed by"),
        "replace": say("is replaced by"),
        "anew": say("was sent anew as"),
    }
)
_ASKS: Final[Mapping[BusinessKind, Message]] = MappingProxyType(
    {
        BusinessKind.RECALL: say("recall"),
        BusinessKind.UPDATE: say("update"),
        BusinessKind.REPLACE: say("replace"),
    }
)
_STATES: Final[Mapping[ChangeState, Message]] = MappingProxyType(
    {
        ChangeState.ASKED: say("not answered yet"),
        ChangeState.AGREEING: say("agreed, being destroyed"),
        ChangeState.AGREED: say("agreed (15)"),
        ChangeState.REFUSED: say("refused (16)"),
        ChangeState.STOPPED: say("stopped before it left"),
    }
)


def kind_word(kind: str) -> str:
    """Return what a document is about another one; '' for one that stands for itself."""
    if kind == BusinessKind.NEW:
        return ""
    message = next((words for each, words in _ASKS.items() if each == kind), None)
    return told(message) if message else kind


def mark_of(item: Outbound | Inbound) -> str:
    """Return what a list shows beside the state of a document a request is open about."""
    open_ = [each for each in item.requests if each.state is ChangeState.ASKED]
    return f"{told(_ASKS[open_[0].kind])}?" if open_ else ""


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


def end_of(item: Inbound) -> Iterator[tuple[str, str]]:
    """Yield what a sheet tells of a document that was destroyed."""
    if item.tombstone is None:
        return
    yield here("destroyed"), _moment(item.tombstone.at)
    for words in item.tombstone.destroyed:
        yield "", told(words)
    title = here("what remains")
    for words in item.tombstone.remains:
        yield title, told(words)
        title = ""


def _change(change: Change) -> str:
    who = "→" if change.asked_by_us else "←"
    state = told(_STATES[change.state])
    if change.state is not ChangeState.ASKED:
        state += f" {_moment(change.at)}"
    words = f"{told(_ASKS[change.kind])} {who} {change.agency} ({change.carrier}),"
    words += f" {_moment(change.created)}: {change.reason} · {state}"
    return f"{words}: {change.note}" if change.note else words


def _link(link: Link, item: Outbound | Inbound) -> str:
    if link.item == item.id:
        named = link.document_id or f"{link.organ} {link.code}"
        other = link.older or here("not here")
        return f"{told(_KINDS[link.kind])} {named} ({other})"
    return f"{told(_KINDS_BACK[link.kind])} {link.item}"


def _moment(moment: datetime) -> str:
    return f"{in_vietnam(moment):%Y-%m-%d %H:%M}"
