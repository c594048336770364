"""
Agencies with nodes of their own on one real sandbox, whose flows are turned by hand.

Time is what a desk's two clocks say: ``now`` for the queue, ``seconds`` for the folders.
"""

from __future__ import annotations

import atexit
import itertools
import json
import re
import shutil
import sqlite3
import uuid
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builders import T0

from edge_node import config
from edge_node.adapters.ledger import Ledger
from edge_node.adapters.notary import Opener
from edge_node.adapters.steps import Phase, listening
from edge_node.catalogue import Language, tell
from edge_node.domain.document import agency_code
from edge_node.domain.message import say
from edge_node.domain.time import iso
from edge_node.domain.wanted import Wanted
from edge_node.flows.deliver import Deliver
from edge_node.node import Node
from edge_node.node.trusting import Looking, examiner, reader
from edge_node.sandbox.faults import Faults
from edge_node.sandbox.serve import running
from edge_node.sandbox.settings import Options, Reencode, init_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_node.adapters.steps import Step
    from edge_node.domain.message import Message
    from edge_node.flows.intake import Intake
    from edge_node.flows.ports import Flow

DOCUMENTS = Path(config.__file__).parent.parent / "demo" / "documents"
LETTER = DOCUMENTS / "101-BND-VP.pdf"
RULE = config.IntakeRule(
    match=re.compile(r"(?P<number>\d+)-(?P<notation>[\w-]+)_(?P<day>[\d-]+)_(?P<to>[\w.]+)\.pdf"),
    type="Giấy mời",
    subject="{name}",
)
DAY = "2026/11/21"  # the folder of T0 under sent/ and failed/


class Books(Ledger):
    """The ledger, and the documents that went one way, newest first."""

    def outbound(self, *, state: str = "", limit: int) -> list[Any]:
        """Return outgoing documents; ``state`` of any receiver."""
        return self.search(Wanted(incoming=False, state=state), limit=limit)

    def inbound(self, *, state: str = "", limit: int) -> list[Any]:
        """Return incoming documents; statuses set aside with them on request."""
        return self.search(Wanted(outgoing=False, state=state), limit=limit)


class World:
    """A running sandbox, and agencies nobody has used yet."""

    def __init__(self, url: str, settings: Any, home: Path) -> None:
        """Hand out the agencies of the settings, each with a folder below ``home``."""
        self.url = url
        self.settings = settings
        self._home = home
        self._codes = iter(settings.members)
        self._desks: list[Desk] = []

    def desk(self, *, url: str = "", **sections: Any) -> Desk:
        """
        Set up a node for an agency of its own.

        A section of the configuration is given by its changed keys: ``push={"attempts": 1}``.
        """
        code = agency_code(next(self._codes))
        home = self._home / uuid.uuid4().hex[:12]
        settings = a_config(
            code, home, url or self.url, self.settings.members[code].secret_file, sections
        )
        desk = Desk(config=settings)
        desk.node.set_up()
        self._desks.append(desk)
        return desk

    def close(self) -> None:
        """End every node."""
        while self._desks:
            self._desks.pop().node.close()

    def member(self, code: str) -> Any:
        """Return what the sandbox knows of an agency, its secret among it."""
        return self.settings.members[code]

    # ── what the axis knows ──────────────────────────────────────────────────────────────────

    def rows(self, sql: str, *values: str) -> list[sqlite3.Row]:
        """Ask the sandbox's own tables."""
        with closing(sqlite3.connect(self.settings.folder / "sandbox.db", timeout=30)) as db:
            db.row_factory = sqlite3.Row
            return db.execute(sql, values).fetchall()

    def sends(self, sender: str, message: str = "edoc") -> list[list[str]]:
        """Return the receivers of each package the axis accepted from a sender, in order."""
        found = self.rows(
            "select s.id, d.receiver from sends s join deliveries d on d.send = s.id"
            " where s.sender = ? and s.message_type = ? order by s.id, d.id",
            sender,
            message,
        )
        groups = itertools.groupby(found, key=lambda row: row["id"])
        return [[row["receiver"] for row in rows] for _, rows in groups]

    def statuses(self, sender: str) -> list[str]:
        """Return the codes of the statuses the axis accepted from a sender, in order."""
        sql = "select status_code from sends where sender = ? and message_type = 'status'"
        return [row["status_code"] for row in self.rows(f"{sql} order by id", sender)]

    def packages(self, sender: str) -> list[bytes]:
        """Return the bytes of each document the axis accepted from a sender, in order."""
        sql = "select doc_id from sends where sender = ? and message_type = 'edoc' order by id"
        folder = self.settings.folder / "packages"
        return [(folder / f"{row[0]}.edxml").read_bytes() for row in self.rows(sql, sender)]

    def standing(self, receiver: str) -> list[str]:
        """Return the transport status of each document for a receiver, in order."""
        sql = "select status from deliveries where receiver = ? and message_type = 'edoc'"
        return [row["status"] for row in self.rows(f"{sql} order by id", receiver)]

    def put(
        self, receiver: str, package: bytes, *, message: str = "edoc", sender: str = "H99.1"
    ) -> str:
        """Have bytes wait for a receiver that no axis would have accepted; return their id."""
        package_id, delivery, at = str(uuid.uuid4()), str(uuid.uuid4()), iso(T0)
        for place in ("packages", "forwarded"):
            (self.settings.folder / place / f"{package_id}.edxml").write_bytes(package)
        with closing(sqlite3.connect(self.settings.folder / "sandbox.db", timeout=30)) as db, db:
            send = db.execute(
                "insert into sends (doc_id, sender, message_type, document_id, code, title,"
                " status_code, sha256, size, at) values (?, ?, ?, '', '', '', '', '', 0, ?)",
                (package_id, sender, message, at),
            ).lastrowid
            db.execute(
                "insert into deliveries (doc_id, send, receiver, message_type, created, updated)"
                " values (?, ?, ?, ?, ?, ?)",
                (delivery, send, receiver, message, at, at),
            )
        return delivery

    def forget(self, receiver: str) -> None:
        """Let the axis offer a receiver again whatever it has been told of."""
        with closing(sqlite3.connect(self.settings.folder / "sandbox.db", timeout=30)) as db, db:
            db.execute("update deliveries set status = 'initial' where receiver = ?", (receiver,))


