"""What a document is known by here, whichever way it goes."""

from __future__ import annotations

from typing import NewType

ItemId = NewType("ItemId", str)  # ours: what `edge-node list` shows and the commands take
