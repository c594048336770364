"""
What this process works on at present: the tokens of its claims, one for each thread at most.

A lease tells others how long to keep away. Whoever holds it and is alive does not lose it to the
clock: a call that outlasts its lease is slow, and no crash over the item.
"""

from __future__ import annotations

import threading


class InHand:
    """The tokens of one node's threads; looked at and changed inside of transactions only."""

    def __init__(self) -> None:
        """Begin with empty hands."""
        self._by_thread: dict[int, int] = {}

    def take(self, token: int) -> None:
        """Note that the calling thread works on this claim, and on no other any more."""
        self._by_thread[threading.get_ident()] = token

    def put_down(self) -> None:
        """Note that the calling thread works on nothing."""
        self._by_thread.pop(threading.get_ident(), None)

    def tokens(self) -> list[int]:
        """Return what is in hand, in no order."""
        return list(self._by_thread.values())
