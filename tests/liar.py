"""
A preparer that lies: it works as ours does and says or does something else as well.

    command("outside")     a command for `Preparer`; the ways are the functions below
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import datetime

from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from edge_node.notary.child import Trade, live
from edge_node.notary.layered import layered
from edge_node.notary.making import ANSWERS
from edge_node.notary.pdf import signing as pdf
from edge_node.notary.preparer import _reason

# Ways of a child: what it was asked, and what an honest one answers to it.


def outside(_, answer):
    """Leave the gap in the document itself, which would then not be signed."""
    return replace(answer, body={**answer.body, "start": 10, "end": 10 + _length(answer)})


def beyond(_, answer):
    """Leave it where there is nothing."""
    return replace(answer, body={**answer.body, "end": 1 << 30})


def wider(_, answer):
    """Take a little more into the gap, which could say something else afterwards."""
    return replace(answer, body={**answer.body, "end": answer.body["end"] + 20})


def filled(packet, answer):
    """Put something into the gap."""
    base = os.fstat(packet.files[0]).st_size
    os.pwrite(packet.files[1], b"AB", answer.body["start"] - base + 5)
    return answer


def empty(packet, answer):
    """Add nothing at all."""
    os.ftruncate(packet.files[1], 0)
    return answer


def junk(packet, answer):
    """Add a gap in the midst of something that is no PDF."""
    size = _length(answer)
    os.ftruncate(packet.files[1], 0)
    os.pwrite(packet.files[1], b"x" * 50 + b"<" + b"0" * (size - 2) + b">" + b"y" * 50, 0)
    base = os.fstat(packet.files[0]).st_size
    return replace(answer, body={**answer.body, "start": base + 50, "end": base + 50 + size})


def rewriting(packet, answer):
    """Change the document: nothing lets it, and it says so."""
    os.pwrite(packet.files[0], b"%PDF-6.6", 0)
    return answer


def changing(packet, answer):
    """Turn the first page around, and sign that."""
    with layered(*packet.files) as file:
        writer = IncrementalPdfFileWriter(file)
        page = writer.find_page_for_modification(0)[0].get_object()
        page["/Rotate"] = NumberObject(180)
        writer.update_container(page)
        writer.write_in_place()
        told = packet.body
        begun = pdf.begin(
            file,
            file,
            hashed=told["hashed"],
            reserved=told["reserved"],
            at=datetime.fromisoformat(told["at"]),
        )
    start, end = begun.gap
    return replace(answer, body={**answer.body, "start": start, "end": end})


def attributes(_, answer):
    """Have the attributes of a CMS signed, as an office file's."""
    return replace(answer, blobs=(b"\x31\x40" + bytes(0x40),))


def two(_, answer):
    """Have two of them signed."""
    return replace(answer, blobs=(answer.blobs[0] * 2,))


def another(_, answer):
    """Have the digests of another file signed."""
    octets = answer.blobs[0]
    at = octets.index(b"<DigestValue>") + 13
    return replace(answer, blobs=(octets[:at] + b"AAAA" + octets[at + 4 :],))


def command(way):
    """Return the command that starts a liar."""
    return (sys.executable, __file__, way)


def _length(answer):
    return answer.body["end"] - answer.body["start"]


def _learn(way):
    def lying(honest):
        def answer(packet):
            return way(packet, honest(packet))

        return answer

    drafts = {name: lying(ANSWERS[name]) for name in ("draft_pdf", "draft_office")}
    return Trade(answers={**ANSWERS, **drafts}, fenced=False, reason=_reason)


if __name__ == "__main__":
    sys.exit(live(sys.argv[2:], lambda: _learn(globals()[sys.argv[1]])))
