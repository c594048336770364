"""
What happens in the demo: who drops what for whom, in which of the four styles.

The documents are real files made by real office software; what they say is invented. What is
dropped is signed by the node on its way out, and two of those that arrived are passed on altered.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.demo.copies import Original
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

ALTERED: Final = "101-BND-VP.pdf"  # what is passed on, after somebody got it signed

# Who passes on what it got to whom, and under which number.
_PASSED_ON: Final = {PROVINCE[0]: (COMMUNE, "246"), COMMUNE[0]: (MINISTRY, "15")}
_WIDTH: Final = b"0 0 595"  # of an A4 page, in points

_SCAN_SIZE: Final = 20 * 1024 * 1024
_SCAN_PAGES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One document that was dropped: what must arrive where."""

    title: str
    style: str
    sender: str
    receivers: tuple[str, ...]
    document_id: str
    originals: tuple[Original, ...]
    signs: bool = False  # whether the sender's node is to sign its files
    altered: bool = False  # whether it was changed after it had been signed
    mistaken: bool = False  # whether it went to the wrong agency, and is had back


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document before it is dropped: ``to`` are codes and names, ``more`` other keys."""

    number: str
    notation: str
    kind: str
    to: Mapping[str, str]
    files: Sequence[Path]
    more: Mapping[str, object] = field(default_factory=dict)
    altered: bool = False
    mistaken: bool = False

    @property
    def title(self) -> str:
        """What it is about."""
        return f"{self.kind} số {self.number}/{self.notation} (thử nghiệm)"

    @property
    def name(self) -> str:
        """What its drop is called."""
        return f"{self.number}-{self.notation}"


@dataclass(frozen=True, slots=True)
class Desk:
    """One agency's document software, as far as sending goes."""

    actor: Actor
    today: date

    def bundle(self, draft: Draft) -> Letter:
        """Drop a folder with document.json, built beside the outbox and renamed in."""
        building = self.actor.exchange.parent / draft.name
        building.mkdir()
        self._lay(building, "document.json", draft)
        building.rename(self._outbox / draft.name)
        return self._letter("bundle", draft)

    def sidecar(self, draft: Draft) -> Letter:
        """Drop files, and last X.json beside them."""
        self._lay(self._outbox, f"{draft.name}.json", draft)
        return self._letter("sidecar", draft)

    def package(self, draft: Draft) -> Letter:
        """Drop a package the software wrote itself."""
        document = Document(
            document_id=self._document_id(draft),
            sender=Organization(code=agency_code(self.actor.code), name=self.actor.name),
            receivers=tuple(
                Organization(code=agency_code(code), name=name) for code, name in draft.to.items()
            ),
            number=draft.number,
            notation=draft.notation,
            type=DocumentType(name=draft.kind, type=2, detail=0),
            subject=draft.title,
            promulgated=self.today,
        )
        parts = [
            edxml.Part(name=file.name, description="", path=file, content_id=f"{number}")
            for number, file in enumerate(draft.files, start=1)
        ]
        unfinished = self._outbox / f".{draft.name}.edxml"
        with unfinished.open("wb") as out:
            edxml.write_document(document, parts, out)
        unfinished.rename(self._outbox / f"{draft.name}.edxml")
        return self._letter("package", draft)

    def bare(self, draft: Draft) -> Letter:
        """Drop a file whose name says it all, by a rule of the configuration."""
        [file], [receiver] = draft.files, draft.to
        name = f"{draft.name}_{self.today:%Y-%m-%d}_{receiver}{file.suffix}"
        shutil.copy(file, self._outbox / name)
        return self._letter("bare file", draft)

    @property
    def _outbox(self) -> Path:
        return self.actor.exchange / "outbox"

    def _lay(self, folder: Path, sheet: str, draft: Draft) -> None:
        """Copy the files into the folder, and write the sheet last."""
        for file in draft.files:
            shutil.copy(file, folder)
        values = {
            "schema": 1,
            "number": draft.number,
            "notation": draft.notation,
            "date": self.today.isoformat(),
            "type": draft.kind,
            "subject": draft.title,
            "to": list(draft.to),
            "document_id": self._document_id(draft),
            **(
                {"attachments": [{"file": file.name} for file in draft.files]}
                if draft.files
                else {}
            ),
            "ref": f"demo-{draft.number}",
            **draft.more,
        }
        (folder / sheet).write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")

    def _letter(self, style: str, draft: Draft) -> Letter:
        return Letter(
            title=draft.title,
            style=style,
            sender=self.actor.code,
            receivers=tuple(draft.to),
            document_id=self._document_id(draft),
            originals=tuple(Original.of(file) for file in draft.files),
            # What the software packed itself travels byte for byte; what is signed stays as it is.
            signs=style != "package" and not draft.altered,
            altered=draft.altered,
            mistaken=draft.mistaken,
        )

    def _document_id(self, draft: Draft) -> str:
        sender = agency_code(self.actor.code)
        return conventional_document_id(sender, self.today, draft.number, draft.notation)


