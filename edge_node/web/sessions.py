"""
Who has come in, and who tries to: kept in memory, so that a restart lets everybody out.

A cookie holds a random name and nothing else. On a loopback port everybody looks alike, so that
nobody is locked out for what others try: it is the token that is too long to be guessed.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge_node.domain.message import Message

_MOST: Final = 200  # sessions at once; the one idle for longest goes
_LONGEST: Final = timedelta(hours=12)  # a working day, however busy
_QUIET: Final = timedelta(minutes=5)


@dataclass(slots=True)
class Session:
    """Somebody who came in; ``said`` is what the next page tells them once."""

    user: str
    begun: datetime
    seen: datetime
    key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    said: Message | None = None

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
                del self._all[min(self._all.values(), key=lambda each: each.seen).key]
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
        self._lock = threading.Lock()

    def is_news(self, *, now: datetime) -> bool:
        """Tell whether this one is to be logged."""
        with self._lock:
            if self._said is not None and abs(now - self._said) < _QUIET:
                return False
            self._said = now
            return True
