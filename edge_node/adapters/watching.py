"""
Sees what is wrong with a node now: in the tables of the queue, on its disks, in its folders.

It looks and enters nothing; what becomes of a sighting is `edge_node.domain.incidents`' affair.
No sentence here names a person or the subject of a document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.archives import HINDERED, last_carried, last_made
from edge_node.adapters.canaries import Canaries
from edge_node.adapters.database import moment, stamp
from edge_node.adapters.deaths import died
from edge_node.adapters.expiring import Expiring
from edge_node.adapters.marks import Marks
from edge_node.adapters.pauses import Pauses
from edge_node.domain.alarms import DUTIES, Sighting, Watched
from edge_node.domain.deadlines import Duty, Stage
from edge_node.domain.expiry import PAST, Holder, days_left
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import say, thaw
from edge_node.domain.time import in_vietnam, iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from edge_node.adapters.backup import Backup
    from edge_node.adapters.database import QueueFile
    from edge_node.adapters.directory import Directory
    from edge_node.adapters.measuring import Left
    from edge_node.adapters.pauses import Pause
    from edge_node.domain.alarms import Rule
    from edge_node.domain.message import Message

_MOST: Final = 1000  # of one kind: whoever has more wrong needs no list of it
_MB: Final = 1 << 20
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
AXIS: Final = "axis"
CLOCK: Final = "clock"
_BEGUN: Final = "alarms.begun"  # the mark of when somebody looked first
_SEEN: Final = "alarms.events"  # the mark of the last event that was looked at

_DUTY: Final = """
select item, agency, at from alarms where what = :what and over is null
 order by at, item limit :most
"""
# (What a person keeps back waits for that person, who knows.)
_OUT: Final = """
select item, receiver as agency, at from fates
 where state = :state and at <= :before and kept = 0
 order by at, item limit :most
"""
_IN: Final = """
select id as item, sender as agency, at from incoming
 where message = 'edoc' and state = :state and created <= :before and at <= :before
 order by created limit :most
"""
_ASIDE: Final = """
select id as item, sender as agency, at from incoming
 where message in ('edoc', 'status') and state = 'quarantined' and at >= :begun
 order by created limit :most
"""
_LAST: Final = "select coalesce(max(id), 0) as id from events"
# ('lost' and the like of statuses are named `report …`.)
_NEWS: Final = """
select id, item, at, event, agency from events
 where id > :after and id <= :last
   and event in ('refused', 'dead', 'report refused', 'report dead', 'warned', 'repeated')
   and not exists (select 1 from incoming
                    where incoming.id = events.item and incoming.message = 'canary')
 order by id limit :most
"""
_DUPLICATES: Final = frozenset({"warned", "repeated"})
_OVERDUE: Final[Mapping[Duty, Message]] = {
    Duty.DISPATCH: say("{id} is not sent to {agency} in time"),
    Duty.RECEIPT: say("the receipt (01) of {id} is not given to {agency}"),
    Duty.UNHEARD: say("{agency} gave no receipt (01) of {id}"),
    Duty.DUE: say("{id} from {agency} is not finished by its date"),
    Duty.UNTAKEN: say("nobody took {id} from {agency} out of the inbox"),
    Duty.ANSWER: say("the request about {id} is not answered by {agency}"),
    Duty.DESTROY: say("{id} was given back and is not destroyed yet"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where things lie, and what the configuration says of them."""

    left: Callable[[], Mapping[str, Left] | None]  # of each folder; None: they do not answer
    keys: tuple[str, ...]  # the names of those the agency signs with
    copies: Callable[[], Sequence[Backup] | None]  # None: their folder does not answer
    backup_every: timedelta
    directory: Directory | None  # None: none is kept
    stale_after: timedelta
    canary_within: timedelta | None  # None: no canary flies
    archive_every: timedelta | None = None  # None: none is made by itself
    carried_by: str = ""  # the program that carries archives elsewhere; empty: none does


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """Whoever looks; ``flows`` tells when each last met no obstacle."""

    file: QueueFile
    places: Places
    flows: Callable[[], Mapping[str, datetime]] = dict

    def look(self, now: datetime) -> Look:
        """Return what is wrong now."""
        return Look(self, now)


