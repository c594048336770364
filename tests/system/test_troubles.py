"""Broken situations of docs/troubleshooting.md: the quick ones, built and asked about anew."""

from __future__ import annotations

import re
from pathlib import Path

import needs
import pytest
import troubles
from troubles_stage import TROUBLES

PAGE = Path(__file__).parents[2] / "docs/troubleshooting.md"
QUICK = [name for name, each in TROUBLES.items() if each.quick]


@pytest.mark.parametrize("name", QUICK)
def test_a_broken_situation_is_named_with_its_cure_on_one_screen(name, tmp_path, pki):
    """In both languages: what is wrong, what to type, in 24 lines of 80 columns."""
    needs.root()
    answers = troubles.examined(TROUBLES[name], tmp_path, lambda: pki)

    assert all(set(screens) == {"en", "vi"} for _, screens in answers)


def test_every_situation_is_on_the_page():
    """`python tests/troubles.py` writes the page anew."""
    page = PAGE.read_text("utf-8")
    titles = [f"{each.titles['en']} / {each.titles['vi']}" for each in TROUBLES.values()]

    assert re.findall(r"^### (.*)$", page, re.MULTILINE) == titles
