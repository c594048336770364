"""
The tables of the journal: what happened, and how far its chain reached each day.

Triggers keep both as they are, whoever writes: of an event nothing changes but whether the
document software was told of it, of a head nothing but who vouches for it.
"""

from __future__ import annotations

from typing import Final

JOURNAL: Final = (
    """
    create table events (
        id integer primary key autoincrement,
        item text not null,
        at integer not null,
        event text not null,
        agency text not null default '',
        status text not null default '',
        note text not null default '',
        said integer,
        actor text not null default '',
        why text not null default '',
        chain blob not null,
        untold integer not null default 0
    ) strict
    """,
    """
    create trigger events_stand
    before update of id, item, at, event, agency, status, note, said, actor, why, chain on events
    begin select raise(abort, 'what has happened is not changed'); end
    """,
    """
    create trigger events_stay before delete on events
    begin select raise(abort, 'what has happened is not removed'); end
    """,
    "create index events_item on events (item, id)",
    "create index events_untold on events (id) where untold = 1",
    """
    create index events_accepted on events (at, agency, item)
     where event in ('accepted', 'delivered') and agency <> ''
    """,
    """
    create table heads (
        day text primary key,
        at integer not null,
        event integer not null,
        chain blob not null,
        how text not null,
        token blob
    ) strict
    """,
    "create unique index heads_event on heads (event)",
    """
    create trigger heads_stand before update of day, at, event, chain on heads
    begin select raise(abort, 'what was vouched for is not changed'); end
    """,
    """
    create trigger heads_stay before delete on heads
    begin select raise(abort, 'what was vouched for is not removed'); end
    """,
)
