"""
The demo: what a newcomer sees of the main job, as it happens.

A test axis, a certificate authority, a ministry, a province and a commune work in one folder;
documents go out in every style, signed on their way, one to two receivers, one to a code nobody
has; the receivers register and finish what they got, one answers, two pass on what was altered
after it had been signed, one gives back what had gone to the wrong agency. In the end everything
is counted from the files and the axis's tables.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge_node.catalogue import here, language_of, tell
from edge_node.demo.audit import audit, papers, set_aside
from edge_node.demo.scenes import (
    ALTERED,
    COMMUNE,
    MINISTRY,
    PROVINCE,
    ask_back,
    opening,
    passed_on,
    reply,
)
from edge_node.demo.stage import staged
from edge_node.domain.document import BusinessKind
from edge_node.domain.receipt import MEANINGS, Status
from edge_node.domain.signature import Verdict
from edge_node.domain.time import VIETNAM, in_vietnam

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from rich.console import Console

    from edge_node.demo.audit import Audit
    from edge_node.demo.scenes import Letter
    from edge_node.demo.stage import Actor

_LIMIT: Final = 120.0
_BLINK: Final = 0.1
# What must have been heard of everything that arrived.
_REPORTED: Final = frozenset({Status.ARRIVED, Status.REGISTERED, Status.FINISHED})


def demonstrate(*, as_json: bool, folder: Path | None) -> bool:
    """Run the demo and show it; True if nothing was lost, doubled or let through altered."""
    from rich.console import Console  # noqa: PLC0415 - only for the show

    console = Console(file=sys.stderr if as_json else sys.stdout, highlight=False)
    home = folder.absolute() if folder else Path(tempfile.mkdtemp(prefix="edge-node-demo-"))
    home.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    show = Show(console=console)
    try:
        agencies = (MINISTRY, PROVINCE, COMMUNE)
        with staged(home, agencies, careless=(COMMUNE[0],)) as actors:
            result = show.play(home, actors)
        seconds = time.monotonic() - started
        if as_json:
            sys.stdout.write(json.dumps(_balance(result, seconds)) + "\n")
        else:
            _curtain(console, result, home, seconds)
    finally:
        if as_json and folder is None:
            shutil.rmtree(home)
    return result.good


@dataclass(slots=True, kw_only=True)
class Show:
    """The play, and what the audience has been told of it so far."""

    console: Console
    _seen: set[Path] = field(default_factory=set)
    _told: set[tuple[str, str]] = field(default_factory=set)  # what was set aside: who, which
    _mistaken: set[str] = field(default_factory=set)  # documents their senders want back
    _entered: Counter[str] = field(default_factory=Counter)  # how far each register has come
    _begun: float = field(default_factory=time.monotonic)

    def play(self, home: Path, actors: Mapping[str, Actor]) -> Audit:
        """Drop, answer, report, and watch until everything has arrived or time is up."""
        today = datetime.now(VIETNAM).date()
        workshop = home / "workshop"
        workshop.mkdir()
        for actor in actors.values():
            self._say(actor, here("is connected: {name}").format(name=actor.name))
        letters = []
        for letter in opening(actors, workshop, today):
            letters.append(letter)
            if letter.mistaken:
                self._mistaken.add(letter.document_id)
            self._dropped(actors, letter)
            self._watch(actors)
        asked = letters[0]
        [mistaken] = [letter for letter in letters if letter.mistaken]
        noticed = False
        waiting = {PROVINCE[0], COMMUNE[0]}  # who will do something with it when it is there
        deadline = time.monotonic() + _LIMIT
        while time.monotonic() < deadline:
            self._watch(actors)
            for code in sorted(waiting):
                folder = self._holding(actors[code], asked)
                if folder is not None:
                    waiting.discard(code)
                    letters += self._taken_up(actors, code, asked, folder, workshop, today)
            if not noticed and self._holding(actors[mistaken.receivers[0]], mistaken):
                noticed = True
                self._asks_back(actors, mistaken, today)
            result = audit(actors, letters, home / "axis")
            if not waiting and _complete(result):
                break
            time.sleep(_BLINK)
        self._watch(actors)
        return audit(actors, letters, home / "axis")

    def _taken_up(
        self,
        actors: Mapping[str, Actor],
        code: str,
        asked: Letter,
        folder: Path,
        workshop: Path,
        today: date,
    ) -> list[Letter]:
        """Have the province answer what it got, and both pass it on, altered."""
        letters = [reply(actors, asked, today)] if code == PROVINCE[0] else []
        words = here("a careless scanner alters {file}, which is signed")
        self._say(actors[code], words.format(file=ALTERED), "yellow")
        letters.append(passed_on(actors, code, folder / ALTERED, workshop, today))
        for letter in letters:
            self._dropped(actors, letter)
        return letters

    def _asks_back(self, actors: Mapping[str, Actor], letter: Letter, today: date) -> None:
        """Have the sender notice that it went to the wrong agency."""
        words = here("asks {receivers} to give back {document}: sent by mistake")
        receivers = ", ".join(letter.receivers)
        said = words.format(receivers=receivers, document=_number(letter.document_id))
        self._say(actors[letter.sender], said, "yellow")
        ask_back(actors, letter, today)

    def _watch(self, actors: Mapping[str, Actor]) -> None:
        """Tell what is new in the folders, and let the receivers' software do its part."""
        for actor in actors.values():
            for folder in self._new(actor.exchange / "inbox", "*"):
                sheet = json.loads((folder / "document.json").read_text(encoding="utf-8"))
                self._say(
                    actor,
                    here("received from {sender}: {folder}").format(
                        sender=sheet["from"]["code"], folder=folder.name
                    ),
                )
                self._signatures(actor, folder)
                self._answer(actor, sheet)
            for path in self._new(actor.exchange / "receipts", "*.json"):
                self._receipt(actor, json.loads(path.read_text(encoding="utf-8")))
            for path in self._new(actor.exchange / "failed", "*/*/*/*/error.txt"):
                first = path.read_text(encoding="utf-8-sig").splitlines()[0]
                self._say(actor, here("could not be sent: {why}").format(why=first), "red")
            self._aside(actor)

    def _new(self, folder: Path, pattern: str) -> list[Path]:
        found = [
            path
            for path in sorted(folder.glob(pattern))
            if not path.name.startswith(".") and path not in self._seen
        ]
        self._seen.update(found)
        return found

    def _answer(self, actor: Actor, sheet: Mapping[str, Any]) -> None:
        """Do what the receiver's people and their software do with a document."""
        if sheet["business"]["kind"] == BusinessKind.RECALL:
            words = here("agrees: {document} is destroyed here")
            document = _number(sheet["business"]["document_id"])
            self._say(actor, words.format(document=document), "yellow")
            self._report(actor, sheet, Status.CHANGE_AGREED)
        elif sheet["document_id"] not in self._mistaken:
            self._entered[actor.code] += 1
            number = f"{self._entered[actor.code]}"
            words = here("enters it in its register: arrival number {number}")
            self._say(actor, words.format(number=number))
            self._report(actor, sheet, Status.REGISTERED, arrival={"number": number})
            self._report(actor, sheet, Status.FINISHED)

    def _report(
        self, actor: Actor, sheet: Mapping[str, str], status: Status, **more: object
    ) -> None:
        order = {"schema": 1, "id": sheet["id"], "status": status, "note": MEANINGS[status]}
        path = actor.exchange / "statuses" / f"{sheet['id']}-{status}.json"
        path.write_text(json.dumps(order | more, ensure_ascii=False), encoding="utf-8")

    def _receipt(self, actor: Actor, receipt: Mapping[str, str]) -> None:
        if "status" in receipt:
            words = here("hears from {sender}: {status} {meaning}").format(
                sender=receipt["from"], status=receipt["status"], meaning=receipt["meaning"]
            )
            self._say(actor, words, "green")
        elif receipt["event"] == "accepted":
            words = here("the axis accepted {document} for {receiver}")
            self._say(
                actor,
                words.format(document=receipt["document_id"], receiver=receipt["to"]),
                "cyan",
            )
        elif receipt["event"] == "recalled":
            words = here("{receiver} gave back {document}")
            document = _number(receipt["document_id"])
            said = words.format(document=document, receiver=receipt["to"])
            self._say(actor, said, "green")

    def _dropped(self, actors: Mapping[str, Actor], letter: Letter) -> None:
        words = here("drops into its outbox ({style}): {title} → {receivers}")
        self._say(
            actors[letter.sender],
            words.format(
                style=_style(letter.style),
                title=letter.title,
                receivers=", ".join(letter.receivers),
            ),
        )

    def _holding(self, actor: Actor, letter: Letter) -> Path | None:
        """Return the folder a document came in, once it is there."""
        for folder in (actor.exchange / "inbox").glob("[!.]*"):
            sheets = papers(folder)
            if sheets and sheets[0]["document_id"] == letter.document_id:
                return folder
        return None

    def _signatures(self, actor: Actor, folder: Path) -> None:
        """Tell what its node found in the files of a document, by what it wrote beside them."""
        told = json.loads((folder / "verification.json").read_text(encoding="utf-8"))
        signed = [(one["verdict"], one["signatures"][-1]) for one in told["attachments"]
                  if one["signatures"]]  # fmt: skip
        for (verdict, signer), count in Counter(
            (verdict, last["signer"]) for verdict, last in signed
        ).items():
            stamps = [last["stamped_at"] for _, last in signed if last["signer"] == signer]
            words = here("{verdict}: signed by {signer}").format(verdict=verdict, signer=signer)
            style = "green" if verdict == Verdict.VALID else "red"
            self._say(actor, words, style)
            words = here("time-stamped at {time}; files: {count}")
            self._say(actor, " " * 7 + words.format(time=_clock(max(stamps)), count=count), style)

    def _aside(self, actor: Actor) -> None:
        """Tell what a node keeps from its software, and why."""
        for document, why in set_aside(actor.queue).items():
            if (actor.code, document) not in self._told:
                self._told.add((actor.code, document))
                reason = tell(why, language_of(os.environ)) if why else ""
                words = here("quarantined {document}: {why}")
                self._say(actor, words.format(document=document, why=reason), "red")

    def _say(self, actor: Actor, words: str, style: str = "") -> None:
        passed = time.monotonic() - self._begun
        self.console.print(f"{passed:6.1f} s  {actor.code:<10}", end="", style="dim")
        self.console.print(words, style=style, markup=False, soft_wrap=True)


