"""What the test axis of a bench is told to do wrong, by its control call, and what that struck."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import TYPE_CHECKING

from edge_node.sandbox.faults_control import CONTROL_PATH, TOKEN_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torture.processes import Served

_PATIENCE = 30.0  # seconds


class Faults:
    """The rules that stand at one axis."""

    def __init__(self, axis: Served) -> None:
        """Speak to this axis."""
        self._axis = axis

    def add(self, *rules: Mapping[str, object]) -> None:
        """Let rules stand beside those that have not struck as often as they may."""
        standing = []
        for rule in self._call("GET")["faults"]:
            met, struck = rule.pop("met"), rule.pop("struck")
            if met == struck == 0 or "times" not in rule or struck < rule["times"]:
                standing.append(rule)
        self.set(*standing, *rules)

    def set(self, *rules: Mapping[str, object]) -> None:
        """Put rules in the place of those that stand; none at all: it behaves."""
        self._call("PUT", {"faults": rules})

    def struck(self) -> list[dict]:
        """Return every strike since the axis is served, oldest first."""
        return self._call("GET")["strikes"]

    def _call(self, verb: str, body: object = None) -> dict:
        token = (self._axis.folder / TOKEN_FILE).read_text(encoding="ascii")
        line = http.client.HTTPConnection("127.0.0.1", self._axis.port, timeout=_PATIENCE)
        with closing(line):
            said = None if body is None else json.dumps(body)
            line.request(verb, CONTROL_PATH, said, {"Authorization": f"Bearer {token}"})
            answer = json.load(line.getresponse())
        if "problems" in answer:
            raise ValueError(answer["problems"])
        return answer
