"""
Writes all of a signature into a PDF but itself: whoever holds the key need not see the file.

    begun = begin(source, target, hashed="sha256", reserved=12_000, at=moment)
    begun.gap                   # where the DER of a SignedData over all other bytes goes, in hex

The original bytes stay as they are; what is new follows them. The target is a file of the
caller's that nobody else reads before the gap is filled: until then it is no signed document. How
a signature looks is `edge_node.notary.pdf.appearance`.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, cast

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import (
    PdfCMSEmbedder,
    SigAppearanceSetup,
    SigMDPSetup,
    SigObjSetup,
)
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from edge_node.domain.errors import DiskTrouble, EdgeNodeError, NotSignable
from edge_node.domain.message import say
from edge_node.notary.fences import FOREIGN, hush
from edge_node.notary.pdf.preflight import Ground, examine, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pyhanko.stamp import BaseStampStyle

CHUNK: Final = 128 * 1024  # bytes that are copied and hashed at a time
VERSION: Final = (1, 7)
DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})


class Look(Protocol):
    """How a signature is shown: `edge_node.notary.pdf.appearance.Appearance`."""

    @property
    def page(self) -> int:
        """The page, from 0."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top on the page, in its own units."""

    def style(self) -> BaseStampStyle:
        """Return what draws it, new for every document: pyHanko's keep all they ever drew in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A PDF in which everything is written but the signature itself."""

    field: str
    gap: tuple[int, int]  # where its place begins and ends, the angle brackets included


def begin(
    source: BinaryIO,
    target: BinaryIO,
    *,
    hashed: str,
    reserved: int,
    at: datetime,
    field: str = "Signature",
    look: Look | None = None,
    certify: bool = False,
) -> Begun:
    """
    Write ``source`` and all of a signature but itself to ``target``, or append it to the one file.

    ``hashed`` is the hash function, ``reserved`` the bytes kept for the CMS, ``at`` the time the
    signature claims. ``certify`` permits nothing but further signatures and forms afterwards.
    ``field`` as in `preflight.examine`. ``target`` must be empty, or ``source`` itself, and can be
    read and written. Raises `NotSignable` with it untouched, `DiskTrouble` with it as it was.
    """
    hush()
    if target is not source and target.seek(0, os.SEEK_END):
        raise ValueError(target)  # what is in it would be taken for part of the document
    ground = examine(source, field=field, seen=look is not None, certify=certify)
    place = SignatureObject(
        timestamp=at, subfilter=SigSeedSubFilter.PADES, bytes_reserved=2 * reserved
    )
    setup = SigObjSetup(
        sig_placeholder=place,
        mdp_setup=_bounds(ground, hashed, certify=certify),
        appearance_setup=None
        if look is None
        else SigAppearanceSetup(style=look.style(), timestamp=at, name=None),
    )
    spec = SigFieldSpec(ground.field)
    if look is not None:
        spec = replace(spec, on_page=look.page, box=cast("tuple[int, int, int, int]", look.box))
    with unharmed(target):
        return embed(ground, spec, setup, target)


def embed(ground: Ground, spec: SigFieldSpec, setup: SigObjSetup, target: BinaryIO) -> Begun:
    """Let pyHanko write a revision that ends in a gap, to another file or behind what is read."""
    writer = Writer.from_reader(ground.reader)
    declare(writer)
    steps = PdfCMSEmbedder(new_field_spec=spec).write_cms(
        ground.field, writer, existing_fields_only=not ground.fresh
    )
    next(steps)
    steps.send(setup)
    steps.close()  # what is left of it writes as below, and hashes what others hash again
    place = setup.sig_placeholder
    writer.digest_aware_write = True  # where the gap comes to lie is noted
    if target is ground.reader.stream:
        writer.write_in_place()
    else:
        writer.write(target)
    start, end = place.contents.offsets
    place.byte_range.fill_offsets(target, start, end, target.tell())
    target.flush()
    return Begun(field=ground.field, gap=(start, end))


@contextmanager
def unharmed(file: BinaryIO) -> Iterator[None]:
    """Cut off what was appended if not all of it could be, and say why in one sentence."""
    size = file.seek(0, os.SEEK_END)
    try:
        yield
    except BaseException as error:
        file.truncate(size)
        if isinstance(error, OSError) and error.errno in DISK:
            raise unwritten(error) from error
        if isinstance(error, FOREIGN) and not isinstance(error, EdgeNodeError | MemoryError):
            raise refusal(error) from error
        raise


class Writer(IncrementalPdfFileWriter):
    """Adds a revision, and leaves the document's own words about itself alone."""

    IO_CHUNK_SIZE = CHUNK

    def _update_meta(self) -> None:
        """Change neither title nor date nor conformance: a signature says its own time."""


def declare(writer: IncrementalPdfFileWriter) -> None:
    """Declare what PAdES adds to PDF 1.7, as EN 319 142-1 asks for."""
    writer.ensure_output_version(VERSION)
    if writer.output_version == VERSION:
        writer.register_extension(ESIC_EXTENSION_1)


def unwritten(error: OSError) -> DiskTrouble | NotSignable:
    """Say that the signed file could not be written; one that gets too large never can be."""
    if error.errno == errno.EFBIG:
        return NotSignable(
            say("the file would be larger than is allowed once it is signed"),
            hint=say("sign it in parts, or keep its evidence elsewhere: a lower signing.level"),
        )
    return DiskTrouble(
        say("the signed file cannot be written: {reason}", reason=error.strerror or str(error)),
        hint=say("make room on the disk that holds the data folder"),
    )


def _bounds(ground: Ground, hashed: str, *, certify: bool) -> SigMDPSetup | None:
    """Return what a signature forbids to later ones, if anything."""
    if certify:
        return SigMDPSetup(
            md_algorithm=hashed,
            certify=True,
            docmdp_perms=MDPPerm.FILL_FORMS,
            field_lock=ground.lock,
        )
    if ground.lock is None:
        return None
    return SigMDPSetup(md_algorithm=hashed, field_lock=ground.lock, docmdp_perms=ground.permits)
