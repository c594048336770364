"""What nobody can look into, cannot be signed, or changes meanwhile: nothing is guessed."""

import io
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flows_world import names
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from signed_pdfs import a_pdf
from signing_world import BY, an_agency, day_of, sealing, send, sent

from edge_node.config import SigningKeySection, StampServer
from edge_node.domain.message import say
from edge_node.domain.signature import FileVerdict, Sub, Verdict
from edge_node.domain.signing import SigningPolicy, Unsigned
from edge_node.flows.leaving import NotKnownYet

NEVER, IF_UNSIGNED, ALWAYS, SIGNER_FIRST = SigningPolicy
HOUR = 3600.0
LOST = FileVerdict(
    verdict=Verdict.INDETERMINATE, sub=Sub.NOT_CHECKED, why=say("nobody is there to look")
)
OLD_DOC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000)


@dataclass
class Found:
    """What somebody found who did not look."""

    verdict: FileVerdict
    notes: tuple[()] = ()
    hints: tuple[()] = ()


@dataclass
class Looks:
    """Whoever looks into files, held up by what happens to them."""

    real: Any
    happens: Any  # may return a verdict instead of theirs

    def look(self, path, *, now, within):
        """Look, unless something happens."""
        verdict = self.happens(path)
        return Found(verdict) if verdict else self.real.look(path, now=now, within=within)

    def __getattr__(self, name):
        """Do the rest as they do."""
        return getattr(self.real, name)


def looking(desk, happens):
    """Let this happen whenever a file is looked into; the clock is the desk's."""
    intake = desk.flows["intake"]
    signatures = intake.packing.signatures
    way_out = signatures.way_out
    looks = Looks(way_out.examines, happens)
    changed = replace(way_out, examines=looks, clock=lambda: desk.seconds)
    packing = replace(intake.packing, signatures=replace(signatures, way_out=changed))
    desk.flows["intake"] = replace(intake, packing=packing)


def problems(desk, name="12"):
    return desk.error(f"failed/{day_of(desk)}/{name}/error")["problems"]


# ── what nobody could look into ──────────────────────────────────────────────────────────────────


def test_what_nobody_could_look_into_is_not_taken_for_unsigned(
    world, pki, agency, receiver, letters
):
    """Whoever looks may be back in a minute: then it leaves as the person signed it."""
    desk = agency(IF_UNSIGNED)
    signs = sealing(desk, pki)
    answers = [LOST, LOST]
    looking(desk, lambda _: answers.pop() if answers else None)
    send(desk, receiver, {"12.pdf": letters["signed"]})
    for _ in range(2):
        with pytest.raises(NotKnownYet):
            desk.turn("intake")
    desk.turn()
    assert sent(world, desk) == [{"12.pdf": letters["signed"]}]
    assert signs.acts == []


def test_what_nobody_can_look_into_for_an_hour_is_refused(world, pki, agency, receiver, letters):
    """However often it was tried: a busy node tries a hundred times in ten minutes."""
    desk = agency(IF_UNSIGNED)
    signs = sealing(desk, pki)
    looking(desk, lambda _: LOST)
    send(desk, receiver, {"12.pdf": letters["signed"]})
    for _ in range(100):
        with pytest.raises(NotKnownYet):
            desk.turn("intake")
        desk.seconds += HOUR / 100
    desk.seconds += 1
    desk.turn()
    assert "nobody is there to look" in problems(desk)[0]
    assert (signs.acts, sent(world, desk)) == ([], [])


def test_what_there_was_no_time_for_is_looked_into_the_next_time(
    world, pki, agency, receiver, letters
):
    """The first file takes all the time there is; what was asked for it is known by then."""
    desk = agency(IF_UNSIGNED)
    signs = sealing(desk, pki)
    delays = [301.0]

    def slow(_):
        desk.seconds += delays.pop() if delays else 0.0

    looking(desk, slow)
    files = {"12.pdf": letters["signed"], "a.pdf": letters["signed"]}
    send(desk, receiver, files)
    with pytest.raises(NotKnownYet):
        desk.turn("intake")
    desk.turn()
    assert sent(world, desk) == [files]
    assert signs.acts == []


# ── what cannot be read ──────────────────────────────────────────────────────────────────────────


def locked(trace=b""):
    """Return a PDF that a password locks, with a trace of a signature where nothing reads it."""
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(a_pdf())))
    writer.encrypt(owner_pass="o", user_pass="u", pdf_mac=False)
    held = io.BytesIO()
    writer.write(held)
    return held.getvalue() + trace


@pytest.mark.parametrize("trace", [b"", b"% /ByteRange"])
@pytest.mark.parametrize("policy", [IF_UNSIGNED, ALWAYS])
def test_a_locked_pdf_is_refused_whatever_seems_to_be_in_it(
    world, pki, receiver, tmp_path, policy, trace
):
    """A few letters behind its end are no signature, and what is in it cannot be signed."""
    (tmp_path / "seal.p12").touch(mode=0o600)
    (tmp_path / "seal.p12").write_bytes(pki.signer("agency").pkcs12("secret"))
    secret = tmp_path / "password"
    secret.write_text("secret")
    secret.chmod(0o600)
    key = SigningKeySection(
        name="seal-2026", pkcs12=tmp_path / "seal.p12", password_file=str(secret)
    )
    desk = an_agency(
        world,
        pki,
        signing={"documents": policy, **BY, "keys": (key,)},
        stamps={"servers": (StampServer(url=pki.tsa_url),), "tries": 1},
    )
    send(desk, receiver, {"12.pdf": locked(trace)})
    desk.turn()
    (problem,) = problems(desk)
    assert problem.startswith("12.pdf: ")
    assert sent(world, desk) == []


