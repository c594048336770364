"""
A bench: a node that sends, a node that receives, the test axis between them, all real processes.

It knows how they are set up and what their document software does; what strikes them, and what
is counted, is known elsewhere.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox_world import Caller
from torture.control import Faults
from torture.hindered import Hindered
from torture.line import Line, a_line
from torture.order import Order
from torture.processes import Lives, Served, served
from torture.software import FOREIGN

from edge_node.config import load, starter
from edge_node.node import Node
from edge_node.sandbox.settings import Options, Reencode, init_sandbox
from edge_node.sandbox.store import DATABASE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torture.software import Letter

SENDER, RECEIVER = "H98.01", "H98.02"
_DELIVERIES = """
select d.doc_id from deliveries d join sends s on s.id = d.send
 where s.document_id = ? and s.message_type = 'edoc'
"""
_BARE = {
    "match": r"(?P<number>\d+)-(?P<notation>[A-Z-]+)_(?P<day>\d{4}-\d\d-\d\d)_(?P<to>.+)\.pdf",
    "type": "Công văn",
    "subject": "V/v họp",
}

# Nothing waits for a clock here that would only measure the clock.
HURRY: Mapping[str, Mapping[str, object]] = {
    "axis": {
        "connect_timeout": "1s",
        "total_timeout": "2s",
        "probe_first": "200ms",
        "probe_ceiling": "1s",
    },
    "intake": {"quiet": "50ms", "bare_grace": "50ms", "scan_every": "300ms", "rules": [_BARE]},
    "push": {
        "retry_first": "200ms",
        "retry_ceiling": "2s",
        "lease": "5s",
        "unsure_after": "300ms",
    },
    "pull": {"every": "200ms", "look_back_every": "1s"},
    "directory": {"lists": []},  # it can be fetched again: nothing is lost with it
    "report": {"every": "300ms"},
    "backup": {"every": "1s"},  # at every start
    "alarms": {"every": "1d"},  # no life is so long, or a slow machine would see incidents
    "door": {"incoming": {"invalid": "refuse"}},
    "limits": {"attachment": "700KB", "package": "1MB", "free_space": "1KB"},
}


@dataclass(frozen=True)
class Agency:
    """One agency's node: its files, and its lives."""

    code: str
    data: Path
    exchange: Path
    line: Line
    lives: Lives
    person: Lives  # commands, beside or without the daemon
    config: Path
    order: Order = field(default_factory=Order)
    persons: Order = field(default_factory=Order)  # of the steps commands passed
    disorder: list[str] = field(default_factory=list)  # found in those

    @property
    def witness(self) -> Path:
        """The folder that knows how much was sent and handed over, beside the data folder."""
        return self.data.with_name(f"{self.data.name}.witness")

    def settled(self) -> None:
        """Begin a life that nothing strikes."""
        self.lives.end()
        self.lives.begin()


@dataclass(frozen=True)
class Bench:
    """The three of them, and the software on both sides."""

    home: Path
    axis: Served
    sender: Agency
    receiver: Agency
    software: Hindered
    counted: set[str] = field(default_factory=set)  # apart, by the audits so far

    @property
    def agencies(self) -> Mapping[str, Agency]:
        """The two nodes by what they do here."""
        return {"sender": self.sender, "receiver": self.receiver}

    def deliveries(self, letter: Letter) -> list[str]:
        """Return the ids under which the axis has a letter for its receiver."""
        uri = f"{(self.axis.folder / DATABASE).as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=30)) as db:
            return [row[0] for row in db.execute(_DELIVERIES, (letter.document_id,))]


@contextmanager
def a_bench(
    home: Path,
    *,
    data: Path | None = None,
    exchange: Path | None = None,
    unsure: str = "resend",
    upkeep: float | None = None,
    **environ: str,
) -> Iterator[Bench]:
    """
    Set a bench up below ``home``; the nodes do not live yet.

    ``data`` and ``exchange`` are where those folders lie, if not there (another mount);
    ``unsure`` is the nodes' `push.unsure`; ``upkeep`` is how often they see to their queues,
    where not as ever; ``environ`` is what the environment of the nodes has beside what every
    process gets, `{code}` being the agency's.
    """
    sandbox = home / "axis"
    members = [(code, f"Đơn vị {code}") for code in (SENDER, RECEIVER, FOREIGN)]
    init_sandbox(sandbox, members, options=Options(reencode=Reencode.NEVER))
    with ExitStack() as ending:
        axis = ending.enter_context(served(sandbox))

        def agency(name: str, code: str) -> Agency:
            line = ending.enter_context(a_line(axis.port))
            places = _Places(
                home=home / name,
                data=(data or home / name) / f"data-{code}",
                exchange=(exchange or home / name) / f"exchange-{code}",
            )
            config = _set_up(code, places, sandbox, line, unsure)
            said = {key: value.format(code=code) for key, value in environ.items()}
            lives = Lives(places.home, ["-c", config, "run"], environ=said, upkeep=upkeep)
            person = Lives(places.home / "person", ["-c", config], environ=said)
            made = Agency(code, places.data, places.exchange, line, lives, person, config)
            ending.callback(made.lives.close)
            ending.callback(made.person.close)
            return made

        sender, receiver = agency("sender", SENDER), agency("receiver", RECEIVER)
        secret = (sandbox / "secrets" / FOREIGN).read_bytes().strip()
        software = Hindered(
            data=(sender.data, receiver.data),
            sender=sender.exchange,
            receiver=receiver.exchange,
            us=SENDER,
            them=RECEIVER,
            axis=sandbox,
            faults=Faults(axis),
            foreign=Caller(url=axis.url, code=FOREIGN, secret=secret),
        )
        yield Bench(home, axis, sender, receiver, software)


@dataclass(frozen=True)
class _Places:
    home: Path
    data: Path
    exchange: Path


def _set_up(code: str, places: _Places, sandbox: Path, line: Line, unsure: str) -> Path:
    """Set a node up; return its configuration."""
    home = places.home
    home.mkdir(parents=True)
    text = starter(
        code=code,
        name=f"Đơn vị {code}",
        url=line.url,
        secret_file=str(sandbox / "secrets" / code),
        data=places.data,
        exchange=places.exchange,
    )
    config = home / "config.yaml"
    config.write_text(_hurried(text, unsure), encoding="utf-8")
    node = Node(config=load(config))
    node.set_up()
    node.close()
    return config


def _hurried(text: str, unsure: str) -> str:
    """Lay `HURRY` over a starting configuration."""
    for section, keys in (HURRY | {"push": HURRY["push"] | {"unsure": unsure}}).items():
        if f"\n{section}:\n" in text:
            lines = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in keys.items())
            text = text.replace(f"\n{section}:\n", f"\n{section}:\n{lines}")
        else:
            text += f"{section}: {json.dumps(keys, ensure_ascii=False)}\n"
    return text
