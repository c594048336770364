"""
Which documents are finished for so long that their payload goes, as the queue knows it.

Reading walks what is still here, some rows at a time, by an index that knows nothing of what went
before. What is found is looked at again in the transaction that begins a removal: by then nobody
may need the payload for anything. From then on nobody can send or release the document again, and
whatever a crash leaves of its files is removed later.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment, stamp
from edge_node.adapters.history import note
from edge_node.domain.change import ChangeState
from edge_node.domain.envelope import Digest, Lane
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Receiving, Sending
from edge_node.domain.message import freeze, say
from edge_node.domain.retention import CALLED, IN, OUT, REMOVED, Payload
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Row
    from edge_node.adapters.waybills import Waybills
    from edge_node.domain.message import Message
    from edge_node.domain.retention import Amount, Periods

    _Rows = Callable[[str, dict[str, object]], Sequence[Row]]

NO_ITEM: Final = ItemId("retention")  # of what the queue has no row
_AT_ONCE: Final = 500
_LANES: Final = json.dumps([str(lane) for lane in Lane])
_WAITING: Final = json.dumps([Sending.QUEUED, Sending.UNSURE, Sending.HELD])
_OPEN_CHANGES: Final = json.dumps([ChangeState.ASKED, ChangeState.AGREEING])

_SENT: Final = """
select * from documents
 where removed is null and created < :before and (created, id) > (:created, :id)
   and not exists (select 1 from fates where fates.item = documents.id
                      and fates.state not in (select value from json_each(:states)))
 order by created, id limit :limit
"""
_CAME: Final = """
select * from incoming indexed by incoming_kept
 where removed is null and message = 'edoc' and created < :before
   and (created, id) > (:created, :id)
   and state in (select value from json_each(:states))
 order by created, id limit :limit
"""
_DOCUMENT: Final = "select * from documents where id = :item and removed is null"
_INCOMING: Final = """
select * from incoming where id = :item and removed is null and message = 'edoc'
"""
_BEGUN: Final = (
    "select * from documents where removing = 1 and id > :item order by id limit :limit",
    "select * from incoming where removing = 1 and id > :item order by id limit :limit",
)
_FATES: Final = "select state, at, status_at from fates where item = :item"
_DIGESTS: Final = """
select distinct digest from envelopes
 where item = :item and message = 'edoc' and digest <> ''
"""
_LAST_EVENT: Final = "select at from events where item = :item order by at desc limit 1"
# Whatever is still to be done, told, answered or seen to about a document.
_NEEDED: Final = (
    """
    select 1 from work
     where lane in (select value from json_each(:lanes))
       and item in (select :item union all select id from envelopes where item = :item)
    """,
    """
    select 1 from envelopes
     where item = :item and state in (select value from json_each(:waiting))
    """,
    "select 1 from events where item = :item and untold = 1",
    """
    select 1 from changes
     where item = :item and state in (select value from json_each(:changes))
    """,
    """
    select 1 from changes
     where carrier = :item and state in (select value from json_each(:changes))
    """,
    "select 1 from alarms where item = :item and over is null",
)
# Who else has the very same bytes, and has still to have them. (What belongs to no document, such
# as a canary, is somebody's too.)
_NAMED: Final = """
select 1 from envelopes
 where digest = :digest and message = 'edoc'
   and not exists (select 1 from documents
                    where documents.id = envelopes.item and documents.removed is not null)
union all
select 1 from incoming
 where digest = :digest and removed is null
   and not exists (select 1 from tombstones where tombstones.item = incoming.id)
