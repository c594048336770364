"""How an error is told to the person at the terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edge_node.catalogue import language_of, tell
from edge_node.cli.columns import print_after
from edge_node.domain.errors import ConfigError, WithProblems
from edge_node.domain.message import say

if TYPE_CHECKING:
    from edge_node.domain.errors import EdgeNodeError
    from edge_node.domain.message import Message


def complain(error: EdgeNodeError) -> None:
    """Write an error to stderr: what, each problem, and what can be done."""
    language = language_of(os.environ)

    def line(message: Message) -> str:
        return tell(message, language)

    if isinstance(error, ConfigError) and error.problems:
        for problem in error.problems:
            print_after("edge-node: ", line(problem), err=True)
    else:
        print_after("edge-node: ", line(error.message), err=True)
        for problem in error.problems if isinstance(error, WithProblems) else ():
            print_after("  ", line(problem), err=True)
    if error.hint is not None:
        hint = say("hint")  # not within the f-string: the catalogue is gathered from literals
        print_after(f"{line(hint)}: ", line(error.hint), err=True)
