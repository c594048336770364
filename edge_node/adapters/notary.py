"""
The notary as the node sees it: verdicts on files, by a child process that opens them.

The large libraries stay in the child. Whatever becomes of it over a file, the answer is a verdict:
INDETERMINATE and a sentence of its own where it crashed, hung or ran out of memory. The other
child, which holds the key, is `edge_node.adapters.signing_key`.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.hired import Ending, Hired, Limits, Lost, Post, Span, python
from edge_node.domain.message import say
from edge_node.domain.signature import FileVerdict, Sub, Verdict
from edge_node.notary.told import Blobs, read_examined, tell_trust
from edge_node.notary.trust import Examined
from edge_node.notary.wire import Garbled, Packet, clean

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from edge_node.domain.message import Message
    from edge_node.notary.trust import Trust

log = logging.getLogger(__name__)

OPENER: Final = python("edge_node.notary.opener")


@dataclass(frozen=True, slots=True)
class Opener:
    """Looks into files that strangers wrote."""

    span: Span = field(default_factory=Span)
    idle: timedelta = timedelta(minutes=5)
    limits: Limits = field(default_factory=Limits)
    command: tuple[str, ...] = OPENER
    _hired: Hired = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Hire nobody yet."""
        post = Post(command=self.command, idle=self.idle, limits=self.limits)
        object.__setattr__(self, "_hired", Hired(post))

    def verify(self, path: Path, trust: Trust, *, now: datetime) -> Examined:
        """
        Return what the signatures in a file are worth, and what would make that surer.

        By its content, whatever the file is called. OSError where the file cannot be opened;
        `ChildMissing` where there is nobody to look.
        """
        blobs = Blobs()
        body = {"ask": "verify", "trust": tell_trust(trust, blobs), "now": now.isoformat()}
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            asked = Packet(body=body, blobs=blobs.all, files=(descriptor,))
            return self._examined(asked)
        finally:
            os.close(descriptor)

    def tidy(self) -> None:
        """Take note of a child that has gone for want of work."""
        self._hired.tidy()

    def close(self) -> None:
        """End the child."""
        self._hired.close()

    @property
    def pid(self) -> int | None:
        """The child that is kept, if any."""
        return self._hired.pid

    def _examined(self, asked: Packet) -> Examined:
        try:
            answer = self._hired.ask(asked, self.span)
        except Lost as lost:
            log.warning(
                "the opener was lost over a file",
                extra={"ending": lost.ending.value, "status": lost.status},
            )
            return _unknown(self._sentence(lost))
        failed = answer.body.get("failed")
        if isinstance(failed, str):
            log.warning("the opener failed over a file", extra={"error": clean(failed)})
            return _unknown(say("the file could not be looked into because of a mistake of ours"))
        try:
            return read_examined(answer)
        except Garbled as error:
            log.warning("the opener cannot be understood", extra={"error": str(error)})
            self._hired.drop()
            return _unknown(self._sentence(Lost(Ending.GARBLED)))

    def _sentence(self, lost: Lost) -> Message:
        if lost.ending is Ending.OVERDUE:
            return say(
                "looking into the file took longer than {seconds} s of computing or {minutes} min",
                seconds=int(self.span.processor.total_seconds()),
                minutes=int(self.span.clock.total_seconds()) // 60,
            )
        if lost.ending is Ending.EXHAUSTED:
            return say(
                "looking into the file takes more than {megabytes} MB of memory",
                megabytes=self.limits.memory >> 20,
            )
        return _SENTENCES[lost.ending]


_SENTENCES: Final = {
    Ending.CRASHED: say("the program that looks into files crashed over this one"),
    Ending.KILLED: say(
        "the program that looks into files was ended from outside over this one; the machine may "
        "be short of memory"
    ),
    Ending.GARBLED: say("the program that looks into files gave no clear answer about this one"),
}


def _unknown(why: Message) -> Examined:
    verdict = FileVerdict(verdict=Verdict.INDETERMINATE, sub=Sub.NOT_CHECKED, why=why)
    return Examined(verdict=verdict)
