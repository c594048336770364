"""The filters of a command line: typed one by one, taken by a command as one value."""

from __future__ import annotations

from dataclasses import fields

import pytest

from edge_node.cli.filters import Filters, with_filters
from edge_node.cli.rooms import commands_of
from edge_node.domain.errors import NotAllowed

NAMES = [each.name for each in fields(Filters)]


def options(room, command):
    return [option for param in commands_of(room)[command].params for option in param.opts]


@pytest.mark.parametrize(
    ("room", "command"),
    [
        ("listing", "list"),
        ("repair", "resend"),
        ("repair", "release"),
        ("halting", "hold"),
        ("halting", "cancel"),
        ("halting", "expire"),
        ("halting", "requeue"),
    ],
)
def test_each_filter_is_an_option_of_its_own(room, command):
    """In one order wherever they are taken, and the value they become is none."""
    taken = [each.removeprefix("--") for each in options(room, command)]
    assert [each for each in taken if each in NAMES] == NAMES
    assert "filters" not in taken


def test_what_is_typed_comes_as_one_value():
    """Beside what else the command takes."""

    @with_filters
    def command(ids: str, *, filters: Filters, yes: bool) -> None:
        heard.append((ids, filters, yes))

    heard = []
    command(ids="o1", **dict.fromkeys(NAMES, "") | {"partner": "H01"}, yes=True)
    assert heard == [("o1", Filters(partner="H01"), True)]


def test_filters_left_out_ask_for_everything():
    """As they came: neither a state nor an age is made up."""
    assert Filters().wanted().everything
    assert not Filters(reason="ổ đĩa").wanted().everything


@pytest.mark.parametrize("typed", [{"state": "away"}, {"older": "soon"}, {"urgency": "9"}])
def test_a_word_that_is_no_filter_is_refused(typed):
    """What can be typed there is in the hint."""
    with pytest.raises(NotAllowed) as caught:
        Filters(**typed).wanted()
    assert caught.value.hint is not None
