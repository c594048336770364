"""
The files a drop names: read in full for an order, or peeked at before the drop is claimed.

Names are compared composed (NFC), because a disk may give them back the other way. Whether the
files are there and what they hold is looked up elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.domain.message import say
from edge_node.domain.order import NamedFile
from edge_node.protocol.handoff.files import FileUnreadable, Parsed, is_yaml, parse
from edge_node.protocol.handoff.words import (
    PRIORITY_WORDS,
    is_unclassified,
    nfc,
    priority_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge_node.domain.message import Message
    from edge_node.protocol.handoff.fields import Section, Value

ROLES: Final = ("main", "annex")
REQUIRED_KEYS: Final = ("number", "notation", "date", "type", "subject", "to")

# The axis's own readers keep 500 characters of a name; a disk ends sooner.
_USUAL_DESCRIPTION: Final = 500
_MOST_NAME_BYTES: Final = 255
_NEVER_TOUCHED: Final = (".tmp", ".part", ".partial", ".filepart", ".crdownload")
# What stands beside the files in the folders of the exchange, written by us or about them.
_OURS: Final = frozenset(
    (
        *("document.json", "document.yaml", "document.yml"),
        *("status.json", "error.json", "error.txt", "signed"),
    )
)
_PLAIN_NAME: Final = say("a plain file name")
_BLANKS: Final = say("a line break, or a blank at its end")


def read_files(document: Section, *, file_name: str) -> tuple[NamedFile, ...]:
    """Return the files a document.json names; ``file_name`` is the name it has itself."""
    value = document.get("attachments")
    needed = None if asks_recall(document.values) else say("at least one attachment")
    seen: set[str] = {nfc(file_name).casefold()}
    files = tuple(_read_file(entry, seen) for entry in value.items(at_least_one=needed))
    if sum(file.role == "main" for file in files) > 1:
        value.notes.warn(say("{path}: more than one main file", path=value.path))
    return files


def _read_file(entry: Value, seen: set[str]) -> NamedFile:
    if isinstance(entry.raw, str):
        return NamedFile(file=_read_name(entry, seen))
    section = entry.section("file", "description", "role")
    if section is None:
        return NamedFile(file="")
    return NamedFile(
        file=_read_name(section.need("file"), seen),
        description=section.get("description").text(usual=_USUAL_DESCRIPTION),
        role=section.get("role").choice(ROLES),
    )


def _read_name(value: Value, seen: set[str]) -> str:
    text = value.text()
    if not text or not isinstance(value.raw, str):
        return ""
    name = nfc(value.raw)  # a name is looked for as it was written, blanks and all
    flaw = _flaw_of(name)
    if flaw:
        value.wrong(_PLAIN_NAME, flaw)
    elif name.casefold() in seen:
        value.wrong(say("each file once"), say("a name used before"))
    seen.add(name.casefold())
    return name


def _flaw_of(name: str) -> Message | None:
    """Return what keeps the name from naming a file beside document.json; never the name."""
    low = name.casefold()
    flaws = (
        ("/" in name or "\\" in name, say("a folder in it")),
        (low in _OURS, say("a name kept for the node's own files")),
        (
            name.startswith((".", "~")) or low.endswith(_NEVER_TOUCHED),
            say("a hidden or temporary name"),
        ),
        (name != name.strip() or any(mark in name for mark in "\t\r\n\u2028\u2029"), _BLANKS),
        (
            len(name.encode()) > _MOST_NAME_BYTES,
            say("more than {most} bytes", most=_MOST_NAME_BYTES),
        ),
    )
    return next((flaw for flawed, flaw in flaws if flawed), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peek:
    """
    What must be known of a drop before it is claimed.

    ``files`` are the names as written; ``secret`` is true when the file is marked with a grade of
    secrecy (or with a word nobody knows); ``urgency`` is that of a document nothing is wrong with,
    0 where nobody can tell; ``complete`` is false while the file, though it can be
    read, may still be being written: half a YAML file is often a smaller YAML file.
    """

    files: tuple[str, ...]
    secret: bool
    complete: bool
    urgency: int = 0


def peek(data: bytes, file_name: str) -> Peek | None:
    """Look at a `document.json` or sidecar cheaply; None when it cannot be read (yet)."""
    try:
        parsed = parse(data, file_name)
    except FileUnreadable:
        return None
    if parsed.value is None:
        return None
    if not isinstance(parsed.value, dict):
        return Peek(files=(), secret=False, complete=False)
    return Peek(
        files=tuple(dict.fromkeys(_names_in(parsed.value.get("attachments")))),
        secret=is_marked_secret(parsed),
        complete=not is_yaml(file_name) or _has_all(parsed.value),
        urgency=_urgency_in(parsed.value.get("priority")),
    )


def is_marked_secret(parsed: Parsed) -> bool:
    """Tell whether a file is marked as a state secret, or might be: two marks count as one."""
    if not isinstance(parsed.value, dict):
        return False
    return "secrecy" in parsed.repeated or not is_unclassified(parsed.value.get("secrecy"))


def asks_recall(values: Mapping[str, object]) -> bool:
    """Tell whether a document.json asks for a recall: the one kind that needs no attachment."""
    business = values.get("business")
    return isinstance(business, dict) and business.get("kind") == "recall"


def _has_all(values: Mapping[str, object]) -> bool:
    attached = bool(values.get("attachments")) or asks_recall(values)
    return attached and all(values.get(key) is not None for key in REQUIRED_KEYS)


def _urgency_in(priority: object) -> int:
    if isinstance(priority, str):
        return int(priority_of(priority) or 0)
    if isinstance(priority, bool) or not isinstance(priority, int):
        return 0
    return priority if priority in PRIORITY_WORDS else 0


def _names_in(attachments: object) -> Iterator[str]:
    for entry in attachments if isinstance(attachments, list) else ():
        name = entry.get("file") if isinstance(entry, dict) else entry
        if isinstance(name, str) and name:
            yield name
