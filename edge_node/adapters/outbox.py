"""
The outbox as the document software fills it: what lies there, what belongs together, what is ripe.

The scan is the truth, events only hurry it. Between scans it is remembered, per file, since when
it has looked the same; nothing is written down, so a restart only costs the quiet period. Taking
a drop is `edge_node.adapters.claims`' affair, and what it says is read from the claim.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters import durable
from edge_node.adapters.claims import Claims, is_document_sheet
from edge_node.adapters.disk import shown
from edge_node.adapters.drops import (
    BARE_ENDINGS,
    PACKAGE_ENDING,
    SHEET_ENDINGS,
    Claimed,
    Drop,
    DropChanged,
    DropHeld,
    Scan,
    Style,
    ending_of,
)
from edge_node.adapters.listing import Listing, list_folder
from edge_node.adapters.mounts import is_remote
from edge_node.adapters.ripeness import Ripeness, denied, not_ours, sight_of
from edge_node.adapters.settle import Access, Sighting, Sightings, access
from edge_node.adapters.sheets import Sheet, read_sheet
from edge_node.domain.message import Message, say
from edge_node.protocol.handoff.words import nfc

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from edge_node.adapters.drops import OutboxSettings
    from edge_node.adapters.settle import Round

# The note on a bare file that no rule knows; on another it is how urgent the rule says it is.
_UNKNOWN: Final = -1


class Outbox:
    """One folder the software drops into, and the private folder drops are claimed into."""

    def __init__(
        self,
        folder: Path,
        claims: Path,
        settings: OutboxSettings,
        *,
        sightings: Sightings | None = None,
        anew: bool = False,
    ) -> None:
        """
        Begin with nothing seen; ``claims`` should lie on the same mount as ``folder``.

        ``anew``: what was refused where it lies is judged as if nobody had said so.
        """
        self._folder = folder
        self._anew = anew
        self._settings = settings
        self._claims = Claims(folder, claims)
        self._sightings = sightings or Sightings(folder)
        self._held: dict[Path, tuple[object, Message]] = {}

    def scan(self, now: float, *, only: Path | None = None) -> Scan[Drop]:
        """
        Look at everything once; ``now`` is our monotonic clock, in seconds.

        Where ``only`` is a folder in it, at nothing else; where it is a file, at no folder: of
        files, each may have a say about any other. Raises FolderMissing when the outbox is not
        there, AccessDenied, DiskTrouble.
        """
        with sight_of(self._folder, self._settings, self._sightings, now=now) as sight:
            folders = [each for each in sight.listing.folders if only in (None, Path(each.path))]
            if only is None or not folders:
                self._judge_loose(sight.listing, sight.ripeness)
            for folder in folders:
                self._judge_bundle(folder, sight.eyes, sight.ripeness)
        return sight.ripeness.scan()

    def claim(self, drop: Drop, item_id: str) -> Claimed:
        """
        Take a drop of the last scan out of the outbox, into a folder of its own.

        Raises DropChanged when it is not any more what was seen, DropHeld when it may not be
        moved: then it stays, whole, and scans name the reason until its rights change.
        """
        leases = not is_remote(self._folder)
        for member in drop.members:
            seen = self._sightings.get(member)
            calm = seen is not None and seen.unchanged()
            if not calm or access(str(member), leases=leases) is not Access.FREE:
                raise DropChanged(
                    say("{file} changed before it could be taken", file=shown(member.name)),
                    hint=say("it is taken once it has settled again"),
                )
        try:
            return self._claims.take(drop, item_id)
        except DropHeld as error:
            self._held[drop.anchor] = (self._rights(drop), error.message)
            raise

    def unfinished(self) -> list[str]:
        """Return the ids of what was claimed and still lies in the claims; for the start only."""
        return self._claims.unfinished()

    def take_up(self, item_id: str) -> Claimed | None:
        """Return what was claimed under that id, whole again wherever it was cut off."""
        return self._claims.take_up(item_id)

    def name_of(self, item_id: str) -> str | None:
        """Return what was claimed under that id is called, nothing of it opened; None if gone."""
        return self._claims.name_of(item_id)

    def refuse_in_place(self, drop: Drop, papers: Mapping[str, bytes]) -> None:
        """
        Say beside a drop why it is not touched; scans keep it waiting until it changes.

        ``papers`` are `error.txt` and `error.json`, as `handoff.error_papers` gives them. Nothing
        of the drop is copied or moved, only `<name>.error.json` and `.error.txt` appear.
        """
        for paper in sorted(papers, reverse=True):  # error.json last: it is the mark
            durable.write(self._error_file(drop.name, f".{paper}"), papers[paper])

    def refusal_of(self, drop: Drop) -> Path | None:
        """Return where a person reads why a drop was refused in place, if that still holds."""
        told = self._told_of({drop.anchor, *drop.members}, drop.name)
        return self._error_file(drop.name, ".error.txt") if told else None

    # ── files that lie loose ─────────────────────────────────────────────────────────────────

    def _judge_loose(self, listing: Listing, ripeness: Ripeness) -> None:
        named = _Naming(listing, self._readable_sheets(listing, ripeness))
        for file in listing.files:
            if file.name in named.owners:
                continue
            if file in named.sheets:
                self._judge_sidecar(file, named, ripeness)
            elif ending := ending_of(file.name, (PACKAGE_ENDING,)):
                drop = self._drop(Style.PACKAGE, file.name[: -len(ending)], [file])
                self._offer(ripeness.ripe(drop, [file], file.path), [file], ripeness)
            elif not ending_of(file.name, SHEET_ENDINGS):  # noted when it could not be read
                self._judge_bare(file, ripeness)
        for file in listing.files:
            if file.name in named.owners and not ripeness.takes(file):
                why = say("it goes with {sheet}, which waits", sheet=named.owner(file).name)
                ripeness.wait(file.path, why, file.since)

    def _readable_sheets(self, listing: Listing, ripeness: Ripeness) -> list[Sighting]:
        sheets = (file for file in listing.files if ending_of(file.name, SHEET_ENDINGS))
        return [file for file in sheets if self._read(file, file.path, ripeness)]

    def _read(self, file: Sighting, about: str, ripeness: Ripeness) -> Sheet | None:
        """Return the sheet once it has settled; it is read once while it looks the same."""
        if isinstance(file.note, Sheet):
            return file.note
        if not ripeness.settled(about, [file]) or not ripeness.readable(about, [file]):
            return None
        try:
            file.note = sheet = read_sheet(Path(file.path))
        except FileNotFoundError:
            return None
        return sheet

    def _judge_sidecar(self, file: Sighting, named: _Naming, ripeness: Ripeness) -> None:
        sheet, about = named.sheets[file], file.path
        members, missing = named.members(file)
        ending = ending_of(file.name, SHEET_ENDINGS) or ""
        fault = sheet.fault or named.conflict(file)
        drop = self._drop(
            Style.SIDECAR,
            file.name[: -len(ending)],
            [file, *members],
            fault,
            secret=sheet.secret,
            urgency=sheet.urgency,
        )
        trouble = sheet.flaw or _missing(missing, file)
        self._judge(drop, [file, *members], about, trouble, ripeness)

    def _judge_bare(self, file: Sighting, ripeness: Ripeness) -> None:
        if file.note is None:
            file.note = self._urgency_by_rule(file)
        if file.note == _UNKNOWN:
            why = say("no sidecar names it, and no rule of the configuration knows its name")
            ripeness.wait(file.path, why, file.since, hint=_UNNAMED)
            return
        urgency = file.note if isinstance(file.note, int) else 0
        drop = self._drop(Style.BARE, Path(file.name).stem, [file], urgency=urgency)
        grace = self._settings.bare_grace.total_seconds()
        found = ripeness.ripe(drop, [file], file.path, grace=grace)
        self._offer(found, [file], ripeness)

    def _urgency_by_rule(self, file: Sighting) -> int:
        """Return how urgent the first rule that knows a bare file says it is, or _UNKNOWN."""
        name = nfc(file.name)
        if ending_of(name, BARE_ENDINGS) is None:
            return _UNKNOWN
        urgencies = self._settings.urgencies
        for place, rule in enumerate(self._settings.rules):
            if rule.fullmatch(name):
                return urgencies[place] if place < len(urgencies) else 0
        return _UNKNOWN

    # ── folders ──────────────────────────────────────────────────────────────────────────────

    def _judge_bundle(self, folder: Sighting, eyes: Round, ripeness: Ripeness) -> None:
        about = folder.path
        try:
            inside = list_folder(about, eyes.within(folder))
        except PermissionError:
            ripeness.wait(about, denied(Path(about)), folder.since)
            return
        except (FileNotFoundError, NotADirectoryError):
            return
        why = _unfit(Path(about), inside)
        if why is not None:
            ripeness.wait(about, why, folder.since, hint=None if inside.odd else _UNFINISHED)
        elif ripeness.settled(about, inside.files):
            self._judge_settled(folder, inside, ripeness)

    def _judge_settled(self, folder: Sighting, inside: Listing, ripeness: Ripeness) -> None:
        about = folder.path
        sheets = [file for file in inside.files if is_document_sheet(file.name)]
        sheet = self._read(sheets[0], about, ripeness)
        if sheet is None:
            return
        found, missing = inside.find(sheet.files)
        members = [*sheets, *(file for file in found if file not in sheets)]
        fault = sheet.fault
        if len(sheets) > 1:
            fault = say("the folder holds both a document.json and a document.yaml")
        drop = self._drop(
            Style.BUNDLE,
            folder.name,
            members,
            fault,
            secret=sheet.secret,
            urgency=sheet.urgency,
        )
        trouble = sheet.flaw or _odd(inside) or _missing(missing, sheets[0])
        self._judge(drop, members, about, trouble, ripeness)

    # ── both ─────────────────────────────────────────────────────────────────────────────────

    def _judge(
        self,
        drop: Drop,
        members: list[Sighting],
        about: str,
        trouble: Message | None,
        ripeness: Ripeness,
    ) -> None:
        if not drop.secret:
            self._offer(ripeness.ripe(drop, members, about, trouble=trouble), members, ripeness)
        elif self._refused({drop.anchor, drop.members[0]}, drop.name):
            self._leave_refused(drop, members, about, ripeness)
        else:
            ripeness.take(drop, members)

    def _leave_refused(
        self, drop: Drop, members: list[Sighting], about: str, ripeness: Ripeness
    ) -> None:
        told = self._error_file(drop.name, ".error.txt").name
        why = say("it is refused where it lies, see {file}", file=shown(told))
        ripeness.wait(about, why, max(member.since for member in members))

    def _offer(self, drop: Drop | None, members: list[Sighting], ripeness: Ripeness) -> None:
        if drop is None:
            return
        if self._held:
            rights, why = self._held.get(drop.anchor, (None, None))
            if why is not None and rights == self._rights(drop):
                ripeness.wait(str(drop.anchor), why, max(member.since for member in members))
                return
            self._held.pop(drop.anchor, None)
        # What is printed on any of its files may be why; each may be put right.
        if self._refused({drop.anchor, *drop.members}, drop.name):
            self._leave_refused(drop, members, str(drop.anchor), ripeness)
            return
        ripeness.take(drop, members)

    def _drop(
        self,
        style: Style,
        name: str,
        members: list[Sighting],
        fault: Message | None = None,
        *,
        secret: bool = False,
        urgency: int = 0,
    ) -> Drop:
        return Drop(
            style=style,
            name=name,
            outbox=self._folder,
            files=tuple(member.name for member in members),
            fault=fault,
            secret=secret,
            size=sum(member.size for member in members),
            urgency=urgency,
        )

    def _rights(self, drop: Drop) -> tuple[object, ...]:
        """Return what must change before it is tried again to move a drop."""
        rights: list[object] = []
        for path in (self._folder, drop.anchor, *drop.members):
            with suppress(OSError):
                status = path.lstat()
                rights.append((status.st_ino, status.st_mode, status.st_uid, status.st_gid))
        return tuple(rights)

    def _refused(self, paths: Collection[Path], name: str) -> bool:
        """Tell whether a drop is to stay, because of our word on it."""
        return not self._anew and self._told_of(paths, name)

    def _told_of(self, paths: Collection[Path], name: str) -> bool:
        """Tell whether our word on a drop is younger than these of it (a ctime cannot lie)."""
        try:
            told = self._error_file(name, ".error.json").stat().st_mtime_ns
            return all(path.lstat().st_ctime_ns <= told for path in paths)
        except FileNotFoundError:
            return False

    def _error_file(self, name: str, ending: str) -> Path:
        return self._folder / durable.fitted(name, ending)


class _Naming:
    """Which loose file is named by which sheet."""

    def __init__(self, listing: Listing, sheets: list[Sighting]) -> None:
        self.sheets = {file: file.note for file in sheets if isinstance(file.note, Sheet)}
        self.owners: dict[str, list[Sighting]] = {}
        self._found: dict[Sighting, tuple[list[Sighting], list[str]]] = {}
        for file, sheet in self.sheets.items():
            found, missing = listing.find(sheet.files) if sheet.files else ([], [])
            found = [one for one in found if one is not file]
            self._found[file] = found, missing
            for one in found:
                self.owners.setdefault(one.name, []).append(file)

    def owner(self, file: Sighting) -> Sighting:
        """Return the sheet that names a file, the first of them if there are more."""
        return self.owners[file.name][0]

    def members(self, file: Sighting) -> tuple[list[Sighting], list[str]]:
        """Return the files that are this sheet's alone, and the names no file goes by."""
        found, missing = self._found[file]
        return [one for one in found if len(self.owners[one.name]) == 1], missing

    def conflict(self, file: Sighting) -> Message | None:
        """Return which file another sheet names, too, if one does."""
        for one in self._found[file][0]:
            for other in self.owners[one.name]:
                if other is not file:
                    return say(
                        "{file} is named in both {sheet} and {other}",
                        file=one.name,
                        sheet=file.name,
                        other=other.name,
                    )
        return None


_UNNAMED: Final = say(
    "put a sheet beside it that names it, or have intake.rules know names like this"
)
_UNFINISHED: Final = say("write its document.json, last of all, and see to its owner and mode")


def _unfit(folder: Path, inside: Listing) -> Message | None:
    if not any(is_document_sheet(file.name) for file in inside.files):
        return _odd(inside) or say("the folder holds no document.json yet")
    return not_ours(folder)


def _odd(inside: Listing) -> Message | None:
    """Return what in a folder nobody can take, be it named in the sheet or not."""
    for odd, why in inside.odd:
        return say("it holds {file}: {why}", file=shown(odd.name), why=why)
    return None


def _missing(names: list[str], sheet: Sighting) -> Message | None:
    if not names:
        return None
    return say("{files}, named in {sheet}, is missing", files=", ".join(names), sheet=sheet.name)
