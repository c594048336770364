"""
Reads edXML packages as they are found in the wild, streaming, into values and files.

`read_package` writes the attachments into a folder, `read_header` only checks them. What can be
read safely is read with a warning for a person; the rest is PackageUnreadable, which says what is
wrong and where. Files are not fsynced and the folder is not renamed: both are the caller's.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from edge_node.domain.message import say
from edge_node.protocol.edxml import assemble
from edge_node.protocol.edxml.fields import Fields
from edge_node.protocol.edxml.files import Attachment, Files
from edge_node.protocol.edxml.layout import CONTENT_ID_SCHEME
from edge_node.protocol.edxml.package import (
    DocumentPackage,
    Limits,
    Package,
    ReceivedFile,
    StatusPackage,
)
from edge_node.protocol.edxml.scan import Scanned, scan
from edge_node.protocol.edxml.tree import Element

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from edge_node.protocol.edxml.contents import Content
    from edge_node.protocol.edxml.streams import Source


def read_package(
    source: Source, folder: Path, *, limits: Limits, taken: Iterable[str] = ()
) -> Package:
    """
    Read a package and write its attachments into ``folder`` under safe, distinct names.

    The folder exists, is the caller's own and best empty; names in ``taken`` are left free.
    PackageUnreadable, and then nothing written here stays; OSError when the disk cannot take it.
    """
    files = Files(folder, limits)
    try:
        scanned = scan(source, files.raw_path, limits=limits)
        fields = Fields()
        if assemble.is_status(scanned.root):
            if scanned.attachments:
                fields.warn(say("a status message carries attachments: left out"))
            files.discard()
            return _status(scanned, fields)
        found = files.settle(_attachments(scanned, fields), taken, fields)
        return _document(scanned, fields, found)
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
    _attachments(scanned, fields)
    return _document(scanned, fields, ())


def _document(
    scanned: Scanned, fields: Fields, files: tuple[ReceivedFile, ...]
) -> DocumentPackage:
    document = assemble.document(scanned.root, fields)
    return DocumentPackage(
        document=document,
        files=files,
        warnings=(*scanned.warnings, *fields.warnings),
        codes=assemble.codes(scanned.root, signed=scanned.signed),
    )


def _status(scanned: Scanned, fields: Fields) -> StatusPackage:
    message = assemble.status(scanned.root, fields)
    return StatusPackage(
        message=message,
        warnings=(*scanned.warnings, *fields.warnings),
        codes=assemble.codes(scanned.root, signed=scanned.signed),
    )


# -- what is said of the attachments -----------------------------------------------------------


def _attachments(scanned: Scanned, fields: Fields) -> list[Attachment]:
    """Join the attachments with the manifest: the content id counts, `cid:` before it does not."""
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
    for reference in unclaimed.values():
        name = reference.first("AttachmentName").text.strip() or _content_id(reference)
        fields.warn(say("the manifest names {name}, which is not in the package", name=name))
    return result


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
