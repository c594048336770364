"""How events are chained: a rule that verifiers outside of this program follow."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from edge_node.domain.journal import GENESIS, Entry, linked

ENTRY = Entry(id=7, item="ọ1", at=1, event="given", note="đã nhận", actor="an", why="gọi điện")


def test_a_leaf_is_the_hash_of_a_json_array_anybody_can_write():
    """Ten values in this order, UTF-8 as it is, no space: what the papers of a journal say."""
    words = '[7,"ọ1",1,"given","","","đã nhận",null,"an","gọi điện"]'
    assert json.loads(words)[0] == 7
    assert ENTRY.leaf == sha256(words.encode()).digest()


def test_the_chain_begins_with_zeros_and_hashes_what_was_before_with_the_leaf():
    """SHA-256 over 64 bytes, both hashes as they are."""
    assert linked(GENESIS, ENTRY.leaf) == sha256(bytes(32) + ENTRY.leaf).digest()


@pytest.mark.parametrize(
    "change",
    [
        {"id": 8},
        {"item": "ọ2"},
        {"at": 2},
        {"event": "taken"},
        {"agency": "H01"},
        {"status": "01"},
        {"note": ""},
        {"said": 0},
        {"actor": ""},
        {"why": "khác"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_value_of_an_event_is_in_its_hash(change):
    """None of them is altered unseen."""
    assert replace(ENTRY, **change).leaf != ENTRY.leaf
