"""The keys about what goes into a package, and how kinds of documents are numbered by default."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.config import kinds
from edge_node.config.choices import ContentTypes
from edge_node.config.shapes import Table
from edge_node.config.shapes import key as _key
from edge_node.domain.document_types import ABBREVIATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

# The administrative documents of Nghị định 30/2020 that its predecessors number alike (1 to 20).
DOCUMENT_TYPES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "Nghị quyết": 1,
        "Quyết định": 2,
        "Chỉ thị": 3,
        "Quy chế": 4,
        "Quy định": 5,
        "Thông cáo": 6,
        "Thông báo": 7,
        "Hướng dẫn": 8,
        "Chương trình": 9,
        "Kế hoạch": 10,
        "Phương án": 11,
        "Đề án": 12,
        "Dự án": 13,
        "Báo cáo": 14,
        "Biên bản": 15,
        "Tờ trình": 16,
        "Hợp đồng": 17,
        "Công văn": 18,
        "Công điện": 19,
        "Bản ghi nhớ": 20,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSection:
    """What goes into a package beside what a drop says."""

    manifest_content_type: ContentTypes = field(
        default=ContentTypes.OWN, metadata=_key(kinds.one_of(ContentTypes))
    )
    # Its numbers are not agreed upon; 0 is the most usual for an ordinary letter.
    steering_type: int = field(default=0, metadata=_key(kinds.whole(0, 9)))
    # The place of issue of a document that names none.
    place: str = field(default="", metadata=_key(kinds.text))
    # Numbers of the kinds of document; what the file names is laid over the table built in.
    document_types: Mapping[str, int] = field(
        default_factory=lambda: DOCUMENT_TYPES,
        metadata=_key(Table(kinds.name, kinds.whole(0, 9999), DOCUMENT_TYPES)),
    )
    # What the notation of each kind begins with; what the file names is laid over the table built
    # in. Empty where it has none, as that of a letter.
    abbreviations: Mapping[str, str] = field(
        default_factory=lambda: ABBREVIATIONS,
        metadata=_key(Table(kinds.name, kinds.text, ABBREVIATIONS)),
    )
    # TypeDetail; -1 is what the vendor's library takes for none.
    type_detail: int = field(default=0, metadata=_key(kinds.whole(-1, 9999)))
