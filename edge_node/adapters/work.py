"""
Claims: who may work on what, until when.

A row of `work` is one thing to be done in one lane. A claim leases it and marks it with a token;
whoever settles shows the token, and gets LeaseLost where the lease has gone to somebody else.
A lease nobody came back from is a crash over that item; after so and so many of them it is tried
alone, and the ordinary claims pass it over (`alone`). That one was put off in good order takes no
crash back: what was only asked about this time may kill us when it is sent the next.
These functions run inside the caller's transaction, beside the change they belong to.
"""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.database import moment, stamp
from edge_node.domain.envelope import Claim, Lane
from edge_node.domain.errors import LeaseLost
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Sending
from edge_node.domain.message import say

if TYPE_CHECKING:
    from datetime import datetime

    from edge_node.adapters.database import QueueFile, Transaction


# From one urgency to the next lower, a seek for each: what is urgent and put off until later, ten
# thousands of it while the axis is away, is not walked through by every claim.
_MOST_URGENT: Final = """
with recursive urgencies (urgency) as (
    select max(urgency) from work where lane = :lane and leased is null and alone = 0
     union all
    select (select max(work.urgency) from work
             where lane = :lane and leased is null and alone = 0
               and work.urgency < urgencies.urgency)
      from urgencies where urgency is not null
)
select (select item from work
         where lane = :lane and leased is null and alone = 0
           and work.urgency = urgencies.urgency and due <= :now
         order by due, item limit 1) as item
  from urgencies
 where item is not null
 order by urgency desc
 limit 1
"""
_OLDEST: Final = """
select item from work
 where lane = :lane and leased is null and alone = 0 and due <= :now
 order by due, item
 limit 1
"""
_CLAIM: Final = """
update work
   set leased = :until, attempt = attempt + 1, token = :token
 where lane = :lane and item = :item and leased is null and due <= :now
returning item, attempt
"""

_ANY_DUE: Final = """
select 1 from work where lane = :lane and leased is null and alone = 0 and due <= :now limit 1
"""

_NEXT_DUE: Final = """
select min(due) as due from work where lane = :lane and leased is null and alone = 0
"""

_SWEEP: Final = """
update work
   set leased = null, token = null,
       crashes = crashes + 1, alone = max(alone, crashes + 1 >= :crashes)
 where leased <= :now and token not in (select value from json_each(:in_hand))
"""
# What was being sent may still be on its way into the axis: it is asked about a little later.
_FREE_ALL: Final = """
update work
   set leased = null, token = null,
       crashes = crashes + 1, alone = max(alone, crashes + 1 >= :crashes),
       due = case when exists (select 1 from envelopes
                                where envelopes.id = work.item and sending is not null)
                  then max(due, :later) else due end
 where leased is not null
"""
_LET_GO: Final = """
update work
   set leased = null, token = null,
       crashes = crashes + :counts, alone = max(alone, crashes + :counts >= :crashes)
 where lane = :lane and leased is not null and alone = 0
"""
# A clock that was ahead when something was deferred must not keep it waiting for ever.
_REBASE: Final = "update work set due = :limit where due > :limit"
_MOVE_DUE: Final = "update work set due = max(:now, due + :by) where due > :begin"
_MOVE_LEASES: Final = "update work set leased = leased + :by where leased is not null"
# What was sent and is not known to have arrived is timed by when it was sent.
_MOVE_SENDING: Final = """
update envelopes set sending = sending + :by
 where sending is not null and id in (select item from work)
"""
_MOVE_TRIES: Final = """
update attempts set at = at + :by
 where outcome in ('silence', 'unclear', 'cut off')
   and envelope in (select id from envelopes
                     where (state = :unsure or sending is not null)
                       and id in (select item from work))
"""

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
_UNSPEND: Final = """
update work set attempt = max(0, attempt - 1) where lane = :lane and item = :item
"""
_GIVE_BACK: Final = """
update work set leased = null, token = null, attempt = attempt - 1, due = coalesce(:due, due)
 where lane = :lane and item = :item and token = :token
"""


