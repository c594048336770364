"""What an agency lives through before a release is left behind: every state, both ways."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dropping import PDF
from flows_world import a_sheet
from packages import a_document, a_part, golden_status, written
from recall_world import drop_recall
from signed_pdfs import a_pdf

from edge_node.adapters.dev_log import DevLog
from edge_node.config import IncomingSection
from edge_node.daemon.anchoring import Anchoring
from edge_node.domain.directory import Known
from edge_node.domain.halting import Halt
from edge_node.domain.signing import DoorAction
from edge_node.node.alarming import NodeAlarms
from edge_node.node.halting import halt_order
from edge_node.protocol import edxml

if TYPE_CHECKING:
    from pathlib import Path

# How our documents stand in the end, by their numbers; what their names promise no release breaks.
OUT = {
    "1": "delivered",
    "2": "accepted",
    "3": "refused",
    "4": "dead",
    "5": "held",
    "6": "recalled",  # withdrawn before it left
    "7": "recalled",  # given back by its receiver
    "70": "delivered",  # the recall of it
    "8": "unsure",  # no answer came, and the axis does not have it
    "9": "queued",  # in hand when the power went
    "10": "queued",
}
# How what came stands; and 11, which the software has dropped and nobody has looked at.
IN = {"received", "acknowledged", "delivered", "taken", "repeated", "quarantined", "returned"} | {
    "parked",
    "recalled",
}
# What the next release has still to send and to hand over.
TO_SEND = ("8", "9", "10", "11")
TO_DELIVER = ("24", "25")


def life_before(world: Any, gate: Any, us: Any, folder: Path) -> Any:
    """Live through all that can become of documents; return the desk it ended at."""
    them = world.desk()
    us.turn("synchronise", "canary", "push")
    us.later(seconds=5)
    us.turn()
    us.node.directory.update.know([Known(code="H01.9", name="Sở Nội vụ", aliases=("H01.8",))])
    NodeAlarms(us.node).alarming.turn(us.now)  # what is wrong from the beginning is history
    us = _arrives(world, us, them, folder)
    _comes_to_an_end(us, them)
    Anchoring(node=us.node, syslog=DevLog(folder / "no-log")).look()
    us.node.safekeeping.back_up(us.now)
    us.later(days=1)
    us.turn()
    NodeAlarms(us.node).alarming.turn(us.now)
    _is_under_way(world, gate, us, them, folder)
    return us


def _arrives(world: Any, us: Any, them: Any, folder: Path) -> Any:
    """Take in what is done with: taken, repeated, kept aside, parked, sent back, given back."""
    offer(world, us, folder, "21")
    us.turn()
    us.inbox[0].rename(folder / "taken")
    us.turn()
    offer(world, us, folder, "21")
    world.put(us.code, b"<edXML>nonsense</edXML>", sender=them.code)
    world.put(us.code, edxml.write_status(golden_status()), message="status", sender=them.code)
    us.turn()
    us = _at_the_door(us, DoorAction.REFUSE)
    offer(world, us, folder, "22")
    us.turn()
    us = _at_the_door(us, DoorAction.DELIVER)
    theirs = letter(them, us, "31")
    _take_turns(them, us)
    drop_recall(them, theirs, us, name="32")
    _take_turns(them, us)
    (old,) = (each["id"] for each in us.letters() if each["number"] == "31")
    us.report("yes.json", id=old, status="15")
    _take_turns(us, them)
    return us


def _comes_to_an_end(us: Any, them: Any) -> None:
    """Send what is done with, one for each end there is."""
    letter(us, them, "1")
    letter(us, "H01.1", "3")
    withdrawn = letter(us, them, "7")
    _take_turns(us, them)
    drop_recall(us, withdrawn, them, name="70")
    _take_turns(us, them)
    (old,) = (each["id"] for each in them.letters() if each["number"] == "7")
    them.report("yes.json", id=old, status="15")
    _take_turns(us, them)
    for number, halt in (("4", Halt.EXPIRE), ("5", Halt.HOLD), ("6", Halt.CANCEL)):
        made = letter(us, them, number)
        halt_order(us.node).halt(made.id, halt, [them.code], now=us.now)
    us.turn()


def _is_under_way(world: Any, gate: Any, us: Any, them: Any, folder: Path) -> None:
    """Let the power go in the middle: dropped, in hand, waiting, unsure, received."""
    letter(us, them, "2")
    us.turn()
    gate.said["sendEdoc"] = {"sorry": "a proxy's own words"}
    letter(us, them, "8")
    us.turn("push")
    gate.said.clear()
    offer(world, us, folder, "23")
    us.turn("pull", "acknowledge", "deliver")
    offer(world, us, folder, "24")
    us.turn("pull", "acknowledge")
    offer(world, us, folder, "25")
    us.turn("pull")
    letter(us, them, "9")
    us.cut_off("push", "axis", "send")
    letter(us, them, "10")
    us.drop("11", {"van-ban.pdf": PDF}, **a_sheet("van-ban.pdf", to=them.code, number="11"))


def letter(desk: Any, to: Any, number: str) -> Any:
    """Have the software drop a letter, and take it in; return the document."""
    desk.later(minutes=1)
    code = to if isinstance(to, str) else to.code
    desk.drop(number, {"van-ban.pdf": PDF}, **a_sheet("van-ban.pdf", to=code, number=number))
    desk.turn("intake")
    return next(each for each in desk.ledger.outbound(limit=99) if each.name == number)


def offer(world: Any, desk: Any, folder: Path, number: str) -> None:
    """Have the axis offer a document of an agency without a node."""
    document = a_document(receivers=(desk.config.agency.organization,))
    package = written(document, [a_part(folder, "cv.pdf", a_pdf(text=f"Decision {number}"))])
    for old, new in ((">12<", f">{number}<"), (",12/", f",{number}/")):
        package = package.replace(old.encode(), new.encode())
    world.put(desk.code, package, sender=list(world.settings.members)[-1])


def _take_turns(*desks: Any) -> None:
    for _ in range(4):
        for desk in desks:
            desk.later(minutes=2)
            desk.turn()


def _at_the_door(desk: Any, unsigned: DoorAction) -> Any:
    """Let the agency be strict about signatures, or no more."""
    desk.node.close()
    door = replace(desk.config.door, incoming=IncomingSection(unsigned=unsigned))
    desk.config = replace(desk.config, door=door)
    desk.restart()
    return desk
