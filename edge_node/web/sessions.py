"""
Who has come in, and who tries to: kept in memory, so that a restart lets everybody out.

A cookie holds a random name and nothing else. On a loopback port everybody looks alike, so that
nobody is locked out for what others try: it is the token that is too long to be guessed.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from edge_node.domain.message import Message

_MOST: Final = 200  # sessions at once
_LONGEST: Final = timedelta(hours=12)  # a working day, however busy
_QUIET: Final = timedelta(minutes=5)
_DONE: Final = 20  # forms of a person that are remembered
KEPT: Final = 32  # strangers who wait at once: fewer than there may be connections


@dataclass(slots=True)
class Session:
    """Somebody who came in; ``said`` is what the next page tells them once."""

    user: str
    begun: datetime
    seen: datetime
    key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    said: Message | None = None
    acting: threading.Lock = field(default_factory=threading.Lock)  # one thing after the other
    done: dict[bytes, Message] = field(default_factory=dict)  # what came of a form, by its digest

    def remember(self, form: bytes, said: Message) -> None:
        """Know what came of a form, for when it comes a second time."""
        self.done[form] = said
        while len(self.done) > _DONE:
            del self.done[next(iter(self.done))]

    def take_said(self) -> Message | None:
        """Return what is to be told, once."""
        said, self.said = self.said, None
        return said


class Sessions:
    """Those who are in; from whatever thread."""

    def __init__(self, idle: timedelta) -> None:
        """Let out who was idle for so long."""
        self._idle = idle
        self._all: dict[str, Session] = {}
        self._lock = threading.Lock()

    def begin(self, user: str, *, now: datetime) -> Session:
        """Let somebody in."""
        session = Session(user=user, begun=now, seen=now)
        with self._lock:
            self._forget(now)
            while len(self._all) >= _MOST:
                del self._all[self._spared().key]
            self._all[session.key] = session
        return session

    def of(self, key: str, *, now: datetime, clicked: bool = True) -> Session | None:
        """Return who goes by a key, if they are still in; whoever ``clicked`` was seen now."""
        with self._lock:
            self._forget(now)
            session = self._all.get(key)
            if session is not None and clicked:
                session.seen = now
            return session

    def end(self, session: Session) -> None:
        """Let somebody out."""
        with self._lock:
            self._all.pop(session.key, None)

    def _spared(self) -> Session:
        """Return whom we can do without: of who is in most often, whoever was idle for longest."""
        often = Counter(each.user for each in self._all.values())
        return min(self._all.values(), key=lambda each: (-often[each.user], each.seen))

    def _forget(self, now: datetime) -> None:
        gone = [
            key
            for key, each in self._all.items()
            # (A clock that was set back is no reason to stay for longer.)
            if not abs(now - each.seen) < self._idle or not abs(now - each.begun) < _LONGEST
        ]
        for key in gone:
            del self._all[key]


class Strangers:
    """Those who did not know the token: the log hears of them once in a while, not each time."""

    def __init__(self) -> None:
        """Begin with none."""
        self._said: datetime | None = None
        self._kept = 0
        self._lock = threading.Lock()

    def is_news(self, *, now: datetime) -> bool:
        """Tell whether this one is to be logged."""
        with self._lock:
            if self._said is not None and abs(now - self._said) < _QUIET:
                return False
            self._said = now
            return True

    async def keep(self, pause: Callable[[], Awaitable[None]]) -> None:
        """
        Keep one waiting; more at once than have room are answered as they are.

        Each holds a connection, and theirs may not be all there are. For the one loop that serves.
        """
        if self._kept >= KEPT:
            return
        self._kept += 1
        try:
            await pause()
        finally:
            self._kept -= 1
