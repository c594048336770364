"""
What a signature has to speak for, so that nobody can change what the file shows.

Everything but the document properties, the signatures themselves and what only those lead to: as
Office signs, and also what nothing leads to. Where content controls of a Word file are filled from
outside of the text, the properties count as well: Word shows a title or an author from there. What
other programs are known to leave out is told apart, because leaving it out is not the same as
having put it in afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from edge_node.notary.ooxml import relationships
from edge_node.notary.ooxml.package import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from edge_node.notary.ooxml.package import Package, Part
    from edge_node.notary.ooxml.relationships import Relationship

ORIGIN: Final = (
    "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin"
)
SIGNATURE: Final = (
    "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/signature"
)
SIGNATURE_TYPE: Final = "application/vnd.openxmlformats-package.digital-signature-xmlsignature+xml"
_METADATA: Final = "http://schemas.openxmlformats.org/package/2006/relationships/metadata"
_AS_LIBREOFFICE_SPELLS_IT: Final = (
    "http://schemas.openxmlformats.org/officedocument/2006/relationships/metadata/core-properties"
)
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT: Final = "http://purl.oclc.org/ooxml/officeDocument/relationships"
# What content controls may show: title, author, company ... (ECMA-376 part 1, 17.5.2.6).
_FILLING: Final = frozenset(
    {
        f"{_METADATA}/core-properties",
        _AS_LIBREOFFICE_SPELLS_IT,
        f"{_OFFICE}/extended-properties",
        f"{_STRICT}/extendedProperties",
    }
)
_PROPERTIES: Final = _FILLING | frozenset(
    {
        f"{_METADATA}/thumbnail",
        f"{_OFFICE}/custom-properties",
        f"{_STRICT}/customProperties",
        "http://schemas.microsoft.com/office/2020/02/relationships/classificationlabels",
    }
)
_FREE: Final = _PROPERTIES | {ORIGIN}  # where the package's own relationships are not signed

# Known to Office only after its list of what it signs was written; none of them is shown text.
_UNSEEN: Final = frozenset(
    {
        f"{_OFFICE}/customXmlProps",
        "http://schemas.microsoft.com/office/2011/relationships/people",
        "http://schemas.microsoft.com/office/2011/relationships/commentsExtended",
        "http://schemas.microsoft.com/office/2016/09/relationships/commentsIds",
        "http://schemas.microsoft.com/office/2018/08/relationships/commentsExtensible",
        "http://schemas.microsoft.com/office/2017/10/relationships/person",
        "http://schemas.microsoft.com/office/2016/11/relationships/changesInfo",
        "http://schemas.microsoft.com/office/2015/10/relationships/revisionInfo",
    }
)
# Likewise: Office signs that the part is there, and not the part itself.
_CUSTOM: Final = frozenset({f"{_OFFICE}/customXml", f"{_STRICT}/customXml"})
_BINDING: Final = "dataBinding"
_LINKS: Final = frozenset({f"{_OFFICE}/hyperlink", f"{_STRICT}/hyperlink"})
_MACROS: Final = ("macroenabled", "vbaproject", "activex", "macrosheet")


class Weight(IntEnum):
    """How much it matters that a signature does not speak for something."""

    UNSEEN = 1  # nobody is shown it
    BINDABLE = 2  # shown where content controls are bound to it; Office never signs it
    LEFT_OUT = 3  # where a link leads, or what nothing leads to: some programs never sign it
    SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What has to be signed, each with its weight; parts and sources by folded name."""

    parts: Mapping[str, Weight]
    relationships: Mapping[str, tuple[tuple[Relationship, Weight], ...]]
    bound: bool  # whether content controls are filled from outside of the text


def extent(package: Package) -> Extent:
    """Say what a signature has to speak for; PackageUnsound for relationships nobody can read."""
    own = package.related(relationships.PACKAGE)
    signed = [one for one in own if one.type not in _FREE]
    bound = binds(package)
    filling = [one for one in own if bound and one.type in _FILLING]
    reached = _reached(package, signed)
    filled_from = _reached(package, filling) - reached
    beside = _reached(package, [one for one in own if one.type in _FREE]) - reached - filled_from
    unseen = reached - _reached(package, signed, but=_UNSEEN)
    bindable = reached - unseen - _reached(package, signed, but=_UNSEEN | _CUSTOM) | filled_from
    light = dict.fromkeys(unseen, Weight.UNSEEN) | dict.fromkeys(bindable, Weight.BINDABLE)
    weights = {}
    for key, part in package.parts.items():
        if key in beside or relationships.source_of(key) is not None:
            continue
        weight = light.get(key, Weight.SHOWN if key in reached else Weight.LEFT_OUT)
        weights[key] = Weight.SHOWN if runs(part) else weight
    sources = {relationships.PACKAGE: [*signed, *filling]} | {
        key: package.related(key) for key in weights
    }
    return Extent(
        parts=weights,
        relationships={
            source: tuple((one, weigh(one)) for one in related)
            for source, related in sources.items()
            if related
        },
        bound=bound,
    )


def weigh(relationship: Relationship) -> Weight:
    """Say how much a relationship matters."""
    if relationship.type in _UNSEEN:
        return Weight.UNSEEN
    if relationship.type in _CUSTOM | _FILLING:
        return Weight.BINDABLE
    if relationship.external and relationship.type in _LINKS:
        return Weight.LEFT_OUT
    return Weight.SHOWN


def has_macros(package: Package) -> bool:
    """Whether any part is of a kind that programs run."""
    return any(runs(part) for part in package.parts.values())


def runs(part: Part) -> bool:
    """Whether a part is macros, or a document that may have some."""
    kind = part.content_type.lower()
    return any(word in kind for word in _MACROS) or part.name.lower().endswith("/vbaproject.bin")


def binds(package: Package) -> bool:
    """Whether anything in a Word file is filled from outside of the text when it is opened."""
    wanted = tuple(_BINDING.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))
    for part in package.parts.values():
        before = b""
        for chunk in package.chunks(part) if _is_of_word(part) else ():
            if any(word in before + chunk for word in wanted):
                return True
            before = chunk[-len(wanted[-1]) :]
    return False


def _is_of_word(part: Part) -> bool:
    kind = part.content_type.lower()  # the main part of a .docm has a type of its own
    return "wordprocessingml" in kind or "ms-word" in kind


def _reached(
    package: Package, first: Iterable[Relationship], *, but: frozenset[str] = frozenset()
) -> set[str]:
    """Return every part to which relationships lead, without those of the types in ``but``."""
    reached: set[str] = set()
    waiting = [(relationships.PACKAGE, one) for one in first]
    while waiting:
        source, one = waiting.pop()
        part = None if one.type in but else package.target(source, one)
        if part is None or fold(part.name) in reached:
            continue
        key = fold(part.name)
        reached.add(key)
        waiting += [(key, other) for other in package.related(key)]
    return reached
