"""
The certificates that keys of ours have or had: by them our signatures are told from others'.

Noted whenever a key says which one it has, and that is before it signs: whatever was signed here is
known for ours, also after its key has gone, and no key is opened to find that out. Certificates are
public; only their fingerprints are kept, a file for each.
"""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Final

from edge_node.adapters.durable import disk_errors, write
from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

log = logging.getLogger(__name__)

FOLDER: Final = "own-certificates"
_PRIVATE, _PRIVATE_FOLDER = 0o600, 0o700
_LENGTH: Final = 64  # of a SHA-256 in hexadecimal


class OwnCertificates:
    """The fingerprints in one folder; for several threads, and several programs."""

    def __init__(self, folder: Path) -> None:
        """Look into nothing yet."""
        self._folder = folder / FOLDER
        self._noted: set[tuple[str, str]] = set()

    def known(self) -> Mapping[str, str]:
        """Return which key has or had each certificate, by the SHA-256 of its DER."""
        with disk_errors(self._folder):
            if not self._folder.is_dir():
                return {}
            paths = [path for path in self._folder.iterdir() if len(path.name) == _LENGTH]
            return {path.name: path.read_text(encoding="utf-8") for path in paths}

    def note(self, name: str, certificate: bytes) -> None:
        """Remember durably whose a certificate (DER) is; what the disk says to that is logged."""
        known = (name, hashlib.sha256(certificate).hexdigest())
        if known in self._noted:
            return
        path = self._folder / known[1]
        try:
            with disk_errors(path):
                self._folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
                there = path.is_file() and path.read_text(encoding="utf-8") == name
            if not there:
                write(path, name.encode(), mode=_PRIVATE)
        except EdgeNodeError:
            log.exception("it could not be remembered which certificate a key of ours has")
        else:
            self._noted.add(known)
