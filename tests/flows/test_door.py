"""What is let in: the signatures of what arrives are looked into, and policy decides."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from door_world import DOCUMENT_ID, FILES, incoming, signed, statuses, verification
from flows_world import in_vietnamese, names
from signed_pdfs import a_pdf

from edge_node.adapters.anchors import Anchors
from edge_node.daemon.running import Daemon
from edge_node.domain.message import say
from edge_node.domain.receipt import ReasonCode, reason_in
from edge_node.domain.signing import DoorAction

DELIVER, WARN, QUARANTINE, REFUSE = DoorAction
MISSING, INVALID = ReasonCode.SIGNATURE_MISSING, ReasonCode.SIGNATURE_INVALID
UNREADABLE = ReasonCode.UNREADABLE
BROKEN, RUN_OUT = ReasonCode.INTEGRITY_FAILED, ReasonCode.CERT_EXPIRED_OR_REVOKED


@pytest.mark.parametrize(
    ("kind", "found", "action", "warned"),
    [
        ("valid", ("VALID", None, True), DELIVER, None),
        ("unsigned", ("INDETERMINATE", None, False), DELIVER, None),
        ("unsigned office", ("INDETERMINATE", None, False), DELIVER, None),
        ("text", ("INDETERMINATE", "CUSTOM", False), DELIVER, None),
        ("picture", ("INDETERMINATE", "CUSTOM", False), DELIVER, None),
        ("archive", ("INDETERMINATE", "CUSTOM", False), DELIVER, None),
        ("stranger", ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND", True), WARN, "a.pdf"),
        ("unasked", ("INDETERMINATE", "TRY_LATER", True), WARN, "a.pdf"),
        ("torn", ("INVALID", "FORMAT_FAILURE", False), WARN, "a.pdf"),
        ("bomb", ("INDETERMINATE", "CUSTOM", False), WARN, "a.docx"),
    ],
)
def test_what_is_let_in_is_told_of(office, pki, arrives, kind, found, action, warned):
    """By the rules as they come: verdict, sub-indication, whether it is signed, what is done."""
    desk = office()
    arrives(desk, FILES[kind](pki))
    desk.turn()

    told, file = verification(desk)
    assert (told["released"], told["checked_at"][:4]) == (False, f"{desk.now:%Y}")
    assert (file["verdict"], file["sub"], file["signed"]) == found
    assert file["action"] == action
    (letter,) = desk.letters()
    assert [warned in warning for warning in letter["warnings"]] == [True] * (warned is not None)
    assert [status for status, _ in statuses(desk)] == ["01"]
    assert incoming(desk).state == "delivered"


def test_an_unsigned_file_does_not_read_like_a_failure(office, arrives):
    """It holds no signature, and that is all there is to say."""
    desk = office()
    arrives(desk, ("a.pdf", a_pdf()))
    desk.turn()

    _, file = verification(desk)
    assert file["why"] == in_vietnamese(say("it holds no signature"))
    assert (file["signatures"], file["warnings"]) == ([], [])


def test_of_a_signature_everything_is_told_and_what_it_relies_on_is_kept(office, pki, arrives):
    """Who signed and when, on whose word, and the evidence by its digest."""
    desk = office()
    arrives(desk, ("a.pdf", signed(pki)))
    desk.turn()

    _, file = verification(desk)
    (one,) = file["signatures"]
    assert one["profile"] == "PAdES-B-T"
    assert one["signer"].startswith("Nguyễn")
    assert len(one["signer_fingerprint"]) == 64
    assert one["stamped_by"]
    assert (len(one["chain"]), one["coverage"], one["revocation"]) == (2, "whole", "good")
    kept = names(desk.config.folders.evidence / "relied-on")
    assert kept
    assert set(kept) <= set(one["evidence"])


def test_the_daily_look_over_forgets_what_was_told_and_no_verdict_relied_on(office, pki, arrives):
    """After a quarter of a year; what a verdict hangs on stays for good."""
    desk = office()
    arrives(desk, ("a.pdf", signed(pki)))
    desk.turn()
    rooms = [desk.config.folders.evidence / name for name in ("answers", "pieces", "relied-on")]
    before = [names(room) for room in rooms]
    daemon = Daemon(config_file=desk.config.folders.data / "none", set_up_log=lambda _: None)
    daemon._look_over(desk.node)
    assert [names(room) for room in rooms] == before
    assert all(before)

    desk.now += timedelta(days=400)
    daemon._look_over(desk.node)
    assert [names(room) for room in rooms] == [[], [], before[-1]]


@pytest.mark.parametrize("kind", ["tampered", "cut off", "revoked", "expired"])
def test_what_is_not_valid_is_kept_for_a_person(world, office, pki, arrives, kind):
    """Nothing of it is seen, nobody is told anything but that we have it, and why is on record."""
    desk = office()
    arrives(desk, FILES[kind](pki))
    desk.turn()

    (aside,) = desk.quarantined()
    assert (aside.document_id, aside.folder) == (DOCUMENT_ID, "")
    assert str(aside.reason).startswith("the signatures in a.pdf do not hold: ")
    assert "release" in str(aside.reason.values["hint"])
    assert desk.inbox == []
    assert list((desk.exchange / "inbox").iterdir()) == []
    assert world.statuses(desk.code) == []
    assert world.standing(desk.code) == ["done"]
    world.forget(desk.code)  # and offers it again
    for _ in range(2):
        desk.turn()
    assert world.standing(desk.code) == ["done"]


@pytest.mark.parametrize(
    ("kind", "rules", "code"),
    [
        ("tampered", {"invalid": REFUSE}, BROKEN),
        ("revoked", {"invalid": REFUSE}, RUN_OUT),
        ("expired", {"invalid": REFUSE}, RUN_OUT),
        ("stranger", {"indeterminate": REFUSE}, INVALID),
        ("cut off", {"invalid": REFUSE}, INVALID),
        ("torn", {"indeterminate": REFUSE}, UNREADABLE),
        ("unsigned", {"unsigned": REFUSE}, MISSING),
        ("unsigned office", {"unsigned": REFUSE}, MISSING),
    ],
)
def test_what_is_refused_goes_back_with_its_reason(world, office, pki, arrives, kind, rules, code):
    """Status 02 once, with a code and words; no 01, no `fail`, and nothing in the inbox."""
    desk = office(**rules)
    arrives(desk, FILES[kind](pki))
    for _ in range(3):
        desk.turn()
        desk.restart()

    assert incoming(desk).state == "returned"
    assert desk.inbox == []
    assert world.standing(desk.code) == ["done"]
    assert world.statuses(desk.code) == ["02"]
    ((status, description),) = statuses(desk)
    reason, words = reason_in(description)
    assert (status, reason) == ("02", code)
    assert words == in_vietnamese(incoming(desk).reason)
    assert "a." in words


@pytest.mark.parametrize("kind", ["text", "picture", "archive", "valid"])
def test_what_holds_or_can_hold_none_is_let_in_by_the_strictest_rules(office, pki, arrives, kind):
    """Only PDF and Office files are asked for a signature."""
    desk = office(invalid=REFUSE, indeterminate=REFUSE, unsigned=REFUSE)
    arrives(desk, FILES[kind](pki))
    desk.turn()

    assert len(desk.inbox) == 1


def test_the_worst_attachment_decides(office, pki, arrives):
    """One that is to be refused outweighs one to be kept, and that one to be warned of."""
    rules = {"invalid": REFUSE, "indeterminate": QUARANTINE, "unsigned": WARN}
    files = [FILES[kind](pki)[1] for kind in ("valid", "unsigned", "stranger", "tampered")]
    named = [(f"{number}.pdf", content) for number, content in enumerate(files)]
    desks = {}
    for most in range(1, 5):
        desks[most] = desk = office(**rules)
        arrives(desk, *named[:most])
        desk.turn()

    assert [incoming(desk).state for desk in desks.values()] == [
        "delivered",
        "delivered",
        "quarantined",
        "returned",
    ]
    (letter,) = desks[2].letters()
    assert letter["warnings"] == [in_vietnamese(say("{file} holds no signature", file="1.pdf"))]
    assert "2.pdf" in str(incoming(desks[3]).reason)
    assert "3.pdf" in str(incoming(desks[4]).reason)


def test_attachments_that_are_equally_bad_are_counted(office, arrives):
    """The first is named."""
    desk = office(unsigned=QUARANTINE)
    arrives(desk, ("1.pdf", a_pdf()), ("2.pdf", a_pdf()), ("3.pdf", a_pdf()))
    desk.turn()

    assert str(incoming(desk).reason) == "1.pdf holds no signature (and 2 more like it)"


def test_a_document_without_attachments_is_let_in(office, arrives):
    """There is nothing to look into."""
    desk = office(invalid=REFUSE, indeterminate=REFUSE, unsigned=REFUSE)
    arrives(desk)
    desk.turn()

    (folder,) = desk.inbox
    assert json.loads((folder / "verification.json").read_bytes())["attachments"] == []


def test_what_cannot_be_named_cannot_be_returned_and_is_kept(world, office, arrives):
    """Without DocumentId and number a status would be about nothing."""
    desk = office(unsigned=REFUSE)

    def nameless(package):
        return package.replace(DOCUMENT_ID.encode(), b"").replace(
            b"<edXML:CodeNumber>12<", b"<edXML:CodeNumber><"
        )

    arrives(desk, ("a.pdf", a_pdf()), change=nameless)
    desk.turn()

    assert [item.state for item in desk.quarantined()] == ["quarantined"]
    assert world.statuses(desk.code) == []


def test_the_same_document_handed_out_twice_goes_back_once(world, office, arrives):
    """An axis may give it two ids of its own; its sender hears 02 once."""
    desk = office(unsigned=REFUSE)
    for _ in range(2):
        arrives(desk, ("a.pdf", a_pdf()))
        desk.turn()

    assert [item.state for item in desk.ledger.inbound(limit=9)] == ["returned"] * 2
    assert world.statuses(desk.code) == ["02"]


def test_what_was_returned_and_is_sent_again_is_looked_into_again(world, office, pki, arrives):
    """The reason it was returned for may have been mended on this side."""
    desk = office(indeterminate=REFUSE)
    anchors, content = Anchors(desk.config.trusted), signed(pki)
    believed = anchors.all()
    for anchor in believed:
        anchors.remove(anchor.facts.fingerprint)
    arrives(desk, ("a.pdf", content))
    desk.turn()
    for anchor in believed:
        anchors.add(anchor)
    arrives(desk, ("a.pdf", content))
    desk.turn()

    assert sorted(item.state for item in desk.ledger.inbound(limit=9)) == ["delivered", "returned"]
    assert world.statuses(desk.code) == ["02", "01"]
