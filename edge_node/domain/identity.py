"""
When two drops hold the same document: a fingerprint of what a person chose to send.

A package is written anew on its way (the axis adds traces, drops empty elements, packs
attachments differently), and software writes its keys in any order; none of that makes another
document. Which agencies it goes to is left to the caller, because the unit that must arrive once
is (document, receiver).
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_node.domain.document import Document


def fingerprint(document: Document, digests: Iterable[tuple[str, str]]) -> str:
    """
    Return the SHA-256, lower-case hex, of the header and the attachments as decoded.

    ``digests`` are the attachments' names and SHA-256, in any order. Left out are the receivers,
    the traces, the DocumentId (under which drops are compared, or an id made up for the occasion),
    what a directory or the configuration says of the sender, and the numbers of the document's
    type, which readers of the axis replace by their own.
    """
    header = asdict(document)
    for key in ("document_id", "receivers", "traces"):
        del header[key]
    header["sender"] = document.sender.code
    header["type"] = document.type.name
    files = sorted((_text(name), digest.lower()) for name, digest in digests)
    canonical = json.dumps(
        {"version": 1, "header": _plain(header), "files": files}, sort_keys=True
    )
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _plain(value: object) -> object:
    """Return the value as JSON has it: texts composed, dates as text, empty things left out."""
    match value:
        case str():
            return _text(value)
        case date():
            return value.isoformat()
        case dict():
            plain = {key: _plain(part) for key, part in value.items()}
            return {key: part for key, part in plain.items() if part not in (None, "", [], {})}
        case list() | tuple():
            return [_plain(part) for part in value]
    return value


def _text(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
