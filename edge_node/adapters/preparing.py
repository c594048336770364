"""
Signatures prepared by a child: all of one but the key's own part of it.

Documents that strangers may have written are opened in the child alone. What it answers is
believed by nobody: it adds to a PDF in a file of its own, and what is to be signed is made of the
bytes themselves, by `edge_node.adapters.growing`. Of an office file it tells the canonical
SignedInfo; whoever signs that makes sure that it is one.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from edge_node.adapters.hired import Hired
from edge_node.adapters.hiring import Ending, Limits, Lost, Post, Span, python
from edge_node.domain.errors import DiskTrouble, EdgeNodeError, NotSignable, Outage
from edge_node.domain.message import say
from edge_node.notary.child import Reason
from edge_node.notary.pdf.looks import PictureUnfit, Sight, tell_look
from edge_node.notary.told import CERTIFICATES, Blobs, read_message, tell_evidence
from edge_node.notary.wire import Fields, Garbled, Packet, clean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from edge_node.adapters.signing_key import KeyFacts
    from edge_node.domain.message import Message
    from edge_node.notary.trust import Evidence
    from edge_node.notary.wire import Plain

log = logging.getLogger(__name__)

PREPARER: Final = python("edge_node.notary.preparer")
LARGEST: Final = 4 << 30  # bytes of a file: ZIP goes no further, and nobody signs a larger PDF
TAIL: Final = 64 << 20  # bytes that a signature, or all its evidence, adds to a PDF
INFORMATION: Final = 64 << 10  # bytes of a SignedInfo; ours have 2 000
_BEGINS: Final = b'<SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#">'
_ENDS: Final = b"</SignedInfo>"

_Answer = TypeVar("_Answer")


class StampUnfit(Outage):
    """What a time-stamp authority answered is no time-stamp of what was asked for."""


class EvidenceUnfit(Outage):
    """What was fetched to prove a signature is no such evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a PDF the child left a gap for a signature, by its own word."""

    field: str
    start: int  # of the gap, its angle brackets included
    end: int
    unseen: Message | None = None  # why it does not show on the page, where that was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question to a time-stamp authority, and what its answer is checked by."""

    request: bytes = field(repr=False)  # DER of a TimeStampReq
    digest: bytes
    hashed: str
    nonce: str
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """What came of a good answer: the token, or the SignedData it was put into."""

    content: bytes = field(repr=False)  # DER
    certificates: tuple[bytes, ...] = field(repr=False)  # DER, those in the token


