"""
When the certificates run out that this node relies on: those of its keys, and of whom it believes.

Read in children, so that no key and no library for certificates comes into the node; a token is
told no PIN. What is said of it, and how often, is left to others.
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.anchors import Anchors
from edge_node.adapters.key_sight import look_at_key
from edge_node.adapters.notary import Opener
from edge_node.adapters.own_certificates import OwnCertificates
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.expiry import Certified, Holder
from edge_node.node.trusting import own_places
from edge_node.notary.trust import Checking, Trust

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from edge_node.config import Config
    from edge_node.domain.message import Message

_NOBODY: Final = Trust(roots=(), checking=Checking.NEVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """The certificates there are, and of which keys, or authorities, they could not be read."""

    found: tuple[Certified, ...] = ()
    unread: Mapping[str, Message] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, holder: Holder) -> Iterator[Certified]:
        """Yield those of keys, or those of authorities."""
        return (each for each in self.found if each.holder is holder)


def holdings(
    config: Config, *, now: datetime, environ: Mapping[str, str] = os.environ
) -> Holdings:
    """Return what the certificates of this node say; what cannot be read is told, never raised."""
    unread: dict[str, Message] = {}
    opener = Opener()
    with closing(opener):
        ders = [*_of_keys(config, environ, unread), *_of_anchors(config, unread)]
        found = tuple(_read(opener, ders, now, unread))
    return Holdings(found=found, unread=MappingProxyType(unread))


def _of_keys(
    config: Config, environ: Mapping[str, str], unread: dict[str, Message]
) -> Iterator[tuple[Holder, str, bytes]]:
    if not config.signing.keys:
        return
    try:
        known = OwnCertificates(config.folders.data).known()
    except EdgeNodeError:  # only needed to tell one certificate on a token from another
        known = {}
    for key in own_places(config):
        try:
            sight = look_at_key(key, known, environ)
        except EdgeNodeError as error:
            unread[key.name] = error.message
        else:
            yield Holder.KEY, key.name, sight.certificate


def _of_anchors(config: Config, unread: dict[str, Message]) -> Iterator[tuple[Holder, str, bytes]]:
    try:
        for der in Anchors(config.trusted).as_they_lie():
            yield Holder.ANCHOR, "", der
    except EdgeNodeError as error:
        unread[str(config.trusted)] = error.message


def _read(
    opener: Opener,
    ders: Iterable[tuple[Holder, str, bytes]],
    now: datetime,
    unread: dict[str, Message],
) -> Iterator[Certified]:
    for holder, name, der in ders:
        try:
            judgement = opener.appraise(der, (), _NOBODY, now=now).judgement
        except EdgeNodeError as error:
            unread[name] = error.message
            continue
        facts = judgement.signer
        if facts is None:
            unread[name] = judgement.why
            continue
        yield Certified(
            holder=holder,
            name=name or facts.subject,
            fingerprint=facts.fingerprint,
            begins=facts.not_before,
            ends=facts.not_after,
        )
