"""
Where the queue and the exchange folder lie, by a glance at the configuration.

To read and judge all of the configuration takes longer than to list documents. Whoever only reads
the queue needs two keys of it, `folders.data` and `folders.exchange`; where they stand as plainly
as people write them, they are taken from there. Anything else (escapes, anchors, another form) is
left to those who read YAML, and so is a `data` that is not there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST: Final = 256 * 1024  # as the reader of the configuration has it
_SECTION: Final = re.compile(r"^folders:[ ]*(?:#.*)?$", re.MULTILINE)
# The keys of the section, and comments; the first line that is not indented ends it.
_BODY: Final = re.compile(r"(?:[ ]+\S.*|[ ]*#.*|[ ]*)(?:\n|\Z)")
_FOLDER: Final = re.compile(
    r"""^([ ]+)(data|exchange):[ ]+(["']?)(/[A-Za-z0-9_./-]*)\3[ ]*(?:[ ]#.*)?$""", re.MULTILINE
)
_KEY: Final = re.compile(r"^([ ]+)([a-z]+):(?:[ ]|$)", re.MULTILINE)
# What may make a line mean something else than it seems to.
_ODD: Final = re.compile(r"^[ ]*---|^%|\t|\r|[|>][-+0-9]*[ ]*(?:#.*)?$|[&*]\w|<<:", re.MULTILINE)


def queue_of(config_file: Path) -> Path | None:
    """Return where the queue of this configuration lies; None where a glance does not tell."""
    folders = folders_of(config_file)
    return folders[0] / "queue.db" if folders else None


def folders_of(config_file: Path) -> tuple[Path, Path] | None:
    """Return the data folder and the exchange folder; None where a glance does not tell."""
    try:
        with config_file.open(encoding="utf-8") as file:
            text = file.read(_LARGEST + 1)
    except (OSError, UnicodeDecodeError):
        return None
    return _folders_in(text, config_file) if len(text) <= _LARGEST else None


def _folders_in(text: str, config_file: Path) -> tuple[Path, Path] | None:
    sections = list(_SECTION.finditer(text))
    if len(sections) != 1 or _ODD.search(_without_comments(text)):
        return None
    body = _body_after(text, sections[0].end() + 1)
    keys = [found[2] for found in _KEY.finditer(body) if found[2] in {"data", "exchange"}]
    named = {found[2]: found[4] for found in _FOLDER.finditer(body)}
    if "data" not in named or sorted(keys) != sorted(named):
        return None
    if len({found[1] for found in _KEY.finditer(body)}) != 1:
        return None
    # An absolute path takes the place of the folder it would otherwise be relative to.
    data = config_file.parent / named["data"]
    exchange = config_file.parent / named["exchange"] if "exchange" in named else data / "exchange"
    return data, exchange


def _body_after(text: str, begin: int) -> str:
    place = begin
    while place < len(text) and (line := _BODY.match(text, place)) and line.end() > place:
        place = line.end()
    return text[begin:place]


def _without_comments(text: str) -> str:
    return re.sub(r"(^|[ ])#.*$", r"\1", text, flags=re.MULTILINE)
