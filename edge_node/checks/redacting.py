"""
Takes out of text what must not leave the agency with it: secrets, subjects, names, people.

What is private is known in two ways: by the configuration and the queue, which name it, and by
its form (e-mail addresses, long numbers). What is neither is kept: a support archive that says
nothing helps nobody. Of the configuration everything free is taken out that is not known to be
harmless, so that a section of tomorrow is masked today.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed import DataclassInstance

MASK: Final = "***"
_SHORTEST: Final = 4  # characters of what is masked wherever it stands
# Texts that name no person and open no door.
_HARMLESS: Final = frozenset(
    {
        "AgencySection.code",
        "AgencySection.aliases",
        "AxisSection.system_id",
        "MetricsSection.listen",
        "SigningKeySection.name",
        "StampsSection.policy",
    }
)
_LOCATION: Final = ".url"
_PLACE: Final = "_file"  # where a secret lies, and no secret
_OPEN: Final = (bool, int, float, Enum, timedelta, time, Path, IPv4Network, IPv6Network)
_FORMS: Final = (
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),  # e-mail
    re.compile(r"(?<!\w)\d{9,}(?!\w)"),  # numbers of people, companies and telephones
    re.compile(r"(?<=://)[^/\s@]+@"),  # who logs in, in an address
)


@dataclass(frozen=True, slots=True)
class Redactor:
    """Masks what is private wherever it stands in a text."""

    private: tuple[str, ...]

    @classmethod
    def of(cls, words: Iterable[str]) -> Redactor:
        """Return one that knows these; the longest are looked for first."""
        known = {line.strip() for word in words for line in (word, *word.splitlines())}
        long = (word for word in known if len(word) >= _SHORTEST)
        return cls(tuple(sorted(long, key=lambda word: (-len(word), word))))

    def value(self, value: object) -> object:
        """Return a value of JSON without what is private in its texts; numbers are counts."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(each) for key, each in value.items()}
        if isinstance(value, Sequence):
            return [self.value(each) for each in value]
        return value

    def text(self, text: str) -> str:
        """Return the text without what is private."""
        for word in self.private:
            if word in text:
                text = text.replace(word, MASK)
        for form in _FORMS:
            text = form.sub(MASK, text)
        return text


def masked(section: DataclassInstance) -> dict[str, object]:
    """Return a section of the configuration as plain values, free texts that were set masked."""
    return {
        each.name: _masked(_key(section, each), getattr(section, each.name), _default(each))
        for each in dataclasses.fields(section)
    }


def free_texts(section: DataclassInstance) -> Iterator[str]:
    """Yield every text of the configuration that `masked` takes out."""
    for each in dataclasses.fields(section):
        yield from _free(_key(section, each), getattr(section, each.name), _default(each))


def _harmless(name: str) -> bool:
    return name in _HARMLESS or name.endswith(_PLACE)


def _key(section: DataclassInstance, each: dataclasses.Field[object]) -> str:
    return f"{type(section).__name__}.{each.name}"


def _default(each: dataclasses.Field[object]) -> object:
    if each.default_factory is not dataclasses.MISSING:
        return each.default_factory()
    return each.default


def _masked(name: str, value: object, default: object) -> object:
    if value == default or isinstance(value, _OPEN):
        return _plain(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return masked(value)
    if isinstance(value, Mapping):
        return {MASK: len(value)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_masked(name, each, None) for each in value]
    return _masked_text(name, value)


def _masked_text(name: str, value: object) -> object:
    if not value or _harmless(name):
        return value
    return _location(str(value)) if name.endswith(_LOCATION) else MASK


def _free(name: str, value: object, default: object) -> Iterator[str]:
    if value is None or value == default or isinstance(value, _OPEN) or _harmless(name):
        return
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from free_texts(value)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _free("", one, None)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for one in value:
            yield from _free(name, one, None)
    elif isinstance(value, str) and not name.endswith(_LOCATION):
        yield value


def _location(url: str) -> str:
    """Return an address without who logs in, and without what may be a token in its path."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{'/' + MASK if parts.path else ''}"


def _plain(value: object) -> object:
    """Return a value as YAML knows it."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return masked(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return str(value)
