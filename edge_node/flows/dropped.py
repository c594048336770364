"""
What was dropped, as it is read: the order it gives, its files, or the package it is.

Nothing here claims, moves or keeps anything: whoever takes a drop in reads it so, and so does
whoever only wants to know what would become of it. What is wrong is a problem among others; the
caller refuses.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import BusinessKind
from edge_node.domain.errors import DropRefused, PackageUnreadable
from edge_node.domain.message import say
from edge_node.domain.order import NamedFile
from edge_node.flows.leaving import Leaving
from edge_node.protocol import edxml, handoff
from edge_node.protocol.content import examine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from edge_node.domain.document import Document, Organization
    from edge_node.domain.message import Message
    from edge_node.domain.order import Order
    from edge_node.flows.folders import Claimed

PACKAGE: Final = ".edxml"
_SHEETS: Final = frozenset({".json", ".yaml", ".yml"})
# What is done about a drop that is refused.
AGAIN: Final = say("correct it and drop it into the outbox again")
SMALLER: Final = say(
    "scan it at a lower resolution or split it, and drop it again; how much may leave, is set by"
    " limits.attachment and limits.package"
)
_FILE_TOO_LARGE: Final = "{file}: expected at most {limit} bytes, found {size}"
_ALL_TOO_LARGE: Final = (
    "expected a package of at most {limit} bytes, found attachments that take {size} in it"
)


def cure_of(problems: Sequence[Message]) -> Message:
    """Return what can be done about a drop with these problems."""
    large = {each.template for each in problems} <= {_FILE_TOO_LARGE, _ALL_TOO_LARGE}
    return SMALLER if problems and large else AGAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """How drops are read here."""

    agency: Organization
    codes: frozenset[str]  # every code this agency goes by
    order: handoff.OrderSettings
    bare: Callable[[str], Order]  # the order a rule makes of a bare file's name
    limits: edxml.Limits

    # ── files, and a sheet that names them ───────────────────────────────────────────────────

    def order_of(self, drop: Claimed) -> Order:
        """Return the order a sheet gives, or the rule for a bare file; DropRefused."""
        sheet = drop.sheet
        if sheet.suffix.lower() not in _SHEETS:
            return self.bare(sheet.name)
        return handoff.read_order(
            sheet.read_bytes(),
            file_name=sheet.name,
            sender=self.agency,
            settings=self.order,
        )

    def named_in(self, drop: Claimed) -> tuple[NamedFile, ...]:
        """Return the files of a drop as far as its sheet, be it wrong otherwise, names any."""
        sheet = drop.sheet
        if sheet.suffix.lower() not in _SHEETS:
            return (NamedFile(file=sheet.name),)
        seen = handoff.peek(sheet.read_bytes(), sheet.name)
        return tuple(NamedFile(file=name) for name in seen.files) if seen else ()

    def files_of(
        self, drop: Claimed, named: Sequence[NamedFile]
    ) -> tuple[list[Leaving], list[Message]]:
        """Find, hash and judge the files an order names; return them, and every objection."""
        files: list[Leaving] = []
        problems: list[Message] = [*self._too_many(named)]
        for each in named:
            path = drop.named(each.file)
            if path is None:
                problems.append(say("{file}: expected a file, found none", file=each.file))
                continue
            with path.open("rb") as stream:
                content = examine(stream, each.file)
            if content.objection:
                problems.append(content.objection)
            files.append(Leaving(named=each, path=path, stored=content.stored, kind=content.kind))
        return files, [*problems, *self.too_large(files)]

    def too_large(self, files: Sequence[Leaving]) -> list[Message]:
        """Return which files are larger than may leave, or all of them together in a package."""
        limit = self.limits.attachment
        problems = [
            say(
                "{file}: expected at most {limit} bytes, found {size}",
                file=each.named.file,
                limit=limit,
                size=each.stored.size,
            )
            for each in files
            if each.stored.size > limit
        ]
        packed = sum(map(_packed, files))
        if packed > self.limits.package and not problems:
            problems.append(
                say(
                    "expected a package of at most {limit} bytes, found attachments that take "
                    "{size} in it",
                    limit=self.limits.package,
                    size=packed,
                )
            )
        return problems

    def _too_many(self, named: Sequence[NamedFile]) -> Sequence[Message]:
        limit, found = self.limits.attachments, len(named)
        if found <= limit:
            return ()
        return (
            say("expected at most {limit} attachments, found {found}", limit=limit, found=found),
        )

    # ── a package the software wrote itself ──────────────────────────────────────────────────

    def opened(self, source: BinaryIO, room: Path) -> edxml.DocumentPackage:
        """Return a ready-made package, its files unpacked into ``room``; DropRefused."""
        try:
            package = edxml.read_package(source, room, limits=self.limits)
        except PackageUnreadable as error:
            raise DropRefused(error.message, hint=error.hint or AGAIN) from error
        return _a_document(package)

    def unpacked(self, package: edxml.DocumentPackage) -> tuple[list[Leaving], list[Message]]:
        """Return the files of a package, and what speaks against sending it."""
        document = package.document
        files: list[Leaving] = []
        problems: list[Message] = []
        if document.sender.code not in self.codes:
            problems.append(
                say(
                    "From: expected {expected}, found {found}",
                    expected=self.agency.code,
                    found=document.sender.code,
                )
            )
        if not document.receivers:
            problems.append(say("To: expected at least one receiver, found none"))
        problems += _repeated(document.receivers)
        if not document.document_id or edxml.BUILT_ID in package.warnings:
            problems.append(_lacks("DocumentId", say("text")))
        if not package.files and document.business.kind is not BusinessKind.RECALL:
            problems.append(_lacks("AttachmentEncoded", say("at least one attachment")))
        for file in package.files:
            with file.path.open("rb") as stream:
                content = examine(stream, file.name)
            if content.objection:
                problems.append(content.objection)
            named = NamedFile(file=file.name)
            files.append(
                Leaving(named=named, path=file.path, stored=content.stored, kind=content.kind)
            )
        return files, problems

    # ── what was filed long ago ──────────────────────────────────────────────────────────────

    def header(self, drop: Claimed) -> Document:
        """Return what a drop says of itself, no attachment opened; Permanent."""
        if not is_package(drop):
            return self.order_of(drop).document
        with drop.sheet.open("rb") as source:
            return _a_document(edxml.read_header(source, limits=self.limits)).document


def is_package(drop: Claimed) -> bool:
    """Tell whether a drop is a package the software wrote itself."""
    return drop.sheet.suffix.lower() == PACKAGE


def _packed(file: Leaving) -> int:
    """Return how many bytes a file takes in a package: base64 makes four of every three."""
    return -(-file.stored.size // 3) * 4


def _a_document(package: edxml.Package) -> edxml.DocumentPackage:
    if not isinstance(package, edxml.DocumentPackage):
        raise DropRefused(
            say("the package is a status message, not a document"),
            hint=say("report statuses through the folder statuses/"),
        )
    return package


def _repeated(receivers: Iterable[Organization]) -> list[Message]:
    """Name each agency that is a receiver twice: hubs refuse that, the queue cannot hold it."""
    times = Counter(receiver.code.casefold() for receiver in receivers)
    return [
        say(
            "{path}: expected {expected}, found {found}",
            path="To",
            expected=say("each agency once"),
            found=say("{code} again", code=code.upper()),
        )
        for code, count in times.items()
        if count > 1
    ]


def _lacks(path: str, expected: Message) -> Message:
    return say(
        "{path}: expected {expected}, found {found}",
        path=path,
        expected=expected,
        found=say("nothing"),
    )
