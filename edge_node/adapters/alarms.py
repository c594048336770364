"""
What is still to be done by a deadline, and what people were warned of, once for each incident.

What is open is read from the tables of the queue as they stand; until when it has to be done is
`edge_node.domain.deadlines`' affair. An alarm is a row: since when (`at`), and since when it is
over; one that begins again is a new incident under the same name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment, stamp
from edge_node.adapters.history import note
from edge_node.domain.deadlines import Alarm, Duty, Open, Stage
from edge_node.domain.item import ItemId
from edge_node.domain.message import freeze

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row, Transaction
    from edge_node.domain.message import Message

# What ended without reaching the axis is open for a while: a person has it in hand, or has sent
# it anew under the same DocumentId.
_DISPATCH: Final = """
select fates.item, fates.receiver as agency, fates.state, documents.number, documents.notation,
       documents.promulgated as day, documents.created as since,
       coalesce(particulars.urgency, 0) as urgency
  from fates join documents on documents.id = fates.item
             left join particulars on particulars.item = fates.item
 where fates.state in ('queued', 'unsure')
 union all
select fates.item, fates.receiver, fates.state, documents.number, documents.notation,
       documents.promulgated, documents.created, coalesce(particulars.urgency, 0)
  from fates join documents on documents.id = fates.item
             left join particulars on particulars.item = fates.item
 where fates.state in ('held', 'refused', 'dead') and fates.at >= :since
   and not exists (
       select 1 from documents as newer join fates as theirs on theirs.item = newer.id
        where newer.document_id = documents.document_id and newer.sender = documents.sender
          and newer.created > documents.created and theirs.receiver = fates.receiver)
 limit :most
"""
_RECEIPT: Final = """
select envelopes.item, incoming.sender as agency, envelopes.state, incoming.code,
       '' as day, incoming.created as since, 0 as urgency
  from envelopes join incoming on incoming.id = envelopes.item
 where envelopes.message = 'status' and envelopes.status = '01'
   and envelopes.state in ('queued', 'unsure')
 union all
select envelopes.item, incoming.sender, envelopes.state, incoming.code, '', incoming.created, 0
  from envelopes join incoming on incoming.id = envelopes.item
 where envelopes.message = 'status' and envelopes.status = '01'
   and envelopes.state in ('held', 'refused', 'dead') and envelopes.created >= :since
 limit :most
"""
# (Nearly everything was heard of: the index holds what was not, and is named so that it is used.)
_UNHEARD: Final = """
select fates.item, fates.receiver as agency, fates.state, documents.number, documents.notation,
       '' as day, fates.at as since, 0 as urgency
  from fates indexed by fates_unheard join documents on documents.id = fates.item
 where fates.status = '' and fates.state in ('accepted', 'delivered') and fates.at >= :since
 limit :most
"""
# (What was refused, finished or given back is not worked on any more.)
_DUE: Final = """
select incoming.id as item, incoming.sender as agency, incoming.status as state, incoming.code,
       particulars.due as day, incoming.created as since, particulars.urgency
  from particulars join incoming on incoming.id = particulars.item
 where particulars.due <> '' and particulars.due between :first and :last
   and incoming.state in ('acknowledged', 'delivered', 'taken') and incoming.folder <> ''
   and incoming.kind <> 'recall' and incoming.status not in ('02', '06', '15')
 limit :most
"""
# (Whoever reports of it has it, wherever its folder lies.)
_UNTAKEN: Final = """
select incoming.id as item, incoming.sender as agency, incoming.state, incoming.code, '' as day,
       incoming.at as since, coalesce(particulars.urgency, 0) as urgency
  from incoming left join particulars on particulars.item = incoming.id
 where incoming.message = 'edoc' and incoming.state = 'delivered'
   and incoming.status in ('', '01')
 limit :most
"""
_ANSWER: Final = """
select coalesce(item, carrier) as item, agency, kind as state, code, '' as day,
       created as since, 0 as urgency
  from changes
 where state = 'asked' and created >= :since
 limit :most
"""
_DESTROY: Final = """
select work.item, '' as agency, 'hindered' as state, incoming.code, '' as day,
       incoming.at as since, 1 as urgency
  from work join incoming on incoming.id = work.item
 where work.lane = 'destroy'
 limit :most
"""
_REPLY: Final = """
select fates.item, fates.receiver as agency, fates.status as state, documents.number,
       documents.notation, particulars.due as day, documents.created as since,
       particulars.urgency
  from particulars cross join documents on documents.id = particulars.item
                   cross join fates on fates.item = documents.id
 where particulars.due <> '' and particulars.due between :first and :last
   and documents.kind <> 'recall' and fates.state in ('accepted', 'delivered')
   and fates.status not in ('02', '06', '15')
 limit :most
