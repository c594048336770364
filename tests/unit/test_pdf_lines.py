"""Letters put together as lines, as a person reads them."""

from __future__ import annotations

from functools import partial

from effort import calls_in

from edge_node.notary.pdf.lines import Letter, lines_of


def test_a_page_full_of_scattered_words_is_read_in_no_time():
    """A map has thousands of names, none of which goes on below another."""

    def read(names: int) -> None:
        found = [line for line in lines_of(_scattered(names)) if line]
        assert len(found) > 0.9 * names

    # Eight times the names are eight times the work: each is not held against each.
    assert calls_in(partial(read, 8000)) < 10 * calls_in(partial(read, 1000))


def test_what_stands_below_goes_on_though_others_stand_between():
    """Columns are read one after the other, however their lines alternate."""
    letters = [
        Letter(text=text, x=x, y=y, width=8, height=10)
        for text, x, y in (("a", 50, 700), ("c", 300, 695), ("b", 50, 685), ("d", 300, 680))
    ]
    assert list(lines_of(letters)) == ["a", "b", "", "c", "d", ""]


def _scattered(names: int) -> list[Letter]:
    return [
        Letter(text="a", x=7919 * number % 59_500 / 100, y=number / 12, width=1, height=1)
        for number in range(names)
    ]
