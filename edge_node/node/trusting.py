"""What verifying and stamping are made of, by what the configuration says of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edge_node.adapters.anchors import Anchors
from edge_node.adapters.examining import Examiner, Terms
from edge_node.adapters.fetching import Fetcher
from edge_node.adapters.secret import read_secret, secret_path
from edge_node.adapters.stamping import Authority, Stamper
from edge_node.adapters.statements import Statements
from edge_node.adapters.web import Reach
from edge_node.notary.trust import Checking

if TYPE_CHECKING:
    from edge_node.adapters.examining import Examine
    from edge_node.config import Config, StampServer


def examiner(config: Config, examine: Examine) -> Examiner:
    """Return what finds out what signatures are worth; ``examine`` opens the files."""
    trust = config.trust
    return Examiner(
        examine=examine,
        anchors=Anchors(config.trusted),
        fetcher=Fetcher(
            statements=Statements(config.folders.evidence),
            reach=Reach(hosts=trust.hosts, private=trust.private),
            timeout=trust.timeout,
            grace=trust.grace,
        ),
        terms=Terms(
            checking=Checking(trust.revocation),
            legacy_sha1=trust.legacy_sha1,
            minimum_rsa=trust.minimum_rsa,
            grace=trust.grace,
        ),
    )


def stamper(config: Config) -> Stamper:
    """Return what gets time-stamps; passwords are read when a server is asked."""
    return Stamper(
        authorities=tuple(map(_authority, config.stamps.servers)),
        timeout=config.stamps.timeout,
        tries=config.stamps.tries,
    )


def _authority(server: StampServer) -> Authority:
    def secret() -> bytes:
        return read_secret(secret_path(server.password_file, os.environ))

    return Authority(url=server.url, user=server.user, secret=secret)
