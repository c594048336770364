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
from typing import TYPE_CHECKING, Final

from edge_node.domain.message import say
from edge_node.domain.signature import FileVerdict, Sub, Verdict
from edge_node.notary import filters, printed
from edge_node.notary.binding import fence, no_more_modules
from edge_node.notary.child import Reason, Trade, live
from edge_node.notary.formats import SEARCHED, format_of
from edge_node.notary.told import read_trust, tell_examined
from edge_node.notary.trust import Examined
from edge_node.notary.wire import Fields, Garbled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from edge_node.domain.errors import EdgeNodeError
    from edge_node.notary.binding import Missed
    from edge_node.notary.wire import Packet

# A piece of memory that a library asks for and makes do without is smaller than this.
SPARE: Final = 16 << 20

# Read in before the fence closes: what opens files, and what that reads in only on meeting
# something rare.
COMMON: Final = (
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
_LIBRARIES: Final = (
    "edge_node.notary.pdf.verifying",
    "edge_node.notary.ooxml.verifying",
    "edge_node.notary.appraising",
    *printed.LIBRARIES,
    *COMMON,
)


def verify(packet: Packet) -> Packet:
    """Return what a file's signatures are worth; body: `trust`, `now`; one file."""
    told = Fields.of(packet.body, packet.blobs, ("ask", "trust", "now"))
    trust, now = read_trust(told.value["trust"], packet.blobs), told.moment("now")
    if len(packet.files) != 1:
        raise Garbled("files")
    with os.fdopen(packet.files[0], "rb", closefd=False) as file:
        kind = format_of(file.read(SEARCHED))
        if kind is None:
            why = say("files of this kind are not looked into for signatures")
            unknown = FileVerdict(
                verdict=Verdict.INDETERMINATE,
                sub=Sub.NOT_CHECKED,
                why=why,
                signable=False,
                for_good=True,
            )
            return tell_examined(Examined(verdict=unknown))
        module = sys.modules[f"edge_node.notary.{kind}.verifying"]
        return tell_examined(module.verify(file, trust, now=now))


def certificate(packet: Packet) -> Packet:
    """Return whether a certificate is good to sign with; no file."""
    answered: Packet = sys.modules["edge_node.notary.appraising"].answer(packet)
    return answered


ANSWERS: Final[Mapping[str, Callable[[Packet], Packet]]] = {
    "verify": verify,
    "certificate": certificate,
    "printed": printed.answer,
    "picture": printed.picture,
}


def learn() -> Trade:
    """Become what looks into files."""
    return fenced(_LIBRARIES, ANSWERS, _reason)


def fenced(
    libraries: Iterable[str],
    answers: Mapping[str, Callable[[Packet], Packet]],
    reason: Callable[[EdgeNodeError], Reason],
) -> Trade:
    """Read in the libraries and close the fence behind them."""
    for name in libraries:
        importlib.import_module(name)
    machine = platform.machine()
    missed = no_more_modules()
    closed = machine in filters.MACHINES and fence(filters.only(machine))
    complete = {name: _complete(answer, missed) for name, answer in answers.items()}
    return Trade(answers=complete, fenced=closed, reason=reason, spare=SPARE)


def _complete(answer: Callable[[Packet], Packet], missed: Missed) -> Callable[[Packet], Packet]:
    """Give no answer that was come to without a module: it may be wrong for want of it."""

    def complete(packet: Packet) -> Packet:
        missed.names.clear()
        answered = answer(packet)
        if missed.names:
            raise ModuleNotFoundError(name=min(missed.names))
        return answered

    return complete


def _reason(error: EdgeNodeError) -> Reason:
    del error
    return Reason.UNFORESEEN


if __name__ == "__main__":
    sys.exit(live(sys.argv[1:], learn))
