"""The door when a person decides otherwise, the power goes, or nobody can look."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from builders import T0
from door_world import FILES, incoming, signed, verification
from flows_world import Meanwhile, in_vietnamese, names, released
from signed_pdfs import a_pdf

from edge_node.adapters.anchors import Anchors, AnchorsUnsound
from edge_node.adapters.hiring import ChildMissing
from edge_node.domain.envelope import Lane
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say
from edge_node.domain.signature import FileVerdict, Sub, Verdict
from edge_node.domain.signing import DoorAction
from edge_node.flows.deliver import Deliver
from edge_node.node import Node

DELIVER, WARN, QUARANTINE, REFUSE = DoorAction


def test_what_a_person_releases_is_handed_over_with_a_warning(world, office, pki, arrives):
    """It is looked into again, told of, and not set aside again."""
    desk = office()
    arrives(desk, FILES["tampered"](pki))
    desk.turn()
    item = incoming(desk).id
    desk.queue.arriving.release(item, now=desk.now)
    released(desk, item)
    desk.turn()

    assert incoming(desk).state == "delivered"
    told, file = verification(desk)
    assert (told["released"], file["verdict"], file["action"]) == (True, "INVALID", "quarantine")
    (letter,) = desk.letters()
    by_whom, why = letter["warnings"]
    assert by_whom == in_vietnamese(
        say("a person had it handed over, though by the rules it would not have been")
    )
    assert "a.pdf" in why
    assert world.statuses(desk.code) == ["01"]
    assert world.standing(desk.code) == ["done"]


def test_what_was_released_survives_a_crash_before_it_is_seen(office, pki, arrives):
    """Its folder was filled: it is filled anew, as released."""
    desk = office()
    arrives(desk, FILES["tampered"](pki))
    desk.turn()
    item = incoming(desk).id
    desk.queue.arriving.release(item, now=desk.now)
    # So that the desk's own node takes it up, and not the child it is tried in.
    with desk.queue.file.transaction() as transaction:
        transaction.execute("update work set alone = 0", {})
    desk.cut_off("deliver", "inbox", "show")
    desk.restart()
    desk.turn("deliver")

    assert len(desk.inbox) == 1
    assert verification(desk)[0]["released"]


def test_a_release_for_another_reason_does_not_open_the_door(office, pki, arrives):
    """A person who gave it a second chance had not seen what the door would say."""
    desk = office()
    arrives(desk, FILES["tampered"](pki))
    deliver = desk.flows["deliver"]
    claim, item = deliver.queue.claim(Lane.DELIVER, now=desk.now, lease=timedelta(minutes=1))
    deliver.queue.quarantine(claim, say("the node died over it"), now=desk.now, answer=True)
    desk.queue.arriving.release(item.id, now=desk.now)
    released(desk, item.id)

    assert incoming(desk).state == "quarantined"
    assert str(incoming(desk).reason).startswith("the signatures in a.pdf")


def test_what_was_returned_is_released_only_by_who_means_it(world, office, arrives):
    """Its sender was told 02: without force nobody takes that back."""
    desk = office(unsigned=REFUSE)
    arrives(desk, ("a.pdf", a_pdf()))
    desk.turn()
    item = incoming(desk).id
    with pytest.raises(NotAllowed, match="returned: its sender has been told status 02"):
        desk.queue.arriving.release(item, now=desk.now)
    desk.queue.arriving.release(item, now=desk.now, returned=True)
    released(desk, item)
    desk.turn()

    assert incoming(desk).state == "delivered"
    assert verification(desk)[0]["released"]
    assert world.statuses(desk.code) == ["02", "01"]


def test_the_software_cannot_report_on_what_was_returned(world, office, arrives):
    """No 03 after our 02, and no second 02."""
    desk = office(unsigned=REFUSE)
    arrives(desk, ("a.pdf", a_pdf()))
    desk.turn()
    desk.report("a.json", id=incoming(desk).id, status="02", reason_code="OTHER", note="x")
    desk.turn()

    assert world.statuses(desk.code) == ["02"]
    assert "a.json" in names(desk.exchange / "statuses" / "failed")


# ── cut off ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("rules", [{"unsigned": REFUSE}, {"unsigned": QUARANTINE}])
def test_a_crash_at_the_door_turns_away_once(world, office, arrives, rules, after):
    """Either nothing is entered or all of it: the state, and the 02."""
    desk = office(**rules)
    arrives(desk, ("a.pdf", a_pdf()))
    desk.cut_off("deliver", "queue", "turned_away", after=after)
    desk.restart()
    desk.turn()
    desk.turn()

    refused = rules["unsigned"] is REFUSE
    assert incoming(desk).state == ("returned" if refused else "quarantined")
    assert world.statuses(desk.code) == (["02"] if refused else [])
    assert list((desk.exchange / "inbox").iterdir()) == []


def test_what_was_looked_into_before_a_crash_is_not_looked_into_again(office, pki, arrives):
    """The folder is filled and has its papers: what the world says by now changes nothing."""
    desk = office()
    arrives(desk, ("a.pdf", signed(pki)))
    desk.cut_off("deliver", "inbox", "show")
    for anchor in Anchors(desk.config.trusted).all():
        Anchors(desk.config.trusted).remove(anchor.facts.fingerprint)
    desk.restart()
    desk.turn()

    _, file = verification(desk)
    assert file["verdict"] == "VALID"


def test_no_look_is_made_while_a_transaction_is_open(office, pki, arrives):
    """It may take minutes: whoever writes to the queue meanwhile does not wait."""
    desk = office()
    arrives(desk, ("a.pdf", signed(pki)))
    free = []

    def somebody_writes():
        with desk.queue.file.transaction() as transaction:  # raises within another of its thread
            free.append(transaction.row("select 1 as n", {})["n"])

    door = desk.flows["deliver"].door
    looking = Meanwhile(door.examines, "look", somebody_writes)
    desk.flows["deliver"] = replace(desk.flows["deliver"], door=replace(door, examines=looking))
    desk.turn("deliver")

    assert (free, len(desk.inbox)) == ([1], 1)


# ── who looks cannot ─────────────────────────────────────────────────────────────────────────────


def test_while_nobody_can_be_believed_everything_waits(world, office, pki, arrives):
    """A trust store others may write is an outage: nothing is lost, and nothing is handed over."""
    desk = office()
    arrives(desk, ("a.pdf", signed(pki)))
    desk.config.trusted.chmod(0o777)
    deliver = desk.flows["deliver"]
    with pytest.raises(AnchorsUnsound):
        deliver.turn(desk.now)
    assert incoming(desk).state == "acknowledged"

    desk.config.trusted.chmod(0o700)
    desk.turn()
    assert len(desk.inbox) == 1
    assert world.statuses(desk.code) == ["01"]


class Finds:
    """Whoever looks, and always says the same."""

    def __init__(self, answer):
        """Say that, or raise it."""
        self.answer = answer
        self.asked = []

    def look(self, path, *, now, within):  # noqa: ARG002 - as it is asked
        """Look."""
        self.asked.append((path.name, within))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self

    @property
    def verdict(self):
        """What was found."""
        return self.answer

    @property
    def notes(self):
        """Nothing beside."""
        return ()

    def rely_on(self, evidence):
        """Keep nothing."""

    def tidy(self):
        """Leave nothing behind."""


def finding(sub, verdict=Verdict.INDETERMINATE):
    return FileVerdict(verdict=verdict, sub=sub, why=say("so it is"), signed=True)


def with_door(desk, answer, **changes):
    """Let somebody look at this desk's door who always says the same."""
    deliver = desk.flows["deliver"]
    door = replace(deliver.door, examines=Finds(answer), **changes)
    desk.flows["deliver"] = replace(deliver, door=door)
    return door.examines


