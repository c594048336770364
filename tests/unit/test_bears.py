"""What a document itself bears, in a word: which file speaks for it, and what its verdict says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from builders import stored

from edge_node.domain.message import say
from edge_node.domain.order import NamedFile
from edge_node.domain.signature import FileVerdict, SignatureVerdict, Sub, Verdict
from edge_node.domain.signing import Act, Level
from edge_node.flows.finding import NO_TIME, bears
from edge_node.flows.leaving import Leaving
from edge_node.flows.seen import borne
from edge_node.protocol.content import Kind

VALID, INVALID, INDETERMINATE = Verdict
AT = datetime(2026, 11, 21, tzinfo=UTC)
WHY = say("why")


def one(verdict=VALID, *, stamped=False, profile="PAdES-B-T"):
    at = AT if stamped else None
    return SignatureVerdict(verdict=verdict, why=WHY, stamped_at=at, profile=profile)


def of(*signatures, verdict=None, sub=None):
    worst = verdict or (signatures[0].verdict if signatures else INDETERMINATE)
    signed = any(each.profile != "DTS" for each in signatures)
    return FileVerdict(verdict=worst, why=WHY, sub=sub, signatures=signatures, signed=signed)


UNSIGNED, SIGNED, STAMPED = of(), of(one()), of(one(stamped=True))


@pytest.mark.parametrize(
    ("verdict", "word"),
    [
        (UNSIGNED, "unsigned"),
        (SIGNED, "signed"),
        (STAMPED, "stamped"),
        (of(one(), one(stamped=True)), "stamped"),
        (of(one(INDETERMINATE, stamped=True)), "stamped"),  # whose root nobody here trusts
        (of(one(INVALID, stamped=True)), "invalid"),
        (of(one(), one(INVALID, stamped=True), verdict=INDETERMINATE), "signed"),
        (of(one(profile="DTS", stamped=True)), "unsigned"),  # a stamp alone is no signature
        (of(verdict=INVALID, sub=Sub.FORMAT_FAILURE), ""),  # a torn file with no trace of one
        (NO_TIME, ""),
    ],
)
def test_a_verdict_in_a_word(verdict, word):
    """What nobody could look into is not known, rather than not signed."""
    assert bears(verdict) == word


def a_file(name, role="", kind=Kind.PDF):
    named = NamedFile(file=name, role=role)
    return Leaving(named=named, path=Path(name), stored=stored(), kind=kind)


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ((a_file("a"), a_file("b")), "unsigned"),  # the first that can be signed
        ((a_file("a"), a_file("b", "main")), "stamped"),  # but for one that is called so
        ((a_file("x", kind=Kind.OTHER), a_file("b")), "stamped"),
        ((a_file("x", "main", kind=Kind.OTHER), a_file("b")), ""),
        ((a_file("nobody looked"),), ""),
        ((), ""),
    ],
)
def test_the_main_file_speaks_for_a_document(files, word):
    """What it is nobody can sign, of that nothing is known."""
    assert borne(files, {"a": UNSIGNED, "b": STAMPED}) == word


@pytest.mark.parametrize(
    ("before", "stamped_by", "word"),
    [(UNSIGNED, "", "signed"), (UNSIGNED, "TSA", "stamped"), (STAMPED, "", "stamped")],
)
def test_our_own_signature_counts(before, stamped_by, word):
    """A time-stamp that was there stays one."""
    act = Act(
        file="a",
        key="seal",
        subject="Văn thư",
        fingerprint="ab",
        at=AT,
        level=Level.B_T,
        stamped_by=stamped_by,
    )
    assert borne((a_file("a"),), {"a": before}, {"a": act}) == word
