"""
Relationships between the parts of a package: reading, writing, and what is signed of them.

The form that is signed is that of the relationships transform (ECMA-376 part 2, 13.2.4.24): the
chosen relationships only, ordered by their ids, nothing between them. Who chooses is elsewhere.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.domain.message import say
from edge_node.notary.ooxml.archive import PackageUnsound
from edge_node.notary.ooxml.markup import parse, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMESPACE: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
CONTENT_TYPE: Final = "application/vnd.openxmlformats-package.relationships+xml"
TRANSFORM: Final = "http://schemas.openxmlformats.org/package/2006/RelationshipTransform"
PACKAGE: Final = "/"  # the source of the package's own relationships
_BLANK: Final = "<text></text>"
_NAMES: Final = frozenset({"Id", "Type", "Target", "TargetMode"})
_MODES: Final = frozenset({"", "Internal", "External"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """One relationship, from a part or the package to a part or to somewhere outside."""

    id: str
    type: str
    target: str  # as written
    mode: str = ""  # "", Internal or External, as written

    @property
    def external(self) -> bool:
        """Whether the target is outside the package."""
        return self.mode == "External"


def read(content: bytes, name: str) -> tuple[Relationship, ...]:
    """Read a relationship part called ``name``; PackageUnsound when it is none."""
    root = parse(content, name)
    if root.tag != f"{{{NAMESPACE}}}Relationships":
        raise _unreadable(name)
    found = {}
    for element in root.iterchildren("*"):
        attributes = {str(key): str(value) for key, value in element.attrib.items()}
        one = Relationship(
            id=attributes.get("Id", ""),
            type=attributes.get("Type", ""),
            target=attributes.get("Target", ""),
            mode=attributes.get("TargetMode", ""),
        )
        strange = element.tag != f"{{{NAMESPACE}}}Relationship" or len(element) or not one.id
        if strange or not attributes.keys() <= _NAMES or one.mode not in _MODES:
            raise _unreadable(name)
        if one.id in found:
            raise PackageUnsound(
                say("{part} names two relationships {id}", part=name, id=one.id),
                hint=say("open it in the office program and save it anew"),
            )
        found[one.id] = one
    return tuple(found.values())


def blanks_between(content: bytes, name: str) -> int:
    """Return how many blanks stand between the relationships; libxmlsec signs them too."""
    root = parse(content, name)
    return sum(map(bool, (root.text, *(child.tail for child in root))))


def write(relationships: Iterable[Relationship]) -> bytes:
    """Return a relationship part with nothing between the relationships."""
    rows = "".join(_row(one, mode=one.mode) for one in relationships)
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
    return f'{head}<Relationships xmlns="{NAMESPACE}">{rows}</Relationships>'.encode()


def transformed(relationships: Iterable[Relationship], *, blanks: int = 0) -> bytes:
    """
    Return what is signed of these relationships, in canonical form.

    With ``blanks``, as libxmlsec up to 1.3 and so LibreOffice has it: an element for each blank
    between the relationships, where the standard has none.
    """
    ordered = sorted(relationships, key=lambda one: one.id)
    rows = "".join(_row(one, mode=one.mode or "Internal") for one in ordered)
    return f'<Relationships xmlns="{NAMESPACE}">{_BLANK * blanks}{rows}</Relationships>'.encode()


def _row(one: Relationship, *, mode: str) -> str:
    told = f" TargetMode={quoted(mode)}" if mode else ""
    return (
        f"<Relationship Id={quoted(one.id)} Target={quoted(one.target)}{told}"
        f" Type={quoted(one.type)}></Relationship>"
    )


def part_of(source: str) -> str:
    """Return the name of the part that holds the relationships of ``source``."""
    folder, _, name = source.rpartition("/")
    return f"{folder}/_rels/{name}.rels"


def source_of(name: str) -> str | None:
    """Return whose relationships a part holds; None when it is no relationship part."""
    folder, _, last = name.rpartition("/")
    if not folder.lower().endswith("/_rels") or not last.lower().endswith(".rels"):
        return None
    return f"{folder[: -len('/_rels')]}/{last[: -len('.rels')]}"


def resolve(source: str, relationship: Relationship) -> str | None:
    """Return the part a relationship of ``source`` leads to, escapes left; None when outside."""
    if relationship.external:
        return None
    path = re.split("[?#]", relationship.target, maxsplit=1)[0].replace("\\", "/")
    base = source.rpartition("/")[0] + "/"
    return "/" + posixpath.normpath(posixpath.join(base, path)).lstrip("/")


def _unreadable(name: str) -> PackageUnsound:
    return PackageUnsound(
        say("{part} does not hold relationships as office programs write them", part=name),
        hint=say("open it in the office program and save it anew"),
    )
