"""Results as plain values, for `--json` and for YAML."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import singledispatch
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge_node.adapters.ledger import Inbound, Outbound
from edge_node.adapters.pauses import Pause
from edge_node.catalogue import language_of, tell
from edge_node.domain.envelope import Fate
from edge_node.domain.message import Message, thaw
from edge_node.domain.receipt import MEANINGS
from edge_node.domain.record import hint_in
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from edge_node.adapters.alarms import Raised
    from edge_node.adapters.expiring import RunningOut
    from edge_node.adapters.sends import Held
    from edge_node.config import Config


_SIZES: Final = {"GB": 1024**3, "MB": 1024**2, "KB": 1024}
_UNITS: Final = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a node fares."""

    agency: str
    name: str
    axis: str
    process: int | None
    counts: Mapping[str, Mapping[str, int]]
    waiting: int
    since: datetime | None
    safe: int  # documents that wait here for the axis to take them
    pauses: tuple[Pause, ...]
    sending_paused: Held | None  # nothing leaves until somebody adopts the data folder
    unasked: int  # of what waits meanwhile, the axis has not been asked about so many
    held: int  # documents a person has to decide about
    unread: tuple[str, ...]  # folders of the exchange folder nobody here knows, nor can read
    alarms: tuple[Raised, ...] = ()  # what is not done in time, or nearly
    certificates: tuple[RunningOut, ...] = ()  # that run out, by the daily look


def as_values(item: Outbound | Inbound) -> dict[str, object]:
    """Return an item as plain values, its direction first."""
    if isinstance(item, Outbound):
        return {"direction": "out"} | _fields(item)
    return {"direction": "in"} | _fields(item) | {"meaning": MEANINGS.get(item.status, "")}


def standing_values(standing: Standing) -> dict[str, object]:
    """Return how a node fares as plain values."""
    return {"running": standing.process is not None} | _fields(standing)


def fields_of(value: DataclassInstance) -> dict[str, object]:
    """Return a value of ours as plain values, sentences in the reader's language."""
    return _fields(value)


def config_values(config: Config) -> dict[str, object]:
    """Return the configuration as plain values; of secrets it only knows where they are."""
    return _fields(config)


def config_text(values: Mapping[str, object]) -> str:
    """Return the values as YAML."""
    import yaml  # noqa: PLC0415 - only here

    text: str = yaml.safe_dump(dict(values), allow_unicode=True, sort_keys=False)
    return text


def told(message: Message) -> str:
    """Return a sentence in the reader's language."""
    return tell(message, language_of(os.environ))


def _fields(value: Any) -> dict[str, object]:  # noqa: ANN401 - any dataclass
    return {
        field.name: _in_bytes(getattr(value, field.name))
        if "shape" in field.metadata and _is_size(field.metadata["shape"])
        else _plain(getattr(value, field.name))
        for field in dataclasses.fields(value)
    }


def _is_size(shape: object) -> bool:
    """Tell whether a key of the configuration is written in bytes."""
    from edge_node.config.kinds import mark, size  # noqa: PLC0415 - whoever lists needs no keys

    return shape in (size, mark)


def _in_bytes(count: int) -> str:
    """Return a size as the configuration writes it, in the largest unit that has it whole."""
    if not count:
        return "0"
    unit = next(unit for unit in _SIZES if count % _SIZES[unit] == 0)
    return f"{count // _SIZES[unit]}{unit}"


@singledispatch
def _plain(value: object) -> object:
    """Return the value as JSON and YAML know it."""
    if dataclasses.is_dataclass(value):
        return _fields(value)
    return value


@_plain.register
def _(value: Message) -> object:
    return told(value)


@_plain.register
def _(value: Fate) -> object:
    why = thaw(value.reason)
    meaning = MEANINGS.get(value.status, "")
    return _fields(value) | {"meaning": meaning, "reason": told(why) if why else ""}


@_plain.register
def _(value: Pause) -> object:
    hint = hint_in(value.reason)
    return _fields(value) | {"hint": told(hint) if hint else ""}


@_plain.register
def _(value: Enum) -> object:
    return value.value


@_plain.register
def _(value: datetime) -> object:
    return iso(value)


@_plain.register
def _(value: date) -> object:
    return value.isoformat()


@_plain.register
def _(value: time) -> object:
    return f"{value:%H:%M}"


@_plain.register
def _(value: timedelta) -> object:
    """Return a span as the configuration writes it, in the largest unit that has it whole."""
    milliseconds = value // timedelta(milliseconds=1)
    unit = next(unit for unit in _UNITS if milliseconds % _UNITS[unit] == 0)
    return f"{milliseconds // _UNITS[unit]}{unit}"


@_plain.register
def _(value: re.Pattern) -> object:  # type: ignore[type-arg] # singledispatch takes the bare class
    return value.pattern


@_plain.register(Path)
@_plain.register(IPv4Network)
@_plain.register(IPv6Network)
def _(value: Path | IPv4Network | IPv6Network) -> object:
    return str(value)


@_plain.register
def _(value: Mapping) -> object:  # type: ignore[type-arg] # likewise
    return {str(name): _plain(each) for name, each in value.items()}


@_plain.register(tuple)
@_plain.register(list)
def _(value: tuple[object, ...]) -> object:
    return [_plain(each) for each in value]
