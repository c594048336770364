"""The queue and who works on it: a sound file, a running daemon, a witness that goes with it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.backup import Backups
from edge_node.adapters.safekeeping import demand_not_lost
from edge_node.adapters.sends import tally_of
from edge_node.adapters.service_unit import to_start
from edge_node.adapters.soundness import Unfinished, glance, read_only
from edge_node.adapters.waybills import Waybills
from edge_node.adapters.witness import Witness
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, broken_by, good, unknown, warn
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding

# A gigabyte in memory takes a second, from a slow disk ten.
_WITHIN: Final = timedelta(seconds=20)


def _look(situation: Situation) -> Iterator[Finding]:
    folders = situation.config.folders
    yield _running(situation)
    try:
        demand_not_lost(folders.queue, Backups(folders.backups), Waybills(folders.spool / "items"))
        if not folders.queue.exists():
            why = say("no node has worked in {path} yet", path=str(folders.data))
            yield warn("queue.integrity", why, to_start(situation.unit))
            return
        glance(folders.queue, within=_WITHIN)
    except Unfinished as error:
        yield unknown(
            "queue.integrity", error.message, say("the node looks it through once a day")
        )
        return
    except EdgeNodeError as error:
        yield broken_by("queue.integrity", error, about=str(folders.queue))
        return
    yield good("queue.integrity", say("the queue is a sound database"), about=str(folders.queue))
    yield _witnessed(situation)


def _running(situation: Situation) -> Finding:
    if situation.process is None:
        return warn(
            "node.running",
            say("no node is running on this configuration"),
            to_start(situation.unit),
        )
    why = say("the node is running (process {pid})", pid=situation.process)
    return good("node.running", why, process=situation.process)


def _witnessed(situation: Situation) -> Finding:
    """Compare the two counts in the order that whoever counts meanwhile cannot mislead."""
    folders = situation.config.folders
    try:
        witnessed = Witness(folders.witness).count()
        with read_only(folders.queue) as connection:
            tally = tally_of(connection)
    except EdgeNodeError as error:
        return broken_by("queue.witness", error, about=str(folders.witness))
    if tally.held:
        return bad(
            "queue.witness",
            say("sending is paused: this data folder is a copy or an older state"),
            say("`edge-node status` says since when; let it go on from here: edge-node adopt"),
            about=str(folders.witness),
        )
    if tally.counted is None:
        return good("queue.witness", say("nothing has been sent from here yet"))
    if witnessed is None or witnessed > tally.counted:
        return bad(
            "queue.witness",
            say("the witness {path} does not go with this queue", path=str(folders.witness)),
            say("put the one back that belongs to it: without it the node takes data for a copy"),
            about=str(folders.witness),
        )
    return good(
        "queue.witness", say("the witness goes with the queue"), about=str(folders.witness)
    )


CHECK: Final = Check(id="queue", rank=50, look=_look, within=_WITHIN + timedelta(seconds=10))
