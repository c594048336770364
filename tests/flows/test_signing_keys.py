"""Signing in intake with everything real: the key's child, the authority, the preparing child."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flows_world import as_lines, names, untouched
from office import a_docx, examined
from our_pdfs import our_sign
from pki import AGENCY_NAME
from signed_pdfs import a_pdf, sign, verified
from signing_world import BY, an_agency, day_of, send, sent

from edge_node.adapters.signing_key import KeyTrouble
from edge_node.adapters.stamping import NoStamp
from edge_node.config import SigningKeySection, StampServer
from edge_node.domain.errors import Outage
from edge_node.domain.signature import Verdict
from edge_node.domain.signing import Level, SigningPolicy
from edge_node.notary.child import Reason

NOBODY = "http://127.0.0.1:9/tsa"


@pytest.fixture
def receiver(world):
    return world.desk()


@pytest.fixture
def keys(pki, tmp_path):
    """Give the section of a key in a PKCS #12 file whose password may be a wrong one."""

    def keys(name="agency", *, wrong=False):
        (tmp_path / "seal.p12").touch(mode=0o600)
        (tmp_path / "seal.p12").write_bytes(pki.signer(name).pkcs12("secret"))
        secret = tmp_path / "password"
        secret.write_text("another" if wrong else "secret")
        secret.chmod(0o600)
        key = SigningKeySection(
            name="seal-2026", pkcs12=tmp_path / "seal.p12", password_file=str(secret)
        )
        return (key,)

    return keys


@pytest.fixture
def agency(world, pki, keys):
    """Give an agency that signs everything, with a key of its own."""

    def agency(*, tsa=None, **signing):
        told = {"documents": SigningPolicy.ALWAYS, **BY, **signing}
        if "keys" not in told:
            told["keys"] = keys()
        stamps = {"servers": (StampServer(url=tsa or pki.tsa_url),), "tries": 1}
        return an_agency(world, pki, signing=told, stamps=stamps)

    return agency


def changed(desk, **sections):
    """Change the configuration and start the node again, as an administrator does."""
    new = {name: replace(getattr(desk.config, name), **told) for name, told in sections.items()}
    desk.config = replace(desk.config, **new)
    desk.restart()


def test_a_document_leaves_signed_and_stamped(world, pki, agency, receiver):
    """The receiver finds the agency's signature valid, and the drop is as it was."""
    desk = agency(level=Level.B_LT)
    files = {"12.pdf": a_pdf(), "phụ lục.docx": a_docx(), "list.txt": b"a list"}
    send(desk, receiver, files)
    desk.turn()

    (left,) = sent(world, desk)
    found = verified(left["12.pdf"], pki, "agency", "tsa", now=desk.now).verdict
    assert [(one.verdict, one.profile) for one in found.signatures] == [
        (Verdict.VALID, "PAdES-B-LT")
    ]
    assert left["12.pdf"].startswith(files["12.pdf"])
    assert examined(left["phụ lục.docx"], pki).signed
    assert left["list.txt"] == b"a list"

    place = f"sent/{day_of(desk)}/12"
    assert untouched(desk.exchange / place, files)
    assert names(desk.exchange / place / "signed") == ["12.pdf", "phụ lục.docx"]
    acts = desk.status_file(place)["signatures"]
    assert [(act["file"], act["level"], act["key"]) for act in acts] == [
        ("12.pdf", "B-LT", "seal-2026"),
        ("phụ lục.docx", "B-T", "seal-2026"),
    ]
    for act in acts:
        assert (act["operator"], act["basis"], act["subject"]) == (*BY.values(), AGENCY_NAME)
        assert act["stamped_at"]
        assert act["stamped_by"]


def test_what_arrives_of_it_is_found_valid(world, pki, agency):
    """From the outbox of one agency to the inbox of another, which looks for itself."""
    desk, other = agency(), an_agency(world, pki)
    send(desk, other, {"12.pdf": sign(a_pdf(), pki, "person", level="B-T", at=datetime.now(UTC))})
    desk.turn()
    other.turn()
    (folder,) = other.inbox
    assert (folder / "12.pdf").read_bytes() == sent(world, desk)[0]["12.pdf"]
    (letter,) = other.letters()
    assert letter["warnings"] == []


def test_without_a_stamp_a_document_waits_until_there_is_one(world, pki, agency, receiver):
    """Nothing half signed leaves, and nothing is lost."""
    desk = agency(tsa=NOBODY)
    send(desk, receiver, {"12.pdf": a_pdf()})
    with pytest.raises(NoStamp):
        desk.turn("intake")
    assert world.packages(desk.code) == []
    assert names(desk.exchange / "failed") == []

    changed(desk, stamps={"servers": (StampServer(url=pki.tsa_url),)})
    desk.turn()
    (left,) = sent(world, desk)
    assert (
        len(verified(left["12.pdf"], pki, "agency", "tsa", now=desk.now).verdict.signatures) == 1
    )


def test_a_password_that_is_wrong_is_an_outage_and_no_refusal(world, agency, keys, receiver):
    """The drop is good: whoever runs the node mends the key."""
    desk = agency(keys=keys(wrong=True))
    send(desk, receiver, {"12.pdf": a_pdf()})
    with pytest.raises(KeyTrouble) as trouble:
        desk.turn("intake")
    assert trouble.value.reason is Reason.WRONG_SECRET
    changed(desk, signing={"keys": keys()})
    desk.turn()
    assert len(world.packages(desk.code)) == 1


def test_its_own_seal_is_no_signature_of_a_person(world, pki, agency, receiver):
    """Also when the key was never open in this node, and when it is away by now."""
    desk = agency(documents=SigningPolicy.REQUIRE_SIGNER_FIRST)
    sealed = our_sign(a_pdf(), pki, "agency", level="B-T", at=datetime.now(UTC))
    send(desk, receiver, {"12.pdf": sealed})
    desk.turn()
    assert names(desk.exchange / f"failed/{day_of(desk)}") == ["12"]

    desk.config.signing.keys[0].pkcs12.unlink()
    desk.restart()
    send(desk, receiver, {"13.pdf": sealed}, "13")
    desk.turn()
    assert names(desk.exchange / f"failed/{day_of(desk)}") == ["12", "13"]
    assert world.packages(desk.code) == []


def test_a_revoked_certificate_signs_nothing(world, agency, keys, receiver):
    """It is known before anything is signed with it."""
    desk = agency(keys=keys("revoked"))
    send(desk, receiver, {"12.pdf": a_pdf()})
    with pytest.raises(Outage, match="revoked"):
        desk.turn("intake")
    assert world.packages(desk.code) == []


def test_a_file_that_forbids_more_signatures_is_refused_by_its_name(world, pki, agency, receiver):
    """A clerk reads which one, and what to do."""
    desk = agency()
    sealed = sign(a_pdf(), pki, "person", level="B-T", at=datetime.now(UTC), docmdp=1)
    send(desk, receiver, {"12.pdf": sealed})
    desk.turn()
    error = desk.error(f"failed/{day_of(desk)}/12/error")
    assert [problem.partition(":")[0] for problem in error["problems"]] == ["12.pdf"]
    assert len(desk.words(f"failed/{day_of(desk)}/12/error")) == len(as_lines("", hint=""))
    assert world.packages(desk.code) == []