def _style(style: str) -> str:
    words = {"bundle": here("bundle"), "sidecar": here("sidecar"), "package": here("package")}
    return words.get(style) or here("bare file")


def _fate(fate: str) -> str:
    """Return a fate as people call it; most are called as in `edge-node list`."""
    return {"lost": here("lost"), "doubled": here("doubled")}.get(fate) or here(fate)


def _number(document_id: str) -> str:
    """Return the number and notation at the end of a DocumentId, as people speak of documents."""
    return document_id.rpartition(",")[2]


def _clock(moment: str | None) -> str:
    """Return the time of day of an ISO moment as clocks in Viet Nam show it."""
    return f"{in_vietnam(datetime.fromisoformat(moment)):%H:%M:%S}" if moment else "-"


def _complete(result: Audit) -> bool:
    """Tell whether everything has a fate, and every receiver has said its last word."""
    return all(
        unit.fate in {"refused", "quarantined", "recalled"}
        or (unit.copies and set(unit.statuses) >= _REPORTED)
        for unit in result.units
    )


def _balance(result: Audit, seconds: float) -> dict[str, object]:
    return {
        "sent": result.sent,
        "delivered": result.delivered,
        "receipts": result.receipts(),
        "refused": result.refused,
        "recalled": result.recalled,
        "lost": result.lost,
        "duplicated": result.duplicated,
        "signed": result.signed,
        "valid": result.valid,
        "altered": result.altered,
        "caught": result.caught,
        "seconds": round(seconds, 1),
    }


