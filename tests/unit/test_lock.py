"""What packages are built from: the same releases the tests ran with, each with its hashes."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pins(text):
    """Return the releases a file of requirements names, by the name of the library."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): release for name, release in found}


def test_packages_hold_the_releases_the_tests_ran_with():
    """`make lock` follows constraints.txt; whoever forgets it hears of it here."""
    locked = pins((ROOT / "packaging/lock.txt").read_text())
    tested = pins((ROOT / "constraints.txt").read_text())
    assert len(locked) > 50
    assert {name: tested.get(name) for name in locked} == locked


def test_every_release_has_a_hash():
    """Whoever stands between us and the index cannot put anything in."""
    for name in ("lock.txt", "pip.txt"):
        text = (ROOT / "packaging" / name).read_text()
        requirements = re.split(r"\n(?=[A-Za-z0-9])", text)
        bare = [each for each in requirements if "==" in each and "--hash=sha256:" not in each]
        assert bare == []


def test_nothing_the_program_imports_is_left_out():
    """What pyproject.toml asks for, with the page, stands in the lock."""
    locked = pins((ROOT / "packaging/lock.txt").read_text())
    project = (ROOT / "pyproject.toml").read_text()
    asked = re.search(r"^dependencies = \[(.*?)^\]", project, re.MULTILINE | re.DOTALL)[1]
    asked += re.search(r"^web = \[(.*?)\]$", project, re.MULTILINE)[1]
    names = {name.lower() for name in re.findall(r'"([A-Za-z0-9-]+)', asked)}
    assert names - set(locked) == set()
