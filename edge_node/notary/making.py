"""
What is asked of the child that prepares signatures: all of one but the key's own part of it.

What it adds to a PDF goes into a file of its own, behind the document, which it cannot change. It
knows no key, and its word for what is to be signed counts for nothing: whoever asked hashes the
bytes. A request is a function in `ANSWERS`.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, Final

from edge_node.domain.errors import EdgeNodeError, NotSignable
from edge_node.domain.message import say
from edge_node.notary.certificates import bundled
from edge_node.notary.cms import imprint, with_stamp
from edge_node.notary.fences import FOREIGN
from edge_node.notary.layered import layered
from edge_node.notary.ooxml import signing as office
from edge_node.notary.pdf import longterm
from edge_node.notary.pdf import signing as pdf
from edge_node.notary.pdf.looks import Shown, look_for, read_look
from edge_node.notary.pdf.preflight import NoField
from edge_node.notary.raw import HASHES
from edge_node.notary.stamps import StampRequest, ask, read
from edge_node.notary.told import CERTIFICATES, read_evidence, tell_message
from edge_node.notary.wire import Fields, Garbled, Packet, clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from edge_node.domain.message import Message
    from edge_node.notary.pdf.signing import Begun, Look

MOST_RESERVED: Final = 1 << 20  # bytes kept for a signature; usual are some 4 000 to 15 000
DIGITS: Final = 20  # of a nonce

_PDF: Final = ("ask", "hashed", "reserved", "at", "field", "certify", "look")
_OFFICE: Final = ("ask", "certificate", "chain", "at")
_QUESTION: Final = ("ask", "over", "content", "certificate", "hashed", "policy")
_ANSWER: Final = ("ask", "answer", "digest", "hashed", "nonce", "policy", "into")


def draft_pdf(packet: Packet) -> Packet:
    """Draft a signature behind a PDF (first file) into the second file; body as `_PDF` names."""
    told = Fields.of(packet.body, packet.blobs, _PDF)
    sight = read_look(told.value["look"], packet.blobs)
    with _both(packet) as file:
        shown = look_for(file, sight, at=told.moment("at"))
        try:
            begun = _begun(file, told, shown.look)
        except NoField as error:
            if sight is None or sight.showing.needed:
                raise
            shown = Shown(unseen=error.message)
            begun = _begun(file, told, None)
    return _place(begun, shown.unseen)


def draft_stamp(packet: Packet) -> Packet:
    """Draft a document time-stamp behind a PDF; files as for `draft_pdf`."""
    told = Fields.of(packet.body, packet.blobs, ("ask", "reserved"))
    reserved = told.number("reserved", 1, MOST_RESERVED)
    with _both(packet) as file:
        begun = longterm.begin_stamp(file, reserved=reserved)
    return _place(begun)


def draft_store(packet: Packet) -> Packet:
    """Write evidence and certificates as they belong behind a PDF; files as for `draft_pdf`."""
    told = Fields.of(packet.body, packet.blobs, ("ask", "evidence", "certificates"))
    with _both(packet) as file:
        added = longterm.store(
            file,
            evidence=read_evidence(told, "evidence"),
            certificates=told.blobs_of("certificates", CERTIFICATES),
        )
    return Packet(body={"added": added})


def draft_office(packet: Packet) -> Packet:
    """Return the canonical SignedInfo of a signature in an office file (one file)."""
    told = Fields.of(packet.body, packet.blobs, _OFFICE)
    with _read(packet, 1) as file:
        return Packet(blobs=(_draft(file, told).octets,))


def write_office(packet: Packet) -> Packet:
    """
    Write an office file (first file) with its new signature to the second file.

    All that was drafted is drafted once more: nothing has to be remembered in between, and a file
    that has changed since is told from the one that was signed.
    """
    told = Fields.of(packet.body, packet.blobs, (*_OFFICE, "signature", "token"))
    with _read(packet, 2) as file, os.fdopen(packet.files[1], "wb", closefd=False) as target:
        target.truncate(0)
        draft = _draft(file, told)
        draft.signed(told.blob("signature")).finish(target, told.maybe("token", told.blob))
    return Packet(body={"part": clean(draft.part)})


def ask_stamp(packet: Packet) -> Packet:
    """
    Return a question to a time-stamp authority and the digest it asks about.

    ``over`` says what ``content`` is: a digest, a `cms` whose signature is stamped, or a raw
    signature that stands in `xml`.
    """
    told = Fields.of(packet.body, packet.blobs, _QUESTION)
    hashed = _hashed(told)
    request = ask(_imprint(told, hashed), hashed, policy=told.text("policy"))
    return Packet(body={"nonce": str(request.nonce)}, blobs=(request.der, request.digest))


def read_stamp(packet: Packet) -> Packet:
    """
    Return the token that an authority answered, and the certificates in it.

    Where a SignedData is told to be put ``into``, that is returned in place of the token.
    """
    told = Fields.of(packet.body, packet.blobs, _ANSWER)
    request = StampRequest(
        der=b"",
        digest=told.blob("digest"),
        hashed=_hashed(told),
        nonce=_nonce(told),
        policy=told.text("policy"),
    )
    token = read(told.blob("answer"), request).token
    into = told.maybe("into", told.blob)
    made = token if into is None else with_stamp(into, token)
    return Packet(blobs=(made, *(one.dump() for one in bundled(token))))


ANSWERS: Final[Mapping[str, Callable[[Packet], Packet]]] = {
    "draft_pdf": draft_pdf,
    "draft_stamp": draft_stamp,
    "draft_store": draft_store,
    "draft_office": draft_office,
    "write_office": write_office,
    "ask_stamp": ask_stamp,
    "read_stamp": read_stamp,
}


def _begun(file: BinaryIO, told: Fields, look: Look | None) -> Begun:
    return pdf.begin(
        file,
        file,
        hashed=_hashed(told),
        reserved=told.number("reserved", 1, MOST_RESERVED),
        at=told.moment("at"),
        field=told.text("field"),
        look=look,
        certify=told.flag("certify"),
    )


def _place(begun: Begun, unseen: Message | None = None) -> Packet:
    start, end = begun.gap
    return Packet(
        body={
            "field": clean(begun.field),
            "start": start,
            "end": end,
            "unseen": None if unseen is None else tell_message(unseen),
        }
    )


@contextmanager
def _both(packet: Packet) -> Iterator[BinaryIO]:
    """Give a document and what is added to it as one file."""
    if len(packet.files) != 2:  # noqa: PLR2004 - the document, and what is added to it
        raise Garbled("files")
    file = layered(*packet.files)
    try:
        yield file
        file.flush()
    except OSError as error:
        if error.errno in pdf.DISK:
            raise pdf.unwritten(error) from error
        raise
    finally:
        with suppress(OSError):  # what a full disk did not take it does not take now
            file.close()


@contextmanager
def _read(packet: Packet, files: int) -> Iterator[BinaryIO]:
    """Give an office file; whatever it raises becomes a sentence."""
    if len(packet.files) != files:
        raise Garbled("files")
    try:
        with os.fdopen(packet.files[0], "rb", closefd=False) as file:
            yield file
    except (EdgeNodeError, MemoryError):
        raise
    except OSError as error:
        if error.errno in pdf.DISK:
            raise pdf.unwritten(error) from error
        raise _strange() from error
    except FOREIGN as error:
        raise _strange() from error


def _strange() -> NotSignable:
    return NotSignable(
        say("the file is built in a way that cannot be signed"),
        hint=say("open it in the office program and save it anew"),
    )


def _draft(file: BinaryIO, told: Fields) -> office.Draft:
    return office.begin(
        file,
        certificate=told.blob("certificate"),
        chain=told.blobs_of("chain", CERTIFICATES),
        signing_time=told.moment("at"),
    )


def _hashed(told: Fields) -> str:
    hashed = told.text("hashed")
    if hashed not in HASHES:
        raise Garbled("hashed")
    return hashed


def _imprint(told: Fields, hashed: str) -> bytes:
    over, content = told.text("over"), told.blob("content")
    if over == "cms":
        return imprint(content, hashed)
    if over == "xml":
        octets = office.stamped_octets(content, told.blob("certificate"))
        return hashlib.new(hashed, octets).digest()
    if over != "digest" or len(content) != hashlib.new(hashed).digest_size:
        raise Garbled("over")
    return content


def _nonce(told: Fields) -> int:
    nonce = told.text("nonce")
    if not nonce.isdecimal() or len(nonce) > DIGITS:
        raise Garbled("nonce")
    return int(nonce)
