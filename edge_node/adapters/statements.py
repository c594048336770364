"""
What authorities said of certificates, kept on disk: every piece by its SHA-256.

What a verdict relied on is kept for good, in a folder of its own: whoever asks later why a
signature was believed, or a document returned, finds it by the digests in `verification.json`.
Beside each question lies a note of which piece answered it last and until when that may be
believed without asking again. A note that cannot be read is as good as none; a piece that is
damaged likewise, since its name tells. What the pieces say is judged elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from edge_node.adapters.durable import disk_errors, private_folder, sweep, write
from edge_node.adapters.pieces import Piece
from edge_node.adapters.steps import Step, passing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from edge_node.notary.trust import Wanted

_PIECES, _ANSWERS, _RELIED_ON = "pieces", "answers", "relied-on"
_PRIVATE: Final = 0o600
_LONGEST_NOTE: Final = 4096
_UNREADABLE: Final = (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Statements:
    """
    The pieces in one folder, which is made when there is something to keep.

    What is not here may lie in ``beneath``, where nothing is ever changed: whoever only rehearses
    knows what the node knows, and leaves nothing behind.
    """

    folder: Path
    beneath: Path | None = None

    def answer(self, wanted: Wanted) -> Piece | None:
        """Return what was last answered to a question; None where nobody knows."""
        with disk_errors(self.folder), suppress(*_UNREADABLE):
            with self._note(wanted).open("rb") as file:
                note = json.loads(file.read(_LONGEST_NOTE))
            content = self.piece(note["piece"])
            if content is not None:
                return Piece(
                    content=content,
                    fresh_until=_moment(note["fresh_until"]),
                    speaks_until=_moment(note["speaks_until"]),
                )
        return None if self.beneath is None else Statements(self.beneath).answer(wanted)

    def piece(self, fingerprint: str) -> bytes | None:
        """Return the piece of that SHA-256 (hexadecimal); None where it is not here, and whole."""
        found = self._whole(_PIECES, fingerprint) or self._whole(_RELIED_ON, fingerprint)
        if found is None and self.beneath is not None:
            return Statements(self.beneath).piece(fingerprint)
        return found

    def rely_on(self, fingerprints: Iterable[str]) -> None:
        """Keep these pieces for good, durably; what is not here came with the document itself."""
        folder = self.folder / _RELIED_ON
        for fingerprint in filter(_is_fingerprint, dict.fromkeys(fingerprints)):
            path = folder / fingerprint
            with disk_errors(path):
                content = None if path.exists() else self._whole(_PIECES, fingerprint)
            if content is not None:
                private_folder(folder)
                write(path, content, mode=_PRIVATE)

    def keep(self, wanted: Wanted, piece: Piece) -> str:
        """Keep an answer durably, and return its SHA-256."""
        fingerprint = hashlib.sha256(piece.content).hexdigest()
        for folder in (self.folder, self.folder / _PIECES, self.folder / _ANSWERS):
            private_folder(folder)
        if self._whole(_PIECES, fingerprint) is None:
            write(self._piece(fingerprint), piece.content, mode=_PRIVATE)
        else:
            with disk_errors(self.folder):
                os.utime(self._piece(fingerprint))  # told again: as young as its note
        note = {
            "kind": wanted.kind.value,
            "url": wanted.url,
            "piece": fingerprint,
            "fresh_until": piece.fresh_until.isoformat(),
            "speaks_until": piece.speaks_until.isoformat(),
        }
        write(self._note(wanted), json.dumps(note).encode(), mode=_PRIVATE)
        return fingerprint

    def forget(self, *, before: datetime) -> int:
        """
        Remove what has not been told again since a moment; return how many pieces went.

        What a verdict relied on stays.
        """
        with disk_errors(self.folder):
            rooms = [self.folder / name for name in (_ANSWERS, _PIECES)]
            notes, pieces = (_older(room, before) for room in rooms)
            if (self.folder / _RELIED_ON).is_dir():
                sweep(self.folder / _RELIED_ON)  # of what was cut off while it was written
            for path in (*notes, *pieces):  # notes first: without its piece one says nothing
                with passing(Step.REMOVE, path):
                    path.unlink(missing_ok=True)
        return len(pieces)

    def _whole(self, room: str, fingerprint: str) -> bytes | None:
        with disk_errors(self.folder), suppress(FileNotFoundError):
            content = self._path(room, fingerprint).read_bytes()
            if hashlib.sha256(content).hexdigest() == fingerprint:
                return content
        return None

    def _path(self, room: str, fingerprint: str) -> Path:
        if not _is_fingerprint(fingerprint):
            raise FileNotFoundError(fingerprint)  # no path is made of what is no fingerprint
        return self.folder / room / fingerprint

    def _piece(self, fingerprint: str) -> Path:
        return self._path(_PIECES, fingerprint)

    def _note(self, wanted: Wanted) -> Path:
        asked = b"\0".join((wanted.kind.value.encode(), wanted.url.encode(), wanted.request))
        return self.folder / _ANSWERS / hashlib.sha256(asked).hexdigest()


def _is_fingerprint(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")  # noqa: PLR2004 - of SHA-256


def _moment(written: str) -> datetime:
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        raise ValueError(written)
    return moment


def _older(folder: Path, moment: datetime) -> list[Path]:
    if not folder.is_dir():
        return []
    sweep(folder)
    return [path for path in folder.iterdir() if path.stat().st_mtime < moment.timestamp()]
