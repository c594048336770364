"""What was signed is signed once, whatever dies; what cannot be signed waits, and nothing else."""

import json
import shutil
from dataclasses import replace

import pytest
from flows_world import Cut, CutOff, clear, keep_all, names, untouched
from signing_world import BY, an_agency, day_of, sealing, send, sent, signed_by

from edge_node.adapters.pauses import Pauses
from edge_node.adapters.signing_key import KeyTrouble
from edge_node.daemon.board import Board
from edge_node.daemon.lanes import Turned
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say
from edge_node.domain.record import hint_in
from edge_node.domain.signing import SigningPolicy
from edge_node.flows.leaving import NotKnownYet
from edge_node.flows.signing import SlowToSign
from edge_node.notary.child import Reason

NEVER, IF_UNSIGNED, ALWAYS, SIGNER_FIRST = SigningPolicy
TROUBLE = KeyTrouble(say("the token is away"), Reason.TOKEN_MISSING, hint=say("plug it in"))


def claims(desk):
    folder = desk.config.folders.spool / "claims"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def lose_all(desk):
    """Take the whole data folder away but for whom is believed; a new node begins there."""
    folders = desk.config.folders
    kept = folders.data.with_name(f"{folders.data.name}.trust")
    shutil.copytree(desk.config.trusted, kept)
    desk.node.close()
    clear(folders.data)
    shutil.rmtree(folders.witness)
    shutil.move(kept, desk.config.trusted)
    desk.restart()


def problems(desk, name="12"):
    return desk.error(f"failed/{day_of(desk)}/{name}/error")["problems"]


# ── crashes and outages ──────────────────────────────────────────────────────────────────────────


def cut_off(desk, part, method, *, after):
    """Let the power go in the middle of intake, at a call of a part of what signs."""
    intake = desk.flows["intake"]
    signatures = intake.packing.signatures
    broken = CutOff(getattr(signatures, part), method, after=after)
    changed = replace(signatures, **{part: broken})
    desk.flows["intake"] = replace(intake, packing=replace(intake.packing, signatures=changed))
    with pytest.raises(Cut):
        desk.turn("intake")


@pytest.mark.parametrize("after", [False, True], ids=["before the row", "after the row"])
def test_a_document_is_signed_once_whatever_dies(world, pki, agency, receiver, letters, after):
    """The copy that was signed before the crash is the one that leaves."""
    desk = agency(ALWAYS)
    signs = sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["plain"], "a.docx": letters["annex"]})
    desk.cut_off("intake", "queue", "add", after=after)
    (claim,) = claims(desk)
    (copy,) = (desk.config.folders.spool / "claims" / claim).glob("12/signed/12.pdf")
    before = copy.read_bytes()

    desk.restart()
    signed_by(desk, signs)
    desk.later(hours=1)
    desk.turn()
    (left,) = sent(world, desk)
    assert left["12.pdf"] == before
    assert signs.acts == ["12.pdf", "a.docx"]
    (document,) = desk.ledger.outbound(limit=9)
    assert [act.file for act in document.signatures] == ["12.pdf", "a.docx"]


def test_a_signature_cut_off_before_it_was_entered_leaves_nowhere(
    world, pki, agency, receiver, letters
):
    """One is made anew, and that is the one that leaves and is entered."""
    desk = agency(ALWAYS)
    signs = sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    cut_off(desk, "signs", "sign", after=True)

    desk.restart()
    signed_by(desk, signs)
    desk.later(hours=1)
    desk.turn()
    assert signs.acts == ["12.pdf", "12.pdf"]
    (left,) = sent(world, desk)
    (document,) = desk.ledger.outbound(limit=9)
    (act,) = document.signatures
    assert act.at == desk.now
    assert untouched(desk.exchange / f"sent/{day_of(desk)}/12/signed", left)


def test_a_key_that_is_away_keeps_only_those_waiting_that_need_it(
    world, pki, agency, receiver, letters
):
    """The others are taken in first; then the flow rests, and says why."""
    desk = agency(IF_UNSIGNED)
    signs = sealing(desk, pki, trouble=TROUBLE)
    for number, kind in enumerate(["plain", "plain", "signed", "plain", "signed"]):
        send(desk, receiver, {f"{number}.pdf": letters[kind]}, str(number))
    with pytest.raises(KeyTrouble):
        desk.turn("intake")
    assert names(desk.outbox) == []
    assert len(desk.ledger.outbound(limit=9)) == 2
    assert len(signs.wishes) == 1  # one was asked for all of them
    assert len(claims(desk)) == 5

    with pytest.raises(KeyTrouble):
        desk.turn("intake")
    assert len(signs.wishes) == 2

    signs.trouble = None
    desk.turn()
    assert len(world.packages(desk.code)) == 5
    assert claims(desk) == []


