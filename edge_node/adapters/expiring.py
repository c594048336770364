"""
What was said of certificates that run out: each threshold once, and what `status` still shows.

One mark holds it all, written by the daily look and read by commands. It survives restarts, so
that nobody is told twice; a renewed certificate is another one, and is told of anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from edge_node.domain.expiry import Holder, threshold
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_node.adapters.marks import Marks
    from edge_node.domain.expiry import Certified

_MARK: Final = "certificates"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningOut:
    """A certificate that runs out soon, or has, as the last look found it."""

    holder: Holder
    name: str
    fingerprint: str
    ends: datetime
    said: int  # the lowest threshold that was said, in days before the end


class Expiring:
    """The mark of it."""

    def __init__(self, marks: Marks) -> None:
        """Work on the marks of a queue."""
        self._marks = marks

    def looked(self) -> datetime | None:
        """Return when the certificates were looked at last."""
        value = self._marks.get(_MARK)
        return None if value is None else datetime.fromisoformat(json.loads(value)["at"])

    def all(self) -> tuple[RunningOut, ...]:
        """Return what the last look found to run out, the most urgent first."""
        value = self._marks.get(_MARK)
        found = [
            RunningOut(
                holder=Holder(one["holder"]),
                name=one["name"],
                fingerprint=one["fingerprint"],
                ends=datetime.fromisoformat(one["ends"]),
                said=one["said"],
            )
            for one in (json.loads(value)["found"] if value else ())
        ]
        return tuple(sorted(found, key=lambda one: one.ends))

    def note(self, found: Iterable[Certified], *, now: datetime) -> tuple[RunningOut, ...]:
        """Remember what was found now, durably; return what there is something new to say of."""
        before = {(one.holder, one.name, one.fingerprint): one.said for one in self.all()}
        near, news = [], []
        for each in found:
            reached = threshold(each.ends, now)
            if reached is None:
                continue
            said = before.get((each.holder, each.name, each.fingerprint))
            lowest = reached if said is None else min(reached, said)
            one = RunningOut(
                holder=each.holder,
                name=each.name,
                fingerprint=each.fingerprint,
                ends=each.ends,
                said=lowest,
            )
            near.append(one)
            if said is None or reached < said:
                news.append(one)
        told = {"at": iso(now), "found": [_values(one) for one in near]}
        self._marks.put(_MARK, json.dumps(told, ensure_ascii=False))
        return tuple(news)

    def of_keys(self, names: Iterable[str]) -> tuple[RunningOut, ...]:
        """Return the same, without keys that are not configured any more."""
        known = set(names)
        return tuple(
            one for one in self.all() if one.holder is not Holder.KEY or one.name in known
        )

    def forget(self) -> None:
        """Forget it all: there is nothing any more that could run out."""
        self._marks.remove(_MARK)


def _values(one: RunningOut) -> dict[str, object]:
    return {
        "holder": one.holder.value,
        "name": one.name,
        "fingerprint": one.fingerprint,
        "ends": iso(one.ends),
        "said": one.said,
    }
