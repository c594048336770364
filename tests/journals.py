"""Journals that tests read, export, break and verify."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing
from datetime import timedelta

from builders import T0

from edge_node.adapters.heads import Heads
from edge_node.adapters.history import note
from edge_node.adapters.journal import Journal
from edge_node.adapters.journal_file import JournalFile
from edge_node.domain.item import ItemId
from edge_node.domain.journal import GENESIS, Entry, linked
from edge_node.tools.verify_journal import Verifier, Wrong

DAY = timedelta(days=1)
A, B = ItemId("oa23456789"), ItemId("ib23456789")
TRIGGERS = ("events_stand", "events_stay", "heads_stand", "heads_stay")


def happen(file, *items, now=T0):
    """Have something happen to each of these items, one after the other."""
    with file.transaction() as transaction:
        for item in items:
            note(transaction, item, "queued", now=now, text="đã nhận")


def anchor(file, *, now=T0, token=None):
    """Enter the head of a day; stamped where there is a token."""
    heads = Heads(file)
    head = heads.enter(now=now)
    if token is not None:
        heads.stamped(head, token)
    return head


def some_days(file, days=3, *, each=(A, B, B)):
    """Have the same happen on some days, each with its head."""
    for day in range(days):
        happen(file, *each, now=T0 + day * DAY)
        anchor(file, now=T0 + day * DAY)


def meddle(file, *statements, **values):
    """Change the tables as somebody does who rules the machine: no trigger stops that."""
    file.close()
    with closing(sqlite3.connect(file.path, isolation_level=None)) as db:
        for trigger in TRIGGERS:
            db.execute(f"drop trigger if exists {trigger}")
        for statement in statements:
            db.execute(statement, values)


def rewrite(file, event, **changes):
    """Change an event and reckon the whole chain anew, as somebody does who knows how."""
    rows = file.rows("select * from events order by id")
    meddle(file)
    chain = GENESIS
    with closing(sqlite3.connect(file.path, isolation_level=None)) as db:
        for row in rows:
            told = {key: value for key, value in row.items() if key not in {"chain", "untold"}}
            entry = Entry(**(told | (changes if told["id"] == event else {})))
            chain = linked(chain, entry.leaf)
            db.execute(
                "update events set note = ?, chain = ? where id = ?", (entry.note, chain, entry.id)
            )


def exported(file, **span):
    """Return an export as bytes."""
    out = io.BytesIO()
    JournalFile(journal=Journal(file), agency="H99.01", made=T0).export(out, **span)
    return out.getvalue()


def excerpt(file, item):
    """Return an excerpt as bytes."""
    out = io.BytesIO()
    JournalFile(journal=Journal(file), agency="H99.01", made=T0).excerpt(out, item)
    return out.getvalue()


def checked(content):
    """Return the verifier that went through a file; raises Wrong."""
    verifier = Verifier()
    verifier.walk(io.BytesIO(content))
    return verifier


def fault(content):
    """Return what is wrong with a file: its line and the words; None where all holds."""
    try:
        checked(content)
    except Wrong as wrong:
        return wrong.line, wrong.english
    return None
