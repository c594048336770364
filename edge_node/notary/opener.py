"""
The opener: the child that reads what strangers wrote.

It has no key, no environment, no network and no file but the one it is handed, open. Once its
libraries are read in the kernel lets it open nothing more. A request is a function in `ANSWERS`.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.domain.message import say
from edge_node.domain.signature import FileVerdict, Sub, Verdict
from edge_node.notary import filters
from edge_node.notary.binding import fence, no_more_modules
from edge_node.notary.child import Reason, Trade, live
from edge_node.notary.told import read_trust, tell_examined
from edge_node.notary.trust import Examined
from edge_node.notary.wire import Fields, Garbled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_node.domain.errors import EdgeNodeError
    from edge_node.notary.binding import Missed
    from edge_node.notary.wire import Packet

_SEARCHED: Final = 1024  # bytes at the start in which readers look for the header of a PDF
_PDF: Final = b"%PDF-"
_ZIP: Final = b"PK\x03\x04"
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # older office files, and encrypted ones

# Read in before the fence closes: what opens files, and what that reads in only on meeting
# something rare.
_LIBRARIES: Final = (
    "edge_node.notary.pdf.verifying",
    "edge_node.notary.ooxml.verifying",
    "cryptography.hazmat.backends.openssl.backend",
    "lxml.etree",
    "pyhanko.keys.internal",
    "pyhanko.pdf_utils.crypt.pdfmac",
    "pyhanko.pdf_utils.crypt._saslprep",
    "pyhanko.pdf_utils.filters",
    "pyhanko.pdf_utils.metadata.xmp_xml",
    "pyhanko.sign.fields",
    "pyhanko.sign.validation.pdf_embedded",
    "pyhanko_certvalidator.validate",
    "stringprep",
    "encodings.ascii",
    "encodings.cp1252",
    "encodings.cp437",
    "encodings.idna",
    "encodings.latin_1",
    "encodings.punycode",
    "encodings.unicode_escape",
    "encodings.utf_16",
    "encodings.utf_16_be",
    "encodings.utf_16_le",
    "encodings.utf_32",
    "encodings.utf_32_be",
    "encodings.utf_32_le",
    "encodings.utf_8",
    "encodings.utf_8_sig",
)


def verify(packet: Packet) -> Packet:
    """Return what a file's signatures are worth; body: `trust`, `now`; one file."""
    told = Fields.of(packet.body, packet.blobs, ("ask", "trust", "now"))
    trust, now = read_trust(told.value["trust"], packet.blobs), told.moment("now")
    if len(packet.files) != 1:
        raise Garbled("files")
    with os.fdopen(packet.files[0], "rb", closefd=False) as file:
        kind = _kind(file)
        if kind is None:
            why = say("files of this kind are not looked into for signatures")
            unknown = FileVerdict(verdict=Verdict.INDETERMINATE, sub=Sub.NOT_CHECKED, why=why)
            return tell_examined(Examined(verdict=unknown))
        module = sys.modules[f"edge_node.notary.{kind}.verifying"]
        return tell_examined(module.verify(file, trust, now=now))


ANSWERS: Final[Mapping[str, Callable[[Packet], Packet]]] = {"verify": verify}


def learn() -> Trade:
    """Read in the libraries and close the fence behind them."""
    for name in _LIBRARIES:
        importlib.import_module(name)
    machine = platform.machine()
    missed = no_more_modules()
    fenced = machine in filters.MACHINES and fence(filters.only(machine))
    answers = {name: _complete(answer, missed) for name, answer in ANSWERS.items()}
    return Trade(answers=answers, fenced=fenced, reason=_reason)


def _complete(answer: Callable[[Packet], Packet], missed: Missed) -> Callable[[Packet], Packet]:
    """Give no answer that was come to without a module: it may be wrong for want of it."""

    def complete(packet: Packet) -> Packet:
        missed.names.clear()
        answered = answer(packet)
        if missed.names:
            raise ModuleNotFoundError(name=min(missed.names))
        return answered

    return complete


def _kind(file: BinaryIO) -> str | None:
    """Return which room of this package reads the file, by its content."""
    start = file.read(_SEARCHED)
    if start.startswith((_ZIP, _COMPOUND)):
        return "ooxml"
    return "pdf" if _PDF in start or not start else None


def _reason(error: EdgeNodeError) -> Reason:
    del error
    return Reason.UNFORESEEN


if __name__ == "__main__":
    sys.exit(live(sys.argv[1:], learn))
