"""What `--help` prints, in both languages."""

from __future__ import annotations

import re

import pytest
from drawing import command_help

THEIRS = re.compile(
    r"Usage|Arguments|Options|Commands|OPTIONS|COMMAND|ARGS|Show this|required|default|<list|\{"
)


def test_no_word_of_the_library_is_left_in_a_vietnamese_page():
    """It writes English only: what it says is known again and said anew."""
    said = command_help("vi")["said"]
    assert len(said) > 30
    left = {name: THEIRS.findall(page) for name, page in said.items() if THEIRS.search(page)}
    assert left == {}


@pytest.mark.parametrize(
    ("language", "usage"),
    [
        ("en", "Usage: edge-node hold [OPTIONS] ID...\n"),
        ("vi", "Cách dùng: edge-node hold [TÙY CHỌN] ID...\n"),
    ],
)
def test_the_first_line_says_how_a_command_is_used(language, usage):
    """An argument that may be repeated is named once."""
    assert command_help(language)["said"]["hold"].startswith(usage)
