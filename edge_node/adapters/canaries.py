"""
The documents a node sends to itself: when each left, and when it came back.

A canary is an envelope like any other, of no document: so registers, reports, deadlines and lists
know nothing of it. One that comes back is known by what is in it, whatever became of its row here:
by how the DocumentId of every canary ends, and by who sent it to whom.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters import work
from edge_node.adapters.database import moment, new_id, stamp
from edge_node.adapters.envelopes import add_envelope
from edge_node.adapters.history import note
from edge_node.adapters.incoming import item_row, move
from edge_node.adapters.marks import Marks
from edge_node.domain.envelope import CANARY, Digest, MessageType
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import ReceivingEvent, Sending
from edge_node.domain.message import say, thaw

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from edge_node.adapters.database import QueueFile
    from edge_node.domain.document import AgencyCode
    from edge_node.domain.envelope import Claim, Stored
    from edge_node.domain.message import Message

_NODE: Final = 0xCA9A_CA9A_CA9A  # the last twelve digits of the DocumentId of every canary
_URGENCY: Final = -1  # behind every document
_LAST: Final = "select * from canaries order by sent desc limit 1"
_LAST_BACK: Final = """
select * from canaries where back is not null order by back desc limit 1
"""
_MISSING: Final = """
select min(sent) as sent from canaries
 where back is null and sent <= :before
   and sent > coalesce((select max(sent) from canaries where back is not null), 0)
"""
_FATE: Final = """
select envelopes.state, envelopes.reason
  from canaries join envelopes on envelopes.id = canaries.envelope
 order by canaries.sent desc limit 1
"""
_BACK: Final = """
update canaries set back = max(:now, sent) where document_id = :document_id and back is null
"""
# A clock that was ahead must not make an old one the last for ever.
_NOT_LATER: Final = """
update canaries set sent = :before, back = :before + (back - sent) where sent > :before
"""
# Nothing but its own row knows such an item from now on.
_OUT_OF_SIGHT: Final = "update incoming set message = :canary where id = :item"
_RECENT: Final = "select * from canaries order by sent desc limit :limit"
_GROUNDED: Final = "canary.grounded"  # the mark of an axis that takes none, and of why
# The last that came back stays: how long it took is measured for as long as no other is back. So
# does what there is still something to do with: work points at rows that are there.
_OLD_OUT: Final = """
select envelope from canaries
 where sent < :before
   and id not in (select id from canaries where back is not null order by back desc limit 1)
   and not exists (select 1 from work where lane = 'push' and work.item = canaries.envelope)
"""
_OLD_BACK: Final = """
select id from incoming
 where message = 'canary' and created < :before
   and not exists (select 1 from work where lane = 'acknowledge' and work.item = incoming.id)
