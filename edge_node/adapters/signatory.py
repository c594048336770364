"""
Signs a file for the agency: all of it, and verified, or nothing.

Joins who holds the key, who prepares, who stamps and who verifies. The key is not asked before its
certificate is known to be good, and nothing is handed out whose signature is not VALID for the
node that made it. Which files are signed, and by whose word, is decided elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.adapters.durable import disk_errors, part_of
from edge_node.adapters.growing import Growing
from edge_node.adapters.key_fitness import advice
from edge_node.adapters.last_word import (
    SignatureUnsure,
    demand_harmless,
    demand_in_time,
    demand_sound,
    demand_stamped,
    others,
    unasked,
)
from edge_node.adapters.pens import Errand, PdfPen, sign_office
from edge_node.adapters.signing_key import KeyReplaced
from edge_node.domain.errors import NotSignable, Outage
from edge_node.domain.message import say
from edge_node.domain.signature import Verdict
from edge_node.domain.signing import LASTING, Act, Level
from edge_node.notary.formats import SEARCHED, Format, format_of
from edge_node.notary.trust import Checking

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_node.adapters.appraising import Appraiser
    from edge_node.adapters.durable import Part
    from edge_node.adapters.examining import Examiner, Finding
    from edge_node.adapters.pens import Key, Stamps
    from edge_node.adapters.preparing import Preparer
    from edge_node.adapters.signing_key import KeyFacts
    from edge_node.domain.envelope import Digest, Stored
    from edge_node.domain.looks import Showing
    from edge_node.domain.message import Message
    from edge_node.domain.signature import SignatureVerdict
    from edge_node.domain.signing import SigningWish
    from edge_node.notary.pdf.looks import Sight

MODE: Final = 0o640
REMEMBERED: Final = timedelta(minutes=5)  # how long a good word about our certificate counts


class FileChanged(NotSignable):
    """The file is another than the one that was judged: nobody decided that this one is signed."""


class CertificateUnfit(Outage):
    """The certificate of our key is not good to sign with now."""


def _unseen(_: Showing) -> Sight | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A signature as it stands in the file, not verified yet."""

    level: Level
    name: str  # of its field, or of its part in the package
    stored: Stored  # the file with it
    stamp: str = ""  # the field of the time-stamp over the document
    unseen: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatory:
    """
    Signs files; for several threads.

    ``key`` returns the one that signs now, ``sight`` what a signature that is to show is drawn
    with. ``examiner`` and ``appraiser`` have another child look than ``preparer``'s, which could
    praise its own work.
    """

    key: Callable[[], Key]
    preparer: Preparer
    stamps: Stamps
    examiner: Examiner
    appraiser: Appraiser
    sight: Callable[[Showing], Sight | None] = _unseen
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    _good: dict[bytes, datetime] = field(default_factory=dict, init=False, repr=False)

    def sign(
        self, source: Path, target: Path, wish: SigningWish, *, digest: Digest | None = None
    ) -> Act:
        """
        Sign ``source``, a PDF or an office file, into ``target``; say what was done.

        ``digest`` is that of the file as it was judged; another is not signed. An office file
        gets a time-stamp where the level asks for more than B-B, and no more: that is XAdES-T.
        ``target`` is whole and durable, or as it was before. Raises `NotSignable` for what is
        wrong with the file, an `Outage` for what is wrong with key, certificate, time-stamp or
        evidence, and what `disk_errors` raises.
        """
        try:
            return self._signed(source, target, wish, digest)
        except KeyReplaced:  # between two questions: which one it is now is asked anew, once
            return self._signed(source, target, wish, digest)

    def _signed(self, source: Path, target: Path, wish: SigningWish, digest: Digest | None) -> Act:
        key, at = self.key(), self.clock()
        facts = key.facts()
        self._demand_evidence(wish.level)
        self._demand_good(facts, wish.level, at)
        errand = Errand(
            key=key,
            facts=facts,
            at=at,
            wish=wish,
            preparer=self.preparer,
            stamps=self.stamps,
            sight=None if wish.showing is None else self.sight(wish.showing),
        )
        with disk_errors(source), _opened(source) as file, disk_errors(target), ExitStack() as own:
            part = own.enter_context(part_of(target))
            original = Growing(part)
            kind = _taken(original, file, digest)
            if kind is Format.PDF:
                made = self._pdf(errand, original, part)
            else:
                part = own.enter_context(part_of(target))
                made = self._office(errand, original, part, target)
            ours = self._demand_good_work(errand, made, original, part, target)
            part.become(target, mode=MODE)
        return _act(source, errand, made, ours)

    def tidy(self) -> None:
        """Take note of a child that has gone for want of work."""
        self.preparer.tidy()

    def close(self) -> None:
        """
        Ask nobody any more, and end the child that prepares, from whatever thread.

        The other children are whose they are.
        """
        self.stamps.stamper.close()
        self.examiner.fetcher.close()
        self.appraiser.fetcher.close()
        self.preparer.close()

    def _demand_evidence(self, level: Level) -> None:
        """Refuse to call evidence what nobody asks for."""
        if level in LASTING and self.examiner.terms.checking is not Checking.REQUIRED:
            raise SignatureUnsure(
                say(
                    "a signature of level {level} holds the evidence that nothing was revoked, and"
                    " none is demanded here",
                    level=str(level),
                ),
                hint=say("set trust.revocation to required, or ask for level B-T"),
            )

    def _demand_good(self, facts: KeyFacts, level: Level, now: datetime) -> None:
        """Refuse a certificate that is not good; a good one is believed for some minutes."""
        known = hashlib.sha256(b"".join((facts.certificate, *facts.chain))).digest()
        until = self._good.pop(known, None)
        if until is not None and until - REMEMBERED <= now < until:
            self._good[known] = until
            return
        weighed = self.appraiser.weigh(facts.certificate, facts.chain, now=now)
        judgement = weighed.appraisal.judgement
        if judgement.verdict is Verdict.VALID:
            self._good[known] = now + REMEMBERED
        elif not unasked(judgement.sub, level):
            raise CertificateUnfit(
                say(
                    "the certificate of the key is not good to sign with: {why}", why=judgement.why
                ),
                hint=advice(weighed) or say("see `edge-node cert check`"),
            )

    def _pdf(self, errand: Errand, growing: Growing, part: Part) -> _Made:
        pen = PdfPen(errand, growing)
        place, known = pen.sign()
        level = errand.wish.level
        if level in LASTING:
            self._prove(pen, part, place.field, known)
        stamp = pen.stamp().field if level is Level.B_LTA else ""
        return _Made(
            level=level,
            name=place.field,
            stored=growing.stored(),
            stamp=stamp,
            unseen=place.unseen,
        )

    def _prove(self, pen: PdfPen, part: Part, name: str, known: tuple[bytes, ...]) -> None:
        """Store what shows that the signature was good when it was made."""
        facts = pen.errand.facts
        finding = self._looked_at(part.path)
        ours = demand_sound(finding.verdict, name, Level.B_T, facts)
        chain = {one.fingerprint for one in ours.chain}
        pinned = self.examiner.anchors.pinned()
        above = (
            one
            for one in (*pinned.intermediates, *pinned.roots)
            if hashlib.sha256(one).hexdigest() in chain
        )
        pen.store(finding.evidence, (facts.certificate, *facts.chain, *known, *above))

    def _office(self, errand: Errand, original: Growing, part: Part, target: Path) -> _Made:
        name, stored = sign_office(errand, original, part, target)
        level = Level.B_T if errand.stamping else Level.B_B
        return _Made(level=level, name=name, stored=stored)

    def _demand_good_work(
        self, errand: Errand, made: _Made, original: Growing, part: Part, target: Path
    ) -> SignatureVerdict:
        """Return the verdict on our signature, all being well with the file that has it."""
        verdict = self._looked_at(part.path).verdict
        if made.stamp:
            demand_stamped(verdict, made.stamp)
        ours = demand_sound(verdict, made.name, made.level, errand.facts)
        demand_in_time(ours, since=errand.at, until=self.clock())
        if others(verdict, made.name):
            with original.original(target) as before:
                demand_harmless(self._looked_at(before).verdict, verdict, made.name)
        self.examiner.fetcher.statements.rely_on(verdict.relied_on)
        return ours

    def _looked_at(self, path: Path) -> Finding:
        return self.examiner.look(path, now=self.clock())


