"""
The document software on both sides of a bench: what it drops, and what it is handed.

It believes nothing but files. What was dropped is remembered with what must become of it (its
`wanted` marks), and every mark is found in the exchange folders: a receipt, a folder in the inbox
with the same bytes, papers in `failed/`.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import shutil
import sqlite3
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from dropping import a_sheet

from edge_node.domain.document import (
    Document,
    DocumentType,
    Organization,
    agency_code,
    conventional_document_id,
)
from edge_node.protocol import edxml
from edge_node.sandbox.store import DATABASE

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox_world import Caller
    from torture.control import Faults

FOREIGN = "H98.03"
DAY = date(2026, 3, 2)  # long past: what was dated the working day before is due this morning
NOTATION = "UBND-VP"
THROUGH = frozenset({"queued", "accepted", "taken", "01", "03"})
# Twelve hundred octets that no other document has, whole by their first and last line.
_BUSY = {"http": 429, "times": 1}
_WALK = 0.1  # seconds between walks through the papers
_BROKEN = b"/ByteRange [0 1 2 3]"  # of a signature that is not there
_PAGE = "%PDF-1.7\n{number}\n" + "x" * 1200 + "\n%%EOF\n"


@dataclass(eq=False)
class Letter:
    """Something dropped, what must become of it, and what has."""

    number: int
    name: str  # of the drop
    document_id: str
    digest: str  # SHA-256 of its attachment
    wanted: frozenset[str]
    marks: set[str] = field(default_factory=set)
    final_at: float | None = None
    apart: str = ""  # why what befalls it is counted apart: the axis forgot, a person decided
    once: bool = False  # it may be lacking, or told again, but for nobody be there twice

    def mark(self, what: str) -> None:
        """Note that this became of it; who has it by the receiver's word had it accepted."""
        self.marks |= {what, "accepted"} if what == "delivered" else {what}
        if self.final_at is None and self.wanted <= self.marks:
            self.final_at = time.monotonic()