def test_an_opener_that_does_not_start_keeps_documents_waiting(office, arrives):
    """It is given back, and whoever turns the flow pauses it."""
    desk = office()
    arrives(desk, ("a.pdf", a_pdf()))
    with_door(desk, ChildMissing(say("no memory")))
    with pytest.raises(ChildMissing):
        desk.turn("deliver")

    assert incoming(desk).state == "acknowledged"
    assert list((desk.exchange / "inbox").iterdir()) == []
    assert desk.queue.arriving.claim(Lane.DELIVER, now=desk.now, lease=timedelta(minutes=1))


@pytest.mark.parametrize("action", [QUARANTINE, REFUSE])
def test_what_nobody_could_be_asked_about_is_asked_about_again(world, office, arrives, action):
    """For an hour or so; then it waits for a person, and is never returned for that."""
    desk = office(indeterminate=action)
    arrives(desk, ("a.pdf", a_pdf()))
    looks = with_door(desk, finding(Sub.TRY_LATER))
    begun = desk.now
    for _ in range(10):
        desk.turn("deliver")
        if incoming(desk).state != "acknowledged":
            break
        assert "nobody can tell" in str(incoming(desk).reason)
        desk.later(minutes=16)

    assert incoming(desk).state == "quarantined"
    assert len(looks.asked) == 7
    assert desk.now > begun + timedelta(hours=1)
    assert world.statuses(desk.code) == []


