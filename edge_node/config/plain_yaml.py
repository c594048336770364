"""
Reads plain YAML into the tree of `edge_node.config.sheet`.

Only plain YAML is let in: no anchors and aliases (a short file could unfold into a huge one), no
tags (nothing here is built from a class's name), no deep nesting. Imported by `load` alone, so
that whoever only needs the values does not pay for the parser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml

from edge_node.config.sheet import Items, NotPlain, Pairs, Scalar
from edge_node.domain.message import say

if TYPE_CHECKING:
    from edge_node.config.sheet import Tree

DEEPEST: Final = 12  # the deepest key, an item of intake.rules[].to, is at 6


class _Loader(yaml.SafeLoader):
    """The safe loader, refusing what a plain file does not need before it is composed."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call] # the stubs leave it out
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise NotPlain(line, say("anchors and aliases (& and *) are not used here"))
        if event.tag is not None:
            raise NotPlain(line, say("tags (!) are not used here"))
        if self.depth >= DEEPEST:
            raise NotPlain(line, say("nested too deeply"))
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def tree_of(text: str) -> Tree | None:
    """Return the tree the text describes, None when it says nothing; NotPlain."""
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise NotPlain(line, say("a character that may not stand here")) from error
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        if error.problem and r"'\t'" in error.problem:
            raise NotPlain(line, say("a tab; lines are indented by spaces")) from error
        raise NotPlain(line, error.problem or str(error)) from error
    except (ValueError, OverflowError) as error:  # an escape beyond Unicode, an endless number
        raise NotPlain(loader.line + 1, say("a character that may not stand here")) from error
    return None if node is None else _tree(node)


def _tree(node: yaml.Node) -> Tree:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return Pairs(tuple((_tree(key), _tree(value)) for key, value in node.value), line)
    if isinstance(node, yaml.SequenceNode):
        return Items(tuple(_tree(item) for item in node.value), line)
    return Scalar(node.value, node.tag.rpartition(":")[2], line)