def test_what_documents_wait_for_stands_in_status(pki, agency, receiver, letters):
    """Whoever runs the node sees what is out and what to do; the flow goes on by itself."""
    desk = agency(ALWAYS)
    signs = sealing(desk, pki, trouble=TROUBLE)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    pauses = Pauses(desk.queue.file)
    board = Board(pauses, clock=lambda: desk.now)
    turned = Turned(desk.flows["intake"], lane="intake", board=board)
    while turned.turn(desk.now, 0.0):
        pass
    (pause,) = pauses.all()
    assert (pause.what, str(pause.reason)) == ("intake", "the token is away")
    assert str(hint_in(pause.reason)) == "plug it in"

    signs.trouble = None
    while turned.turn(desk.now, 60.0):
        pass
    assert pauses.all() == []
    assert len(desk.ledger.outbound(limit=9)) == 1


def test_one_outage_is_said_once_however_often_it_is_tried(pki, agency, receiver, letters, caplog):
    """The log is told once, and status keeps since when; more that come to wait change nothing."""
    caplog.set_level("INFO", "edge_node")
    desk = agency(ALWAYS)
    away = KeyTrouble(say("no key: {reasons}", reasons="pulled out"), Reason.TOKEN_MISSING)
    signs = sealing(desk, pki, trouble=away)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    pauses = Pauses(desk.queue.file)
    board = Board(pauses, clock=lambda: desk.now)
    turned, at = Turned(desk.flows["intake"], lane="intake", board=board), 0.0
    begun = desk.now
    for number in range(6):
        while turned.turn(desk.now, at):
            pass
        desk.later(minutes=1)
        at += 1000.0
        if number == 3:
            send(desk, receiver, {"13.pdf": letters["plain"]}, "13")

    assert (len(signs.wishes), len(claims(desk))) == (6, 2)
    assert [pause.since for pause in pauses.all()] == [begun]
    said = [record.message for record in caplog.records]
    assert said == ["waits to be signed", "paused", "waits to be signed"]
    assert caplog.records[0].error == "no key: pulled out"


def test_a_claim_of_an_earlier_life_is_said_to_be_taken_up_once(
    pki, agency, receiver, letters, caplog
):
    """Whoever reads the log learns that something was cut off, and is not told again."""
    desk = agency(ALWAYS)
    sealing(desk, pki, trouble=TROUBLE)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    with pytest.raises(KeyTrouble):
        desk.turn("intake")
    desk.restart()
    sealing(desk, pki, trouble=TROUBLE)
    for _ in range(3):
        with pytest.raises(KeyTrouble):
            desk.turn("intake")
    said = [record.message for record in caplog.records]
    assert said.count("taking up a claim that was cut off") == 1


def test_a_drop_that_takes_long_to_sign_is_gone_on_with_later(
    world, pki, agency, receiver, letters
):
    """Five minutes a turn; what is signed is kept, and no file is signed twice."""
    desk = agency(ALWAYS)
    signs, at = sealing(desk, pki), [0.0]
    sealed = signs.sign

    def slow(source, target, wish, **told):
        at[0] += 200.0
        return sealed(source, target, wish, **told)

    signs.sign = slow

    intake = desk.flows["intake"]
    signatures = intake.packing.signatures
    timed = replace(signatures, way_out=replace(signatures.way_out, clock=lambda: at[0]))
    desk.flows["intake"] = replace(intake, packing=replace(intake.packing, signatures=timed))
    files = {f"{number}.pdf": letters["plain"] for number in range(12, 15)}
    send(desk, receiver, files)
    with pytest.raises(SlowToSign, match="what is signed is kept"):
        desk.turn("intake")
    assert len(signs.acts) == 2
    desk.later(hours=1)
    desk.turn()
    assert sorted(signs.acts) == sorted(files)
    assert len(sent(world, desk)) == 1


def test_each_of_those_that_wait_is_tried(world, pki, agency, receiver, letters):
    """One over which the key always fails does not keep the others waiting for ever."""
    desk = agency(ALWAYS)
    signs = sealing(desk, pki)
    sealed = signs.sign

    def balks(source, target, wish, **told):
        if source.name == "0.pdf":
            raise TROUBLE
        return sealed(source, target, wish, **told)

    signs.sign = balks
    for number in range(3):
        send(desk, receiver, {f"{number}.pdf": letters["plain"]}, str(number))
    for _ in range(3):
        with pytest.raises(KeyTrouble):
            desk.turn("intake")
    desk.turn("push")
    assert len(world.packages(desk.code)) == 2
    assert len(claims(desk)) == 3


def test_what_waits_for_the_key_is_still_there_after_a_restart(
    world, pki, agency, receiver, letters
):
    """The drop stays claimed, and is taken up when the key is back."""
    desk = agency(ALWAYS)
    sealing(desk, pki, trouble=TROUBLE)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    with pytest.raises(KeyTrouble):
        desk.turn("intake")
    desk.restart()
    sealing(desk, pki)
    desk.turn()
    assert len(world.packages(desk.code)) == 1


