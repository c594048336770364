"""
File names that are safe on Linux and on Windows, whatever a stranger called the file.

Pure functions: whether a name is free on a disk is for whoever writes there.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_BYTES: Final = 255  # the longest name ext4, XFS, Btrfs and NTFS all hold
_EXTENSION: Final = 16  # with its dot; what is longer is part of the name
_UNNAMED: Final = "unnamed"

_RESERVED: Final = re.compile(r'[<>:"/\\|?*]')
# Letters and marks that draw nothing: fillers and variation selectors (Unicode's
# Default_Ignorable_Code_Point outside of Cf), and the non-characters.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufdd0-\ufdef"
    "\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_DEVICES: Final = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$"]
    + [f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"]
)


def safe_name(name: str, *, limit: int = 120) -> str:
    """
    Return a name that is safe to write, as near to the given one as can be.

    At most ``limit`` characters (at least 32) and 255 bytes in UTF-8; where it had to be cut the
    extension stays and a short hash of the original tells the cut ones apart. A safe name comes
    back as it is.
    """
    clean = _visible(re.split(r"[/\\]", name)[-1])
    clean = _RESERVED.sub("_", clean).lstrip(" .~").rstrip(" .") or _UNNAMED
    if clean.split(".", 1)[0].rstrip(" ").upper() in _DEVICES:
        clean = f"_{clean}"
    if _fits(clean, limit):
        return clean
    stem, extension = _parts(clean)
    mark = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return _cut(stem, f"-{mark}{extension}", limit)


def distinct(names: Iterable[str], *, taken: Iterable[str] = (), limit: int = 120) -> list[str]:
    """
    Return the safe names made different from each other and from those taken, whatever the case.

    The first keeps its name, the next ones are numbered: `a.pdf`, `a (2).pdf`.
    """
    seen = {_key(name) for name in taken}
    result = []
    for name in names:
        free, number = name, 1
        while _key(free) in seen:
            number += 1
            stem, extension = _parts(name)
            free = _cut(stem, f" ({number}){extension}", limit)
        seen.add(_key(free))
        result.append(free)
    return result


def _visible(text: str) -> str:
    """Return the text in NFC without what cannot be seen; every kind of space becomes one."""
    kept = "".join(_seen(char) for char in text)
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", kept))


def _seen(char: str) -> str:
    if char.isspace():
        return " "
    # Cc and Cf hold the controls, the bidi overrides and isolates and the zero-width characters.
    return "" if unicodedata.category(char) in {"Cc", "Cf", "Cs"} or _is_none(char) else char


def _is_none(char: str) -> bool:
    return ord(char) & 0xFFFE == 0xFFFE  # noqa: PLR2004 - U+FFFE and U+FFFF of every plane


def _parts(name: str) -> tuple[str, str]:
    """Split a name into its stem and its extension with the dot."""
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) >= _EXTENSION:
        return name, ""
    return stem, dot + extension


def _fits(name: str, limit: int) -> bool:
    return len(name) <= limit and len(name.encode()) <= _BYTES


def _cut(stem: str, tail: str, limit: int) -> str:
    """Return the stem with the tail, the stem cut until both fit."""
    stem = stem[: limit - len(tail)]
    room = _BYTES - len(tail.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + tail


def _key(name: str) -> str:
    """Return what two names share that a file system without case would take for one."""
    return unicodedata.normalize("NFC", name.casefold())
