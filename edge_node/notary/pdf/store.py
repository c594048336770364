"""Reads the evidence in a PDF's document security store (ISO 32000-2, 12.8.4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.notary.fences import FOREIGN
from edge_node.notary.trust import Evidence, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.reader import PdfFileReader

MOST: Final = 500  # entries of a kind
LARGEST: Final = 32 * 1024 * 1024  # bytes of all; a CRL of a large authority has a few millions


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What a security store holds."""

    certificates: tuple[bytes, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any evidence."""
        return bool(self.evidence)


def read_store(reader: PdfFileReader) -> Store:
    """Return the evidence in the file; what cannot be read is left out."""
    try:
        store = reader.root["/DSS"]
    except MemoryError:
        raise
    except FOREIGN:
        return Store()
    room = [LARGEST]
    certificates = tuple(_contents(store, "/Certs", room))
    answers = [Evidence(kind=Kind.OCSP, content=one) for one in _contents(store, "/OCSPs", room)]
    lists = [Evidence(kind=Kind.CRL, content=one) for one in _contents(store, "/CRLs", room)]
    return Store(certificates=certificates, evidence=(*answers, *lists))


def _contents(store: generic.DictionaryObject, key: str, room: list[int]) -> Iterator[bytes]:
    """Yield the streams of an array, as long as there is room for them."""
    try:
        entries = list(store[key])[:MOST]
    except MemoryError:
        raise
    except FOREIGN:
        return
    for entry in entries:
        try:
            content = bytes(entry.get_object().data)
        except MemoryError:
            raise
        except FOREIGN:
            continue
        room[0] -= len(content)
        if room[0] < 0:
            return
        yield content
