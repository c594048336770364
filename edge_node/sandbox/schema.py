"""The tables of a sandbox; what may be asked of them is the store's affair."""

from __future__ import annotations

from typing import Final

# Moments are ISO 8601 in Vietnam's zone, to the second: in this form they sort as they follow.
SCHEMA: Final = """
create table if not exists agencies (
    id integer primary key,
    code text not null unique,
    name text not null,
    mail text not null default '',
    parent text not null default '',
    old_code text not null default '',
    registered_by text not null default '', -- '' for those of sandbox.yaml
    deleted integer not null default 0,
    version integer not null default 1,
    modified text not null
) strict;

create table if not exists sends ( -- one row per accepted sendEdoc
    id integer primary key,
    doc_id text not null unique, -- what sendEdoc answered
    sender text not null,
    message_type text not null,
    document_id text not null, -- a status: of the document it is about
    code text not null,
    title text not null,
    status_code text not null, -- '' for a document
    sha256 text not null, -- of the package as it was sent
    size integer not null,
    at text not null
) strict;
create index if not exists sends_by_sender on sends (sender, message_type);

create table if not exists deliveries ( -- one row per send and receiver
    id integer primary key,
    doc_id text not null unique, -- the receiver's own
    send integer not null references sends (id),
    receiver text not null,
    message_type text not null,
    status text not null default 'initial',
    status_desc text not null default '',
    created text not null,
    updated text not null
) strict;
create index if not exists deliveries_of_send on deliveries (send);
create index if not exists deliveries_pending on deliveries (receiver, message_type)
    where status in ('initial', 'processing');
create index if not exists deliveries_by_receiver on deliveries (receiver, message_type, created);

create table if not exists forgotten ( -- accepted, and left out of every list of what was sent
    send integer primary key references sends (id)
) strict;

-- How often the same message was accepted for the same receiver. A document is told by its
-- DocumentId; a status by who reports (sender) which code on which document to whom.
create view if not exists accepted_sends
    (sender, document_id, receiver, message_type, status_code, sends) as
    select s.sender, s.document_id, d.receiver, s.message_type, s.status_code, count(*)
      from sends s join deliveries d on d.send = s.id
     group by s.sender, s.document_id, d.receiver, s.message_type, s.status_code;
"""
