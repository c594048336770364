"""People are told what is wrong: once an incident, when it is over, and not in the night."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from mailbox import a_mail_server

import pytest
from apprise import NotifyBase
from apprise.manager_plugins import NotificationManager
from dropping import PDF
from flows_world import a_sheet
from loopback import http_server, raw_server
from packages import a_document, written

from edge_node.adapters.canaries import Canaries
from edge_node.adapters.deaths import note_death
from edge_node.adapters.expiring import Expiring
from edge_node.adapters.pauses import Pause, Pauses
from edge_node.adapters.steps import Phase, Step, listening
from edge_node.adapters.tellings import Tellings
from edge_node.daemon.alarms import AlarmsAtWork, alarms_of
from edge_node.daemon.lanes import Lane
from edge_node.domain.breaker import AxisDown
from edge_node.domain.errors import ConfigError, DiskTrouble
from edge_node.domain.expiry import Certified, Holder
from edge_node.domain.halting import Halt
from edge_node.domain.message import say
from edge_node.domain.time import VIETNAM
from edge_node.node import Node
from edge_node.node.alarming import NodeAlarms
from edge_node.node.halting import halt_order

N_MGR = NotificationManager()
SECRET = "s3cretpassword"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


THURSDAY = at("2026-11-19T09:00")


class Watch:
    """A desk with somebody to tell: what he was told by webhook and by mail."""

    def __init__(self, desk, hook, mail):
        """Begin on a Thursday at work."""
        self.desk, self.hook, self.mail = desk, hook, mail
        desk.now = THURSDAY
        self.look()  # what is there from the beginning is history

    @property
    def alarms(self):
        """The alarms of the node as it is now."""
        return NodeAlarms(self.desk.node)

    def look(self, *, later=timedelta()):
        """Look, and send what is due; return whether everybody was reached."""
        self.desk.now += later
        self.alarms.alarming.turn(self.desk.now)
        return not self.alarms.incidents.anything_due(self.desk.now) or self.send()

    def send(self):
        """Send what is due."""
        while len(self.hook.answers) < 9:
            self.hook.will_say(b"")
        return self.alarms.send()

    @property
    def told(self):
        """Return the title of each message the webhook got, and its lines."""
        said = [json.loads(request.body) for request in self.hook.requests]
        return [(each["title"], each["message"].splitlines()) for each in said]

    def rest(self, what, *, since=None):
        """Have something of the node rest."""
        pause = Pause(what=what, since=since or self.desk.now, until=None, reason=say("no answer"))
        self.pauses.put(pause)

    def goes_on(self, what):
        """Have it go on."""
        pauses = self.pauses
        pauses._written[what] = (0, None, "")
        pauses.clear(what)

    @property
    def pauses(self):
        """What rests."""
        return Pauses(self.desk.queue.file)


@pytest.fixture
def hook():
    with http_server() as server:
        yield server


@pytest.fixture
def mail():
    with a_mail_server() as server:
        yield server


@pytest.fixture
def watch(world, hook, mail, tmp_path):
    """Give a node that tells a webhook of everything, in English."""
    return a_watch(world, hook, mail, tmp_path)


def a_watch(world, hook, mail, folder, *, text="", lines=None, **alarms):
    urls = folder / "urls"
    named = lines or [f"duty json://{hook.url.removeprefix('http://')}/{SECRET}"]
    urls.write_text("\n".join(named))
    urls.chmod(0o600)
    section = {"urls_file": str(urls), "digest": False, "calm": timedelta()} | alarms
    if text:
        section["rules"] = folder / "rules.yaml"
        section["rules"].write_text(text, encoding="utf-8")
    desk = world.desk(alarms=section)
    desk.config = replace(desk.config, language="en")
    desk.restart()
    return Watch(desk, hook, mail)


HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
RULE = "rules:\n  - {name: axis, watch: axis, longer_than: 15m}\n"


# ── once an incident ─────────────────────────────────────────────────────────────────────────────


def test_an_axis_that_is_down_is_told_once_and_that_it_is_back_once(watch):
    """Not before it lasts, and however often somebody looks."""
    watch.rest("axis")
    watch.look(later=14 * MINUTE)
    assert watch.told == []
    for _ in range(4):
        watch.look(later=MINUTE)
    [(title, lines)] = watch.told
    assert title == f"edge-node {watch.desk.code}: alarms: 1"
    assert lines[0] == "• the axis cannot be reached: no answer"
    assert "edge-node doctor" in lines[1]

    watch.goes_on("axis")
    for _ in range(4):
        watch.look(later=MINUTE)
    assert [title for title, _ in watch.told[1:]] == [f"edge-node {watch.desk.code}: over: 1"]
    assert watch.told[1][1] == ["• over: the axis cannot be reached: no answer"]


def test_one_that_begins_again_is_a_new_incident(watch):
    for _ in range(2):
        watch.rest("axis")
        watch.look(later=20 * MINUTE)
        watch.goes_on("axis")
        watch.look(later=MINUTE)
    assert len(watch.told) == 4
    assert len(watch.alarms.incidents.past(9)) == 2


def test_one_that_flickers_is_one_incident(world, hook, mail, tmp_path):
    """Gone for less than `calm` it was never over."""
    watch = a_watch(world, hook, mail, tmp_path, calm=5 * MINUTE)
    for _ in range(6):
        watch.rest("axis", since=watch.desk.now)
        watch.look(later=4 * MINUTE)
        watch.goes_on("axis")
        watch.look(later=2 * MINUTE)
    assert len(watch.told) == 1
    watch.look(later=6 * MINUTE)
    assert len(watch.told) == 2


def test_a_restart_in_between_neither_loses_nor_doubles(watch):
    """Of an incident, of its end, and of a notice nobody has sent yet."""
    watch.rest("axis")
    watch.look(later=20 * MINUTE)
    watch.desk.restart()
    watch.look(later=MINUTE)
    assert len(watch.told) == 1

    watch.goes_on("axis")
    watch.alarms.alarming.turn(watch.desk.now)
    watch.desk.restart()
    watch.look(later=MINUTE)
    assert len(watch.told) == 2


def test_one_that_ends_between_taking_and_entering_is_told_twice_and_not_never(watch):
    """At least once: nobody can do better over a network."""
    watch.rest("axis")
    watch.alarms.alarming.turn(watch.desk.now + 20 * MINUTE)
    watch.desk.now += 20 * MINUTE
    with pytest.raises(RuntimeError), listening(cut_before_it_is_entered(watch.hook)):
        watch.send()
    watch.desk.restart()
    watch.look(later=MINUTE)
    assert len(watch.told) == 2
    watch.look(later=HOUR)
    assert len(watch.told) == 2


def cut_before_it_is_entered(hook):
    def listener(step, phase, _):
        if step is Step.COMMIT and phase is Phase.BEFORE and hook.requests:
            raise RuntimeError("the power went")

    return listener


def test_what_cannot_be_told_is_tried_again_and_does_not_hold_up_others(
    world, hook, mail, tmp_path, caplog
):
    """One mailbox is full: the webhook hears of it once, the mailbox when it has room."""
    lines = [
        f"group json://{hook.url.removeprefix('http://')}/",
        f"duty mailto://127.0.0.1:{mail.port}?from=node@example.vn&to=admin@example.vn&mode=insecure",
    ]
    watch = a_watch(world, hook, mail, tmp_path, lines=lines)
    mail.full = True
    watch.rest("axis")
    assert not watch.look(later=20 * MINUTE)
    assert not watch.look(later=MINUTE)
    assert Tellings(watch.desk.queue.file).waiting() == (1, 1)
    mail.full = False
    assert watch.look(later=5 * MINUTE)

    assert len(watch.told) == 1
    [letter] = mail.letters
    assert letter["Subject"] == f"edge-node {watch.desk.code}: alarms: 1"
    assert "cannot be reached" in letter.get_body().get_content()
    said = [record for record in caplog.records if record.message == "nobody was told"]
    assert len(said) == 1  # not with every try


def test_a_server_that_drips_is_cut_off_and_the_others_are_told(world, hook, mail, tmp_path):
    """It answers a byte now and then, which no time-out of a socket ends."""

    def drip(connection, over):
        while not over.wait(0.02):
            connection.sendall(b"x")

    with raw_server(drip) as dripping:
        lines = [
            f"a json://{dripping.removeprefix('http://')}/",
            f"b json://{hook.url.removeprefix('http://')}/",
        ]
        watch = a_watch(
            world, hook, mail, tmp_path, lines=lines, timeout=timedelta(milliseconds=300)
        )
        watch.rest("axis")
        assert not watch.look(later=20 * MINUTE)
        assert len(watch.told) == 1
        assert Tellings(watch.desk.queue.file).waiting() == (1, 1)


def test_a_plug_in_that_breaks_is_the_matter_of_its_address_alone(world, hook, mail, tmp_path):
    """Whatever it raises: the others are told, and nothing of its words is shown."""
    N_MGR.add(Breaking, schemas="breaking")
    lines = [f"a breaking://{SECRET}", f"b json://{hook.url.removeprefix('http://')}/"]
    watch = a_watch(world, hook, mail, tmp_path, lines=lines)
    watch.rest("axis")
    assert not watch.look(later=20 * MINUTE)
    assert len(watch.told) == 1
    [(_, reason), _] = watch.alarms.test([])
    assert str(reason) == "not taken: ZeroDivisionError"


class Breaking(NotifyBase):
    """A plug-in with a mistake."""

    service_name = "Breaking"
    templates = ("{schema}://{host}",)

    def send(self, *_args, **_values):
        """Break."""
        raise ZeroDivisionError(SECRET)

    def url(self, *_args, **_values):
        """Return nothing that anybody needs."""
        return "breaking://"


def test_on_a_disk_that_is_full_nobody_is_told_every_minute(watch):
    """It was told, and that cannot be entered: the next try is as far off as any other."""
    watch.rest("axis")
    watch.alarms.alarming.turn(watch.desk.now + 20 * MINUTE)
    watch.desk.now += 20 * MINUTE
    with listening(a_disk_that_takes_no_answer(watch.hook)):
        with pytest.raises(DiskTrouble):
            watch.send()
        for _ in range(5):
            watch.send()
    assert len(watch.told) == 1


def a_disk_that_takes_no_answer(hook):
    known = 0

    def listener(step, phase, _):
        nonlocal known
        told, known = len(hook.requests) > known, len(hook.requests)
        if step is Step.COMMIT and phase is Phase.BEFORE and told:
            raise DiskTrouble(say("no room left"))

    return listener


def test_a_child_that_cannot_send_is_said_once_and_tried_more_and_more_rarely(watch, caplog):
    """A file of addresses that somebody broke is not read every minute."""
    watch.rest("axis")
    watch.alarms.alarming.turn(watch.desk.now + 20 * MINUTE)
    watch.desk.now += 20 * MINUTE
    tries = watch.desk.config.folders.data / "tries"
    program = "import sys; open(sys.argv[1], 'a').write('x'); sys.exit(3)"
    command = (sys.executable, "-c", program, str(tries))
    node = Node(config=watch.desk.config, command=command, clock=lambda: watch.desk.now)
    alarms = AlarmsAtWork(node=node, alarms=NodeAlarms(node))
    for _ in range(3):
        alarms.look()
        if alarms._teller is not None:
            alarms._teller.join(20)
    node.close()
    assert tries.read_text() == "x"
    assert caplog.messages.count("notices could not be sent") == 1


def test_a_rule_that_cannot_be_looked_at_keeps_none_of_the_others_from_it(watch, caplog):
    """A mistake of ours in one is said once, with its place; what was wrong by it stays so."""
    watch.rest("deliver", since=THURSDAY - HOUR)
    watch.look()
    alarms = NodeAlarms(watch.desk.node, flows=lambda: 1 / 0)
    watch.rest("clock", since=THURSDAY - HOUR)
    for _ in range(3):
        watch.desk.now += MINUTE
        alarms.alarming.turn(watch.desk.now)
    assert {each.rule for each in alarms.incidents.raised()} == {"flow", "clock"}
    said = [record for record in caplog.records if "looked at" in record.message]
    assert [(record.rule, bool(record.exc_info)) for record in said] == [("flow", True)]


def test_what_could_not_be_told_for_days_is_given_up(watch, caplog):
    watch.rest("axis")
    watch.look(later=20 * MINUTE)
    watch.hook.answers.clear()
    watch.goes_on("axis")
    watch.alarms.alarming.turn(watch.desk.now)
    for _ in range(5):
        watch.hook.answers.clear()
        watch.hook.will_say(b"", 500)
        watch.alarms.send()
        watch.desk.now += 20 * HOUR
    assert Tellings(watch.desk.queue.file).waiting() == (0, 0)
    assert "nobody was told: given up" in caplog.messages


# ── when ─────────────────────────────────────────────────────────────────────────────────────────


def test_at_night_nobody_is_woken_but_told_in_the_morning(watch):
    watch.desk.now = at("2026-11-19T19:30")
    watch.rest("axis")
    watch.look(later=20 * MINUTE)
    watch.desk.now = at("2026-11-20T06:59")
    watch.look()
    assert watch.told == []
    watch.look(later=MINUTE)
    assert len(watch.told) == 1


def test_what_is_over_before_the_morning_is_never_told(watch):
    watch.desk.now = at("2026-11-19T22:00")
    watch.rest("axis")
    watch.look(later=20 * MINUTE)
    watch.goes_on("axis")
    watch.look(later=HOUR)
    watch.desk.now = at("2026-11-20T08:00")
    watch.look()
    assert watch.told == []
    assert len(watch.alarms.incidents.past(9)) == 1


def test_what_is_urgent_is_told_at_night(watch):
    watch.desk.now = at("2026-11-19T23:00")
    watch.rest("clock")
    watch.look(later=6 * MINUTE)
    [(title, _)] = watch.told
    assert title.startswith("[URGENT] ")


def test_rules_say_who_hears_of_what(world, hook, mail, tmp_path):
    """One is for the mailbox alone, one for the digest alone."""
    lines = [
        f"group json://{hook.url.removeprefix('http://')}/",
        f"duty mailto://127.0.0.1:{mail.port}?from=node@example.vn&to=admin@example.vn&mode=insecure",
    ]
    text = (
        "rules:\n  - {name: axis, watch: axis, to: [duty]}\n"
        "  - {name: clock, watch: clock, digest_only: true}\n"
    )
    watch = a_watch(world, hook, mail, tmp_path, lines=lines, text=text)
    watch.rest("axis")
    watch.rest("clock")
    watch.look(later=MINUTE)
    assert watch.told == []
    assert len(mail.letters) == 1
    assert len(watch.alarms.incidents.raised()) == 2


def test_a_digest_a_day_says_what_is_open_and_what_yesterday_brought(
    world, hook, mail, tmp_path, receiver
):
    watch = a_watch(world, hook, mail, tmp_path, digest=True)
    desk = watch.desk
    before = len(watch.told)
    desk.drop("a", {"a.pdf": PDF}, **a_sheet("a.pdf", to=receiver.code, date="2026-11-19"))
    desk.turn("intake", "push")
    watch.rest("axis")
    desk.now = at("2026-11-20T07:44")
    watch.look()
    watch.look(later=MINUTE)
    watch.look(later=MINUTE)

    *_, (title, lines) = watch.told
    assert len(watch.told) == before + 2  # the alarm itself, and the digest
    assert title == f"edge-node {desk.code}: digest of the day"
    assert lines[:4] == [
        "on 19/11/2026:",
        "documents taken in: 1",
        "documents the axis took: 1",
        "documents received: 0",
    ]
    assert lines[-2:] == ["open: 1", "the axis cannot be reached: no answer"]


def test_on_days_off_there_is_no_digest(world, hook, mail, tmp_path):
    watch = a_watch(world, hook, mail, tmp_path, digest=True)
    before = len(watch.told)
    watch.desk.now = at("2026-11-21T09:00")
    watch.look()
    watch.desk.now = at("2026-11-22T09:00")
    watch.look()
    assert len(watch.told) == before
    watch.desk.now = at("2026-11-23T08:00")
    watch.look()
    assert len(watch.told) == before + 1


def test_the_digest_after_days_off_tells_of_them_too(world, hook, mail, tmp_path, receiver):
    """What came on a Friday evening would else be in none: that of Monday told of Sunday."""
    watch = a_watch(world, hook, mail, tmp_path, digest=True)
    desk = watch.desk
    desk.now = at("2026-11-20T09:00")
    watch.look()
    desk.drop("a", {"a.pdf": PDF}, **a_sheet("a.pdf", to=receiver.code, date="2026-11-20"))
    desk.turn("intake", "push")
    for day in ("21", "22", "23"):
        desk.now = at(f"2026-11-{day}T08:00")
        watch.look()
    *_, (_, lines) = watch.told
    begin = lines.index("from 20/11/2026 to 22/11/2026:")
    assert lines[begin + 1] == "documents taken in: 1"


# ── of what ──────────────────────────────────────────────────────────────────────────────────────


def raised(watch, **later):
    """Look twice, as long apart as it takes, and return what is wrong: rule and words."""
    watch.look()
    watch.desk.now += timedelta(**later)
    watch.look()
    return {each.rule: str(each.words) for each in watch.alarms.incidents.raised()}


def test_a_document_that_is_not_sent_in_time(world, hook, mail, tmp_path):
    """It is named by its id, and by nothing of what is in it."""
    watch = a_watch(world, hook, mail, tmp_path)
    desk = watch.desk
    desk.drop(
        "a", {"a.pdf": PDF}, **a_sheet("a.pdf", to="H99.2", subject="Planted", date="2026-11-19")
    )
    desk.turn("intake")
    desk.now = at("2026-11-20T11:31")
    desk.turn("deadlines")
    watch.look()
    [item] = desk.ledger.outbound(limit=1)
    everything = str(watch.told)
    assert f"{item.id} is not sent to H99.2 in time" in everything
    assert f"{item.id} (H99.2) has been queued since" in everything
    assert "Planted" not in everything


def test_what_a_person_keeps_back_is_no_alarm(watch, receiver):
    """Who holds it knows; that it is not sent in time is told all the same."""
    desk = watch.desk
    desk.drop("a", {"a.pdf": PDF}, **a_sheet("a.pdf", to=receiver.code, date="2026-11-19"))
    desk.turn("intake")
    [item] = desk.ledger.outbound(limit=1)
    halt_order(desk.node).halt(item.id, Halt.HOLD, [], now=desk.now)
    assert "stuck-held" not in raised(watch, hours=1)


def test_what_is_set_aside_and_what_is_refused(watch, world):
    desk = watch.desk
    world.put(desk.code, written(a_document()))  # which is for somebody else
    desk.turn("pull", "acknowledge", "deliver")
    found = raised(watch)
    assert "was set aside" in found["quarantine"]

    desk.drop("a", {"a.pdf": PDF}, **a_sheet("a.pdf", to="H01.1", date="2026-11-19"))
    desk.turn("intake", "push")
    watch.look(later=MINUTE)
    past = {each.rule: str(each.words) for each in watch.alarms.incidents.past(9)}
    assert past["refused"].endswith("does not reach H01.1: refused")
    watch.look(later=HOUR)
    assert len([each for each in watch.alarms.incidents.past(9) if each.rule == "refused"]) == 1


def test_a_certificate_at_each_of_its_thresholds(watch):
    """Sixty days before, and thirty; that the first is over is no news."""
    watch.desk.config = replace(
        watch.desk.config, signing=replace(watch.desk.config.signing, keys=(A_KEY,))
    )
    watch.desk.restart()
    for days in (50, 45, 29):
        ends = watch.desk.now + timedelta(days=days, hours=1)
        one = Certified(
            holder=Holder.KEY, name="seal", fingerprint="ab" * 32, begins=THURSDAY, ends=ends
        )
        Expiring(watch.desk.queue.marks).note([one], now=watch.desk.now)
        watch.look(later=MINUTE)
    assert [lines[0].partition(", in ")[2] for _, lines in watch.told] == ["50 days", "29 days"]


class _Key:
    name = "seal"


A_KEY = _Key()


def test_disks_that_fill_up(world, hook, mail, tmp_path):
    text = (
        "rules:\n  - {name: disk, watch: disk, below: 999999GB}\n"
        "  - {name: inodes, watch: inodes, files: 100000000}\n"
    )
    watch = a_watch(world, hook, mail, tmp_path, text=text)
    assert "MB are left on the disk of folders." in raised(watch)["disk"]


def test_folders_that_do_not_answer_hold_up_nobody_who_looks(watch):
    """A share that is away lets a `stat` wait for ever: whoever looks gave up waiting."""
    alarms = NodeAlarms(watch.desk.node, left=lambda: None, copies=lambda: None)
    for _ in range(2):
        alarms.alarming.turn(watch.desk.now)
        watch.desk.now += 6 * MINUTE
    words = {each.rule: str(each.words) for each in alarms.incidents.raised()}
    assert words == {
        "disk": "the folders of the node do not answer",
        "backup": "the folder of the copies of the queue does not answer",
    }


def test_why_something_rests_is_told_without_the_names_of_folders(watch):
    """A drop may be called after what its document is about; letters pass through strangers."""
    reason = say("the node may not touch {path}: {reason}", path="/outbox/Planted", reason="No")
    watch.pauses.put(Pause(what="intake", since=THURSDAY - HOUR, until=None, reason=reason))
    assert raised(watch)["flow"] == "intake rests: the node may not touch …: No"


def test_a_part_of_the_node_that_rests_hangs_or_died(watch):
    watch.rest("deliver file", since=THURSDAY - HOUR)
    note_death(watch.desk.queue.marks, ["push"], now=THURSDAY)
    alarms = NodeAlarms(watch.desk.node, flows=lambda: {"pull": THURSDAY - HOUR})
    alarms.alarming.turn(watch.desk.now)
    assert {each.about for each in alarms.incidents.raised()} == {"deliver file", "pull", "push †"}


def test_flows_that_waited_for_the_axis_did_not_hang(world, hook, mail, tmp_path, gate):
    """Five hours without an axis, and a look before each of them has turned again."""
    watch = a_watch(world, hook, mail, tmp_path)
    desk = watch.desk
    desk.config = replace(desk.config, axis=replace(desk.config.axis, url=gate.url))
    desk.restart()
    lane = Lane(name="pull", flows=[Pull()], clock=lambda: desk.now)
    lane.succeeded["pull"] = desk.now
    alarms = alarms_of(desk.node, {"pull": lane}).alarms

    def hanging():
        alarms.alarming.turn(desk.now)
        return {each.about for each in alarms.incidents.raised() if each.rule == "flow"}

    gate.shut()
    with pytest.raises(AxisDown):
        desk.turn("pull")
    desk.later(hours=5)
    assert hanging() == set()
    gate.open()
    desk.turn("pull")
    desk.later(minutes=1)
    assert hanging() == set()
    desk.later(minutes=30)
    assert hanging() == {"pull"}


class Pull:
    """A flow that does nothing."""


def test_a_queue_that_was_not_copied_for_days(watch):
    assert raised(watch, days=2, hours=2)["backup"] == "the queue was never copied"
    watch.desk.node.safekeeping.back_up(watch.desk.now)
    assert "backup" not in raised(watch)


def test_a_canary_that_is_missing_and_one_that_is_refused(world, hook, mail, tmp_path, gate):
    """Back again it is over; refused it is said, and what to ask."""
    watch = a_watch(world, hook, mail, tmp_path)
    desk = watch.desk
    desk.config = replace(desk.config, canary=replace(desk.config.canary, every=HOUR))
    desk.restart()
    desk.turn("canary", "push")
    assert "has not come back" in raised(watch, minutes=20)["canary"]
    desk.turn("pull", "acknowledge", "deliver")
    assert "canary" not in raised(watch)
    assert {each.rule for each in watch.alarms.incidents.past(9)} == {"canary"}  # no duplicate

    desk.config = replace(desk.config, axis=replace(desk.config.axis, url=gate.url))
    gate.said = {"sendEdoc": {"status": "FAIL", "ErrorCode": "23", "ErrorDesc": "no", "data": []}}
    desk.restart()
    desk.later(hours=1)
    desk.turn("canary", "push")
    assert Canaries(desk.queue.file).refused() is not None
    assert "takes no document of ours to ourselves" in raised(watch)["canary"]


# ── whom, and what may be seen ───────────────────────────────────────────────────────────────────


def test_no_secret_of_a_url_is_seen_anywhere(watch, caplog):
    """Not in the log, the queue, an error, or what `alarms test` says of a failure."""
    caplog.set_level(logging.DEBUG)
    watch.rest("axis")
    watch.alarms.alarming.turn(watch.desk.now + 20 * MINUTE)
    watch.desk.now += 20 * MINUTE
    watch.hook.will_say(b"", 500)
    assert not watch.alarms.send()
    watch.hook.will_say(b"", 401)
    [(name, reason)] = watch.alarms.test([])

    assert name == "duty"
    assert "401" in str(reason)
    seen = str([vars(record) for record in caplog.records if record.name.startswith("edge")])
    for text in (seen, str(reason), str(watch.alarms.addresses()), dump(watch.desk)):
        assert SECRET not in text


def dump(desk):
    tables = ("incidents", "notices", "tellings", "events", "marks")
    return str([desk.queue.file.rows(f"select * from {table}") for table in tables])  # noqa: S608 - names of ours


def test_a_file_of_addresses_that_cannot_be_used_names_every_line_and_shows_none(tmp_path):
    from edge_node.adapters.addresses_file import read_addresses
    from edge_node.adapters.secret import SecretUnusable

    urls = tmp_path / "urls"
    urls.write_text(
        f"# ours\nduty\nduty json://x/ {SECRET}\n json://{SECRET}\nok json://a\nok json://b\n"
    )
    urls.chmod(0o644)
    with pytest.raises(SecretUnusable, match="everybody on this machine"):
        read_addresses(str(urls))
    urls.chmod(0o600)
    with pytest.raises(ConfigError) as caught:
        read_addresses(str(urls))
    assert len(caught.value.problems) == 3
    assert SECRET not in str(caught.value.problems)
    urls.write_text("ok json://a\nok json://b\n")
    assert [each.name for each in read_addresses(str(urls))] == ["ok", "ok.2"]


def test_without_anybody_to_tell_incidents_are_entered_all_the_same(world):
    desk = world.desk(alarms={"calm": timedelta()})
    desk.now = THURSDAY
    Pauses(desk.queue.file).put(
        Pause(what="clock", since=THURSDAY - HOUR, until=None, reason=say("off"))
    )
    alarms = NodeAlarms(desk.node)
    alarms.alarming.turn(desk.now)
    assert [each.rule for each in alarms.incidents.raised()] == ["clock"]
    assert not alarms.incidents.anything_due(desk.now)
    assert [each["event"] for each in desk.queue.file.rows("select event from events")] == [
        "alarm raised"
    ]
