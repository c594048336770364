"""The agency's signature by policy: on which files, on whose word, once, and beside the drop."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from flows_world import as_json, names, untouched, vi
from office import examined
from our_pdfs import our_sign
from signed_pdfs import verified
from signing_world import BY, an_agency, day_of, sealing, send, sent, signed_by

from edge_node.cli import item_values, render
from edge_node.domain.errors import NotSignable
from edge_node.domain.message import say
from edge_node.domain.signature import Verdict
from edge_node.domain.signing import LookKind, SigningPolicy, Unsigned

NEVER, IF_UNSIGNED, ALWAYS, SIGNER_FIRST = SigningPolicy


def claims(desk):
    folder = desk.config.folders.spool / "claims"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def problems(desk, name="12"):
    return desk.error(f"failed/{day_of(desk)}/{name}/error")["problems"]


# ── which files ──────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_signed_unless_somebody_wants_it(world, pki, agency, receiver, letters):
    """Out of the box the node signs nothing, whatever key there is."""
    desk = agency(NEVER)
    signs = sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    desk.turn()
    assert sent(world, desk) == [{"12.pdf": letters["plain"]}]
    assert signs.acts == []
    assert names(desk.exchange / f"sent/{day_of(desk)}/12") == [
        "12.pdf",
        "document.json",
        "status.json",
    ]


def test_what_bears_no_signature_is_signed(world, pki, agency, receiver, letters):
    """Of PDF and Office files; a list of names stays a list of names."""
    desk = agency(IF_UNSIGNED)
    signs = sealing(desk, pki)
    files = {
        "12.pdf": letters["signed"],
        "a.pdf": letters["plain"],
        "b.docx": letters["annex"],
        "c.txt": b"a list",
    }
    send(desk, receiver, files)
    desk.turn()

    (left,) = sent(world, desk)
    assert signs.acts == ["a.pdf", "b.docx"]
    assert left["12.pdf"] == files["12.pdf"]
    assert left["c.txt"] == files["c.txt"]
    assert left["a.pdf"].startswith(files["a.pdf"])
    assert verified(left["a.pdf"], pki, "agency", "tsa", now=desk.now).verdict.signed
    assert examined(left["b.docx"], pki).signed


def test_always_signs_on_top_of_what_others_signed(world, pki, agency, receiver, letters):
    """The signature that was there before stays good."""
    desk = agency(ALWAYS)
    sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["signed"]})
    desk.turn()
    (left,) = sent(world, desk)
    found = verified(left["12.pdf"], pki, "person", "agency", "tsa", now=desk.now).verdict
    assert [one.verdict for one in found.signatures] == [Verdict.VALID, Verdict.VALID]


@pytest.mark.parametrize("kind", ["plain", "broken", "strange", "annex"])
def test_whoever_is_competent_signs_first(world, pki, agency, receiver, letters, kind):
    """The records office puts the seal on what was signed, and on nothing else."""
    desk = agency(SIGNER_FIRST)
    signs = sealing(desk, pki)
    send(desk, receiver, {"12.dat": letters[kind]})
    desk.turn()
    assert "12.dat" in problems(desk)[-1]
    assert signs.acts == []
    assert world.packages(desk.code) == []


def test_the_agency_itself_is_nobody_who_signs_first(pki, agency, receiver, letters):
    """Its seal on what nobody answers for lets nothing through; over a person's it is no harm."""
    desk = agency(SIGNER_FIRST)
    signs = sealing(desk, pki)
    signs.own.add(sha256(pki.signer("agency").certificate).hexdigest())
    both = our_sign(letters["signed"], pki, "agency", level="B-T", at=desk.now, field="Seal")
    ours = our_sign(letters["plain"], pki, "agency", level="B-T", at=desk.now)
    send(desk, receiver, {"12.pdf": ours})
    send(desk, receiver, {"13.pdf": both}, "13")
    desk.turn()
    (problem,) = problems(desk)
    own = "{file}: the signature in it is the agency's own;"
    own += " whoever is competent has to sign it first"
    assert problem == vi(own, file="12.pdf")
    assert signs.acts == ["13.pdf"]


def test_what_was_signed_first_is_sealed_with_its_annexes(world, pki, agency, receiver, letters):
    """Annexes need no signature of anybody before; the document itself is what says so."""
    desk = agency(SIGNER_FIRST)
    signs = sealing(desk, pki)
    attached = [{"file": "a.docx", "role": "annex"}, {"file": "12.pdf", "role": "main"}]
    files = {"a.docx": letters["annex"], "12.pdf": letters["signed"]}
    send(desk, receiver, files, attachments=attached)
    desk.turn()
    assert signs.acts == ["a.docx", "12.pdf"]
    assert len(world.packages(desk.code)) == 1


