"""The page of the sandbox axis: what it shows is typed, run and read as it stands."""

from __future__ import annotations

import json
import re

import needs
import yaml
from typed import a_free_port, blocks, typed

from edge_node.sandbox.faults import Faults
from edge_node.sandbox.settings import read_settings

PAGE = "docs/sandbox.md"


def test_what_is_typed_works(tmp_path):
    """An axis, asked to misbehave, asked how it went, and asked to behave again."""
    needs.program("curl", "curl")
    script = "".join(blocks(PAGE, "sh")).replace("8479", a_free_port())

    status, output = typed(f"cd {tmp_path}\n{script}kill %1; wait", tmp_path)

    assert status == 0, output
    answers = [json.loads(line) for line in output.splitlines() if '"strikes"' in line]
    told = [[rule["fault"] for rule in answer["faults"]] for answer in answers]
    assert told == [["drop-after"], ["drop-after"], []]


def test_what_is_programmed_works(tmp_path, capsys):
    """Both pieces of Python, one after the other."""
    said = {"folder": tmp_path}

    for block in blocks(PAGE, "python"):
        exec(block, said)  # noqa: S102 # a page of ours

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+\n", capsys.readouterr().out)


def test_what_is_configured_is_understood(tmp_path):
    """The settings, and the rules of what it does wrong."""
    settings, faults = blocks(PAGE, "yaml")

    (tmp_path / "secrets").mkdir()
    secret = tmp_path / "secrets/H99.1"
    secret.write_text("s" * 32)
    secret.chmod(0o600)
    (tmp_path / "sandbox.yaml").write_text(settings, "utf-8")
    assert list(read_settings(tmp_path).members) == ["H99.1"]

    rules = Faults()
    rules.set(*yaml.safe_load(faults)["faults"])
    assert len(rules.standing) == 3