def _opened(path: Path) -> BinaryIO:
    """Open a file to read; a pipe would have the node wait for whoever writes into it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _other_kind()
    return os.fdopen(descriptor, "rb")


def _taken(original: Growing, source: BinaryIO, digest: Digest | None) -> Format:
    """Copy what is to be signed and return of what kind it is; NotSignable, FileChanged."""
    taken = original.take(source)
    if digest is not None and taken != digest:
        raise FileChanged(
            say("the file was changed after it had been looked at"),
            hint=say("leave it alone until it has been sent, and drop it into the outbox again"),
        )
    kind = format_of(os.pread(original.part.file.fileno(), SEARCHED, 0))
    if kind is None:
        raise _other_kind()
    return kind


def _other_kind() -> NotSignable:
    return NotSignable(
        say("only PDF, Word, Excel and PowerPoint files are signed"),
        hint=say("save it as a PDF"),
    )


def _act(source: Path, errand: Errand, made: _Made, ours: SignatureVerdict) -> Act:
    signer, wish = ours.signer, errand.wish
    if signer is None:
        raise ValueError(ours)
    return Act(
        file=source.name,
        key=errand.key.name,
        subject=signer.subject,
        fingerprint=signer.fingerprint,
        at=errand.at,
        level=made.level,
        stamped_by=ours.stamped_by,
        stamped_at=ours.stamped_at,
        operator=wish.operator,
        basis=wish.basis,
        unseen=made.unseen,
        stored=made.stored,
    )
