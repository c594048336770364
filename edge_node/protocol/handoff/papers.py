"""
Reads the status.json that we once wrote beside a drop, when nobody else knows of it any more.

People can lay hands on it: what is not as we write it makes the whole paper unreadable, and what
is left open by a receiver's state is open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from edge_node.domain.document import BadAgencyCode, agency_code
from edge_node.domain.fate import Fate
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import Message, freeze
from edge_node.domain.recovery import Papers
from edge_node.protocol.handoff.acts import read_acts

# The ids of documents on their way out; they become names of files.
_OURS: Final = re.compile(r"o[0-9a-z]{9}", re.ASCII)
_STATES: Final = frozenset(str(state) for state in Sending)


def read_papers(values: Mapping[str, object]) -> Papers | None:
    """Return what a status.json says; None where it is not one that we write."""
    texts = {name: values.get(name) for name in ("id", "document_id", "number", "notation", "ref")}
    fates = _fates(values.get("receivers"))
    known = {name: text for name, text in texts.items() if isinstance(text, str)}
    if values.get("schema") != 1 or len(known) != len(texts) or not fates:
        return None
    if not _OURS.fullmatch(known["id"]) or not known["document_id"]:
        return None
    signatures = values.get("signatures", [])
    acts = read_acts(signatures)
    return Papers(
        id=ItemId(known["id"]),
        document_id=known["document_id"],
        number=known["number"],
        notation=known["notation"],
        ref=known["ref"],
        fates=fates,
        acts=acts,
        odd_acts=not isinstance(signatures, list) or len(acts) != len(signatures),
    )


def _fates(receivers: object) -> tuple[Fate, ...]:
    """Return the receivers by their codes; none where one of them cannot be read."""
    if not isinstance(receivers, list):
        return ()
    found = [_fate(each) for each in receivers]
    fates = [fate for fate in found if fate is not None]
    if len(fates) != len(found) or len({fate.receiver for fate in fates}) != len(fates):
        return ()
    return tuple(fates)


def _fate(values: object) -> Fate | None:
    if not isinstance(values, Mapping):
        return None
    try:
        code = agency_code(_text(values.get("code")))
    except BadAgencyCode:
        return None
    state, reason = _text(values.get("state")), _text(values.get("reason"))
    return Fate(
        receiver=code,
        name=_text(values.get("name")),
        state=Sending(state) if state in _STATES else Sending.UNSURE,
        status=_text(values.get("status")),
        reason=freeze(Message(reason)) if reason else "",  # told once: it stays in that language
        at=_moment(_text(values.get("at"))),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
