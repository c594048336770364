"""Somebody else who claims from a queue, or sweeps it: another process, as the file sees it."""

from __future__ import annotations

from contextlib import closing

from edge_node.adapters.queue import Queue


def another_process(queue):
    """Open a queue a second time, for as long as the block lasts."""
    return closing(Queue(queue.file.path))
