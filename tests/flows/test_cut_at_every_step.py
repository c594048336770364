"""Wherever the power goes while a document is signed or turned away, nothing happens twice."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager

import pytest
from door_world import FILES, incoming, statuses
from flows_world import Cut, names
from office import a_docx
from signatories import signing
from signed_pdfs import a_pdf
from signing_world import BY, an_agency, day_of, send, sent, signed_by

from edge_node.adapters.steps import Phase, listening
from edge_node.domain.envelope import Lane
from edge_node.domain.signing import DoorAction, Level, SigningPolicy

FILES_OUT = {"12.pdf": a_pdf(), "a.docx": a_docx()}


def steps_of(desk, flow):
    """Return the steps a flow passes."""
    passed = []

    def listen(step, phase, _):
        if phase is Phase.AFTER:
            passed.append(str(step))

    with listening(listen):
        desk.turn(flow)
    return passed


@contextmanager
def cut_after(count):
    """Let the power go once so many steps are done; none is done after that."""
    steps = iter(range(count - 1))

    def listen(_step, phase, _what):
        if count == 0 or (phase is Phase.AFTER and next(steps, None) is None):
            raise Cut

    with listening(listen), pytest.raises(Cut):
        yield


def rung(desk, *flows):
    """Begin again after the power is back, and let some hours go by."""
    for _ in range(2):
        desk.turn(*flows)
        desk.later(hours=1)


class Seals:
    """Whoever signs with a real key; what it made is counted by file."""

    def __init__(self, signatory):
        """Stand before a real one."""
        self._signatory, self.made = signatory, Counter()

    def sign(self, source, target, wish, **told):
        """Sign one file."""
        act = self._signatory.sign(source, target, wish, **told)
        self.made[source.name] += 1
        return act

    def tidy(self):
        """Leave the children to the others."""


@pytest.fixture(scope="module")
def signatory(pki, tmp_path_factory):
    with signing(pki, tmp_path_factory.mktemp("signatory")) as desk:
        yield desk.signatory("agency")


@pytest.fixture
def signs(world, pki, signatory, receiver):
    """Set up an agency that signs, with a drop in its outbox; give it and its key."""

    def signs():
        desk = an_agency(
            world,
            pki,
            signing={"documents": SigningPolicy.ALWAYS, "level": Level.B_B, **BY},
        )
        seals = Seals(signatory)
        signed_by(desk, seals)
        send(desk, receiver, FILES_OUT)
        return desk, seals

    return signs


def entered(desk):
    """Return the signed copies in the claims whose act is on record, by the name of the file."""
    found = {}
    for record in (desk.config.folders.spool / "claims").glob("*/*/signed/.acts.json"):
        for entry in json.loads(record.read_bytes())["files"]:
            found[entry["name"]] = (record.parent / entry["name"]).read_bytes()
    return found


def test_cut_off_anywhere_while_it_is_signed_a_document_leaves_once(world, signs):
    """One package; one act for each file; a copy whose act was entered is the one that leaves."""
    signs()[0].turn("intake")  # from then on it is known what the certificate is worth
    steps = steps_of(signs()[0], "intake")
    for count in range(len(steps) + 1):
        desk, seals = signs()
        with cut_after(count):
            desk.turn("intake")
        kept = entered(desk)
        desk.restart()
        signed_by(desk, seals)
        rung(desk)

        (left,) = sent(world, desk)
        assert left | kept == left, steps[:count]
        (document,) = desk.ledger.outbound(limit=9)
        assert [act.file for act in document.signatures] == list(FILES_OUT), steps[:count]
        for name, content in FILES_OUT.items():
            assert left[name] != content
            assert seals.made[name] == 1 or (seals.made[name] == 2 and name not in kept)
        place = desk.exchange / f"sent/{day_of(desk)}/12"
        copies = {name: (place / "signed" / name).read_bytes() for name in FILES_OUT}
        assert copies == left, steps[:count]
        assert entered(desk) == {}
        assert names(desk.exchange / "failed") == names(desk.outbox) == []


@pytest.mark.parametrize("action", [DoorAction.REFUSE, DoorAction.QUARANTINE])
def test_cut_off_anywhere_while_it_is_turned_away_its_sender_hears_once(
    world, office, pki, arrives, action
):
    """Returned with one 02, or kept with none; never in the inbox, and no 01."""

    def at_the_door():
        desk = office(invalid=action)
        arrives(desk, FILES["tampered"](pki))
        return desk

    steps = steps_of(at_the_door(), "deliver")
    for count in range(len(steps) + 1):
        desk = at_the_door()
        with cut_after(count):
            desk.turn("deliver")
        desk.restart()
        rung(desk)

        refused = action is DoorAction.REFUSE
        assert incoming(desk).state == ("returned" if refused else "quarantined"), steps[:count]
        told = ["02"] if refused else []
        assert [status for status, _ in statuses(desk)] == told, steps[:count]
        assert world.statuses(desk.code) == told, steps[:count]
        assert list((desk.exchange / "inbox").iterdir()) == []
        assert world.standing(desk.code) == ["done"]
        assert desk.queue.next_due(Lane.DELIVER) is None
