"""
Which signature of the agency shows how, as Decree 30/2020/NĐ-CP (annex I) has it.

On a document itself the seal, beside the signature of whoever signed it; on annexes in files of
their own, and on electronic copies, a few words at the top right of page 1. How that is drawn is
`edge_node.notary.pdf`'s affair, and so is what it is drawn with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.domain.signing import LookKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_node.domain.order import NamedFile

MAIN: Final = "main"  # the role of the document itself; others are annexes


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How one signature is to show on the page of a PDF."""

    kind: LookKind = LookKind.NONE
    lines: tuple[str, ...] = ()  # of a text; the time of signing follows them
    beside: str = ""  # the field a seal goes beside; empty for the last signature that shows
    needed: bool = True  # where it finds no place nothing is signed, rather than unseen


UNSEEN: Final = Showing()


def showings(kind: LookKind, files: Sequence[NamedFile], code: str) -> tuple[Showing, ...]:
    """
    Return how the agency's signature is to show on each of a document's files, in their order.

    ``kind`` is what is configured, ``code`` the document's number and notation. With `SEAL` the
    document itself gets the seal and its annexes the text; with `TEXT` all get the text. The
    document itself is what has that role; where no file has it, the first one. A seal is needed:
    without it nobody takes a document for sealed. A text finds no place on many a table or scan
    that fills its page, and then the signature does not show.
    """
    if kind is LookKind.NONE:
        return (UNSEEN,) * len(files)
    text = Showing(kind=LookKind.TEXT, lines=(code,), needed=False)
    if kind is LookKind.TEXT:
        return (text,) * len(files)
    mains = [number for number, one in enumerate(files) if one.role == MAIN] or [0]
    seal = Showing(kind=LookKind.SEAL)
    return tuple(seal if number in mains else text for number in range(len(files)))
