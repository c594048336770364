"""What we signed is handed out only where another finds in it what was wished for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import office
import pytest
from builders import stored
from signatories import signing
from signed_pdfs import a_pdf, sign

from edge_node.adapters.examining import Finding
from edge_node.adapters.last_word import SignatureUnsure, demand_harmless
from edge_node.adapters.signatory import FileChanged
from edge_node.domain.errors import NotSignable
from edge_node.domain.message import say
from edge_node.domain.signature import FileVerdict, SignatureVerdict, Sub, Verdict
from edge_node.domain.signing import Level, SigningWish
from edge_node.notary.trust import Checking

DESCRIPTORS = Path("/proc/self/fd")
PDF, DOCX = a_pdf(), office.a_docx()
BOTH = pytest.mark.parametrize("content", [PDF, DOCX], ids=["pdf", "docx"])


@pytest.fixture(scope="module")
def desk(pki, tmp_path_factory):
    with signing(pki, tmp_path_factory.mktemp("desk")) as desk:
        yield desk


def refused(desk, error, match, content=PDF, **told):
    """Return the error by which a file is not signed; nothing of it remains."""
    with pytest.raises(error, match=match) as caught:
        desk.sign(content, **told)
    left = [one.name for one in desk.folder.iterdir()]
    assert "signed" not in left
    assert not [name for name in left if name.startswith(".")]
    return caught.value


# ── what is signed is what was judged ────────────────────────────────────────────────────────────


def sign_as(desk, judged, content):
    """Sign a file of which another content was judged; return the act and the signed bytes."""
    source, target = desk.folder / "document", desk.folder / "signed"
    source.write_bytes(content)
    wish = SigningWish(level=Level.B_B)
    act = desk.signatory().sign(source, target, wish, digest=stored(judged).digest)
    made = target.read_bytes()
    target.unlink()
    return act, made


@BOTH
def test_a_file_that_was_swapped_after_the_look_is_not_signed(desk, content):
    """Not even where it is sound and of the same kind: nobody decided about it."""
    with pytest.raises(FileChanged, match="changed after it had been looked at"):
        sign_as(desk, a_pdf(text="what was judged"), content)
    assert not (desk.folder / "signed").exists()


@BOTH
def test_whoever_has_the_file_open_changes_nothing_any_more(desk, content):
    """Written anew while the key is asked: what is signed is the copy that was compared."""
    strange = b"%PDF-1.7 what nobody judged" if content is PDF else b"PK\3\4 likewise"
    key = desk.key("rsa2048")

    class Swapped:
        name, facts = key.name, staticmethod(key.facts)

        def _swap(self):
            (desk.folder / "document").write_bytes(strange)

        def cms(self, *told):
            self._swap()
            return key.cms(*told)

        def sign(self, *told):
            self._swap()
            return key.sign(*told)

    made = desk.sign(content, signatory=desk.signatory(key=Swapped))
    assert (desk.folder / "document").read_bytes() == strange
    assert desk.found(made.content).verdict is Verdict.VALID
    assert content is not PDF or made.content.startswith(PDF)


@pytest.mark.parametrize("level", ["B-B", "B-LTA"])
@BOTH
def test_the_act_tells_what_was_written(desk, content, level):
    """Digest and size: whoever enters the act need not read the file again."""
    made = desk.sign(content, level=level)
    assert made.act.stored == stored(made.content)


# ── the level is what came of it ─────────────────────────────────────────────────────────────────


class Alternating:
    """The first stamp comes from one authority, all others from another."""

    def __init__(self, first, others):
        """Ask nobody yet."""
        self._first, self._others, self._asked = first, others, 0

    hashed = "sha256"

    def over(self, *told, **more):
        """Return a stamp."""
        self._asked += 1
        return (self._first if self._asked == 1 else self._others).over(*told, **more)


def test_a_time_stamp_of_a_stranger_over_the_document_is_none(desk, pki):
    """It would be called B-LTA, and hold for nobody."""
    stamps = Alternating(desk.stamps(), desk.stamps(pki.stranger_tsa_url))
    signatory = desk.signatory(stamps=stamps)
    error = refused(
        desk, SignatureUnsure, "over the document cannot", level="B-LTA", signatory=signatory
    )
    assert "edge-node trust add" in str(error.hint)


@pytest.mark.parametrize("checking", [Checking.NEVER, Checking.IF_POSSIBLE])
@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
def test_evidence_is_not_claimed_where_none_is_demanded(desk, level, checking):
    """And no key is asked; B-T is signed on the same terms."""
    told = {
        "examiner": desk.examiner(checking=checking),
        "appraiser": desk.appraiser(checking=checking),
    }
    signatory = desk.signatory(**told)
    error = refused(desk, SignatureUnsure, "the evidence", level=level, signatory=signatory)
    assert "trust.revocation" in str(error.hint)
    assert desk.sign(PDF, level="B-T", signatory=signatory).act.level is Level.B_T


class Telling:
    """Whoever looks, and says something else about the signatures than was found, once a look."""

    def __init__(self, real, *changes):
        """Stand before a real one."""
        self._real, self._changes = real, list(changes)
        self.anchors, self.terms, self.fetcher = real.anchors, real.terms, real.fetcher

    def look(self, path, *, now):
        """Look into a file."""
        found = self._real.look(path, now=now)
        change = self._changes.pop(0) if self._changes else lambda one: one
        signatures = tuple(map(change, found.verdict.signatures))
        return Finding(verdict=replace(found.verdict, signatures=signatures))


def test_what_turns_out_to_be_less_than_wished_is_not_handed_out(desk):
    """Whoever verifies finds no evidence in it: then it is no B-LT."""
    less = Telling(desk.examiner(), lambda one: one, lambda one: replace(one, profile="PAdES-B-T"))
    signatory = desk.signatory(examiner=less)
    refused(
        desk, SignatureUnsure, "PAdES-B-T, which is less than", level="B-LT", signatory=signatory
    )


def test_more_than_was_wished_is_no_reason_to_refuse(desk):
    """Evidence of whoever signed before counts for the next one too."""
    first = desk.sign(PDF, name="person", level="B-LT")
    assert desk.sign(first.content, level="B-T").act.level is Level.B_T


# ── earlier signatures ───────────────────────────────────────────────────────────────────────────


def flaking(one):
    """Return an earlier signature as it looks where nobody answers."""
    if one.name != "Signature":
        return one
    return replace(one, verdict=Verdict.INDETERMINATE, sub=Sub.TRY_LATER, why=say("nobody"))


def test_a_moment_without_an_answer_is_waited_for(desk):
    """An earlier signature that cannot be judged just now was not harmed."""
    first = desk.sign(PDF, name="person", level="B-T")
    signatory = desk.signatory("agency", examiner=Telling(desk.examiner(), flaking))
    told = {"level": "B-T", "signatory": signatory}
    refused(desk, SignatureUnsure, "cannot be told now", first.content, **told)


def test_what_nobody_knew_before_either_is_no_harm(desk):
    """The same before and after."""
    first = desk.sign(PDF, name="person", level="B-T")
    examiner = Telling(desk.examiner(), flaking, flaking)
    made = desk.sign(first.content, signatory=desk.signatory("agency", examiner=examiner))
    assert desk.found(made.content).verdict is Verdict.VALID


def verdict(told, sub=None):
    """Return a file with one earlier signature."""
    one = SignatureVerdict(verdict=told, sub=sub, why=say("so"), name="A")
    return FileVerdict(verdict=told, sub=sub, why=say("so"), signatures=(one,), signed=True)


LOST = FileVerdict(verdict=Verdict.INDETERMINATE, sub=Sub.NOT_CHECKED, why=say("lost"))
VALID, LATER = verdict(Verdict.VALID), verdict(Verdict.INDETERMINATE, Sub.TRY_LATER)
BROKEN, REVOKED = verdict(Verdict.INVALID, Sub.HASH_FAILURE), verdict(Verdict.INVALID, Sub.REVOKED)
CHANGED = verdict(Verdict.INDETERMINATE, Sub.SIG_CONSTRAINTS_FAILURE)
NONE = FileVerdict(verdict=Verdict.INDETERMINATE, why=say("none"))


@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        (VALID, VALID, None),
        (LATER, VALID, None),
        (LATER, LATER, None),
        (REVOKED, REVOKED, NotSignable),
        (BROKEN, BROKEN, NotSignable),
        (BROKEN, VALID, NotSignable),
        (VALID, BROKEN, NotSignable),
        (LATER, BROKEN, NotSignable),
        (VALID, CHANGED, NotSignable),
        (NONE, LATER, NotSignable),
        (VALID, LATER, SignatureUnsure),
        (LATER, REVOKED, SignatureUnsure),
        (LOST, LATER, SignatureUnsure),
    ],
)
def test_harm_is_told_from_not_knowing(before, after, error):
    """The file is to blame for what is broken in it, and not for who answers."""
    if error is None:
        demand_harmless(before, after, "ours")
    else:
        with pytest.raises(error) as caught:
            demand_harmless(before, after, "ours")
        assert caught.value.hint is not None


# ── the clock ────────────────────────────────────────────────────────────────────────────────────


@BOTH
@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_is_wrong_signs_nothing_with_a_time_stamp(desk, hours, content):
    """It would be older or younger than its own time-stamp; the hint says what to do."""
    wrong = desk.signatory(clock=lambda: datetime.now(UTC) + timedelta(hours=hours))
    told = {"level": "B-T", "signatory": wrong}
    error = refused(desk, SignatureUnsure, "180 minutes apart|check this machine", content, **told)
    assert "set this machine's clock" in str(error.hint)


def test_no_descriptor_stays_open(desk):
    """Whether it is signed or refused."""
    signatory = desk.signatory()
    closed = sign(PDF, desk.pki, "person", at=datetime.now(UTC), docmdp=1)
    desk.sign(DOCX, signatory=signatory)
    before = len(list(DESCRIPTORS.iterdir()))
    for content in (PDF, DOCX):
        desk.sign(content, level="B-T", signatory=signatory)
    for content in (closed, b"hello", b"", PDF[:-300], DOCX[:-40]):
        refused(desk, NotSignable, ".", content, signatory=signatory)
    assert len(list(DESCRIPTORS.iterdir())) == before
