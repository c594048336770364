"""A list of a hundred thousand rows inside a JSON answer, read row by row."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.protocol.json_stream import StreamBroken
from edge_node.protocol.row_stream import RowStream

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def read(answer, *sizes):
    """Feed an answer in pieces of these sizes, over and over; return the rows and the rest."""
    stream, rows, at, turn = RowStream(), [], 0, 0
    while at < len(answer):
        step = sizes[turn % len(sizes)] if sizes else len(answer)
        rows += stream.feed(answer[at : at + step])
        at, turn = at + step, turn + 1
    return rows, stream.close()


@given(
    st.lists(VALUES, max_size=5),
    st.dictionaries(st.text().filter(lambda key: key != "data"), VALUES, max_size=3),
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
    st.booleans(),
)
def test_rows_come_out_as_they_went_in_wherever_the_answer_is_cut(rows, rest, sizes, indented):
    """In the middle of a letter, a number, an escape; before or after the other fields."""
    whole = dict(list(rest.items())[:1]) | {"data": rows} | rest
    answer = json.dumps(whole, ensure_ascii=False, indent=1 if indented else None)
    assert read(answer.encode(), *sizes) == (rows, whole | {"data": []})


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>welcome</html>",
        b'{"data":[{"code":"H37"},',
        b'{"data":[{"code":"H37"}]',
        b'{"data":[{"code":"H37"}}',
        b'{"data":[{"code":"H37"} {"code":"H38"}]}',
        b'{"data":[,]}',
        b'{"data":[1],"data":[2]}',
        b'{"data":[1]} and more',
        b"[1]",
        b'{"data":[\xff]}',
        b"{1:[]}",
        b'{"data"[]}',
    ],
)
def test_what_is_no_whole_answer_is_never_an_empty_list(answer):
    """Cut short, not JSON, two lists in one: an error, however the pieces fall."""
    for size in (1, 1000):
        with pytest.raises(StreamBroken):
            read(answer, size)


@pytest.mark.parametrize("data", [None, {}, "x", 3])
def test_what_is_no_list_is_left_to_the_reader(data):
    """The rest says why there is none."""
    answer = json.dumps({"status": "FAIL", "data": data}).encode()
    assert read(answer, 3) == ([], {"status": "FAIL", "data": data})


def test_a_long_list_needs_no_more_memory_than_a_row():
    """What was handed on is let go of."""
    row = json.dumps({"name": "Ủy ban nhân dân " * 10}).encode()
    stream = RowStream()
    list(stream.feed(b'{"data":[' + row))
    tracemalloc.start()
    for _ in range(3000):
        assert len(list(stream.feed(b"," + row))) == 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


def test_a_row_that_never_ends_is_broken_off():
    """An axis cannot fill our memory."""
    stream = RowStream()
    list(stream.feed(b'{"data":["'))
    with pytest.raises(StreamBroken):
        list(stream.feed(b"x" * (1 << 21)))
