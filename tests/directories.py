"""Directories of agencies for tests, and lists to fill them with."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from builders import T0

from edge_node.domain.directory import AgencyList
from edge_node.domain.envelope import Agency
from edge_node.sandbox.census import census

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from edge_node.adapters.directory import Directory
    from edge_node.domain.directory import Reading

DAY = timedelta(days=1)


def agencies(number: int) -> list[Agency]:
    """Return so many units of a made-up country, as `getAgenciesList` has them."""
    ids: dict[str, str] = {}
    numbers = count(1)
    return [
        Agency(
            code=unit.code,
            name=unit.name,
            id=ids.setdefault(unit.code, str(next(numbers))),
            parent=ids.get(unit.parent, ""),
            mail=unit.mail,
            other_code=unit.old_code,
        )
        for unit in census(number)
    ]


def fill(
    directory: Directory,
    listed: Iterable[Agency],
    *,
    which: AgencyList = AgencyList.AGENCIES,
    now: datetime = T0,
    accept_loss: bool = False,
) -> Reading:
    """Read a whole list into the directory."""
    reader = directory.update.read(which, now=now)
    for agency in listed:
        reader.take(agency)
    return reader.finish(again=now + DAY, fresh=now - 7 * DAY, accept_loss=accept_loss)
