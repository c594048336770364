"""Odd files by the hundred: each ends with a verdict, and with a signature or a sentence."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest
from odd_files import ODD
from odd_world import World, peak
from signatories import signing

from edge_node.catalogue import Language, tell
from edge_node.domain.errors import NotSignable
from edge_node.domain.signature import Verdict
from edge_node.domain.signing import Level, SigningWish

PATIENCE = 30  # seconds
NO_SENTENCE = re.compile(
    r"Error|Exception|Traceback|\bNone\b|NoneType|object at|pyhanko|lxml|zipfile|zlib|\n|\{"
)


@pytest.fixture(scope="module")
def desk(pki, tmp_path_factory):
    with signing(pki, tmp_path_factory.mktemp("desk")) as desk:
        yield desk


@pytest.fixture(scope="module")
def world(pki, tmp_path_factory):
    return World(pki, tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module", params=ODD, ids=lambda odd: ascii(odd.name)[1:-1][:60])
def file(request, world, tmp_path_factory):
    """Write one of them, for all tests about it."""
    path = request.param.write(world, tmp_path_factory.mktemp("odd"))
    yield request.param, path
    path.unlink()


def test_an_odd_file_ends_with_a_verdict_and_a_sentence(desk, file):
    """Soon, in little memory, and VALID only where it was signed soundly."""
    odd, path = file
    begun = time.monotonic()
    found = look(desk, path)
    assert time.monotonic() - begun < PATIENCE

    assert (found.verdict is Verdict.VALID) == odd.valid
    demand_sentence(found.why)
    for one in found.signatures:
        for said in (one.why, *one.warnings):
            demand_sentence(said)
    assert peak(desk.opener.pid) <= desk.opener.limits.memory


def test_an_odd_file_is_signed_or_a_sentence_tells_why_not(desk, file, tmp_path):
    """What is signed is VALID, begins with the original bytes, and harms nobody's signature."""
    odd, path = file
    target = tmp_path / "signed"
    begun = time.monotonic()
    act, refused = signed(desk, path, target)
    assert time.monotonic() - begun < PATIENCE
    assert peak(desk.preparer.pid) <= desk.preparer.limits.memory
    assert odd.signs in {None, refused is None}, refused

    if refused is not None:
        demand_sentence(refused.message)
        demand_sentence(refused.hint)
        assert not target.exists()
        return
    assert begins_with(target, path) or not is_pdf(path)
    after = look(desk, target)
    before = look(desk, path) if len(after.signatures) > 1 else None
    ours = {one.name for one in after.signatures if is_by(act, one)}
    assert len(ours) == 1
    assert ours <= sound(after)
    assert before is None or sound(before) <= sound(after)
    assert before is None or not broken(before)


def signed(desk, path, target):
    """Sign with a key that nobody else signs with; return the act, or why there is none."""
    try:
        return desk.signatory("p384").sign(path, target, SigningWish(level=Level.B_B)), None
    except NotSignable as error:
        return None, error


def is_by(act, one):
    """Tell a signature of ours from one that was there."""
    return one.signer is not None and one.signer.fingerprint == act.fingerprint


def look(desk, path):
    """Return the verdict on a file."""
    return desk.examiner().look(path, now=datetime.now(UTC)).verdict


def sound(found):
    """Return the names of the signatures that are VALID."""
    return {one.name for one in found.signatures if one.verdict is Verdict.VALID}


def broken(found):
    """Return the names of the signatures that do not hold: ours would cover them up."""
    told = (one for one in found.signatures if one.profile != "DTS")
    return {one.name for one in told if one.verdict is Verdict.INVALID}


def demand_sentence(message):
    """Ask for one line in each language that a person can read."""
    assert "mistake of ours" not in str(message)
    for language in Language:
        told = tell(message, language)
        assert told == told.strip()
        assert 5 < len(told) < 500
        assert not NO_SENTENCE.search(told), told


def is_pdf(path):
    """Tell by how it begins."""
    with path.open("rb") as file:
        return file.read(5) == b"%PDF-"


def begins_with(signed, original):
    """Compare piece by piece."""
    with signed.open("rb") as longer, original.open("rb") as shorter:
        pieces = iter(lambda: shorter.read(1 << 20), b"")
        return all(longer.read(len(piece)) == piece for piece in pieces)
