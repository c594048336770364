"""
Which parts of the node died without being told to: one life notes it, the next tells of it.

One that hung when its life ended, however that was, has died as well.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Final

from edge_node.domain.time import iso

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge_node.adapters.marks import Marks

_DIED: Final = "alarms.died"  # the mark of them, and when
_HANGING: Final = "alarms.hanging"  # the mark of those that hang, and since when


def died(marks: Marks) -> Mapping[str, datetime]:
    """Return which parts of the node died without being told to, and when each did last."""
    known = json.loads(marks.get(_DIED) or "{}")
    return {name: datetime.fromisoformat(at) for name, at in known.items()}


def note_death(marks: Marks, names: Sequence[str], *, now: datetime) -> None:
    """Remember that parts of the node died: the next life tells of it."""
    known = {name: iso(at) for name, at in died(marks).items()}
    marks.put(_DIED, json.dumps(known | dict.fromkeys(names, iso(now))))


def note_hanging(marks: Marks, lanes: Mapping[str, datetime]) -> None:
    """Remember which parts of the node hang, and since when, in place of what was noted."""
    if lanes:
        marks.put(_HANGING, json.dumps({name: iso(at) for name, at in lanes.items()}))
    else:
        marks.remove(_HANGING)


def hung_at_the_end(marks: Marks, *, now: datetime) -> Mapping[str, datetime]:
    """Return which parts of the node hung when its last life ended: that is how they died."""
    noted = json.loads(marks.get(_HANGING) or "{}")
    if noted:
        note_death(marks, list(noted), now=now)
        note_hanging(marks, {})
    return {name: datetime.fromisoformat(at) for name, at in noted.items()}
