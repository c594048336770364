"""
Gets a time-stamp from the first authority that gives a good one.

Each server is asked in its order, all of them before any is asked again, and a few times only:
one has been seen to take two minutes. One that let us wait in vain is not asked again for the
same stamp, and for a while it comes last. Whether an answer is a good one is for the caller's
``check`` to say. Where none is, nothing is stamped and the error tells of every server.
"""

from __future__ import annotations

import time
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING, Final, TypeVar

from edge_node.adapters.calls import Calls, HungUp
from edge_node.adapters.hiring import ChildMissing
from edge_node.adapters.web import NoAnswer, Question, Reach, ask
from edge_node.domain.errors import EdgeNodeError, Outage
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_node.domain.message import Message

LARGEST: Final = 256 * 1024  # bytes of one answer, its certificates included
_LAST: Final = timedelta(minutes=10)  # so long comes last who let us wait in vain
_QUERY: Final = "application/timestamp-query"  # RFC 3161, 3.4

_Stamp = TypeVar("_Stamp")


class NoStamp(Outage):
    """No authority gave a time-stamp: nothing can be signed until one does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A time-stamp authority; ``secret`` gives its password, where it asks for one."""

    url: str
    user: str = ""
    secret: Callable[[], bytes] = bytes

    def headers(self) -> dict[str, str]:
        """Return what a question to it begins with; whatever ``secret`` raises."""
        told = {"Content-Type": _QUERY}
        if self.user:
            pair = self.user.encode() + b":" + self.secret()
            told["Authorization"] = f"Basic {b64encode(pair).decode('ascii')}"
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamper:
    """The authorities of the configuration, in its order."""

    authorities: tuple[Authority, ...]
    timeout: timedelta = timedelta(seconds=180)
    tries: int = 2
    reach: Reach = field(default_factory=lambda: Reach(anywhere=True))
    clock: Callable[[], float] = time.monotonic
    calls: Calls = field(default_factory=Calls)
    _slow: dict[Authority, float] = field(default_factory=dict, init=False, repr=False)

    def stamp(self, request: bytes, check: Callable[[bytes], _Stamp]) -> _Stamp:
        """
        Return what ``check`` makes of the first answer to ``request`` (DER) that it accepts.

        ``check`` is given a TimeStampResp (DER) and raises one of our errors for a bad one.
        Raises `NoStamp` where all failed, of whom none lets us wait longer than ``timeout`` twice;
        `HungUp` once it is closed.
        """
        if not self.authorities:
            raise NoStamp(
                say("no time-stamp authority is configured"),
                hint=say("name one in stamps.servers"),
            )
        failures: dict[Authority, EdgeNodeError] = {}
        left = sorted(self.authorities, key=self._comes_last)
        for _ in range(self.tries):
            for authority in tuple(left):
                begun = self.clock()
                try:
                    return check(self._answer(authority, request))
                except (HungUp, ChildMissing):
                    raise
                except NoAnswer as error:
                    failures[authority] = error
                    if error.final or self._was_slow(authority, begun):
                        left.remove(authority)
                except EdgeNodeError as error:
                    failures[authority] = error
                    left.remove(authority)  # it would answer the same once more
        raise _none(failures)

    def close(self) -> None:
        """Ask nobody any more, from whatever thread: whoever waits for a stamp is let go."""
        self.calls.hang_up()

    def _comes_last(self, authority: Authority) -> bool:
        return self.clock() < self._slow.get(authority, float("-inf"))

    def _was_slow(self, authority: Authority, begun: float) -> bool:
        """Tell, and remember, whether it took most of its time to fail."""
        slow = (self.clock() - begun) * 2 >= self.timeout.total_seconds()
        if slow:
            self._slow[authority] = self.clock() + _LAST.total_seconds()
        return slow

    def _answer(self, authority: Authority, request: bytes) -> bytes:
        question = Question(
            url=authority.url,
            body=request,
            headers=authority.headers(),
            largest=LARGEST,
            within=self.timeout,
        )
        return ask(question, self.reach, self.calls)


def _none(failures: dict[Authority, EdgeNodeError]) -> NoStamp:
    told = [
        say("{url}: {why}", url=authority.url.partition("?")[0], why=error.message)
        for authority, error in failures.items()
    ]
    hints = (error.hint for error in failures.values() if error.hint is not None)
    return NoStamp(
        say("no time-stamp could be had ({reasons})", reasons=reduce(_and, told)),
        hint=next(hints, say("check stamps.servers, the network and the firewall")),
    )


def _and(some: Message, more: Message) -> Message:
    return say("{some}; {more}", some=some, more=more)
