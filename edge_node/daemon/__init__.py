"""The daemon: turns the flows until told to stop."""

from edge_node.daemon.running import Daemon, turn_once

__all__ = ["Daemon", "turn_once"]
