"""
How much of a PDF a signature speaks for, and what came after it.

Over pyHanko's comparison of revisions with fewer allowances than its own: what fills a form
can hide a page (published as shadow attacks), so it is never taken for harmless. After the
last signature only a security store (DSS) may come; between two, what belongs to signing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.xref import XRefSectionType
from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DocInfoRule,
    DSSCompareRule,
    FormUpdatingRule,
    GenericFieldModificationRule,
    MetadataUpdateRule,
    ModificationLevel,
    ObjectStreamRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    SuspiciousModification,
    XrefStreamRule,
)
from pyhanko.sign.diff_analysis.constants import ROOT_EXEMPT_STRICT_COMPARISON
from pyhanko.sign.validation.status import SignatureCoverageLevel

from edge_node.domain.message import Message, say
from edge_node.domain.signature import Coverage, Sub, Verdict
from edge_node.notary.fences import FOREIGN
from edge_node.notary.pdf.fields import ask_bounds
from edge_node.notary.pdf.opening import BLANK
from edge_node.notary.pdf.places import CHUNK, Place, fields_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
    from pyhanko.sign.diff_analysis import FieldMDPRule
    from pyhanko.sign.fields import MDPPerm

STARTXREF: Final = b"startxref"
END: Final = b"%%EOF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a signature covers, and what that does to it; None if nothing."""

    coverage: Coverage
    finding: tuple[Verdict, Sub, Message] | None = None


def _policy(*field_rules: FieldMDPRule, catalog: CatalogModificationRule) -> StandardDiffPolicy:
    benign = (
        DocInfoRule(),
        XrefStreamRule(),
        ObjectStreamRule(),
        DSSCompareRule(),
        MetadataUpdateRule(),
    )
    rules = [catalog, *(rule.as_qualified(ModificationLevel.LTA_UPDATES) for rule in benign)]
    return StandardDiffPolicy(rules, FormUpdatingRule(list(field_rules)) if field_rules else None)


_SIGNING: Final = (
    SigFieldCreationRule(allow_new_visible_after_certify=True),
    SigFieldModificationRule(),
)
SIGNED: Final = _policy(*_SIGNING, catalog=CatalogModificationRule())
FILLED: Final = _policy(
    *_SIGNING, GenericFieldModificationRule(), catalog=CatalogModificationRule()
)
STORED: Final = _policy(
    catalog=CatalogModificationRule(ROOT_EXEMPT_STRICT_COMPARISON - {"/AcroForm"})
)

CHANGED: Final = Reach(
    coverage=Coverage.CHANGED,
    finding=(
        Verdict.INVALID,
        Sub.HASH_FAILURE,
        say("something was added to the document after it was signed"),
    ),
)
OUTGROWN: Final = Reach(
    coverage=Coverage.CHANGED,
    finding=(
        Verdict.INDETERMINATE,
        Sub.SIG_CONSTRAINTS_FAILURE,
        say("fields of a form were filled in after this signature"),
    ),
)
FORBIDDEN: Final = Reach(
    coverage=Coverage.EXTENDED,
    finding=(
        Verdict.INDETERMINATE,
        Sub.SIG_CONSTRAINTS_FAILURE,
        say("this signature forbids later ones, and yet there are some"),
    ),
)

UNCOMPARED: Final = Reach(
    coverage=Coverage.CHANGED,
    finding=(
        Verdict.INDETERMINATE,
        Sub.NOT_CHECKED,
        say("what was added after this signature could not be compared with what was signed"),
    ),
)


def reaches(reader: PdfFileReader, places: Sequence[Place]) -> list[Reach]:
    """Find out what came after each of ``places``."""
    sound = [one for one in places if _covers_its_revision(one)]
    if not sound:
        return [CHANGED] * len(places)
    last = max(sound, key=lambda one: one.end)
    stored = _compared(lambda: None if _only_stored_after(reader, last) else CHANGED)
    if stored is not None:
        return [stored] * len(places)
    return [
        _compared(partial(_reach, reader, one, last, places)) or CHANGED
        if one in sound
        else CHANGED
        for one in places
    ]


def _compared(look: Callable[[], Reach | None]) -> Reach | None:
    """Compare revisions, or say that they cannot be compared: real files are strange."""
    try:
        return look()
    except MemoryError:
        raise
    except FOREIGN:
        return UNCOMPARED


def _reach(reader: PdfFileReader, place: Place, last: Place, places: Sequence[Place]) -> Reach:
    if place.end == last.end:
        whole = last.end == reader.stream.seek(0, os.SEEK_END)
        return Reach(coverage=Coverage.WHOLE if whole else Coverage.EXTENDED)
    if _hidden_under(reader, place, places):
        return CHANGED
    return _between(reader, place, last)


