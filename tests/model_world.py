"""
A world in which everything can go wrong on purpose, for `tests/flows/test_model.py`.

The axis's clock can be moved and the line to it cut; the power leaves the agencies, and their disk
refuses, at any step. The parts are real; what is pretended is time, and that the power goes: `Cut`
unwinds the stack where a real power cut would not, but nothing durable happens on its way.
"""

from __future__ import annotations

import errno
import itertools
import json
import logging
import shutil
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flows_world import Cut, Desk, seen

from edge_node.adapters.steps import Phase, Step, listening
from edge_node.daemon.lanes import Turned
from edge_node.domain.envelope import Lane
from edge_node.domain.errors import DiskTrouble, EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta
    from pathlib import Path

    from model_axis import Stage

PDF = "%PDF-1.4\n% {number}, edition {edition}\n%%EOF\n"


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────


@dataclass
class Trouble:
    """The listener at every durable step: it may end us there, or have the disk refuse."""

    at: tuple[Step | None, Phase] | None = None  # None for any step
    nth: int = 1
    code: int = 0  # what the disk says; 0: the power goes
    gone: bool = False  # the power has gone: no step succeeds any more
    struck: str = ""
    side: Side | None = None  # whose turn it is

    def plan(self, step: Step | None, phase: Phase, nth: int, code: int = 0) -> None:
        """Have the ``nth`` such step end badly."""
        self.at, self.nth, self.code, self.gone, self.struck = (step, phase), nth, code, False, ""

    def over(self) -> None:
        """Let everything succeed again."""
        self.at, self.gone = None, False

    def __call__(self, step: Step, phase: Phase, what: object) -> None:
        """Hear of a step, and perhaps let it be the last."""
        if self.gone:
            raise Cut
        if step is Step.ACKNOWLEDGE and phase is Phase.BEFORE and self.side is not None:
            self.side.demand_durable(str(what))
        if self.at is None or phase is not self.at[1] or self.at[0] not in {step, None}:
            return
        if self.code and step in {Step.SEND, Step.ACKNOWLEDGE}:
            return  # no disk has a part in these
        self.nth -= 1
        if self.nth:
            return
        self.at, self.struck = None, f"{phase} {step} {what}"
        if not self.code:
            self.gone = True
            raise Cut
        if step is Step.COMMIT:
            raise sqlite3.OperationalError("disk I/O error")
        raise OSError(self.code, errno.errorcode[self.code], str(what))


