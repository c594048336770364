"""
The tables of the queue, as migrations; a migration is never edited once it has shipped.

The name of a migration's function stands in the file it was applied to, and its number is its
place in `MIGRATIONS`. All that are missing are applied in one transaction (`upgrading`): none may
end it, as `executescript` does.

    documents   what the agency exported, one row a drop taken in
    particulars what a register tells of a document, in or out, beside its row
    envelopes   packages offered to the axis: documents (bytes in the spool), statuses (bytes here)
    fates       what became of a document at each of its receivers
    incoming    what the axis had for us, raw bytes first
    links       which older document a newer one answers, recalls, changes or replaces
    changes     recalls, updates and replacements: whom they wait for, and what came of them
    tombstones  what was destroyed after an agreed recall, when, and where copies remain
    alarms      what people were warned of, once each, and since when it is over
    incidents   what is or was wrong with the node, by the rule that watches it
    notices     what is to be told of incidents, from when on; and a digest a day
    tellings    one notice for one address, until it is told or given up
    canaries    documents to ourselves, and when they came back
    work        what is to be done, one row for each; a claim is a lease on one of them
    attempts    every try to send an envelope
    marks       what the node remembers of itself, by name
    pauses      what cannot be done at present, since when, and when it is tried again
    events      what happened, in order, each chained to the one before (`domain.journal`); never
                changed nor removed; some of it is still to be told to the document software
    wording     what each document is looked for by (`schema_search`, with its index `words`)
    heads       how far the chain reached on a day, and who vouches for that outside of this file

Moments are milliseconds since 1970. `work` holds what is due and nothing else, so that a long
history slows no claim.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters.schema_journal import JOURNAL
from edge_node.adapters.schema_retention import RETENTION
from edge_node.adapters.schema_search import SEARCH

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlite_utils import Database

_FIRST: Final = (
    """
    create table documents (
        id text primary key,
        document_id text not null,
        sender text not null,
        number text not null,
        notation text not null,
        promulgated text not null,
        type text not null,
        subject text not null,
        kind text not null,
        ref text not null,
        fingerprint text not null,
        name text not null,
        folder text not null,
        untold integer not null default 1,
        warnings text not null,
        signatures text not null default '[]',
        created integer not null
    ) strict
    """,
    "create index documents_identity on documents (document_id, sender)",
    "create index documents_number on documents (number, notation, promulgated, sender)",
    "create index documents_created on documents (created)",
    "create index documents_promulgated on documents (promulgated)",
    "create index documents_untold on documents (created) where untold = 1",
    """
    create table particulars (
        item text primary key,
        author text not null default '',
        signer text not null default '',
        position text not null default '',
        competence text not null default '',
        place text not null default '',
        places text not null default '[]',
        due text not null default '',
        urgency integer not null default 0,
        pages integer,
        copies integer,
        paper integer not null default 0,
        signed text not null default '',
        reason text not null default ''
    ) strict, without rowid
    """,
    "create index particulars_due on particulars (due) where due <> ''",
    """
    create table envelopes (
        id text primary key,
        item text not null,
        message text not null,
        sender text not null,
        receivers text not null,
        digest text not null,
        size integer not null,
        body blob,
        status text not null default '',
        source text,
        state text not null,
        urgency integer not null,
        deadline integer,
        sending integer,
        axis_id text,
        reason text not null default '',
        created integer not null
    ) strict
    """,
    "create index envelopes_item on envelopes (item, created)",
    """
    create unique index envelopes_arrival on envelopes (item)
     where message = 'status' and status = '01'
    """,
    "create unique index envelopes_source on envelopes (source) where source is not null",
    "create index envelopes_digest on envelopes (digest)",
    "create index envelopes_axis on envelopes (axis_id) where axis_id is not null",
    """
    create index envelopes_reports on envelopes (message, state, created)
     where message = 'status'
    """,
    """
    create table fates (
        item text not null references documents (id),
        receiver text not null,
        name text not null,
        envelope text not null references envelopes (id),
        state text not null,
        status text not null default '',
        status_at integer not null default 0,
        reason text not null default '',
        -- held because a person keeps it back: it has not left, nobody doubts that
        kept integer not null default 0,
        at integer not null,
        primary key (item, receiver)
    ) strict, without rowid
    """,
    "create index fates_envelope on fates (envelope)",
    "create index fates_state on fates (state, at)",
    """
    create index fates_unheard on fates (at)
     where status = '' and state in ('accepted', 'delivered')
    """,
    """
    create table incoming (
        id text primary key,
        axis_id text not null unique,
        message text not null,
        sender text not null,
        digest text not null,
        size integer not null,
        body blob,
        state text not null,
        document_id text not null default '',
        code text not null default '',
        promulgated text not null default '',
        type text not null default '',
        subject text not null default '',
        folder text not null default '',
        fingerprint text not null default '',
        door text not null default '',
        kind text not null default '',
        status text not null default '',
        status_at integer not null default 0,
        arrival_number text not null default '',
        arrival_date text not null default '',
        arrival_unit text not null default '',
        -- the day it arrived: as the office entered it, or as it came by Vietnamese clocks
        arrived text generated always as (
            coalesce(nullif(arrival_date, ''), date(created / 1000 + 25200, 'unixepoch'))
        ) virtual,
        reason text not null default '',
        created integer not null,
        at integer not null
    ) strict
    """,
    "create index incoming_state on incoming (message, state, created)",
    "create index incoming_created on incoming (message, created)",
    "create index incoming_document on incoming (document_id)",
    "create index incoming_digest on incoming (digest)",
    "create index incoming_content on incoming (fingerprint) where fingerprint <> ''",
    "create index incoming_code on incoming (code, sender) where code <> ''",
    """
    create index incoming_requests on incoming (folder)
     where message = 'status' and state = 'delivered' and folder <> ''
    """,
    "create index incoming_parked_id on incoming (document_id) where state = 'parked'",
    "create index incoming_parked_code on incoming (code) where state = 'parked'",
    "create index incoming_arrived on incoming (message, arrived)",
    """
    create table links (
        item text not null,
        kind text not null,
        document_id text not null,
        organ text not null default '',
        code text not null default '',
        older text,
        created integer not null,
        primary key (item, kind, document_id, organ, code)
    ) strict, without rowid
    """,
    "create index links_older on links (older) where older is not null",
    "create index links_open on links (document_id, code) where older is null",
    """
    create table changes (
        id text primary key,
        asked_by_us integer not null,
        kind text not null,
        carrier text not null,
        carrier_id text not null default '',
        item text,
        document_id text not null,
        code text not null default '',
        promulgated text not null default '',
        agency text not null,
        reason text not null default '',
        state text not null,
        note text not null default '',
        created integer not null,
        at integer not null
    ) strict
    """,
    "create index changes_item on changes (item, agency) where item is not null",
    "create unique index changes_carrier on changes (carrier, agency, document_id, code)",
    "create index changes_parked on changes (document_id, code) where item is null",
    "create index changes_open on changes (state, created)",
    """
    create table tombstones (
        item text primary key,
        change text not null,
        at integer not null,
        digest text not null,
        size integer not null,
        attachments text not null,
        destroyed text not null,
        remains text not null
    ) strict, without rowid
    """,
    """
    create table alarms (
        item text not null,
        what text not null,
        agency text not null default '',
        at integer not null,
        over integer,
        primary key (item, what, agency)
    ) strict, without rowid
    """,
    "create index alarms_on on alarms (what, at) where over is null",
    "create index alarms_over on alarms (over) where over is not null",
    """
    create table incidents (
        id integer primary key autoincrement,
        rule text not null,
        watch text not null,
        about text not null,
        stage text not null,
        severity text not null,
        words text not null,
        seen integer not null,
        raised integer,
        gone integer,
        over integer
    ) strict
    """,
    "create unique index incidents_on on incidents (rule, about) where over is null",
    "create index incidents_raised on incidents (raised) where raised is not null",
    "create index incidents_over on incidents (over) where over is not null",
    """
    create table notices (
        id integer primary key autoincrement,
        incident integer references incidents (id) on delete cascade,
        event text not null,
        channels text not null,
        words text not null,
        created integer not null,
        due integer not null,
        spread integer not null default 0
    ) strict
    """,
    "create index notices_due on notices (due) where spread = 0",
    "create index notices_incident on notices (incident)",
    """
    create table tellings (
        notice integer not null references notices (id) on delete cascade,
        address text not null,
        due integer not null,
        attempt integer not null default 0,
        told integer,
        dropped integer,
        primary key (notice, address)
    ) strict, without rowid
    """,
    "create index tellings_due on tellings (due) where told is null and dropped is null",
    """
    create table canaries (
        id text primary key,
        document_id text not null unique,
        envelope text not null,
        sent integer not null,
        back integer
    ) strict, without rowid
    """,
    "create index canaries_sent on canaries (sent)",
    "create index canaries_back on canaries (back) where back is not null",
    """
    create table work (
        lane text not null,
        item text not null,
        urgency integer not null default 0,
        due integer not null,
        leased integer,
        token integer,
        attempt integer not null default 0,
        crashes integer not null default 0,
        alone integer not null default 0,
        reason text not null default '',
        primary key (lane, item)
    ) strict, without rowid
    """,
    "create index work_due on work (lane, leased, alone, urgency desc, due, item)",
    "create index work_waiting on work (lane, leased, alone, due)",
    "create index work_alone on work (due) where alone = 1",
    "create index work_leased on work (leased) where leased is not null",
    """
    create table attempts (
        id integer primary key,
        envelope text not null references envelopes (id),
        attempt integer not null,
        at integer not null,
        outcome text not null,
        reason text not null default ''
    ) strict
    """,
    "create index attempts_envelope on attempts (envelope)",
    "create table marks (name text primary key, value text not null) strict, without rowid",
    """
    create table pauses (
        what text primary key,
        since integer not null,
        until integer,
        reason text not null
    ) strict, without rowid
    """,
)


def m0001_first(db: Database) -> None:
    """Make the tables of the first release."""
    for statement in (*_FIRST, *JOURNAL, *SEARCH):
        db.execute(statement)


def m0002_retention(db: Database) -> None:
    """Let a document say that its payload was removed, and when."""
    for statement in RETENTION:
        db.execute(statement)


# In the order they are applied in; a new one is added at the end.
MIGRATIONS: Final[list[Callable[[Database], None]]] = [m0001_first, m0002_retention]