limit 1
"""
_BEGIN: Final = (
    "update documents set removed = :now, removing = 1 where id = :item",
    "update incoming set removed = :now, removing = 1 where id = :item",
)
_END: Final = (
    "update documents set removing = 0 where id = :item",
    "update incoming set removing = 0 where id = :item",
)


class Retention:
    """Payloads that may go, and those that went."""

    def __init__(self, file: QueueFile, waybills: Waybills) -> None:
        """Work on the tables in ``file``; what must outlive them is written to ``waybills``."""
        self._file = file
        self._waybills = waybills

    def due(self, periods: Periods, *, now: datetime) -> Iterator[Payload]:
        """Yield every payload whose time is over and that nobody needs, oldest first each way."""
        out = [state for state, kind in OUT.items() if kind in periods.of]
        into = [state for state, kind in IN.items() if kind in periods.of]
        for sql, states, outgoing in ((_SENT, out, True), (_CAME, into, False)):
            if states:
                before = max(
                    periods.before(kind, now)
                    for kind in periods.of
                    if kind in (OUT.values() if outgoing else IN.values())
                )
                for row in self._pages(sql, states, before):
                    found = _payload(self._file.rows, row, periods, now, outgoing=outgoing)
                    if found is not None:
                        yield found

    def _pages(self, sql: str, states: Iterable[str], before: datetime) -> Iterator[Row]:
        values: dict[str, object] = {"states": json.dumps([str(state) for state in states])}
        values |= {"before": stamp(before), "created": -1, "id": "", "limit": _AT_ONCE}
        while rows := self._file.rows(sql, values):
            yield from rows
            values |= {"created": rows[-1]["created"], "id": rows[-1]["id"]}

    def begin(
        self, payload: Payload, amount: Amount, periods: Periods, *, now: datetime
    ) -> Payload | None:
        """
        Enter that a payload goes, durably, before any of it does; return it as it stands.

        None where somebody needs it by now, or removed it.
        """
        with self._file.transaction() as transaction:
            sql = _DOCUMENT if payload.outgoing else _INCOMING
            row = transaction.row(sql, {"item": payload.item})
            if row is None:
                return None
            outgoing = payload.outgoing
            found = _payload(transaction.rows, row, periods, now, outgoing=outgoing)
            if found is None or found.kept is None:
                return None
            values = {"item": found.item, "now": stamp(now)}
            transaction.execute(_BEGIN[not outgoing], values)
            words = say(
                "{kind}, the last of it on {day}; retention.{key}: {days} days; files: {files},"
                " bytes: {size}",
                kind=CALLED[found.kept],
                day=iso(found.ended)[:10],
                key=str(found.kept),
                days=periods.of[found.kept].days,
                files=amount.files,
                size=amount.size,
            )
            note(transaction, found.item, REMOVED, now=now, text=freeze(words))
            self._waybills.add(transaction, found.item, now=now, wait=True)
            return found

    def begun(self) -> Iterator[Payload]:
        """Yield what was begun, and of which something may still be there."""
        for sql, outgoing in zip(_BEGUN, (True, False), strict=True):
            values: dict[str, object] = {"item": "", "limit": _AT_ONCE}
            while rows := self._file.rows(sql, values):
                for row in rows:
                    yield Payload(
                        item=ItemId(row["id"]),
                        kept=None,
                        outgoing=outgoing,
                        ended=moment(row["removed"]),
                        digests=_digests(self._file.rows, row, outgoing=outgoing),
                        folder=row["folder"],
                    )
                values["item"] = rows[-1]["id"]

    def is_named(self, digest: Digest) -> bool:
        """Tell whether anybody has still to have these bytes."""
        return self._file.row(_NAMED, {"digest": digest}) is not None

    def end(self, item: ItemId) -> None:
        """Enter that nothing of a payload is left."""
        # Lost in a power cut, it is looked for once more.
        with self._file.transaction(durable=False) as transaction:
            for sql in _END:
                transaction.execute(sql, {"item": item})

    def note(self, text: Message, *, now: datetime) -> None:
        """Enter that something went of which the queue has no row."""
        with self._file.transaction() as transaction:
            note(transaction, NO_ITEM, REMOVED, now=now, text=freeze(text))


def _payload(
    ask: _Rows, row: Row, periods: Periods, now: datetime, *, outgoing: bool
) -> Payload | None:
    """Return what is here of a document, if its time is over and nobody needs it."""
    item, moments = {"item": row["id"]}, [row["created"]]
    if outgoing:
        fates = ask(_FATES, item)
        kinds = {OUT.get(Sending(fate["state"])) for fate in fates}
        moments += [at for fate in fates for at in (fate["at"], fate["status_at"])]
        if row["untold"] or not row["folder"]:
            return None
    else:
        kinds = {IN.get(Receiving(row["state"]))}
        moments += [row["at"], row["status_at"]]
    kept = periods.longest([kind for kind in kinds if kind]) if None not in kinds else None
    if kept is None:
        return None
    # Whatever happened last counts, a status that came late or an answer of ours too.
    moments += [event["at"] for event in ask(_LAST_EVENT, item)]
    ended = moment(max(moments))
    if ended >= periods.before(kept, now) or _is_needed(ask, row["id"]):
        return None
    return Payload(
        item=ItemId(row["id"]),
        kept=kept,
        outgoing=outgoing,
        ended=ended,
        digests=_digests(ask, row, outgoing=outgoing),
        folder=row["folder"],
    )


def _is_needed(ask: _Rows, item: str) -> bool:
    values: dict[str, object] = {"item": item, "lanes": _LANES}
    values |= {"waiting": _WAITING, "changes": _OPEN_CHANGES}
    return any(ask(sql, values) for sql in _NEEDED)


def _digests(ask: _Rows, row: Row, *, outgoing: bool) -> tuple[Digest, ...]:
    if not outgoing:
        return (Digest(row["digest"]),) if row["digest"] else ()
    return tuple(Digest(found["digest"]) for found in ask(_DIGESTS, {"item": row["id"]}))
