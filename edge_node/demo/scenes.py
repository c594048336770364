"""
What happens in the demo: who drops what for whom, in which of the four styles.

The documents are real files made by real office software; what they say is invented.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.demo.scan import write_scan
from edge_node.domain.document import (
    Document,
    DocumentType,
    Organization,
    agency_code,
    conventional_document_id,
)
from edge_node.protocol import edxml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from edge_node.demo.stage import Actor

DOCUMENTS: Final = Path(__file__).parent / "documents"

MINISTRY: Final = ("H99.01", "Văn phòng Bộ Nội địa (thử nghiệm)")
PROVINCE: Final = ("H99.02", "Ủy ban nhân dân tỉnh Sông Xanh (thử nghiệm)")
COMMUNE: Final = ("H99.02.03", "Ủy ban nhân dân xã Đầu Nguồn (thử nghiệm)")
NOBODY: Final = "H99.77"

_SCAN_SIZE: Final = 20 * 1024 * 1024
_SCAN_PAGES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One document that was dropped: what must arrive where, by SHA-256 of its files."""

    title: str
    style: str
    sender: str
    receivers: tuple[str, ...]
    document_id: str
    digests: frozenset[str]


@dataclass(frozen=True, slots=True)
class Desk:
    """One agency's document software, as far as sending goes."""

    actor: Actor
    today: date

    def bundle(
        self,
        number: str,
        notation: str,
        kind: str,
        to: Sequence[str],
        files: Sequence[Path],
        **more: object,
    ) -> Sending:
        """Drop a folder with document.json, built beside the outbox and renamed in."""
        building = self.actor.exchange.parent / f"{number}-{notation}"
        building.mkdir()
        for file in files:
            shutil.copy(file, building)
        sheet = self._sheet(number, notation, kind, to, files, more)
        (building / "document.json").write_text(json.dumps(sheet, ensure_ascii=False))
        building.rename(self.actor.exchange / "outbox" / building.name)
        return self._sending("bundle", sheet, to, files)

    def sidecar(
        self,
        number: str,
        notation: str,
        kind: str,
        to: Sequence[str],
        files: Sequence[Path],
        **more: object,
    ) -> Sending:
        """Drop files, and last X.json beside them."""
        outbox = self.actor.exchange / "outbox"
        for file in files:
            shutil.copy(file, outbox)
        sheet = self._sheet(number, notation, kind, to, files, more)
        (outbox / f"{number}-{notation}.json").write_text(json.dumps(sheet, ensure_ascii=False))
        return self._sending("sidecar", sheet, to, files)

    def package(
        self, number: str, notation: str, kind: str, to: Mapping[str, str], file: Path
    ) -> Sending:
        """Drop a package the software wrote itself."""
        sender = agency_code(self.actor.code)
        document = Document(
            document_id=conventional_document_id(sender, self.today, number, notation),
            sender=Organization(code=sender, name=self.actor.name),
            receivers=tuple(
                Organization(code=agency_code(code), name=name) for code, name in to.items()
            ),
            number=number,
            notation=notation,
            type=DocumentType(name=kind, type=2, detail=0),
            subject=_subject(kind, number, notation),
            promulgated=self.today,
        )
        part = edxml.Part(name=file.name, description="", path=file, content_id="1")
        part_name = self.actor.exchange / "outbox" / f".{number}-{notation}.edxml"
        with part_name.open("wb") as out:
            edxml.write_document(document, [part], out)
        part_name.rename(part_name.with_name(part_name.name.removeprefix(".")))
        sheet = {"subject": document.subject, "document_id": document.document_id}
        return self._sending("package", sheet, tuple(to), [file])

    def bare(self, number: str, notation: str, to: str, file: Path) -> Sending:
        """Drop a file whose name says it all, by a rule of the configuration."""
        name = f"{number}-{notation}_{self.today:%Y-%m-%d}_{to}.pdf"
        shutil.copy(file, self.actor.exchange / "outbox" / name)
        sender = agency_code(self.actor.code)
        sheet = {
            "subject": name,
            "document_id": conventional_document_id(sender, self.today, number, notation),
        }
        return self._sending("bare file", sheet, (to,), [file])

    def _sheet(
        self,
        number: str,
        notation: str,
        kind: str,
        to: Sequence[str],
        files: Sequence[Path],
        more: Mapping[str, object],
    ) -> dict[str, object]:
        sender = agency_code(self.actor.code)
        return {
            "schema": 1,
            "number": number,
            "notation": notation,
            "date": self.today.isoformat(),
            "type": kind,
            "subject": _subject(kind, number, notation),
            "to": list(to),
            "document_id": conventional_document_id(sender, self.today, number, notation),
            "attachments": [{"file": file.name} for file in files],
            "ref": f"demo-{number}",
            **more,
        }

    def _sending(
        self, style: str, sheet: Mapping[str, object], to: Sequence[str], files: Sequence[Path]
    ) -> Sending:
        return Sending(
            title=str(sheet["subject"]),
            style=style,
            sender=self.actor.code,
            receivers=tuple(to),
            document_id=str(sheet["document_id"]),
            digests=frozenset(digest_of(file) for file in files),
        )


def opening(actors: Mapping[str, Actor], workshop: Path, today: date) -> Iterator[Sending]:
    """Drop what the agencies have to send at the beginning, one after the other."""
    ministry = Desk(actors[MINISTRY[0]], today)
    province = Desk(actors[PROVINCE[0]], today)
    yield ministry.bundle(
        "101",
        "BND-VP",
        "Công văn",
        [PROVINCE[0], COMMUNE[0]],
        [
            DOCUMENTS / "101-BND-VP.pdf",
            DOCUMENTS / "101-phu-luc.xlsx",
            DOCUMENTS / "101-de-cuong-bao-cao.docx",
        ],
        priority="khẩn",
        signer={
            "competence": "TL. BỘ TRƯỞNG",
            "position": "CHÁNH VĂN PHÒNG",
            "name": "Trần Văn Mẫu",
        },
    )
    yield province.package(
        "77", "QĐ-UBND", "Quyết định", dict([COMMUNE]), DOCUMENTS / "77-QD-UBND.pdf"
    )
    yield ministry.bare("33", "GM-VP", PROVINCE[0], DOCUMENTS / "33-GM-VP.pdf")
    yield ministry.bundle("103", "BND-VP", "Công văn", [NOBODY], [DOCUMENTS / "101-BND-VP.pdf"])
    scan = workshop / "ban-quet-ho-so.pdf"
    write_scan(scan, pages=_SCAN_PAGES, size=_SCAN_SIZE)
    yield ministry.sidecar("102", "BND-LT", "Công văn", [PROVINCE[0]], [scan])


def reply(actors: Mapping[str, Actor], asked: Sending, today: date) -> Sending:
    """Drop the province's answer to the first document, once it has come in."""
    province = Desk(actors[PROVINCE[0]], today)
    return province.bundle(
        "245",
        "UBND-VX",
        "Công văn",
        [asked.sender],
        [DOCUMENTS / "245-UBND-VX.pdf"],
        reply_to=[{"organ": asked.sender, "code": "101/BND-VP", "document_id": asked.document_id}],
    )


def digest_of(path: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _subject(kind: str, number: str, notation: str) -> str:
    return f"{kind} số {number}/{notation} (thử nghiệm)"
