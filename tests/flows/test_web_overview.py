"""What the overview tells of a node: all there is to see to, and how it fares."""

import os
import shutil
import threading
from dataclasses import replace
from datetime import timedelta

from web_world import NONSENSE, a_visitor, an_office

from edge_node.adapters.canaries import Canaries, canary_id
from edge_node.adapters.incidents import Incidents
from edge_node.adapters.learning import UNREAD
from edge_node.adapters.lock import locked
from edge_node.adapters.pauses import Pause, Pauses
from edge_node.config.alarms import CanarySection
from edge_node.domain.alarms import Rule, Severity, Sighting, Watched
from edge_node.domain.halting import Halt
from edge_node.domain.incidents import Change, Turn
from edge_node.domain.message import say
from edge_node.node.halting import halt_order


def overview(clerk):
    """Return the page in English."""
    return clerk.get("/", **{"Accept-Language": "en"}).text


def raise_alarm(clerk, about, words, severity=Severity.WARNING):
    """Enter an incident as the node does that watches."""
    rule = Rule(name="a-rule", watch=Watched.AXIS, severity=severity)
    change = Change(turn=Turn.RAISED, rule=rule, sighting=Sighting(about=about, words=words))
    now = clerk.office.ours.now
    Incidents(clerk.office.ours.queue.file).enter([change], now=now, due=None, marks={})


def test_what_waits_for_a_person_is_counted_and_a_click_away(clerk):
    """Set aside, kept back; of nothing nothing is said."""
    page = overview(clerk)
    assert "wait for a person" not in page
    assert "keeps back" not in page
    ours, items = clerk.office.ours, clerk.office.items
    halt_order(ours.node).halt(items["103"], Halt.HOLD, (), now=ours.now)
    clerk.world.put(ours.code, NONSENSE)
    ours.turn()
    page = overview(clerk)
    aside = '/documents?way=in&amp;state=quarantined">Documents that were set aside, and wait for'
    assert f"{aside} a person: 1.</a>" in page
    assert "Documents that somebody keeps back, until they are let go: 1.</a>" in page


def test_it_stands_at_the_top_that_nothing_is_sent(clerk):
    """Beside whether the node runs."""
    assert "sending is paused" not in overview(clerk)
    clerk.office.ours.node.sends.pause(now=clerk.office.ours.now)
    assert '<span class="chip g-late">sending is paused</span>' in overview(clerk)


def test_alarms_that_are_open_are_told_with_the_document_they_are_about(clerk):
    """The gravest in its own colour; ten of them, and how many more there are."""
    item = clerk.office.items["102"]
    raise_alarm(clerk, "data", say("{what} is nearly full", what="the disk"), Severity.URGENT)
    raise_alarm(clerk, item, say("{id} was refused", id=item))
    page = overview(clerk)
    assert "Alarms that are open (2)" in page
    assert f'<a href="/documents/{item}">{item} was refused.</a>' in page
    assert '<li class="i-urgent">' in page
    assert "The disk is nearly full." in page
    for number in range(9):
        raise_alarm(clerk, f"folder {number}", say("a folder is full"))
    page = overview(clerk)
    assert "Alarms that are open (11)" in page
    assert '<p class="note">+1</p>' in page


def test_a_folder_that_is_missing_is_said_with_its_cure(clerk):
    """Whether or not a node runs that would say so; once, where it does."""
    exchange = clerk.office.ours.config.folders.exchange
    shutil.rmtree(exchange / "inbox")
    page = overview(clerk)
    assert f"The folder {exchange}/inbox is not there." in page
    assert "edge-node init" in page
    with locked(clerk.office.ours.config.folders.data):
        seen = clerk.desk.places.look()
        now, why = clerk.office.ours.now, seen.error.message
        pause = Pause(what="pull", since=now, reason=why, until=now)
        Pauses(clerk.office.ours.queue.file).put(pause)
        assert overview(clerk).count(f"{exchange}/inbox is not there") == 1


def test_a_share_that_hangs_keeps_no_page_waiting(clerk):
    """It is said that it does not answer; one thread looks, however many pages ask."""
    exchange = clerk.office.ours.config.folders.exchange
    identity = (exchange / ".edge-node").read_bytes()
    (exchange / ".edge-node").unlink()
    os.mkfifo(exchange / ".edge-node")  # whoever opens it waits, as on a server that is gone
    for _ in range(2):
        assert f"{exchange} does not answer." in overview(clerk)
    [looking] = [each for each in threading.enumerate() if each.name == "places"]
    (exchange / ".edge-node").write_bytes(identity)
    looking.join()
    (exchange / ".edge-node").unlink()
    (exchange / ".edge-node").write_bytes(identity)
    assert "does not answer" not in overview(clerk)


def test_folders_nobody_knows_are_named(clerk):
    """Those whose papers could not be read, as long as they lie there."""
    ours = clerk.office.ours
    folder = ours.config.folders.exchange / "sent" / "2026" / "11" / "20" / "strange"
    folder.mkdir(parents=True)
    ours.queue.marks.put(UNREAD, '["sent/2026/11/20/strange"]')
    page = overview(clerk)
    assert "Folders that are not known here, and whose papers cannot be read: 1." in page
    assert "<p>sent/2026/11/20/strange" in page
    folder.rmdir()
    assert "whose papers cannot be read" not in overview(clerk)


def test_the_canary_is_told_of_where_one_is_sent(world):
    """When it was last back and after how long; that one is missing; that none ever came."""
    office = an_office(world)
    ours = office.ours
    section = CanarySection(every=timedelta(hours=1), expect_within=timedelta(minutes=15))
    with a_visitor(office.desk()) as clerk:
        clerk.enter()
        assert "Canary" not in overview(clerk)
        clerk.desk.node.config = replace(ours.config, canary=section)
        assert "Canary: no canary has come back yet" in overview(clerk)
        canaries = Canaries(ours.queue.file)
        package = ours.queue.outgoing.envelope(office.items["103"], office.theirs.code).package
        canaries.send(canary_id(), package, own=ours.code, now=ours.now)
        ours.later(minutes=20)
        assert "no canary came back since today 08:00" in overview(clerk)
        with ours.queue.file.transaction() as transaction:
            transaction.execute("update canaries set back = sent + 7000", {})
        assert "Canary: last back today 08:00, after 7 seconds" in overview(clerk)