class Unforeseen(logging.Handler):
    """Keeps what a lane says of errors nobody foresaw."""

    def __init__(self) -> None:
        """Hear of nothing yet."""
        super().__init__(logging.ERROR)
        self.said: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it if it has a traceback."""
        if record.exc_info:
            self.said.append(record)


# ── an agency ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """What the software dropped: where it says it is from, and what is to be seen of it."""

    ref: str
    number: int
    edition: int
    to: tuple[str, ...]
    files: dict[str, bytes]
    flaw: str = ""


@dataclass(frozen=True, order=True)
class Unit:
    """A document as its receiver knows it again."""

    sender: str
    document_id: str
    content: bytes


@dataclass(eq=False)
class Side:
    """One agency: its desk turned as the daemon turns it, and its document software."""

    name: str
    desk: Desk
    trouble: Trouble
    drops: dict[str, Dropped] = field(default_factory=dict)
    taken: list[tuple[str, Unit]] = field(default_factory=list)  # the software's: id and document
    reported: dict[tuple[str, str], str] = field(default_factory=dict)  # by id and code, the file
    clerk: int = 0  # how often a person said: send it again
    resent: dict[Unit, int] = field(default_factory=dict)
    runs: bool = True
    _turned: dict[str, Turned] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def __repr__(self) -> str:
        """Return its name, for the story."""
        return self.name

    @property
    def code(self) -> str:
        """The agency's code."""
        return self.desk.code

    # ── the node ─────────────────────────────────────────────────────────────────────────────

    def turned(self) -> dict[str, Turned]:
        """Return the flows as a lane keeps them: what fails is paused."""
        if not self._turned:
            self._turned = {
                name: Turned(flow, let_go=self._let_go) for name, flow in self.desk.flows.items()
            }
        return self._turned

    def _let_go(self, unforeseen: bool) -> None:  # noqa: FBT001 - as a lane is told
        """Free what was in hand when a turn was cut off; here one thread does it all."""
        crashes = self.desk.config.limits.crashes
        self.desk.queue.let_go(list(Lane), counts=unforeseen, crashes=crashes)

    def set_clock(self, by: timedelta) -> None:
        """Set the machine's clock; its node follows together with its queue, or not at all."""
        self.trouble.side = self
        if not self.runs:
            self.desk.now += by
            return
        with suppress(DiskTrouble):
            self.desk.node.upkeep(clock_set_by=by, follow=self._follow)

    def _follow(self, by: timedelta) -> None:
        self.desk.now += by

    def turn(self, *names: str, once: bool = False) -> None:
        """Ring some flows, or all, and turn them once or until nothing moves."""
        if not self.runs:
            return
        self.trouble.side = self
        flows = [self.turned()[name] for name in names] or list(self.turned().values())
        with suppress(DiskTrouble):
            self.desk.node.upkeep()
        for each in flows:
            each.flow.wake()
        for _ in range(500):
            worked = [each.turn(self.desk.now, self.desk.seconds) for each in flows]
            if once or not any(worked):
                return
        raise AssertionError(f"{self}: {names or 'all'} never come to rest")

    def start(self) -> None:
        """Start the node anew; where it cannot it stays down until the next start."""
        self.trouble.side = self
        self._turned, self.runs = {}, False
        with suppress(EdgeNodeError):
            self.desk.restart()
            self.runs = True
            held = self.ask("select lane, item from work where leased is not null")
            assert not held, f"{self} has started and holds {[dict(row) for row in held]}"

    def later(self, by: timedelta) -> None:
        """Let both clocks go on."""
        self.desk.now += by
        self.desk.seconds += by.total_seconds()

    # ── what is durable, asked as a stranger would ───────────────────────────────────────────

    def ask(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Read the queue through a connection of our own: what was committed, and no more."""
        with closing(sqlite3.connect(self.desk.config.folders.queue)) as db:
            db.row_factory = sqlite3.Row
            return db.execute(sql, values).fetchall()

    def demand_durable(self, axis_id: str) -> None:
        """Make sure that what the axis is about to be told of is in the queue and in the spool."""
        rows = self.ask("select digest, message from incoming where axis_id = ?", axis_id)
        assert rows, f"{self} tells the axis of {axis_id}, which is not in the queue"
        digest = rows[0]["digest"]
        if digest and rows[0]["message"] == "edoc":
            assert self.desk.node.spool.path(digest).is_file(), f"{axis_id}: no package"

    # ── the software ─────────────────────────────────────────────────────────────────────────

    def drop(self, number: int, edition: int, to: tuple[str, ...], flaw: str, **more: Any) -> str:
        """Drop a document; ``flaw`` says what is wrong with it on purpose."""
        ref = f"{self.name}{next(self._numbers)}"
        sheet: dict[str, Any] = {
            "schema": 1,
            "number": str(number),
            "notation": "UBND-VP",
            "date": "2026-11-21",
            "type": "Công văn",
            "subject": f"V/v thử nghiệm {number}",
            "to": list(to),
            "ref": ref,
            "attachments": ["cv.pdf"],
        } | more
        files = {"cv.pdf": PDF.format(number=number, edition=edition).encode()}
        if flaw == "no day":
            sheet["date"] = "x"
        if flaw == "secret":
            sheet["secrecy"] = "Mật"
        if flaw == "a file is missing":
            sheet["attachments"] = ["cv.pdf", "phu-luc.pdf"]
        files["document.json"] = json.dumps(sheet, ensure_ascii=False).encode()
        name = str(number)
        while (self.desk.outbox / name).exists():
            name += "a"
        self.desk.drop_raw(name, files)
        self.drops[ref] = Dropped(
            ref=ref, number=number, edition=edition, to=to, files=files, flaw=flaw
        )
        return ref

    def places(self) -> dict[str, list[Path]]:
        """Return every folder that holds a drop, by its ref."""
        exchange, spool = self.desk.exchange, self.desk.config.folders.spool
        found: dict[str, list[Path]] = {}
        for place in ("outbox", "queued", "sent", "failed"):
            for sheet in (exchange / place).rglob("document.json"):
                found.setdefault(_ref(sheet), []).append(sheet.parent)
        for sheet in (spool / "claims").rglob("document.json"):
            found.setdefault(_ref(sheet), []).append(sheet.parent)
        return found

    def shown(self) -> list[tuple[Path, str, Unit]]:
        """Return what lies in the inbox: the folder, the node's id, the document."""
        found = []
        for folder in seen(self.desk.exchange / "inbox"):
            sheet = json.loads((folder / "document.json").read_bytes())
            content = (folder / sheet["attachments"][0]["file"]).read_bytes()
            unit = Unit(sheet["from"]["code"], sheet["document_id"], content)
            found.append((folder, sheet["id"], unit))
        return found

    def take(self, *, most: int) -> None:
        """Have the software take some folders out of the inbox."""
        for folder, item, unit in self.shown()[:most]:
            self.taken.append((item, unit))
            shutil.rmtree(folder)

    def had(self) -> list[tuple[str, Unit]]:
        """Return what the software has seen so far, taken or not."""
        return [*self.taken, *((item, unit) for _, item, unit in self.shown())]

    def report(self, item: str, code: str) -> None:
        """Have the software say how far a document has come."""
        name = f"{item}-{code}.json"
        self.desk.report(name, id=item, status=code, note="đã vào sổ")
        self.reported[item, code] = name

    def resend(self, ref: str) -> bool:
        """Have a clerk send again what was refused, given up or held; False if nothing is."""
        rows = self.ask("select id from documents where ref = ?", ref)
        if not rows or not self.runs:
            return False
        self.trouble.side = self
        try:
            codes = self.desk.node.resend().resend(rows[0]["id"], (), now=self.desk.now)
        except EdgeNodeError:
            return False
        for code in codes:
            unit = self.unit(self.drops[ref], code)
            self.resent[unit] = self.resent.get(unit, 0) + 1
        return True

    def unit(self, drop: Dropped, receiver: str) -> Unit:
        """Return how a receiver knows a document of ours again; the receiver as the sender's."""
        document_id = f"{self.code},2026/11/21,{drop.number}/UBND-VP"
        return Unit(receiver, document_id, drop.files["cv.pdf"])


def _ref(sheet: Path) -> str:
    return str(json.loads(sheet.read_bytes()).get("ref", ""))


@contextmanager
def a_play(stage: Stage, **sections: Any) -> Iterator[tuple[Trouble, Side, Side, Unforeseen]]:
    """Two agencies nobody has used, their troubles, and what nobody foresaw."""
    stage.reset()
    trouble, unforeseen = Trouble(), Unforeseen()
    desks = [stage.world.desk(url=stage.wire.url, **sections) for _ in range(2)]
    sides = [Side(name, desk, trouble) for name, desk in zip("ab", desks, strict=True)]
    log = logging.getLogger("edge_node")
    log.addHandler(unforeseen)
    try:
        for side in sides:
            side.start()
        with listening(trouble):
            yield trouble, sides[0], sides[1], unforeseen
    finally:
        log.removeHandler(unforeseen)
        stage.world.close()
        for desk in desks:
            shutil.rmtree(desk.config.folders.data, ignore_errors=True)
            shutil.rmtree(desk.config.folders.witness, ignore_errors=True)
