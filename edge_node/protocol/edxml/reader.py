"""
Reads edXML packages as they are found in the wild, streaming, into values and files.

`read_package` writes the attachments into a folder, `read_header` only checks them, `look_inside`
shows them one by one. What can be read safely is read with a warning for a person; the rest is
PackageUnreadable, which says what is wrong and where. Files are not fsynced and the folder is not
renamed: both are the caller's.
"""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING

from edge_node.domain.errors import PackageUnreadable
from edge_node.domain.message import say
from edge_node.protocol.edxml import assemble
from edge_node.protocol.edxml.contents import ZIP_MAGIC, NoRoom
from edge_node.protocol.edxml.fields import Fields
from edge_node.protocol.edxml.files import Attachment, Files
from edge_node.protocol.edxml.layout import CONTENT_ID_SCHEME
from edge_node.protocol.edxml.package import (
    DocumentPackage,
    Limits,
    Package,
    PackageDamaged,
    ReceivedFile,
    StatusPackage,
)
from edge_node.protocol.edxml.scan import BrokenOff, Scanned, scan
from edge_node.protocol.edxml.tree import Element
from edge_node.protocol.edxml.unzipping import CannotOpen, Damaged, unzip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from edge_node.domain.document import Document
    from edge_node.protocol.edxml.contents import Content
    from edge_node.protocol.edxml.streams import Kept, Source


def read_package(
    source: Source, folder: Path, *, limits: Limits, taken: Iterable[str] = ()
) -> Package:
    """
    Read a package and write its attachments into ``folder`` under safe, distinct names.

    The folder exists, is the caller's own and best empty; names in ``taken`` are left free.
    PackageUnreadable, and then nothing written here stays (PackageDamaged, where bytes of it are
    lost, has the document its header names); OSError when the disk cannot take it.
    """
    files = Files(folder, limits)
    root = Element("")
    try:
        scanned = scan(source, files.raw_path, limits=limits)
        root = scanned.root
        fields = Fields()
        if assemble.is_status(scanned.root):
            if scanned.attachments:
                fields.warn(say("a status message carries attachments: left out"))
            files.discard()
            return _status(scanned, fields)
        attachments, missing = _attachments(scanned, fields)
        found = files.settle(attachments, taken, fields)
        return _document(scanned, fields, found, missing)
    except PackageDamaged as error:
        files.discard()
        error.document = _named(error.root if isinstance(error, BrokenOff) else root)
        raise
    except BaseException:
        files.discard()
        raise


def read_header(source: Source, *, limits: Limits) -> Package:
    """
    Read a package without writing anything: its header, and whether the rest can be decoded.

    ``files`` of the package is empty: sizes and digests are only known of what was unzipped.
    """
    scanned = scan(source, lambda _: None, limits=limits)
    fields = Fields()
    if assemble.is_status(scanned.root):
        return _status(scanned, fields)
    _, missing = _attachments(scanned, fields)
    return _document(scanned, fields, (), missing)


def look_inside(
    source: Source,
    new: Callable[[], Kept],
    look: Callable[[int, Kept], object],
    *,
    limits: Limits,
) -> list[str]:
    """
    Have each attachment looked at as it was before it was packed; return their names, in order.

    No file is written: one after the other is decoded into what ``new`` makes, unzipped into
    another where it was zipped to travel, given to ``look`` with its number (from 1), and closed.
    PackageUnreadable where the package is; those before the damage have been looked at by then.
    """
    kept: list[Kept] = []

    def place(_: int) -> Kept:
        kept.append(new())
        return kept[-1]

    def done(number: int, content: Content) -> None:
        shown = kept[-1]
        if content.head == ZIP_MAGIC:
            kept.append(new())
            with suppress(CannotOpen, Damaged, NoRoom):
                room = min(limits.attachment, limits.total)
                if unzip(shown.fileno(), kept[-1], "", room=room):
                    shown = kept[-1]
        look(number, shown)
        close()

    def close() -> None:
        while kept:
            kept.pop().close()

    try:
        scanned = scan(source, place, limits=limits, done=done)
    finally:
        close()
    attachments, _ = _attachments(scanned, Fields())
    return [attachment.name for attachment in attachments]


def _named(root: Element) -> Document | None:
    """Return the document a damaged package is about, as far as its header can be read."""
    try:
        return None if assemble.is_status(root) else assemble.document(root, Fields())
    except PackageUnreadable:
        return None


def _document(
    scanned: Scanned, fields: Fields, files: tuple[ReceivedFile, ...], missing: tuple[str, ...]
) -> DocumentPackage:
    document = assemble.document(scanned.root, fields)
    return DocumentPackage(
        document=document,
        files=files,
        warnings=(*scanned.warnings, *fields.warnings),
        codes=assemble.codes(scanned.root, signed=scanned.signed),
        attachments=len(scanned.attachments),
        missing=missing,
    )


def _status(scanned: Scanned, fields: Fields) -> StatusPackage:
    message = assemble.status(scanned.root, fields)
    return StatusPackage(
        message=message,
        warnings=(*scanned.warnings, *fields.warnings),
        codes=assemble.codes(scanned.root, signed=scanned.signed),
    )


# -- what is said of the attachments -----------------------------------------------------------


def _attachments(scanned: Scanned, fields: Fields) -> tuple[list[Attachment], tuple[str, ...]]:
    """
    Join the attachments with the manifest: the content id counts, `cid:` before it does not.

    Returns them, and the names of those the manifest has alone.
    """
    manifest = scanned.root.anywhere("edXMLManifest") or Element("edXMLManifest")
    unclaimed = {_content_id(reference): reference for reference in manifest.all("Reference")}
    result = []
    for number, (element, content) in enumerate(scanned.attachments, 1):
        reference = unclaimed.pop(_content_id(element), None)
        attachment = _described(element, reference or Element("Reference"), number, content)
        if reference is None:
            fields.warn(say("the manifest does not name {name}", name=attachment.name))
        if not content or not content.stored.size:
            fields.warn(say("{name} is empty", name=attachment.name))
        result.append(attachment)
    missing = tuple(
        reference.first("AttachmentName").text.strip() or _content_id(reference)
        for reference in unclaimed.values()
    )
    for name in missing:
        fields.warn(say("the manifest names {name}, which is not in the package", name=name))
    return result, missing


def _described(
    element: Element, reference: Element, number: int, content: Content | None
) -> Attachment:
    def either(name: str) -> str:
        return element.first(name).text.strip() or reference.first(name).text.strip()

    return Attachment(
        name=unicodedata.normalize("NFC", either("AttachmentName")) or f"attachment-{number}",
        description=element.first("Description").text or reference.first("Description").text,
        content_type=either("ContentType"),
        content=content,
    )


def _content_id(element: Element) -> str:
    """Return what joins the two: an element of its own, or a link in the .NET layout."""
    text = element.first("ContentId").text.strip() or element.attributes.get("href", "").strip()
    return text.removeprefix(CONTENT_ID_SCHEME)