@dataclass(frozen=True, slots=True)
class Preparer:
    """
    Has signatures prepared; for several threads, one after the other.

    What concerns a file raises `NotSignable`, whatever becomes of the child over it, and
    `ChildMissing` where there is nobody to prepare anything.
    """

    span: Span = field(default_factory=Span)
    idle: timedelta = timedelta(minutes=5)
    limits: Limits = field(default_factory=lambda: Limits(writes=LARGEST))
    command: tuple[str, ...] = PREPARER
    _hired: Hired = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Hire nobody yet."""
        post = Post(command=self.command, idle=self.idle, limits=self.limits)
        object.__setattr__(self, "_hired", Hired(post))

    def pdf(
        self,
        files: tuple[int, int],
        *,
        hashed: str,
        reserved: int,
        at: datetime,
        name: str,
        certify: bool = False,
        sight: Sight | None = None,
    ) -> Place:
        """
        Have a signature drafted behind a PDF; ``files``: the PDF, and where what follows it goes.

        ``reserved`` are the bytes kept for the CMS. Raises `PictureUnfit` and `DiskTrouble` too.
        """
        blobs = Blobs()
        body: dict[str, Plain] = {
            "ask": "draft_pdf",
            "hashed": hashed,
            "reserved": reserved,
            "at": at.isoformat(),
            "field": name,
            "certify": certify,
            "look": tell_look(sight, blobs),
        }
        return self._drafted(Packet(body=body, blobs=blobs.all, files=files))

    def stamp(self, files: tuple[int, int], *, reserved: int) -> Place:
        """Have a document time-stamp drafted behind a PDF; ``files`` as for `pdf`."""
        body: dict[str, Plain] = {"ask": "draft_stamp", "reserved": reserved}
        return self._drafted(Packet(body=body, files=files))

    def store(
        self,
        files: tuple[int, int],
        *,
        evidence: Sequence[Evidence],
        certificates: Sequence[bytes],
    ) -> None:
        """Have evidence and certificates (DER) written behind a PDF; also `EvidenceUnfit`."""
        blobs = Blobs()
        body: dict[str, Plain] = {
            "ask": "draft_store",
            "evidence": tell_evidence(evidence, blobs),
            "certificates": [blobs.add(one) for one in certificates],
        }
        packet = Packet(body=body, blobs=blobs.all, files=files)
        self._asked(packet, lambda told: told.flag("added"), ("added",), writes=TAIL)

    def office(self, file: int, facts: KeyFacts, at: datetime) -> bytes:
        """Return the canonical SignedInfo of a signature in an office file."""
        packet = _about_office("draft_office", (file,), facts, at, {}, Blobs())
        return self._asked(packet, _information)

    def write_office(
        self,
        files: tuple[int, int],
        facts: KeyFacts,
        at: datetime,
        *,
        signature: bytes,
        token: bytes | None,
        largest: int,
    ) -> str:
        """
        Have an office file written with its signature; return the name of the signature's part.

        ``files``: the file, and where the signed one goes, of at most ``largest`` bytes.
        """
        blobs = Blobs()
        more: dict[str, Plain] = {
            "signature": blobs.add(signature),
            "token": None if token is None else blobs.add(token),
        }
        packet = _about_office("write_office", files, facts, at, more, blobs)
        return self._asked(packet, lambda told: told.text("part"), ("part",), writes=largest)

    def question(
        self, over: str, content: bytes, *, hashed: str, policy: str, certificate: bytes = b""
    ) -> Question:
        """
        Return what to ask a time-stamp authority.

        ``over`` says what ``content`` is: a `digest`, a `cms`, or a raw signature for `xml`, made
        with the key of ``certificate``.
        """
        body: dict[str, Plain] = {
            "ask": "ask_stamp",
            "over": over,
            "content": 0,
            "certificate": 1,
            "hashed": hashed,
            "policy": policy,
        }

        def read(told: Fields) -> Question:
            request, digest = _blobs(told, 2)
            nonce = told.text("nonce")
            return Question(
                request=request, digest=digest, hashed=hashed, nonce=nonce, policy=policy
            )

        packet = Packet(body=body, blobs=(content, certificate))
        return self._asked(packet, read, ("nonce",), blame=_blame_stamp)

    def answer(self, question: Question, answer: bytes, *, into: bytes | None = None) -> Stamped:
        """Return what came of an authority's answer; `StampUnfit` where it is no good one."""
        body: dict[str, Plain] = {
            "ask": "read_stamp",
            "answer": 0,
            "digest": 1,
            "hashed": question.hashed,
            "nonce": question.nonce,
            "policy": question.policy,
            "into": None if into is None else 2,
        }

        def read(told: Fields) -> Stamped:
            content, *certificates = _blobs(told)
            return Stamped(content=content, certificates=tuple(certificates))

        blobs = (answer, question.digest, *(() if into is None else (into,)))
        return self._asked(Packet(body=body, blobs=blobs), read, blame=_blame_stamp)

    def distrust(self) -> NotSignable:
        """End a child whose work is not what it should be; return what is to be raised."""
        log.warning("the preparer did something else than it was asked")
        self._hired.drop()
        return _blame_file(self._sentence(Lost(Ending.GARBLED)))

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

    def _drafted(self, packet: Packet) -> Place:
        return self._asked(packet, _place, ("field", "start", "end", "unseen"), writes=TAIL)

    def _asked(
        self,
        packet: Packet,
        read: Callable[[Fields], _Answer],
        names: tuple[str, ...] = (),
        *,
        writes: int = 0,
        blame: Callable[[Message], EdgeNodeError] | None = None,
    ) -> _Answer:
        """Return what ``read`` makes of the answer; it may raise `Garbled`."""
        blame = blame or _blame_file
        try:
            answer = self._hired.ask(packet, replace(self.span, writes=writes))
        except Lost as lost:
            log.warning(
                "the preparer was lost over a file",
                extra={"ending": lost.ending.value, "status": lost.status},
            )
            raise blame(self._sentence(lost)) from lost
        try:
            _demand_done(answer, blame)
            return read(Fields.of(answer.body, answer.blobs, names))
        except Garbled as error:
            log.warning("the preparer cannot be understood", extra={"error": str(error)})
            self._hired.drop()
            raise blame(self._sentence(Lost(Ending.GARBLED))) from error

    def _sentence(self, lost: Lost) -> Message:
        if lost.ending is Ending.OVERDUE:
            return say(
                "preparing the signature took longer than {seconds} s of computing or {minutes} "
                "min",
                seconds=int(self.span.processor.total_seconds()),
                minutes=int(self.span.clock.total_seconds()) // 60,
            )
        if lost.ending is Ending.EXHAUSTED:
            return say(
                "preparing the signature takes more than {megabytes} MB of memory",
                megabytes=self.limits.memory >> 20,
            )
        return _SENTENCES[lost.ending]


