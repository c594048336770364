"""
Reads the file of the URLs by which people are told: a line for each, a name and a URL.

    # the officer on duty
    duty   mailtos://user:password@smtp.example.gov.vn?to=admin@example.gov.vn
    group  tgram://bottoken/ChatID

URLs hold passwords: no error shows one, nor a part of one. Two lines may have one name.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_node.adapters.secret import read_private, secret_path
from edge_node.domain.errors import ConfigError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from edge_node.domain.message import Message

_LARGEST: Final = 64 << 10
_LINE: Final = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]{0,39})\s+([a-z][a-z0-9+.-]*://\S+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """
    Somebody to tell: the name rules have for it, the one it is known by here, and its URL.

    ``name`` is the channel, with a number behind it where several go by that.
    """

    name: str
    channel: str
    url: str = field(repr=False)


def read_addresses(spec: str, environ: Mapping[str, str] = os.environ) -> tuple[Address, ...]:
    """Return whom a file names; SecretUnusable, or ConfigError with every line that is wrong."""
    path = secret_path(spec, environ)
    raw = read_private(path, _LARGEST)
    problems: list[Message] = []
    found: list[Address] = []
    seen: Counter[str] = Counter()
    if len(raw) > _LARGEST:
        problems.append(say("{file}: larger than 64 KB", file=str(path)))
        raw = b""
    for number, line in enumerate(raw.decode("utf-8-sig", "replace").splitlines(), start=1):
        written = line.strip()
        if not written or written.startswith("#"):
            continue
        parts = _LINE.fullmatch(written)
        if parts is None:
            words = say(
                "{file}:{line}: expected a name and a URL, such as: duty mailtos://…",
                file=str(path),
                line=number,
            )
            problems.append(words)
            continue
        channel = parts[1]
        seen[channel] += 1
        name = channel if seen[channel] == 1 else f"{channel}.{seen[channel]}"
        found.append(Address(name=name, channel=channel, url=parts[2]))
    if not (found or problems):
        problems.append(say("{file}: names nobody to tell", file=str(path)))
    if problems:
        raise ConfigError(
            say("the file of addresses {file} cannot be used as it is", file=str(path)),
            problems,
            hint=say("write a line for each: a name, spaces, a URL of Apprise"),
        )
    return tuple(found)


def meant(addresses: Iterable[Address], channels: Collection[str]) -> list[Address]:
    """Return whom these channels mean; all where none is named, or none of them is there."""
    every = list(addresses)
    return [each for each in every if each.channel in channels] or every