@dataclass
class Look:
    """One look: what it needs is read once."""

    watching: Watching
    now: datetime
    marks: dict[str, str] = field(default_factory=dict)  # how far it looked, to be entered

    def sightings(self, rule: Rule) -> Sequence[Sighting]:
        """Return what is wrong by one rule, each thing once."""
        found = _LOOKS.get(rule.watch, Look.duty)(self, rule)
        return list({each.about: each for each in found}.values())

    # ── documents ────────────────────────────────────────────────────────────────────────────

    def duty(self, rule: Rule) -> Iterator[Sighting]:
        """Yield what is not done in time."""
        duty = DUTIES[rule.watch]
        stages = (Stage.LATE,) if rule.stage is Stage.LATE else (Stage.LATE, Stage.SOON)
        for stage in stages:
            values = {"what": f"{duty} {stage}", "most": _MOST}
            for row in self._file.rows(_DUTY, values):
                words = _named(_OVERDUE[duty], row["item"], row["agency"])
                yield _of(row["item"], row["agency"], words, row["at"])

    def state(self, rule: Rule) -> Iterator[Sighting]:
        """Yield documents that do not move on."""
        sql = _OUT if rule.state in set(Sending) else _IN
        before = stamp(self.now - rule.longer_than)
        for row in self._file.rows(sql, {"state": rule.state, "before": before, "most": _MOST}):
            words = say(
                "{id} ({agency}) has been {state} since {when}",
                id=row["item"],
                agency=row["agency"],
                state=rule.state,
                when=_clock(moment(row["at"])),
            )
            yield _of(row["item"], row["agency"], words, row["at"])

    def quarantine(self, _: Rule) -> Iterator[Sighting]:
        """Yield what was set aside for a person."""
        values = {"begun": stamp(self._begun), "most": _MOST}
        for row in self._file.rows(_ASIDE, values):
            words = say("{id} from {agency} was set aside", id=row["item"], agency=row["agency"])
            yield _of(row["item"], "", words, row["at"])

    def duplicate(self, _: Rule) -> Iterator[Sighting]:
        """Yield what came twice since the last look."""
        for row in self._news:
            if row["event"] in _DUPLICATES:
                words = say("{id} came twice, or bears the number of another", id=row["item"])
                yield _of(str(row["item"]), "", words, row["at"])

    def refused(self, _: Rule) -> Iterator[Sighting]:
        """Yield what does not reach its receiver, as of the last look."""
        for row in self._news:
            if row["event"] not in _DUPLICATES:
                words = say(
                    "{id} does not reach {agency}: {state}",
                    id=row["item"],
                    agency=row["agency"],
                    state=str(row["event"]).removeprefix("report "),
                )
                yield _of(str(row["item"]), str(row["agency"]), words, row["at"])

    # ── the axis, and the node itself ────────────────────────────────────────────────────────

    def axis(self, _: Rule) -> Iterator[Sighting]:
        """Yield an axis that cannot be reached."""
        for pause in self._pauses:
            if pause.what == AXIS:
                words = say("the axis cannot be reached: {reason}", reason=pause.reason)
                yield Sighting(about=AXIS, words=words, since=pause.since)

    def clock(self, _: Rule) -> Iterator[Sighting]:
        """Yield a clock that is off."""
        for pause in self._pauses:
            if pause.what == CLOCK:
                yield Sighting(about=CLOCK, words=pause.reason, since=pause.since)

    def flow(self, rule: Rule) -> Iterator[Sighting]:
        """Yield parts of the node that rest, hang or died."""
        rests = {pause.what: pause for pause in self._pauses}
        for what, pause in rests.items():
            if what not in {AXIS, CLOCK}:
                words = say("{flow} rests: {reason}", flow=what, reason=_nameless(pause.reason))
                yield Sighting(about=what, words=words, since=pause.since)
        last = self.watching.flows()
        if AXIS not in rests:  # else it is what they wait for
            for flow, at in last.items():
                if flow not in rests and self.now - at > rule.longer_than:
                    words = say("{flow} has done nothing since {when}", flow=flow, when=_clock(at))
                    yield Sighting(about=flow, words=words, since=at)
        for flow, at in died(self._marks).items():
            if self.now - at < _DAY:
                words = say("{flow} died at {when}", flow=flow, when=_clock(at))
                told = at - rule.longer_than  # there is nothing to wait for
                yield Sighting(about=f"{flow} †", words=words, since=told)

    def canary(self, _: Rule) -> Iterator[Sighting]:
        """Yield a canary that is missing, or may not fly."""
        canaries, within = Canaries(self._file), self.watching.places.canary_within
        if within is None:
            return
        no = canaries.refused()
        if no is not None:
            words = say(
                "the axis takes no document of ours to ourselves, so no canary is sent: {reason}",
                reason=no,
            )
            yield Sighting(about="canary", words=words, stage="refused")
            return
        missing = canaries.missing(self.now - within)
        if missing is not None:
            words = say(
                "the canary of {when} has not come back through the axis", when=_clock(missing)
            )
            yield Sighting(about="canary", words=words, stage="missing")

    # ── what runs out ────────────────────────────────────────────────────────────────────────

    def certificate(self, rule: Rule) -> Iterator[Sighting]:
        """Yield certificates that run out."""
        for one in Expiring(self._marks).of_keys(self.watching.places.keys):
            reached = rule.threshold(one.ends, self.now)
            if reached is None:
                continue
            is_key = one.holder is Holder.KEY
            name = one.name if is_key else one.fingerprint[:16]
            day, days = f"{in_vietnam(one.ends):%d/%m/%Y}", days_left(one.ends, self.now)
            if reached == PAST:
                words = say("the certificate {name} ran out on {day}", name=name, day=day)
            else:
                words = say(
                    "the certificate {name} runs out on {day}, in {days} days",
                    name=name,
                    day=day,
                    days=days,
                )
            about = f"{one.holder} {name} {one.fingerprint[:8]}"
            yield Sighting(about=about, words=words, stage=str(reached))

    def disk(self, rule: Rule) -> Iterator[Sighting]:
        """Yield disks with little space."""
        if self._left is None:
            yield Sighting(about="folders", words=say("the folders of the node do not answer"))
        for name, left in (self._left or {}).items():
            if left.space < rule.below:
                words = say(
                    "only {left} MB are left on the disk of folders.{folder}",
                    left=left.space // _MB,
                    folder=name,
                )
                yield Sighting(about=name, words=words)

    def inodes(self, rule: Rule) -> Iterator[Sighting]:
        """Yield disks that take few more files."""
        for name, left in (self._left or {}).items():
            if left.inodes is not None and left.inodes < rule.files:
                words = say(
                    "only {left} more files fit on the disk of folders.{folder}",
                    left=left.inodes,
                    folder=name,
                )
                yield Sighting(about=name, words=words)

    def directory(self, _: Rule) -> Iterator[Sighting]:
        """Yield lists of agencies that are not believed, or too old."""
        places = self.watching.places
        for which, known in places.directory.standing().items() if places.directory else ():
            if known.problem is not None:
                yield Sighting(about=str(which), words=known.problem, since=known.asked)
            elif known.synced is None or self.now - known.synced > places.stale_after:
                words = say("the list of agencies {name} is out of date", name=str(which))
                yield Sighting(about=str(which), words=words)

    def backup(self, _: Rule) -> Iterator[Sighting]:
        """Yield that the queue was not copied for long, or no archive was made."""
        places = self.watching.places
        yield from self._archives(places.archive_every)
        yield from self._carried(places.archive_every, places.carried_by)
        copies = places.copies()
        if copies is None:
            words = say("the folder of the copies of the queue does not answer")
            yield Sighting(about="backup", words=words)
            return
        last = max((each.at for each in copies), default=None)
        since = self._begun if last is None else last
        if self.now - since > 2 * places.backup_every + _HOUR:
            words = say("the queue was last copied at {when}", when=_clock(since))
            if last is None:
                words = say("the queue was never copied")
            yield Sighting(about="backup", words=words)

    def _archives(self, every: timedelta | None) -> Iterator[Sighting]:
        last = last_made(Marks(self._file))
        since = self._begun if last is None else last
        if every is None or self.now - since <= 2 * every + _HOUR:
            return
        words = say("the last archive of this node was made at {when}", when=_clock(since))
        if last is None:
            words = say("no archive of this node was ever made")
        yield Sighting(about="archive", words=words)

    def _carried(self, every: timedelta | None, by: str) -> Iterator[Sighting]:
        reason, last = thaw(self._marks.get(HINDERED) or ""), last_carried(self._marks)
        if every is None or not by or (last is not None and self.now - last <= 2 * every + _HOUR):
            return
        if reason is not None:
            words = say(
                "archives are not carried elsewhere by {program}: {reason}",
                program=by,
                reason=reason,
            )
        elif last is not None:
            words = say("the last archive carried elsewhere is of {when}", when=_clock(last))
        else:
            return  # it was not tried yet
        yield Sighting(about="carried", words=words)

    # ── what all of them need ────────────────────────────────────────────────────────────────

    @property
    def _file(self) -> QueueFile:
        return self.watching.file

    @cached_property
    def _marks(self) -> Marks:
        return Marks(self._file)

    @cached_property
    def _pauses(self) -> Sequence[Pause]:
        return Pauses(self._file).all()

    @cached_property
    def _left(self) -> Mapping[str, Left] | None:
        return self.watching.places.left()

    @cached_property
    def _begun(self) -> datetime:
        """When somebody looked first: what was before that is history."""
        known = self._marks.get(_BEGUN)
        if known is not None:
            return datetime.fromisoformat(known)
        self.marks[_BEGUN] = iso(self.now)
        return self.now.replace(microsecond=0)

    @cached_property
    def _news(self) -> Sequence[Mapping[str, object]]:
        """What happened since the last look; whoever looks first sees none of it."""
        known = self._marks.get(_SEEN)
        row = self._file.row(_LAST) or {"id": 0}
        last = int(row["id"])
        after = last if known is None else int(known)
        values = {"after": after, "last": last, "most": _MOST}
        found = self._file.rows(_NEWS, values) if after < last else []
        if after != last or known is None:
            # (A queue that was put back has fewer events than were seen.)
            self.marks[_SEEN] = str(found[-1]["id"] if len(found) == _MOST else last)
        return found