def test_the_main_file_shows_the_seal_and_annexes_the_text(pki, agency, receiver, letters):
    """As the decree has it, with number and notation."""
    desk = agency(ALWAYS)
    rules = replace(desk.flows["intake"].packing.signatures.rules, look=LookKind.SEAL)
    desk.flows["intake"].packing.signatures.rules = rules
    signs = sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["plain"], "a.pdf": letters["plain"]})
    desk.turn()
    assert [wish.showing.kind for wish in signs.wishes] == [LookKind.SEAL, LookKind.TEXT]
    assert signs.wishes[1].showing.lines == ("12/UBND-VP",)


def test_a_broken_document_is_not_even_signed(pki, agency, receiver, letters):
    """What may not leave is refused before anybody asks the key."""
    desk = agency(ALWAYS)
    signs = sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["plain"], "a.pdf": letters["broken"]})
    desk.turn()
    assert "a.pdf" in problems(desk)[0]
    assert signs.acts == []


def test_what_is_signed_here_does_not_count_as_unsigned(world, pki, agency, receiver, letters):
    """The rule about unsigned files is about what leaves."""
    desk = agency(IF_UNSIGNED, unsigned=Unsigned.REFUSE)
    sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    desk.turn()
    assert len(world.packages(desk.code)) == 1


# ── on whose word ────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_signed_that_nobody_ordered(world, pki, receiver, letters):
    """A name and a basis, of the drop or of the configuration; else the drop is refused."""
    desk = an_agency(world, pki, signing={"documents": ALWAYS, "operator": "Nguyễn Văn A"})
    signs = sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    send(desk, receiver, {"13.pdf": letters["plain"]}, "13", signing=BY)
    desk.turn()
    assert names(desk.exchange / f"failed/{day_of(desk)}") == ["12"]
    assert signs.acts == ["13.pdf"]
    assert (signs.wishes[0].operator, signs.wishes[0].basis) == tuple(BY.values())


def test_the_word_of_the_drop_comes_before_the_configuration(pki, agency, receiver, letters):
    """Who has it signed today is known to the software, not to the configuration."""
    desk = agency(ALWAYS)
    signs = sealing(desk, pki)
    own = {"operator": "Trần Thị B", "basis": "Ủy quyền số 3"}
    send(desk, receiver, {"12.pdf": letters["plain"]}, signing=own)
    desk.turn()
    assert (signs.wishes[0].operator, signs.wishes[0].basis) == tuple(own.values())


@pytest.mark.parametrize(
    ("configured", "asked", "acts"),
    [
        (IF_UNSIGNED, "always", ["12.pdf"]),
        (IF_UNSIGNED, "if-unsigned", []),
        (IF_UNSIGNED, "never", None),
        (ALWAYS, "if-unsigned", None),
        (NEVER, "always", None),
        (NEVER, "never", []),
        (NEVER, None, []),
    ],
)
def test_a_drop_may_ask_for_more_than_is_configured(
    pki, agency, receiver, letters, configured, asked, acts
):
    """And for no less; where nothing is signed, no drop has it signed."""
    desk = agency(configured)
    signs = sealing(desk, pki)
    policy = {} if asked is None else {"policy": asked}
    send(desk, receiver, {"12.pdf": letters["signed"]}, signing=BY | policy)
    desk.turn()
    assert signs.acts == (acts or [])
    assert names(desk.exchange / "failed") == (["2026"] if acts is None else [])


def test_a_drop_with_a_policy_alone_is_signed_on_the_word_of_the_configuration(
    pki, agency, receiver, letters
):
    """It asks for more than is configured, and names nobody."""
    desk = agency(IF_UNSIGNED)
    signs = sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["signed"]}, signing={"policy": "always"})
    desk.turn()
    assert signs.acts == ["12.pdf"]
    (wish,) = signs.wishes
    assert (wish.operator, wish.basis) == (BY["operator"], BY["basis"])


