"""
The notary as the node sees it: verdicts on files, by a child process that opens them.

The large libraries stay in the child. Whatever becomes of it over a file, the answer is a verdict:
INDETERMINATE and a sentence of its own where it crashed, hung or ran out of memory. The other
child, which holds the key, is `edge_node.adapters.signing_key`.
"""

from __future__ import annotations

import logging
import os
import stat
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final, TypeVar

from edge_node.adapters.hired import Hired
from edge_node.adapters.hiring import Ending, Limits, Lost, Post, Span, python
from edge_node.domain.message import say
from edge_node.domain.secrecy import Printed, Seen
from edge_node.domain.signature import CertificateFacts, FileVerdict, Sub, Verdict
from edge_node.notary.told import Blobs, read_examined, tell_trust
from edge_node.notary.told_certificate import Question, read_appraisal, tell_question
from edge_node.notary.told_printed import read_printed
from edge_node.notary.trust import Appraisal, Examined, Judgement
from edge_node.notary.wire import Garbled, Packet, clean

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from edge_node.domain.message import Message
    from edge_node.notary.trust import Specimen, Trust

log = logging.getLogger(__name__)

OPENER: Final = python("edge_node.notary.opener")

_Answer = TypeVar("_Answer")


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
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return _unknown(say("it is no regular file"))
            asked = Packet(body=body, blobs=blobs.all, files=(descriptor,))
            return self._heard(asked, read_examined, _unknown)
        finally:
            os.close(descriptor)

    def appraise(
        self,
        certificate: bytes,
        chain: tuple[bytes, ...],
        trust: Trust,
        *,
        now: datetime,
        specimen: Specimen | None = None,
    ) -> Appraisal:
        """
        Return whether a certificate (DER) is good to sign with, and what would make that surer.

        ``chain`` (DER) may vouch for it; the ``specimen`` is checked with its key. `ChildMissing`
        where there is nobody to look.
        """
        question = Question(
            certificate=certificate, chain=chain, trust=trust, now=now, specimen=specimen
        )
        return self._heard(
            tell_question(question),
            read_appraisal,
            lambda why: _unread(certificate, why, now=now),
        )

    def printed(self, file: int, canvas: int | None = None) -> Printed:
        """
        Return what is printed on the first page of an open file, whatever it is called.

        ``canvas`` is a file of `told_printed.HEAD` and `PIXELS` bytes, into which a page without
        text is drawn. `ChildMissing` where there is nobody to look.
        """
        files = (file,) if canvas is None else (file, canvas)
        asked = Packet(body={"ask": "printed"}, files=files)
        return self._heard(asked, read_printed, lambda why: Printed(seen=Seen.LOST, why=why))

    def picture(self, file: int, canvas: int) -> Printed:
        """
        Have page 1 of an open PDF drawn into ``canvas``, as sharp as fits, and return its size.

        ``canvas`` is a file of `told_printed.HEAD` bytes and one for each pixel there is room for.
        `ChildMissing` where there is nobody to look.
        """
        asked = Packet(body={"ask": "picture"}, files=(file, canvas))
        return self._heard(asked, read_printed, lambda why: Printed(seen=Seen.LOST, why=why))

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

    def _heard(
        self,
        asked: Packet,
        read: Callable[[Packet], _Answer],
        lacking: Callable[[Message], _Answer],
    ) -> _Answer:
        """Return the child's answer; what ``lacking`` makes of the reason where it gives none."""
        try:
            answer = self._hired.ask(asked, self.span)
        except Lost as lost:
            log.warning(
                "the opener was lost over a file",
                extra={"ending": lost.ending.value, "status": lost.status},
            )
            return lacking(self._sentence(lost))
        failed = answer.body.get("failed")
        if isinstance(failed, str):
            log.warning("the opener failed over a file", extra={"error": clean(failed)})
            return lacking(say("the file could not be looked into because of a mistake of ours"))
        try:
            return read(answer)
        except Garbled as error:
            log.warning("the opener cannot be understood", extra={"error": str(error)})
            self._hired.drop()
            return lacking(self._sentence(Lost(Ending.GARBLED)))

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


def _unread(certificate: bytes, why: Message, *, now: datetime) -> Appraisal:
    """Return what is left to say of a certificate that could not be looked into."""
    known = CertificateFacts(
        subject="",
        issuer="",
        serial="",
        fingerprint=sha256(certificate).hexdigest(),
        not_before=now,
        not_after=now,
    )
    return Appraisal(
        judgement=Judgement(
            verdict=Verdict.INDETERMINATE, sub=Sub.NOT_CHECKED, why=why, certificate=known
        )
    )
