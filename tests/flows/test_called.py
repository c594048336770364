"""Every kind of event has words: those the code writes down, and those a busy day leaves."""

from __future__ import annotations

import ast
import importlib
from datetime import timedelta
from pathlib import Path

import pytest
from flows_world import LETTER, a_sheet

import edge_node
from edge_node.adapters.incidents import OVER, RAISED
from edge_node.catalogue import Language, tell
from edge_node.domain.called import STATES
from edge_node.domain.called_events import EVENTS
from edge_node.domain.document import BusinessKind
from edge_node.domain.lifecycle import Sending

ROOT = Path(edge_node.__file__).parent
PDF = LETTER.read_bytes()
# What is written down under a name that is put together: of what, and which names that gives.
MADE = {
    "event": [],  # handed on by `History.enter`, whose callers are read as well
    "state": list(STATES),
    "fate.state": list(Sending),
    "f'{REPORT}{state}'": [f"report {state}" for state in Sending],
    "f'{kind} asked'": [f"{kind} asked" for kind in BusinessKind if kind != BusinessKind.NEW],
    "f'alarm {event}'": [f"alarm {event}" for event in (RAISED, OVER)],
}


def written_down():
    """Yield what each call of `note` and of `History.enter` gives as the event, and where."""
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            called = ast.unparse(call.func)
            if called == "note" and len(call.args) == 3:
                yield path, call.args[2]
            if called.endswith("journal.enter"):
                yield path, call.args[1]


def kinds_of(path, expression):
    """Return the kinds an expression may stand for."""
    if isinstance(expression, ast.Constant):
        return [expression.value]
    text = ast.unparse(expression)
    if text in MADE:
        return MADE[text]
    module = importlib.import_module(
        ".".join(("edge_node", *path.relative_to(ROOT).with_suffix("").parts))
    )
    found = module
    for name in text.split("."):
        found = getattr(found, name)
    return [found]


def test_every_kind_of_event_in_the_code_has_words():
    """A name of a new make is named here; one without words is named by this test."""
    found = {kind for path, event in written_down() for kind in kinds_of(path, event)}
    assert {"adopted", "canary sent", "restored", "drop refused", "alarm over"} <= found
    assert {str(kind) for kind in found if kind not in EVENTS} == set()


@pytest.mark.parametrize("language", list(Language))
def test_every_kind_of_event_has_words_of_its_own(language):
    """Two kinds are not told apart by their words only where they are states of both ways."""
    words = {kind: tell(message, language) for kind, message in EVENTS.items()}
    assert all(words.values())
    assert len(set(words.values())) == len(words)


def test_every_kind_of_event_a_busy_day_leaves_has_words(world):
    """Sent and refused, a canary, an older state, and what people did."""
    sender = world.desk(canary={"every": timedelta(hours=1)})
    receiver = world.desk()
    sender.drop("1", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    sender.drop("2", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to="?"))
    for desk in (sender, receiver, sender):
        desk.turn()
    sender.node.sends.pause(now=sender.now)
    sender.node.sends.adopt(now=sender.now)

    rows = [
        row
        for desk in (sender, receiver)
        for row in desk.queue.file.rows("select distinct event from events")
    ]
    kinds = {row["event"] for row in rows}
    assert {"drop refused", "canary sent", "restored", "adopted", "delivered"} <= kinds
    assert kinds - set(EVENTS) == set()
