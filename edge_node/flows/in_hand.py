"""
Enter what is being read before it is read, of all that the node may have died over.

Files that come while the node runs cost nothing. Those that lay there when it started, and those
it was cut off over since, are entered durably: whoever finds such an entry at the next start knows
over what the node died. What a file says is the affair of the flow that reads it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from edge_node.domain.envelope import Claim
    from edge_node.domain.item import ItemId
    from edge_node.flows.ports import Stranded


@dataclass(slots=True, kw_only=True)
class InHand:
    """The files of one folder, by the ids that tell each from all others."""

    stranded: Stranded
    lease: timedelta = timedelta(minutes=15)
    _doubtful: set[ItemId] = field(default_factory=set, init=False)
    _apart: set[ItemId] = field(default_factory=set, init=False)  # these are tried alone

    def begin(self, found: Collection[ItemId]) -> None:
        """Be careful with what lies there at the start."""
        self._doubtful = set(found)
        self._apart = self.stranded.forget(found)

    def suspect(self, item: ItemId) -> None:
        """Be careful with one file, in the child it is tried in."""
        self._doubtful.add(item)

    @contextmanager
    def reading(self, item: ItemId, now: datetime, *, last: bool = False) -> Iterator[bool]:
        """
        Read one file within the block; False where that is somebody else's to try.

        ``last``: after it nothing more is to be done with the file. What nobody foresaw leaves
        the file entered, as a crash does.
        """
        fresh = item not in self._doubtful
        claim = None
        if not fresh and item not in self._apart:
            claim = self.stranded.begin(item, now=now, lease=self.lease)
        if not fresh and claim is None:
            self._apart.add(item)
            yield False
            return
        self._doubtful.add(item)  # until it is seen through, wherever that is cut off
        try:
            yield True
        except EdgeNodeError:
            self._let_go(item, claim, fresh=fresh, done=False)
            raise
        self._let_go(item, claim, fresh=fresh, done=last)

    def _let_go(self, item: ItemId, claim: Claim | None, *, fresh: bool, done: bool) -> None:
        if fresh or done:
            self._doubtful.discard(item)
        if claim is not None and done:
            self.stranded.finish(claim)
        elif claim is not None:
            self.stranded.give_back(claim)
