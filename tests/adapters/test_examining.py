"""A verdict with what the network knows: look, fetch what is lacking, look again."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_network

import pytest
from loopback import http_server
from signed_pdfs import a_pdf, sign

from edge_node.adapters.anchors import Anchors, AnchorsUnsound, certificates_in
from edge_node.adapters.disk import FileGone
from edge_node.adapters.examining import Examiner, Lately
from edge_node.adapters.fetching import Allowance, Fetcher
from edge_node.adapters.inquiring import MOST_LOOKS, Terms
from edge_node.adapters.notary import Opener
from edge_node.adapters.pieces import Piece
from edge_node.adapters.statements import Statements
from edge_node.adapters.web import Reach
from edge_node.domain.message import say
from edge_node.domain.signature import FileVerdict, Revocation, Sub, Verdict
from edge_node.notary.pdf.verifying import verify
from edge_node.notary.trust import Checking, Examined, Kind, Wanted

HERE = Reach(private=(ip_network("127.0.0.0/8"),))


class Looks:
    """Whoever looks into files, and by which trust each time."""

    def __init__(self, examine=verify):
        """Look as the notary does, or as told."""
        self.examine = examine
        self.trusts = []

    def __call__(self, path, trust, *, now):
        """Look once, and remember the trust."""
        self.trusts.append(trust)
        with path.open("rb") as file:
            return self.examine(file, trust, now=now)


@pytest.fixture
def looks():
    return Looks()


@pytest.fixture
def examiner(tmp_path, pki, looks):
    anchors = Anchors(tmp_path / "trust")
    for root in pki.roots:
        anchors.add(*certificates_in(root))
    return Examiner(examine=looks, anchors=anchors, fetcher=a_fetcher(tmp_path, HERE))


@pytest.fixture
def found(tmp_path):
    """Give what lets an examiner look at the bytes of a file."""

    def found(examiner, pdf):
        path = tmp_path / "looked-at"
        path.write_bytes(pdf)
        return examiner.look(path, now=datetime.now(UTC))

    return found


def a_fetcher(folder, reach, **told):
    return Fetcher(
        statements=Statements(folder / "evidence"),
        reach=reach,
        timeout=timedelta(seconds=10),
        **told,
    )


def instead(examiner, **changes):
    kept = {name: getattr(examiner, name) for name in ("examine", "anchors", "fetcher", "terms")}
    return Examiner(**kept | changes)


def signed(pki, name="person", **told):
    """Return a PDF signed a moment ago: the servers tell the time of this machine."""
    return sign(a_pdf(), pki, name, level="B-T", at=datetime.now(UTC), **told)


@pytest.mark.parametrize(
    ("name", "verdict", "sub", "revocation"),
    [
        ("person", Verdict.VALID, None, Revocation.GOOD),
        ("first-generation", Verdict.VALID, None, Revocation.GOOD),
        ("revoked", Verdict.INVALID, Sub.REVOKED, Revocation.REVOKED),
        ("unlisted", Verdict.INDETERMINATE, Sub.TRY_LATER, Revocation.UNKNOWN),
        ("stranger", Verdict.INDETERMINATE, Sub.NO_CERTIFICATE_CHAIN_FOUND, Revocation.UNKNOWN),
    ],
)
def test_what_the_network_knows_decides(examiner, pki, name, verdict, sub, revocation, found):
    """With nothing but pinned roots: OCSP, lists and issuers are fetched from where they are."""
    finding = found(examiner, signed(pki, name))

    assert (finding.verdict.verdict, finding.verdict.sub) == (verdict, sub)
    assert finding.verdict.signatures[0].revocation is revocation


def test_a_signature_that_holds_only_its_leaf_is_traced_to_a_root(examiner, pki, found):
    """As many in the field do: the issuer is fetched from where the certificate says it is."""
    finding = found(examiner, signed(pki, leaf_only=True))

    assert finding.verdict.verdict is Verdict.VALID
    assert len(finding.verdict.signatures[0].chain) == 2
    assert Kind.ISSUER in {piece.kind for piece in finding.evidence}


def test_what_the_verdict_relied_on_is_kept_by_its_digest(examiner, pki, found):
    """Each piece that is named is found again, for whoever asks about the verdict later."""
    (signature,) = found(examiner, signed(pki)).verdict.signatures
    statements = examiner.fetcher.statements

    pieces = [statements.piece(fingerprint) for fingerprint in signature.evidence]
    assert sum(piece is not None for piece in pieces) >= 2


def test_without_a_network_what_is_kept_serves(tmp_path, examiner, pki, found):
    """A second document of the same signer needs nobody."""
    found(examiner, signed(pki))
    nowhere = Reach(resolve=lambda *_: [])
    offline = instead(examiner, fetcher=a_fetcher(tmp_path, nowhere))

    finding = found(offline, signed(pki))

    assert (finding.verdict.verdict, finding.notes) == (Verdict.VALID, ())


def test_without_network_or_knowledge_nobody_can_tell(tmp_path, examiner, pki, found):
    """It is never VALID, and the notes say who could not be asked and why."""
    offline = instead(examiner, fetcher=a_fetcher(tmp_path, Reach()))

    finding = found(offline, signed(pki))

    assert (finding.verdict.verdict, finding.verdict.sub) == (
        Verdict.INDETERMINATE,
        Sub.TRY_LATER,
    )
    assert [str(note) for note in finding.notes] == [
        "127.0.0.1 lies in a network that is not public"
    ]


@pytest.mark.parametrize("checking", [Checking.IF_POSSIBLE, Checking.NEVER])
def test_the_configuration_may_ask_for_less(tmp_path, examiner, looks, pki, checking, found):
    """Then a signature nobody could ask about holds; where nobody is to ask, nobody does."""
    lenient = instead(
        examiner, fetcher=a_fetcher(tmp_path, Reach()), terms=Terms(checking=checking)
    )

    assert found(lenient, signed(pki)).verdict.verdict is Verdict.VALID
    assert looks.trusts[0].checking is checking


def test_the_terms_reach_whoever_looks(examiner, looks, pki, found):
    """Roots, intermediates, SHA-1 and the shortest key."""
    examiner.anchors.add(*certificates_in(pki.intermediates[0]))
    strict = instead(examiner, terms=Terms(legacy_sha1=True, minimum_rsa=4096))

    found(strict, a_pdf())

    (trust,) = looks.trusts
    assert set(trust.roots) == set(pki.roots)
    assert trust.intermediates == (pki.intermediates[0],)
    assert (trust.legacy_sha1, trust.minimum_rsa) == (True, 4096)


def test_a_file_that_needs_nothing_is_looked_at_once(examiner, looks, found):
    """And nobody is asked anything."""
    finding = found(examiner, a_pdf())

    assert (finding.verdict.signed, len(looks.trusts)) == (False, 1)
    assert not examiner.fetcher.statements.folder.exists()


def test_what_was_kept_and_is_no_help_is_asked_for_anew(examiner, looks, pki, found):
    """A false answer that got into what is kept does not stay for its time."""
    pdf, now = signed(pki), datetime.now(UTC)
    found(examiner, pdf)
    (empty, *_) = looks.trusts
    lies = {Kind.OCSP: pki.ocsp("p256", at=now), Kind.CRL: pki.crl("issuing-1", at=now)}
    day = now + timedelta(days=1)
    for wanted in verify(io.BytesIO(pdf), empty, now=now).wanted:
        lie = Piece(content=lies[wanted.kind], fresh_until=day, speaks_until=day)
        examiner.fetcher.statements.keep(wanted, lie)

    assert found(examiner, pdf).verdict.verdict is Verdict.VALID


def test_a_document_of_a_signer_seen_lately_is_looked_at_once(examiner, looks, pki, found):
    """What counted for his last one is handed in at once: every look costs as much as the next."""
    found(examiner, signed(pki))
    looks.trusts.clear()

    finding = found(examiner, signed(pki))

    assert (finding.verdict.verdict, len(looks.trusts)) == (Verdict.VALID, 1)
    assert {sha256(piece.content).hexdigest() for piece in finding.evidence} < set(
        finding.verdict.relied_on
    )


def test_what_was_handed_in_unasked_is_no_evidence_of_another_s(examiner, looks, pki, found):
    """It would be written into his document to make it last."""
    first = found(examiner, signed(pki, "person"))
    looks.trusts.clear()
    second = found(examiner, signed(pki, "p256"))

    assert {*first.evidence} & {*looks.trusts[0].evidence}
    only = set(first.verdict.relied_on) - set(second.verdict.relied_on)
    assert only
    assert not only & {sha256(piece.content).hexdigest() for piece in second.evidence}


def test_past_its_time_nothing_is_handed_in_unasked(examiner, looks, pki, found):
    """It is asked for anew, as for a signer nobody saw before."""
    found(examiner, signed(pki))
    lately, past = examiner._lately(), datetime.now(UTC) - timedelta(seconds=1)
    for wanted in lately:
        piece = replace(examiner.fetcher.statements.answer(wanted), fresh_until=past)
        examiner.fetcher.statements.keep(wanted, piece)
    looks.trusts.clear()

    assert found(examiner, signed(pki)).verdict.verdict is Verdict.VALID
    assert len(lately) >= 2
    assert looks.trusts[0].evidence == ()


def test_only_what_counted_last_is_remembered():
    """Whoever looks reads all of it, and strangers name as much as they like."""
    wanted = [Wanted(kind=Kind.OCSP, url=f"http://ca/{number}") for number in range(20)]
    lately = Lately()
    lately.remember(wanted[:8])
    lately.remember([wanted[0], wanted[19]])

    assert lately() == (*wanted[2:8], wanted[0], wanted[19])


def test_nobody_looks_for_ever(examiner, found):
    """A file that always wants something more is left after a few looks."""
    with http_server() as server:

        def insatiable(_file, trust, **_now):
            wanted = Wanted(kind=Kind.ISSUER, url=f"{server.url}/{len(trust.evidence)}")
            why = say("it could not be found out whether the certificate has been revoked")
            verdict = FileVerdict(verdict=Verdict.INDETERMINATE, why=why, sub=Sub.TRY_LATER)
            return Examined(verdict=verdict, wanted=(wanted,))

        looks = Looks(insatiable)
        for root in examiner.anchors.pinned().roots * MOST_LOOKS:
            server.will_say(root)
        found(instead(examiner, examine=looks), b"")

    assert len(looks.trusts) == MOST_LOOKS


def test_nobody_is_believed_while_the_store_is_not_sound(examiner, pki, found):
    """It is an outage before anybody looks: no verdict is better than a wrong one."""
    examiner.anchors.folder.chmod(0o777)

    with pytest.raises(AnchorsUnsound):
        found(examiner, signed(pki))


def test_a_file_that_is_not_there_is_an_error_of_ours(examiner, tmp_path):
    """Neither a verdict nor a traceback."""
    with pytest.raises(FileGone):
        examiner.look(tmp_path / "nowhere", now=datetime.now(UTC))


def test_the_opener_of_the_node_can_be_the_one_who_looks(examiner, pki, found):
    """The child that opens strangers' files names what it lacks, and the parent fetches it."""
    opener = Opener()
    try:
        finding = found(instead(examiner, examine=opener.verify), signed(pki, leaf_only=True))
    finally:
        opener.close()

    assert finding.verdict.verdict is Verdict.VALID


def test_a_file_that_names_many_places_is_not_asked_about_for_ever(examiner, found):
    """Questions, bytes and seconds are bounded for each file, however many it asks for."""
    with http_server() as server:

        def greedy(_file, trust, **_now):
            wanted = tuple(
                Wanted(kind=Kind.CRL, url=f"{server.url}/{len(trust.evidence)}/{number}")
                for number in range(30)
            )
            why = say("it could not be found out whether the certificate has been revoked")
            verdict = FileVerdict(verdict=Verdict.INDETERMINATE, why=why, sub=Sub.TRY_LATER)
            return Examined(verdict=verdict, wanted=wanted)

        for _ in range(200):
            server.will_say(b"", 404)
        finding = found(instead(examiner, examine=Looks(greedy)), b"")

        assert len(server.requests) == Allowance().questions
    assert "too much would have to be asked about this file" in map(str, finding.notes)