def some_agencies(size: int) -> list[tuple[str, str]]:
    """Return codes, each in a usual form, and names; none is below H90, so H01.1 is on no axis."""
    codes = [f"H{99 - number // 1000}.{number % 1000}" for number in range(size)]
    return [(code, f"Đơn vị {code}") for code in codes]


@contextmanager
def a_world(home: Path, *, size: int = 3000, **options: Any) -> Iterator[World]:
    """Run a sandbox for ``size`` agencies whose clock stands still and who re-encodes not."""
    agencies = some_agencies(size)
    chosen = Options(**({"clock": T0, "reencode": Reencode.NEVER} | options))
    settings = init_sandbox(home / "axis", agencies, options=chosen)
    with running(home / "axis") as url:
        world = World(url, settings, home)
        yield world
        world.close()


def a_config(code, home, url, secret_file, sections):
    base = config.Config(
        agency=config.AgencySection(code=code, name=f"Đơn vị {code}"),
        axis=config.AxisSection(url=url, system_id=code, secret_file=str(secret_file)),
        folders=config.FoldersSection(
            data=home,
            exchange=home / "exchange",
            witness=home.with_name(f"{home.name}.witness"),
            backups=home / "backups",
        ),
        intake=config.IntakeSection(
            quiet=timedelta(), bare_grace=timedelta(), watch=config.Watch.EVENTS, rules=(RULE,)
        ),
        directory=config.DirectorySection(lists=()),  # who wants one says so
    )
    changed = {name: replace(getattr(base, name), **keys) for name, keys in sections.items()}
    return replace(base, **changed)


