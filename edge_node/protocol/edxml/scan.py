"""
One pass over the bytes of a package: its header as a tree, its attachments decoded on the way.

Expat checks that the XML is well-formed; elements are matched by their local names (`prefixes`).
What a stranger may not do is refused as soon as it is seen: document types, entities, and more
of anything than the limits say. What the header means is left to `assemble`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from edge_node.domain.errors import PackageUnreadable
from edge_node.domain.message import Message, say
from edge_node.protocol.edxml.contents import Content, Decoder, NoRoom, NotBase64
from edge_node.protocol.edxml.layout import ROOT, SIGNATURES
from edge_node.protocol.edxml.package import PackageDamaged
from edge_node.protocol.edxml.prefixes import UNDECLARED, Names, in_scope
from edge_node.protocol.edxml.tree import Element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from edge_node.protocol.edxml.package import Limits
    from edge_node.protocol.edxml.streams import Source, Target

    Place = Callable[[int], Path | Target | None]
    Done = Callable[[int, Content], object]

_CHUNK: Final = 1 << 18
_ELEMENT: Final = 20  # characters of the header an element counts for, beside its own
_JUNK: Final = 4096  # bytes before the XML that are forgiven
_TOKEN: Final = 1 << 20  # bytes of one tag or comment: expat keeps it in memory, unfinished
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")  # UTF-16
_CONTENT: Final = "ContentTransferEncoded"
_HEADERS: Final = frozenset({"edXMLHeader", "MessageHeader", "TraceHeaderList"})
_ASK_AGAIN: Final = say("the package is kept as it came; ask the sender to send it again")
_RAISE_LIMIT: Final = say("raise the limit if packages like this are meant to be taken")


@dataclass(frozen=True, slots=True)
class Scanned:
    """The tree without the attachments' content, which stands beside their elements in order."""

    root: Element
    attachments: tuple[tuple[Element, Content | None], ...]
    signed: bool
    warnings: tuple[Message, ...]


def scan(source: Source, place: Place, *, limits: Limits, done: Done = lambda *_: None) -> Scanned:
    """
    Read a package to its end.

    ``place`` says where the attachment of that number (from 1) is written, None for nowhere; the
    files stay there when PackageUnreadable is raised. ``done`` is told of each that is complete.
    BrokenOff knows what came whole before the damage.
    """
    pass_ = _Pass(place, done, limits)
    try:
        pass_.read(source)
    except BrokenOff as error:
        error.root = pass_.so_far
        raise
    finally:
        pass_.close()
    return Scanned(
        root=pass_.root,
        attachments=tuple(pass_.attachments),
        signed=pass_.signed,
        warnings=tuple(pass_.warnings),
    )


class BrokenOff(PackageDamaged):
    """The damage was found while reading; ``root`` is what had come whole before it."""

    root = Element("")


@dataclass(slots=True)
class _Open:
    """An element whose end has not come yet."""

    name: str
    prefixes: Mapping[str, str]  # in scope here
    attributes: Mapping[str, str]
    text: list[str] = field(default_factory=list)
    length: int = 0
    blank: bool = True  # no text but white space so far
    children: list[Element] = field(default_factory=list)

    def drop_blanks(self) -> None:
        """Forget the white space that only indents a child."""
        if self.blank:
            self.text.clear()
            self.length = 0


