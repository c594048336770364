"""
An outage of the axis with a backlog: nothing lost, nothing tried in vain, drained by urgency.

    python tests/torture/backlog.py --documents 10000

The axis is away from the start: its port refuses. One node is handed so many small letters of all
urgencies, in no order, all at once; the outage goes on for a while; then the axis and the node of
the receiver come up. What is counted is read from outside: the queue's file, the axis's own table,
the inbox, /proc. Ends with one line of JSON on stdout; raises AssertionError where a promise was
broken.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import shutil
import socket
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # `torture` is the folder

from system_world import Axis, an_office, serving, until
from torture.knocks import Knocks
from torture.sampled import Sample, at, cpu, growth, rates, sample

from edge_node.domain.document import Priority
from edge_node.sandbox.settings import Options, Reencode, init_sandbox
from edge_node.sandbox.store import DATABASE, doubles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from system_world import Office, Running

_ONE_IN = 10  # claims: so many go to the most urgent, but for one that goes to the oldest
_PATIENCE = 3600.0  # seconds without which nobody would call it stuck
# Nobody waits for a clock that would only measure the clock; all else is as it is shipped.
_SHIPPED = {"intake": {}, "push": {}, "pull": {"every": "1s"}, "report": {"every": "5s"}}
_WAITING = """
select documents.document_id as document, work.item, work.urgency, work.due, work.attempt
  from work join envelopes on envelopes.id = work.item
            join documents on documents.id = envelopes.item
 where work.lane = 'push'
"""
_UNTOLD = """
select (select count(*) from documents where untold) + (select count(*) from events where untold)
"""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How large a backlog, how long an outage (seconds), and how the two nodes are configured."""

    documents: int
    outage: float
    seed: int = 20261121
    # How many drops lie in the outbox at most; all of them where it is 0.
    at_once: int = 0
    # Seconds: no node waits longer than that to find the axis back.
    probe_ceiling: float = 30.0
    sections: Mapping[str, object] = field(default_factory=lambda: _SHIPPED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document in the queue, by what decides when it leaves."""

    document: str
    item: str
    urgency: int
    due: int  # milliseconds since 1970


@dataclass
class Desk:
    """Both agencies, and the axis between them that may be away."""

    sender: Office
    receiver: Office
    axis: Path
    port: int
    sent: Counter[str] = field(default_factory=Counter)  # SHA-256 of attachments
    urgencies: dict[str, int] = field(default_factory=dict)  # by DocumentId

    def dropping(self, documents: int, seed: int) -> Iterator[int]:
        """Drop so many letters of a few kB of all urgencies, in no order; yield the number."""
        dice = random.Random(seed)  # noqa: S311 - the same letters every time
        urgencies = [number % len(Priority) for number in range(documents)]
        dice.shuffle(urgencies)
        for number, urgency in enumerate(urgencies, 1):
            noise = dice.randbytes(dice.randint(1000, 4000))
            page = b"%%PDF-1.7\n%d\n" % number + noise + b"\n%%EOF\n"
            self.sent[hashlib.sha256(page).hexdigest()] += 1
            document = self.sender.drop(number, self.receiver, file=page, priority=urgency)
            self.urgencies[document] = urgency
            yield number

    def queue(self, query: str) -> list[sqlite3.Row]:
        """Read the sending node's queue from outside."""
        return _rows(self.sender.home / "data/queue.db", query)

    def count(self, query: str) -> int:
        """Read one number from the sending node's queue."""
        return self.queue(query)[0][0]

    def waiting(self) -> list[Waiting]:
        """Return what waits for the axis."""
        names = ("document", "item", "urgency", "due")
        return [Waiting(*(row[name] for name in names)) for row in self.queue(_WAITING)]

    def accepted(self) -> list[str]:
        """Return the DocumentIds the axis took, in the order in which it did."""
        query = "select document_id from sends where message_type = 'edoc' order by id"
        return [row[0] for row in _rows(self.axis / DATABASE, query)]

    def taken(self) -> int:
        """Return how many documents the axis took."""
        query = "select count(*) from sends where message_type = 'edoc'"
        return _rows(self.axis / DATABASE, query)[0][0]

    def answered(self) -> int:
        """Return how many documents the sender has heard 01 of; its axis may list them sooner."""
        return self.count("select count(*) from events where event = 'status' and status = '01'")

    def inbox(self) -> Counter[str]:
        """Return the SHA-256 of every attachment in the inbox."""
        files = (self.receiver.exchange / "inbox").glob("[!.]*/*.pdf")
        return Counter(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)

    def told(self) -> Counter[str]:
        """Return the DocumentIds for which the sender's software was told 01."""
        receipts = (self.sender.exchange / "receipts").glob("[!.]*_status-01.json")
        return Counter(json.loads(path.read_bytes())["document_id"] for path in receipts)


@contextmanager
def a_desk(home: Path, plan: Plan) -> Iterator[Desk]:
    """Set up two nodes and an axis nobody serves; its port refuses until `opened`."""
    folder, codes = home / "axis", ["H97.01", "H97.02"]
    members = [(code, f"Đơn vị {code}") for code in codes]
    init_sandbox(folder, members, options=Options(reencode=Reencode.NEVER))
    with closing(socket.socket()) as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))  # and never listens: nobody else gets the port
        port = held.getsockname()[1]
        axis = Axis(folder, f"http://127.0.0.1:{port}", codes)
        offices = [an_office(home, axis, **plan.sections) for _ in range(2)]
        for office in offices:
            text = office.config.read_text()
            ceiling = f"axis:\n  probe_ceiling: {plan.probe_ceiling * 1000:.0f}ms\n"
            office.config.write_text(text.replace("axis:\n", ceiling, 1))
        yield Desk(*offices, folder, port)


