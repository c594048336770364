"""The keys about having documents back: how that is asked, how long an answer may take."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from edge_node.config import kinds
from edge_node.config.shapes import key as _key


class RecallBy(StrEnum):
    """How an agency is asked to give a document back."""

    DOCUMENT = "document"  # a document of its own, BussinessDocType 1
    STATUS = "status"  # a status message 13


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallSection:
    """What is done to have back what was sent."""

    # How its receivers are asked.
    by: RecallBy = field(default=RecallBy.DOCUMENT, metadata=_key(kinds.one_of(RecallBy)))
    # After so long without an answer a person is warned.
    answer_within: timedelta = field(default=timedelta(days=1), metadata=_key(kinds.duration))
