"""
Packages that come to harm on their way through the axis: in ways that were seen in the wild.

Works on what `rewrite` wrote, whose layout is known to the letter, so that a pattern finds its
place without a parser. The file is mapped and copied around the spots that change: memory does
not grow with the attachments.
"""

from __future__ import annotations

import mmap
import re
import uuid
from typing import TYPE_CHECKING, Final

from edge_node.sandbox.faults_rules import Fault
from edge_node.sandbox.recoding import ZIP_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_node.sandbox.faults_rules import Rule

    Edit = tuple[int, int, bytes]  # from, to, and what comes in between instead

_CONTENT: Final = re.compile(rb"<edXML:ContentTransferEncoded[^>]*>([^<]+)<")
_KIND: Final = re.compile(rb"<(edXML:)?ContentType[^>]*>([^<]+)<")
_BUSSINESS: Final = re.compile(rb"<edXML:Bussiness[ >].*?</edXML:Bussiness>", re.DOTALL)
_PDF_TYPE: Final = "application/pdf"


def damaged(path: Path, rule: Rule) -> Path | None:
    """Return a copy of the package, damaged as the rule says; None if there is nothing to harm."""
    target = path.with_name(f"{path.stem}+{rule.fault}{rule.where}{path.suffix}")
    if target.exists():
        return target
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as package:
        edits = list(_edits(package, rule))
        if not edits:
            return None
        made = path.with_name(f"{uuid.uuid4()}.part")
        _copy(package, made, edits)
    made.rename(target)
    return target


def _edits(package: mmap.mmap, rule: Rule) -> Iterator[Edit]:
    if rule.fault is Fault.DROP_BUSSINESS:
        for found in _BUSSINESS.finditer(package):
            yield *found.span(), b""
    elif rule.fault is Fault.HALF_PACKAGE:
        yield len(package) // 2, len(package), b""
    elif rule.fault is Fault.CORRUPT_BASE64:
        for found in _CONTENT.finditer(package):
            begin, end = found.span(1)
            middle = (begin + end) // 2
            yield middle, middle + 1, b"!"
    else:
        for found in _KIND.finditer(package):
            place = "manifest" if found[1] else "attachment"
            if rule.where in {place, "both"}:
                other = _PDF_TYPE if found[2] == ZIP_TYPE.encode() else ZIP_TYPE
                yield *found.span(2), other.encode()


def _copy(package: mmap.mmap, target: Path, edits: list[Edit]) -> None:
    with target.open("xb") as out, memoryview(package) as bytes_of:
        begin = 0
        for start, end, instead in edits:
            out.write(bytes_of[begin:start])
            out.write(instead)
            begin = end
        out.write(bytes_of[begin:])