def test_a_signature_that_does_not_show_is_said(world, pki, agency, receiver, letters):
    """It is signed and leaves; whoever looks for the text on page 1 reads why it is not there."""
    desk = agency(ALWAYS)
    signs = sealing(desk, pki, unseen=say("there is no free space"))
    send(desk, receiver, {"12.pdf": letters["plain"]})
    desk.cut_off("intake", "queue", "add", after=False)
    desk.restart()  # the copy from before leaves, and what there is to say of it is not lost
    signed_by(desk, signs)
    desk.later(hours=1)
    desk.turn()
    assert signs.acts == ["12.pdf"]
    told = desk.status_file(f"sent/{day_of(desk)}/12")
    (warning,) = told["warnings"]
    assert (warning[:6], warning[-24:]) == ("12.pdf", ": there is no free space")
    assert told["signatures"][0]["unseen"] == "there is no free space"
    assert len(sent(world, desk)) == 1


def test_a_signature_that_is_ordered_in_vain_is_said(world, agency, receiver, letters):
    """The software may believe that its document was signed."""
    desk = agency(NEVER)
    send(desk, receiver, {"12.pdf": letters["plain"]}, signing=BY)
    desk.turn()
    assert len(desk.status_file(f"sent/{day_of(desk)}/12")["warnings"]) == 1
    assert sent(world, desk) == [{"12.pdf": letters["plain"]}]


def test_without_a_key_nothing_leaves_that_is_to_be_signed(world, agency, receiver, letters):
    """A node that was set up halfway sends nothing unsigned by mistake."""
    desk = agency(ALWAYS)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    desk.turn()
    assert names(desk.exchange / f"failed/{day_of(desk)}") == ["12"]
    assert world.packages(desk.code) == []


def test_a_file_that_cannot_be_signed_is_named_with_what_to_do(agency, pki, receiver, letters):
    """The others are not signed in vain after it."""
    desk = agency(ALWAYS)
    wrong = NotSignable(say("it forbids that"), hint=say("export it anew"))
    signs = sealing(desk, pki, trouble=wrong)
    send(desk, receiver, {"12.pdf": letters["plain"], "a.pdf": letters["plain"]})
    desk.turn()
    assert problems(desk) == ["12.pdf: it forbids that"]
    assert desk.error(f"failed/{day_of(desk)}/12/error")["hint"] == "export it anew"
    assert len(signs.wishes) == 1


def test_what_was_signed_before_a_drop_failed_is_listed(agency, pki, receiver, letters):
    """The copy lies beside the papers; they say by which key and on whose order it was made."""
    desk = agency(ALWAYS)
    signs = sealing(desk, pki)
    sealed = signs.sign

    def balks(source, target, wish, **told):
        if source.name == "a.pdf":
            raise NotSignable(say("it forbids that"))
        return sealed(source, target, wish, **told)

    signs.sign = balks
    send(desk, receiver, {"12.pdf": letters["plain"], "a.pdf": letters["plain"]})
    desk.turn()
    place = f"failed/{day_of(desk)}/12"
    (told,) = desk.error(f"{place}/error")["signatures"]
    assert (told["file"], told["key"], told["operator"]) == ("12.pdf", "seal-2026", BY["operator"])
    assert "12.pdf" in (desk.exchange / place / "error.txt").read_text().splitlines()[2]
    assert (desk.exchange / place / "signed" / "12.pdf").exists()


def test_the_evidence_for_what_leaves_is_kept(pki, agency, receiver, letters):
    """Years later somebody asks why the document was taken for signed, and let go."""
    desk = agency(IF_UNSIGNED)
    sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["signed"]})
    desk.turn()
    assert kept(desk)

    other = agency(IF_UNSIGNED)
    send(other, receiver, {"12.pdf": letters["broken"]})
    other.turn()
    assert not kept(other)  # it never left


def kept(desk):
    """Return the pieces of evidence that are never swept."""
    folder = desk.config.folders.evidence / "relied-on"
    return names(folder) if folder.exists() else []


# ── what is left of it ───────────────────────────────────────────────────────────────────────────


def test_what_went_out_lies_beside_the_drop_which_stays_as_it_was(
    world, pki, agency, receiver, letters
):
    """People can look at both, and see who had it signed."""
    desk = agency(ALWAYS)
    sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    desk.turn()
    place = f"sent/{day_of(desk)}/12"
    assert untouched(desk.exchange / place, {"12.pdf": letters["plain"]})
    (left,) = sent(world, desk)
    assert untouched(desk.exchange / place / "signed", left)
    (told,) = desk.status_file(place)["signatures"]
    assert told["file"] == "12.pdf"
    assert (told["operator"], told["basis"], told["key"]) == (*BY.values(), "seal-2026")
    assert claims(desk) == []


