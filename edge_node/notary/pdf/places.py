"""
Finds the signatures in a PDF and checks that each says plainly which bytes it signs.

ISO 32000-2, 12.8.1: two ranges, the whole file but the hexadecimal string of the signature
itself. Everything else that readers were seen to accept (ranges that overlap, run backwards,
leave out something else, or are missing) is refused here before a digest is made.
"""

from __future__ import annotations

import binascii
import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.sign.diff_analysis.rules.form_field_rules import is_field_visible
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, extract_contents

from edge_node.domain.message import say
from edge_node.domain.signature import Sub
from edge_node.notary.cms_reading import Unreadable, read
from edge_node.notary.fences import FOREIGN
from edge_node.notary.pdf.fields import signature_fields
from edge_node.notary.pdf.opening import beyond

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyhanko.pdf_utils.reader import PdfFileReader

    from edge_node.notary.cms_reading import Signed

MOST: Final = 100  # signatures; each costs a reading of the file
LARGEST: Final = 4 * 1024 * 1024  # bytes of the gap; B-T by a token needs about 30 000
CHUNK: Final = 1024 * 1024
CMS: Final = frozenset({"/ETSI.CAdES.detached", "/adbe.pkcs7.detached"})
STAMP: Final = "/ETSI.RFC3161"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """A signature field and the signature in it, which says plainly what it signs."""

    name: str
    object: str  # which of the file's objects the field is
    stamp: bool  # a document time-stamp, nobody's signature
    filter: str  # the SubFilter
    visible: bool
    revision: int  # in which it was made, from 0
    embedded: EmbeddedPdfSignature
    signed: Signed
    end: int  # the offset behind the last byte it signs


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A signature field that is filled with something that cannot be verified."""

    name: str
    stamp: bool
    reason: Unreadable


def find(reader: PdfFileReader) -> tuple[list[Place], list[Fault]]:
    """Return the signatures in the order they were made, and the fields that hold none."""
    places: list[Place] = []
    faults: list[Fault] = []
    for name, _, field in signature_fields(reader, filled=True):
        if len(places) + len(faults) == MOST:
            raise Unreadable(say("the PDF holds too many signatures"), sub=Sub.NOT_CHECKED)
        found = _look_into(reader, name, field)
        if isinstance(found, Place):
            places.append(found)
        else:
            faults.append(found)
    return sorted(places, key=lambda one: (one.revision, one.end)), faults


def digest(file: BinaryIO, byte_range: tuple[int, int, int, int], algorithm: str) -> bytes:
    """Return the digest of the bytes that a signature signs, read in pieces."""
    hashed = hashlib.new(algorithm)
    for start, length in (byte_range[:2], byte_range[2:]):
        file.seek(start)
        left = length
        while left and (piece := file.read(min(left, CHUNK))):
            hashed.update(piece)
            left -= len(piece)
    return hashed.digest()


def ranges(embedded: EmbeddedPdfSignature) -> tuple[int, int, int, int]:
    """Return the byte range that `find` has approved."""
    first, length, second, rest = (int(number) for number in embedded.byte_range)
    return first, length, second, rest


def _look_into(reader: PdfFileReader, name: str, field: generic.PdfObject) -> Place | Fault:
    stamp = False
    try:
        holder = field.get_object()
        value = _value(holder)
        kind = str(value.get("/SubFilter", ""))
        stamp = str(value.get("/Type", "/Sig")) == "/DocTimeStamp" or kind == STAMP
        signed = read(_contents(value, kind))
        embedded = EmbeddedPdfSignature(reader, holder, name)
        return Place(
            name=name,
            object=identity(field),
            stamp=stamp,
            filter=kind,
            visible=is_field_visible(holder),
            revision=embedded.signed_revision,
            embedded=embedded,
            end=_check_ranges(reader.stream, embedded),
            signed=signed,
        )
    except Unreadable as reason:
        return Fault(name=name, stamp=stamp, reason=reason)
    except MemoryError:
        raise
    except FOREIGN as error:
        return Fault(name=name, stamp=stamp, reason=beyond(error) or _junk())


def _junk() -> Unreadable:
    """Say that a field holds nothing of use."""
    return Unreadable(say("the field holds nothing that can be read as a signature"))


def _value(holder: generic.DictionaryObject) -> generic.DictionaryObject:
    value = holder["/V"]
    if not isinstance(value, generic.DictionaryObject):
        raise Unreadable(say("the field holds no signature"))
    return value


def _contents(value: generic.DictionaryObject, kind: str) -> bytes:
    """Return the CMS in a signature's dictionary, or say what the dictionary lacks."""
    if "/ByteRange" not in value:
        raise Unreadable(say("it does not say which bytes of the file it signs"))
    try:
        contents = extract_contents(value)  # never encrypted, whatever the rest of the file is
    except PdfReadError as error:
        raise Unreadable(say("the signature itself is missing")) from error
    if not contents.strip(b"\0"):
        raise Unreadable(say("the signature itself is empty"))
    if kind not in CMS and kind != STAMP:
        raise Unreadable(
            say("it was made in a manner ({kind}) that is not supported", kind=kind[1:40]),
            sub=Sub.NOT_CHECKED,
        )
    return bytes(contents)


def _check_ranges(file: BinaryIO, embedded: EmbeddedPdfSignature) -> int:
    """Return the end of the signed bytes; `Unreadable` unless they are all but the signature."""
    numbers = list(embedded.byte_range)
    plain = len(numbers) == 4 and all(isinstance(one, int) and one >= 0 for one in numbers)  # noqa: PLR2004 - two ranges
    if not plain or numbers[0] != 0 or numbers[2] <= numbers[1]:
        raise Unreadable(say("it signs a strange choice of the file's bytes"))
    _, length, second, rest = ranges(embedded)
    if second + rest > file.seek(0, os.SEEK_END):
        raise Unreadable(say("it signs bytes that the file no longer has: the file was cut off"))
    if second - length > LARGEST or _gap(file, length, second) != embedded.pkcs7_content:
        raise Unreadable(say("it leaves out of what it signs something else than itself"))
    return second + rest


def _gap(file: BinaryIO, start: int, end: int) -> bytes | None:
    """Return the bytes whose hexadecimal string is all that stands in the gap."""
    file.seek(start)
    text = file.read(end - start)
    if not (text.startswith(b"<") and text.endswith(b">")):
        return None
    try:
        return binascii.unhexlify(text[1:-1])
    except ValueError:
        return None


def fields_at(reader: PdfFileReader, revision: int) -> Iterator[tuple[str, bool]]:
    """Yield which signature fields, filled or not, a revision knows, and whether they show."""
    then = reader.get_historical_resolver(revision)
    for _, _, field in signature_fields(then):
        yield identity(field), is_field_visible(field.get_object())


def identity(field: generic.PdfObject) -> str:
    """Return what tells one field from another: its object, for names can be given twice."""
    number = field.reference if isinstance(field, generic.IndirectObject) else field.container_ref
    if isinstance(number, generic.Reference):
        return f"{number.idnum} {number.generation}"
    return "direct"  # which no comparison of revisions lets pass
