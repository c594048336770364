"""
What a desk's node has to tell of an id or a path, as a clerk reads it in either language.

    tale = explained(desk, document.id)
    both(tale)      # (english, vietnamese): every sentence and command, a line each
    facts(tale)     # ["taken-in", "queued", "axis-down", "tried-again"]
"""

from __future__ import annotations

import re
import time

from edge_node.adapters.pauses import Pauses
from edge_node.catalogue import Language, tell
from edge_node.daemon.board import Board
from edge_node.daemon.lanes import Turned
from edge_node.node.explaining import Around, explain

# A place nobody filled, or a value shown as Python has it.
_RAW = re.compile(r"\{\w*\}|Message\(|None\b|datetime\.|mappingproxy|<[A-Z]\w+\.")


def explained(desk, what, *, running=True, ahead=0.0, process=None):
    """Return the tale, as it is ``ahead`` seconds after now for whoever looks at files."""
    around = Around(
        settings=lambda: desk.config,
        shared=desk.config.folders.exchange,
        file=desk.queue.file,
        now=desk.now,
        age=time.time() + ahead,
        running=running,
        process=process,
    )
    return explain(around, str(what))


def facts(tale):
    """Return what each sentence is about, in order."""
    return [each.fact for each in tale.sentences]


def commands(tale):
    """Return what can be typed, in order."""
    return [each.command for each in tale.cures if each.command]


def both(tale):
    """Return the tale in English and in Vietnamese, having seen that each is complete."""
    texts = []
    for language in (Language.EN, Language.VI):
        said = [tale.about, *(each.words for each in (*tale.sentences, *tale.cures))]
        told = [tell(words, language) for words in said]
        assert all(line.strip() for line in told)
        assert [line for line in told if _RAW.search(line)] == []
        texts.append("\n".join([*told, *commands(tale)]))
    return tuple(texts)


def in_order(tale):
    """Tell whether what happened is told as it happened."""
    moments = [each.at for each in tale.sentences if each.part == "past" and each.at]
    return moments == sorted(moments)


def on_the_board(desk, flow, lane):
    """Turn a flow as the daemon does, so that what keeps it is written where `explain` looks."""
    board = Board(Pauses(desk.queue.file), clock=lambda: desk.now)
    board.watch(desk.node.upstream, desk.node.clock_watch, resume=lambda: None)
    turned = Turned(desk.flows[flow], lane=lane, board=board)
    turned.flow.wake()
    for _ in range(50):
        if not turned.turn(desk.now, 0.0):
            return
    raise AssertionError(f"{flow} never comes to rest")