@dataclass(kw_only=True)
class Desk:
    """One agency: its node, its clocks, and what its document software does and sees."""

    config: config.Config
    now: Any = T0
    seconds: float = 1000.0

    def __post_init__(self) -> None:
        """Start the node."""
        self._begin()

    def _begin(self) -> None:
        self.node = OurNode(
            config=self.config, clock=lambda: self.now, monotonic=lambda: self.seconds
        )
        self.__dict__.pop("flows", None)

    @cached_property
    def flows(self) -> dict[str, Flow]:
        """The flows by their names, those that push and recheck told apart by their lanes."""
        flows = [flow for plan in self.node.lanes().values() for flow in plan.flows]
        named = {_named(flow): flow for flow in flows}
        named["intake"] = by_our_opener(named["intake"], self.config)
        for clocked in ("intake", "takestatuses", "notetaken"):
            named[clocked] = replace(named[clocked], clock=lambda: self.seconds)
        return named

    @property
    def code(self) -> str:
        """The agency's code."""
        return self.config.agency.code

    @property
    def exchange(self) -> Path:
        """The folder shared with the software."""
        return self.config.folders.exchange

    @property
    def outbox(self) -> Path:
        """Where the software drops."""
        return self.exchange / "outbox"

    @property
    def queue(self) -> Any:
        """The node's queue."""
        return self.node.queue

    @property
    def ledger(self) -> Books:
        """What an administrator sees."""
        return Books(self.queue.file)

    # ── what the node does ───────────────────────────────────────────────────────────────────

    def turn(self, *names: str) -> None:
        """Ring these flows, all of them where none is named, and turn them until all rest."""
        flows = [self.flows[name] for name in names] or list(self.flows.values())
        for flow in flows:
            flow.wake()
        for _ in range(1000):
            worked = [flow.turn(self.now) for flow in flows]
            if not any(worked):
                return
        raise AssertionError(f"{names} never come to rest")

    def cut_off(self, name: str, part: str, method: str, *, after: bool = False) -> None:
        """Turn a flow until the power goes, before or after it calls that method of its part."""
        flow = self.flows[name]
        broken = replace(flow, **{part: CutOff(getattr(flow, part), method, after=after)})
        broken.wake()
        with suppress(Cut):
            while broken.turn(self.now):
                pass
            raise AssertionError(f"{name} never calls {method}")

    def restart(self) -> None:
        """End the node and start it again, as after a crash."""
        self.node.close()
        self._begin()
        self.node.prepare()

    def later(self, **by: float) -> None:
        """Let both clocks go on."""
        self.now += timedelta(**by)
        self.seconds += timedelta(**by).total_seconds()

    # ── what the software does ───────────────────────────────────────────────────────────────

    def drop(self, name: str, files: dict[str, bytes], **sheet: Any) -> Path:
        """Drop a bundle, renamed in as software should."""
        return self.drop_raw(name, files | {"document.json": as_json(sheet)})

    def drop_raw(self, name: str, files: dict[str, bytes]) -> Path:
        """Drop a folder with these files and no others."""
        building = self.config.folders.data / f"building-{name}"
        building.mkdir()
        for file, content in files.items():
            (building / file).write_bytes(content)
        return building.rename(self.outbox / name)

    def report(self, file_name: str, **status: Any) -> Path:
        """Write a status for the node to send."""
        path = self.exchange / "statuses" / file_name
        path.write_bytes(as_json({"schema": 1} | status))
        return path

    # ── what the software sees ───────────────────────────────────────────────────────────────

    @property
    def inbox(self) -> list[Path]:
        """The folders the software finds."""
        return seen(self.exchange / "inbox")

    def letters(self) -> list[dict[str, Any]]:
        """Return what the document.json of each folder in the inbox says."""
        return [json.loads((folder / "document.json").read_bytes()) for folder in self.inbox]

    def receipts(self) -> list[dict[str, Any]]:
        """Return what every receipt says."""
        return [json.loads(path.read_bytes()) for path in seen(self.exchange / "receipts")]

    def told(self) -> list[str]:
        """Return the receipts as a list of events and status codes."""
        return [told.get("event") or told["status"] for told in self.receipts()]

    def status_file(self, place: str) -> dict[str, Any]:
        """Return what the status.json in a place says."""
        return json.loads((self.exchange / place / "status.json").read_bytes())

    def words(self, place: str) -> list[str]:
        """Return the two lines a clerk reads beside what failed."""
        text = (self.exchange / f"{place}.txt").read_bytes().decode("utf-8-sig")
        lines = text.splitlines()
        assert len(lines) == 2
        return lines

    def error(self, place: str) -> dict[str, Any]:
        """Return what an error.json says."""
        return json.loads((self.exchange / f"{place}.json").read_bytes())

    def quarantined(self) -> list[Any]:
        """Return what was set aside for a person."""
        return self.ledger.inbound(state="quarantined", limit=99)


OPENER = Opener()  # one for all desks: each of its own would take a second to start
atexit.register(OPENER.close)


class SharedLooking(Looking):
    """Whoever looks by an opener that others need, too."""

    def close(self) -> None:
        """Leave it running."""


class OurNode(Node):
    """A node that has its files looked into by the opener all desks share."""

    def looking(self) -> Looking:
        """Return whoever looks."""
        return SharedLooking(examiner(self.config, OPENER.verify), OPENER, reader(self.config))


def _named(flow: Flow) -> str:
    name = type(flow).__name__.lower()
    lane = getattr(flow, "lane", "")
    return str(lane) if name == "push" else f"{name} {lane}".strip()


def by_our_opener(intake: Intake, settings: config.Config) -> Intake:
    """Return what takes drops in with the one child of all desks, instead of its own."""
    looking = Looking(examiner(settings, OPENER.verify), OPENER, reader(settings))
    signatures = intake.packing.signatures
    signatures = replace(signatures, way_out=replace(signatures.way_out, examines=looking))
    packing = replace(intake.packing, signatures=signatures)
    return replace(intake, packing=packing, secrecy=replace(intake.secrecy, grades=looking))


