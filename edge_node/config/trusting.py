"""
The keys about signatures: whom to believe, where to ask about certificates, who stamps the time.

Secrets are not here but where they lie; what the certificates are is told by the command
`edge-node trust`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.config import kinds
from edge_node.config.addresses import authority, host, network, web_address
from edge_node.config.choices import Revocations, StampHash
from edge_node.config.patterns import object_identifier
from edge_node.config.shapes import Many, Section, Table
from edge_node.config.shapes import key as _key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Network, IPv6Network
    from pathlib import Path

_AS_THEY_ARE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustSection:
    """Whose signatures are believed, and how it is found out that a certificate was revoked."""

    # The certificates of the authorities; None for `trust` within `folders.data`.
    folder: Path | None = field(default=None, metadata=_key(kinds.path))
    # How much it weighs that nobody knows whether a certificate has been revoked.
    revocation: Revocations = field(
        default=Revocations.REQUIRED, metadata=_key(kinds.one_of(Revocations))
    )
    # How long past its time what is known of revocations is still used while nobody answers.
    grace: timedelta = field(default=timedelta(), metadata=_key(kinds.wait))
    # How long one question to an authority may take.
    timeout: timedelta = field(default=timedelta(seconds=30), metadata=_key(kinds.duration))
    # Whether SHA-1 is only warned of; for what was signed long ago.
    legacy_sha1: bool = field(default=False, metadata=_key(kinds.truth))
    # The shortest RSA key that proves anything, in bits.
    minimum_rsa: int = field(default=2048, metadata=_key(kinds.whole(1024, 16384)))
    # Where the hosts that certificates name are really asked: a host, and a port if it is another.
    hosts: Mapping[str, str] = field(
        default_factory=lambda: _AS_THEY_ARE,
        metadata=_key(Table(host, authority, _AS_THEY_ARE)),
    )
    # Networks that are not public and may be asked all the same.
    private: tuple[IPv4Network | IPv6Network, ...] = field(
        default=(), metadata=_key(Many(network))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StampServer:
    """A time-stamp authority, and what it asks of its callers."""

    url: str = field(metadata=_key(web_address))
    # For those that ask for a password (HTTP Basic); empty for none.
    user: str = field(default="", metadata=_key(kinds.text))
    # Where the password is: an absolute path, or `credential:NAME`; empty for none.
    password_file: str = field(default="", metadata=_key(kinds.secret_place))


@dataclass(frozen=True, slots=True, kw_only=True)
class StampsSection:
    """Who says when something was signed (RFC 3161)."""

    # Asked in this order; the next one where one fails.
    servers: tuple[StampServer, ...] = field(default=(), metadata=_key(Many(Section(StampServer))))
    # Authorities in service have been seen to take from 2 to 131 seconds.
    timeout: timedelta = field(default=timedelta(seconds=180), metadata=_key(kinds.duration))
    # How often each server is asked.
    tries: int = field(default=2, metadata=_key(kinds.whole(1, 10)))
    # The policy asked for, dotted; empty for the server's own.
    policy: str = field(default="", metadata=_key(object_identifier))
    hash: StampHash = field(default=StampHash.SHA256, metadata=_key(kinds.one_of(StampHash)))
