"""
The signature fields of a PDF's form, its fields counted before anybody walks through them.

A field may hold fields, and several may hold the same one: nine storeys of ten make a walk through
all of them that never ends. Libraries do walk, so each revision is asked about here first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyhanko.pdf_utils import generic
from pyhanko.sign.fields import enumerate_sig_fields

from edge_node.domain.message import say
from edge_node.domain.signature import Sub
from edge_node.notary.cms_reading import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyhanko.pdf_utils.rw_common import PdfHandler

MOST: Final = 20_000  # the largest forms in use have some thousands


def signature_fields(
    holder: PdfHandler, *, filled: bool | None = None
) -> Iterator[tuple[str, generic.PdfObject | None, generic.PdfObject]]:
    """
    Yield the full name, the value and the object of each signature field.

    ``holder`` is a whole file or one revision of it; ``filled`` asks for those with, or without,
    a value. `Unreadable` where the form is too large to walk through.
    """
    ask_bounds(holder)
    for name, value, field in enumerate_sig_fields(holder, filled_status=filled):
        yield str(name), value, field


def ask_bounds(holder: PdfHandler) -> None:
    """Refuse a form that is too large to walk through, for whatever reason; `Unreadable`."""
    try:
        waiting = [holder.root["/AcroForm"]["/Fields"]]
    except KeyError:
        return
    met = 0
    while waiting:
        fields = waiting.pop()
        if not isinstance(fields, generic.ArrayObject):
            continue
        met += len(fields)
        if met > MOST:
            raise Unreadable(
                say("the PDF's form has too many fields, or fields that hold themselves"),
                sub=Sub.NOT_CHECKED,
            )
        held = (one.get_object() for one in fields)
        waiting += [
            one["/Kids"]
            for one in held
            if isinstance(one, generic.DictionaryObject) and "/Kids" in one
        ]
