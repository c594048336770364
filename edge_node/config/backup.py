"""Keys of the copies that are kept: of the queue alone, and archives of all a node needs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.config import kinds
from edge_node.config.choices import Carrier
from edge_node.config.kinds import Kind, Unfit
from edge_node.config.shapes import Many, Section
from edge_node.config.shapes import key as _key
from edge_node.domain.message import say

if TYPE_CHECKING:
    from pathlib import Path

    from edge_node.config.sheet import Scalar

# A public key of age, or one of OpenSSH (whose comment is not part of it). Whether its letters
# add up is found out by whoever encrypts to it, and by `doctor`.
_RECIPIENT: Final = re.compile(
    r"age1[02-9ac-hj-np-z]{58}|ssh-ed25519 [A-Za-z0-9+/]{60,80}={0,2}( .*)?"
    r"|ssh-rsa [A-Za-z0-9+/]{200,2000}={0,2}( .*)?"
)


def _recipient(scalar: Scalar, _: Path) -> str:
    if not _RECIPIENT.fullmatch(scalar.text):
        raise Unfit
    return scalar.text


def _nothing_of(_: str) -> str:
    return "…"


# What is refused is not shown: somebody may have written the private key there.
recipient: Final = Kind(
    say("a public key such as age1… (`edge-node backup --new-key FILE` makes one)"),
    _recipient,
    _nothing_of,
)


def _destination(scalar: Scalar, _: Path) -> str:
    if not scalar.text.strip() or not scalar.text.isprintable() or scalar.text.startswith("-"):
        raise Unfit
    return scalar.text


# What is refused is not shown: some addresses hold a password.
destination: Final = Kind(
    say("where the program carries to, such as remote:folder, sftp:host:/folder or /mnt/folder"),
    _destination,
    _nothing_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrySection:
    """Who carries each finished archive elsewhere, and where to."""

    # The program, which has to be on this machine; without it nobody does.
    by: Carrier | None = field(default=None, metadata=_key(kinds.one_of(Carrier)))
    # As the program writes it: a remote of rclone and a folder, a repository of restic.
    to: str | None = field(default=None, metadata=_key(destination))
    # The configuration of rclone, which knows the remote.
    config: Path | None = field(default=None, metadata=_key(kinds.path))
    # Where the password of restic's repository is: an absolute path, or `credential:NAME`.
    password_file: str | None = field(default=None, metadata=_key(kinds.secret_place))


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivesSection:
    """Archives of the whole node, from which it is put back, here or on another machine."""

    # Where they lie, best on another machine's disk; without it none is made by itself.
    folder: Path | None = field(default=None, metadata=_key(kinds.path))
    every: timedelta = field(default=timedelta(days=1), metadata=_key(kinds.duration))
    # How many are kept in that folder.
    keep: int = field(default=14, metadata=_key(kinds.whole(1, 10_000)))
    # The public keys they are encrypted to; each of the private ones opens them.
    recipients: tuple[str, ...] = field(default=(), metadata=_key(Many(recipient)))
    # Whether they may be made without encryption; then no key, secret or token is put into them.
    unencrypted: bool = field(default=False, metadata=_key(kinds.truth))
    carry: CarrySection = field(default=CarrySection(), metadata=_key(Section(CarrySection)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSection:
    """Copies of the queue, in `folders.backups`; and archives of all."""

    every: timedelta = field(default=timedelta(days=1), metadata=_key(kinds.duration))
    # How many are kept.
    keep: int = field(default=7, metadata=_key(kinds.whole(1, 1000)))
    archives: ArchivesSection = field(
        default=ArchivesSection(), metadata=_key(Section(ArchivesSection))
    )
