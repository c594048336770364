"""
What the axis does to a package on its way: the receiver never gets the bytes that were sent.

The package is written anew from its parsed form, in the vendor's layout: no white space between
elements, no comments, no empty elements, attributes in alphabetical order, the literal prefix
`edXML:` where the vendor puts it, xmldsig elements in the default namespace. The axis adds a
TraceHeader of its own, without OrganId, where there is a TraceHeaderList, and gives some
attachments another encoding. The documents themselves stay what they were.

It happens once for a package, whatever the number of its receivers, and always with the same
outcome. One streaming pass: memory does not grow with the attachments. The input has been
accepted by `read_header`, which is not repeated here.
"""

from __future__ import annotations

import hashlib
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from edge_node.domain.time import in_vietnam
from edge_node.sandbox import recoding
from edge_node.sandbox.package import CHUNK, NAMESPACE, SEPARATOR
from edge_node.sandbox.settings import Reencode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

_XML: Final = "http://www.w3.org/XML/1998/namespace"
_PREFIXED: Final = f' xmlns:edXML="{NAMESPACE}"'
_CONTENT: Final = "ContentTransferEncoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One package on its way: ``doc_id`` is the sender's, ``at`` when the axis took it."""

    doc_id: str
    at: datetime
    reencode: Reencode = Reencode.SOMETIMES


def rewrite(source: Path, target: Path, passage: Passage) -> None:
    """Write to ``target`` what the receivers of the package in ``source`` will get."""
    with source.open("rb") as package, target.open("w+b") as out:
        rewriter = _Rewriter(out, passage, scratch=target.parent)
        while chunk := package.read(CHUNK):
            rewriter.feed(chunk)
        rewriter.finish()


@dataclass(slots=True)
class _Element:
    """An element being written; its start tag waits until there is something to put in it."""

    name: str
    tag: str
    start: str
    written: bool = False
    has_text: bool = False
    blank: str = ""  # white space that counts only if text follows


@dataclass(slots=True)
class _Field:
    """One child of an Attachment."""

    name: str
    attributes: str
    text: list[str] = field(default_factory=list)


class _Rewriter:
    """Follows expat through a package and writes it anew."""

    def __init__(self, out: IO[bytes], passage: Passage, *, scratch: Path) -> None:
        self._out = out
        self._passage = passage
        self._scratch = scratch
        self._open: list[_Element] = []
        self._signature = 0  # depth at which a Signature began; 0 outside
        self._attachment: _Attachment | None = None
        self._parser = expat.ParserCreate(namespace_separator=SEPARATOR)
        self._parser.buffer_text = True
        self._parser.buffer_size = CHUNK
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._write('<?xml version="1.0" encoding="UTF-8"?>\n')

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the package."""
        self._parser.Parse(chunk, False)  # noqa: FBT003 - expat's own signature

    def finish(self) -> None:
        """Take note that the package is complete."""
        self._parser.Parse(b"", True)  # noqa: FBT003 - expat's own signature

    def _start(self, qualified: str, attributes: Mapping[str, str]) -> None:
        name = qualified.rpartition(SEPARATOR)[2]
        if self._attachment is not None:
            self._attachment.begin(name, _attributes(attributes))
            return
        if self._open:
            self._open[-1].blank = ""
        inside = [element.name for element in self._open]
        if name == "Signature" and not self._signature:
            self._signature = len(inside) + 1
        tag = self._tag(name, inside)
        declared = {"edXML": f' xmlns="{NAMESPACE}"', "edXML:edXMLEnvelope": _PREFIXED}
        written = _attributes(attributes)
        self._open.append(_Element(name, tag, f"<{tag}{declared.get(tag, '')}{written}>"))
        if inside == ["edXML", "AttachmentEncoded"] and name == "Attachment":
            self._attachment = _Attachment(self._passage, self._scratch)
        elif written:
            self._open_tags()

    def _tag(self, name: str, inside: list[str]) -> str:
        """Return the name as the vendor's writer spells it at this place."""
        plain = self._signature or not inside or "edXMLEnvelope" not in (*inside[1:2], name)
        return name if plain else f"edXML:{name}"

    def _text(self, text: str) -> None:
        if self._attachment is not None:
            self._attachment.take(text)
            return
        if not self._open:
            return
        element = self._open[-1]
        if not element.has_text and text.isspace():
            element.blank += text
            return
        self._open_tags()
        self._write(_escaped(element.blank + text))
        element.has_text, element.blank = True, ""

    def _end(self, qualified: str) -> None:
        name = qualified.rpartition(SEPARATOR)[2]
        if self._attachment is not None and not self._attachment.end():
            self._open_tags()
            with closing(self._attachment) as attachment:
                attachment.write(self._out)
            self._attachment = None
        elif self._attachment is not None:
            return
        if name == "TraceHeaderList" and not self._signature:
            self._open_tags()
            self._write(_trace(self._passage.at))
        element = self._open.pop()
        if element.written:
            self._write(f"</{element.tag}>")
        if len(self._open) < self._signature:
            self._signature = 0

    def _open_tags(self) -> None:
        """Write the start tags that have been waiting: there is something inside now."""
        for element in self._open:
            if not element.written:
                self._write(element.start)
                element.written = True

    def _write(self, text: str) -> None:
        self._out.write(text.encode())


