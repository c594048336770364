"""Results as plain values, for `--json` and for YAML."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import singledispatch
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge_node.catalogue import language_of, tell
from edge_node.domain.message import Message
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from edge_node.config import Config


_SIZES: Final = {"GB": 1024**3, "MB": 1024**2, "KB": 1024}
_UNITS: Final = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}


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
        else plain(getattr(value, field.name))
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
def plain(value: object) -> object:
    """Return the value as JSON and YAML know it; who shows others, registers them."""
    if dataclasses.is_dataclass(value):
        return _fields(value)
    return value


@plain.register
def _(value: Message) -> object:
    return told(value)


@plain.register
def _(value: Enum) -> object:
    return value.value


@plain.register
def _(value: datetime) -> object:
    return iso(value)


@plain.register
def _(value: date) -> object:
    return value.isoformat()


@plain.register
def _(value: time) -> object:
    return f"{value:%H:%M}"


@plain.register
def _(value: timedelta) -> object:
    """Return a span as the configuration writes it, in the largest unit that has it whole."""
    milliseconds = value // timedelta(milliseconds=1)
    unit = next(unit for unit in _UNITS if milliseconds % _UNITS[unit] == 0)
    return f"{milliseconds // _UNITS[unit]}{unit}"


@plain.register
def _(value: re.Pattern) -> object:  # type: ignore[type-arg] # singledispatch takes the bare class
    return value.pattern


@plain.register(Path)
@plain.register(IPv4Network)
@plain.register(IPv6Network)
def _(value: Path | IPv4Network | IPv6Network) -> object:
    return str(value)


@plain.register
def _(value: Mapping) -> object:  # type: ignore[type-arg] # likewise
    return {str(name): plain(each) for name, each in value.items()}


@plain.register(tuple)
@plain.register(list)
def _(value: tuple[object, ...]) -> object:
    return [plain(each) for each in value]