"""
_DIGESTS: Final = f"""
select digest from envelopes where id in ({_OLD_OUT})
union select digest from incoming where id in ({_OLD_BACK})
"""  # noqa: S608 - our own text
# (Of statements that go through both, those that need a row stand before the one that removes it.)
_FORGOTTEN: Final = (
    f"delete from attempts where envelope in ({_OLD_OUT})",  # noqa: S608 - likewise
    f"delete from envelopes where id in ({_OLD_OUT})",  # noqa: S608 - likewise
    f"delete from canaries where envelope in ({_OLD_OUT})",  # noqa: S608 - likewise
    f"""
    insert into words (words, rowid, plain)
    select 'delete', id, plain from wording where item in ({_OLD_BACK})
    """,  # noqa: S608 - likewise
    f"delete from wording where item in ({_OLD_BACK})",  # noqa: S608 - likewise
    f"delete from incoming where id in ({_OLD_BACK})",  # noqa: S608 - likewise
)
_NAMED: Final = """
select 1 from envelopes where digest = :digest
union all select 1 from incoming where digest = :digest limit 1
"""
_WAITING: Final = frozenset({Sending.QUEUED, Sending.UNSURE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """One of them; ``back`` is when its bytes were safe here again, None where it is missing."""

    sent: datetime
    back: datetime | None

    @property
    def round_trip(self) -> timedelta | None:
        """How long it took."""
        return None if self.back is None else self.back - self.sent


class Canaries:
    """The canaries of one node."""

    def __init__(self, file: QueueFile) -> None:
        """Work on the tables in ``file``."""
        self._file = file
        self._marks = Marks(file)

    def send(self, document_id: str, package: Stored, *, own: AgencyCode, now: datetime) -> ItemId:
        """Put one on its way, behind all documents."""
        item = ItemId(new_id("c"))
        with self._file.transaction() as transaction:
            envelope = add_envelope(
                transaction,
                MessageType.DOCUMENT,
                item=item,
                sender=own,
                receivers=[own],
                package=package,
                urgency=_URGENCY,
                now=now,
            )
            transaction.execute(_NOT_LATER, {"before": stamp(now) - 1})
            row: dict[str, object] = {"id": item, "document_id": document_id}
            transaction.insert("canaries", row | {"envelope": envelope, "sent": stamp(now)})
            note(transaction, item, "canary sent", now=now)
        return item

    def last(self) -> Canary | None:
        """Return the one that was sent last; None where none ever was."""
        return self._one(_LAST)

    def last_back(self) -> Canary | None:
        """Return the one that came back last: its round trip is what is measured."""
        return self._one(_LAST_BACK)

    def recent(self, limit: int) -> list[Canary]:
        """Return those that were sent last, the newest first."""
        return [_canary(row) for row in self._file.rows(_RECENT, {"limit": limit})]

    def missing(self, before: datetime) -> datetime | None:
        """Return when the first left that should be back, and none after it came; else None."""
        row = self._file.row(_MISSING, {"before": stamp(before)}) or {"sent": None}
        return None if row["sent"] is None else moment(row["sent"])

    # ── an axis that takes none ──────────────────────────────────────────────────────────────

    def refused(self) -> Message | None:
        """Return why the last one was not taken by the axis; None where it was, or may be."""
        row = self._file.row(_FATE)
        if row is None or row["state"] != Sending.REFUSED:
            return None
        return thaw(row["reason"]) or say("refused")

    def waits(self) -> bool:
        """Tell whether the last one has not left yet: a second would only stand behind it."""
        row = self._file.row(_FATE)
        return row is not None and row["state"] in _WAITING

    def ground(self, axis: str, reason: str) -> None:
        """Remember that an axis takes no document of ours to ourselves, and why."""
        self._marks.put(_GROUNDED, json.dumps([axis, reason]))

    def grounded(self, axis: str = "") -> Message | None:
        """Return why none is sent any more; None for another axis than the one that said no."""
        known = self._marks.get(_GROUNDED)
        if known is None:
            return None
        said, reason = json.loads(known)
        return thaw(reason) if axis in {"", said} else None

    def let_fly(self) -> None:
        """Forget that an axis said no: it is asked again."""
        self._marks.remove(_GROUNDED)

    # ── coming back ──────────────────────────────────────────────────────────────────────────

    def came_back(self, claim: Claim, document_id: str, *, now: datetime) -> None:
        """Enter that one is back, and take its item out of everybody's sight; LeaseLost."""
        with self._file.transaction() as transaction:
            work.finish(transaction, claim)
            row = item_row(transaction, claim.item)
            reason = say("a canary of this node")
            move(transaction, row, ReceivingEvent.RECOGNISED, now=now, reason=reason)
            transaction.execute(_OUT_OF_SIGHT, {"item": claim.item, "canary": CANARY})
            back = {"document_id": document_id, "now": row["created"]}
            transaction.execute(_BACK, back)

    def forget(self, *, before: datetime) -> list[Digest]:
        """
        Throw out what left or came back before a moment; return packages nobody names any more.

        One the axis lists again after years is known by what is in it. The journal keeps all.
        """
        values = {"before": stamp(before)}
        with self._file.transaction(durable=False) as transaction:
            digests = [row["digest"] for row in transaction.rows(_DIGESTS, values)]
            for statement in _FORGOTTEN:
                transaction.execute(statement, values)
            left = (each for each in digests if each)
            return [Digest(each) for each in left if not transaction.row(_NAMED, {"digest": each})]

    def _one(self, sql: str) -> Canary | None:
        row = self._file.row(sql)
        return None if row is None else _canary(row)


def canary_id() -> str:
    """Return the DocumentId of a new canary."""
    return str(uuid.UUID(int=uuid.uuid4().int & ~((1 << 48) - 1) | _NODE))


def is_canary_id(document_id: str) -> bool:
    """Tell whether a DocumentId is of the kind we give canaries, and nobody gives documents."""
    try:
        return uuid.UUID(document_id).node == _NODE
    except ValueError:
        return False


def _canary(row: dict[str, object]) -> Canary:
    sent, back = row["sent"], row["back"]
    assert isinstance(sent, int)  # noqa: S101 - the table's own stamp
    return Canary(sent=moment(sent), back=moment(back) if isinstance(back, int) else None)
