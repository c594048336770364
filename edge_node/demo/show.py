"""
The demo: what a newcomer sees of the main job, as it happens.

A test axis, a ministry, a province and a commune work in one folder; documents go out in every
style, one to two receivers, one to a code nobody has; the receivers register and finish what they
got, one answers. In the end everything is counted from the files and the axis's own tables.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.catalogue import here
from edge_node.demo.audit import audit
from edge_node.demo.scenes import COMMUNE, MINISTRY, PROVINCE, opening, reply
from edge_node.demo.stage import staged
from edge_node.domain.receipt import MEANINGS
from edge_node.domain.time import VIETNAM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from edge_node.demo.audit import Audit
    from edge_node.demo.scenes import Letter
    from edge_node.demo.stage import Actor

_LIMIT: Final = 120.0
_BLINK: Final = 0.1
# What the receivers' software reports of everything it gets, in this order.
_REPORTED: Final = ("03", "06")


def demonstrate(*, as_json: bool, folder: Path | None) -> bool:
    """Run the demo and show it; True if nothing was lost and nothing doubled."""
    from rich.console import Console  # noqa: PLC0415 - only for the show

    console = Console(file=sys.stderr if as_json else sys.stdout, highlight=False)
    home = folder.absolute() if folder else Path(tempfile.mkdtemp(prefix="edge-node-demo-"))
    home.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    show = Show(console=console)
    try:
        with staged(home, (MINISTRY, PROVINCE, COMMUNE)) as actors:
            result = show.play(home, actors)
        seconds = time.monotonic() - started
        if as_json:
            sys.stdout.write(json.dumps(_balance(result, seconds)) + "\n")
        else:
            _curtain(console, result, home, seconds)
    finally:
        if as_json and folder is None:
            shutil.rmtree(home)
    return not result.lost and not result.duplicated


@dataclass(slots=True, kw_only=True)
class Show:
    """The play, and what the audience has been told of it so far."""

    console: Console
    _seen: set[Path] = field(default_factory=set)
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
            self._dropped(actors, letter)
            self._watch(actors)
        asked, answered = letters[0], False
        deadline = time.monotonic() + _LIMIT
        while time.monotonic() < deadline:
            self._watch(actors)
            if not answered and self._has(actors[PROVINCE[0]], asked):
                answered = True
                letters.append(reply(actors, asked, today))
                self._dropped(actors, letters[-1])
            result = audit(actors, letters, home / "axis")
            if answered and _complete(result):
                break
            time.sleep(_BLINK)
        self._watch(actors)
        return audit(actors, letters, home / "axis")

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
                self._register(actor, sheet)
            for path in self._new(actor.exchange / "receipts", "*.json"):
                self._receipt(actor, json.loads(path.read_text(encoding="utf-8")))
            for path in self._new(actor.exchange / "failed", "*/*/*/*/error.txt"):
                first = path.read_text(encoding="utf-8-sig").splitlines()[0]
                self._say(actor, here("could not be sent: {why}").format(why=first), "red")

    def _new(self, folder: Path, pattern: str) -> list[Path]:
        found = [
            path
            for path in sorted(folder.glob(pattern))
            if not path.name.startswith(".") and path not in self._seen
        ]
        self._seen.update(found)
        return found

    def _register(self, actor: Actor, sheet: Mapping[str, str]) -> None:
        """Report, as the receiver's document software would, that it was registered and done."""
        for status in _REPORTED:
            order = {"schema": 1, "id": sheet["id"], "status": status, "note": MEANINGS[status]}
            path = actor.exchange / "statuses" / f"{sheet['id']}-{status}.json"
            path.write_text(json.dumps(order, ensure_ascii=False), encoding="utf-8")

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

    def _dropped(self, actors: Mapping[str, Actor], letter: Letter) -> None:
        words = here("drops into its outbox ({style}): {title} → {receivers}")
        self._say(
            actors[letter.sender],
            words.format(
                style=here(letter.style),
                title=letter.title,
                receivers=", ".join(letter.receivers),
            ),
        )

    def _has(self, actor: Actor, letter: Letter) -> bool:
        sheets = (actor.exchange / "inbox").glob("[!.]*/document.json")
        return any(
            json.loads(sheet.read_text(encoding="utf-8"))["document_id"] == letter.document_id
            for sheet in sheets
        )

    def _say(self, actor: Actor, words: str, style: str = "") -> None:
        passed = time.monotonic() - self._begun
        self.console.print(f"{passed:6.1f} s  {actor.code:<10}", end="", style="dim")
        self.console.print(words, style=style, markup=False, soft_wrap=True)


def _complete(result: Audit) -> bool:
    """Tell whether everything has a fate, and every receiver has said its last word."""
    return all(
        unit.refused or (unit.copies and {"01", *_REPORTED} <= set(unit.statuses))
        for unit in result.units
    )


def _balance(result: Audit, seconds: float) -> dict[str, object]:
    return {
        "sent": result.sent,
        "delivered": result.count("delivered", "doubled"),
        "receipts": result.receipts(),
        "refused": result.count("refused"),
        "lost": result.lost,
        "duplicated": result.duplicated,
        "seconds": round(seconds, 1),
    }


def _curtain(console: Console, result: Audit, home: Path, seconds: float) -> None:
    """Show the balance and where to look."""
    from rich.table import Table  # noqa: PLC0415 - only for the show

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("document", "style", "to", "fate", "statuses"):
        table.add_column(here(title), overflow="fold")
    for unit in result.units:
        table.add_row(
            unit.letter.document_id.rpartition(",")[2],
            here(unit.letter.style),
            unit.receiver,
            here(unit.fate),
            " ".join(unit.statuses),
            style="red" if unit.fate in {"lost", "doubled"} else "",
        )
    console.print()
    console.print(table)
    console.print()
    words = here("sent {sent} = delivered {delivered} + refused {refused} + lost {lost}; "
                 "doubled {doubled}; {seconds} s")  # fmt: skip
    console.print(
        words.format(
            sent=result.sent,
            delivered=result.count("delivered", "doubled"),
            refused=result.count("refused"),
            lost=result.lost,
            doubled=result.duplicated,
            seconds=f"{seconds:.1f}",
        ),
        style="bold red" if result.lost or result.duplicated else "bold green",
    )
    console.print()
    for what, path in (
        (here("what arrived"), "*/exchange/inbox"),
        (here("what was sent"), "*/exchange/sent"),
        (here("what was refused, and why"), "*/exchange/failed"),
        (here("what came back"), "*/exchange/receipts"),
        (here("the test axis"), "axis"),
        (here("what the nodes logged"), "*.log"),
    ):
        console.print(f"{what}: {home}/{path}", markup=False, soft_wrap=True)
