"""`config.example.yaml` says what the code says."""

import re
import subprocess
import sys
from dataclasses import MISSING, fields
from pathlib import Path

import yaml

from edge_node.config import Config, IntakeRule, StampServer, load
from edge_node.config.shapes import Section

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"


def keys_of(section, prefix=""):
    """Yield the full key and the field of everything below a section."""
    for entry in fields(section):
        shape = entry.metadata["shape"]
        if isinstance(shape, Section):
            yield from keys_of(shape.of, f"{prefix}{entry.name}.")
        else:
            yield prefix + entry.name, entry


def with_its_rule():
    """Return the example with the rule it shows in comments switched on."""
    head, rule = EXAMPLE.read_text(encoding="utf-8").split("  # rules:\n")
    shown, rest = rule.split("\n\n", 1)
    shown = "\n".join(line.replace("  # ", "  ", 1) for line in shown.splitlines())
    return head.replace("  rules: []\n", "") + "  rules:\n" + shown + "\n\n" + rest


def value(tree, key):
    for part in key.split("."):
        tree = tree[part] if isinstance(tree, dict) else getattr(tree, part)
    return tree


def test_the_example_is_a_configuration():
    """It loads as it stands."""
    assert load(EXAMPLE).agency.code == "H37.02"


def test_the_example_has_every_key():
    """Whoever adds a key says in the example what it is for."""
    tree = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))

    for key, _ in keys_of(Config):
        value(tree, key)


def test_the_example_gives_every_default():
    """What the example shows for a key that may be left out is what leaving it out means."""
    config = load(EXAMPLE)

    for key, entry in keys_of(Config):
        if entry.default is not MISSING:
            assert value(config, key) == entry.default, key
        elif entry.default_factory is not MISSING:
            assert value(config, key) == entry.default_factory(), key
    assert config.axis.system_id == config.agency.code
    assert config.folders.exchange == config.folders.data / "exchange"


def test_the_rule_the_example_shows_works(tmp_path):
    """Taking the comment signs away gives a rule with every key a rule can have."""
    path = tmp_path / "config.yaml"
    path.write_text(with_its_rule(), encoding="utf-8")
    (rule,) = load(path).intake.rules
    (shown,) = yaml.safe_load(with_its_rule())["intake"]["rules"]

    assert set(shown) == {entry.name for entry in fields(IntakeRule)}
    assert rule.match.fullmatch("12_UBND-VP_2026-11-21.pdf")
    for entry in fields(IntakeRule):
        if entry.name != "to" and entry.default is not MISSING:
            assert getattr(rule, entry.name) == entry.default, entry.name


def test_the_time_stamp_server_the_example_shows_works(tmp_path):
    """Copying the list out of the comment gives a server with every key one can have."""
    text = EXAMPLE.read_text(encoding="utf-8")
    (shown,) = re.findall(r"^  # (\[\{url: .*\}\])$", text, re.MULTILINE)
    path = tmp_path / "config.yaml"
    path.write_text(text.replace("  servers: []", f"  servers: {shown}"), encoding="utf-8")

    (server,) = load(path).stamps.servers

    assert all(getattr(server, entry.name) for entry in fields(StampServer))


def test_every_key_of_the_example_is_explained():
    """Above each key, or above the run of keys it belongs to, stands a comment."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    sections = [place for place, line in enumerate(lines) if line and line[0] not in "# "]

    assert all(lines[place - 1].startswith("#") for place in sections)
    assert sum(line.lstrip().startswith("#") for line in lines) > len(list(keys_of(Config)))


def test_the_values_can_be_had_without_the_parser():
    """Commands that only need the words of the configuration start without YAML."""
    ask = "import sys, edge_node.config; sys.exit('yaml' in sys.modules)"

    assert subprocess.run([sys.executable, "-P", "-c", ask], check=False).returncode == 0
