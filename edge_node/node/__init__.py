"""
One node, built from one configuration; the only place where flows and adapters meet.

`parts` makes what a node is made of, `lanes` joins it to the flows, `life` is what is done with
the whole. They are loaded when somebody wants a node: whoever only explains one does not.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_node.node.lanes import Plan
    from edge_node.node.life import Node

__all__ = ["Node", "Plan"]

_HOMES = {"Node": "edge_node.node.life", "Plan": "edge_node.node.lanes"}


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(_HOMES[name]), name)
