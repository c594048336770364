"""
The edXML package: documents and status messages to bytes and back, attachments streaming.

Layout and spelling are those of the vendor's library (QCVN 102:2016 as it is really written);
reading forgives what other senders are known to do. Signing, transport and the names of folders
are elsewhere.
"""

from edge_node.protocol.edxml.assemble import BUILT_ID
from edge_node.protocol.edxml.attachments import AttachmentChanged, content_type, travels_raw
from edge_node.protocol.edxml.glance import Glance
from edge_node.protocol.edxml.layout import NAMESPACE
from edge_node.protocol.edxml.package import (
    DocumentPackage,
    Limits,
    Package,
    PackageDamaged,
    ReceivedFile,
    StatusPackage,
)
from edge_node.protocol.edxml.reader import look_inside, read_header, read_package
from edge_node.protocol.edxml.streams import Kept, Source, Target
from edge_node.protocol.edxml.writer import (
    ManifestContentType,
    Part,
    Unwritable,
    overlong,
    write_document,
    write_status,
)

__all__ = [
    "BUILT_ID",
    "NAMESPACE",
    "AttachmentChanged",
    "DocumentPackage",
    "Glance",
    "Kept",
    "Limits",
    "ManifestContentType",
    "Package",
    "PackageDamaged",
    "Part",
    "ReceivedFile",
    "Source",
    "StatusPackage",
    "Target",
    "Unwritable",
    "content_type",
    "look_inside",
    "overlong",
    "read_header",
    "read_package",
    "travels_raw",
    "write_document",
    "write_status",
]
