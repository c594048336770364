"""
What is let in, by what its signatures are worth: the worst attachment decides for a document.

Who finds out what they are worth has a child process for it (`Examines`); what each finding leads
to stands in the configuration. What is only ours to mend (nobody could be asked, nobody could
look) is waited for a while, and is no reason to send a document back.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import Transient
from edge_node.domain.message import say
from edge_node.domain.receipt import ReasonCode
from edge_node.domain.signature import Bears, FileVerdict, Sub, Verdict
from edge_node.domain.signing import DoorAction
from edge_node.flows.finding import (
    NO_TIME,
    bears,
    finding,
    is_broken,
    is_unreadable,
    is_unsigned,
)
from edge_node.flows.objections import Objection
from edge_node.protocol.handoff import Inspected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from edge_node.config import IncomingSection
    from edge_node.domain.document import Document
    from edge_node.domain.envelope import Incoming
    from edge_node.domain.message import Message
    from edge_node.flows.desk_ports import Examines
    from edge_node.protocol import edxml

# For so long servers are asked about the attachments of one document, and for so long those are
# looked into: slow servers do not hide what one attachment alone shows. The lease of `deliver` is
# longer.
_ASKING, _LOOKING = timedelta(minutes=5), timedelta(minutes=9)
# So often a document is put off because nobody could be asked: with the default waits, an hour.
_TRIES: Final = 7
_OURS_TO_MEND: Final = frozenset({Sub.TRY_LATER, Sub.NOT_CHECKED})
_STRICTNESS: Final = (
    DoorAction.DELIVER,
    DoorAction.WARN,
    DoorAction.QUARANTINE,
    DoorAction.REFUSE,
)
# What a sender is told who sent something else than nothing signed, or something signed wrongly.
_CODES: Final[Mapping[Sub, ReasonCode]] = MappingProxyType(
    {
        Sub.HASH_FAILURE: ReasonCode.INTEGRITY_FAILED,
        Sub.REVOKED: ReasonCode.CERT_EXPIRED_OR_REVOKED,
        Sub.REVOKED_NO_POE: ReasonCode.CERT_EXPIRED_OR_REVOKED,
        Sub.EXPIRED: ReasonCode.CERT_EXPIRED_OR_REVOKED,
        Sub.OUT_OF_BOUNDS_NO_POE: ReasonCode.CERT_EXPIRED_OR_REVOKED,
        Sub.NOT_YET_VALID: ReasonCode.CERT_EXPIRED_OR_REVOKED,
    }
)


class NotKnownYet(Transient):
    """Nobody could be asked what a signature is worth, and the document would be set aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What was found in a document's attachments, and what is done because of it."""

    files: tuple[Inspected, ...]
    action: DoorAction
    checked_at: datetime
    warnings: tuple[Message, ...] = ()
    released: bool = False  # a person lets it in, which the rules would not

    @property
    def lets_in(self) -> bool:
        """Tell whether it is handed over."""
        return self.released or self.action in {DoorAction.DELIVER, DoorAction.WARN}

    @property
    def reason(self) -> Message:
        """Why it is not let in by the rules: the worst attachment, and how many are like it."""
        first, *others = self.worst
        told = finding(first.file, first.verdict)
        if not others:
            return told
        return say("{first} (and {count} more like it)", first=told, count=len(others))

    @property
    def code(self) -> ReasonCode:
        """The reason a sender is told with status 02."""
        verdict = self.worst[0].verdict
        if is_unsigned(verdict):
            return ReasonCode.SIGNATURE_MISSING
        if is_unreadable(verdict):
            return ReasonCode.UNREADABLE
        return _CODES.get(verdict.sub, _INVALID) if verdict.sub else _INVALID

    @property
    def objection(self) -> Objection:
        """What speaks against the document, where the rules do not let it in."""
        return Objection(action=self.action, code=self.code, reason=self.reason, hint=_RELEASE)

    def with_objections(self, objections: Sequence[Objection]) -> Opinion:
        """Return this with what else was said against the document, and did not keep it out."""
        told = [each.reason for each in objections if each.action is not DoorAction.DELIVER]
        overruled = any(not each.lets_in for each in objections)
        found = replace(self, warnings=(*told, *self.warnings))
        return _released(found) if overruled and not self.released else found

    @property
    def signed(self) -> Bears:
        """What the document itself bears: the first attachment that can be signed."""
        main = next((file.verdict for file in self.files if file.verdict.signable), None)
        return bears(main) if main else Bears.UNKNOWN

    @property
    def worst(self) -> list[Inspected]:
        """The attachments that decide."""
        strictest = max((file.action for file in self.files), key=_STRICTNESS.index)
        return [file for file in self.files if file.action is strictest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Looks into what comes in, and says what is to be done with it."""

    examines: Examines
    rules: IncomingSection
    clock: Callable[[], float] = time.monotonic

    def look(
        self,
        files: Sequence[edxml.ReceivedFile],
        document: Document,
        item: Incoming,
        *,
        attempt: int,
        now: datetime,
    ) -> Opinion:
        """
        Return what is to be done with a document whose attachments lie where nobody writes.

        NotKnownYet where it is better asked again later; what ``examines`` raises (an Outage
        where nobody can look at all) passes through. All evidence relied on is kept by then.
        """
        inspected = tuple(self._inspected(files, now))
        self.examines.rely_on(digest for file in inspected for digest in file.verdict.relied_on)
        opinion = _opinion(inspected, document, now)
        if opinion.lets_in:
            return opinion
        if item.released:
            return _released(opinion)
        if attempt < _TRIES and all(each.verdict.sub is Sub.TRY_LATER for each in opinion.worst):
            raise NotKnownYet(opinion.reason)
        return opinion

    def tidy(self) -> None:
        """Let go of what looking left behind, where it has been idle."""
        self.examines.tidy()

    def _inspected(
        self, files: Sequence[edxml.ReceivedFile], now: datetime
    ) -> Iterator[Inspected]:
        begun = self.clock()
        for file in files:
            passed = timedelta(seconds=self.clock() - begun)
            verdict: FileVerdict = NO_TIME
            notes: tuple[Message, ...] = ()
            if passed < _LOOKING:
                within = max(_ASKING - passed, timedelta())
                found = self.examines.look(file.path, now=now, within=within)
                verdict, notes = found.verdict, tuple(found.notes)
            yield Inspected(
                file=file.path.name,
                digest=file.digest,
                verdict=verdict,
                action=self._action(verdict),
                notes=notes,
            )

    def _action(self, verdict: FileVerdict) -> DoorAction:
        if verdict.verdict is Verdict.VALID or not (verdict.signable or verdict.signed):
            return DoorAction.DELIVER
        if is_unsigned(verdict):
            return self.rules.unsigned
        if is_broken(verdict):
            return self.rules.invalid
        action = self.rules.indeterminate
        if action is DoorAction.REFUSE and verdict.sub in _OURS_TO_MEND:
            return DoorAction.QUARANTINE
        return action


def _can_be_named(document: Document) -> bool:
    """Tell whether a status can say which document it is about."""
    return bool(document.document_id or document.number)


def _opinion(files: tuple[Inspected, ...], document: Document, now: datetime) -> Opinion:
    """Return what the worst attachment leads to."""
    actions = (file.action for file in files)
    action = max(actions, key=_STRICTNESS.index, default=DoorAction.DELIVER)
    if action is DoorAction.REFUSE and not _can_be_named(document):
        action = DoorAction.QUARANTINE
    warnings = tuple(finding(file.file, file.verdict) for file in files if _is_told(file))
    return Opinion(files=files, action=action, checked_at=now, warnings=warnings)


def _is_told(file: Inspected) -> bool:
    return file.action is not DoorAction.DELIVER


def _released(opinion: Opinion) -> Opinion:
    warning = say("a person had it handed over, though by the rules it would not have been")
    return replace(opinion, released=True, warnings=(warning, *opinion.warnings))


_INVALID: Final = ReasonCode.SIGNATURE_INVALID
_RELEASE: Final = say("`edge-node release ID` hands it over all the same, with a warning")
