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
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.adapters.durable import disk_errors, part_of
from edge_node.adapters.growing import Growing
from edge_node.adapters.key_fitness import remedy
from edge_node.adapters.pens import Errand, PdfPen, sign_office
from edge_node.domain.errors import NotSignable, Outage
from edge_node.domain.message import say
from edge_node.domain.signature import Sub, Verdict
from edge_node.domain.signing import LASTING, Act, Level
from edge_node.notary.formats import SEARCHED, Format, format_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from edge_node.adapters.appraising import Appraiser
    from edge_node.adapters.durable import Part
    from edge_node.adapters.examining import Examiner, Finding
    from edge_node.adapters.pens import Key, Stamps
    from edge_node.adapters.preparing import Preparer
    from edge_node.adapters.signing_key import KeyFacts
    from edge_node.domain.looks import Showing
    from edge_node.domain.message import Message
    from edge_node.domain.signature import FileVerdict, SignatureVerdict
    from edge_node.domain.signing import SigningWish
    from edge_node.notary.pdf.looks import Sight

MODE: Final = 0o640
REMEMBERED: Final = timedelta(minutes=5)  # how long a good word about our certificate counts


class SignatureUnsure(Outage):
    """A signature was made and cannot be verified now: nothing is signed until it can."""


class CertificateUnfit(Outage):
    """The certificate of our key is not good to sign with now."""


def _unseen(_: Showing) -> Sight | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A signature as it stands in the file, not verified yet."""

    level: Level
    name: str  # of its field, or of its part in the package
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

    def sign(self, source: Path, target: Path, wish: SigningWish) -> Act:
        """
        Sign ``source``, a PDF or an office file, into ``target``; say what was done.

        An office file gets a time-stamp where the level asks for more than B-B, and no more: that
        is XAdES-T. ``target`` is whole and durable, or as it was before. Raises `NotSignable` for
        what is wrong with the file, an `Outage` for what is wrong with key, certificate,
        time-stamp or evidence, and what `disk_errors` raises.
        """
        key, at = self.key(), self.clock()
        facts = key.facts()
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
        with disk_errors(source), _opened(source) as file, disk_errors(target):
            kind = format_of(os.pread(file.fileno(), SEARCHED, 0))
            if kind is None:
                raise _other_kind()
            with part_of(target) as part:
                sign = self._pdf if kind is Format.PDF else self._office
                made = sign(errand, file, part, target)
                finding = self._looked_at(part)
                ours = _demand_sound(finding, made.name, made.level, facts)
                self._demand_harmless(source, finding.verdict, made.name)
                self.examiner.fetcher.statements.rely_on(finding.verdict.relied_on)
                part.become(target, mode=MODE)
        return _act(source, errand, made, ours)

    def tidy(self) -> None:
        """Take note of a child that has gone for want of work."""
        self.preparer.tidy()

    def close(self) -> None:
        """End the child that prepares; the others are whose they are."""
        self.preparer.close()

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
        elif not _unasked(judgement.sub, level):
            raise CertificateUnfit(
                say(
                    "the certificate of the key is not good to sign with: {why}", why=judgement.why
                ),
                hint=remedy(judgement.sub) or say("see `edge-node cert check`"),
            )

    def _pdf(self, errand: Errand, source: BinaryIO, part: Part, _: Path) -> _Made:
        growing = Growing(part)
        growing.add(source)
        pen = PdfPen(errand, growing)
        place, known = pen.sign()
        level = errand.wish.level
        if level in LASTING:
            self._prove(pen, part, place.field, known)
        if level is Level.B_LTA:
            pen.stamp()
        return _Made(level=level, name=place.field, unseen=place.unseen)

    def _prove(self, pen: PdfPen, part: Part, name: str, known: tuple[bytes, ...]) -> None:
        """Store what shows that the signature was good when it was made."""
        facts = pen.errand.facts
        finding = self._looked_at(part)
        ours = _demand_sound(finding, name, Level.B_T, facts)
        chain = {one.fingerprint for one in ours.chain}
        pinned = self.examiner.anchors.pinned()
        above = (
            one
            for one in (*pinned.intermediates, *pinned.roots)
            if hashlib.sha256(one).hexdigest() in chain
        )
        pen.store(finding.evidence, (facts.certificate, *facts.chain, *known, *above))

    def _office(self, errand: Errand, source: BinaryIO, part: Part, target: Path) -> _Made:
        name = sign_office(errand, source, part, target)
        return _Made(level=Level.B_T if errand.stamping else Level.B_B, name=name)

    def _looked_at(self, part: Part) -> Finding:
        return self.examiner.look(part.path, now=self.clock())

    def _demand_harmless(self, source: Path, verdict: FileVerdict, name: str) -> None:
        """Refuse where a signature that was there before is worth less now."""
        others = _others(verdict, name)
        if all(one is Verdict.VALID for one, _ in others.values()):
            return
        before = _others(self.examiner.look(source, now=self.clock()).verdict, "")
        harmed = [one for one, worth in others.items() if worth != before.get(one)]
        if harmed:
            raise NotSignable(
                say("signing it would harm the signature {name} in it", name=harmed[0]),
                hint=say("ask whoever signed before to sign without forbidding more signatures"),
            )


def _opened(path: Path) -> BinaryIO:
    """Open a file to read; a pipe would have the node wait for whoever writes into it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _other_kind()
    return os.fdopen(descriptor, "rb")


def _others(verdict: FileVerdict, name: str) -> Mapping[str, tuple[Verdict, Sub | None]]:
    return {
        one.name: (one.verdict, one.sub)
        for one in verdict.signatures
        if one.name != name and one.profile != "DTS"
    }


def _demand_sound(finding: Finding, name: str, level: Level, facts: KeyFacts) -> SignatureVerdict:
    """Return the verdict on our signature; it must be ours, VALID, and as much as was wished."""
    own = hashlib.sha256(facts.certificate).hexdigest()
    named = [one for one in finding.verdict.signatures if one.name == name]
    if len(named) != 1 or named[0].signer is None or named[0].signer.fingerprint != own:
        why = finding.verdict.why
        raise _unsound(why if not finding.verdict.signed else say("it is not in the file"))
    ours = named[0]
    if ours.verdict is Verdict.INVALID:
        raise _unsound(ours.why)
    if ours.verdict is not Verdict.VALID and not _unasked(ours.sub, level):
        raise SignatureUnsure(
            say("the signature cannot be relied on: {why}", why=ours.why),
            hint=say("see `edge-node cert check`, and whom this node trusts"),
        )
    if level is not Level.B_B and ours.stamped_at is None:
        why = next(iter(ours.warnings), ours.why)
        raise SignatureUnsure(
            say("the time-stamp of the signature cannot be relied on: {why}", why=why),
            hint=say("trust the root of the time-stamp authority: edge-node trust add FILE"),
        )
    return ours


def _unasked(sub: Sub | None, level: Level) -> bool:
    """
    Whether all that is missing is a word on revocation, and the signature may do without.

    One without a time-stamp counts for no longer than whoever receives it can ask for themselves.
    """
    return sub is Sub.TRY_LATER and level is Level.B_B


def _unsound(why: object) -> NotSignable:
    return NotSignable(
        say("a signature in this file does not hold: {why}", why=why),
        hint=say("save it anew in the program it was made with"),
    )


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
    )
