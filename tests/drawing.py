"""
Draws into the READMEs what the code says: the states of a document, the commands and their help.

    python tests/drawing.py        writes what changed between the markers

`tests/unit/test_docs.py` draws the same and compares. The other words are people's affair.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from functools import cache
from pathlib import Path

from edge_node.domain.envelope import Envelope, Incoming
from edge_node.domain.lifecycle import INBOUND, OUTBOUND

ROOT = Path(__file__).parents[1]
READMES = {"README.md": "en", "README.vi.md": "vi"}
HEADS = {"en": ("command", "what it does"), "vi": ("lệnh", "công dụng")}

# Run apart, because help is put into words when the modules are imported.
ASK = """
import json, typer
from typer.testing import CliRunner
from edge_node.cli.app import app

root = typer.main.get_command(app)
root.list_commands(None)  # each is loaded when it is asked for
shown = {name: command for name, command in root.commands.items() if not command.hidden}
said = {name: CliRunner().invoke(app, [name, "--help"]).output for name in shown}
print(json.dumps({"line": {n: c.help for n, c in shown.items()}, "said": said}))
"""


def diagram(table, first):
    """Return one life as mermaid draws it; it reads as a list of moves, too."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {first}"]
    lines += [f"    {state} --> {after}: {event}" for (state, event), after in table.items()]
    left = {state for state, _ in table}
    ends = dict.fromkeys(after for after in table.values() if after not in left)
    lines += [f"    {state} --> [*]" for state in ends]
    return "\n".join([*lines, "```"])


def first_state(kind):
    return next(field.default for field in fields(kind) if field.name == "state")


def drawn_states(table, kind):
    return diagram(table, first_state(kind))


@cache
def command_help(language):
    """Return what every command says of itself: its one line, and all of its `--help`."""
    answer = subprocess.run(
        [sys.executable, "-c", ASK],
        env=os.environ | {"EDGE_NODE_LANG": language, "COLUMNS": "400"},
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(answer.stdout)


def command_table(language):
    rows = [
        f"| `edge-node {name}` | {line} |" for name, line in command_help(language)["line"].items()
    ]
    head = "| {} | {} |".format(*HEADS[language])
    return "\n".join([head, "|---|---|", *rows])


def drawings(language):
    """Return what belongs between which markers."""
    return {
        "states": drawn_states(OUTBOUND, Envelope),
        "incoming": drawn_states(INBOUND, Incoming),
        "commands": command_table(language),
    }


def frame(mark):
    """Return what finds the markers of a name and what stands between them."""
    return re.compile(f"(<!-- {mark}:begin -->\\n)(.*?)(<!-- {mark}:end -->)", re.DOTALL)


def redrawn(text, language):
    for mark, drawing in drawings(language).items():
        text = frame(mark).sub(lambda at, it=drawing: f"{at[1]}{it}\n{at[3]}", text)
    return text


if __name__ == "__main__":
    for name, language in READMES.items():
        readme = ROOT / name
        readme.write_text(redrawn(readme.read_text("utf-8"), language), "utf-8")