def test_a_trace_of_a_signature_is_none_where_one_is_demanded(world, pki, agency, receiver):
    """Anybody can write it into a file that nobody can read."""
    desk = agency(NEVER, unsigned=Unsigned.REFUSE)
    sealing(desk, pki)
    send(desk, receiver, {"12.pdf": locked(b"% /ByteRange")})
    desk.turn()
    assert len(problems(desk)) == 1
    assert sent(world, desk) == []


def of_signing(words):
    """Leave out that nobody saw whether a grade is printed on a file."""
    return [word for word in words if "độ mật" not in word]


# ── what cannot be signed ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("unsigned", Unsigned)
@pytest.mark.parametrize("policy", [IF_UNSIGNED, ALWAYS])
def test_a_document_of_a_kind_that_is_never_signed_is_told(
    world, pki, agency, receiver, letters, policy, unsigned
):
    """An old .doc leaves with a warning or not at all; an annex may be of any kind."""
    desk = agency(policy, unsigned=unsigned)
    sealing(desk, pki)
    send(desk, receiver, {"12.doc": OLD_DOC, "a.pdf": letters["plain"]})
    send(desk, receiver, {"13.pdf": letters["plain"], "b.xls": OLD_DOC}, "13")
    desk.turn()
    refused = unsigned is Unsigned.REFUSE
    words = problems(desk) if refused else desk.status_file(f"sent/{day_of(desk)}/12")["warnings"]
    assert [word.split(":")[0] for word in of_signing(words)] == ["12.doc"]
    assert of_signing(desk.status_file(f"sent/{day_of(desk)}/13")["warnings"]) == []
    assert len(sent(world, desk)) == (1 if refused else 2)


def test_which_file_is_the_document_is_what_the_drop_says(pki, agency, receiver, letters):
    """Not the first, where another is called so."""
    desk = agency(ALWAYS, unsigned=Unsigned.REFUSE)
    sealing(desk, pki)
    attached = [{"file": "a.xls", "role": "annex"}, {"file": "12.pdf", "role": "main"}]
    files = {"a.xls": OLD_DOC, "12.pdf": letters["plain"]}
    send(desk, receiver, files, attachments=attached)
    desk.turn()
    assert names(desk.exchange / f"sent/{day_of(desk)}") == ["12"]


def test_where_nothing_is_signed_a_document_may_be_of_any_kind(agency, receiver):
    """Nobody has said that it is to be signed."""
    desk = agency(NEVER)
    send(desk, receiver, {"12.doc": OLD_DOC})
    desk.turn()
    assert of_signing(desk.status_file(f"sent/{day_of(desk)}/12")["warnings"]) == []


@pytest.mark.parametrize("head", [b"PK\x03\x04\n", OLD_DOC[:8]])
def test_a_pdf_that_begins_as_something_else_is_refused(world, pki, agency, receiver, head):
    """Readers of PDF show it, and to those that look for signatures it is none."""
    desk = agency(ALWAYS)
    sealing(desk, pki)
    send(desk, receiver, {"12.pdf": head + a_pdf()})
    desk.turn()
    (problem,) = problems(desk)
    assert problem.startswith("12.pdf: ")
    assert sent(world, desk) == []


# ── what changes meanwhile ───────────────────────────────────────────────────────────────────────


def test_what_is_changed_after_the_look_is_not_signed(world, pki, agency, receiver, letters):
    """Whoever dropped it may still hold it open: what was judged is what is signed, or nothing."""
    desk = agency(SIGNER_FIRST)
    signs = sealing(desk, pki)
    sealed = signs.sign

    def sign(source, target, wish, **told):
        source.write_bytes(letters["plain"])
        return sealed(source, target, wish, **told)

    signs.sign = sign
    send(desk, receiver, {"12.pdf": letters["signed"]})
    desk.turn()
    assert len(problems(desk)) == 1
    assert (signs.acts, sent(world, desk)) == ([], [])


def test_what_is_changed_after_it_was_signed_is_not_sent(world, pki, agency, receiver, letters):
    """The copy that leaves is the one that was written, to the byte."""
    desk = agency(ALWAYS)
    signs = sealing(desk, pki)
    sealed = signs.sign

    def sign(source, target, wish, **told):
        act = sealed(source, target, wish, **told)
        target.write_bytes(letters["strange"])
        return act

    signs.sign = sign
    send(desk, receiver, {"12.pdf": letters["plain"]})
    desk.turn()
    assert names(desk.exchange / f"failed/{day_of(desk)}") == ["12"]
    assert sent(world, desk) == []