_SENTENCES: Final = {
    Ending.CRASHED: say("the program that prepares signatures crashed over it"),
    Ending.KILLED: say(
        "the program that prepares signatures was ended from outside over it; the machine may be "
        "short of memory"
    ),
    Ending.GARBLED: say("the program that prepares signatures gave no clear answer"),
}


def _about_office(
    ask: str,
    files: tuple[int, ...],
    facts: KeyFacts,
    at: datetime,
    more: dict[str, Plain],
    blobs: Blobs,
) -> Packet:
    body: dict[str, Plain] = {
        "ask": ask,
        "certificate": blobs.add(facts.certificate),
        "chain": [blobs.add(one) for one in facts.chain],
        "at": at.isoformat(),
        **more,
    }
    return Packet(body=body, blobs=blobs.all, files=files)


def _place(told: Fields) -> Place:
    start, end = (told.number(name, 0, LARGEST) for name in ("start", "end"))
    unseen = told.maybe("unseen", lambda name: read_message(told.value[name]))
    return Place(field=told.text("field"), start=start, end=end, unseen=unseen)


def _information(told: Fields) -> bytes:
    """Return a SignedInfo; else the child could have anything at all signed."""
    (octets,) = _blobs(told, 1)
    framed = octets.startswith(_BEGINS) and octets.endswith(_ENDS)
    if not framed or octets.count(_ENDS) != 1 or len(octets) > INFORMATION:
        raise Garbled("SignedInfo")
    return octets


def _blobs(told: Fields, count: int | None = None) -> tuple[bytes, ...]:
    many = len(told.blobs)
    if (count is not None and many != count) or not 0 < many <= CERTIFICATES:
        raise Garbled("blobs")
    return told.blobs


def _demand_done(answer: Packet, blame: Callable[[Message], EdgeNodeError]) -> None:
    """Raise what the child says is the trouble."""
    failed = answer.body.get("failed")
    if isinstance(failed, str):
        log.warning("the preparer failed over a file", extra={"error": clean(failed)})
        raise blame(say("the signature could not be prepared because of a mistake of ours"))
    if "trouble" in answer.body:
        told = Fields.of(answer.body["trouble"], (), ("reason", "message", "hint"))
        message = read_message(told.value["message"])
        hint = told.maybe("hint", lambda name: read_message(told.value[name]))
        kind = _KINDS.get(told.one_of("reason", Reason))
        raise blame(message) if kind is None else kind(message, hint=hint)


_KINDS: Final[dict[Reason, type[EdgeNodeError]]] = {
    Reason.NOT_SIGNABLE: NotSignable,
    Reason.PICTURE_UNFIT: PictureUnfit,
    Reason.STAMP_UNFIT: StampUnfit,
    Reason.EVIDENCE_UNFIT: EvidenceUnfit,
    Reason.UNWRITTEN: DiskTrouble,
}


def _blame_file(why: Message) -> NotSignable:
    return NotSignable(why, hint=say("save it anew in the program it was made with"))


def _blame_stamp(why: Message) -> StampUnfit:
    return StampUnfit(why, hint=say("tell the time-stamp authority, or use another"))