def test_what_is_only_warned_of_waits_for_nobody(office, arrives):
    """As the rules are: an axis of ours that is off the net hands everything over at once."""
    desk = office()
    arrives(desk, ("a.pdf", a_pdf()))
    looks = with_door(desk, finding(Sub.TRY_LATER))
    desk.turn("deliver")

    assert (len(desk.inbox), len(looks.asked)) == (1, 1)


def test_what_nobody_could_look_into_is_never_returned(world, office, arrives):
    """A crash over a file may be our fault."""
    desk = office(indeterminate=REFUSE)
    arrives(desk, ("a.pdf", a_pdf()))
    with_door(desk, finding(Sub.NOT_CHECKED))
    desk.turn()

    assert incoming(desk).state == "quarantined"
    assert world.statuses(desk.code) == []


def test_all_attachments_together_have_their_time(office, arrives):
    """
    A hundred slow ones do not hold up for hours what comes after them.

    When servers have taken their time nobody is asked any more, but what can be seen is seen.
    """
    desk = office()
    arrives(desk, *((f"{number}.pdf", a_pdf()) for number in range(9)))
    seconds = [0.0]

    def clock():
        seconds[0] += 60
        return seconds[0]

    looks = with_door(desk, finding(None, Verdict.VALID), clock=clock)
    desk.turn("deliver")

    assert [name for name, _ in looks.asked] == [f"{number}.pdf" for number in range(8)]
    left = (4, 3, 2, 1, 0, 0, 0, 0)
    assert [within for _, within in looks.asked] == [timedelta(minutes=m) for m in left]
    (folder,) = desk.inbox
    told = json.loads((folder / "verification.json").read_bytes())["attachments"]
    assert [file["verdict"] for file in told] == ["VALID"] * 8 + ["INDETERMINATE"]


def test_what_looking_left_behind_is_seen_to_when_the_bell_rings(office):
    """A child that went for want of work is no zombie for long."""
    desk = office()
    tidied = []
    looks = with_door(desk, None)
    looks.tidy = lambda: tidied.append("tidied")
    desk.flows["deliver"].wake()

    assert tidied == ["tidied"]


@pytest.mark.parametrize("end", ["the lane", "the node"])
def test_the_opener_ends_with_its_lane_and_with_its_node(office, tmp_path, end):
    """Whoever is still waiting for it is let go, and nobody starts another."""
    (tmp_path / "a.pdf").write_bytes(a_pdf())
    with closing(Node(config=office().config)) as node:
        plan = node.lanes()["deliver"]
        (deliver,) = [flow for flow in plan.flows if isinstance(flow, Deliver)]
        looking = deliver.door.examines
        look = partial(looking.look, tmp_path / "a.pdf", now=T0, within=timedelta(minutes=1))
        assert looking.opener.pid is None
        look()
        pid = looking.opener.pid
        assert Path(f"/proc/{pid}").exists()
        (plan.close if end == "the lane" else node.hang_up)()

        assert not Path(f"/proc/{pid}").exists()
        with pytest.raises(ChildMissing):
            look()
