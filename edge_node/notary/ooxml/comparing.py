"""
Compares an office file with what a signature in it speaks for.

What was changed, what is gone, and what the signature does not speak for although it is shown.
Who signed, and whether by the key of its certificate, is judged elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from edge_node.domain.message import Message, say
from edge_node.domain.signature import Coverage, Sub, Verdict
from edge_node.notary.ooxml import relationships
from edge_node.notary.ooxml.algorithms import DIGESTS, digest_of
from edge_node.notary.ooxml.extent import Weight
from edge_node.notary.ooxml.markup import canonical, canonicalizes, parse
from edge_node.notary.ooxml.package import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.notary.ooxml.extent import Extent
    from edge_node.notary.ooxml.package import Package, Part
    from edge_node.notary.ooxml.reading import Reference, Transform
    from edge_node.notary.trust import Finding


@dataclass(slots=True, kw_only=True)
class Contents:
    """The file as it is now; each part is digested once, however many signatures there are."""

    package: Package
    extent: Extent
    _digests: dict[tuple[str, str], bytes] = field(default_factory=dict)
    _canonical: dict[tuple[str, Transform, str], bytes] = field(default_factory=dict)
    _blanks: dict[str, int] = field(default_factory=dict)

    def digest(self, part: Part, name: str) -> bytes:
        """Return the digest of a part's bytes."""
        key = (part.name, name)
        if key not in self._digests:
            self._digests[key] = digest_of(self.package.chunks(part), name)
        return self._digests[key]

    def canonical_digest(self, part: Part, form: Transform, name: str) -> bytes:
        """Return the digest of a part's canonical form."""
        key = (part.name, form, name)
        if key not in self._canonical:
            now = parse(self.package.content(part), part.name)
            self._canonical[key] = digest_of([canonical(now, form.method, form.prefixes)], name)
        return self._canonical[key]

    def blanks(self, part: Part) -> int:
        """Return how many blanks stand between the relationships in a part."""
        if part.name not in self._blanks:
            content = self.package.content(part)
            self._blanks[part.name] = relationships.blanks_between(content, part.name)
        return self._blanks[part.name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How the file and one signature stand to each other; ``finding`` None where they agree."""

    finding: Finding | None
    coverage: Coverage
    uncovered: tuple[str, ...] = ()
    warnings: tuple[Message, ...] = ()


@dataclass(slots=True)
class _Covered:
    """What the references spoke for so far; of relationships by their source."""

    parts: set[str] = field(default_factory=set)
    ids: dict[str, set[str]] = field(default_factory=dict)


def compare(contents: Contents, manifest: tuple[Reference, ...]) -> Compared:
    """Compare the file with the manifest of a signature."""
    covered = _Covered()
    for reference in manifest:
        found = _differs(contents, reference, covered)
        if found is not None:
            changed = found[1] is Sub.HASH_FAILURE
            coverage = Coverage.CHANGED if changed else Coverage.PARTIAL
            return Compared(finding=found, coverage=coverage)
    return _left_over(contents, covered)


def _differs(contents: Contents, reference: Reference, covered: _Covered) -> Finding | None:
    """Say how a part differs from what was signed; None when it does not, and it is covered."""
    path, _, query = reference.uri.partition("?")
    name, told = unquote(path), dict(parse_qsl(query.replace("+", "%2B"), separator="&"))
    part = contents.package.parts.get(fold(path))
    if not path.startswith("/") or "ContentType" not in told:
        return _unreadable(say("it refers to {uri}, which is no part", uri=reference.uri))
    if reference.method not in DIGESTS:
        return _unknown(reference.method)
    if part is None:
        return _changed(say("{part} was removed after signing", part=name))
    kind = part.content_type
    if relationships.source_of(part.name) is not None and not kind:
        kind = relationships.CONTENT_TYPE
    if told["ContentType"].lower() != kind.lower():
        return _changed(say("the kind of {part} was changed after signing", part=part.name))
    if reference.transforms and reference.transforms[0].method == relationships.TRANSFORM:
        return _related_differs(contents, part, reference, covered)
    return _bytes_differ(contents, part, reference, covered)


def _bytes_differ(
    contents: Contents, part: Part, reference: Reference, covered: _Covered
) -> Finding | None:
    algorithm = DIGESTS[reference.method]
    unknown = _strange(reference.transforms)
    if unknown is not None:
        return unknown
    if reference.transforms:
        digest = contents.canonical_digest(part, reference.transforms[0], algorithm)
    else:
        digest = contents.digest(part, algorithm)
    if digest != reference.digest:
        return _changed(say("{part} was changed after signing", part=part.name))
    covered.parts.add(fold(part.name))
    source = relationships.source_of(part.name)
    if source is not None:
        ids = {one.id for one in contents.package.related(source)}
        covered.ids.setdefault(fold(source), set()).update(ids)
    return None


def _related_differs(
    contents: Contents, part: Part, reference: Reference, covered: _Covered
) -> Finding | None:
    source = relationships.source_of(part.name)
    if source is None:
        return _unreadable(say("{part} holds no relationships", part=part.name))
    chosen_by, *further = reference.transforms
    unknown = _strange(tuple(further))
    if unknown is not None:
        return unknown
    chosen = [
        one
        for one in contents.package.related(source)
        if one.id in chosen_by.ids or one.type in chosen_by.types
    ]
    algorithm = DIGESTS[reference.method]
    forms = {
        relationships.transformed(chosen, blanks=count) for count in (0, contents.blanks(part))
    }
    if all(digest_of([form], algorithm) != reference.digest for form in forms):
        return _changed(
            say("the relationships in {part} were changed after signing", part=part.name)
        )
    covered.ids.setdefault(fold(source), set()).update(one.id for one in chosen)
    return None


def _strange(transforms: tuple[Transform, ...]) -> Finding | None:
    """Refuse all but one canonicalization: another transform may show what nobody signed."""
    if len(transforms) > 1 or any(not canonicalizes(one.method) for one in transforms):
        return _unknown(transforms[-1].method)
    return None


def _left_over(contents: Contents, covered: _Covered) -> Compared:
    """Say what the signature does not speak for, by what weighs most in it."""
    left = sorted(_weighed(contents, covered), key=lambda one: -one[0])
    names = tuple(name for _, name in left)
    heaviest = left[0][0] if left else None
    if heaviest is Weight.SHOWN:
        why = say("something was added after signing: {what}", what=names[0])
        return Compared(finding=_changed(why), coverage=Coverage.CHANGED, uncovered=names)
    if heaviest is Weight.LEFT_OUT:
        why = say("the signature does not speak for {what}", what=names[0])
        finding = (Verdict.INDETERMINATE, Sub.SIG_CONSTRAINTS_FAILURE, why)
        return Compared(finding=finding, coverage=Coverage.PARTIAL, uncovered=names)
    warnings = (
        (say("the signature does not speak for {what}, which is not shown", what=names[0]),)
        if names
        else ()
    )
    return Compared(finding=None, coverage=Coverage.WHOLE, uncovered=names, warnings=warnings)


def _weighed(contents: Contents, covered: _Covered) -> Iterator[tuple[Weight, str]]:
    """Yield what is not covered; what content controls may show weighs by whether they do."""
    bound = Weight.LEFT_OUT if contents.extent.bound else Weight.UNSEEN
    for weight, name in _uncovered(contents, covered):
        yield bound if weight is Weight.BINDABLE else weight, name


def _uncovered(contents: Contents, covered: _Covered) -> Iterator[tuple[Weight, str]]:
    extent, parts = contents.extent, contents.package.parts
    for key, weight in extent.parts.items():
        if key not in covered.parts:
            yield weight, parts[key].name
    for source, related in extent.relationships.items():
        ids = covered.ids.get(source, set())
        for one, weight in related:
            if one.id not in ids:
                part = parts[fold(relationships.part_of(source))]
                yield weight, f"{part.name}#{one.id} ({one.type.rpartition('/')[2]})"


def _changed(why: Message) -> Finding:
    return Verdict.INVALID, Sub.HASH_FAILURE, why


def _unreadable(what: Message) -> Finding:
    why = say("the signature cannot be read: {what}", what=what)
    return Verdict.INVALID, Sub.FORMAT_FAILURE, why


def _unknown(method: str) -> Finding:
    why = say("it uses a method that is not accepted here: {method}", method=method or "?")
    return Verdict.INDETERMINATE, Sub.CRYPTO_CONSTRAINTS_FAILURE, why