@dataclass
class Probes:
    """Every moment for which the node has entered its next probe, as they are seen."""

    seen: set[int] = field(default_factory=set)

    def look(self, desk: Desk) -> None:
        """Look once."""
        self.seen |= {row[0] for row in desk.queue("select until from pauses where what='axis'")}


def in_order(waiting: Sequence[Waiting], *, claims: int) -> list[str]:
    """
    Return the documents as they must leave: by urgency, the oldest first within one.

    Every tenth claim goes to the oldest, however urgent the rest is; ``claims`` is how many there
    were since the last of those (0 to 9).
    """
    urgent = iter(sorted(waiting, key=lambda one: (-one.urgency, one.due, one.item)))
    oldest = iter(sorted(waiting, key=lambda one: (one.due, one.item)))
    gone: set[str] = set()
    order = []
    for claim in count(claims + 1):
        line = urgent if claim % _ONE_IN else oldest
        one = next((one for one in line if one.document not in gone), None)
        if one is None:
            return order
        gone.add(one.document)
        order.append(one.document)
    raise AssertionError


def demand_order(waiting: Sequence[Waiting], accepted: Sequence[str]) -> None:
    """Make sure that they left in order; how many probes claimed one before does not matter."""
    orders = [in_order(waiting, claims=claims) for claims in range(_ONE_IN)]
    if list(accepted) in orders:
        return
    alike = [
        next(
            (n for n, pair in enumerate(zip(order, accepted, strict=False)) if pair[0] != pair[1]),
            len(order),
        )
        for order in orders
    ]
    raise AssertionError(f"out of order from number {max(alike) + 1} of {len(accepted)} on")


# ── one run ──────────────────────────────────────────────────────────────────────────────────