def test_a_signature_nobody_can_be_asked_about_is_waited_for(world, pki, receiver, letters):
    """The authority is away for a while: the document does not fail for that, nor leave."""
    far = an_agency(world, pki, signing={"documents": SIGNER_FIRST, **BY}, trust={"private": ()})
    signs = sealing(far, pki)
    send(far, receiver, {"12.pdf": letters["signed"]})
    for _ in range(100):  # as often as others drop something, too
        with pytest.raises(NotKnownYet):
            far.turn("intake")
        far.seconds += 35
    assert names(far.exchange / "failed") == []
    far.seconds += 100
    far.turn("intake")
    assert len(problems(far)) == 1  # nobody waits for ever
    assert signs.acts == []


# ── what is left where the queue is not ──────────────────────────────────────────────────────────


def test_what_is_packed_again_is_what_was_signed(world, pki, agency, receiver, letters):
    """A queue that was lost learns from the papers; sent again, it is the same to the byte."""
    desk = agency(ALWAYS)
    signs = sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    desk.turn("intake", "file")
    copy = (desk.exchange / "queued/12/signed/12.pdf").read_bytes()
    papers = desk.exchange / "queued/12/status.json"
    papers.write_bytes(papers.read_bytes().replace(b'"queued"', b'"unsure"'))
    lose_all(desk)

    signed_by(desk, signs)
    desk.node.sends.adopt(now=desk.now)
    (known,) = desk.ledger.outbound(limit=9)
    assert [act.file for act in known.signatures] == ["12.pdf"]
    desk.node.resend().resend(known.id, (), now=desk.now)
    desk.turn()
    assert sent(world, desk) == [{"12.pdf": copy}]
    assert signs.acts == ["12.pdf"]
    assert len(desk.status_file(f"sent/{day_of(desk)}/12")["signatures"]) == 1


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b"x"),
        lambda path: (path.parent / ".acts.json").unlink(),  # whoever copied it left that behind
        lambda path: shutil.rmtree(path.parent),
    ],
    ids=["gone", "changed", "without its act", "without its folder"],
)
def test_without_its_signed_copy_nothing_is_packed_again(pki, agency, receiver, letters, harm):
    """Better not at all than unsigned under the name of what was signed."""
    desk = agency(ALWAYS)
    sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    desk.turn("intake", "file")
    harm(desk.exchange / "queued/12/signed/12.pdf")
    papers = desk.exchange / "queued/12/status.json"
    papers.write_bytes(papers.read_bytes().replace(b'"queued"', b'"unsure"'))
    lose_all(desk)
    (known,) = desk.ledger.outbound(limit=9)
    with pytest.raises(NotAllowed):
        desk.node.resend().resend(known.id, (), now=desk.now)


def left_out(folder):
    """Let the sheet name one file less than was sent."""
    sheet = folder / "document.json"
    told = json.loads(sheet.read_bytes())
    told["attachments"] = told["attachments"][:1]
    sheet.write_bytes(json.dumps(told).encode())


def made_odd(folder):
    """Let somebody write into the papers."""
    papers = folder / "status.json"
    papers.write_bytes(papers.read_bytes().replace(b'"B-T"', b'"B-Z"', 1))


@pytest.mark.parametrize("harm", [left_out, made_odd])
def test_what_is_not_what_was_signed_is_not_packed_again(pki, agency, receiver, letters, harm):
    """A file that was signed and is not sent, an act nobody can read: a person looks first."""
    desk = agency(ALWAYS)
    sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["plain"], "a.pdf": letters["plain"]})
    desk.turn("intake", "file")
    harm(desk.exchange / "queued/12")
    papers = desk.exchange / "queued/12/status.json"
    papers.write_bytes(papers.read_bytes().replace(b'"queued"', b'"unsure"'))
    lose_all(desk)
    (known,) = desk.ledger.outbound(limit=9)
    with pytest.raises(NotAllowed):
        desk.node.resend().resend(known.id, (), now=desk.now)


def test_a_drop_of_which_only_the_folder_is_left_is_not_signed_again(
    world, pki, agency, receiver, letters
):
    """It goes back to the claims with its signed copy, and leaves with that."""
    desk = agency(ALWAYS)
    signs = sealing(desk, pki)
    put_back = keep_all(desk)
    desk.restart()
    signed_by(desk, signs)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    desk.turn("intake", "file")
    shutil.rmtree(desk.config.folders.spool / "items")
    put_back()
    signed_by(desk, signs)
    desk.node.sends.adopt(now=desk.now)
    desk.turn()
    assert signs.acts == ["12.pdf"]
    assert len(world.packages(desk.code)) == 1