class _Pass:
    """The state of one pass; its methods are expat's handlers."""

    def __init__(self, place: Place, done: Done, limits: Limits) -> None:
        self.root = Element("")
        self.attachments: list[tuple[Element, Content | None]] = []
        self.signed = False
        self.warnings: list[Message] = []
        self._place = place
        self._done = done
        self._limits = limits
        self._open: list[_Open] = []
        self._skipping = 0  # how deep we are in a signature
        self._header = 0  # characters so far
        self._decoded = 0  # bytes of all attachments so far
        self._begun = 0  # attachments
        self._decoder: Decoder | None = None
        self._content: Content | None = None
        self._names = Names(self.warnings)
        self._parser = self._new_parser()

    def _new_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.buffer_size = _CHUNK
        parser.ordered_attributes = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        return parser

    # -- bytes ---------------------------------------------------------------------------------

    def read(self, source: Source) -> None:
        head = source.read(_JUNK)
        while len(head) < _JUNK and (more := source.read(_JUNK - len(head))):
            head += more
        size = len(head)
        chunk = self._without_junk(head)
        fed = 0
        while chunk:
            if size > self._limits.package:
                raise _too_much(
                    say("the package is longer than {limit} bytes", limit=self._limits.package)
                )
            self._parse(chunk)
            fed += len(chunk)
            if fed - self._parser.CurrentByteIndex > _TOKEN:
                raise self._refused(
                    say("a tag or comment at line {line} is too long", line=self._line)
                )
            chunk = source.read(_CHUNK)
            size += len(chunk)
        self._parse(b"", last=True)

    def close(self) -> None:
        if self._decoder:
            self._decoder.close()

    def _without_junk(self, head: bytes) -> bytes:
        start = 0 if head.startswith(_WIDE_MARKS) else head.find(b"<")
        if start < 0:
            raise PackageUnreadable(
                say("this is not XML: nothing begins within {count} bytes", count=len(head)),
                hint=_ASK_AGAIN,
            )
        if start:
            self.warnings.append(say("skipped {count} bytes before the XML", count=start))
        return head[start:]

    def _parse(self, chunk: bytes, *, last: bool = False) -> None:
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            raise BrokenOff(
                say(
                    "the XML breaks off or is damaged at line {line}, column {column}: {reason}",
                    line=error.lineno,
                    column=error.offset + 1,
                    reason=expat.ErrorString(error.code),
                ),
                hint=_ASK_AGAIN,
            ) from error
        except (LookupError, ValueError) as error:  # from Python's codecs
            raise self._refused(say("the XML is in an encoding that cannot be read")) from error

    @property
    def so_far(self) -> Element:
        """The tree of what has ended, hung into what is still open; empty within the header."""
        if not self._open or any(element.name in _HEADERS for element in self._open):
            return Element("")
        inner: list[Element] = []
        for element in reversed(self._open):
            inner = [Element(element.name, "", (*element.children, *inner), element.attributes)]
        return inner[0]

    @property
    def _line(self) -> int:
        return self._parser.CurrentLineNumber

    # -- expat's handlers ----------------------------------------------------------------------

    def _doctype(self, *_: object) -> None:
        raise PackageUnreadable(
            say(
                "the XML declares a document type, which no package may (line {line})",
                line=self._line,
            ),
            hint=say("no edXML software writes one: treat the package as hostile"),
        )

    def _start(self, name: str, attributes: list[str]) -> None:
        if self._skipping:
            self._deeper(self._skipping + len(self._open))
            self._skipping += 1
            return
        if self._decoder:
            raise self._damaged()
        self._deeper(len(self._open))
        element = self._opened(name, attributes)
        local = element.name
        if not self._open and local != ROOT:
            raise self._refused(say("the root element is {name}, not edXML", name=local))
        if local in SIGNATURES:
            self.signed = self.signed or local == "Signature"
            self._skipping = 1
            return
        if self._open:
            self._open[-1].drop_blanks()
        self._open.append(element)
        if local == "Attachment":
            self._begin_attachment()
        elif local == _CONTENT and len(self._open) > 1 and self._open[-2].name == "Attachment":
            self._begin_content()

    def _end(self, _: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        if self._decoder:
            self._end_content(self._decoder)
        done = self._open.pop()
        element = Element(done.name, "".join(done.text), tuple(done.children), done.attributes)
        if done.name == "Attachment":
            self.attachments.append((element, self._content))
            self._content = None
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element

    def _text(self, text: str) -> None:
        if self._decoder:
            with self._told():
                self._decoder.feed(text)
            return
        self._charge(len(text))
        if self._skipping:
            return
        element = self._open[-1]
        element.length += len(text)
        if element.length > self._limits.field:
            raise _too_much(
                say(
                    "element {element} is longer than {limit} characters (line {line})",
                    element=element.name,
                    limit=self._limits.field,
                    line=self._line,
                )
            )
        element.text.append(text)
        element.blank = element.blank and text.isspace()

    # -- elements ------------------------------------------------------------------------------

    def _deeper(self, depth: int) -> None:
        if depth >= self._limits.depth:
            raise _too_much(
                say(
                    "the elements are nested more than {limit} deep (line {line})",
                    limit=self._limits.depth,
                    line=self._line,
                )
            )
        self._charge(_ELEMENT)

    def _charge(self, characters: int) -> None:
        self._header += characters
        if self._header > self._limits.header:
            raise _too_much(
                say("the header is longer than {limit} characters", limit=self._limits.header)
            )

    def _opened(self, name: str, attributes: list[str]) -> _Open:
        """Return an element as it begins, its prefixes looked up."""
        if len(attributes) > 2 * self._limits.attributes:
            raise _too_much(
                say(
                    "element {element} has more than {limit} attributes (line {line})",
                    element=name[:60],
                    limit=self._limits.attributes,
                    line=self._line,
                )
            )
        self._charge(len(name) + sum(map(len, attributes)))
        pairs = dict(zip(attributes[::2], attributes[1::2], strict=True))
        prefixes = in_scope(pairs, self._open[-1].prefixes if self._open else UNDECLARED)
        local = self._names.element(name, prefixes)
        return _Open(local, prefixes, self._names.attributes(pairs, prefixes))

    # -- attachments ---------------------------------------------------------------------------

    def _begin_attachment(self) -> None:
        self._begun += 1
        if self._begun > self._limits.attachments:
            raise _too_much(
                say("there are more than {limit} attachments", limit=self._limits.attachments)
            )

    def _begin_content(self) -> None:
        if self._content:
            raise self._refused(
                say("attachment {name} has two contents", name=self._attachment_name)
            )
        room = min(self._limits.attachment, self._limits.total - self._decoded)
        self._decoder = Decoder(self._place(self._begun), room=room)

    def _end_content(self, decoder: Decoder) -> None:
        with self._told():
            self._content = decoder.finish()
            self._decoded += self._content.stored.size
        self._decoder = None
        self._done(self._begun, self._content)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell of the open attachment what its decoder found."""
        try:
            yield
        except NotBase64 as error:
            raise self._damaged() from error
        except NoRoom as error:
            raise no_room(self._attachment_name, self._limits, self._decoded) from error

    @property
    def _attachment_name(self) -> str:
        """What the open attachment is called, as far as it has been read; else its number."""
        for element in self._open:
            for child in element.children:
                if element.name == "Attachment" and child.name == "AttachmentName":
                    return child.text.strip()
        return f"#{self._begun}"

    def _damaged(self) -> PackageUnreadable:
        return BrokenOff(
            say(
                "attachment {name} is damaged: its content is not base64 (line {line})",
                name=self._attachment_name,
                line=self._line,
            ),
            hint=_ASK_AGAIN,
        )

    def _refused(self, message: Message) -> PackageUnreadable:
        return PackageUnreadable(message, hint=_ASK_AGAIN)


def no_room(name: str, limits: Limits, used: int) -> PackageUnreadable:
    """Return the error for an attachment that is too much, or is so after those before it."""
    if limits.attachment <= limits.total - used:
        return _too_much(
            say(
                "attachment {name} is longer than {limit} bytes",
                name=name,
                limit=limits.attachment,
            )
        )
    return _too_much(
        say(
            "with {name} the attachments are longer than {limit} bytes",
            name=name,
            limit=limits.total,
        )
    )


def _too_much(message: Message) -> PackageUnreadable:
    return PackageUnreadable(message, hint=_RAISE_LIMIT)