def test_the_act_stands_in_the_history_of_the_document(pki, agency, receiver, letters):
    """Which file, by which key, on whose order and when it was stamped; it makes no receipt."""
    desk = agency(ALWAYS)
    sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["plain"], "a.pdf": letters["plain"]})
    desk.turn()
    (document,) = desk.ledger.outbound(limit=9)
    events = desk.queue.history.of(document.id)
    assert [each.event for each in events] == ["signed", "signed", "queued", "accepted"]
    for word in ("12.pdf", "seal-2026", "B-T", "TSA", *BY.values()):
        assert word in events[0].text
    assert [act.file for act in document.signatures] == ["12.pdf", "a.pdf"]
    assert desk.told() == ["queued", "accepted"]


def test_an_administrator_sees_what_was_signed(pki, agency, receiver, letters, capsys):
    """`edge-node show` names each file and who had it signed, to people and to programs."""
    desk = agency(ALWAYS)
    sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    desk.turn("intake")
    (document,) = desk.ledger.outbound(limit=9)
    render.sheet_of(document)
    shown = capsys.readouterr().out
    for word in ("12.pdf", "seal-2026", *BY.values()):
        assert word in shown
    (told,) = json.loads(json.dumps(item_values.as_values(document)))["signatures"]
    assert (told["file"], told["level"], told["operator"]) == ("12.pdf", "B-T", BY["operator"])


def test_the_same_document_is_known_though_it_was_signed(world, pki, agency, receiver, letters):
    """What was handed over is compared, and the key is not asked for what is not sent."""
    desk = agency(ALWAYS)
    signs = sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    desk.turn()
    send(desk, receiver, {"12.pdf": letters["plain"]})
    desk.turn()
    assert desk.error(f"failed/{day_of(desk)}/12/error")["error"] == "duplicate"
    assert len(world.packages(desk.code)) == 1
    assert len(signs.acts) == 1


def test_a_bare_file_is_signed_as_well(world, pki, agency, receiver, letters):
    """Its copy lies beside it, in the folder the node made for it."""
    desk = agency(ALWAYS)
    sealing(desk, pki)
    name = f"12-UBND_2026-11-21_{receiver.code}"
    (desk.outbox / f"{name}.pdf").write_bytes(letters["plain"])
    desk.turn()
    (left,) = sent(world, desk)
    place = desk.exchange / f"sent/{day_of(desk)}/{name}"
    assert untouched(place, {f"{name}.pdf": letters["plain"]})
    assert untouched(place / "signed", left)


# ── what else lies in that place ─────────────────────────────────────────────────────────────────


def test_copies_that_come_along_with_a_drop_are_not_sent_for_ours(
    world, pki, agency, receiver, letters
):
    """Somebody drops a folder from failed/ again, or puts a forged copy there."""
    desk = agency(ALWAYS)
    sealing(desk, pki)
    sheet = {"attachments": ["12.pdf"], "to": [receiver.code], "schema": 1, "subject": "V/v"}
    sheet |= {"number": "12", "notation": "UBND-VP", "date": "2026-11-21", "type": "Công văn"}
    building = desk.config.folders.data / "building"
    (building / "signed").mkdir(parents=True)
    (building / "signed" / "12.pdf").write_bytes(b"%PDF-1.7 forged %%EOF")
    (building / "signed" / ".acts.json").write_bytes(b'{"schema": 1, "id": "o1", "files": []}')
    (building / "12.pdf").write_bytes(letters["plain"])
    (building / "document.json").write_bytes(as_json(sheet))
    building.rename(desk.outbox / "12")
    desk.turn()
    (left,) = sent(world, desk)
    assert left["12.pdf"].startswith(letters["plain"])
    place = desk.exchange / f"sent/{day_of(desk)}/12"
    assert untouched(place / "signed", left)
    assert (place / "signed (2)" / "12.pdf").read_bytes() == b"%PDF-1.7 forged %%EOF"


def test_no_attachment_is_called_as_the_folder_of_the_copies(agency, receiver, letters):
    """It would lie in their way."""
    desk = agency(NEVER)
    send(desk, receiver, {"signed": letters["plain"]})
    desk.turn()
    (problem,) = problems(desk)
    assert problem.startswith("attachments[0].file:")


def test_a_signed_copy_that_is_too_large_is_not_sent(world, pki, receiver, letters):
    """What a hub refuses is refused here, before it travels."""
    limit = len(letters["plain"]) + 100
    signing = {"documents": ALWAYS, **BY}
    desk = an_agency(world, pki, signing=signing, limits={"attachment": limit})
    sealing(desk, pki)
    send(desk, receiver, {"12.pdf": letters["plain"]})
    desk.turn()
    assert "12.pdf" in problems(desk)[0]
