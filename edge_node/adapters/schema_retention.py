"""
What the queue remembers of payloads that retention removed.

`removed` is when that was decided, null where the payload is still here; while `removing` is 1
some of its files may still be there. The indexes hold what is still here, so that looking for
what has to go costs nothing for what went long ago.
"""

from __future__ import annotations

from typing import Final

RETENTION: Final = (
    "alter table documents add column removed integer",
    "alter table documents add column removing integer not null default 0",
    "alter table incoming add column removed integer",
    "alter table incoming add column removing integer not null default 0",
    "create index documents_kept on documents (created, id) where removed is null",
    "create index documents_removing on documents (id) where removing = 1",
    """
    create index incoming_kept on incoming (created, id)
     where removed is null and message = 'edoc'
    """,
    "create index incoming_removing on incoming (id) where removing = 1",
)
