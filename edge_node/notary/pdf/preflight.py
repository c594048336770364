"""
Finds out what would keep a PDF from being signed, before a byte is written or a key is asked.

Refuses what signing would break, or what would be refused by whoever verifies it afterwards;
repairs nothing. Lenient where `edge_node.notary.pdf.opening` is: files of Word are hybrid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from pyhanko.pdf_utils import generic
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, read_certification_data

from edge_node.domain.errors import NotSignable
from edge_node.domain.message import say
from edge_node.notary.cms_reading import Unreadable
from edge_node.notary.fences import FOREIGN
from edge_node.notary.pdf.fields import signature_fields
from edge_node.notary.pdf.opening import beyond, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyhanko.pdf_utils.reader import PdfFileReader

MOST_PARTS: Final = 64  # of an XFA form
DYNAMIC: Final = b"dynamicRender>required"  # in the form's configuration


class NoField(NotSignable):
    """The document is certified, and there is no one field for a signature that shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A PDF that may be signed, and where in it."""

    reader: PdfFileReader
    field: str  # the full name of the signature field
    fresh: bool  # whether the field must be made first
    lock: FieldMDPSpec | None = None  # what signing an old field locks, as its maker wished
    permits: MDPPerm | None = None  # what it permits afterwards, likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """What the signatures that are there already ask of those to come."""

    signed: bool
    certified: bool
    permits: MDPPerm | None  # the strictest
    locks: tuple[FieldMDPSpec, ...]


def examine(source: BinaryIO, *, field: str, seen: bool, certify: bool = False) -> Ground:
    """
    Say where a signature will stand in a PDF; raises `NotSignable` with the reason if nowhere.

    ``field`` names an empty signature field to be filled. If there is none of that name, one is
    made, with a number behind the name where it is taken. ``seen`` is whether the signature
    will show on a page, ``certify`` whether it is to certify the document.
    """
    return _fenced(lambda: _examined(_open(source), field, seen=seen, certify=certify))


def examine_for_stamp(source: BinaryIO, *, field: str) -> Ground:
    """
    Say where a document time-stamp will stand; raises `NotSignable`.

    Evidence and time-stamps may follow any signature, whatever it forbids (ISO 32000-2,
    12.8.2.2), and so are only refused for files that cannot be read or extended.
    """
    return _fenced(lambda: _ground_for_stamp(_open(source), field))


def refusal(error: Exception) -> NotSignable:
    """Turn whatever a library raised for a PDF into one sentence."""
    told = error if isinstance(error, Unreadable) else beyond(error)
    why = say("the PDF is built in a way that cannot be signed")
    return NotSignable(why if told is None else told.message, hint=SAVE_AGAIN)


SAVE_AGAIN: Final = say(
    "save it as a PDF again in the program it was made with, and without a password"
)


def _fenced(look: Callable[[], Ground]) -> Ground:
    try:
        return look()
    except NotSignable:
        raise
    except MemoryError:
        raise
    except FOREIGN as error:
        raise refusal(error) from error


def _open(source: BinaryIO) -> PdfFileReader:
    try:
        reader = opened(source)
    except Unreadable as error:
        raise NotSignable(error.message, hint=SAVE_AGAIN) from error
    handler = reader.security_handler
    if handler is not None and handler.pdf_mac_enabled:
        raise NotSignable(
            say("the PDF is encrypted in a way that a signature would break"), hint=SAVE_AGAIN
        )
    _ = reader.root["/Pages"]["/Kids"]  # nothing is signed that shows no page
    return reader


def _ground_for_stamp(reader: PdfFileReader, field: str) -> Ground:
    return Ground(reader=reader, field=_free(reader, field), fresh=True)


def _examined(reader: PdfFileReader, field: str, *, seen: bool, certify: bool) -> Ground:
    _check_form(reader)
    rules = _rules(reader)
    _check_certification(rules, certify=certify)
    name, fresh = _choose(reader, field, rules, seen=seen)
    if any(lock.is_locked(name) for lock in rules.locks):
        raise NotSignable(
            say("an earlier signature locked the field {field}", field=name),
            hint=say("ask whoever signed before to sign without locking fields"),
        )
    lock, permits = (None, None) if fresh else _wishes(reader, name)
    return Ground(reader=reader, field=name, fresh=fresh, lock=lock, permits=permits)


def _check_form(reader: PdfFileReader) -> None:
    """Refuse forms whose pages are made anew whenever they are opened."""
    form = _of(reader.root, "/AcroForm")
    if not isinstance(form, generic.DictionaryObject) or "/XFA" not in form:
        return
    if _of(reader.root, "/NeedsRendering") or any(DYNAMIC in one for one in _parts(form)):
        raise NotSignable(
            say("the PDF is a dynamic XFA form, which has no fixed pages to sign"),
            hint=say("print it to a new PDF, and hand that over"),
        )


def _parts(form: generic.DictionaryObject) -> Iterator[bytes]:
    """Yield the XML of an XFA form, which is one stream or an array of names and streams."""
    xfa = form["/XFA"]
    entries = list(xfa)[: 2 * MOST_PARTS] if isinstance(xfa, generic.ArrayObject) else [xfa]
    for entry in entries:
        part = entry.get_object()
        if isinstance(part, generic.StreamObject):
            yield part.data


def _of(holder: generic.DictionaryObject, key: str) -> generic.PdfObject | None:
    """Return what stands under the key, wherever in the file that is; None if nothing."""
    try:
        found: generic.PdfObject = holder[key]
    except KeyError:
        return None
    return found


def _rules(reader: PdfFileReader) -> _Rules:
    """Gather what every signature in the file says about later ones."""
    certification = read_certification_data(reader)
    told = [] if certification is None else [certification.permission]
    locks = []
    signed = False
    for name, _, field in signature_fields(reader, filled=True):
        one = EmbeddedPdfSignature(reader, field.get_object(), name)
        if str(_of(one.sig_object, "/Type")) != "/DocTimeStamp":
            signed = True
        told.append(one.docmdp_level)
        if one.fieldmdp is not None:
            locks.append(one.fieldmdp)
    levels = [one for one in told if one is not None]
    return _Rules(
        signed=signed,
        certified=certification is not None,
        permits=min(levels, key=lambda one: one.value, default=None),
        locks=tuple(locks),
    )


def _check_certification(rules: _Rules, *, certify: bool) -> None:
    if rules.permits is MDPPerm.NO_CHANGES:
        raise NotSignable(
            say("an earlier signature forbids every change, and so every further signature"),
            hint=say("ask whoever signed before to sign without forbidding it"),
        )
    if certify and (rules.signed or rules.certified):
        raise NotSignable(
            say("only the first signature can certify a document, and this one is signed already"),
            hint=say("sign it without certifying it"),
        )


def _choose(reader: PdfFileReader, wish: str, rules: _Rules, *, seen: bool) -> tuple[str, bool]:
    """Return the name of a field, and whether it is to be made."""
    empty = [name for name, _, _ in signature_fields(reader, filled=False)]
    if wish in empty:
        return wish, False
    if not (rules.certified and seen):
        return _free(reader, wish), True
    # A field that appears on a page of a certified document counts as a change of it.
    if not empty:
        raise NoField(
            say("the document is certified, and has no empty field for one more signature"),
            hint=say("sign it without showing the signature, or have a field made before"),
        )
    if len(empty) > 1:
        raise NoField(
            say(
                "the document is certified and has several empty signature fields: {fields}",
                fields=", ".join(sorted(empty)),
            ),
            hint=say("say which of them is for this signature"),
        )
    return empty[0], False


def _free(reader: PdfFileReader, wish: str) -> str:
    """Return the name, with a number behind it where it is taken."""
    try:
        fields = reader.root["/AcroForm"]["/Fields"]
    except KeyError:
        return wish
    tops = {str(_of(one.get_object(), "/T")) for one in fields}
    names = (wish if number == 1 else f"{wish}{number}" for number in range(1, len(tops) + 2))
    return next(name for name in names if name not in tops)


def _wishes(reader: PdfFileReader, name: str) -> tuple[FieldMDPSpec | None, MDPPerm | None]:
    """Return what the maker of an empty field wished to be locked, and permitted, by signing."""
    (found,) = (
        field.get_object()
        for one, _, field in signature_fields(reader, filled=False)
        if one == name
    )
    if "/SV" in found and _of(found["/SV"], "/Ff"):
        raise NotSignable(
            say("the field {field} asks for a certain kind of signature", field=name),
            hint=say("sign into another field"),
        )
    if "/Lock" not in found:
        return None, None
    lock = found["/Lock"]
    permits = MDPPerm(int(lock["/P"])) if "/P" in lock else None
    return FieldMDPSpec.from_pdf_object(lock), permits
