"""Who does something to a document: the node by itself, or a person, who may say why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person by the name the machine knows, and the reason they gave; '' for the node itself."""

    name: str = ""
    why: str = ""


THE_NODE: Final = Actor()
