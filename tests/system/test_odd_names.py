"""The commands over files that are something else, and files with odd names."""

from __future__ import annotations

import json

import odd_strangers
import pytest
from keys_world import Agency
from odd_world import World


@pytest.fixture(scope="module")
def agency(pki, tmp_path_factory):
    agency = Agency(tmp_path_factory.mktemp("agency"), pki).believe()
    return agency.has(agency.file("agency"))


@pytest.fixture(scope="module")
def folder(pki, tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    world = World(pki, tmp_path_factory.mktemp("world"))
    for odd in odd_strangers.FILES:
        odd.write(world, folder)
    return folder


@pytest.mark.parametrize("shape", [(), ("--json",)], ids=["sheets", "lines"])
def test_each_file_is_signed_or_told_about(agency, folder, tmp_path, shape):
    """Whatever one is called, the others are signed, and nobody sees a traceback."""
    paths = sorted(folder.iterdir())
    answer = agency.run("sign", "--level", "B-B", "--to", tmp_path, *shape, "--", *paths)

    assert answer.returncode == 1
    assert "Traceback" not in answer.stdout + answer.stderr
    signed = {path.name for path in tmp_path.iterdir()}
    assert signed == {odd.name for odd in odd_strangers.FILES if odd.signs}
    if shape:
        told = [json.loads(line) for line in answer.stdout.splitlines()]
        assert [one["signed"] for one in told] == [path.name in signed for path in paths]
        assert all(one["signed"] or (one["why"] and one["hint"]) for one in told)
    else:
        assert "\x1b" not in answer.stdout
        assert answer.stdout.count("\n\n") == len(paths) - 1


def test_each_file_is_verified_and_told_about(agency, folder):
    """One line for each, whatever it is called."""
    paths = sorted(folder.iterdir())
    answer = agency.run("verify", "--json", "--", *paths)

    assert "Traceback" not in answer.stdout + answer.stderr
    told = [json.loads(line) for line in answer.stdout.splitlines()]
    assert len(told) == len(paths)
    assert {one["verdict"] for one in told} == {"INDETERMINATE", "INVALID"}
