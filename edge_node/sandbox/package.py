"""
What a package says of itself: the few fields the axis routes and lists by, and its refusals.

One streaming pass over a file, so that a gigabyte of attachments costs no memory. The sandbox
reads packages with code of its own, because a mistake shared with the node's reader or writer
would cancel itself out and never be seen here. It is stricter than the vendor's reader, which
silently loses what it cannot read: what that one would lose is refused here. Attachments are not
looked into.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, NoReturn
from xml.parsers import expat

from edge_node.domain.envelope import MessageType
from edge_node.domain.message import say
from edge_node.sandbox.refusals import Code, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge_node.domain.message import Message

NAMESPACE: Final = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
SEPARATOR: Final = " "  # between namespace and local name in what expat reports
CHUNK: Final = 256 * 1024  # bytes given to expat at a time

_DEEPEST: Final = 64  # no real package nests deeper than ten elements
_LONGEST: Final = 1024 * 1024  # characters in one field of a header
_HEADER: Final = ("edXML", "edXMLEnvelope", "edXMLHeader", "MessageHeader")
_ATTACHMENT: Final = ("edXML", "AttachmentEncoded", "Attachment")
_FIELDS: Final = frozenset(
    {
        "From/OrganId",
        "To/OrganId",
        "DocumentId",
        "Code/CodeNumber",
        "Code/CodeNotation",
        "Subject",
        "PromulgationInfo/PromulgationDate",
        "SteeringType",
        "StatusCode",
        "ResponseFor/OrganId",
        "ResponseFor/Code",
        "ResponseFor/DocumentId",
    }
)
_NEEDED: Final[Mapping[MessageType, tuple[str, ...]]] = {
    MessageType.DOCUMENT: (
        "From/OrganId",
        "To/OrganId",
        "DocumentId",
        "Code/CodeNumber",
        "Subject",
    ),
    MessageType.STATUS: (
        "From/OrganId",
        "ResponseFor/OrganId",
        "ResponseFor/Code",
        "ResponseFor/DocumentId",
        "StatusCode",
    ),
}
_ONCE: Final = ("From/OrganId", "DocumentId", "Code/CodeNumber", "Subject", "StatusCode")
# What the vendor's reader loses without a word, or throws the whole package away for.
_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "PromulgationInfo/PromulgationDate": re.compile(r"\d{4}/\d{2}/\d{2}"),
    "SteeringType": re.compile(r"-?\d+"),
    "StatusCode": re.compile(r"\d{2}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the axis needs to know of a package to route it, list it and count it."""

    sender: str
    receivers: tuple[str, ...]
    document_id: str  # of the document itself, or of the one a status is about
    code: str
    title: str = ""
    status_code: str = ""


def read_header(path: Path, message: MessageType) -> Header:
    """Read the package in ``path``; Refused when it is not one the axis would carry."""
    with path.open("rb") as file:
        return header_of(file, message)


def header_of(file: IO[bytes], message: MessageType) -> Header:
    """Read a package from where ``file`` stands; Refused as `read_header`."""
    fields = _HeaderReader().read(file)
    for name in _NEEDED[message]:
        if not all(fields.get(name, [""])):
            _refuse(say("the package has no {field}", field=name))
    for name in _ONCE:
        if len(fields.get(name, [])) > 1:
            _refuse(say("the package has more than one {field}", field=name))
    for name, form in _FORMS.items():
        for value in fields.get(name, []):
            if not form.fullmatch(value):
                _refuse(say("{field} cannot be read by receivers", field=name))
    if message is MessageType.STATUS:
        return _status_header(fields)
    return _document_header(fields)


def _document_header(fields: Mapping[str, list[str]]) -> Header:
    receivers = tuple(fields["To/OrganId"])
    if len(receivers) != len(fields["To"]):
        _refuse(say("each To names one agency"))
    if len(set(receivers)) < len(receivers):
        _refuse(say("a receiver is named twice in To"))
    number, notation = fields["Code/CodeNumber"][0], fields.get("Code/CodeNotation", [""])[0]
    return Header(
        sender=fields["From/OrganId"][0],
        receivers=receivers,
        document_id=fields["DocumentId"][0],
        code=f"{number}/{notation}" if notation else number,
        title=fields["Subject"][0],
    )


def _status_header(fields: Mapping[str, list[str]]) -> Header:
    if any(len(fields[name]) > 1 for name in _NEEDED[MessageType.STATUS]):
        _refuse(say("a status reports on one document, this one on several"))
    return Header(
        sender=fields["From/OrganId"][0],
        receivers=(fields["ResponseFor/OrganId"][0],),
        document_id=fields["ResponseFor/DocumentId"][0],
        code=fields["ResponseFor/Code"][0],
        status_code=fields["StatusCode"][0],
    )


class _HeaderReader:
    """Follows expat through a package and keeps the texts of the fields."""

    def __init__(self) -> None:
        self.fields: dict[str, list[str]] = {}
        self._path: list[str] = []
        self._field: str | None = None
        self._text: list[str] = []
        self._length = 0
        self._parser = expat.ParserCreate(namespace_separator=SEPARATOR)
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = _no_doctype

    def read(self, file: IO[bytes]) -> Mapping[str, list[str]]:
        """Return the texts found, by their place in the MessageHeader, in document order."""
        try:
            while chunk := file.read(CHUNK):
                self._parser.Parse(chunk, False)  # noqa: FBT003 - expat's own signature
            self._parser.Parse(b"", True)  # noqa: FBT003 - likewise
        except expat.ExpatError as error:
            _refuse(say("the body is not well-formed XML: {error}", error=str(error)))
        return self.fields

    def _start(self, name: str, _attributes: Mapping[str, str]) -> None:
        path = self._path
        path.append(_local(name))
        depth = len(path)
        if depth > _DEEPEST:
            _refuse(say("the elements of the package are nested too deep"))
        if path[0] != _HEADER[0]:
            _refuse(say("the body is not an edXML package of QCVN 102:2016"))
        if depth > len(_ATTACHMENT) + 1 and tuple(path[:3]) == _ATTACHMENT:
            _refuse(say("an attachment's fields hold text only"))
        if depth > len(_HEADER) and tuple(path[:4]) == _HEADER:
            self._enter("/".join(path[4:]))

    def _enter(self, place: str) -> None:
        """Begin to collect the text of a field; count a To, which must name its agency."""
        if place == "To":
            self.fields.setdefault("To", []).append("")
        if place in _FIELDS:
            self._field, self._text, self._length = place, [], 0
            self._parser.CharacterDataHandler = self._take

    def _take(self, text: str) -> None:
        self._length += len(text)
        if self._length > _LONGEST:
            _refuse(say("{field} is too long", field=self._field))
        self._text.append(text)

    def _end(self, _name: str) -> None:
        if self._field is not None and "/".join(self._path[4:]) == self._field:
            self.fields.setdefault(self._field, []).append("".join(self._text).strip())
            self._field = None
            self._parser.CharacterDataHandler = None
        self._path.pop()


def _local(name: str) -> str:
    """Return an edXML element's own name; one of another namespace matches nothing."""
    namespace, _, local = name.rpartition(SEPARATOR)
    return local if namespace == NAMESPACE else f"{{{namespace}}}{local}"


def _no_doctype(*_declaration: object) -> NoReturn:
    _refuse(say("the package declares a document type, which is never allowed"))


def _refuse(message: Message) -> NoReturn:
    raise Refused(Code.BAD_PACKAGE, message)