@dataclass
class Software:
    """What both agencies' people do, and all they have seen."""

    sender: Path  # the exchange folder of the one that sends
    receiver: Path
    us: str
    them: str
    axis: Path  # the folder of the test axis
    foreign: Caller  # an agency without a node
    faults: Faults  # what the axis does wrong
    letters: dict[str, Letter] = field(default_factory=dict)  # by DocumentId
    handed: Counter = field(default_factory=Counter)  # DocumentIds found in the inbox
    told: Counter = field(default_factory=Counter)  # (DocumentId, what, other agency) of receipts
    wrong: list[str] = field(default_factory=list)
    given_up: list[Letter] = field(default_factory=list)  # gone where the axis forgot them
    twice: set[str] = field(default_factory=set)  # DocumentIds the foreign agency sent twice
    answers: bool = True  # whether what is taken is answered with 03
    _waiting: dict[str, Letter] = field(default_factory=dict)
    _unsaid: list[tuple[str, str]] = field(default_factory=list)
    _walked: float = 0.0  # when the papers were looked at
    _numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    # ── dropping ─────────────────────────────────────────────────────────────────────────────

    def letter(self, **changes) -> Letter:
        """Drop a folder, as the handbook says is safest."""
        return self._drop(self._written(THROUGH), **changes)

    letter_after_a_crash = letter_copied = letter_not_yet_shown = letter

    def sidecar(self) -> Letter:
        """Drop a sheet beside its file."""
        letter = self._written(THROUGH)
        (self.sender / f"outbox/{letter.name}.pdf").write_bytes(self._page(letter))
        sheet = self.sender / f"outbox/.{letter.name}.json"
        sheet.write_bytes(self._sheet(letter, f"{letter.name}.pdf"))
        sheet.rename(sheet.with_name(f"{letter.name}.json"))
        return letter

    def bare(self) -> Letter:
        """Drop a file whose name says everything."""
        letter = self._written(THROUGH)
        building = self.sender / f"outbox/.{letter.name}.pdf"
        building.write_bytes(self._page(letter))
        building.rename(building.with_name(f"{letter.name}_{DAY}_{self.them}.pdf"))
        return letter

    def package(self) -> Letter:
        """Drop a package written by software of their own."""
        letter = self._written(THROUGH)
        building = self.sender / f"outbox/.{letter.name}.edxml"
        building.write_bytes(self._packed(letter, self._page(letter), sender=self.us))
        building.rename(building.with_name(f"{letter.name}.edxml"))
        return letter

    def refused(self) -> Letter:
        """Drop what cannot be sent: nobody is meant to get it."""
        return self._drop(self._written(frozenset({"failed"})), to=[])

    def to_nobody(self) -> Letter:
        """Drop a letter to an agency the axis does not know: it says no."""
        return self._drop(self._written(frozenset({"refused", "failed"})), to=["H98.99"])

    def secret(self) -> Letter:
        """Drop what must not even be touched."""
        return self._drop(self._written(frozenset({"left"})), secrecy="Mật")

    def wrong_status(self) -> Letter:
        """Report on a document nobody ever got."""
        letter = self._written(frozenset({"status refused"}))
        self._report(letter.document_id, f"{letter.name}-03.json")
        return letter

    def letter_on_a_new_day(self) -> Letter:
        """Drop a letter where nothing of its day has been filed yet."""
        self.archive()
        return self.letter()

    def refused_on_a_new_day(self) -> Letter:
        """Drop what cannot be sent, likewise."""
        self.archive()
        return self.refused()

    def with_old_papers(self) -> Letter:
        """Drop a letter again that was filed once: our own papers come along."""
        return self._drop(self._written(THROUGH), papers={"status.json": b'{"id": "o1"}'})

    def put_off(self) -> Letter:
        """Drop a letter the axis is too busy for, at first."""
        fault = {"fault": "error", "calls": ["sendEdoc"], "message": "edoc", "caller": self.us}
        self.faults.add(fault | _BUSY)
        return self.letter()

    def answers_put_off(self) -> Letter:
        """Drop a letter; for what is said of it the axis is too busy, at first."""
        fault = {"fault": "error"} | _BUSY
        self.faults.add(
            fault | {"caller": self.them, "calls": ["sendEdoc"], "message": "status"},
            fault | {"caller": self.them, "calls": ["updateStatus"]},
            fault | {"caller": self.us, "calls": ["updateStatus"]},
        )
        return self.letter()

    def offered_again(self) -> Letter:
        """Drop a letter of which the axis forgets that the receiver has it."""
        fault = {"fault": "forget-acknowledgement", "calls": ["updateStatus"], "times": 1}
        self.faults.add(fault | {"caller": self.us}, fault | {"caller": self.them})
        return self.letter()

    def passed_over(self) -> Letter:
        """Drop a letter the axis leaves out of what waits: it is found by looking back."""
        fault = {"fault": "skip-days", "calls": ["getReceivedEdocList"], "caller": self.them}
        self.faults.add(fault | {"message": "edoc", "items": 1, "times": 3})
        return self.letter()

    def unlisted_at_first(self) -> Letter:
        """Drop a letter that gets no answer."""
        fault = {"fault": "drop-after", "calls": ["sendEdoc"], "message": "edoc", "times": 1}
        self.faults.add(fault | {"caller": self.us})
        return self.letter()

    def denied(self) -> Letter:
        """Drop a letter into an axis that denies its sender, at first."""
        fault = {"fault": "error", "calls": ["sendEdoc"], "http": 401, "times": 1}
        self.faults.add(fault | {"message": "edoc", "caller": self.us})
        return self.letter()

    def answers_denied(self) -> Letter:
        """Drop a letter whose receiver is denied, at first."""
        fault = {"fault": "error", "http": 401, "times": 1, "caller": self.them}
        self.faults.add(
            fault | {"calls": ["sendEdoc"], "message": "status"},
            fault | {"calls": ["updateStatus"]},
        )
        return self.letter()

    def refused_first(self) -> Letter:
        """Drop a letter the axis says no to; a person is to send it again."""
        fault = {"fault": "refuse-receiver", "receiver": self.them, "message": "edoc", "times": 1}
        self.faults.add(fault | {"caller": self.us})
        return self.letter()

    def sent_twice(self) -> Letter:
        """Have another agency send the very same letter twice."""
        letter = self._written(frozenset({"taken"}), sender=FOREIGN)
        package = self._packed(letter, self._page(letter), sender=FOREIGN)
        self.twice.add(letter.document_id)
        self.foreign.send(package)
        self.foreign.send(package)
        return letter

    def unreadable(self) -> Letter:
        """Have another agency send what nobody can read."""
        letter = self._written(frozenset({"fail"}), sender=FOREIGN)
        package = self._packed(letter, self._page(letter), sender=FOREIGN)
        start = package.index(b"JVBER")
        self.foreign.send(package[:start] + b"!!!=" + package[start + 4 :])
        return letter

    def returned(self) -> Letter:
        """Have another agency send what is signed and does not hold: it goes back, once."""
        letter = self._written(frozenset({"returned"}), sender=FOREIGN)
        page = self._page(letter).replace(b"xx", _BROKEN, 1)
        self.foreign.send(self._packed(letter, page, sender=FOREIGN))
        return letter

    def too_large(self) -> Letter:
        """Have another agency send more than the receiver takes."""
        letter = self._written(frozenset({"fail"}), sender=FOREIGN)
        self.foreign.send(self._packed(letter, self._page(letter) * 1000, sender=FOREIGN))
        return letter

    def _packed(self, letter: Letter, page: bytes, *, sender: str) -> bytes:
        """Return the package of a letter, as other software writes it."""
        document = Document(
            document_id=letter.document_id,
            sender=Organization(code=agency_code(sender), name="Đơn vị"),
            receivers=(Organization(code=agency_code(self.them), name="Đơn vị"),),
            number=str(letter.number),
            notation=NOTATION,
            type=DocumentType(name="Công văn", type=18, detail=0),
            subject="V/v họp",
            promulgated=DAY,
        )
        file = self.sender.parent / f"{letter.name}.pdf"
        file.write_bytes(page)
        part = edxml.Part(name=file.name, description="", path=file, content_id="1")
        out = io.BytesIO()
        edxml.write_document(document, [part], out)
        file.unlink()
        return out.getvalue()

    def _written(self, wanted: frozenset[str], sender: str | None = None) -> Letter:
        number = next(self._numbers)
        code = agency_code(sender or self.us)
        document_id = conventional_document_id(code, DAY, str(number), NOTATION)
        name = f"{number}-{NOTATION}"
        letter = Letter(number, name, document_id, "", wanted)
        letter.digest = hashlib.sha256(self._page(letter)).hexdigest()
        self.letters[document_id] = self._waiting[document_id] = letter
        return letter

    def _drop(self, letter: Letter, *, papers=(), **changes) -> Letter:
        building = self.sender / f"outbox/.{letter.name}"
        building.mkdir()
        for name, paper in dict(papers).items():
            (building / name).write_bytes(paper)
        (building / "van-ban.pdf").write_bytes(self._page(letter))
        (building / "document.json").write_bytes(self._sheet(letter, "van-ban.pdf", **changes))
        building.rename(building.with_name(letter.name))
        return letter

    def _sheet(self, letter: Letter, file: str, **changes) -> bytes:
        fields = {"number": str(letter.number), "date": DAY.isoformat(), "to": [self.them]}
        return a_sheet(file, **fields | changes)

    def _page(self, letter: Letter) -> bytes:
        return _PAGE.format(number=letter.document_id).encode()

    # ── looking ──────────────────────────────────────────────────────────────────────────────

    def look(self) -> None:
        """Take what has been handed over, read what has been told, look for refusals."""
        unsaid, self._unsaid = self._unsaid, []
        for document_id, name in unsaid:
            self._report(document_id, name)
        self._take()
        self._read()
        if time.monotonic() > self._walked + _WALK:
            self._look_at_papers()
            self._walked = time.monotonic()

    def waiting(self) -> list[Letter]:
        """Return what has not yet become what it must."""
        for document_id in [key for key, each in self._waiting.items() if each.final_at]:
            del self._waiting[document_id]
        return list(self._waiting.values())

    def give_up(self, letter: Letter) -> None:
        """Wait no longer for a letter."""
        if self._waiting.pop(letter.document_id, None) is not None:
            self.given_up.append(letter)

    def archive(self) -> None:
        """Put away the years in sent/ and failed/, as a clerk does: the next day is a new one."""
        self._look_at_papers()
        for kind in ("sent", "failed"):
            for year in (self.sender / kind).iterdir():
                year.rename(_fresh(self.sender / "archive") / kind)

    def _look_at_papers(self) -> None:
        for letter in self.waiting():
            if "failed" in letter.wanted and self._failed(letter):
                letter.mark("failed")
            left = self.sender / f"outbox/{letter.name}.error.json"
            if "left" in letter.wanted and left.exists():
                letter.mark("left")
                shutil.rmtree(self.sender / "outbox" / letter.name)
            if "status refused" in letter.wanted and any(
                self.receiver.glob(f"statuses/failed/{letter.name}-03*.error.json")
            ):
                letter.mark("status refused")

            if "fail" in letter.wanted and self._says(letter) == ["fail"]:
                letter.mark("fail")
            if "returned" in letter.wanted and self._sent_back(letter):
                letter.mark("returned")

    def _says(self, letter: Letter) -> list[str]:
        """Return what the axis has been told of a document, by its own table."""
        query = """
            select d.status from deliveries d join sends s on s.id = d.send
             where s.document_id = ?
        """
        uri = f"{(self.axis / DATABASE).as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=30)) as db:
            return [row[0] for row in db.execute(query, (letter.document_id,))]

    def _sent_back(self, letter: Letter) -> bool:
        """Tell whether the axis has it from the receiver that a document is returned."""
        query = """
            select 1 from sends
             where document_id = ? and sender = ? and status_code = '02' limit 1
        """
        uri = f"{(self.axis / DATABASE).as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=30)) as db:
            return db.execute(query, (letter.document_id, self.them)).fetchone() is not None

    def offered(self) -> bool:
        """Tell whether the axis has anything that one of the two has not taken."""
        query = """
            select 1 from deliveries
             where status in ('initial', 'processing') and receiver in (?, ?) limit 1
        """
        uri = f"{(self.axis / DATABASE).as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=30)) as db:
            return db.execute(query, (self.us, self.them)).fetchone() is not None

    def _failed(self, letter: Letter) -> bool:
        return any(self.sender.glob(f"failed/*/*/*/{letter.name}*/error.json")) or any(
            self.sender.glob(f"archive/*/*/*/*/{letter.name}*/error.json")
        )

    def _take(self) -> None:
        inbox = self.receiver / "inbox"
        for folder in inbox.iterdir():
            if folder.name.startswith("."):
                continue
            sheet = json.loads((folder / "document.json").read_bytes())
            document_id = sheet["document_id"]
            self.handed[document_id] += 1
            letter = self.letters.get(document_id)
            files = [folder / named["file"] for named in sheet["attachments"]]
            digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
            if letter is None or digests != [letter.digest]:
                self.wrong.append(f"{document_id}: not the bytes that were sent, {digests}")
            else:
                letter.mark("taken")
            away = inbox.parent / "taken"
            away.mkdir(exist_ok=True)
            folder.rename(away / f"{self.handed.total():06}")
            if self.answers and self.handed[document_id] == 1:
                self._report(document_id, f"{self.handed.total():06}.json")

    def _report(self, document_id: str, name: str) -> None:
        statuses = self.receiver / "statuses"
        order = {"schema": 1, "document_id": document_id, "status": "03", "note": "Đã vào sổ"}
        try:
            (statuses / f".{name}").write_text(json.dumps(order))
            (statuses / f".{name}").rename(statuses / name)
        except OSError:  # the disk is full or may not be written to: it is said later
            self._unsaid.append((document_id, name))

    def _read(self) -> None:
        for path in (self.sender / "receipts").iterdir():
            if path.name.startswith("."):
                continue
            receipt = json.loads(path.read_bytes())
            path.unlink()
            what = receipt.get("event") or receipt["status"]
            document_id = receipt["document_id"]
            self.told[document_id, what, receipt.get("to") or receipt["from"], path.name] += 1
            if letter := self.letters.get(document_id):
                letter.mark(what)


def _fresh(folder: Path) -> Path:
    for number in itertools.count(1):
        with suppress(FileExistsError):
            (folder / f"{number:05}").mkdir(parents=True)
            return folder / f"{number:05}"
    raise AssertionError
