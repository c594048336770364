"""
Signing a Word, Excel or PowerPoint file, in steps: the key and the time-stamp are elsewhere.

    draft = begin(source, certificate=..., chain=..., signing_time=...)
    signed = draft.signed(key.sign(draft.digest))
    signed.finish(target, token)    # a token over `signed.stamp_digest`, or None

Whoever signs decides first whether the file is fit to be signed; here only what could not be
signed for all of what it shows is refused.
"""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import NotSignable
from edge_node.domain.message import say
from edge_node.notary.ooxml import relationships, xades
from edge_node.notary.ooxml.algorithms import OURS, digest_of, fits, to_xml
from edge_node.notary.ooxml.extent import (
    ORIGIN,
    SIGNATURE,
    SIGNATURE_TYPE,
    extent,
    has_macros,
)
from edge_node.notary.ooxml.package import TYPES_NAME, ContentTypes, Package, fold
from edge_node.notary.ooxml.relationships import Relationship
from edge_node.notary.ooxml.rewriting import rewrite
from edge_node.notary.raw import algorithm_for, public_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from typing import BinaryIO

    from edge_node.notary.raw import Algorithm, PublicKey

_ORIGIN_TYPE: Final = "application/vnd.openxmlformats-package.digital-signature-origin"
_FOLDER: Final = "/_xmlsignatures"
_ORIGIN_NAME: Final = f"{_FOLDER}/origin.sigs"
_OFFICE_DOCUMENT: Final = "/officeDocument"  # how the type of that relationship ends
_PLAIN: Final = frozenset(
    {
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
    }
)
_WITH_MACROS: Final = frozenset(
    {
        "application/vnd.ms-word.document.macroEnabled.main+xml",
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature that is made and not yet in the file."""

    stamp_digest: bytes  # SHA-256 of the canonical SignatureValue, for a time-stamp
    _draft: Draft = field(repr=False)
    _value: str = field(repr=False)

    def finish(self, target: BinaryIO, token: bytes | None = None) -> None:
        """Write the signed file to ``target``; ``token`` is a time-stamp's ContentInfo (DER)."""
        self._draft.write(target, self._value, token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All of a signature but the key's own part of it."""

    digest: bytes  # what the key signs
    algorithm: Algorithm
    _package: Package = field(repr=False)
    _key: PublicKey = field(repr=False)
    _certificates: tuple[bytes, ...] = field(repr=False)
    _replaced: Mapping[str, bytes] = field(repr=False)
    _part: str
    _information: str = field(repr=False)
    _objects: str = field(repr=False)
    _properties: str = field(repr=False)

    @property
    def octets(self) -> bytes:
        """The canonical SignedInfo, which `digest` is of."""
        return xades.standing_alone(self._information)

    @property
    def part(self) -> str:
        """The name of the new signature's own part."""
        return self._part

    def signed(self, signature: bytes) -> Signed:
        """
        Take the raw signature over `digest` (RSA: PKCS #1 v1.5; ECDSA: DER).

        NotSignable when it is not by the key of the certificate.
        """
        raw = _raw(signature, self._key)
        if not fits(self._key, raw, self.octets, OURS[self.algorithm]):
            raise _other_key()
        value = xades.signature_value(raw)
        stamped = hashlib.sha256(xades.standing_alone(value)).digest()
        return Signed(stamp_digest=stamped, _draft=self, _value=value)

    def write(self, target: BinaryIO, value: str, token: bytes | None) -> None:
        """Write the file with its new signature; `Signed.finish` calls this."""
        part = xades.document(
            information=self._information,
            value=value,
            objects=self._objects,
            properties=self._properties,
            certificates=self._certificates,
            token=token,
        )
        replaced = dict(self._replaced) | {self._part: part}
        entries = {name.removeprefix("/"): content for name, content in replaced.items()}
        rewrite(self._package.archive, target, entries)


def begin(
    source: BinaryIO,
    *,
    certificate: bytes,
    chain: tuple[bytes, ...] = (),
    signing_time: datetime,
    comments: str = "",
    allow_macros: bool = False,
) -> Draft:
    """
    Read a seekable file and prepare one more signature in it.

    ``source`` must stay open and unchanged until `Signed.finish` has returned. ``comments`` is
    what Office shows as the purpose of signing. Raises PackageUnsound for a file that is not
    fit to be read, NotSignable for one that is not signed here.
    """
    key = public_key(certificate)
    algorithm = algorithm_for(key)
    if key is None or algorithm is None:
        raise NotSignable(
            say("the certificate's key is of a kind nothing is signed with here"),
            hint=say("use an RSA key of at least 2048 bits, or an EC key on P-256 or P-384"),
        )
    package = Package.read(source)
    _ask_kind(package, allow_macros=allow_macros)
    replaced, part = _made_room(package)
    covered = tuple(_covered(package))
    about = xades.package_object(covered, signing_time)
    office = xades.office_object(comments)
    properties = xades.signed_properties(certificate, signing_time)
    information = xades.signed_info(about, office, properties, OURS[algorithm])
    signed = xades.standing_alone(information)
    return Draft(
        digest=hashlib.new(algorithm.digest, signed).digest(),
        algorithm=algorithm,
        _package=package,
        _key=key,
        _certificates=(certificate, *chain),
        _replaced=replaced,
        _part=part,
        _information=information,
        _objects=about + office,
        _properties=properties,
    )


def stamped_octets(signature: bytes, certificate: bytes) -> bytes:
    """
    Return what a time-stamp over a raw ``signature`` is over: the canonical SignatureValue.

    NotSignable when it cannot be by the key of the ``certificate``.
    """
    key = public_key(certificate)
    if key is None:
        raise _other_key()
    return xades.standing_alone(xades.signature_value(_raw(signature, key)))


def _raw(signature: bytes, key: PublicKey) -> bytes:
    try:
        return to_xml(signature, key)
    except (ValueError, OverflowError) as error:
        raise _other_key() from error


def _ask_kind(package: Package, *, allow_macros: bool) -> None:
    """Refuse what is no office document, and one with macros unless these are allowed."""
    documents = [
        package.target(relationships.PACKAGE, one)
        for one in package.related(relationships.PACKAGE)
        if one.type.endswith(_OFFICE_DOCUMENT)
    ]
    kinds = [part.content_type for part in documents if part is not None]
    if len(kinds) != 1 or len(documents) != 1 or kinds[0] not in _PLAIN | _WITH_MACROS:
        raise NotSignable(
            say("only Word, Excel and PowerPoint documents are signed here"),
            hint=say("save it as .docx, .xlsx or .pptx"),
        )
    if not allow_macros and (kinds[0] in _WITH_MACROS or has_macros(package)):
        raise NotSignable(
            say("the file holds macros, and such files are not signed"),
            hint=say("save it without macros, as .docx, .xlsx or .pptx"),
        )


def _covered(package: Package) -> Iterator[xades.Covered]:
    """Yield all that is signed: relationships first, then parts, in the order of their names."""
    whole = extent(package)
    for source, related in sorted(whole.relationships.items()):
        chosen = [one for one, _ in related]
        name = relationships.part_of(source)
        part = package.parts[fold(name)]
        yield xades.Covered(
            name=part.name,
            content_type=relationships.CONTENT_TYPE,
            digest=hashlib.sha256(relationships.transformed(chosen)).digest(),
            ids=tuple(sorted(one.id for one in chosen)),
        )
    for key in sorted(whole.parts):
        part = package.parts[key]
        if not part.content_type:
            raise NotSignable(
                say("the file does not tell of what kind {part} is", part=part.name),
                hint=say("open it in the office program and save it anew"),
            )
        yield xades.Covered(
            name=part.name,
            content_type=part.content_type,
            digest=digest_of(package.chunks(part)),
        )


def _made_room(package: Package) -> tuple[dict[str, bytes], str]:
    """Return the parts that change around a new signature, and the name of its own part."""
    own = package.related(relationships.PACKAGE)
    origins = [one for one in own if one.type == ORIGIN]
    origin = package.target(relationships.PACKAGE, origins[0]) if len(origins) == 1 else None
    if origins and origin is None:
        raise NotSignable(
            say("the file's list of signatures is not there or there are two"),
            hint=say("open it in the office program, remove its signatures and save it anew"),
        )
    origin_name = origin.name if origin else _ORIGIN_NAME
    before = package.related(origin_name) if origin else ()
    signed_before = any(one.type == SIGNATURE for one in before)
    replaced = {} if signed_before else _tightened(package)
    if origin is None:
        replaced |= _begun(own, package)
    part = _unused(package)
    # relative: LibreOffice overlooks a signature whose target is absolute
    target = posixpath.relpath(part, posixpath.dirname(origin_name))
    after = (*before, Relationship(id=_new_id(before), type=SIGNATURE, target=target))
    listed = relationships.part_of(origin_name)
    known = package.parts.get(fold(listed))
    replaced[known.name if known else listed] = relationships.write(after)
    replaced[TYPES_NAME] = _typed(package, part)
    return replaced, part


def _tightened(package: Package) -> dict[str, bytes]:
    """
    Return the relationship parts that have blanks in them, written anew without.

    libxmlsec, and so LibreOffice, has something for each blank in what it digests, against
    ECMA-376 part 2, 13.2.4.24. With the first signature only: later this would break the earlier
    signatures for them.
    """
    replaced = {}
    for key, part in package.parts.items():
        source = relationships.source_of(key)
        if source is not None and relationships.blanks_between(package.content(part), part.name):
            replaced[part.name] = relationships.write(package.related(source))
    return replaced


def _begun(own: tuple[Relationship, ...], package: Package) -> dict[str, bytes]:
    """Return what a file needs to have signatures at all: the origin, and that it leads there."""
    target = _ORIGIN_NAME.removeprefix("/")
    added = Relationship(id=_new_id(own), type=ORIGIN, target=target)
    name = package.parts[fold(relationships.part_of(relationships.PACKAGE))].name
    return {name: relationships.write((*own, added)), _ORIGIN_NAME: b""}


def _typed(package: Package, part: str) -> bytes:
    types = package.types
    defaults = dict(types.defaults)
    overrides = dict(types.overrides) | {part: SIGNATURE_TYPE}
    if "sigs" not in map(str.lower, defaults):
        defaults["sigs"] = _ORIGIN_TYPE
    return ContentTypes(defaults=defaults, overrides=overrides).written()


def _unused(package: Package) -> str:
    number = 1
    while fold(f"{_FOLDER}/sig{number}.xml") in package.parts:
        number += 1
    return f"{_FOLDER}/sig{number}.xml"


def _new_id(taken: tuple[Relationship, ...]) -> str:
    ids = {one.id.lower() for one in taken}
    number = len(ids) + 1
    while f"rid{number}" in ids:
        number += 1
    return f"rId{number}"


def _other_key() -> NotSignable:
    return NotSignable(
        say("the signature was not made by the key of the certificate"),
        hint=say("check which key and which certificate are configured together"),
    )
