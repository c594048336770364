"""
The evidence of one document: everything the node has on it, in a ZIP that is read without us.

What was destroyed, taken away or never there is said in the file itself. Nothing is asked of
anybody, and nothing of the node is changed.
"""

from __future__ import annotations

import io
import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge_node.adapters import evidence_rows
from edge_node.adapters.disk import AccessDenied, FileGone, disk_errors
from edge_node.adapters.durable import room
from edge_node.adapters.evidence_zip import Archive
from edge_node.adapters.journal import Journal
from edge_node.adapters.journal_file import JournalFile
from edge_node.adapters.ledger import Outbound
from edge_node.adapters.statements import Statements
from edge_node.catalogue import Language, tell
from edge_node.domain.called import STATES
from edge_node.domain.envelope import Digest, MessageType
from edge_node.domain.errors import PackageUnreadable
from edge_node.domain.time import iso
from edge_node.node import evidence_words as words
from edge_node.paper.evidence import Both, Summary, write_html, write_pdf
from edge_node.protocol import edxml
from edge_node.tools import verify_journal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from edge_node.adapters.ledger import Inbound
    from edge_node.node import Node

_VERDICTS: Final = "verification.json"
_LARGEST_VERDICTS: Final = 16 << 20
_ANCHORS: Final = {".pem", ".crt", ".cer", ".der"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What an evidence file came to hold."""

    files: int
    events: int  # of the document, told in full
    uncovered: int  # events at the end no head vouches for
    heads: int
    stamped: int
    missing: tuple[Both, ...]
    holds: bool  # whether the excerpt of the journal was verified


@dataclass(slots=True, kw_only=True)
class Evidence:
    """Gathers the evidence of one item."""

    node: Node
    item: Outbound | Inbound
    _missing: list[Both] = field(default_factory=list, init=False)
    _contents: list[tuple[str, str]] = field(default_factory=list, init=False)

    def write(self, out: BinaryIO, beside: Path) -> Collected:
        """Write it into an open file; ``beside`` is a folder for what is made on the way."""
        archive = Archive(out, at=self.node.clock())
        self._put_folder(archive)
        self._put_packages(archive)
        self._put_statuses(archive)
        self._put_receipts(archive)
        self._put_record(archive)
        self._put_trust(archive)
        verifier = self._put_journal(archive, beside)
        holds = verifier.ended
        self._put_papers(archive, verifier)
        archive.close()
        return Collected(
            files=len(archive.sums),
            events=verifier.told,
            uncovered=verifier.count - verifier.covered,
            heads=verifier.heads,
            stamped=verifier.stamped,
            missing=tuple(self._missing),
            holds=holds,
        )

    @property
    def _is_out(self) -> bool:
        return isinstance(self.item, Outbound)

    # ── the document ─────────────────────────────────────────────────────────────────────────

    def _put_folder(self, archive: Archive) -> None:
        """Add what was dropped, or what lies in the inbox."""
        if self.item.removed is not None:
            self._missing.append(_filled(words.REMOVED, at=iso(self.item.removed)))
            return
        if not self.item.folder:
            self._missing.append(words.NO_FOLDER)
            return
        exchange = self.node.exchange
        folder = (exchange.root if self._is_out else exchange.inbox) / self.item.folder
        try:
            added = archive.folder("original", folder)
        except (FileGone, AccessDenied, FileNotFoundError):
            added = []
        if added:
            self._contents.append(("original", "original/"))
        else:
            self._missing.append(words.FOLDER_GONE)
            if not self._is_out:
                self._missing.append(words.NO_VERDICTS)

    def _put_packages(self, archive: Archive) -> None:
        """Add each package as it travelled."""
        stone = None if isinstance(self.item, Outbound) else self.item.tombstone
        if stone is not None:
            self._missing.append(_filled(words.DESTROYED, at=iso(stone.at)))
        for row in self._packages():
            name = f"package/{row['id']}.edxml"
            if (
                self._put_body(archive, name, row)
                and ("package", "package/") not in self._contents
            ):
                self._contents.append(("package", "package/"))

    def _packages(self) -> Iterable[dict[str, Any]]:
        file = self.node.queue.file
        if self._is_out:
            rows = evidence_rows.envelopes_of(file, self.item.id)
            return [row for row in rows if row["message"] == MessageType.DOCUMENT]
        return evidence_rows.incoming_of(file, self.item.id)

    def _put_statuses(self, archive: Archive) -> None:
        """Add the statuses that were told of it, in whichever direction."""
        file = self.node.queue.file
        sent = evidence_rows.envelopes_of(file, self.item.id)
        sent = [row for row in sent if row["message"] == MessageType.STATUS]
        heard = filter(self._is_about, evidence_rows.heard_of(file, self.item.id))
        added = [self._put_body(archive, f"statuses/sent-{row['id']}.edxml", row) for row in sent]
        added += [
            self._put_body(archive, f"statuses/received-{row['id']}.edxml", row) for row in heard
        ]
        if any(added):
            self._contents.append(("statuses", "statuses/"))

    def _is_about(self, row: dict[str, Any]) -> bool:
        """Tell whether a status that came is about this document, by what it says itself."""
        try:
            package = edxml.read_header(io.BytesIO(row["body"] or b""), limits=self.node.limits)
        except PackageUnreadable:
            return False
        if not isinstance(package, edxml.StatusPackage):
            return False
        about = package.message.about
        if about.document_id:
            return about.document_id == self.item.document_id
        return about.code == self.item.code

    def _put_body(self, archive: Archive, name: str, row: dict[str, Any]) -> bool:
        """Add the bytes of a row, from the queue or from the spool; tell whether there are any."""
        if row["body"] is not None:
            archive.put(name, row["body"])
            return True
        try:
            with self.node.spool.open(Digest(row["digest"])) as file:
                archive.stream(name, file)
        except FileGone:
            self._missing.append(_filled(words.PACKAGE_GONE, digest=row["digest"]))
            return False
        return True

    def _put_receipts(self, archive: Archive) -> None:
        """Add the receipts of it that the software has not deleted."""
        folder, added = self.node.exchange.receipts, False
        with disk_errors(folder), suppress(FileNotFoundError):
            for number in Journal(self.node.queue.file).of(self.item.id):
                for path in sorted(folder.glob(f"*_{number:07}_*.json")):
                    archive.put(f"receipts/{path.name}", path.read_bytes())
                    added = True
        if added:
            self._contents.append(("receipts", "receipts/"))
        elif self._is_out:
            self._missing.append(words.RECEIPTS_READ)

    def _put_record(self, archive: Archive) -> None:
        record = evidence_rows.record_of(self.node.queue.file, self.item.id)
        archive.put("record.json", _json(record))
        self._contents.append(("record", "record.json"))

    # ── whom was believed ────────────────────────────────────────────────────────────────────

    def _put_trust(self, archive: Archive) -> None:
        """Add what verdicts relied on, and the certificates that are trusted here."""
        statements = Statements(self.node.config.folders.evidence)
        found = False
        for fingerprint in self._relied_on():
            content = statements.piece(fingerprint)
            if content is not None:  # what came with the document itself is in the package
                archive.put(f"relied-on/{fingerprint}.der", content)
                found = True
        if found:
            self._contents.append(("relied-on", "relied-on/"))
        trusted = self.node.config.trusted
        with disk_errors(trusted):
            paths = sorted(trusted.iterdir()) if trusted.is_dir() else []
            anchors = [path for path in paths if path.suffix.lower() in _ANCHORS]
            for path in anchors:
                archive.put(f"anchors/{path.name}", path.read_bytes())
        if anchors:
            self._contents.append(("anchors", "anchors/"))

    def _relied_on(self) -> list[str]:
        """Return the digests verification.json names, if it is still there."""
        if self._is_out or not self.item.folder:
            return []
        path = self.node.exchange.inbox / self.item.folder / _VERDICTS
        try:
            with path.open("rb") as file:
                told = json.loads(file.read(_LARGEST_VERDICTS))
            signatures = [one for each in told["attachments"] for one in each["signatures"]]
            found = [digest for one in signatures for digest in one["evidence"]]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return []  # people may write there; that the paper is gone is said with its folder
        return [digest for digest in dict.fromkeys(found) if isinstance(digest, str)]

    # ── the journal ──────────────────────────────────────────────────────────────────────────

    def _put_journal(self, archive: Archive, beside: Path) -> verify_journal.Verifier:
        """Add the excerpt, verified by the very tool that is given along."""
        journal = Journal(self.node.queue.file)
        code = self.node.config.agency.code
        writer = JournalFile(journal=journal, agency=code, made=self.node.clock())
        verifier = verify_journal.Verifier()
        verifier.keeps = True
        with room(beside) as aside:
            path = aside / verify_journal.IN_ZIP
            with path.open("wb") as file:
                writer.excerpt(file, self.item.id)
            with path.open("rb") as file:
                self._verify(verifier, file)
            with path.open("rb") as file:
                archive.stream(verify_journal.IN_ZIP, file)
        self._contents.append(("journal", verify_journal.IN_ZIP))
        for event, chain, token in verifier.kept:
            archive.put(f"heads/head-{event}.bin", chain)
            archive.put(f"heads/head-{event}.tst", token)
        if verifier.kept:
            self._contents.append(("heads", "heads/"))
        return verifier

    def _verify(self, verifier: verify_journal.Verifier, file: BinaryIO) -> None:
        try:
            verifier.walk(file)
        except verify_journal.Wrong as wrong:
            told = _filled(
                words.JOURNAL_BROKEN, line=wrong.line, vi=wrong.vietnamese, en=wrong.english
            )
            self._missing.append(told)
            return
        loose = verifier.count - verifier.covered
        if loose:
            self._missing.append(_filled(words.UNCOVERED, count=loose))
        if not verifier.stamped:
            self._missing.append(words.UNSTAMPED)

    # ── the papers ───────────────────────────────────────────────────────────────────────────

    def _put_papers(self, archive: Archive, verifier: verify_journal.Verifier) -> None:
        """Add what tells people what this is and how it is checked."""
        made = iso(self.node.clock())
        summary = Summary(
            agency=f"{self.node.config.agency.name} ({self.node.config.agency.code})",
            made=made,
            facts=tuple(self._facts(verifier)),
            contents=tuple((words.PARTS[part], where) for part, where in self._contents),
            missing=tuple(self._missing),
            note=words.NOTE,
        )
        archive.put("summary.html", write_html(summary))
        page = io.BytesIO()
        write_pdf(summary, page)
        archive.put("summary.pdf", page.getvalue())
        tool = Path(verify_journal.__file__)
        with disk_errors(tool):
            archive.put(tool.name, tool.read_bytes())
        code = self.node.config.agency.code
        readme = words.README.format(agency=code, item=self.item.id, made=made)
        archive.put("README.txt", readme.encode())
        manifest = {
            "schema": 1,
            "agency": code,
            "item": self.item.id,
            "document_id": self.item.document_id,
            "made": made,
            "journal_holds": verifier.ended,
            "missing": [{"vi": one.vi, "en": one.en} for one in self._missing],
            "files": [
                {"name": name, "size": archive.sizes[name], "sha256": digest}
                for name, digest in archive.sums.items()
            ],
        }
        archive.put("manifest.json", _json(manifest))

    def _facts(self, verifier: verify_journal.Verifier) -> Iterable[tuple[Both, str]]:
        """Yield what stands at the head of the summary."""
        item, labels = self.item, words.LABELS
        direction = words.OUT if self._is_out else words.IN
        told = {
            "item": item.id,
            "direction": f"{direction.vi} / {direction.en}",
            "document_id": item.document_id,
            "code": item.code,
            "promulgated": item.promulgated,
            "type": item.type,
            "subject": item.subject,
            "created": iso(item.created),
        }
        if isinstance(item, Outbound):
            told["receivers"] = "; ".join(
                f"{_called(fate.receiver, fate.name)}: {_state(fate.state)}" for fate in item.fates
            )
        else:
            told |= {"sender": item.sender, "state": _state(item.state)}
        told["digest"] = ", ".join(row["digest"] for row in self._packages())
        counted = _filled(words.COUNTED, told=verifier.told, count=verifier.count)
        stamped = _filled(words.STAMPED, heads=verifier.heads, stamped=verifier.stamped)
        told["journal"] = f"{counted.vi} / {counted.en}"
        told["heads"] = f"{stamped.vi} / {stamped.en}"
        return [(labels[name], value) for name, value in told.items() if value]


def _called(code: str, name: str) -> str:
    return f"{name} ({code})" if name else code


def _state(state: str) -> str:
    """Return what a state is called, in both languages."""
    word = STATES.get(state)
    return f"{tell(word, Language.VI)} / {tell(word, Language.EN)}" if word else state


def _filled(both: Both, **values: object) -> Both:
    return Both(both.vi.format(**values), both.en.format(**values))


def _json(values: object) -> bytes:
    return json.dumps(values, ensure_ascii=False, indent=1).encode() + b"\n"
