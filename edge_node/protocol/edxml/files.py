"""
The files of one package: written hidden while it is read, unzipped and named when it was good.

Nothing is fsynced; a package that turns out to be unreadable leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_node.domain.message import say
from edge_node.domain.names import distinct, safe_name
from edge_node.protocol.edxml.attachments import ZIPPED, extension
from edge_node.protocol.edxml.contents import ZIP_MAGIC, Content, NoRoom, Sink
from edge_node.protocol.edxml.package import Limits, PackageDamaged, ReceivedFile
from edge_node.protocol.edxml.scan import no_room
from edge_node.protocol.edxml.unzipping import CannotOpen, Damaged, unzip

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from edge_node.domain.envelope import Stored
    from edge_node.protocol.edxml.fields import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One attachment as the package describes it, its manifest entry consulted."""

    name: str
    description: str
    content_type: str
    content: Content | None


class Files:
    """The files of one package: hidden while their names are not known, then renamed."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        """Write into ``folder``, which is the caller's own."""
        self._folder = folder
        self._limits = limits
        self._made: set[Path] = set()
        self._total = 0

    def raw_path(self, number: int) -> Path:
        """Return where the attachment of that number goes at first, as it was sent."""
        return self._new(f".{number}.raw")

    def discard(self) -> None:
        """Remove everything written; a second time does nothing."""
        for path in self._made:
            path.unlink(missing_ok=True)
        self._made.clear()

    def settle(
        self, attachments: list[Attachment], taken: Iterable[str], fields: Fields
    ) -> tuple[ReceivedFile, ...]:
        """Unzip what was zipped to travel and give every file its name."""
        there = (path.name for path in self._folder.iterdir())
        names = distinct((safe_name(each.name) for each in attachments), taken=[*taken, *there])
        self._total = sum(each.content.stored.size for each in attachments if each.content)
        return tuple(
            self._settled(attachment, number, name, fields)
            for number, (attachment, name) in enumerate(zip(attachments, names, strict=True), 1)
        )

    def _settled(
        self, attachment: Attachment, number: int, name: str, fields: Fields
    ) -> ReceivedFile:
        content = attachment.content or self._empty(number)
        path = content.path or self.raw_path(number)
        plain = self._new(f".{number}.plain")
        stored = self._unzipped(attachment, content, path, plain, fields)
        if stored:
            path.unlink()
        final = self._new(name)
        (plain if stored else path).rename(final)
        return ReceivedFile(
            name=attachment.name,
            path=final,
            description=attachment.description,
            size=(stored or content.stored).size,
            digest=(stored or content.stored).digest,
            content_type=attachment.content_type,
        )

    def _empty(self, number: int) -> Content:
        path = self.raw_path(number)
        with Sink(path, room=0) as sink:
            return Content(sink.stored, b"", path)

    def _unzipped(
        self, attachment: Attachment, content: Content, raw: Path, plain: Path, fields: Fields
    ) -> Stored | None:
        """Unzip into ``plain``; None where what was sent is kept as it is."""
        name = attachment.name
        if content.head != ZIP_MAGIC:
            if ZIPPED in attachment.content_type.lower() and content.stored.size:
                fields.warn(say("{name} claims to be zipped and is not", name=name))
            return None
        if extension(name) == "zip":
            return None
        used = self._total - content.stored.size
        room = min(self._limits.attachment, self._limits.total - used)
        try:
            stored = unzip(raw, plain, name, room=room)
        except CannotOpen:
            fields.warn(say("{name} is zipped in a way that cannot be opened: kept so", name=name))
            return None
        except Damaged as error:
            raise PackageDamaged(
                say("attachment {name} is damaged: it cannot be unzipped", name=name),
                hint=say("the package is kept as it came; ask the sender to send it again"),
            ) from error
        except NoRoom as error:
            raise no_room(name, self._limits, used) from error
        if stored:
            self._total = used + stored.size
        return stored

    def _new(self, name: str) -> Path:
        path = self._folder / name
        self._made.add(path)
        return path
