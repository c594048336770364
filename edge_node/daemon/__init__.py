"""The daemon: turns the flows until told to stop."""

from edge_node.daemon.once import turn_once
from edge_node.daemon.running import Daemon

__all__ = ["Daemon", "turn_once"]
