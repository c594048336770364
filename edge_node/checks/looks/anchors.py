"""The authorities that are believed: that there are some, and how long each is valid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.adapters.anchors import Anchors
from edge_node.checks.check import Check
from edge_node.checks.days import validity
from edge_node.checks.finding import broken_by, warn
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding

_SHOWN: Final = 16  # letters of a fingerprint, as `trust list` shows it


def _look(situation: Situation) -> Iterator[Finding]:
    anchors = Anchors(situation.config.trusted)
    try:
        found = anchors.all()
    except EdgeNodeError as error:
        yield broken_by("trust.anchors", error)
        return
    if not found:
        yield warn(
            "trust.anchors",
            say("no authority is believed: no signature can be found VALID"),
            say("add the roots of the authorities you trust: edge-node trust add FILE"),
        )
    for anchor in found:
        facts = anchor.facts
        yield validity(
            "trust.anchor",
            whose=say("the authority {subject}", subject=facts.subject),
            begins=facts.not_before,
            ends=facts.not_after,
            now=situation.now,
            cure=say(
                "add its next generation: edge-node trust add FILE; what was signed under this one"
                " is still judged by it"
            ),
            about=facts.fingerprint[:_SHOWN],
            needed=False,  # older signatures are judged by it all the same
        )


CHECK: Final = Check(id="trust.anchors", rank=60, look=_look)
