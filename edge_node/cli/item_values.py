"""A document as plain values, for `--json`: how `list` and `show` tell software of it."""

from __future__ import annotations

from edge_node.adapters.ledger import Inbound, Outbound
from edge_node.cli.values import fields_of, plain, told
from edge_node.domain.fate import Fate
from edge_node.domain.message import thaw
from edge_node.domain.receipt import MEANINGS


def as_values(item: Outbound | Inbound) -> dict[str, object]:
    """Return an item as plain values, its direction first."""
    if isinstance(item, Outbound):
        return {"direction": "out"} | fields_of(item)
    return {"direction": "in"} | fields_of(item) | {"meaning": MEANINGS.get(item.status, "")}


@plain.register
def _(value: Fate) -> object:
    why = thaw(value.reason)
    meaning = MEANINGS.get(value.status, "")
    return fields_of(value) | {"meaning": meaning, "reason": told(why) if why else ""}
