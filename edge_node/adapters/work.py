"""
Claims: who may work on what, until when.

A row of `work` is one thing to be done in one lane. A claim leases it and marks it with a token;
whoever settles shows the token, and gets LeaseLost where the lease has gone to somebody else.
These functions run inside the caller's transaction, beside the change they belong to.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment, stamp
from edge_node.domain.envelope import Claim, ItemId, Lane
from edge_node.domain.errors import LeaseLost
from edge_node.domain.message import say

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from edge_node.adapters.database import QueueFile, Transaction


_CLAIM: Final = """
update work
   set leased = :until, attempt = attempt + 1, token = :token
 where lane = :lane
   and item = (select item from work
                where lane = :lane and leased is null and due <= :now
                order by urgency desc, due, item
                limit 1)
returning item, attempt
"""

_ANY_DUE: Final = """
select 1 from work where lane = :lane and leased is null and due <= :now limit 1
"""

_NEXT_DUE: Final = "select min(due) as due from work where lane = :lane and leased is null"

_SWEEP: Final = "update work set leased = null, token = null where leased <= :now"
# What was being sent may still be on its way into the axis: it is asked about a little later.
_FREE_ALL: Final = """
update work
   set leased = null, token = null,
       due = case when exists (select 1 from envelopes
                                where envelopes.id = work.item and sending is not null)
                  then max(due, :later) else due end
 where leased is not null
"""
# A clock that was ahead when something was deferred must not keep it waiting for ever.
_REBASE: Final = "update work set due = :limit where due > :limit"

# Whoever settles names the claim: where nothing answers, it has gone to somebody else.
_DEMAND: Final = """
select 1 from work where lane = :lane and item = :item and token = :token
"""
_FINISH: Final = """
delete from work where lane = :lane and item = :item and token = :token
"""
_DEFER: Final = """
update work set leased = null, token = null, due = :due, reason = :reason
 where lane = :lane and item = :item and token = :token
"""
_GIVE_BACK: Final = """
update work set leased = null, token = null, attempt = attempt - 1, due = coalesce(:due, due)
 where lane = :lane and item = :item and token = :token
"""


def claim(
    transaction: Transaction, lane: Lane, *, now: datetime, lease: timedelta
) -> Claim | None:
    """Lease the most urgent thing that is due in ``lane``; None if nothing is due."""
    until = now + lease
    token = secrets.randbits(62)
    found = transaction.row(
        _CLAIM, {"lane": lane, "now": stamp(now), "until": stamp(until), "token": token}
    )
    if found is None:
        return None
    item = ItemId(found["item"])
    return Claim(lane=lane, item=item, token=token, attempt=found["attempt"], until=until)


def add(
    transaction: Transaction, lane: Lane, item: ItemId, *, due: datetime, urgency: int = 0
) -> None:
    """Put one more thing to do into ``lane``."""
    values = {"lane": lane, "item": item, "due": stamp(due), "urgency": urgency}
    transaction.insert("work", values)


def add_anew(transaction: Transaction, lane: Lane, item: ItemId, *, due: datetime) -> None:
    """Put a thing into ``lane`` once; where it waits there, or is in hand, that is forgotten."""
    transaction.execute(
        "delete from work where lane = :lane and item = :item", {"lane": lane, "item": item}
    )
    add(transaction, lane, item, due=due)


def demand(transaction: Transaction, claim: Claim) -> None:
    """Make sure that the claim still stands; LeaseLost."""
    if transaction.row(_DEMAND, _named(claim)) is None:
        raise _lost(claim)


def finish(transaction: Transaction, claim: Claim) -> None:
    """Take the thing off the list: it is done; LeaseLost."""
    _settle(transaction, _FINISH, claim)


def defer(transaction: Transaction, claim: Claim, *, until: datetime, reason: str) -> None:
    """Free the thing and let nobody claim it before ``until``; LeaseLost."""
    _settle(transaction, _DEFER, claim, due=stamp(until), reason=reason)


def give_back(transaction: Transaction, claim: Claim, *, due: datetime | None = None) -> None:
    """Free the thing; the attempt does not count; ``due`` if it is to be later; LeaseLost."""
    _settle(transaction, _GIVE_BACK, claim, due=None if due is None else stamp(due))


def sweep(transaction: Transaction, *, now: datetime) -> int:
    """Free what was leased by somebody who did not come back in time; return how many."""
    return transaction.execute(_SWEEP, {"now": stamp(now)})


def free_all(transaction: Transaction, *, later: datetime) -> int:
    """
    Free every lease: whoever starts holds the lock, so nobody who had one is alive.

    What was cut off while it was being sent is not claimed before ``later``.
    """
    return transaction.execute(_FREE_ALL, {"later": stamp(later)})


def rebase(transaction: Transaction, *, limit: datetime) -> int:
    """Make due no later than ``limit`` what a wrong clock put off; return how many."""
    return transaction.execute(_REBASE, {"limit": stamp(limit)})


def any_due(tables: QueueFile | Transaction, lane: Lane, *, now: datetime) -> bool:
    """Tell whether a claim would find anything; whoever only looks does not wait for writers."""
    return tables.row(_ANY_DUE, {"lane": lane, "now": stamp(now)}) is not None


def next_due(file: QueueFile, lane: Lane) -> datetime | None:
    """Return when the next thing in ``lane`` may be claimed; None if there is none."""
    found = file.row(_NEXT_DUE, {"lane": lane})
    return None if found is None or found["due"] is None else moment(found["due"])


def _settle(transaction: Transaction, change: str, claim: Claim, **values: object) -> None:
    if transaction.execute(change, {**_named(claim), **values}) != 1:
        raise _lost(claim)


def _named(claim: Claim) -> dict[str, object]:
    return {"lane": claim.lane, "item": claim.item, "token": claim.token}


def _lost(claim: Claim) -> LeaseLost:
    return LeaseLost(say("{item} was claimed by somebody else meanwhile", item=claim.item))
