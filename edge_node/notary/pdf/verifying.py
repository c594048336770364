"""
Verifies every signature in a PDF: approvals, certifications and document time-stamps.

Reads a file object and nothing else; what it would still like to know is `Wanted`. Whatever a
file holds, the answer is a verdict with a sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.domain.message import Message, say
from edge_node.domain.signature import FileVerdict, SignatureVerdict, Sub, Verdict
from edge_node.notary.cms_reading import Unreadable
from edge_node.notary.fences import FOREIGN, hush
from edge_node.notary.pdf.coverage import reaches
from edge_node.notary.pdf.judging import Bench, faulty, judge_signature, judge_stamp
from edge_node.notary.pdf.opening import beyond, damaged, opened
from edge_node.notary.pdf.places import Fault, Place, find
from edge_node.notary.pdf.store import read_store
from edge_node.notary.revocation import forget
from edge_node.notary.trust import Examined

if TYPE_CHECKING:
    from datetime import datetime

    from pyhanko.pdf_utils.reader import PdfFileReader

    from edge_node.notary.pdf.coverage import Reach
    from edge_node.notary.trust import Trust

_MARK: Final = b"/ByteRange"  # ISO 32000-2, 12.8.1
_CHUNK: Final = 1 << 20
BADNESS: Final = {Verdict.VALID: 0, Verdict.INDETERMINATE: 1, Verdict.INVALID: 2}


def verify(file: BinaryIO, trust: Trust, *, now: datetime) -> Examined:
    """
    Return the verdict on a PDF and each of its signatures, in the order they were made.

    ``file`` is read where it is needed and never whole. Nothing is raised for its content: what
    cannot be read is FORMAT_FAILURE, what nobody could look into NOT_CHECKED.
    """
    hush()
    try:
        reader = opened(file)
        return _examined(reader, Bench(file=file, trust=trust, now=now, store=read_store(reader)))
    except Unreadable as fault:
        return Examined(verdict=_unread(file, fault))
    except MemoryError:
        raise
    except FOREIGN as error:
        return Examined(verdict=_unread(file, beyond(error) or damaged()))
    finally:
        forget()


def _examined(reader: PdfFileReader, bench: Bench) -> Examined:
    places, faults = find(reader)
    reached = reaches(reader, places)
    # From the last to the first: a time-stamp that holds dates what was there before it.
    backwards = reversed(list(zip(places, reached, strict=True)))
    verdicts = [_one(bench, place, reach) for place, reach in backwards]
    listed = (*reversed(verdicts), *map(faulty, faults))
    return Examined(
        verdict=_together(listed),
        wanted=tuple(dict.fromkeys(bench.wanted)),
    )


def _one(bench: Bench, place: Place, reach: Reach) -> SignatureVerdict:
    try:
        return (judge_stamp if place.stamp else judge_signature)(bench, place, reach)
    except MemoryError:
        raise
    except FOREIGN as error:
        unknown = Unreadable(say("the signature could not be checked"), sub=Sub.NOT_CHECKED)
        reason = beyond(error) or unknown
        return faulty(Fault(name=place.name, stamp=place.stamp, reason=reason))


def _together(verdicts: tuple[SignatureVerdict, ...]) -> FileVerdict:
    """Return the worst of the verdicts; a time-stamp that cannot be known harms no signature."""
    signatures = [one for one in verdicts if one.profile != "DTS"]
    weighed = [one for one in verdicts if one.profile != "DTS" or one.verdict is Verdict.INVALID]
    if not weighed:
        why = say("it holds no signature")
        return FileVerdict(
            verdict=Verdict.INDETERMINATE, sub=None, why=why, signatures=verdicts, signed=False
        )
    worst = max(weighed, key=lambda one: BADNESS[one.verdict])
    return FileVerdict(
        verdict=worst.verdict,
        sub=worst.sub,
        why=worst.why,
        signatures=verdicts,
        signed=bool(signatures),
        warnings=tuple(_doubts(verdicts)),
    )


def _doubts(verdicts: tuple[SignatureVerdict, ...]) -> list[Message]:
    return [
        say("a time-stamp over the document does not count: {why}", why=one.why)
        for one in verdicts
        if one.profile == "DTS" and one.verdict is Verdict.INDETERMINATE
    ]


def _unread(file: BinaryIO, fault: Unreadable) -> FileVerdict:
    """Return the verdict on a file that cannot be read, though it may show that it is signed."""
    failed = fault.sub is Sub.FORMAT_FAILURE
    return FileVerdict(
        verdict=Verdict.INVALID if failed else Verdict.INDETERMINATE,
        sub=fault.sub,
        why=fault.message,
        signed=_shows_signatures(file),
        for_good=True,
    )


def _shows_signatures(file: BinaryIO) -> bool:
    """Tell whether what every signature has stands there: it cannot be packed, nor encrypted."""
    file.seek(0)
    before = b""
    while chunk := file.read(_CHUNK):
        if _MARK in before + chunk:
            return True
        before = chunk[-len(_MARK) :]
    return False
