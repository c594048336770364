"""Lists are found by an index, whichever filters are asked for, and by the one that leaves few."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from builders import T0, THEM, a_new_document

from edge_node.adapters import searching
from edge_node.adapters.reading import ReadingFile
from edge_node.domain.lifecycle import Sending
from edge_node.domain.wanted import Wanted

PLACE = re.compile(r":(\w+)")
DAY = timedelta(days=1)
OUT = {
    "newest": "documents_created",
    "words": "VIRTUAL TABLE",
    "state": "fates_state",
    "partner": "fates_partner",
    "reasons": "fates_reason",
}
IN = {
    "newest": "incoming_created",
    "words": "VIRTUAL TABLE",
    "state": "incoming_state",
    "partner": "incoming_partner",
    "reasons": "incoming_reason",
}
# Fates of documents long forgotten: all that a list begun with their state would walk through.
MANY = """
with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < :most)
insert into fates (item, receiver, name, envelope, state, at)
select 'x' || n, 'H01.1', '', '', 'delivered', 0 from numbers
"""


class Overheard(ReadingFile):
    """The queue, and what it was asked."""

    def rows(self, sql, values=None):
        """Note the statement, and answer it."""
        self.__dict__.setdefault("asked", []).append(sql)
        return super().rows(sql, values)


@pytest.mark.parametrize(("side", "ways"), [(searching._OUT, OUT), (searching._IN, IN)])
def test_every_filter_has_an_index_to_begin_with(queue, side, ways):
    """Nobody waits for a walk through all documents, nor for an index made on the way."""
    assert set(side) == set(ways)
    for way, sql in side.items():
        values = dict.fromkeys(PLACE.findall(sql), "x")
        plan = [row["detail"] for row in queue.file.rows(f"explain query plan {sql}", values)]
        # Which reasons are meant comes with the statement.
        steps = [step for step in plan if step.startswith(("SEARCH", "SCAN"))]
        steps = [step for step in steps if "json_each" not in step and "subquery" not in step]
        begun = steps[1] if (side, way) == (searching._OUT, "reasons") else steps[0]
        assert ways[way] in begun, (way, plan)
        assert not [step for step in plan if "AUTOMATIC" in step], (way, plan)


@pytest.mark.parametrize("filters", [{"state": "delivered"}, {"partner": "H01.1"}])
def test_what_most_documents_have_is_no_beginning_for_a_look_at_some_days(queue, filters):
    """Delivered, or sent to the ministry, are nearly all: of the days asked for, all are seen."""
    new = a_new_document()
    queue.outgoing.add(new, now=T0)
    fate = {"state": "delivered", "receiver": "H01.1", "item": new.id}
    with closing(sqlite3.connect(queue.file.path)) as db, db:
        db.execute(MANY, {"most": searching._WALKED})
        db.execute(
            "update fates set state = :state, receiver = :receiver where item = :item", fate
        )
    file = Overheard(queue.file.path)

    def found(**more):
        file.__dict__["asked"] = []
        rows = searching.outgoing(file, Wanted(**filters, **more), limit=20, tell=str)
        return [row["id"] for row in rows], file.asked[-1]

    items, statement = found(until=T0 + DAY)
    assert items == [new.id]
    assert "documents_created" in statement
    assert found(until=T0 - DAY)[0] == []
    items, statement = found()
    assert items == [new.id]
    assert "documents_created" not in statement
    file.close()


def test_of_two_filters_the_rarer_one_is_the_beginning(queue):
    """A partner that most documents went to leaves many, a state that few are in does not."""
    with closing(sqlite3.connect(queue.file.path)) as db, db:
        db.execute(MANY, {"most": searching._WALKED})
    file = Overheard(queue.file.path)
    wanted = Wanted(partner="H01.1", state=str(Sending.REFUSED))
    assert searching.outgoing(file, wanted, limit=20, tell=str) == []
    assert file.asked[-1] == searching._OUT["state"]
    file.asked.clear()
    wanted = Wanted(partner=THEM, state=str(Sending.DELIVERED))
    assert searching.outgoing(file, wanted, limit=20, tell=str) == []
    assert file.asked[-1] == searching._OUT["partner"]
    file.close()