def seen(folder: Path) -> list[Path]:
    """Return what software sees in a folder: nothing hidden, in order."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def names(folder: Path) -> list[str]:
    return [path.name for path in seen(folder)]


def in_vietnamese(message: Message) -> str:
    return tell(message, Language.VI)


def vi(template: str, **values: Any) -> str:
    """Return a sentence as a clerk reads it; it must not be the English one."""
    told = in_vietnamese(say(template, **values))
    assert told != str(say(template, **values))
    return told


def as_lines(wrong: str, *problems: str, hint: str) -> list[str]:
    """Return the two lines of an error.txt: what is wrong, and what to do."""
    lines = (wrong + (": " if problems else "") + "; ".join(problems), hint)
    return [f"{line[:1].upper()}{line[1:]}." for line in lines]


def as_json(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode()


def a_sheet(*files: str, to: Any, **changes: Any) -> dict[str, Any]:
    """Return the document.json of a letter to one agency or to several."""
    known = {
        "schema": 1,
        "number": "12",
        "notation": "UBND-VP",
        "date": "2026-11-21",
        "type": "Công văn",
        "subject": "V/v thử nghiệm",
        "to": [to] if isinstance(to, str) else list(to),
        "attachments": [{"file": file} for file in files],
    }
    return known | changes


def untouched(place: Path, files: dict[str, bytes]) -> bool:
    """Tell whether these files, byte for byte, still lie in a folder of the exchange."""
    return all((place / name).read_bytes() == content for name, content in files.items())


class Cut(BaseException):
    """The power goes."""


@contextmanager
def cut_after(count: int) -> Iterator[list[bool]]:
    """Let the power go once so many steps are done; tells whether it went."""
    steps, went = iter(range(count)), []

    def listen(_step: Step, phase: Phase, _what: str) -> None:
        if phase is Phase.AFTER and next(steps, None) is None:
            went.append(True)
            raise Cut

    with listening(listen), suppress(Cut):
        yield went


class CutOff:
    """A part of a node that the power leaves just before, or just after, one of its calls."""

    def __init__(self, part: Any, method: str, *, after: bool) -> None:
        """Be that part, but for the one call."""
        self._part, self._method, self._after = part, method, after

    def __getattr__(self, name: str) -> Any:
        """Return what the part has, or the call that is cut off."""
        found = getattr(self._part, name)
        return self._cut(found) if name == self._method else found

    def _cut(self, found: Any) -> Any:
        def call(*args: Any, **fields: Any) -> None:
            if self._after:
                found(*args, **fields)
            raise Cut

        return call


class Meanwhile:
    """A part of a node in which something else happens before one of its calls, once."""

    def __init__(self, part: Any, method: str, happens: Callable[[], object]) -> None:
        """Be that part, but for the first time of the one call."""
        self._part, self._method, self._happens = part, method, [happens]

    def __getattr__(self, name: str) -> Any:
        """Return what the part has, after what happens before."""
        while name == self._method and self._happens:
            self._happens.pop()()
        return getattr(self._part, name)


def released(desk, item):
    """Deliver what was released, as the child does in which it is tried."""
    node = OurNode(config=desk.config, clock=lambda: desk.now, only=item)
    flows = [flow for plan in node.lanes().values() for flow in plan.flows]
    (deliver,) = [flow for flow in flows if isinstance(flow, Deliver)]
    while deliver.turn(desk.now):
        pass
    node.close()


def clear(data):
    """Take away all that is in a data folder but the exchange folder."""
    for path in [path for path in data.iterdir() if not path.name.startswith("exchange")]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def keep_all(desk):
    """
    Copy the whole data folder, not the exchange folder nor the witness.

    Gives what puts that copy back, as a restored backup would.
    """
    data = desk.config.folders.data
    desk.node.close()
    kept = data.with_name(f"{data.name}.kept")
    shutil.copytree(data, kept, ignore=shutil.ignore_patterns("exchange"))

    def put_back():
        desk.node.close()
        clear(data)
        shutil.copytree(kept, data, dirs_exist_ok=True)
        desk.restart()

    return put_back


@contextmanager
def an_odd_world(home: Path, *, size: int) -> Iterator[tuple[World, Faults]]:
    """Run a sandbox for one file alone, because its faults strike everybody."""
    agencies = some_agencies(size)
    options = Options(clock=T0, reencode=Reencode.NEVER)
    settings = init_sandbox(home / "axis", agencies, options=options)
    faults = Faults()
    with running(home / "axis", faults=faults) as url:
        yield World(url, settings, home), faults
