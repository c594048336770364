"""In what the answers `edge-node setup` was given differ from a configuration that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.adapters.disk import disk_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_node.config import Config
    from edge_node.config.answers import Answers


def differing(answers: Answers, config: Config) -> Iterator[str]:
    """
    Yield the keys of the answers that are otherwise in the configuration; never what they say.

    Files are compared by what is in them. Folders and a key the answers do not name may be any.
    """
    axis, folders = answers.axis, answers.folders
    pairs: dict[str, tuple[object, object]] = {
        "agency.name": (answers.agency.name, config.agency.name),
        "axis.url": (axis.url, config.axis.url),
        "axis.system_id": (axis.system_id or answers.agency.code, config.axis.system_id),
        "axis.ca_file": (_content(axis.ca_file), _content(config.axis.ca_file)),
        "folders.data": (folders.data or config.folders.data, config.folders.data),
        "folders.exchange": (folders.exchange or config.folders.exchange, config.folders.exchange),
    }
    yield from (key for key, (wanted, found) in pairs.items() if wanted != found)
    key, server = answers.certificate.pkcs12, answers.certificate.stamp_server
    if key and _content(key) not in [_content(each.pkcs12) for each in config.signing.keys]:
        yield "certificate.pkcs12"
    if server and server not in [each.url for each in config.stamps.servers]:
        yield "certificate.stamp_server"


def _content(path: Path | None) -> bytes | None:
    """Return what is in a file; None for no file, and for one that is lacking."""
    if path is None:
        return None
    with disk_errors(path):
        return path.read_bytes() if path.exists() else None