@dataclass
class Run:
    """One outage, from its beginning to the last receipt."""

    desk: Desk
    plan: Plan
    say: Callable[[str], None] = lambda _: None
    figures: dict[str, object] = field(default_factory=dict)
    _node: Running | None = None

    def go(self) -> dict[str, object]:
        """Go through it; return the figures."""
        with ExitStack() as ending:
            self._node = ending.enter_context(self.desk.sender.running())
            until(lambda: " running " in self._node.words)
            self._fill()
            waiting = self._hold()
            url = ending.enter_context(serving(self.desk.axis, port=self.desk.port))
            assert url.endswith(f":{self.desk.port}")
            back = time.monotonic()
            ending.enter_context(self.desk.receiver.running())
            self._drain(waiting, back)
        return self.figures

    def _fill(self) -> None:
        """Hand it all letters; see them all queued, filed and told of."""
        desk, total = self.desk, self.plan.documents
        until(lambda: desk.queue("select 1 from pauses where what = 'axis'"))
        empty, begun = self._sample(0), time.monotonic()
        dropping, dropped = desk.dropping(total, self.plan.seed), 0
        at_once = self.plan.at_once or total

        def queued() -> int:
            nonlocal dropped
            done = desk.count("select count(*) from work where lane = 'push'")
            while dropped < min(total, done + at_once):
                dropped = next(dropping)
            return done

        filling = self._watch(queued, "queued")
        until(lambda: not desk.count(_UNTOLD), within=_PATIENCE)
        shares = (total // 10, total // 2, total)
        self.figures |= {
            "at_once": at_once,
            "intake_seconds": round(time.monotonic() - begun, 1),
            "intake_rates": rates(filling),
            "intake_cpu_ms": cpu(filling),
            "memory_by_queued": {0: empty.memory}
            | {share: at(filling, share).memory for share in shares},
            "intake_peak": max(one.rss for one in filling),
            "growth_per_1000_queued": growth(filling),
        }

    def _hold(self) -> list[Waiting]:
        """Sit the outage out; make sure that nothing is tried but probes."""
        desk, total = self.desk, self.plan.documents
        probes, before = Probes(), self._sample(total)
        probes.look(desk)
        known = len(probes.seen)
        with closing(Knocks(desk.port)) as knocks:
            while time.monotonic() < before.at + self.plan.outage:
                probes.look(desk)
                knocks.look()
                time.sleep(0.1)
        after = self._sample(total)
        seconds = after.at - before.at
        self.figures["outage"] = after.memory | {
            "seconds": round(seconds, 1),
            "probes": len(probes.seen) - known,
            "connections": knocks.total,
            "cpu_percent": round(100 * (after.cpu - before.cpu) / seconds, 2),
        }
        self.figures["status"] = self._status()
        assert desk.count("select count(*) from attempts") == 0
        assert desk.count("select max(attempt) from work where lane = 'push'") == 0
        assert desk.count("select count(*) from envelopes where sending is not null") == 0
        waiting = desk.waiting()
        assert {one.document: one.urgency for one in waiting} == desk.urgencies
        return waiting

    def _status(self) -> str:
        begun = time.monotonic()
        shown = self.desk.sender.command("status")
        self.figures["status_seconds"] = round(time.monotonic() - begun, 1)
        pattern = rf"axis unreachable since .*, {self.plan.documents} documents safe on disk, .*"
        said = re.search(pattern, shown.stdout)
        assert said, shown.stdout
        return said[0]

    def _drain(self, waiting: Sequence[Waiting], back: float) -> None:
        """See everything leave in order, arrive once, and be answered."""
        desk = self.desk

        def since() -> float:
            return round(time.monotonic() - back, 1)

        until(desk.taken, within=_PATIENCE)
        first = since()
        leaving = self._watch(desk.taken, "taken by the axis")
        last = since()
        answering = self._watch(desk.answered, "answered with 01")
        until(lambda: not desk.count(_UNTOLD), within=_PATIENCE)
        self.figures |= {
            "first_left_seconds": first,
            "last_left_seconds": last,
            "last_answer_seconds": since(),
            "drain_rates": rates(leaving),
            "drain_cpu_ms": cpu(leaving),
            "growth_per_1000_left": growth(leaving),
            "drain_peak": max(one.rss for one in [*leaving, *answering]),
            "memory_after": self._sample(0).memory,
        }
        demand_order(waiting, desk.accepted())
        self._demand_once()
        self.figures |= {"order": "exact", "lost": 0, "doubled": 0}

    def _demand_once(self) -> None:
        """Make sure that each document came to its end once, and nothing is left to be done."""
        desk = self.desk
        assert desk.inbox() == desk.sent
        assert not doubles(desk.axis)
        assert desk.told() == Counter(desk.urgencies.keys())
        tries = desk.queue("select outcome, attempt, count(*) from attempts group by 1, 2")
        assert [tuple(row) for row in tries] == [("accepted", 1, self.plan.documents)]
        assert desk.count("select count(*) from work") == 0

    def _sample(self, done: int) -> Sample:
        return sample(self._node.process.pid, done)

    def _watch(self, counted: Callable[[], int], what: str) -> list[Sample]:
        """Sample until the count has come to all documents there are."""
        samples: list[Sample] = []
        said, deadline = 0.0, time.monotonic() + _PATIENCE
        while not samples or samples[-1].done < self.plan.documents:
            assert time.monotonic() < deadline, f"{samples[-1].done} {what}"
            samples.append(self._sample(counted()))
            if time.monotonic() > said + 10:
                said = time.monotonic()
                self.say(f"{samples[-1].done} {what}, {samples[-1].rss / 2**20:.1f} MB")
            time.sleep(min(0.5, self.plan.documents / 5000))
        return samples


def _rows(path: Path, query: str) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30)) as db:
        db.row_factory = sqlite3.Row
        return db.execute(query).fetchall()


def main() -> None:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(prog="backlog.py", description=__doc__)
    add = parser.add_argument
    add("--documents", type=int, default=10_000, help="in the backlog (10000)")
    add("--outage", type=float, default=180.0, help="seconds of it once all are queued (180)")
    add("--at-once", type=int, default=0, help="in the outbox at most (0: all of them)")
    add("--dir", type=Path, default=None, help="work below this folder: its disk is measured")
    add("--keep", action="store_true", help="leave everything there")
    wanted = parser.parse_args()
    plan = Plan(documents=wanted.documents, outage=wanted.outage, at_once=wanted.at_once)
    home = Path(tempfile.mkdtemp(prefix="edge-node-backlog-", dir=wanted.dir))
    begun = time.monotonic()

    def say(what: str) -> None:
        sys.stderr.write(f"{time.monotonic() - begun:6.0f} s  {what}\n")

    say(f"in {home}, which stays where a promise was broken")
    with a_desk(home, plan) as desk:
        run = Run(desk, plan, say=say)
        try:
            run.go()
        finally:
            sys.stdout.write(json.dumps({"documents": plan.documents} | run.figures) + "\n")
    if not wanted.keep:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
