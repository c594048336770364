"""
What is demanded of a signature we made before it is handed out, by what another child found.

It must be ours, VALID, as much as was wished for, stamped by a clock like this machine's, and no
earlier signature may be harmed by it. What cannot be known now is waited for; only what is wrong
with the file is held against it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from edge_node.adapters.key_fitness import remedy
from edge_node.domain.errors import NotSignable, Outage
from edge_node.domain.message import say
from edge_node.domain.signature import Sub, Verdict
from edge_node.domain.signing import Level
from edge_node.notary.claims import AHEAD, CLOCKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from edge_node.adapters.signing_key import KeyFacts
    from edge_node.domain.message import Message
    from edge_node.domain.signature import FileVerdict, SignatureVerdict

DTS: Final = "DTS"  # a time-stamp over the document is nobody's signature
_RISING: Final = tuple(Level)
_PROFILES: Final = {f"PAdES-{level}": level for level in Level} | {
    "XAdES-BES": Level.B_B,
    "XAdES-T": Level.B_T,
}
# That one of these is new is the file's doing; the others tell of certificates, and who was asked.
_OF_THE_FILE: Final = frozenset(
    {
        Sub.FORMAT_FAILURE,
        Sub.HASH_FAILURE,
        Sub.SIG_CRYPTO_FAILURE,
        Sub.SIG_CONSTRAINTS_FAILURE,
        Sub.SIGNED_DATA_NOT_FOUND,
    }
)
_OF_THE_SIGNER: Final = frozenset({Sub.REVOKED, Sub.EXPIRED, Sub.NOT_YET_VALID})
_SEE_CERTIFICATE: Final = say("see `edge-node cert check`, and whom this node trusts")
_SET_CLOCK: Final = say("set this machine's clock; it should follow a time server")


class SignatureUnsure(Outage):
    """A signature was made and cannot be relied on now: nothing is signed until it can."""


def demand_sound(
    verdict: FileVerdict, name: str, level: Level, facts: KeyFacts
) -> SignatureVerdict:
    """
    Return the verdict on our signature; it must be ours, VALID, and as much as was wished for.

    ``name`` is that of its field or part. Raises NotSignable and SignatureUnsure.
    """
    ours = _ours(verdict, name, facts)
    if ours.verdict is Verdict.INVALID:
        raise _unsound(ours.why)
    if ours.verdict is not Verdict.VALID and not unasked(ours.sub, level):
        raise SignatureUnsure(
            say("the signature cannot be relied on: {why}", why=ours.why),
            hint=_remedy(ours.sub) or _SEE_CERTIFICATE,
        )
    if level is Level.B_B:
        return ours
    if ours.stamped_at is None:
        why = next(iter(ours.warnings), ours.why)
        raise SignatureUnsure(
            say("the time-stamp of the signature cannot be relied on: {why}", why=why),
            hint=_SET_CLOCK if _told_within(why, AHEAD) else _TRUST_AUTHORITY,
        )
    reached = _PROFILES.get(ours.profile)
    if reached is None or _RISING.index(reached) < _RISING.index(level):
        raise SignatureUnsure(
            say(
                "the signature is {profile}, which is less than {level}",
                profile=ours.profile or "?",
                level=str(level),
            ),
            hint=say("ask for a lower level, or see that authorities answer"),
        )
    return ours


def demand_stamped(verdict: FileVerdict, name: str) -> None:
    """Demand that our time-stamp over the document is VALID; NotSignable, SignatureUnsure."""
    named = [one for one in verdict.signatures if one.name == name and one.profile == DTS]
    if len(named) != 1:
        raise _unsound(say("it is not in the file"))
    (stamp,) = named
    if stamp.verdict is Verdict.INVALID:
        raise _unsound(stamp.why)
    if stamp.verdict is not Verdict.VALID:
        raise SignatureUnsure(
            say("the time-stamp over the document cannot be relied on: {why}", why=stamp.why),
            hint=_remedy_of_stamp(stamp.sub),
        )


def demand_in_time(ours: SignatureVerdict, *, since: datetime, until: datetime) -> None:
    """Demand that it was stamped between two moments of our clock, about; SignatureUnsure."""
    at = ours.stamped_at
    if at is None or since - CLOCKS <= at <= until + CLOCKS:
        return
    apart = since - at if at < since else at - until
    raise SignatureUnsure(
        say(
            "this machine's clock and that of the time-stamp authority are {minutes} minutes"
            " apart: nothing is signed with a time that is wrong",
            minutes=round(apart.total_seconds() / 60),
        ),
        hint=_SET_CLOCK,
    )


def others(verdict: FileVerdict, name: str = "") -> Mapping[str, SignatureVerdict]:
    """Return the signatures in a file by their names, without ours and time-stamps over it."""
    return {one.name: one for one in verdict.signatures if one.name != name and one.profile != DTS}


def demand_harmless(before: FileVerdict, after: FileVerdict, name: str) -> None:
    """
    Refuse where an earlier signature does not hold, or is worth less now; NotSignable.

    SignatureUnsure where that may be because nobody could be asked, or because more is known.
    """
    known = others(before)
    for one in known.values():
        if one.verdict is Verdict.INVALID:
            raise NotSignable(
                say("the signature {name} in it does not hold: {why}", name=one.name, why=one.why),
                hint=say("have it signed anew by whoever signed it; ours would cover that up"),
            )
    changed = [
        one
        for one in others(after, name).values()
        if one.verdict is not Verdict.VALID and not _alike(one, known.get(one.name))
    ]
    lost = not before.signatures and before.sub is Sub.NOT_CHECKED  # whoever looks, over that file
    for one in changed:
        if not lost and _harmed(one, known.get(one.name)):
            raise NotSignable(
                say("signing it would harm the signature {name} in it", name=one.name),
                hint=say("ask whoever signed before to sign without forbidding more signatures"),
            )
    for one in changed:
        raise SignatureUnsure(
            say(
                "what the signature {name} in the file is worth cannot be told now: {why}",
                name=one.name,
                why=one.why,
            ),
            hint=_remedy(one.sub) or say("it is tried again"),
        )


def unasked(sub: Sub | None, level: Level) -> bool:
    """
    Whether all that is missing is a word on revocation, and the signature may do without.

    One without a time-stamp counts for no longer than whoever receives it can ask for themselves.
    """
    return sub is Sub.TRY_LATER and level is Level.B_B


def _ours(verdict: FileVerdict, name: str, facts: KeyFacts) -> SignatureVerdict:
    own = hashlib.sha256(facts.certificate).hexdigest()
    named = [one for one in verdict.signatures if one.name == name]
    if len(named) != 1 or named[0].signer is None or named[0].signer.fingerprint != own:
        raise _unsound(verdict.why if not verdict.signed else say("it is not in the file"))
    return named[0]


def _alike(one: SignatureVerdict, before: SignatureVerdict | None) -> bool:
    return before is not None and (one.verdict, one.sub) == (before.verdict, before.sub)


def _harmed(one: SignatureVerdict, before: SignatureVerdict | None) -> bool:
    if before is None or one.sub in _OF_THE_FILE:
        return True
    return one.verdict is Verdict.INVALID and one.sub not in _OF_THE_SIGNER


def _remedy(sub: Sub | None) -> Message | None:
    return _SET_CLOCK if sub is Sub.TIMESTAMP_ORDER_FAILURE else remedy(sub)


def _remedy_of_stamp(sub: Sub | None) -> Message:
    if sub in {Sub.TIMESTAMP_ORDER_FAILURE, Sub.TRY_LATER}:
        return _remedy(sub) or _TRUST_AUTHORITY
    return _TRUST_AUTHORITY


def _told_within(message: Message, wanted: Message) -> bool:
    """Tell whether a sentence is another, or holds it."""
    return any(one.template == wanted.template for one in _with_inner(message))


def _with_inner(message: Message) -> Iterator[Message]:
    yield message
    for value in message.values.values():
        if isinstance(value, type(message)):
            yield from _with_inner(value)


_TRUST_AUTHORITY: Final = say(
    "trust the root of the time-stamp authority: edge-node trust add FILE"
)


def _unsound(why: object) -> NotSignable:
    return NotSignable(
        say("a signature in this file does not hold: {why}", why=why),
        hint=say("save it anew in the program it was made with"),
    )