def _covers_its_revision(place: Place) -> bool:
    try:
        level = place.embedded.evaluate_signature_coverage()
    except MemoryError:
        raise
    except FOREIGN:
        return False
    return bool(level >= SignatureCoverageLevel.ENTIRE_REVISION)


def _between(reader: PdfFileReader, place: Place, last: Place) -> Reach:
    """Judge the revisions after ``place`` that a later signature covers."""
    permitted = place.embedded.docmdp_level
    level = _worst(reader, SIGNED, place.revision, last.revision)
    if level is not None:
        return Reach(coverage=Coverage.EXTENDED) if _within(level, permitted) else FORBIDDEN
    if _worst(reader, FILLED, place.revision, last.revision) is not None:
        return OUTGROWN
    return CHANGED


def _within(level: ModificationLevel, permitted: MDPPerm | None) -> bool:
    return permitted is None or level.value <= permitted.value


def _worst(
    reader: PdfFileReader, policy: StandardDiffPolicy, base: int, last: int
) -> ModificationLevel | None:
    """Return how far the revisions after ``base`` go; None if further than the policy allows."""
    old = _bounded(reader, base)
    level = ModificationLevel.NONE
    for revision in range(base + 1, last + 1):
        new = _bounded(reader, revision)
        try:
            found = policy.apply(old, new)
        except SuspiciousModification:
            return None
        level = max(level, found.modification_level)
    return level if level <= ModificationLevel.FORM_FILLING else None


def _bounded(reader: PdfFileReader, revision: int) -> HistoricalResolver:
    """Return the file as it was, if whoever compares it comes to an end."""
    then = reader.get_historical_resolver(revision)
    ask_bounds(then)
    return then


def _only_stored_after(reader: PdfFileReader, last: Place) -> bool:
    """Whether nothing but a security store follows the last signature, byte for byte."""
    total = reader.xrefs.total_revisions
    later = range(last.revision + 1, total)
    if not _is_made_of_revisions(reader.stream, last.end, _sections(reader, later)):
        return False
    old = _bounded(reader, last.revision)
    for revision in later:
        new = _bounded(reader, revision)
        try:
            found = STORED.apply(old, new)
        except SuspiciousModification:
            return False
        if found.modification_level > ModificationLevel.LTA_UPDATES or not _stores(new):
            return False
    return True


def _stores(new: HistoricalResolver) -> bool:
    """Whether the revision writes to the security store: that is the one reason for it to be."""
    root = new.root
    if "/DSS" not in root:
        return False
    store = root.raw_get("/DSS")
    own = store.reference if isinstance(store, generic.IndirectObject) else new.root_ref
    written = new.explicit_refs_in_revision()
    return own in written or bool(new.collect_dependencies(store) & written)


def _sections(reader: PdfFileReader, revisions: Iterable[int]) -> int:
    """Count what ends in a startxref of its own: a hybrid's second table does not."""
    kinds = (reader.xrefs.get_xref_container_info(one).xref_section_type for one in revisions)
    return sum(1 for kind in kinds if kind is not XRefSectionType.HYBRID_STREAM)


def _is_made_of_revisions(file: BinaryIO, start: int, revisions: int) -> bool:
    """
    Whether the bytes from ``start`` are so many revisions and nothing behind them.

    A revision that the library does not see may still be seen by a reader that repairs.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(start)
    found, tail, left = 0, b"", size - start
    last = b""  # what stands before the blanks at the end; empty where there are only blanks
    while left and (piece := file.read(min(left, CHUNK))):
        left -= len(piece)
        seen = tail + piece
        found += seen.count(STARTXREF) - tail.count(STARTXREF)
        if piece.strip(BLANK):
            last = seen.rstrip(BLANK)[-len(END) :]
        tail = seen[-len(STARTXREF) - 32 :]
    if revisions == 0:
        return not last
    return found == revisions and last == END


def _hidden_under(reader: PdfFileReader, place: Place, places: Sequence[Place]) -> bool:
    """Whether fields that nobody signed were laid over the pages after ``place``."""
    known = {one.object for one in places if not one.stamp}
    known.update(field for field, _ in fields_at(reader, place.revision))
    last = reader.xrefs.total_revisions - 1
    return any(one.stamp and one.visible and one.end > place.end for one in places) or any(
        visible and field not in known for field, visible in fields_at(reader, last)
    )