def _curtain(console: Console, result: Audit, home: Path, seconds: float) -> None:
    """Show the balance and where to look."""
    from rich.table import Table  # noqa: PLC0415 - only for the show

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (here("document"), here("style"), here("to"), here("fate"), here("statuses")):
        table.add_column(title, overflow="fold")
    for unit in result.units:
        table.add_row(
            _number(unit.letter.document_id),
            _style(unit.letter.style),
            unit.receiver,
            _fate(unit.fate),
            " ".join(unit.statuses),
            style="red" if unit.fate in {"lost", "doubled"} else "",
        )
    console.print()
    console.print(table)
    console.print()
    style = "bold green" if result.good else "bold red"
    words = here("sent {sent} = delivered {delivered} + refused {refused} + "
                 "recalled {recalled} + lost {lost}; doubled {doubled}; {seconds} s")  # fmt: skip
    console.print(
        words.format(
            sent=result.sent,
            delivered=result.delivered,
            refused=result.refused,
            recalled=result.recalled,
            lost=result.lost,
            doubled=result.duplicated,
            seconds=f"{seconds:.1f}",
        ),
        style=style,
    )
    words = here("signed {signed} files, VALID where they arrived {valid}; "
                 "altered {altered} documents, caught {caught}")  # fmt: skip
    console.print(
        words.format(
            signed=result.signed,
            valid=result.valid,
            altered=result.altered,
            caught=result.caught,
        ),
        style=style,
    )
    console.print()
    for what, path in (
        (here("what arrived"), "*/exchange/inbox"),
        (here("what was sent"), "*/exchange/sent"),
        (here("what was refused, and why"), "*/exchange/failed"),
        (here("what came back"), "*/exchange/receipts"),
        (here("the test axis"), "axis"),
        (here("the certificate authority"), "authority"),
        (here("what the nodes logged"), "*.log"),
    ):
        console.print(f"{what}: {home}/{path}", markup=False, soft_wrap=True)
