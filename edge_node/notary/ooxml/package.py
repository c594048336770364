"""
The parts of an office file, their content types and relationships (ECMA-376 part 2).

Names are compared as office programs do: whatever their case, and with %-escapes resolved. Which
of the parts a signature has to speak for is `edge_node.notary.ooxml.extent`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import unquote

from edge_node.domain.message import say
from edge_node.notary.ooxml import relationships
from edge_node.notary.ooxml.archive import Archive, PackageUnsound
from edge_node.notary.ooxml.markup import LARGEST, escaped, parse, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from edge_node.notary.ooxml.archive import Entry
    from edge_node.notary.ooxml.relationships import Relationship

TYPES_NAME: Final = "/[Content_Types].xml"
_TYPES: Final = "http://schemas.openxmlformats.org/package/2006/content-types"
_TRASH: Final = "[trash]/"  # where office programs leave room; never a part


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentTypes:
    """What kind each part is: by its name or else by its extension."""

    defaults: Mapping[str, str]  # extension, as written → content type
    overrides: Mapping[str, str]  # part name, as written → content type

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Read `[Content_Types].xml`; PackageUnsound when it is none."""
        root = parse(content, TYPES_NAME)
        defaults: dict[str, str] = {}
        overrides: dict[str, str] = {}
        seen: set[tuple[str, str]] = set()
        rows = {"Default": ("Extension", defaults), "Override": ("PartName", overrides)}
        if root.tag != f"{{{_TYPES}}}Types":
            raise _types_unreadable()
        for element in root.iterchildren("*"):
            attribute, kept = rows.get(str(element.tag).removeprefix(f"{{{_TYPES}}}"), ("", {}))
            name, kind = str(element.get(attribute) or ""), str(element.get("ContentType") or "")
            if not name or not kind or (attribute, fold(name)) in seen:
                raise _types_unreadable()
            seen.add((attribute, fold(name)))
            kept[name] = kind
        return cls(defaults=defaults, overrides=overrides)

    def written(self) -> bytes:
        """Return `[Content_Types].xml`."""
        rows = [
            f"<Default Extension={quoted(name)} ContentType={quoted(kind)}/>"
            for name, kind in self.defaults.items()
        ]
        rows += [
            f"<Override PartName={quoted(name)} ContentType={quoted(kind)}/>"
            for name, kind in self.overrides.items()
        ]
        head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
        return f'{head}<Types xmlns="{escaped(_TYPES)}">{"".join(rows)}</Types>'.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: its name, what kind it is, and where its bytes are."""

    name: str  # absolute, as the archive spells it
    content_type: str  # empty where none is told
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An office file: `parts` by folded name, its relationships by their source's folded name."""

    archive: Archive
    types: ContentTypes
    parts: Mapping[str, Part]
    _read: dict[str, tuple[Relationship, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, source: BinaryIO) -> Self:
        """Read a seekable file; PackageUnsound when it is no office file, or an unsafe one."""
        archive = Archive.read(source)
        named = _named(archive.entries)
        listed = named.pop(fold(TYPES_NAME), None)
        if listed is None:
            raise PackageUnsound(
                say("the file is not a readable .docx, .xlsx or .pptx"),
                hint=say("open it in the office program and save it anew"),
            )
        types = ContentTypes.read(_whole(archive, listed))
        by_name = {fold(name): kind for name, kind in types.overrides.items()}
        by_ending = {name.lower(): kind for name, kind in types.defaults.items()}
        parts = {
            key: Part(
                name="/" + entry.name,
                content_type=by_name.get(key) or by_ending.get(_ending(key), ""),
                entry=entry,
            )
            for key, entry in named.items()
        }
        return cls(archive=archive, types=types, parts=parts)

    def content(self, part: Part) -> bytes:
        """Return all of a part that is read as XML; PackageUnsound for one too large for that."""
        return _whole(self.archive, part.entry)

    def chunks(self, part: Part) -> Iterator[bytes]:
        """Yield the bytes of a part."""
        return self.archive.unpacked(part.entry)

    def related(self, source: str) -> tuple[Relationship, ...]:
        """Return the relationships of a part, or of `relationships.PACKAGE`, by its name."""
        key = fold(source)
        if key not in self._read:
            part = self.parts.get(fold(relationships.part_of(key)))
            self._read[key] = (
                relationships.read(self.content(part), part.name) if part is not None else ()
            )
        return self._read[key]

    def target(self, source: str, relationship: Relationship) -> Part | None:
        """Return the part a relationship leads to; None when it is outside or not there."""
        name = relationships.resolve(source, relationship)
        return None if name is None else self.parts.get(fold(name))


def fold(name: str) -> str:
    """Return a part's name in the form in which two names of one part are equal."""
    return unquote(name).lower()


def _ending(key: str) -> str:
    name = key.rpartition("/")[2]
    return name.rpartition(".")[2] if "." in name else ""


def _named(entries: tuple[Entry, ...]) -> dict[str, Entry]:
    """Return the parts among the entries, by folded name; refuse what two readers read as two."""
    named: dict[str, Entry] = {}
    seen = set()
    for entry in entries:
        if entry.name.lower().startswith(_TRASH):
            continue
        loose = fold(entry.name).replace("\\", "/").strip("/")
        if loose in seen:
            raise PackageUnsound(
                say("the file holds two parts called {part}", part="/" + loose),
                hint=say("somebody put one of them in by hand: have the file sent again"),
            )
        seen.add(loose)
        if entry.name.endswith("/") and not entry.size:
            continue  # a folder; harmless, and no part
        if not _sound(entry.name):
            raise PackageUnsound(
                say("no part of an office file may be called {part!r}", part=entry.name),
                hint=say("open it in the office program and save it anew"),
            )
        named[fold("/" + entry.name)] = entry
    return named


def _sound(name: str) -> bool:
    plain = unquote(name)
    legible = name.isprintable() and plain.isprintable() and "%" not in plain
    slashed = "\\" in plain or plain.count("/") != name.count("/")
    hollow = any(segment.strip(".") == "" for segment in plain.split("/"))
    in_pieces = plain.lower().endswith(".piece")  # a part in pieces: read by few, written by none
    return legible and not (slashed or hollow or in_pieces or set("?#") & set(name))


def _whole(archive: Archive, entry: Entry) -> bytes:
    if entry.size > LARGEST:
        raise PackageUnsound(say("{part} is too large", part="/" + entry.name))
    return b"".join(archive.unpacked(entry))


def _types_unreadable() -> PackageUnsound:
    return PackageUnsound(
        say("{part} does not tell the kinds of parts as office programs do", part=TYPES_NAME),
        hint=say("open it in the office program and save it anew"),
    )
