"""
What the queue knows of documents nobody has answered for.

Those the axis gave no answer for, and how its list would show them; and those it accepted while a
receiver has not said that they came.
"""

from __future__ import annotations

import json
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment, stamp
from edge_node.domain.envelope import AxisId, MessageType
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import thaw
from edge_node.domain.record import Unconfirmed
from edge_node.domain.recovery import ASIDE_BEFORE
from edge_node.domain.search import Trail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from edge_node.adapters.database import QueueFile
    from edge_node.domain.envelope import Envelope

# A document goes by its own number and subject, a status by those of the document it is about.
_LOOKS: Final[Mapping[MessageType, str]] = MappingProxyType(
    {
        MessageType.DOCUMENT: """
select number, notation, subject from documents where id = :item
 union all
select substr(document_id, 1, 8), 'Canary', 'Canary ' || document_id
  from canaries where id = :item
""",
        # One that asks to have a document back is ours, and goes by the number of that.
        MessageType.STATUS: """
select '' as number, code as notation, subject from incoming where id = :item
 union all
select '' as number, code as notation, '' as subject from changes
 where carrier = :item and asked_by_us = 1
 limit 1
""",
    }
)
_TRIED: Final = """
select min(at) as since, max(at) as tried, max(case when id > :before then at end) as lately
  from attempts
 where envelope = :envelope and outcome in ('silence', 'unclear', 'cut off')
"""
_LAST_TRY: Final = "select coalesce(max(id), 0) as id from attempts"
# Since it was last given up: whoever sends it again gives it fresh tries.
_ANSWERS: Final = """
select outcome, reason from attempts
 where envelope = :envelope and outcome in ('silence', 'unclear')
   and id > coalesce((select max(id) from attempts where envelope = :envelope
                         and outcome in ('refused', 'exhausted')), 0)
 order by id desc
"""
# Our clock may have been a month ahead, and set right while nobody ran who could go along, and the
# axis's a day behind: a document of that number and title sent since then is that document.
# Statuses of one document look alike all its life, and one that goes twice harms nobody.
_SLACK: Final[Mapping[MessageType, timedelta]] = MappingProxyType(
    {MessageType.DOCUMENT: timedelta(days=32), MessageType.STATUS: timedelta(minutes=15)}
)
# What looks alike is told apart by none of its parts. An entry may be of any of them that the axis
# may have, whatever has become of it here; of statuses one at a time leaves.
_ALIKE: Final[Mapping[MessageType, str]] = MappingProxyType(
    {
        MessageType.DOCUMENT: """
select count(*) as n from documents join envelopes on envelopes.item = documents.id
 where documents.number = :number and documents.notation = :notation
   and documents.subject = :subject
   and envelopes.message = 'edoc' and envelopes.receivers = :receivers
   and envelopes.axis_id is null and (envelopes.state = :state or exists (
       select 1 from attempts as tried
        where tried.envelope = envelopes.id and tried.outcome in ('silence', 'unclear')
          and not exists (select 1 from attempts as since
                           where since.envelope = tried.envelope and since.id > tried.id
                             and since.outcome in ('missing', 'refused'))))
""",
        MessageType.STATUS: """
select count(*) as n from incoming join envelopes on envelopes.item = incoming.id
 where incoming.code = :notation and incoming.code <> '' and incoming.subject = :subject
   and envelopes.message = 'status' and envelopes.receivers = :receivers
   and envelopes.state = :state
""",
    }
)
_UNKNOWN: Final = """
select value as axis_id from json_each(:axis_ids)
 where not exists (select 1 from envelopes where axis_id = value)
"""
# A try that was put off is none, and neither is a question nobody answered. What waited for a
# person leaves because a person said so.
_MAY_HAVE_LEFT: Final = """
select 1 from documents join marks on marks.name = :mark
 where documents.id = :item and documents.promulgated <= substr(marks.value, 1, 10)
   and not exists (select 1 from attempts
                    where envelope = :envelope and outcome <> 'deferred')
   and not exists (select 1 from events
                    where item = :item and event in ('held', 'refused', 'dead'))
"""