class _Attachment:
    """
    One Attachment, gathered until it is complete.

    Its name and kind may follow its content (.NET senders put the name last), so the content
    waits in a scratch file.
    """

    def __init__(self, passage: Passage, scratch: Path) -> None:
        self._passage = passage
        self._scratch = recoding.Scratch(scratch)
        self._content = self._scratch.file()
        self._fields: list[_Field] = []
        self._inside = False

    def begin(self, name: str, attributes: str) -> None:
        """Enter one of the fields."""
        self._fields.append(_Field(name, attributes))
        self._inside = True

    def take(self, text: str) -> None:
        """Take text of the field entered last."""
        if not self._inside:
            return
        current = self._fields[-1]
        if current.name == _CONTENT:
            self._content.write(_escaped(text).encode())
        else:
            current.text.append(text)

    def end(self) -> bool:
        """Leave a field; False if it is the attachment itself that ends."""
        inside, self._inside = self._inside, False
        return inside

    def write(self, out: IO[bytes]) -> None:
        """Write the fields in the order they came, the content perhaps in another encoding."""
        if self._chosen():
            name, kind = self._value("AttachmentName"), self._value("ContentType")
            found = recoding.document_in(
                self._content, name=name, content_type=kind, scratch=self._scratch
            )
            if found is not None:
                begun = out.tell()
                with suppress(*recoding.DAMAGED):
                    self._write_zipped(out, found)
                    return
                out.seek(begun)
                out.truncate()
        self._write_as_it_came(out)

    def close(self) -> None:
        """Forget the content."""
        self._scratch.close()

    def _chosen(self) -> bool:
        if self._passage.reencode is not Reencode.SOMETIMES:
            return self._passage.reencode is Reencode.ALWAYS
        seed = self._passage.doc_id + self._value("AttachmentName")
        return hashlib.sha256(seed.encode()).digest()[0] % 2 == 1

    def _write_zipped(self, out: IO[bytes], found: tuple[IO[bytes], int]) -> None:
        entry = recoding.arbitrary_name(self._passage.doc_id, self._value("AttachmentName"))
        document, size = found
        if not self._value("ContentType"):
            self._fields.insert(0, _Field("ContentType", ""))
        for one in self._fields:
            if one.name == _CONTENT:
                out.write(_opening(one).encode())
                recoding.write_zipped(document, size, out, entry=entry)
                out.write(_closing(one).encode())
            elif one.name == "ContentType":
                out.write(_written(one, recoding.ZIP_TYPE).encode())
            else:
                out.write(_written(one, "".join(one.text)).encode())

    def _write_as_it_came(self, out: IO[bytes]) -> None:
        for one in self._fields:
            if one.name == _CONTENT:
                out.write(_opening(one).encode())
                for piece in recoding.pieces(self._content):
                    out.write(piece)
                out.write(_closing(one).encode())
            else:
                out.write(_written(one, "".join(one.text)).encode())

    def _value(self, name: str) -> str:
        return "".join("".join(one.text) for one in self._fields if one.name == name).strip()


def _written(one: _Field, text: str) -> str:
    """Return a field with its text; nothing if it would be empty."""
    if not text.strip() and not one.attributes:
        return ""
    return _opening(one) + _escaped(text) + _closing(one)


def _opening(one: _Field) -> str:
    if one.name == _CONTENT:
        return f"<edXML:{one.name}{_PREFIXED}{one.attributes}>"
    return f"<{one.name}{one.attributes}>"


def _closing(one: _Field) -> str:
    return f"</edXML:{one.name}>" if one.name == _CONTENT else f"</{one.name}>"


def _trace(at: datetime) -> str:
    stamp = f"{in_vietnam(at):%Y/%m/%d %H:%M:%S}"
    inside = f"<edXML:Timestamp>{stamp}</edXML:Timestamp>"
    return f"<edXML:TraceHeader>{inside}</edXML:TraceHeader>"


def _attributes(attributes: Mapping[str, str]) -> str:
    """Return attributes as written in a tag; a namespace is declared where it is used."""
    written = []
    for place, (qualified, value) in enumerate(sorted(attributes.items())):
        namespace, _, local = qualified.rpartition(SEPARATOR)
        if namespace == _XML:
            written.append(f" xml:{local}={quoteattr(value)}")
        elif namespace:
            prefix = f"a{place}"
            written.append(f" xmlns:{prefix}={quoteattr(namespace)}")
            written.append(f" {prefix}:{local}={quoteattr(value)}")
        else:
            written.append(f" {local}={quoteattr(value)}")
    return "".join(written)


def _escaped(text: str) -> str:
    """Return text as it stands in XML; a bare CR would be read back as a line end."""
    return escape(text, {"\r": "&#13;"})
