"""What a signature says of itself and its signer, weighed alike in every kind of file."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.domain.message import Message, say
from edge_node.domain.signature import Sub, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from edge_node.notary.trust import Finding, Judgement, Stamp

# Clocks in the field write Vietnamese local time (UTC+7) and call it UTC.
SEVEN_HOURS: Final = timedelta(hours=7)
CLOCKS: Final = timedelta(minutes=5)  # how far apart two honest clocks may be
AHEAD: Final = say(
    "the time-stamp tells of a time that has not come yet; check this machine's clock"
)
UNASKABLE: Final = say("the certificate names no place that knows whether it has been revoked")


def ahead(claimed: datetime | None, known: datetime) -> Finding | None:
    """Refuse a claimed time that no clock in the field explains."""
    if claimed is None or claimed <= known + SEVEN_HOURS + CLOCKS:
        return None
    why = say("it claims to have been made later than is possible")
    return Verdict.INDETERMINATE, Sub.TIMESTAMP_ORDER_FAILURE, why


def of_the_signer(judgement: Judgement) -> Finding:
    """Return what is left to be said of a signature that holds: what its signer is worth."""
    if judgement.verdict is Verdict.VALID:
        return Verdict.VALID, None, say("the signature is sound and its signer is trusted")
    return judgement.verdict, judgement.sub, judgement.why


def doubts_of_time(
    claimed: datetime | None, known: datetime, stamps: Sequence[Stamp]
) -> Iterator[Message]:
    """Yield what a person is warned of: a clock that runs ahead, and stamps that do not count."""
    if claimed is not None and claimed > known + CLOCKS:
        yield say("the time it claims is ahead, as of a clock set to the wrong zone")
    if not any(one.trusted for one in stamps):
        for one in stamps:
            yield say("its time-stamp does not count: {why}", why=one.judgement.why)