_UNCONFIRMED: Final = """
select fates.item, fates.receiver, fates.at, envelopes.axis_id
  from fates join envelopes on envelopes.id = fates.envelope
 where fates.state = :state and fates.at <= :before and envelopes.axis_id is not null
   and (fates.at, fates.item, fates.receiver) > (:at, :item, :receiver)
 order by fates.at, fates.item, fates.receiver limit :limit
"""


class Unsure:
    """Looking, and nothing else."""

    def __init__(self, file: QueueFile) -> None:
        """Read the tables in ``file``."""
        self._file = file
        self._began: datetime | None = None
        self._before = 0  # the last try of another life

    def begin(self, *, now: datetime) -> None:
        """
        Time what was tried before by this moment, in which the life of whoever works here begins.

        Between two lives the clock may have been set: how long ago that was nobody can tell.
        """
        last = self._file.row(_LAST_TRY, {})
        self._began, self._before = now, 0 if last is None else last["id"]

    def follow(self, by: timedelta) -> None:
        """Go along with a clock that was set while this life lasts."""
        if self._began is not None:
            self._began += by

    def trail(self, envelope: Envelope, *, clock: Callable[[], datetime]) -> Trail:
        """
        Return how an envelope that got no answer would look in the axis's list, and since when.

        How long ago it was tried is read while nobody can set the clock (`Queue.clock_was_set`).
        """
        values = {"envelope": envelope.id, "before": self._before}
        with self._file.transaction(durable=False) as transaction:
            now, began = clock(), self._began
            tried = transaction.row(_TRIED, values)
        looks = self._file.row(_LOOKS[envelope.message], {"item": envelope.item})
        assert looks is not None  # noqa: S101 - envelopes are about what is never deleted
        assert tried is not None  # noqa: S101 - an aggregate always has a row
        since, last = moment(tried["since"] or 0), moment(tried["tried"] or 0)
        if began is not None:
            since = min(since, began)  # the clock it was sent by was ahead
            last = began if tried["lately"] is None else moment(tried["lately"])
        own = {"receivers": json.dumps(envelope.receivers), "state": envelope.state}
        alike = self._file.row(_ALIKE[envelope.message], looks | own) or {}
        answers = self._file.rows(_ANSWERS, {"envelope": envelope.id})
        unclear = [answer for answer in answers if answer["outcome"] == "unclear"]
        puzzled = bool(unclear) and answers[0] == unclear[0]
        return Trail(
            receivers=frozenset(envelope.receivers),
            number=looks["number"],
            notation=looks["notation"],
            title=looks["subject"],
            since=since,
            ago=now - last,
            slack=_SLACK[envelope.message],
            alike=max(1, alike["n"]),
            unclear=len(unclear) if puzzled else 0,
            no=thaw(unclear[0]["reason"]) if puzzled else None,
        )

    def unknown(self, axis_ids: Sequence[AxisId]) -> list[AxisId]:
        """Return which of the axis's ids are of no envelope we know to be there, in order."""
        rows = self._file.rows(_UNKNOWN, {"axis_ids": json.dumps(axis_ids)})
        return [AxisId(row["axis_id"]) for row in rows]

    def may_have_left(self, envelope: Envelope) -> bool:
        """
        Tell whether a document that was never tried here may have been sent all the same.

        Where an older state was put back, the document software drops again what it finds nowhere:
        the life before may have taken that from the outbox and sent it. Nothing dated later than
        the day it was put back was.
        """
        values = {"mark": ASIDE_BEFORE, "item": envelope.item, "envelope": envelope.id}
        return self._file.row(_MAY_HAVE_LEFT, values) is not None

    def unconfirmed(
        self, *, before: datetime, limit: int, after: Unconfirmed | None = None
    ) -> list[Unconfirmed]:
        """Return what was accepted before a moment and no more is known of, oldest first."""
        values: dict[str, object] = {"at": -1, "item": "", "receiver": ""}
        if after is not None:
            values = {"at": stamp(after.since), "item": after.item, "receiver": after.receiver}
        values |= {"state": Sending.ACCEPTED, "before": stamp(before), "limit": limit}
        return [
            Unconfirmed(
                item=ItemId(row["item"]),
                receiver=row["receiver"],
                axis_id=AxisId(row["axis_id"]),
                since=moment(row["at"]),
            )
            for row in self._file.rows(_UNCONFIRMED, values)
        ]
