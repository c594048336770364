"""
No statement of the queue looks through a whole table.

The product's own statements are gathered from the modules that speak SQL, and SQLite is asked how
it would go about each.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Mapping
from pathlib import Path

from edge_node import adapters
from edge_node.adapters import directory, directory_search
from edge_node.adapters.directory_file import DirectoryFile

SPEAKS = re.compile(r"\s*(with|select|update|delete)\s.*\b(from|set)\b", re.DOTALL)
PLACE = re.compile(r":(\w+)")
# Indexes of what is still to be done and of nothing else: all of it is wanted. Besides these the
# newest are read from the end of an index, and who counts has to look at each, in an index.
TO_DO = re.compile(
    r"SCAN \w+ USING( COVERING)? INDEX (documents_untold|events_untold|work_\w+|alarms_on"
    r"|incidents_on|tellings_due)"
)
GIVEN = "SCAN json_each VIRTUAL TABLE INDEX 1:"  # ids that came with the statement
# A row for each flow at most, one for each urgency that waits, one for each table that counts.
A_HANDFUL = {"SCAN pauses", "SCAN urgencies", "SCAN sqlite_sequence"}
FROM_THE_END = {
    "SCAN documents USING INDEX documents_created",
    "SCAN canaries USING INDEX canaries_sent",
}
COUNTED = re.compile(r"SCAN \w+ USING COVERING INDEX (fates_state|envelopes_reports)")


# What speaks to the directory of agencies, a database of its own; what reads it has a test below.
APART = "edge_node.adapters.directory"


# SQLite asks the index of words as a table of its own; `said` is a step from reason to reason.
BY_WORDS = re.compile(r"SCAN (words VIRTUAL TABLE INDEX \d+:M\d+|said)")


def modules():
    for module in pkgutil.iter_modules(adapters.__path__, "edge_node.adapters."):
        if not module.name.startswith(APART):
            yield importlib.import_module(module.name)


def at_the_top(module):
    for value in vars(module).values():
        yield from value.values() if isinstance(value, Mapping) else (value,)


def in_functions(module):
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                yield node.value if isinstance(node, ast.Constant) else node


def statements(spoken_by=modules):
    found = spoken_by()
    texts = [text for module in found for text in (*at_the_top(module), *in_functions(module))]
    spoken = {text for text in texts if isinstance(text, str) and SPEAKS.match(text)}
    return sorted(" ".join(text.split()) for text in spoken)


def plan(queue, sql):
    values = dict.fromkeys(PLACE.findall(sql), "x")
    return [row["detail"] for row in queue.file.rows(f"explain query plan {sql}", values)]


def scans(queue, sql):
    steps = {step for step in plan(queue, sql) if step.startswith("SCAN")}
    looked = {step for step in steps if not TO_DO.fullmatch(step)}
    if "limit" in sql:
        looked -= FROM_THE_END
    if "count(*)" in sql:
        looked = {step for step in looked if not COUNTED.fullmatch(step)}
    looked = {step for step in looked if not BY_WORDS.fullmatch(step)}
    return {step for step in looked - {GIVEN, *A_HANDFUL} if "subquery" not in step}


def test_every_statement_of_the_product_is_looked_at():
    """Those at the top of a module, in a table, in a function; none is put together."""
    found = statements()
    for known in (
        "select min(due) as due from work where lane = :lane and leased is null and alone = 0",
        "select state, count(*) as n from fates group by state",
        "update envelopes set sending = null where id = :id",
    ):
        assert known in found
    built = [
        ast.unparse(node)
        for module in modules()
        for node in in_functions(module)
        if isinstance(node, ast.JoinedStr) and SPEAKS.match(ast.unparse(node)[2:])
    ]
    assert built == []


def test_no_statement_looks_through_a_table(queue):
    """However long the history has become, each finds what it wants by an index."""
    looked = {sql: scans(queue, sql) for sql in statements()}
    assert {sql: found for sql, found in looked.items() if found} == {}


def test_what_lists_and_looks_often_need_not_sort_the_history(queue):
    """The newest come from the end of an index, and what is due soonest from its beginning."""
    often = re.compile(
        r"select d\.\* from (documents|incoming) as d indexed by \w+_created .*"
        r"|.* order by fates.at, .*|select min\(due\) as due from work where .*"
    )
    sql = [each for each in statements() if often.fullmatch(each)]
    assert len(sql) == 6  # those of `searching` twice: with what else was asked for, and without
    for each in sql:
        steps = plan(queue, each)
        assert not [step for step in steps if "TEMP B-TREE" in step], (each, steps)
    # What counts how much is in front of one item is no look of a lane: it has a test below. Nor
    # is what a person has tried now, all there is of it.
    looks = [
        each
        for each in statements()
        if re.match(r"select (?!count\(\*\)|envelopes\.item ).* from work .*leased is null", each)
    ]
    steps = sorted(step for each in looks for step in plan(queue, each))
    assert [re.findall(r"INDEX (work_\w+)", step) for step in steps] == [
        ["work_alone"],
        ["work_waiting"],
        ["work_waiting"],
        ["work_waiting"],  # the oldest
    ]


def test_the_most_urgent_is_found_by_a_seek_for_each_urgency(queue):
    """What is urgent and not due yet is not walked through: the moment is part of the seek."""
    (claim,) = (each for each in statements() if each.startswith("with recursive urgencies"))
    steps = [step for step in plan(queue, claim) if step.startswith(("SEARCH", "SCAN"))]
    index = "SEARCH work USING COVERING INDEX work_due"
    waiting = "lane=? AND leased=? AND alone=?"
    assert set(steps) == {
        "SCAN urgencies",
        f"{index} ({waiting})",  # the highest urgency
        f"{index} ({waiting} AND urgency<?)",  # the next lower
        f"{index} ({waiting} AND urgency=? AND due<?)",  # the first that is due
    }


def test_what_is_in_front_of_an_item_is_counted_in_an_index_and_no_further_than_asked(queue):
    """Whoever explains one item looks neither at the history nor at all that waits."""
    (sql,) = (each for each in statements() if "urgency > :urgency" in each)
    assert re.search(r"limit :\w+\)$", sql)
    index = "SEARCH work USING COVERING INDEX work_due"
    waiting = "lane=? AND leased=? AND alone=?"
    assert [step for step in plan(queue, sql) if "work" in step] == [
        f"{index} ({waiting} AND urgency>?)",
        f"{index} ({waiting} AND urgency=? AND due<?)",
    ]


def lookups():
    return (directory, directory_search)


def test_no_lookup_in_the_directory_looks_through_its_units(tmp_path):
    """The directory of agencies has an index for whatever is looked up in it."""
    file = DirectoryFile(tmp_path / "directory.db")
    asked = statements(lookups)
    assert any("matches" in sql or "match" in sql for sql in asked)
    with file.reading() as db:
        steps = {
            row[3]
            for sql in asked
            for row in db.execute(
                f"explain query plan {sql}", dict.fromkeys(PLACE.findall(sql), "x")
            )
        }
    file.close()
    scans = {
        step for step in steps if re.match(r"SCAN (units|listed|aliases|local|u|l|p)\b", step)
    }
    assert scans == set()
    assert any("INDEX units_plain" in step for step in steps)
