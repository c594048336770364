"""
Takes drops out of the outbox by renaming them into a private folder, and mends what a crash cut.

    claims/<id>/<name>/    a bundle: the very folder that was dropped, in one rename
    claims/<id>/<name>/    anything else: a folder of ours, the sheet moved first, then its files

No record is kept beside the files: what was going on can be read off them. Where a claim lies
once the queue has it is not this module's affair.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.disk import shown
from edge_node.adapters.drops import (
    PACKAGE_ENDING,
    SHEET_ENDINGS,
    Claimed,
    Drop,
    DropChanged,
    DropHeld,
    Style,
    ending_of,
    is_untouchable,
)
from edge_node.adapters.filing import ERRORS, STATUS
from edge_node.adapters.listing import oddness
from edge_node.adapters.mounts import same_mount
from edge_node.adapters.settle import flaw_in
from edge_node.adapters.sheets import read_sheet
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import Message, say
from edge_node.protocol.handoff.words import nfc

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_CHUNK: Final = 1 << 18
_DOCUMENT_SHEETS: Final = frozenset({"document.json", "document.yaml", "document.yml"})


def is_document_sheet(name: str) -> bool:
    """Tell whether a file of this name makes a bundle of its folder."""
    return name.lower() in _DOCUMENT_SHEETS


class Claims:
    """The private folder of drops that are ours and not yet filed."""

    def __init__(self, outbox: Path, folder: Path) -> None:
        """Claim out of ``outbox`` into ``folder``."""
        self._outbox = outbox
        self._folder = folder

    def take(self, drop: Drop, item_id: str) -> Claimed:
        """
        Move a drop into `claims/<item_id>/<name>/`, all of it or nothing.

        Raises DropHeld when it may not be moved, DropChanged when part of it has gone.
        """
        home = self._folder / item_id
        target = home / drop.name
        with durable.disk_errors(home):
            if not self._folder.is_dir():
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            home.mkdir(mode=0o700)
            if drop.style is not Style.BUNDLE:
                self._make_readable(target)
                durable.sync_folder(home)
            self._carry_out(drop, target)  # which makes a bundle durable in `home`
            durable.sync_folder(self._folder)
        sheet = target / drop.members[0].name
        return Claimed(
            id=item_id,
            style=drop.style,
            name=drop.name,
            folder=target,
            sheet=sheet,
            files=_files_beside(sheet, drop.style),
            fault=drop.fault,
        )

    def begin(self, item_id: str, name: str, sheet: bytes) -> Claimed:
        """Lay a drop of our own making, a sheet alone, into the claims; all of it or nothing."""
        home = self._folder / item_id
        with durable.disk_errors(home):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with durable.building(home, mode=0o700) as building:
                self._make_readable(building / name)
                durable.write(building / name / "document.json", sheet)
        claimed = recognise(item_id, home / name, name)
        assert claimed is not None  # noqa: S101 - it was written just now
        return claimed

    def begin_package(self, item_id: str, name: str, package: BinaryIO) -> None:
        """Lay a package of our own making, alone, into the claims; all of it or nothing."""
        home = self._folder / item_id
        with durable.disk_errors(home):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with durable.building(home, mode=0o700) as building:
                self._make_readable(building / name)
                with durable.writing(building / name / f"{name}{PACKAGE_ENDING}") as copy:
                    shutil.copyfileobj(package, copy, _CHUNK)

    def abandon(self, item_id: str) -> None:
        """Remove a drop of our own making that was not taken in."""
        home = self._folder / item_id
        with durable.disk_errors(home):
            if home.is_dir():
                durable.remove_aside(home)

    def unfinished(self) -> list[str]:
        """Return the ids of all claims there are; what was moved away is deleted for good."""
        with durable.disk_errors(self._folder):
            if not self._folder.is_dir():
                return []
            durable.sweep(self._outbox, kind="moved")
            homes = (path for path in self._folder.iterdir() if path.is_dir())
            return sorted(home.name for home in homes if not home.name.startswith("."))

    def take_up(self, item_id: str) -> Claimed | None:
        """Return a claim, its moves completed; None, and nothing left, where nothing moved yet."""
        home = self._folder / item_id
        with durable.disk_errors(home):
            return self._read_back(home) if home.is_dir() else None

    def name_of(self, item_id: str) -> str | None:
        """Return what the drop of a claim is called, nothing of it opened; None if it is gone."""
        home = self._folder / item_id
        with durable.disk_errors(home):
            return next((path.name for path in _folders_in(home)), None)

    def _make_readable(self, target: Path) -> None:
        """
        Make a folder whose group is the outbox's, as a bundle's is.

        Nobody gets at it in here; once it is filed in the exchange folder people are to read it.
        """
        target.mkdir()
        with suppress(PermissionError):  # not a member of that group: it stays as it is
            os.chown(target, -1, self._outbox.stat().st_gid)
        target.chmod(0o2750)

    def _carry_out(self, drop: Drop, target: Path) -> None:
        done: list[tuple[Path, Path]] = []
        try:
            for member in drop.members:
                durable.sync_file(member)  # the software need not have done so
            for source, goal in _moves(drop, target):
                durable.move(source, goal)
                done.append((source, goal))
        except EdgeNodeError as error:
            _put_back(done, target.parent)
            raise _why_not(error) from error

    def _read_back(self, home: Path) -> Claimed | None:
        durable.sweep(home)
        folder = next(_folders_in(home), None)
        claimed = recognise(home.name, folder, folder.name) if folder else None
        if claimed is None:
            _remove_empty(home)
            return None
        if claimed.style is Style.BUNDLE:
            self._drop_original(self._outbox / claimed.name, claimed.folder)
        else:
            self._drop_original(self._outbox / claimed.sheet.name, claimed.sheet)
        if claimed.style is Style.SIDECAR:
            self._finish(claimed)
        files = _files_beside(claimed.sheet, claimed.style)
        claimed = replace(claimed, files=files)
        return replace(claimed, fault=_fault_of(claimed))

    def _finish(self, claimed: Claimed) -> None:
        """Move the files over that the sheet names and that did not come along."""
        for name in read_sheet(claimed.sheet).files:
            here, there = claimed.named(name), self._lying(name)
            if there is None or there == self._outbox / claimed.sheet.name:
                continue
            if here is None:
                durable.move(there, claimed.folder / there.name)
            else:
                self._drop_original(there, here)

    def _lying(self, name: str) -> Path | None:
        for path in (self._outbox / name, *self._outbox.iterdir()):
            if path.parent == self._outbox and nfc(path.name) == nfc(name) and _is_file(path):
                return path
        return None

    def _drop_original(self, original: Path, copy: Path) -> None:
        """Remove what was copied from another mount, where the crash came before that."""
        if not original.exists() or same_mount(self._outbox, self._folder):
            return  # a rename leaves nothing behind: this is a new drop of the same name
        if durable.same_content(original, copy):
            durable.remove_aside(original)


def _moves(drop: Drop, target: Path) -> list[tuple[Path, Path]]:
    if drop.style is Style.BUNDLE:
        return [(drop.members[0].parent, target)]
    return [(member, target / member.name) for member in drop.members]


def _put_back(done: list[tuple[Path, Path]], home: Path) -> None:
    for source, target in reversed(done):  # the sheet last: until then nothing looks complete
        with suppress(EdgeNodeError):  # what does not go back is mended at the next start
            durable.move(target, source)
    _remove_empty(home)


def _why_not(error: EdgeNodeError) -> EdgeNodeError:
    if isinstance(error, durable.AccessDenied | durable.NameUnusable):
        return DropHeld(error.message, hint=error.hint)
    if isinstance(error, durable.FileGone):
        return DropChanged(error.message, hint=error.hint)
    return error


def _remove_empty(home: Path) -> None:
    for folder in (*home.iterdir(), home):
        with suppress(OSError):  # not empty: whatever it is, it is not ours to delete
            folder.rmdir()


def _folders_in(home: Path) -> Iterator[Path]:
    return (path for path in home.iterdir() if path.is_dir()) if home.is_dir() else iter(())


def recognise(item_id: str, folder: Path, name: str) -> Claimed | None:
    """Return what a drop called so is by what lies in it; None when nothing has been moved yet."""
    files = sorted(_dropped_in(folder), key=_by_ending)
    style, sheet = _sheet_of(name, files)
    if sheet is None:
        return None
    return Claimed(
        id=item_id,
        style=style,
        name=name,
        folder=folder,
        sheet=sheet,
        files=_files_beside(sheet, style),
    )


def as_it_lies(drop: Drop) -> Claimed:
    """Return what a drop would be if it were ours; it stays where it is, and has no id."""
    sheet = drop.members[0]
    beside = drop.members[1:] if drop.style is Style.SIDECAR else _files_beside(sheet, drop.style)
    return Claimed(
        id="",
        style=drop.style,
        name=drop.name,
        folder=sheet.parent,
        sheet=sheet,
        files=beside if drop.style is not Style.PACKAGE else (),
        fault=drop.fault,
    )


def flaws_in(drop: Drop) -> tuple[Message, ...]:
    """Return which files of a drop cannot be whole, by their own marks; those that are there."""
    with durable.disk_errors(drop.anchor):
        return tuple(flaw for path in drop.members if (flaw := _flaw(path)))


def _sheet_of(name: str, files: list[Path]) -> tuple[Style, Path | None]:
    own = next((file for file in files if _is_sheet_of(name, file)), None)
    documents = [file for file in files if is_document_sheet(file.name)]
    # A sidecar may name a file called document.json, and a bundle X may hold an X.json.
    if own and (documents in ([], [own]) or documents[0].name in read_sheet(own).files):
        return Style.SIDECAR, own
    if documents:
        return Style.BUNDLE, documents[0]
    package = next((file for file in files if file.name.lower().endswith(PACKAGE_ENDING)), None)
    if package:
        return Style.PACKAGE, package
    return Style.BARE, next(iter(files), None)


def _is_sheet_of(name: str, file: Path) -> bool:
    ending = ending_of(file.name, SHEET_ENDINGS)
    return bool(ending) and file.name == f"{name}{ending}"


def _by_ending(file: Path) -> tuple[bool, str]:
    return not file.name.lower().endswith(".json"), file.name


def _files_beside(sheet: Path, style: Style) -> tuple[Path, ...]:
    if style is Style.BARE:
        return (sheet,)
    beside = (path for path in _dropped_in(sheet.parent) if path != sheet)
    return tuple(sorted(path for path in beside if not is_untouchable(path.name)))


def _dropped_in(folder: Path) -> list[Path]:
    """Return the files that came with the drop: not the papers that say how it fared."""
    papers = {STATUS, *ERRORS}
    return [
        path
        for path in folder.iterdir()
        if _is_file(path) and (path.name not in papers or _is_sheet_of(folder.name, path))
    ]


def _fault_of(claimed: Claimed) -> Message | None:
    """Return what a scan would have found wrong with the drop."""
    if claimed.style in (Style.PACKAGE, Style.BARE):
        return _flaw(claimed.sheet)
    sheet = read_sheet(claimed.sheet)
    if sheet.fault or sheet.flaw:
        return sheet.fault or sheet.flaw
    if claimed.style is Style.BUNDLE and (fault := _fault_in(claimed)):
        return fault
    for name in sheet.files:
        path = claimed.named(name)
        if path is None:
            return say(
                "{files}, named in {sheet}, is missing", files=name, sheet=claimed.sheet.name
            )
        if flaw := _flaw(path):
            return flaw
    return None


def _fault_in(bundle: Claimed) -> Message | None:
    if any(is_document_sheet(file.name) for file in bundle.files):
        return say("the folder holds both a document.json and a document.yaml")
    with os.scandir(bundle.folder) as entries:
        for entry in entries:
            if not is_untouchable(entry.name) and (why := oddness(entry)):
                return say("it holds {file}: {why}", file=shown(entry.name), why=why)
    return None


def _flaw(path: Path) -> Message | None:
    flaw = flaw_in(path)
    return flaw and say("{file} is not complete: {flaw}", file=shown(path.name), flaw=flaw)


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