"""
OPEN: Final[Mapping[Duty, str]] = MappingProxyType(
    {
        Duty.DISPATCH: _DISPATCH,
        Duty.RECEIPT: _RECEIPT,
        Duty.UNHEARD: _UNHEARD,
        Duty.DUE: _DUE,
        Duty.UNTAKEN: _UNTAKEN,
        Duty.ANSWER: _ANSWER,
        Duty.DESTROY: _DESTROY,
        Duty.REPLY: _REPLY,
    }
)
_ON: Final = "select item, agency from alarms where what = :what and over is null"
# (What names an agency in itself is told with its document.)
_COUNTS: Final = """
select what, count(*) as n, min(at) as since from alarms
 where over is null and instr(what, ':') = 0
 group by what
"""
_BEGIN: Final = """
insert into alarms (item, what, agency, at) values (:item, :what, :agency, :now)
    on conflict (item, what, agency) do update set at = excluded.at, over = null
"""
_END: Final = """
update alarms set over = :now
 where item = :item and what = :what and agency = :agency and over is null
"""
_FORGET: Final = "delete from alarms where over < :before"
_ALL: Final = -1  # no limit (SQLite)
_AT_ONCE: Final = 1000  # in one transaction: nobody else writes meanwhile
LATE: Final = "late"  # what the record of a document calls it


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """
    How many incidents of one kind there are, and since when the oldest is.

    ``what`` is a duty and its stage (`dispatch late`), or what others have named theirs.
    """

    what: str
    count: int
    since: datetime

    @property
    def is_late(self) -> bool:
        """Whether it is more than a warning."""
        return not self.what.endswith(f" {Stage.SOON}")


class Alarms:
    """What is open, and the table of incidents."""

    def __init__(self, file: QueueFile) -> None:
        """Work on the tables in ``file``."""
        self._file = file

    def open(
        self, duty: Duty, *, since: datetime, first: date, last: date, most: int | None = None
    ) -> list[Open]:
        """
        Return what of one duty is still to be done.

        Of what ended badly, and of what waits for others, only what is younger than ``since``;
        of what has a date of its own, only what is due between ``first`` and ``last``. Where there
        are more than ``most``, those that wait for longest, as the indexes have them.
        """
        values = {"since": stamp(since), "first": first.isoformat(), "last": last.isoformat()}
        rows = self._file.rows(OPEN[duty], values | {"most": _ALL if most is None else most})
        return [_to_open(duty, row) for row in rows]

    def on(self, duty: Duty) -> set[Alarm]:
        """Return the incidents of one duty that are not over."""
        return {
            Alarm(duty=duty, stage=stage, item=ItemId(row["item"]), agency=row["agency"])
            for stage in (Stage.SOON, Stage.LATE)
            for row in self._file.rows(_ON, {"what": f"{duty} {stage}"})
        }

    def raised(self) -> list[Raised]:
        """Return how many incidents of each kind are not over, what is late first."""
        found = [_raised(row) for row in self._file.rows(_COUNTS)]
        return sorted(found, key=lambda each: (not each.is_late, each.since))

    def begin(self, alarms: Mapping[Alarm, Message | None], *, now: datetime) -> None:
        """
        Enter new incidents, each with what the document's own record is to say of it.

        Where there is something to be said the document software is told of it, too.
        """
        for some in _some_at_once(alarms):
            with self._file.transaction() as transaction:
                for alarm in some:
                    transaction.execute(_BEGIN, _values(alarm, now))
                    _note(transaction, alarm, alarms[alarm], now)

    def end(self, alarms: Iterable[Alarm], *, now: datetime) -> None:
        """Enter that these incidents are over."""
        for some in _some_at_once(alarms):
            with self._file.transaction() as transaction:
                for alarm in some:
                    transaction.execute(_END, _values(alarm, now))

    def forget(self, *, before: datetime) -> None:
        """Throw out incidents that were over before a moment."""
        with self._file.transaction(durable=False) as transaction:
            transaction.execute(_FORGET, {"before": stamp(before)})


def _some_at_once(alarms: Iterable[Alarm]) -> list[list[Alarm]]:
    every = list(alarms)
    return [every[place : place + _AT_ONCE] for place in range(0, len(every), _AT_ONCE)]


def _values(alarm: Alarm, now: datetime) -> dict[str, object]:
    values = {"item": alarm.item, "what": alarm.what, "agency": alarm.agency}
    return values | {"now": stamp(now)}


def _note(transaction: Transaction, alarm: Alarm, words: Message | None, now: datetime) -> None:
    if words is not None:
        text, agency = freeze(words), alarm.agency
        note(transaction, alarm.item, LATE, now=now, agency=agency, text=text, tell=True)


def _raised(row: Row) -> Raised:
    return Raised(what=row["what"], count=row["n"], since=moment(row["since"]))


def _to_open(duty: Duty, row: Row) -> Open:
    code = (
        row["code"] if "code" in row else "/".join(filter(None, (row["number"], row["notation"])))
    )
    return Open(
        duty=duty,
        item=ItemId(row["item"]),
        since=moment(row["since"]),
        agency=row["agency"],
        code=code,
        day=date.fromisoformat(row["day"]) if row["day"] else None,
        urgency=row["urgency"],
        state=row["state"],
    )
