"""
The certificates that keys of ours have or had: by them our signatures are told from others'.

Noted whenever a key says which one it has, and that is before it signs: whatever was signed here
is known for ours, also after its key has gone, and no key is opened to find that out. Kept is a
file for each, called by its fingerprint, with the name of the key in it.
"""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Final

from edge_node.adapters.durable import disk_errors, private_folder, write
from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

log = logging.getLogger(__name__)

FOLDER: Final = "own-certificates"
_PRIVATE: Final = 0o600
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
            private_folder(self._folder)
            with disk_errors(path):
                there = path.is_file() and path.read_text(encoding="utf-8") == name
            if not there:
                write(path, name.encode(), mode=_PRIVATE)
        except EdgeNodeError:
            log.exception("it could not be remembered which certificate a key of ours has")
        else:
            self._noted.add(known)