_LOOKS: Final[Mapping[Watched, Callable[[Look, Rule], Iterator[Sighting]]]] = MappingProxyType(
    {
        Watched.AXIS: Look.axis,
        Watched.STATE: Look.state,
        Watched.CERTIFICATE: Look.certificate,
        Watched.DISK: Look.disk,
        Watched.INODES: Look.inodes,
        Watched.CLOCK: Look.clock,
        Watched.QUARANTINE: Look.quarantine,
        Watched.DUPLICATE: Look.duplicate,
        Watched.REFUSED: Look.refused,
        Watched.FLOW: Look.flow,
        Watched.DIRECTORY: Look.directory,
        Watched.BACKUP: Look.backup,
        Watched.CANARY: Look.canary,
    }
)


def _of(item: str, agency: str, words: Message, at: object) -> Sighting:
    assert isinstance(at, int)  # noqa: S101 - the tables' own stamp
    return Sighting(about=f"{item} {agency}".strip(), words=words, since=moment(at))


def _named(words: Message, item: str, agency: str) -> Message:
    return type(words)(words.template, {"id": item, "agency": agency or "?"})


def _nameless(words: Message) -> Message:
    """Return a reason without the names in it: a folder may be called after its document."""

    def shown(name: str, value: object) -> object:
        if isinstance(value, type(words)):
            return _nameless(value)
        is_plain = not isinstance(value, str) or (name == "reason" and "/" not in value)
        return value if is_plain else "…"

    values = {name: shown(name, value) for name, value in words.values.items()}
    return type(words)(words.template, values)


def _clock(at: datetime) -> str:
    return f"{in_vietnam(at):%H:%M %d/%m/%Y}"
