"""
What is done about signatures before a document leaves: weighed, demanded, put on by policy.

Which files are signed is decided here, in `leaving` whether the rest may leave; how a signature is
made or judged is not. Everything that stands against a drop is said at once, before anything is
signed. What was signed lies beside the drop and is never signed again; the drop itself stays as it
was.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import DropRefused, Outage, Permanent
from edge_node.domain.looks import showings
from edge_node.domain.message import say
from edge_node.domain.signing import Level, LookKind, SigningPolicy, SigningWish
from edge_node.flows.finding import finding, is_unseen, may_be_known, signers
from edge_node.flows.leaving import NotKnownYet, Opinion, SigningWaits, demand_no, waiting
from edge_node.flows.seen import Foreseen, Judged, borne, is_of, mains, with_copies

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from edge_node.domain.message import Message
    from edge_node.domain.order import Order
    from edge_node.domain.signature import FileVerdict
    from edge_node.domain.signing import Act, SignedCopy
    from edge_node.flows.desk_ports import Signs
    from edge_node.flows.folders import Claimed, SignedCopies
    from edge_node.flows.leaving import Leaving, WayOut
    from edge_node.flows.seen import Seen

log = logging.getLogger(__name__)

# What a drop may ask for beyond what is configured: to the right is stricter.
_STRICTNESS: Final = tuple(SigningPolicy)
# With these it matters what a file bears already.
_LOOKING: Final = frozenset({SigningPolicy.IF_UNSIGNED, SigningPolicy.REQUIRE_SIGNER_FIRST})
# So long a drop waits where nobody could look, or be asked about a certificate.
_WAITS: Final = timedelta(hours=1)
# What signing the files of one drop may take in one turn, in seconds; the next goes on.
_PATIENCE: Final = 300.0


class SlowToSign(Outage):
    """A drop was not signed through in one turn: others, and the end of the node, come between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is signed on its way out, how, and on whose word."""

    documents: SigningPolicy = SigningPolicy.NEVER
    operator: str = ""  # where a drop names none
    basis: str = ""
    level: Level = Level.B_T
    look: LookKind = LookKind.NONE


@dataclass(slots=True, kw_only=True)
class Signatures:
    """Sees to the signatures of one drop after the other."""

    rules: Rules
    way_out: WayOut
    signs: Signs | None  # None: this node has no key
    copies: Callable[[str, Path], SignedCopies]  # of an item, in the folder of its drop
    # Why nothing can be signed; nobody else is kept waiting to find the same, until the bell.
    _out: Outage | None = field(default=None, init=False)
    # Since when what is not known keeps an item waiting, by the clock of who looks.
    _unknown: dict[str, float] = field(default_factory=dict, init=False)

    @property
    def may_sign(self) -> bool:
        """Whether anything is signed here at all."""
        return self.rules.documents is not SigningPolicy.NEVER

    def try_again(self) -> None:
        """Find out anew whether anything can be signed."""
        self._out = None

    def tidy(self) -> None:
        """Let go of what looking and signing left behind, where it has been idle."""
        self.way_out.examines.tidy()
        if self.signs is not None:
            self.signs.tidy()

    def see_to(
        self, drop: Claimed, order: Order, files: Sequence[Leaving], *, now: datetime
    ) -> Seen:
        """
        Return what leaves of a drop, with every signature on it that there is to be.

        Raises DropRefused, and SigningWaits where this drop has to wait for somebody's doing.
        """
        copies = self.copies(drop.id, drop.sheet.parent)
        whole = copies.prepare()
        done = {each.path.name for each in files if is_of(whole.get(each.path.name), each)}
        policy = self._policy(order)
        verdicts = self._looked(files, now, must=policy in _LOOKING)
        wanted = [each for each in files if _is_wanted(each, policy, verdicts)]
        left = [each for each in files if each not in wanted and each.path.name not in done]
        warnings = self._demanded(drop, files, left, policy, verdicts)
        warnings += _in_vain(order, policy, files)
        missing = [each for each in wanted if each.path.name not in done]
        made = self._signed(copies, order, files, missing)
        return with_copies(files, {name: whole[name] for name in done} | made, warnings, verdicts)

    def judge(self, drop: Claimed, files: Sequence[Leaving], *, now: datetime) -> Judged:
        """
        Return what is to be said of files that leave as they are; DropRefused, SigningWaits.

        Nothing is signed in a package that came ready-made: what is demanded, it has to hold.
        """
        policy = self.rules.documents
        verdicts = self._looked(files, now, must=policy is not SigningPolicy.NEVER)
        warnings = self._demanded(drop, files, files, policy, verdicts)
        return Judged(warnings=tuple(warnings), signed=borne(files, verdicts))

    def foresee(
        self, order: Order, files: Sequence[Leaving], *, now: datetime, as_it_is: bool = False
    ) -> Foreseen:
        """
        Return what would be done about these files, nothing of it done, kept or waited for.

        ``as_it_is``: they lie in a package that came ready-made. Raises SigningWaits where nobody
        can look, and DropRefused where what the drop asks for is not done here.
        """
        policy = self.rules.documents if as_it_is else self._policy(order)
        verdicts = self.way_out.look(files, now=now)
        asked = () if as_it_is else files
        wanted = [each for each in asked if _is_wanted(each, policy, verdicts)]
        left = [each for each in files if each not in wanted]
        opinion = self._opinion(files, left, policy, verdicts)
        return Foreseen(
            policy=policy,
            verdicts=verdicts,
            wanted=tuple(each.named.file for each in wanted),
            warnings=(*opinion.warnings, *_in_vain(order, policy, asked)),
            problems=opinion.problems,
        )

    def demand_order(self, order: Order) -> None:
        """Refuse a drop that is to be signed where nobody answers for that, or with no key."""
        self._mandate(order)
        if self.signs is None:
            raise _without_key()

    def went_out(
        self, drop: Claimed, files: Sequence[Leaving], acts: Collection[Act] = ()
    ) -> Seen:
        """
        Return what left of a drop that was seen to before; DropRefused where that is gone.

        ``acts`` are those its papers tell of: whoever copied the drop may have left ours behind.
        """
        copies = self.copies(drop.id, drop.sheet.parent).all()
        signed = {*copies, *(act.file for act in acts)}
        gone = {
            each.path.name: say("{file}: its signed copy is not what it was", file=each.named.file)
            for each in files
            if each.path.name in signed and not is_of(copies.get(each.path.name), each)
        }
        here = {each.path.name for each in files}
        gone |= {
            name: say("{file} was signed, and is not in the drop any more", file=name)
            for name in signed - here
        }
        demand_no(gone)
        return with_copies(files, copies)

    def made_of(self, drop: Claimed) -> tuple[Act, ...]:
        """Return the signatures that were made of a drop, whatever has become of it since."""
        copies = self.copies(drop.id, drop.sheet.parent).all()
        return tuple(copy.act for copy in copies.values())

    # ── what may leave ───────────────────────────────────────────────────────────────────────

    def _looked(
        self, files: Sequence[Leaving], now: datetime, *, must: bool
    ) -> dict[str, FileVerdict]:
        """Return the verdicts on the files, where anything hangs on them."""
        return self.way_out.look(files, now=now) if must or self.way_out.may_object else {}

    def _demanded(
        self,
        drop: Claimed,
        files: Sequence[Leaving],
        left: Sequence[Leaving],
        policy: SigningPolicy,
        verdicts: Mapping[str, FileVerdict],
    ) -> list[Message]:
        """Return what is odd about a drop of which ``left`` are not signed here, or refuse it."""
        opinion = self._opinion(files, left, policy, verdicts)
        self._demand_no(opinion.problems, verdicts, drop.id)
        self.way_out.rely_on(verdicts)
        return list(opinion.warnings)

    def _opinion(
        self,
        files: Sequence[Leaving],
        left: Sequence[Leaving],
        policy: SigningPolicy,
        verdicts: Mapping[str, FileVerdict],
    ) -> Opinion:
        """Return what is odd about files of which ``left`` are not signed here, or forbids it."""
        signing = policy is not SigningPolicy.NEVER
        bare = {each.named.file for each in left}
        opinion = self.way_out.weigh(verdicts, bare, demanded=signing)
        other = self.way_out.beyond_signing(mains(files) if signing else ())
        against = {**opinion.problems, **other.problems}
        if policy is SigningPolicy.IF_UNSIGNED:
            against |= _unseen(left, verdicts)
        if policy is SigningPolicy.REQUIRE_SIGNER_FIRST:
            against |= self._without_signer(files, verdicts)
        return Opinion(warnings=(*opinion.warnings, *other.warnings), problems=against)

    def _demand_no(
        self, problems: Mapping[str, Message], verdicts: Mapping[str, FileVerdict], item: str
    ) -> None:
        """Refuse a drop; one that is only not known to be good waits for an hour before."""
        unknown = [name for name in problems if name in verdicts and may_be_known(verdicts[name])]
        if problems and len(unknown) == len(problems):
            at = self.way_out.clock()
            if at - self._unknown.setdefault(item, at) < _WAITS.total_seconds():
                first = unknown[0]
                hint = _LOOK_AGAIN if is_unseen(verdicts[first]) else _ASK_AGAIN
                raise SigningWaits(NotKnownYet(problems[first], hint=hint))
        self._unknown.pop(item, None)
        demand_no(problems)

    def _without_signer(
        self, files: Sequence[Leaving], verdicts: Mapping[str, FileVerdict]
    ) -> dict[str, Message]:
        """Return which document itself bears no valid signature of anybody but the agency."""
        named = [each.named.file for each in mains(files)]
        by_file = {file: signers(verdicts.get(file)) for file in named}
        own = self._own() if any(by_file.values()) else frozenset()
        return {
            file: _nobody_first(file, sealed=bool(fingerprints))
            for file, fingerprints in by_file.items()
            if fingerprints <= own
        }

    def _own(self) -> frozenset[str]:
        """Return the fingerprints of the agency's certificates; SigningWaits."""
        if self.signs is None:
            return frozenset()
        with self._asking():
            return self.signs.own_certificates()

    # ── what is to be signed ─────────────────────────────────────────────────────────────────

    def _policy(self, order: Order) -> SigningPolicy:
        """Return what counts for this drop; one may ask for more than is configured."""
        known, asked = self.rules.documents, order.signing.policy if order.signing else None
        if asked is None or asked is known:
            return known
        if known is SigningPolicy.NEVER:
            raise DropRefused(
                say("the drop asks for a signature, but this node signs nothing"),
                hint=say("leave out signing.policy, or have signing.documents configured"),
            )
        if _STRICTNESS.index(asked) < _STRICTNESS.index(known):
            raise DropRefused(
                say(
                    "the drop asks for less than is signed here ({asked} instead of {known})",
                    asked=str(asked),
                    known=str(known),
                ),
                hint=say("leave out signing.policy"),
            )
        return asked

    def _signed(
        self,
        copies: SignedCopies,
        order: Order,
        files: Sequence[Leaving],
        wanted: Sequence[Leaving],
    ) -> dict[str, SignedCopy]:
        """Sign what is wanted; the first file that cannot be is the last that is tried."""
        if not wanted:
            return {}
        operator, basis = self._mandate(order)
        looks = showings(self.rules.look, [each.named for each in files], order.document.code)
        made: dict[str, SignedCopy] = {}
        ends = self.way_out.clock() + _PATIENCE
        for each, showing in zip(files, looks, strict=True):
            if each not in wanted:
                continue
            if made and self.way_out.clock() >= ends:
                raise SigningWaits(_slow())
            target = copies.begin(each.path.name)
            wish = SigningWish(
                level=self.rules.level, showing=showing, operator=operator, basis=basis
            )
            with self._signing(each) as signs:
                act = signs.sign(each.path, target, wish, digest=each.stored.digest)
            made[each.path.name] = copies.keep(each.path.name, each.stored.digest, act)
            seen = {"key": act.key, "level": str(act.level), "fingerprint": act.fingerprint}
            log.info("signed", extra=seen)
        return made

    def _mandate(self, order: Order) -> tuple[str, str]:
        """Return who ordered the signature, and on what basis."""
        asked, rules = order.signing, self.rules
        named = asked is not None and (asked.operator or asked.basis)
        operator = asked.operator if asked and named else rules.operator
        basis = asked.basis if asked and named else rules.basis
        if not (operator and basis):
            raise DropRefused(
                say("the document is to be signed, but nobody is named who ordered that, and why"),
                hint=say(
                    "name signing.operator and signing.basis in the drop, or in the configuration"
                ),
            )
        return operator, basis

    @contextmanager
    def _signing(self, file: Leaving) -> Iterator[Signs]:
        if self.signs is None:
            raise _without_key()
        try:
            with self._asking():
                yield self.signs
        except Permanent as error:
            problem = say("{file}: {reason}", file=file.named.file, reason=error.message)
            refused = say("the document cannot be signed")
            raise DropRefused(refused, [problem], hint=error.hint or _AGAIN) from error

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Turn to whoever signs; where that is in vain, nobody does so again until the bell."""
        if self._out is not None:
            raise SigningWaits(self._out)
        try:
            with waiting():
                yield
        except SigningWaits as error:
            self._out = error.outage
            raise


def _without_key() -> DropRefused:
    return DropRefused(
        say("the document is to be signed, but this node has no key"),
        hint=say("name a key in signing.keys"),
    )


def _in_vain(order: Order, policy: SigningPolicy, files: Sequence[Leaving]) -> list[Message]:
    """Say that a signature was ordered where none is made."""
    if order.signing is None or policy is not SigningPolicy.NEVER or not files:
        return []
    return [say("a signature was ordered, but this node signs nothing")]


def _slow() -> SlowToSign:
    return SlowToSign(
        say("signing all files of a document takes long; what is signed is kept"),
        hint=say("the rest follows by itself; a time-stamp authority may be slow"),
    )


_AGAIN: Final = say("correct it and drop it into the outbox again")
_ASK_AGAIN: Final = say("look at the network and trust.hosts")
_LOOK_AGAIN: Final = say("it is looked into again by itself; the log may say what is wrong")


def _nobody_first(file: str, *, sealed: bool) -> Message:
    if sealed:
        return say(
            "{file}: the signature in it is the agency's own; whoever is competent has to sign it "
            "first",
            file=file,
        )
    return say("{file}: whoever is competent has to sign it first", file=file)


def _unseen(files: Sequence[Leaving], verdicts: Mapping[str, FileVerdict]) -> dict[str, Message]:
    """Name those of which nobody knows whether they are to be signed."""
    known = {each.named.file: verdicts.get(each.named.file) for each in files}
    return {name: finding(name, one) for name, one in known.items() if one and is_unseen(one)}


def _is_wanted(file: Leaving, policy: SigningPolicy, verdicts: Mapping[str, FileVerdict]) -> bool:
    if not file.counts or policy is SigningPolicy.NEVER:
        return False
    if policy is not SigningPolicy.IF_UNSIGNED:
        return True
    verdict = verdicts[file.named.file]
    return not (verdict.shows_signature or is_unseen(verdict))