def opening(actors: Mapping[str, Actor], workshop: Path, today: date) -> Iterator[Letter]:
    """Drop what the agencies have to send at the beginning, one after the other."""
    ministry = Desk(actors[MINISTRY[0]], today)
    province = Desk(actors[PROVINCE[0]], today)
    signer = {
        "competence": "TL. BỘ TRƯỞNG",
        "position": "CHÁNH VĂN PHÒNG",
        "name": "Trần Văn Mẫu",
    }
    yield ministry.bundle(
        Draft(
            number="101",
            notation="BND-VP",
            kind="Công văn",
            to=dict([PROVINCE, COMMUNE]),
            files=[
                DOCUMENTS / ALTERED,
                DOCUMENTS / "101-phu-luc.xlsx",
                DOCUMENTS / "101-de-cuong-bao-cao.docx",
            ],
            more={"priority": "khẩn", "signer": signer},
        )
    )
    yield ministry.bundle(
        Draft(
            number="34",
            notation="GM-VP",
            kind="Giấy mời",
            to=dict([PROVINCE]),
            files=[DOCUMENTS / "33-GM-VP.pdf"],
            mistaken=True,
        )
    )
    yield province.package(
        Draft(
            number="77",
            notation="QĐ-UBND",
            kind="Quyết định",
            to=dict([COMMUNE]),
            files=[DOCUMENTS / "77-QD-UBND.pdf"],
        )
    )
    yield ministry.bare(
        Draft(
            number="33",
            notation="GM-VP",
            kind="Giấy mời",
            to=dict([PROVINCE]),
            files=[DOCUMENTS / "33-GM-VP.pdf"],
        )
    )
    yield ministry.bundle(
        Draft(
            number="103",
            notation="BND-VP",
            kind="Công văn",
            to={NOBODY: ""},
            files=[DOCUMENTS / "101-BND-VP.pdf"],
        )
    )
    scan = workshop / "ban-quet-ho-so.pdf"
    write_scan(scan, pages=_SCAN_PAGES, size=_SCAN_SIZE)
    yield ministry.sidecar(
        Draft(number="102", notation="BND-LT", kind="Công văn", to=dict([PROVINCE]), files=[scan])
    )


def reply(actors: Mapping[str, Actor], asked: Letter, today: date) -> Letter:
    """Drop the province's answer to the first document, once it has come in."""
    about = {"organ": asked.sender, "code": "101/BND-VP", "document_id": asked.document_id}
    return Desk(actors[PROVINCE[0]], today).bundle(
        Draft(
            number="245",
            notation="UBND-VX",
            kind="Công văn",
            to={asked.sender: ""},
            files=[DOCUMENTS / "245-UBND-VX.pdf"],
            more={"reply_to": [about]},
        )
    )


def ask_back(actors: Mapping[str, Actor], letter: Letter, today: date) -> None:
    """Drop the request of a sender to have back what went to the wrong agency."""
    Desk(actors[letter.sender], today).bundle(
        Draft(
            number="104",
            notation="BND-VP",
            kind="Công văn",
            to=dict.fromkeys(letter.receivers, ""),
            files=[],
            more={
                "business": {
                    "kind": "recall",
                    "document_id": letter.document_id,
                    "reason": "Gửi nhầm nơi nhận (thử nghiệm)",
                }
            },
        )
    )


def passed_on(
    actors: Mapping[str, Actor], by: str, signed: Path, workshop: Path, today: date
) -> Letter:
    """Have an agency pass on a file it got, which a careless scanner has altered meanwhile."""
    receiver, number = _PASSED_ON[by]
    return Desk(actors[by], today).bundle(
        Draft(
            number=number,
            notation="UBND-SY",
            kind="Công văn",
            to=dict([receiver]),
            files=[_altered(signed, workshop / by)],
            altered=True,
        )
    )


def _altered(signed: Path, folder: Path) -> Path:
    """Copy a signed PDF with one digit of its page's size changed, every other byte as it was."""
    content = signed.read_bytes()
    at = content.index(_WIDTH) + len(_WIDTH)
    folder.mkdir()
    path = folder / signed.name
    path.write_bytes(content[: at - 1] + b"4" + content[at:])
    return path