def claim(
    transaction: Transaction,
    lane: Lane,
    *,
    now: datetime,
    lease: timedelta,
    only: ItemId | None = None,
    oldest: bool = False,
) -> Claim | None:
    """
    Lease the most urgent thing that is due in ``lane``; None if nothing is due.

    ``only`` names the one thing that may be leased, whether or not it is to be tried alone.
    ``oldest`` asks for what has been due longest, however urgent the rest is.
    """
    wanted: str | None = only
    if only is None:
        due = {"lane": lane, "now": stamp(now)}
        chosen = transaction.row(_OLDEST if oldest else _MOST_URGENT, due)
        wanted = None if chosen is None else chosen["item"]
    if wanted is None:
        return None
    until, token = now + lease, secrets.randbits(62)
    values = {"lane": lane, "item": wanted, "now": stamp(now)}
    found = transaction.row(_CLAIM, values | {"until": stamp(until), "token": token})
    if found is None:
        return None
    transaction.in_hand.take(token)
    item = ItemId(found["item"])
    return Claim(lane=lane, item=item, token=token, attempt=found["attempt"], until=until)


def add(
    transaction: Transaction,
    lane: Lane,
    item: ItemId,
    *,
    due: datetime,
    urgency: int = 0,
    alone: bool = False,
) -> None:
    """Put one more thing to do into ``lane``; ``alone``: it is to be tried apart from all else."""
    values = {"lane": lane, "item": item, "due": stamp(due), "urgency": urgency}
    transaction.insert("work", values | {"alone": int(alone)})


def add_anew(
    transaction: Transaction, lane: Lane, item: ItemId, *, due: datetime, alone: bool = False
) -> None:
    """Put a thing into ``lane`` once; where it waits there, or is in hand, that is forgotten."""
    transaction.execute(
        "delete from work where lane = :lane and item = :item", {"lane": lane, "item": item}
    )
    add(transaction, lane, item, due=due, alone=alone)


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


def unspend(transaction: Transaction, claim: Claim) -> None:
    """Take back that an attempt was counted, of what has just been put off."""
    transaction.execute(_UNSPEND, {"lane": claim.lane, "item": claim.item})


def sweep(transaction: Transaction, *, now: datetime, crashes: int) -> int:
    """
    Free what was leased by somebody who did not come back in time; return how many.

    What so many of them did not come back from (``crashes``) is tried alone from now on. Whatever
    the clock says, nothing is freed that a thread of ours has in hand.
    """
    in_hand = json.dumps(transaction.in_hand.tokens())
    return transaction.execute(_SWEEP, {"now": stamp(now), "crashes": crashes, "in_hand": in_hand})


def free_all(transaction: Transaction, *, later: datetime, crashes: int) -> int:
    """
    Free every lease: whoever starts holds the lock, so nobody who had one is alive.

    What was cut off while it was being sent is not claimed before ``later``, and what was cut off
    so often (``crashes``) is tried alone from now on.
    """
    return transaction.execute(_FREE_ALL, {"later": stamp(later), "crashes": crashes})


def let_go(transaction: Transaction, lane: Lane, *, counts: bool, crashes: int) -> None:
    """Free what is leased in ``lane``, on behalf of the only one who claims from it."""
    values = {"lane": lane, "counts": int(counts), "crashes": crashes}
    transaction.execute(_LET_GO, values)
    transaction.in_hand.put_down()


def rebase(transaction: Transaction, *, limit: datetime) -> int:
    """Make due no later than ``limit`` what a wrong clock put off; return how many."""
    return transaction.execute(_REBASE, {"limit": stamp(limit)})


def clock_was_set(transaction: Transaction, *, now: datetime, by: timedelta) -> None:
    """
    Bring what is open along where somebody set the clock, forward (``by`` > 0) or back.

    ``now`` is what the clock shows since. Set forward, a lease would lapse under whoever works on
    it, and what was sent a second ago would be believed lost; set back, what was put off for
    seconds would wait for hours.
    """
    moved = {"by": by // timedelta(milliseconds=1)}
    begin = stamp(min(now, now - by))  # what was due by the old time is due by the new
    transaction.execute(_MOVE_DUE, moved | {"now": stamp(now), "begin": begin})
    transaction.execute(_MOVE_LEASES, moved)
    transaction.execute(_MOVE_TRIES, moved | {"unsure": Sending.UNSURE})
    transaction.execute(_MOVE_SENDING, moved)


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
    transaction.in_hand.put_down()


def _named(claim: Claim) -> dict[str, object]:
    return {"lane": claim.lane, "item": claim.item, "token": claim.token}


def _lost(claim: Claim) -> LeaseLost:
    return LeaseLost(say("{item} was claimed by somebody else meanwhile", item=claim.item))
