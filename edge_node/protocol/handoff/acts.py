"""
The agency's own signatures as plain values: in status.json, beside signed copies, in the queue.

People can lay hands on the files: what is not as we write it counts as no signature of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from edge_node.domain.message import Message
from edge_node.domain.signing import Act, Level
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from collections.abc import Callable

_TEXTS: Final = ("file", "key", "subject", "fingerprint", "stamped_by", "operator", "basis")
_LEVELS: Final = frozenset(str(level) for level in Level)


def act_values(act: Act, tell: Callable[[Message], str] = str) -> dict[str, object]:
    """Return what there is to say of a signature: which file, on whose word, by which key."""
    return {
        "file": act.file,
        "operator": act.operator,
        "basis": act.basis,
        "key": act.key,
        "subject": act.subject,
        "fingerprint": act.fingerprint,
        "level": str(act.level),
        "at": iso(act.at),
        "stamped_by": act.stamped_by,
        "stamped_at": iso(act.stamped_at) if act.stamped_at else None,
        "unseen": tell(act.unseen) if act.unseen else "",
    }


def read_act(values: object) -> Act | None:
    """Return what `act_values` said; None where it never did."""
    if not isinstance(values, Mapping):
        return None
    texts = {name: values.get(name) for name in _TEXTS}
    known = {name: text for name, text in texts.items() if isinstance(text, str)}
    level, at = values.get("level"), _moment(values.get("at"))
    if len(known) != len(texts) or level not in _LEVELS or at is None:
        return None
    unseen = values.get("unseen")
    return Act(
        file=known["file"],
        key=known["key"],
        subject=known["subject"],
        fingerprint=known["fingerprint"],
        stamped_by=known["stamped_by"],
        operator=known["operator"],
        basis=known["basis"],
        level=Level(str(level)),
        at=at,
        stamped_at=_moment(values.get("stamped_at")),
        # A sentence without places: nothing that somebody wrote there is filled in.
        unseen=Message(unseen) if unseen and isinstance(unseen, str) else None,
        stored=None,
    )


def read_acts(values: object) -> tuple[Act, ...]:
    """Return those of a list that can be read."""
    found = map(read_act, values if isinstance(values, list) else ())
    return tuple(act for act in found if act is not None)


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None
