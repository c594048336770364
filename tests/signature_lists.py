"""
Draws into docs/signatures.md which tests hold the two lists: what is sound, and what is forged.

    python tests/signature_lists.py        writes what changed between the markers

A test belongs to a list by its mark (`sound`, `forged`); its sentence is what the document says,
its cases are counted as pytest collects them. `tests/unit/test_signature_lists.py` compares.
"""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from pathlib import Path

import pytest
from drawing import ROOT, frame

PAGE = ROOT / "docs" / "signatures.md"
LISTS = ("sound", "forged")


class Collected:
    """Takes note of the tests of each list, and ends before any is run."""

    def __init__(self):
        """Begin with none."""
        self.cases = {mark: Counter() for mark in LISTS}
        self.told = {}

    def pytest_collection_modifyitems(self, items):
        """Be asked by pytest once it has found all."""
        for item in items:
            where = (Path(item.path).name, item.originalname)
            for mark in LISTS:
                if item.get_closest_marker(mark):
                    self.cases[mark][where] += 1
                    self.told[where] = inspect.getdoc(item.function).partition("\n")[0]


def marked():
    """Return the files in which there are such tests: reading in all others would take long."""
    needles = tuple(f"mark.{mark}" for mark in LISTS)
    found = (ROOT / "tests").rglob("test_*.py")
    return sorted(str(path) for path in found if any(one in path.read_text() for one in needles))


def collected():
    known = Collected()
    asked = ["--collect-only", "-qq", "-p", "no:cacheprovider", "--import-mode=importlib"]
    status = pytest.main([*asked, "-o", "addopts=", *marked()], plugins=[known])
    if status:
        raise SystemExit(status)
    return known


def table(cases, told):
    rows = [
        f"| {where[1].removeprefix('test_').replace('_', ' ')} | {told[where]} | {count} |"
        for where, count in cases.items()
    ]
    head = "| the test says | in other words | cases |\n|---|---|---|\n"
    return head + "\n".join(rows) + f"\n| **together** | | **{sum(cases.values())}** |"


def redrawn(text):
    known = collected()
    for mark in LISTS:
        drawing = table(known.cases[mark], known.told)
        text = frame(mark).sub(lambda at, it=drawing: f"{at[1]}{it}\n{at[3]}", text)
    return text


if __name__ == "__main__":
    drawn = redrawn(PAGE.read_text("utf-8"))
    if sys.argv[1:] == ["--check"]:
        sys.exit(drawn != PAGE.read_text("utf-8"))
    PAGE.write_text(drawn, "utf-8")
