"""A package as it was read: what it says, the files it held, and what was odd about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from edge_node.domain.errors import PackageUnreadable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge_node.domain.document import Document, StatusMessage
    from edge_node.domain.envelope import Digest
    from edge_node.domain.message import Message

_MB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    How much of a stranger's package is read before it is refused.

    ``package``, ``attachment`` and ``total`` are bytes: of the whole XML, of one attachment and
    of all together (decoded, and again when unzipped). ``header`` and ``field`` are characters of
    everything that is not an attachment's content; every element counts for some twenty.
    """

    package: int = 1024 * _MB
    attachment: int = 512 * _MB
    total: int = 1024 * _MB
    attachments: int = 500
    header: int = 2_000_000
    field: int = 65_536
    depth: int = 32
    attributes: int = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """
    One attachment on disk.

    ``name`` is the sender's own (NFC) and may be unsafe; the file lies at ``path`` under a safe
    one. ``content_type`` is what the package claims, which is often wrong.
    """

    name: str
    path: Path
    description: str
    size: int
    digest: Digest
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPackage:
    """
    A package that carries a document; ``codes`` holds the header's codes as they came.

    ``files`` is empty when only the header was asked for; ``attachments`` is how many there are.
    ``missing`` are names of files the manifest promises, and the package does not hold.
    """

    document: Document
    files: tuple[ReceivedFile, ...]
    warnings: tuple[Message, ...]
    codes: Mapping[str, str]
    attachments: int = 0
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPackage:
    """A package that reports on a document; ``codes`` holds the header's codes as they came."""

    message: StatusMessage
    warnings: tuple[Message, ...]
    codes: Mapping[str, str]


Package: TypeAlias = DocumentPackage | StatusPackage


class PackageDamaged(PackageUnreadable):
    """
    Bytes of a package were lost or changed on the way: it breaks off, or cannot be decoded.

    ``document`` is what its header says, None where the damage begins before the header's end.
    """

    document: Document | None = None
