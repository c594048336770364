"""
One node, built from one configuration; the only place where flows and adapters meet.

`parts` makes what a node is made of, `lanes` joins it to the flows, `life` is what is done with
the whole.
"""

from edge_node.node.lanes import Plan
from edge_node.node.life import Node

__all__ = ["Node", "Plan"]
