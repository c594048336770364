"""
How a verdict on a file is read, at the way in and at the way out alike.

What is done because of it is policy, and not decided here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.domain.message import say
from edge_node.domain.signature import Bears, FileVerdict, Sub, Verdict

if TYPE_CHECKING:
    from edge_node.domain.message import Message

_DTS: Final = "DTS"  # a time-stamp over the document is nobody's signature
NO_TIME: Final = FileVerdict(
    verdict=Verdict.INDETERMINATE,
    sub=Sub.NOT_CHECKED,
    why=say("looking into the attachments before it took all the time there was"),
)


def is_unsigned(verdict: FileVerdict) -> bool:
    """Tell whether a file that could hold a signature was read, and holds none."""
    unsaid = verdict.verdict is Verdict.INDETERMINATE and verdict.sub is None
    return unsaid and verdict.signable and not verdict.signed


def is_unseen(verdict: FileVerdict) -> bool:
    """Tell whether nobody has looked into a file, though another time somebody may."""
    return verdict.sub is Sub.NOT_CHECKED and not verdict.for_good and not verdict.signatures


def is_broken(verdict: FileVerdict) -> bool:
    """Tell whether a signature does not hold."""
    return verdict.verdict is Verdict.INVALID and _is_signed(verdict)


def is_unreadable(verdict: FileVerdict) -> bool:
    """
    Tell whether a file cannot be read, and nothing in it looks like a signature.

    Scanners and printers write such PDF; that is no broken signature.
    """
    return verdict.verdict is Verdict.INVALID and not _is_signed(verdict)


def may_be_known(verdict: FileVerdict) -> bool:
    """Tell whether nothing is wrong but that nobody could look, or be asked."""
    asked = verdict.verdict is Verdict.INDETERMINATE and verdict.sub is Sub.TRY_LATER
    return asked or is_unseen(verdict)


def signers(verdict: FileVerdict | None) -> set[str]:
    """Return by which certificates a file bears valid signatures, by their fingerprints."""
    return {
        one.signer.fingerprint
        for one in (verdict.signatures if verdict else ())
        if one.verdict is Verdict.VALID and one.profile != _DTS and one.signer
    }


def bears(verdict: FileVerdict) -> Bears:
    """Return what a file bears, in a word; a lone time-stamp is no signature."""
    if is_broken(verdict):
        return Bears.INVALID
    if not verdict.shows_signature:
        read = is_unsigned(verdict) or verdict.verdict is Verdict.VALID
        return Bears.UNSIGNED if read else Bears.UNKNOWN
    stamped = any(
        one.stamped_at for one in verdict.signatures if one.verdict is not Verdict.INVALID
    )
    return Bears.STAMPED if stamped else Bears.SIGNED


def finding(file: str, verdict: FileVerdict) -> Message:
    """Say of one file what a clerk has to know."""
    if is_unsigned(verdict):
        return say("{file} holds no signature", file=file)
    if is_broken(verdict):
        return say("the signatures in {file} do not hold: {why}", file=file, why=verdict.why)
    return say(
        "nobody can tell whether the signatures in {file} hold: {why}", file=file, why=verdict.why
    )


def _is_signed(verdict: FileVerdict) -> bool:
    return verdict.signed or bool(verdict.signatures)
